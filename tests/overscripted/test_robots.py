"""Rules are those that the bytes of a robots.txt mean, and are read after whatever interim answers."""

import asyncio

import pytest

from overscripted import robots
from overscripted.crawl.network.resolver import Names
from overscripted.crawl.robots import Robots

RULES = "User-agent: *\nDisallow: /no\n"


@pytest.mark.parametrize(
    "data",
    [
        RULES.encode(),
        RULES.encode("utf-8-sig"),
        ("\ufeff\ufeff" + RULES).encode(),
        ("\ufeff" + RULES).encode("utf-16-le"),
        ("\ufeff" + RULES).encode("utf-16-be"),
        b"\xff\xff\n" + RULES.encode(),
        RULES.replace("\n", "\r").encode(),
        RULES.replace("*", "Overscripted/1.0").encode(),
        RULES.replace("*", "OVERSCRIPTED (+https://x.example/)").encode(),
        RULES.replace("User-agent", " user-agent ")
        .replace("*", "other/2\nUser-agent: overscripted/2 # us")
        .encode(),
    ],
)
def test_rules_are_found(data: bytes) -> None:
    rules = robots.parse(data)
    assert not rules.can_fetch("http://a.example/no", robots.AGENT)
    assert rules.can_fetch("http://a.example/yes", robots.AGENT)


@pytest.mark.parametrize("agent", ["other", "another/1.0 overscripted", "over-scripted/1"])
def test_rules_for_others_are_not_ours(agent: str) -> None:
    assert robots.parse(RULES.replace("*", agent).encode()).can_fetch("http://a.example/no", robots.AGENT)


@pytest.mark.parametrize(
    "before", ["103 Early Hints\r\nLink: </x>", "102 Processing\r\n\r\nHTTP/1.1 100 Continue"]
)
async def test_the_crawl_reads_rules_after_interim_answers(before: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        data = RULES.encode("utf-8-sig")
        head = f"HTTP/1.1 {before}\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {len(data)}\r\n\r\n"
        writer.write(head.encode() + data)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        reader = Robots(Names(allowed=lambda _: True), "", ())
        assert not await reader.allowed(f"{base}/no")
        assert await reader.allowed(f"{base}/yes")
        await reader.close()

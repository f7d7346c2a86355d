"""What a replay holds in memory has limits, and each has an outcome that is named."""

import asyncio
import json
from pathlib import Path

import pytest

from overscripted.crawl.replay import settings
from overscripted.crawl.replay.answers import FULL
from overscripted.crawl.replay.index import Socket
from overscripted.crawl.replay.matching import Asked
from overscripted.crawl.replay.opening import opened
from tests.crawl.replay.archives import Warc
from tests.crawl.replay.test_index import SITE, Reader, entry
from tests.crawl.replay.test_server import _serving

SIZE = 100_000  # bytes of a body


@pytest.fixture(autouse=True)
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for two bodies, and no patience."""
    monkeypatch.setattr(settings, "MAX_HELD", 2 * SIZE)
    monkeypatch.setattr(settings, "HELD_WAIT_S", 0)


def bodies(file: Path, most: int = 5) -> None:
    with Warc(file) as warc:
        for n in range(most):
            warc.answer(f"{SITE}{n}", bytes(SIZE))
        warc.answer(SITE, "small")


async def test_an_answer_without_room_is_a_miss_that_says_so(tmp_path: Path) -> None:
    bodies(tmp_path / "a.warc.gz")
    with opened((str(tmp_path),)) as archives:
        assert archives
        visit = await Reader(archives).visit(SITE)
        rows = [
            (await archives.answers.answer(Asked("GET", f"{SITE}{n}"), False, visit))[1] for n in range(3)
        ]
        assert [(row["rule"], row["reason"]) for row in rows] == [
            ("exact", ""),
            ("exact", ""),
            ("miss", FULL),
        ]
        assert await Reader(archives).get(visit, SITE) == ("exact", b"small")


async def test_an_answer_waits_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "HELD_WAIT_S", 60)
    bodies(tmp_path / "a.warc.gz")
    with opened((str(tmp_path),)) as archives:
        assert archives
        answers, visit = archives.answers, await Reader(archives).visit(SITE)
        for n in range(2):
            await answers.answer(Asked("GET", f"{SITE}{n}"), False, visit)
        waiting = asyncio.create_task(answers.answer(Asked("GET", f"{SITE}2"), False, visit))
        behind = asyncio.create_task(answers.answer(Asked("GET", f"{SITE}3"), False, visit))
        for _ in range(2):
            answers.held.give_back(SIZE)
        assert [row["rule"] for _, row in await asyncio.gather(waiting, behind)] == ["exact", "exact"]


async def test_what_was_sent_makes_room_also_where_the_browser_has_gone(tmp_path: Path) -> None:
    bodies(tmp_path / "a.warc.gz")
    async with _serving(tmp_path) as client:
        for n in range(5):
            assert len((await client.ask(f"{SITE}{n}")).content) == SIZE
            (await client.ask(f"{SITE}{n}", stream=True)).close()
        rows = await client.rows()
    assert {row["rule"] for row in rows} == {"exact"}


async def test_messages_of_websockets_count_and_are_read_one_socket_at_a_time(tmp_path: Path) -> None:
    with Warc(tmp_path / "a.warc.gz") as warc:
        warc.page("1", SITE, attempt=1)
        warc.answer(SITE, "page", page="1")
        for length in (15_000, 15_000, 30_000):
            warc.socket(
                "wss://site.example/",
                [{"direction": "received", "opcode": "text", "data": "x" * length}],
                "1",
            )
    with opened((str(tmp_path),)) as archives:
        assert archives
        answers, visit = archives.answers, await Reader(archives).visit(SITE)
        first = await answers.socket(SITE, visit)
        assert isinstance(first, Socket) and len(first.messages[0]["data"]) == 15_000
        assert await answers.socket(SITE, visit) == FULL
        answers.held.give_back(first.memory)
        assert isinstance(await answers.socket(SITE, visit), Socket)
        assert await answers.socket(SITE, visit) == FULL  # more than there ever is room for
        assert await answers.socket(f"{SITE}other", visit) == "not in the archive"


async def test_long_addresses_of_one_path_are_compared_as_far_as_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "MAX_CANDIDATES", 30_000)
    with Warc(tmp_path / "a.warc.gz") as warc:
        for n in range(10):
            warc.answer(f"{SITE}x?a={n}&b={'y' * 9_000}", str(n))
    with opened((str(tmp_path),)) as archives:
        assert archives
        reader = Reader(archives)
        visit = await reader.visit(SITE)
        assert await reader.get(visit, f"{SITE}x?a=9&b={'y' * 9_000}") == ("exact", b"9")
        assert await reader.get(visit, f"{SITE}x?a=9&b=z") == ("values", b"0")  # the tenth is not compared


def test_a_har_file_of_too_many_pages_is_read_as_far_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "MOST_HAR_PAGES", 2)
    monkeypatch.setattr(settings, "MAX_NAME", 5)
    names = ("page1 a", "page1 b", "page2", "page3")
    entries = [entry(f"{SITE}{n}", "x", name) for n, name in enumerate(names)]
    (tmp_path / "x.har").write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    with opened((str(tmp_path),)) as archives:
        assert archives
        assert (archives.facts["pages"], archives.facts["captures"]) == (2, 3)
        assert archives.facts["damaged"] == {"its file has more than 2 pages": 1}

"""The archive server, asked by a client of its own: who may ask, what answers, what is written down."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from overscripted.certificates import Authority
from overscripted.crawl.replay import settings
from overscripted.crawl.replay.matching import Asked
from overscripted.crawl.replay.opening import opened
from overscripted.crawl.replay.server import ArchiveServer
from tests.crawl.replay.archives import Warc
from tests.crawl.test_records import Visit

SITE = "https://site.example/"


@dataclass
class Client:
    """A client with the login of a container."""

    server: ArchiveServer
    authority: Authority
    password: str
    visit: Visit

    async def ask(self, url: str, container: str = "5", **options: Any) -> requests.Response:
        """Ask for a URL. Raises ConnectionError where the connection is refused."""
        return await asyncio.to_thread(self._ask, url, container, **options)

    def _ask(self, url: str, container: str, **options: Any) -> requests.Response:
        login = f"{container}%20{url.partition(':')[0]}:{options.pop('password', self.password)}"
        proxy = f"socks5h://{login}@127.0.0.1:{self.server.port}"
        method = options.pop("method", "GET")
        return requests.request(
            method,
            url,
            proxies={"http": proxy, "https": proxy},
            verify=str(self.authority.ca_file),
            timeout=20,
            allow_redirects=False,
            **options,
        )

    async def rows(self) -> list[dict[str, Any]]:
        """The rows of the visit so far, which ends it."""
        async with self.visit.writer:
            self.visit.records.finish()
        return sorted(self.visit.rows("replayed_requests"), key=lambda row: row["ordinal"])


@contextlib.asynccontextmanager
async def _serving(folder: Path) -> AsyncIterator[Client]:
    (folder / "authority").mkdir()
    authority = Authority(folder / "authority", "Replay")
    visit = Visit(folder / "run")
    with opened((str(folder),)) as archives:
        assert archives
        server = ArchiveServer(archives.answers, authority)
        visit.records.replay = await archives.answers.visit(SITE, SITE, "", 1, False)
        password = server.admit({"firefox-container-5": visit.records}.get)
        await server.start()
        try:
            yield Client(server, authority, password, visit)
        finally:
            await server.stop()


async def test_answers_misses_and_their_rows(tmp_path: Path) -> None:
    with Warc(tmp_path / "a.warc.gz") as warc:
        warc.answer(SITE, "page", headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        warc.answer("http://plain.example:8080/x?b=2&a=1", b"\x00" * 100_000, "image/png")
        warc.answer(f"{SITE}form", "taken", method="POST", sent=b"a=1")
        warc.answer(f"{SITE}moved", status="301 Moved", headers=[("Location", "/")])
        warc.answer("https://[2001:db8::1]/six", "six")
    async with _serving(tmp_path) as client:
        page = await client.ask(SITE)
        assert (page.status_code, page.text, page.headers["Set-Cookie"]) == (200, "page", "a=1, b=2")
        plain = await client.ask("http://plain.example:8080/x?a=1&b=2")
        assert plain.content == b"\x00" * 100_000
        assert (await client.ask(f"{SITE}form", method="POST", data=b"a=1")).text == "taken"
        assert (await client.ask(f"{SITE}moved")).headers["Location"] == "/"
        assert (await client.ask("https://[2001:db8::1]/six")).text == "six"
        head = await client.ask(SITE, method="HEAD")
        assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", "4")
        miss = await client.ask(f"{SITE}absent")
        assert (miss.status_code, miss.headers["X-Overscripted-Replay"]) == (404, "miss")
        preflight = {"Origin": "https://b.example", "Access-Control-Request-Method": "POST"}
        allowed = await client.ask(f"{SITE}form", method="OPTIONS", headers=preflight)
        assert (allowed.status_code, allowed.headers["Access-Control-Allow-Origin"]) == (
            204,
            "https://b.example",
        )
        refused = await client.ask(f"{SITE}nothing", method="OPTIONS", headers=preflight)
        assert refused.status_code == 404
        for _ in range(2):
            with pytest.raises(requests.ConnectionError):
                await client.ask("https://elsewhere.example/x")
        # Of an origin: the port counts.
        with pytest.raises(requests.ConnectionError):
            await client.ask("https://site.example:8443/")
        upgraded = await client.ask("http://site.example/")
        assert (upgraded.status_code, upgraded.headers["Location"]) == (307, SITE)
        rows = await client.rows()
        counts = dict(client.server.counts)
    found = [(row["method"], row["url"], row["rule"], row["reason"]) for row in rows]
    assert found == [
        ("GET", SITE, "exact", ""),
        ("GET", "http://plain.example:8080/x?a=1&b=2", "order", ""),
        ("POST", f"{SITE}form", "exact", ""),
        ("GET", f"{SITE}moved", "exact", ""),
        ("GET", "https://[2001:db8::1]/six", "exact", ""),
        ("HEAD", SITE, "head", ""),
        ("GET", f"{SITE}absent", "miss", "not in the archive"),
        ("OPTIONS", f"{SITE}form", "preflight", ""),
        ("OPTIONS", f"{SITE}nothing", "miss", "not in the archive"),
        ("CONNECT", "https://elsewhere.example", "miss", "nothing of this origin is in the archive"),
        ("CONNECT", "https://site.example:8443", "miss", "nothing of this origin is in the archive"),
        ("GET", "http://site.example/", "scheme", ""),
    ]
    assert counts == {"exact": 4, "order": 1, "head": 1, "preflight": 1, "miss": 4, "scheme": 1}
    fuzzy = rows[1]
    assert fuzzy["captured_url"] == "http://plain.example:8080/x?b=2&a=1"
    assert (fuzzy["captured"], fuzzy["archive"]) == ("2026-01-02T03:04:05Z", "a.warc.gz")
    assert (fuzzy["size"], fuzzy["is_repeated"], fuzzy["is_whole"]) == (100_000, False, True)
    assert rows[5]["is_repeated"]  # the capture that answered GET


@pytest.mark.parametrize("wrong", [{"password": "guessed"}, {"container": "6"}, {"container": "x"}])
async def test_who_is_of_no_visit_gets_nothing(tmp_path: Path, wrong: dict[str, str]) -> None:
    with Warc(tmp_path / "a.warc") as warc:
        warc.answer(SITE, "page")
    async with _serving(tmp_path) as client:
        with pytest.raises(requests.ConnectionError):
            await client.ask(SITE, **wrong)
        assert client.server.strangers == 1
        reader, writer = await asyncio.open_connection("127.0.0.1", client.server.port)
        writer.write(b"\x05\x01\x00")  # SOCKS without a login, as Firefox's own requests
        assert await reader.read() == b"\x05\xff"
        writer.close()
        assert client.server.strangers == 2
        assert await client.rows() == []


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 2**20 + b"\r\n\r\n",
        b"\x00" * 100,
        b"CONNECT site.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_what_is_no_request_ends_its_connection_alone(tmp_path: Path, sent: bytes) -> None:
    with Warc(tmp_path / "a.warc") as warc:
        warc.answer("http://site.example/", "page")
    async with _serving(tmp_path) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.server.port)
        user, password = b"5 http", client.password.encode()
        writer.write(b"\x05\x01\x02\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password)
        host = b"site.example"
        writer.write(b"\x05\x01\x00\x03" + bytes([len(host)]) + host + (80).to_bytes(2, "big"))
        answered = await reader.readexactly(2 + 2 + 10)
        assert answered[4:6] == b"\x05\x00"
        async with asyncio.timeout(20):
            with contextlib.suppress(OSError):
                writer.write(sent)
                await reader.read()
        writer.close()
        assert (await client.ask("http://site.example/")).text == "page"


async def test_a_browser_that_has_ended_gets_nothing_more(tmp_path: Path) -> None:
    with Warc(tmp_path / "a.warc") as warc:
        warc.answer(SITE, "page")
    async with _serving(tmp_path) as client:
        other = client.server.admit(lambda container_id: None)
        assert (await client.ask(SITE)).text == "page"
        client.server.dismiss(other)
        assert (await client.ask(SITE)).text == "page"
        client.server.dismiss(client.password)
        with pytest.raises(requests.ConnectionError):
            await client.ask(SITE)
        assert client.server.strangers == 1


@pytest.mark.parametrize("blank", ["\v", "\f"])
async def test_a_header_that_http_does_not_allow_is_left_out(tmp_path: Path, blank: str) -> None:
    headers = [("X-Bad", f"a{blank}b"), ("X-Good", "a b")]
    with Warc(tmp_path / "a.warc") as warc:
        warc.answer(SITE, "page", status=f"200 O{blank}K", headers=headers)
    async with _serving(tmp_path) as client:
        page = await client.ask(SITE)
        assert (page.text, page.headers.get("X-Bad"), page.headers["X-Good"]) == ("page", None, "a b")


@pytest.mark.parametrize("address", ["192.0.2.1:443", "[2001:db8::1]:443", "cdn.example", "2001:db8::1"])
async def test_what_is_no_address_of_a_server_is_unknown(tmp_path: Path, address: str) -> None:
    with Warc(tmp_path / "a.warc") as warc:
        warc.answer(SITE, "page", fields={"WARC-IP-Address": address})
    async with _serving(tmp_path) as client:
        assert (await client.ask(SITE)).text == "page"


async def test_a_body_of_several_pieces_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, body = "http://site.example/", bytes(range(256)) * 10
    monkeypatch.setattr(settings, "PIECE", 1_000)
    with Warc(tmp_path / "a.warc") as warc:
        for url in (SITE, plain):
            warc.answer(url, body, "image/png")
    async with _serving(tmp_path) as client:
        for url in (SITE, plain):
            assert (await client.ask(url)).content == body
            head = await client.ask(url, method="HEAD")
            assert (head.content, head.headers["Content-Length"]) == (b"", "2560")


async def test_rows_are_numbered_as_they_are_noted(tmp_path: Path) -> None:
    with Warc(tmp_path / "a.warc") as warc:
        warc.answer(SITE, "page")
    with opened((str(tmp_path),)) as archives:
        assert archives
        visit = await archives.answers.visit(SITE, SITE, "", 1, False)
        # The first row is made in the thread of the archive, and noted after the second.
        _, first = await archives.answers.answer(Asked("GET", SITE, ""), False, visit)
        second = visit.row("CONNECT", "https://other.example", "miss")
        assert [visit.numbered(row)["ordinal"] for row in (second, first)] == [0, 1]

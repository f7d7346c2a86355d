"""The body of every request is recorded as its server got it, and nothing shows it to the page."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web as http

from overscripted.crawl.firefox.process import Firefox
from overscripted.crawl.instrument.protocol import Gap
from tests.crawl.instrument.harness import Instrumented, Visit, bare_page, seen_page
from tests.crawl.instrument.page_files import read_cases, read_page
from tests.crawl.instrument.test_requests import written

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

MEBIBYTE = 2**20
BYTES = bytes(range(256))
LARGE = BYTES[:100] * 12_000
JS, HTML = "text/javascript", "text/html; charset=utf-8"
REPORTS = {"Content-Security-Policy": "img-src 'none'; report-uri /sent/report"}
PAGES = {
    "/page.html": (read_page("request_bodies/page.html"), HTML, {}),
    "/reports.html": (read_page("request_bodies/reports.html"), HTML, REPORTS),
    "/leaving.html": (read_page("request_bodies/leaving.html"), HTML, {}),
    "/blank.html": ("<!doctype html><title>x</title>", HTML, {}),
    "/send.js": (read_page("request_bodies/send.js"), JS, {}),
    "/worker.js": (read_page("request_bodies/worker.js"), JS, {}),
    "/service_worker.js": (read_page("request_bodies/service_worker.js"), JS, {}),
}
# Path -> bodies, of requests whose bodies do not depend on Firefox: no boundary, no report.
PLAIN = {
    "text": ["hällo".encode()],
    "PUT": [b"PUT"],
    "PATCH": [b"PATCH"],
    "DELETE": [b"DELETE"],
    "bytes": [BYTES],
    "blob": [BYTES],
    "large": [LARGE[:MEBIBYTE]],
    "parameters": [b"a=%C3%BC+b"],
    "empty": [b""],
    "xhr": [b"of xhr"],
    "xhr-sync": [b"of sync"],
    "beacon": [b"of beacon"],
    "beacon-blob": [BYTES],
    **{f"to/{status}": [f"to {status}".encode()] for status in (302, 303, 307, 308)},
    "after-307": [b"to 307"],
    "after-308": [b"to 308"],
    "locked": [b"twice", b"twice"],
    "form-fields": [b"a=%C3%BC+b&file=f%C3%BC.bin"],
    "form-text": ["a=ü b\r\nfile=fü.bin\r\n".encode()],
    "keepalive": [b"kept alive"],
    "worker": [b"of worker"],
    "nested-worker": [b"of nested-worker"],
    "shared-worker": [b"of shared-worker"],
    "cross": [b"of cross"],
    "removed": [b"of frame"],
}


@dataclass(frozen=True)
class Sent:
    """A request as its server got it, or as it was recorded. ``body`` is at most a mebibyte."""

    path: str
    method: str
    kind: str
    size: int
    body: bytes


class Receiver:
    """A server with the pages, that keeps what is sent to it."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.arrived: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.left = asyncio.Event()  # the page that sent to /sent/slow has gone

    async def start(self) -> None:
        app = http.Application()
        app.router.add_route("*", "/sent/{name:.*}", self._receive)
        app.router.add_get("/arrived/{name:.*}", self._wait)
        app.router.add_get("/{name:.*}", self._page)
        self._runner = http.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await http.TCPSite(self._runner, "0.0.0.0", 0).start()
        port = int(self._runner.addresses[0][1])
        self.base, self.other = f"http://127.0.0.1:{port}", f"http://localhost:{port}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    def with_bodies(self) -> list[Sent]:
        """What was sent with a body; it is forgotten."""
        sent, self.sent = self.sent, []
        return [one for one in sent if one.method not in ("GET", "HEAD", "OPTIONS") and one.path != "none"]

    async def _receive(self, request: http.Request) -> http.StreamResponse:
        name, size, body = request.match_info["name"], 0, b""
        async for piece in request.content.iter_any():
            size += len(piece)
            body += piece[: MEBIBYTE - len(body)]
        kind = request.headers.get("Content-Type", "")
        self.sent.append(Sent(name, request.method, kind, size, body))
        self.arrived[name].set()
        headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "*"}
        if name.startswith("to/"):
            status = int(name.removeprefix("to/"))
            return http.Response(status=status, headers={"Location": f"/sent/after-{status}"})
        if name == "locked" and "Authorization" not in request.headers:
            return http.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        if name == "slow":
            await self.left.wait()
        if name == "seen":
            of_bodies = sorted(
                key for key in request.headers if key.startswith(("Content", "Transfer", "Expect"))
            )
            return http.Response(text=json.dumps([size, sha256(body).hexdigest(), of_bodies]))
        return http.Response(text="got", headers=headers)

    async def _wait(self, request: http.Request) -> http.Response:
        await self.arrived[request.match_info["name"]].wait()
        return http.Response(text="arrived")

    async def _page(self, request: http.Request) -> http.Response:
        if request.path not in PAGES:
            return http.Response(status=404)
        text, kind, headers = PAGES[request.path]
        return http.Response(body=text.encode(), headers={"Content-Type": kind, **headers})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    it = Receiver()
    await it.start()
    yield it
    await it.stop()


async def recorded(visit: Visit, folder: Path) -> tuple[list[Sent], list[dict[str, Any]], Counter[str]]:
    """What was recorded of a visit: bodies with their requests, the rows of bodies, the gaps."""
    rows = await written(visit, folder)
    contents = {row["sha256"]: row["content"] for row in rows.rows("contents")}
    requests = {(row["request_id"], row["hop"]): row for row in rows.rows("requests")}
    bodies = rows.rows("request_bodies")
    assert len({(row["request_id"], row["hop"]) for row in bodies}) == len(bodies)
    found = []
    for row in bodies:
        request, content = requests[row["request_id"], row["hop"]], contents.get(row["sha256"], b"")
        assert len(content) == row["n_kept"]
        assert abs(row["time_stamp"] - request["time_stamp"]) < timedelta(minutes=1)
        assert row["sha256"] in (None, sha256(content).hexdigest())
        path = request["url"].partition("/sent/")[2]
        found.append(Sent(path, request["method"], row["content_type"], row["size"], content))
    return found, bodies, rows.records.gaps


def by_path(sent: list[Sent]) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for one in sent:
        found.setdefault(one.path, []).append(one.body)
    return found


async def close(browser: Instrumented, visit: Visit) -> None:
    await browser.flush(visit, end=True)
    await browser.close(visit)


async def test_every_initiator(browser: Instrumented, receiver: Receiver, tmp_path: Path) -> None:
    code = read_cases("request_bodies/initiators.js")
    visit = await seen_page(browser, f"{receiver.base}/page.html")
    for name, statements in code.items():
        done = await visit.run(
            f"(async () => {{ {statements.replace('{OTHER}', receiver.other)}; return 'done' }})()"
        )
        assert done == "done", name
    await close(browser, visit)
    found, bodies, gaps = await recorded(visit, tmp_path)
    sent = receiver.with_bodies()
    assert Counter(found) == Counter(sent)
    paths = by_path(found)
    assert {path: paths.get(path) for path in PLAIN} == PLAIN
    assert paths.keys() - PLAIN.keys() == {"form-data", "form-file", "report"}
    assert gaps == {Gap.REQUEST_BODY_SIZE: 1}
    ((file,),) = [paths["form-file"]]
    assert b'filename="f\xc3\xbc.bin"' in file and BYTES in file
    assert json.loads(paths["report"][0])["csp-report"]["document-uri"] == f"{receiver.base}/reports.html"
    kinds = {one.path: one.kind for one in found}
    assert kinds["report"] == "application/csp-report"
    assert kinds["text"] == "text/plain;charset=UTF-8" and kinds["bytes"] == ""
    # A redirect sends the body again as its next hop, or not at all; so does a password.
    hops = defaultdict(list)
    for row in bodies:
        hops[row["request_id"]].append(row["hop"])
    assert Counter(tuple(sorted(its)) for its in hops.values()) == {(0,): len(bodies) - 6, (0, 1): 3}


async def test_a_service_worker_gets_and_makes_bodies(
    browser: Instrumented, receiver: Receiver, tmp_path: Path
) -> None:
    visit = await seen_page(browser, f"{receiver.base}/page.html")
    await visit.run("controlled()")
    for name in ("answered", "passed", "own", "other"):
        await visit.run(f"send('{name}', 'to worker: {name}')")
    await visit.run("submit('form-fields', 'application/x-www-form-urlencoded')")
    await close(browser, visit)
    found, bodies, gaps = await recorded(visit, tmp_path)
    assert gaps == Counter() and {row["hop"] for row in bodies} == {0}
    # The page's request and the worker's are two. What the worker leaves to the network is one.
    assert by_path(found) == {
        "answered": [b"to worker: answered"],
        "passed": [b"to worker: passed"] * 2,
        "own": [b"to worker: own"],
        "made": [b"made by worker"],
        "other": [b"to worker: other"],
        "form-fields": [b"a=%C3%BC+b&file=f%C3%BC.bin"],
    }
    assert sorted(by_path(receiver.with_bodies())) == ["form-fields", "made", "other", "passed"]


async def test_a_ping_of_a_link(browser: Instrumented, receiver: Receiver, tmp_path: Path) -> None:
    """Firefox sends none unless a setting asks for them."""
    await browser.parent.call("function () { Services.prefs.setBoolPref('browser.send_pings', true) }")
    visit = await seen_page(browser, f"{receiver.base}/page.html")
    link = "Object.assign(document.createElement('a'), {href: '#x', ping: '/sent/ping'})"
    await visit.run(f"document.body.appendChild({link}).click()")
    await visit.run("waited('ping').then(() => 0)")
    await browser.parent.call("function () { Services.prefs.clearUserPref('browser.send_pings') }")
    await close(browser, visit)
    found, _, gaps = await recorded(visit, tmp_path)
    assert found == receiver.with_bodies() == [Sent("ping", "POST", "text/ping", 4, b"PING")]
    assert gaps == Counter()


async def test_a_page_that_leaves(browser: Instrumented, receiver: Receiver, tmp_path: Path) -> None:
    visit = await seen_page(browser, f"{receiver.base}/leaving.html")
    async with asyncio.timeout(20):
        await receiver.arrived["slow"].wait()
    await browser.firefox.bidi.command(
        "browsingContext.navigate",
        {"context": visit.context, "url": f"{receiver.base}/blank.html", "wait": "complete"},
    )
    receiver.left.set()
    async with asyncio.timeout(20):
        for name in ("pagehide", "pagehide-fetch", "unload"):
            await receiver.arrived[name].wait()
    await close(browser, visit)
    found, _, gaps = await recorded(visit, tmp_path)
    assert gaps == Counter() and Counter(found) == Counter(receiver.with_bodies())
    assert by_path(found) == {
        "slow": [b"answered after the page has gone"],
        "pagehide": [b"of pagehide"],
        "pagehide-fetch": [b"of pagehide's fetch"],
        "unload": [b"of unload"],
    }


async def test_large_bodies_are_cut_and_disturb_no_neighbour(
    browser: Instrumented, receiver: Receiver, tmp_path: Path
) -> None:
    visit, neighbour = [await seen_page(browser, f"{receiver.base}/page.html") for _ in range(2)]
    await visit.run("send('huge', new Blob(Array(200).fill(new Uint8Array(2 ** 20).fill(7))))")
    await visit.run("send('small', 'small')")
    # 16 MiB of a visit are kept. Then only lengths are, of all but empty bodies.
    await visit.run(
        "(async () => { for (let i = 0; i < 16; i++) await send('full', new Uint8Array(2 ** 20)) })()"
    )
    await visit.run("send('over', 'over')")
    await visit.run("send('empty', '')")
    await neighbour.run("send('neighbour', 'of neighbour')")
    for each in (neighbour, visit):
        await close(browser, each)
    found, bodies, gaps = await recorded(visit, tmp_path / "visit")
    assert by_path(receiver.with_bodies())["neighbour"] == [b"of neighbour"]
    sizes = {(one.path, one.size, len(one.body)) for one in found}
    last = MEBIBYTE - len("small")
    assert sizes == {
        ("huge", 200 * MEBIBYTE, MEBIBYTE),
        ("small", 5, 5),
        ("full", MEBIBYTE, MEBIBYTE),
        ("full", MEBIBYTE, last),
        ("full", MEBIBYTE, 0),
        ("over", 4, 0),
        ("empty", 0, 0),
    }
    assert sum(row["n_kept"] for row in bodies) == 16 * MEBIBYTE
    assert gaps == {Gap.REQUEST_BODY_SIZE: 2, Gap.REQUEST_BODIES_SIZE: 2}
    empty = {row["size"]: row["sha256"] for row in bodies if row["n_kept"] == 0}
    assert empty == {0: sha256(b"").hexdigest(), 4: None, MEBIBYTE: None}
    found, _, gaps = await recorded(neighbour, tmp_path / "neighbour")
    assert by_path(found) == {"neighbour": [b"of neighbour"]} and gaps == Counter()


async def test_a_body_that_cannot_be_read_is_a_gap(
    browser: Instrumented, receiver: Receiver, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100)
    visit = await seen_page(browser, f"{receiver.base}/page.html")
    bidi = browser.firefox.bidi
    (node,) = (
        await bidi.command(
            "browsingContext.locateNodes",
            {"context": visit.context, "locator": {"type": "css", "value": "input[type=file]"}},
        )
    )["nodes"]
    await bidi.command(
        "input.setFiles",
        {"context": visit.context, "element": {"sharedId": node["sharedId"]}, "files": [str(file)]},
    )
    asked = "send('file', document.querySelector('[type=file]').files[0]).catch(() => 'failed')"
    assert await visit.run(asked) == "got"
    file.unlink()
    await visit.run(f"void {asked}")  # Firefox never ends it, with or without us
    async with asyncio.timeout(20):
        while len(visit.of("request_bodies")) < 2:
            await browser.flush(visit)
    await close(browser, visit)
    found, bodies, gaps = await recorded(visit, tmp_path / "rows")
    assert [(one.size, one.body) for one in found] == [(100, b"x" * 100), (100, b"")]
    assert gaps == {Gap.REQUEST_BODY_UNREADABLE: 1} and bodies[1]["sha256"] is None
    receiver.with_bodies()


async def test_a_page_sees_nothing(browser: Instrumented, plain: Firefox, receiver: Receiver) -> None:
    script = read_page("request_bodies/visible.js")
    visit = await seen_page(browser, f"{receiver.base}/page.html")
    bare = await bare_page(plain, f"{receiver.base}/page.html")
    seen, expected = await visit.run(script), await bare.run(script)
    await plain.bidi.command("browsingContext.close", {"context": bare.context})
    await close(browser, visit)
    receiver.with_bodies()
    assert json.loads(seen) == json.loads(expected)
    assert len(visit.of("request_bodies")) == 3

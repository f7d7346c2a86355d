"""Messages of WebSockets: each one, both ways, of every kind of window and worker; nothing of it shows."""

import asyncio
import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from overscripted.crawl.firefox.process import Firefox
from tests.crawl.instrument import sockets
from tests.crawl.instrument.harness import Instrumented, Visit, Web, bare_page, seen_page
from tests.crawl.instrument.hosts import Secure
from tests.crawl.instrument.page_files import read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

ALL_BYTES = bytes(range(256))


@pytest.fixture(scope="module", autouse=True)
def _socket(web: Web) -> None:
    web.handlers["/socket"] = sockets.socket


def rows(visit: Visit) -> list[dict[str, Any]]:
    """Every message recorded, with its socket's members."""
    return [
        row | {name: batch[name] for name in ("frame", "tab", "url", "request_id", "top")}
        for batch in visit.of("websocket_messages")
        for row in batch["messages"]
    ]


def said(visit: Visit, query: str = "") -> list[tuple[str, str, Any]]:
    """(direction, opcode, content) of the messages of the sockets whose URL ends so, in their order."""
    found = [row for row in rows(visit) if row["url"].endswith(query)]
    return [(row["direction"], row["opcode"], content(row)) for row in found]


def content(row: dict[str, Any]) -> Any:
    if row["opcode"] == "close":
        return row["close_code"], row["data"]
    return row["data"] if row["opcode"] == "text" else base64.b64decode(row["bytes"])


async def visited(browser: Instrumented, page: str, until: str) -> Visit:
    """A whole visit, with what is sent at its end."""
    visit = await seen_page(browser, page)
    await visit.until(until)
    await end(browser, visit)
    return visit


async def end(browser: Instrumented, visit: Visit) -> None:
    await browser.flush(visit, end=True)
    await browser.close(visit)


BOTH_WAYS = [
    ("sent", "text", "first"),
    ("sent", "text", ""),
    ("sent", "text", "lone \ufffd, é 😀\ufeff"),
    ("sent", "binary", ALL_BYTES),
    ("sent", "binary", b"of a blob"),
    ("sent", "binary", b""),
    ("sent", "text", "fragments"),
    ("received", "text", "echo first"),
    ("received", "text", "echo "),
    ("received", "text", "echo lone \ufffd, é 😀\ufeff"),
    ("received", "binary", ALL_BYTES),
    ("received", "binary", b"of a blob"),
    ("received", "binary", b""),
    ("received", "ping", b"\xff\x00"),
    ("sent", "pong", b"\xff\x00"),
    ("received", "text", "one-two-three"),
    ("sent", "close", (4999, "é, done")),
    ("received", "close", (1000, "")),
]
UNHEARD = ("websocket messages no longer counted", 1)
PING_PONG = (("received", "ping"), ("sent", "pong"))


@pytest.mark.parametrize("query", ["", "?compress"])
async def test_each_message_once_both_ways(browser: Instrumented, web: Web, query: str) -> None:
    """As it was before compression and fragmentation, and as the page sees it."""
    page = web.base + web.add("/both-ways", read_page("websockets/both_ways.html", QUERY=query))
    visit = await seen_page(browser, page)
    await visit.until("window.CLOSED")
    seen = json.loads(await visit.run("JSON.stringify(SEEN)"))
    await end(browser, visit)
    found = rows(visit)
    for direction in ("sent", "received"):  # how the two interleave is the network's matter
        mine = [one for one in said(visit) if one[0] == direction]
        assert mine == [one for one in BOTH_WAYS if one[0] == direction]
    ping, pong = (said(visit).index((way, word, b"\xff\x00")) for way, word in PING_PONG)
    assert ping < pong  # which Firefox tells in the other order
    received = [
        row for row in found if row["direction"] == "received" and row["opcode"] in ("text", "binary")
    ]
    assert [content(row) for row in received] == [one if isinstance(one, str) else bytes(one) for one in seen]
    assert [row["ordinal"] for row in found] == list(range(18))
    assert [row["time_stamp"] for row in found] == sorted(row["time_stamp"] for row in found)
    sizes = [row["size"] for row in found if row["direction"] == "sent"]
    assert sizes == [5, 0, 5 + 3 + 2 + 2 + 1 + 4 + 3, 256, 9, 0, 9, 2, 2 + 8]
    [request] = [one for one in visit.of("request") if one["resource_type"] == "websocket"]
    assert {row["request_id"] for row in found} == {request["request_id"]}
    assert {(row["frame"], row["top"], row["url"]) for row in found} == {(0, page, request["url"])}
    assert ("permessage-deflate" in request["response_headers"]) == (query == "?compress")
    assert not visit.of("gap")


async def test_sockets_of_every_kind_of_window_and_worker(browser: Instrumented, web: Web) -> None:
    """From the first moment, each with its frame. Shared and service workers have none.

    Two visits at once have each their own.
    """
    host = web.base.removeprefix("http://")
    web.add("/socket-frame", read_page("websockets/frame.html", HOST=host))
    web.add("/socket-worker.js", read_page("websockets/worker.js"), "text/javascript")
    page = web.base + web.add("/everywhere", read_page("websockets/everywhere.html", HOST=host))
    names = ["inline", "blank", "frame", "other", "popup", "worker", "nests", "nested", "shared", "service"]
    until = f"SAID.size==={len(names)}"
    for visit in await asyncio.gather(*(visited(browser, page, until) for _ in range(2))):
        _have_their_frames(visit, names)


def _have_their_frames(visit: Visit, names: list[str]) -> None:
    expected = {name: [("sent", "text", name), ("received", "text", f"echo {name}")] for name in names}
    assert {name: said(visit, f"?{name}") for name in names} == expected
    assert len(rows(visit)) == 2 * len(names)
    places = {row["url"].partition("?")[2]: (row["tab"], row["frame"]) for row in rows(visit)}
    frames = {one["url"].rpartition("?")[2]: (one["tab"], one["frame"]) for one in visit.of("frame")}
    top = (visit.tab, 0)
    assert {name: places.pop(name) for name in ("inline", "worker", "nests", "nested")} == dict.fromkeys(
        ("inline", "worker", "nests", "nested"), top
    )
    assert {places.pop(name) for name in ("shared", "service")} == {(-1, -1)}
    blank = places.pop("blank")
    assert places == {name: frames[name] for name in ("frame", "other", "popup")}
    assert blank[0] == visit.tab and blank[1] not in {0, -1, places["frame"][1], places["other"][1]}
    assert not visit.of("gap")


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed (Debian: apt install nodejs)")
async def test_sockets_over_http2(secure: Secure, tmp_path: Path) -> None:
    """Several share a connection, and a response that opens one has the status 200."""
    assert secure.hosts.authority
    certificate = tmp_path / "localhost.pem"  # localhost is reached past the proxy
    certificate.write_bytes(secure.hosts.authority.host_pem("localhost"))
    code = read_page("websockets/http2_server.js", CERTIFICATE=certificate)
    server = await asyncio.create_subprocess_exec("node", "-e", code, stdout=asyncio.subprocess.PIPE)
    try:
        assert server.stdout
        page = f"https://localhost:{int(await server.stdout.readline())}/"
        visit = await visited(secure.browser, page, "window.D")
    finally:
        server.kill()
        await server.wait()
    assert said(visit) == [("sent", "text", "one"), ("received", "text", "two")]
    [request] = [one for one in visit.of("request") if one["resource_type"] == "websocket"]
    assert (request["status"], {row["request_id"] for row in rows(visit)}) == (200, {request["request_id"]})


async def test_how_sockets_end(browser: Instrumented, web: Web) -> None:
    """Without a message of the end, if the connection is lost. A refused socket has no messages."""
    page = web.base + web.add("/closes", read_page("websockets/closes.html"))
    visit = await visited(browser, page, "Object.keys(CLOSED).length===6")
    ends: dict[str, list[tuple[str, str, Any]]] = {
        "close": [("received", "close", (4001, "bye")), ("sent", "close", (4001, "bye"))],
        "close-empty": [("received", "close", (None, "")), ("sent", "close", (None, ""))],
        "close-wrong": [],  # Firefox ends the connection
        "drop": [],
    }
    found = {name: said(visit, f"?{name}") for name in ends}
    assert found == {name: [("sent", "text", name), *end] for name, end in ends.items()}
    assert {row["url"].rpartition("?")[2] for row in rows(visit)} == set(ends)
    asked = [one for one in visit.of("request") if one["resource_type"] == "websocket"]
    assert sorted(one["status"] or 0 for one in asked) == [0, 101, 101, 101, 101, 404]


async def test_long_messages_are_cut(browser: Instrumented, web: Web) -> None:
    """Between two characters. Their whole size is kept."""
    page = web.base + web.add("/long", read_page("websockets/long.html"))
    visit = await visited(browser, page, "GOT===2")
    text, binary = ([row for row in rows(visit) if row["opcode"] == kind] for kind in ("text", "binary"))
    assert [row["size"] for row in text] == [1 + 3 * 40_000, 5 + 1 + 3 * 40_000]
    assert [row["data"] for row in text] == ["x" + "€" * 33_333, "echo x" + "€" * 33_331]
    assert [row["size"] for row in binary] == [100_001, 100_001]
    assert {row["bytes"] for row in binary} == {base64.b64encode(b"\7" * 100_000).decode()}


async def test_a_flood_is_counted_and_disturbs_no_neighbour(browser: Instrumented, web: Web) -> None:
    """The other sockets of the page, and the other visits, lose nothing."""
    n = 30_000
    flood = web.base + web.add("/socket-flood", read_page("websockets/flood.html", COUNT=n))
    calm = web.base + web.add("/both-ways", read_page("websockets/both_ways.html", QUERY=""))
    flooded, *others = await asyncio.gather(
        visited(browser, flood, "window.D"), *(visited(browser, calm, "window.CLOSED") for _ in range(2))
    )
    for other in others:
        assert len(rows(other)) == len(BOTH_WAYS) and sorted(said(other), key=str) == sorted(
            BOTH_WAYS, key=str
        )
    loud, quiet = said(flooded, "?loud"), said(flooded, "?quiet")
    assert loud[0] == ("sent", "text", f"flood {n}")
    assert [text for _, _, text in loud[1:]] == [str(number) for number in range(999)]
    assert quiet == [("sent", "text", "quiet"), ("received", "text", "echo quiet")]
    assert sum(batch["cut"] for batch in flooded.of("websocket_messages")) == n - 999
    assert not any(other.of("gap") for other in (flooded, *others))


async def test_after_a_hundred_thousand_messages_nothing_is_heard(browser: Instrumented, web: Web) -> None:
    """So a page cannot slow down the others without end. A new socket is not heard either."""
    page = web.base + web.add("/socket-flood", read_page("websockets/flood.html", COUNT=120_000))
    visit = await visited(browser, page, "window.D")
    assert len(said(visit, "?loud")) == 1000 and said(visit, "?quiet") == []
    assert sum(batch["cut"] for batch in visit.of("websocket_messages")) == 100_000 - 1000
    assert [(gap["name"], gap["n"]) for gap in visit.of("gap")] == [UNHEARD]


async def test_after_many_megabytes_nothing_is_heard(browser: Instrumented, web: Web) -> None:
    web.handlers["/megabytes"] = sockets.megabytes
    page = web.base + web.add("/heavy", read_page("websockets/heavy.html"))
    visit = await visited(browser, page, "GOT===6")
    assert [(row["size"], row["bytes"]) for row in rows(visit)] == [
        (50_000_000, base64.b64encode(bytes(100_000)).decode())
    ] * 5
    assert [(gap["name"], gap["n"]) for gap in visit.of("gap")] == [UNHEARD]


async def test_much_is_cut_to_short_messages(browser: Instrumented, web: Web) -> None:
    page = web.base + web.add("/much", read_page("websockets/much.html"))
    visit = await visited(browser, page, "window.D")
    kept, expected = [len(row["data"]) for row in rows(visit)], list[int]()
    for _ in kept:
        expected.append(100_000 if sum(expected) < 4 * 2**20 else 1000)
    assert kept == expected and kept.count(1000) >= 3
    assert {row["size"] for row in rows(visit)} <= {200_000, 200_005}


async def test_the_last_moment_counts_and_what_comes_after_it_does_not(
    browser: Instrumented, web: Web
) -> None:
    """A message of the page that is left belongs to it, one sent just before the end is there."""
    web.add("/socket-next", read_page("websockets/next.html"))
    page = web.base + web.add("/socket-left", read_page("websockets/left.html"))
    visit = await seen_page(browser, page)
    await visit.until("location.pathname==='/socket-next'&&window.OPEN")
    await visit.run("S.send('last')")
    await browser.flush(visit, end=True)
    await browser._realms.forget(visit.container_id)
    await visit.run("S.send('later')")
    await browser.close(visit)
    sent = [row for row in rows(visit) if (row["direction"], row["opcode"]) == ("sent", "text")]
    assert [(row["top"], row["data"]) for row in sent] == [
        (page, "while it loads"),
        (page, "before it is left"),
        (f"{web.base}/socket-next", "last"),
    ]


async def test_nothing_listens_after_the_visits(browser: Instrumented) -> None:
    """Listeners would cost every later socket of any page."""
    service = 'Cc["@mozilla.org/websocketevent/service;1"].getService(Ci.nsIWebSocketEventService)'
    assert await browser.parent.call(f"() => {service}.hasListenerFor(0)") is False


async def test_a_page_sees_the_same_sockets(browser: Instrumented, plain: Firefox, web: Web) -> None:
    page = web.base + web.add("/sees-sockets", read_page("websockets/sees.html"))
    seen, bare = await seen_page(browser, page), await bare_page(plain, page)
    for visit in (seen, bare):
        await visit.until("window.D")
    found = [await visit.run("JSON.stringify(D)") for visit in (seen, bare)]
    await browser.close(seen)
    assert found[0] == found[1]
    assert json.loads(found[0])["events"] == ["open", "echo hello", "close 1000"]

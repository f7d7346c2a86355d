"""Events of EventSources: each as the page gets it, with its request and its frame."""

import json
from functools import partial
from typing import Any

import pytest
from aiohttp import web as server

from tests.crawl.instrument import sockets
from tests.crawl.instrument.harness import Instrumented, Visit, Web, seen_page
from tests.crawl.instrument.page_files import read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture(scope="module", autouse=True)
def _streams(web: Web) -> None:
    async def echo(request: server.Request) -> server.StreamResponse:
        return await sockets.stream(request, f"data: {request.query_string}\n\n".encode())

    long = b"".join(b"data: %s\n\n" % (b"x" * 100_001 if n == 0 else b"%d" % n) for n in range(1200))
    web.handlers |= {"/events": sockets.events, "/echo": echo, "/event-flood": partial(_flood, long)}
    large = b"data: %s\n\n" % (b"x" * 100_000) * 11 + b"data: last\n\n"
    web.handlers["/event-megabytes"] = partial(_flood, large)
    web.redirects["/to-events"] = "/events?moved"
    web.add("/everywhere-else", "data: no stream\n\n", "text/plain")


async def _flood(body: bytes, request: server.Request) -> server.StreamResponse:
    return await sockets.stream(request, body)


def rows(visit: Visit) -> list[dict[str, Any]]:
    """Every event recorded, with its connection's members."""
    return [
        row | {name: batch[name] for name in ("frame", "tab", "url", "request_id")}
        for batch in visit.of("server_sent_events")
        for row in batch["events"]
    ]


async def end(browser: Instrumented, visit: Visit) -> None:
    await browser.flush(visit, end=True)
    await browser.close(visit)


ALL = [
    ("message", "", "first"),
    ("named", "7", "two\n lines"),
    ("message", "7", ""),
    ("message", "7", "é\u2028 😀"),
    ("message", "7", "broken \ufffd"),
    ("message", "7", "in"),
    ("message", "7", "the end"),
]


@pytest.mark.parametrize("query", ["", "?gzip", "?twice", "?moved"])
async def test_each_event_once_as_the_page_gets_it(browser: Instrumented, web: Web, query: str) -> None:
    """Also compressed, and of a connection that is made again."""
    path = "/to-events" if query == "?moved" else f"/events{query}"
    page = web.base + web.add("/hears", read_page("event_sources/events.html", PATH=path))
    visit = await seen_page(browser, page)
    await visit.until("SEEN.at(-1)?.[2]==='the end'")
    seen = [tuple(one) for one in json.loads(await visit.run("JSON.stringify(SEEN)"))]
    await end(browser, visit)
    found = rows(visit)
    expected = ALL if query != "?twice" else [*ALL[:4], ("message", "7", "first"), *ALL[1:]]
    assert seen == expected  # of a second connection too: the id stays
    assert [(row["event"], row["event_id"], row["data"]) for row in found] == seen
    assert [row["data_len"] for row in found] == [len(row["data"].encode("utf-16-le")) // 2 for row in found]
    ordinals = list(range(len(ALL)))
    assert [row["ordinal"] for row in found] == (ordinals[:4] if query == "?twice" else []) + ordinals
    requests = [one for one in visit.of("request") if "/events" in one["url"]]
    assert {(row["request_id"], row["url"]) for row in found} == {
        (one["request_id"], one["url"]) for one in requests
    }
    assert {(row["tab"], row["frame"]) for row in found} == {(visit.tab, 0)}
    assert not visit.of("gap")


async def test_events_that_a_service_worker_passes_on(browser: Instrumented, web: Web) -> None:
    web.add("/answering-worker.js", read_page("event_sources/answering_worker.js"), "text/javascript")
    begin = "<!doctype html><script>navigator.serviceWorker.register('/answering-worker.js')</script>"
    register = web.base + web.add("/registers", begin)
    page = web.add("/hears", read_page("event_sources/events.html", PATH="/events"))
    visit = await seen_page(browser, register)
    await visit.until("!!navigator.serviceWorker.controller")
    await visit.run(f"location='{page}'")
    await visit.until("typeof SEEN!=='undefined'&&SEEN.at(-1)?.[2]==='the end'")
    await end(browser, visit)
    assert [(row["event"], row["event_id"], row["data"]) for row in rows(visit)] == ALL
    requests = [one for one in visit.of("request") if one["url"].endswith("/events") and one["frame"] == 0]
    assert {row["request_id"] for row in rows(visit)} <= {one["request_id"] for one in requests}
    assert {row["frame"] for row in rows(visit)} == {0}
    assert not visit.of("gap")


async def test_event_sources_of_every_kind_of_window_and_worker(browser: Instrumented, web: Web) -> None:
    """Those of shared and service workers have no frame, and compressed ones are a gap.

    A fetched stream, and another type, are no event sources.
    """
    web.add("/event-frame", read_page("event_sources/frame.html"))
    web.add("/event-worker.js", read_page("event_sources/worker.js"), "text/javascript")
    page = web.base + web.add("/hear-everywhere", read_page("event_sources/everywhere.html"))
    visit = await seen_page(browser, page)
    await visit.until("SAID.size===7")
    await end(browser, visit)
    found = {row["data"]: (row["tab"], row["frame"]) for row in rows(visit)}
    frames = {one["url"]: (one["tab"], one["frame"]) for one in visit.of("frame")}
    blank = found.pop("blank")
    assert found == {
        "inline": (visit.tab, 0),
        "worker": (visit.tab, 0),
        "other": frames[f"{web.other}/event-frame?other"],
        "shared": (-1, -1),
        "service": (-1, -1),
    }
    assert blank[0] == visit.tab and blank[1] not in {0, -1, found["other"][1]}
    assert len(rows(visit)) == 6
    assert [(gap["name"], gap["n"]) for gap in visit.of("gap")] == [("event source not watched", 1)]


async def _shared(browser: Instrumented, web: Web, path: str, last: str) -> Visit:
    """A visit whose shared worker reads a stream up to the event with this data."""
    code = read_page("event_sources/shared_worker.js", PATH=path, LAST=last)
    web.add("/event-worker.js", code, "text/javascript")
    page = web.add("/shares", "<!doctype html><script>W=new SharedWorker('/event-worker.js')</script>")
    visit = await seen_page(browser, web.base + page)
    await visit.run("new Promise(r=>W.port.onmessage=r)")
    await end(browser, visit)
    return visit


async def test_events_of_a_shared_worker_are_as_those_of_a_page(browser: Instrumented, web: Web) -> None:
    """Though they are read from a copy of the stream."""
    visit = await _shared(browser, web, "/events", "the end")
    found = rows(visit)
    assert [(row["event"], row["event_id"], row["data"]) for row in found][: len(ALL)] == ALL
    assert [row["data_len"] for row in found][:2] == [5, 10]
    assert [row["ordinal"] for row in found] == list(range(len(found)))
    assert not visit.of("gap")


async def test_a_flood_of_a_shared_worker_is_cut(browser: Instrumented, web: Web) -> None:
    """By the number of its events, or by its bytes."""
    many = await _shared(browser, web, "/event-flood", "1199")
    assert [len(row["data"]) for row in rows(many)[:2]] == [100_000, 1]
    assert (len(rows(many)), [batch["cut"] for batch in many.of("server_sent_events")]) == (1000, [200])
    assert not many.of("gap")
    long = await _shared(browser, web, "/event-megabytes", "last")
    assert [row["data"][:2] for row in rows(long)] == ["xx"] * 10  # of 100,000 bytes: ten are a megabyte
    assert [(gap["name"], gap["n"]) for gap in long.of("gap")] == [("event source not watched", 1)]


async def test_copies_of_streams_are_limited_and_the_rest_is_counted(browser: Instrumented, web: Web) -> None:
    code = """
onconnect = async ({ ports: [port] }) => {
  for (let n = 0; n < 25; n++) {
    const source = new EventSource(`/echo?${n}`);
    await new Promise((resolve) => (source.onmessage = resolve));
    source.close();
  }
  port.postMessage(1);
};"""
    web.add("/many-streams.js", code, "text/javascript")
    page = web.add(
        "/has-many-streams", "<!doctype html><script>W=new SharedWorker('/many-streams.js')</script>"
    )
    visit = await seen_page(browser, web.base + page)
    await visit.run("new Promise(r=>W.port.onmessage=r)")
    await end(browser, visit)
    assert [row["data"] for row in rows(visit)] == [str(n) for n in range(20)]
    assert [(gap["name"], gap["n"]) for gap in visit.of("gap")] == [("event source not watched", 1)] * 5


async def test_a_flood_is_counted_and_long_data_is_cut(browser: Instrumented, web: Web) -> None:
    page = web.base + web.add("/hears-flood", read_page("event_sources/flood.html"))
    visit = await seen_page(browser, page)
    await visit.until("window.D")
    await end(browser, visit)
    first, *others = rows(visit)
    assert (first["data"], first["data_len"]) == ("x" * 100_000, 100_001)
    assert [row["data"] for row in others] == [str(n) for n in range(1, 1000)]
    assert sum(batch["cut"] for batch in visit.of("server_sent_events")) == 200


_CHANNELS = """() => {
  globalThis.eventSources = [];
  const note = (channel) => {
    channel.QueryInterface(Ci.nsIHttpChannel);
    if (channel.loadInfo.internalContentPolicyType === Ci.nsIContentPolicy.TYPE_INTERNAL_EVENTSOURCE)
      eventSources.push(channel.QueryInterface(Ci.nsIIdentChannel).channelId);
  };
  Services.obs.addObserver({ observe: note }, "http-on-modify-request");
}"""


async def test_a_process_that_is_taken_over_speaks_for_its_own_connections(
    browser: Instrumented, web: Web
) -> None:
    """To no other visit can it add an event, whatever it knows of the other's connection."""
    page = web.base + web.add("/hears", read_page("event_sources/events.html", PATH="/events"))
    await browser.parent.call(_CHANNELS)
    evil, victim = await seen_page(browser, page), await seen_page(browser, page)
    for visit in (evil, victim):
        await visit.until("SEEN.at(-1)?.[2]==='the end'")
    channels = await browser.parent.call("() => JSON.stringify(eventSources)")
    assert len(json.loads(channels)) == 2
    mine, theirs = (visit.container_id.rpartition("-")[2] for visit in (evil, victim))
    assert await browser.parent.call(read_page("taken_over/events.js"), browser.name, mine, theirs, channels)
    for visit in (evil, victim):
        await end(browser, visit)
    assert [row["data"] for row in rows(victim)] == [data for _, _, data in ALL]
    assert sum(row["data"] == "forged" for row in rows(evil)) == 1  # of its own it may say what it likes

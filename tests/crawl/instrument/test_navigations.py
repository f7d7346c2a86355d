"""Each navigation is one row, in order, with what started it and how it ended."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from overscripted.crawl.instrument.protocol import Gap
from overscripted.record_kinds.navigations import Cause, Ending
from tests.crawl.instrument.harness import Instrumented, Visit, Web
from tests.crawl.instrument.test_requests import written

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

AT_ONCE = 6  # visits at a time
# A link or button at the place where `CLICK` clicks.
UNDER = "style='position:absolute;left:0;top:0;width:90px;height:90px;display:block'"
_BUTTON = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
CLICK = [
    {"type": "pointer", "id": "m", "actions": [{"type": "pointerMove", "x": 40, "y": 40}, *_BUTTON]},
]
# Frame, cause, outcome, error, URL before, asked for, committed. URLs are paths of the web's first origin.
# Those of its other origin begin with "O".
Row = tuple[str, str, str, str, str | None, str, str | None]


@dataclass(frozen=True)
class Case:
    """A page, and the rows of its visit after that of the page itself."""

    page: str
    rows: list[Row]
    more: dict[str, Any] = field(default_factory=dict)  # columns of the last row
    click: bool = False


def later(code: str) -> str:
    """A page whose script runs when the load has ended."""
    return f"<!doctype html><script>onload = function go() {{ setTimeout(() => {{ {code} }}, 50) }}</script>"


def to(cause: str, before: str | None, url: str, frame: str = "top") -> Row:
    return (frame, cause, "committed", "", before, url, url)


def first(url: str, frame: str = "frame 1") -> Row:
    return to("initial", None, url, frame)


STAYED = {"same_document": True, "status": None, "request_id": None, "referrer": None}
SCRIPT = {"script": True, "user_activation": False}
NO_SCRIPT = {"script": False, "user_activation": False}
CASES = {
    "location": Case(later("location = '/n-end'"), [to("script", "/location", "/n-end")], SCRIPT),
    "at-once": Case("<script>location.href='/n-end'</script>", [to("script", "/at-once", "/n-end")], SCRIPT),
    "link": Case(
        f"<a href=/n-end {UNDER}>x</a>",
        [to("link", "/link", "/n-end")],
        {"script": False, "user_activation": True, "referrer": "/link"},
        click=True,
    ),
    "clicked": Case(
        f"<a href=/n-end rel=noreferrer></a>{later('document.links[0].click()')}",
        [to("link", "/clicked", "/n-end")],
        NO_SCRIPT | {"referrer": None},
    ),
    "form": Case(
        f"<form action=/n-end><button {UNDER}>x</button></form>",
        [to("form", "/form", "/n-end?")],
        {"script": False, "user_activation": True},
        click=True,
    ),
    "submitted": Case(
        f"<form action=/n-end method=post></form>{later('document.forms[0].submit()')}",
        [to("form", "/submitted", "/n-end")],
        NO_SCRIPT,
    ),
    "refresh": Case(
        "<meta http-equiv=refresh content='0;url=/n-end'>",
        [to("meta_refresh", "/refresh", "/n-end")],
        NO_SCRIPT,
    ),
    "redirects": Case(
        later("location = '/n-hop'"),
        [("top", "script", "committed", "", "/redirects", "/n-hop", "/n-end")],
        {"server_redirects": 2, "status": 200},
    ),
    "cross": Case(
        later("location = '{OTHER}/n-end'"),
        [to("script", "/cross", "O/n-end")],
        {"referrer": "/", "referrer_policy": "strict-origin-when-cross-origin", "initiator_url": "/cross"},
    ),
    "twice": Case(
        later("location = '/n-end?1'; location = '/n-end?2'"),
        [
            ("top", "script", "aborted", "NS_BINDING_ABORTED", "/twice", "/n-end?1", None),
            to("script", "/twice", "/n-end?2"),
        ],
    ),
    "states": Case(
        later("history.pushState(1, '', '?a'); history.replaceState(1, '', '?b'); location.hash = 'c'"),
        [
            to("push_state", "/states", "/states?a"),
            to("push_state", "/states?a", "/states?b"),
            to("fragment", "/states?b", "/states?b#c"),
        ],
        SCRIPT | STAYED,
    ),
    "state-back": Case(
        later("history.pushState(1, '', '?a'); history.back()"),
        [to("push_state", "/state-back", "/state-back?a"), to("history", "/state-back?a", "/state-back")],
        STAYED | {"script": False},
    ),
    "fragment": Case(
        f"<a href=#x {UNDER}>x</a>",
        [to("fragment", "/fragment", "/fragment#x")],
        STAYED | {"script": False, "user_activation": True},
        click=True,
    ),
    "back": Case(
        # Firefox keeps the page, or loads it again where it keeps too many of other visits.
        "<script>if (!sessionStorage.n) { sessionStorage.n = 1; onload = () => "
        "setTimeout(() => location = '/n-back', 50) }</script>",
        [to("script", "/back", "/n-back"), to("history", "/n-back", "/back")],
        {"same_document": False},
    ),
    "back-anew": Case(
        # A page that may not be kept is loaded again.
        "<script>onunload = () => 1; if (!sessionStorage.n) { sessionStorage.n = 1; onload = () => "
        "setTimeout(() => location = '/n-back', 50) }</script>",
        [to("script", "/back-anew", "/n-back"), to("history", "/n-back", "/back-anew")],
        {"same_document": False},
    ),
    "reload": Case(
        "<script>if (!sessionStorage.n) { sessionStorage.n = 1; onload = () => location.reload() }</script>",
        [to("reload", "/reload", "/reload")],
    ),
    "frames": Case(
        "<iframe src=/n-end></iframe><iframe srcdoc=x></iframe><iframe></iframe>"
        "<iframe src='data:text/html,x'></iframe><iframe src='{OTHER}/n-end'></iframe>"
        "<object data=/n-end></object>",
        [
            first("/n-end", "frame 1"),
            first("about:srcdoc", "frame 2"),
            first("about:blank", "frame 3"),
            first("data:text/html,x", "frame 4"),
            first("O/n-end", "frame 5"),
            first("/n-end", "frame 6"),
        ],
    ),
    "made": Case(
        later("const f = document.createElement('iframe'); f.src = '/n-end'; document.body.append(f)"),
        [first("/n-end")],
        SCRIPT | {"initiator_url": "/made", "initiator_frame": "top"},
    ),
    "moved-frame": Case(
        f"<iframe src='{{OTHER}}/n-end'></iframe>{later('frames[0].location = `{OTHER}/n-end?2`')}",
        [first("O/n-end"), to("script", "O/n-end", "O/n-end?2", "frame 1")],
        {"initiator_url": "/moved-frame", "initiator_frame": "top"},
    ),
    "set-frame": Case(
        f"<iframe src=/n-end></iframe>{later('document.querySelector(`iframe`).src = `/n-end?2`')}",
        [first("/n-end"), to("script", "/n-end", "/n-end?2", "frame 1")],
        SCRIPT,
    ),
    "frame-moves-top": Case(
        "<iframe src=/n-top></iframe>",
        [first("/n-top"), to("script", "/frame-moves-top", "/n-end")],
        {"initiator_url": "/n-top", "initiator_frame": "frame 1"},
    ),
    "nested": Case(
        "<iframe src='{OTHER}/n-nested'></iframe>",
        [
            first("O/n-nested"),
            first("/n-inner", "frame 2"),
            to("push_state", "/n-inner", "/n-inner?q", "frame 2"),
        ],
        SCRIPT | STAYED | {"initiator_url": "/n-inner", "initiator_frame": "frame 2"},
    ),
    "frame-gone": Case(
        f"<iframe src=/n-silent></iframe>{later('document.querySelector(`iframe`).remove()')}".replace(
            "onload =", "addEventListener('DOMContentLoaded',"
        ).replace("50) }</script>", "50) })</script>"),
        [("frame 1", "initial", "aborted", "NS_BINDING_ABORTED", None, "/n-silent", None)],
    ),
    "pop-up": Case(later("open('/n-end')"), [to("script", None, "/n-end", "pop-up")], SCRIPT),
    "blank-pop-up": Case(
        later("open().location = '/n-end'"),
        [to("script", None, "about:blank", "pop-up"), to("script", "about:blank", "/n-end", "pop-up")],
        SCRIPT | {"initiator_url": "/blank-pop-up", "initiator_frame": None},
    ),
    "target": Case(
        f"<a href=/n-end target=_blank rel=opener {UNDER}>x</a>",
        [to("link", None, "/n-end", "pop-up")],
        {"script": False, "user_activation": True},
        click=True,
    ),
    "download": Case(
        later("location = '/n-file'"),
        [("top", "script", "no_document", "", "/download", "/n-file", None)],
        {"status": 200},
    ),
    "no-content": Case(
        later("location = '/n-empty'"),
        [("top", "script", "no_document", "", "/no-content", "/n-empty", None)],
        {"status": 204},
    ),
    "absent": Case(later("location = '/n-404'"), [to("script", "/absent", "/n-404")], {"status": 404}),
    "refused": Case(
        later("location = 'http://127.0.0.1:9/'"),
        [("top", "script", "failed", "deniedPortAccess", "/refused", "http://127.0.0.1:9/", None)],
    ),
    "no-host": Case(
        "<iframe src=http://localhost:{CLOSED}/></iframe>",
        [
            (
                "frame 1",
                "initial",
                "failed",
                "NS_ERROR_CONNECTION_REFUSED",
                None,
                "http://localhost:{CLOSED}/",
                None,
            )
        ],
        {"status": None},
    ),
    "forbidden": Case(
        "<iframe src='{OTHER}/n-forbidden'></iframe>",
        [("frame 1", "initial", "failed", "NS_ERROR_XFO_VIOLATION", None, "O/n-forbidden", None)],
        {"status": 200},
    ),
    "unfinished": Case(
        later("location = '/n-silent'"),
        [("top", "script", "unfinished", "", "/unfinished", "/n-silent", None)],
        {"status": None},
    ),
    "code": Case(
        later("location = 'javascript:void 0'; history.pushState(1, '')"),
        [to("push_state", "/code", "/code")],
    ),
    "code-text": Case(
        later("location = 'javascript:`x`'"),
        [("top", "script", "committed", "", "/code-text", "javascript:`x`", "/code-text")],
        {"same_document": False, "status": None},
    ),
    "opened": Case(
        f"<iframe></iframe>{later('frames[0].document.open(); document.write(1); history.pushState(1, ``)')}",
        [
            first("about:blank"),
            to("document_open", "about:blank", "/opened", "frame 1"),
            to("document_open", "/opened", "/opened"),
            to("push_state", "/opened", "/opened"),
        ],
        STAYED | SCRIPT,
    ),
    "away": Case(later("location = 'about:blank'"), [to("script", "/away", "about:blank")]),
}
SERVED = {
    "/n-end": "<p>end",
    "/n-back": later("history.back()"),
    "/n-top": later("top.location = '/n-end'"),
    "/n-nested": "<iframe src='{BASE}/n-inner'></iframe>",
    "/n-inner": "<script>history.pushState(1, '', '?q')</script>",
}


def labelled(rows: Iterable[dict[str, Any]], visit: Visit) -> list[tuple[str, dict[str, Any]]]:
    """Navigations in their order, each with the name of its frame: frames count as they begin."""
    names = {(visit.tab, 0): "top"}
    found = []
    for row in sorted(rows, key=lambda row: row["ordinal"]):
        key = row["tab"], row["frame"]
        if key not in names:
            names[key] = f"frame {sum(frame > 0 for _, frame in names) + 1}" if row["frame"] else "pop-up"
        row["initiator_frame"] = names.get((row["tab"], row["initiator"]))
        row["script"] = bool(row["call_stack"])
        found.append((names[key], row))
    return found


def shown(row: tuple[str, dict[str, Any]]) -> Row:
    frame, columns = row
    names = ("cause", "outcome", "error", "from_url", "url", "committed_url")
    return (frame, *(columns[name] for name in names))  # type: ignore[return-value]


def relative(value: Any, web: Web) -> Any:
    """A URL as the cases write it."""
    if not isinstance(value, str):
        return value
    return value.replace(web.other, "O").replace(web.base, "")


def requests(name: str, row: dict[str, Any]) -> bool:
    """Whether Firefox requests the document of a navigation."""
    refused = name == "refused" and row["outcome"] == "failed"  # for its port
    return row["url"].startswith("http") and not (row["same_document"] or refused)


async def watched(browser: Instrumented, url: str, rows: int, click: bool = False) -> Visit:
    """Visit a page until it has had some navigations; all that was said."""
    visit = await browser.open()
    params = {"context": visit.context, "url": url, "wait": "none" if not click else "complete"}
    await visit.bidi.command("browsingContext.navigate", params, 30)
    if click:
        await visit.bidi.command("input.performActions", {"context": visit.context, "actions": CLICK}, 30)
    async with asyncio.timeout(60):
        while len(visit.of("navigation")) < rows:
            await asyncio.sleep(0.1)
            await browser.flush(visit, 60)
    await browser.flush(visit, 60, end=True)
    await browser.close(visit)
    return visit


async def test_the_cases_have_every_cause_and_every_ending() -> None:
    rows = [first("/", "top"), *(row for case in CASES.values() for row in case.rows)]
    assert {row[1] for row in rows} == {*Cause}
    assert {row[2] for row in rows} == {*Ending}


async def test_each_navigation_is_one_row_with_its_cause_and_its_end(browser: Instrumented, web: Web) -> None:
    for path, body in SERVED.items():
        web.add(path, body)
    web.redirects |= {"/n-hop": "/n-hop2", "/n-hop2": "/n-end"}
    web.silent.add("/n-silent")
    web.empty.add("/n-empty")
    web.add("/n-file", "x", "application/octet-stream", Content_Disposition="attachment")
    web.add("/n-forbidden", "x", X_Frame_Options="DENY")
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    closed = str(server.sockets[0].getsockname()[1])
    server.close()
    slots = asyncio.Semaphore(AT_ONCE)

    async def rows_of(name: str, case: Case) -> tuple[list[Row], dict[str, Any]]:
        web.add(f"/{name}", case.page.replace("{CLOSED}", closed))
        pending = sum(row[2] == "unfinished" for row in case.rows)
        async with slots:
            visit = await watched(browser, f"{web.base}/{name}", 1 + len(case.rows) - pending, case.click)
        found = labelled(visit.of("navigation"), visit)
        assert [row["ordinal"] for _, row in found] == list(range(len(found))), name
        assert all(row["container_id"] == visit.container_id for _, row in found) and not visit.of("gap")
        for _, row in found:
            assert (row["committed"] is not None) == (row["outcome"] == "committed")
            assert row["committed"] is None or row["time_stamp"] <= row["committed"]
            if (name, row["cause"]) != ("back", "history"):
                assert (row["request_id"] is not None) == requests(name, row), (name, row)
        last = {key: relative(found[-1][1][key], web) for key in case.more}
        return [tuple(relative(part, web) for part in shown(row)) for row in found], last  # type: ignore[misc]

    results = await asyncio.gather(*(rows_of(name, case) for name, case in CASES.items()))
    expected = {
        name: (
            [
                first(f"/{name}", "top"),
                *(tuple(str(p).replace("{CLOSED}", closed) if p else p for p in r) for r in case.rows),
            ],
            case.more,
        )
        for name, case in CASES.items()
    }
    assert dict(zip(CASES, results, strict=True)) == expected


async def test_a_row_names_its_script_its_initiator_and_its_request(
    browser: Instrumented, web: Web, tmp_path: Path
) -> None:
    web.add(
        "/n-moves.js",
        "function move() { top.location = '/n-end?named' }\nsetTimeout(move, 50)",
        "text/javascript",
    )
    web.add("/n-mover", "<script src=/n-moves.js></script>")
    web.add("/n-end", "<p>end")
    page = web.base + web.add("/n-named", "<iframe src=/n-mover></iframe>")
    rows = await written(await watched(browser, page, 3), tmp_path)
    top, frame, moved = sorted(rows.rows("navigations"), key=lambda row: row["ordinal"])
    assert moved["script_url"] == f"{web.base}/n-moves.js"
    assert moved["call_stack"].startswith(f"move@{web.base}/n-moves.js:1:")
    assert (moved["frame_id"], moved["parent_frame_id"]) == (0, -1)
    assert moved["initiator_frame_id"] == frame["frame_id"] == 1 and frame["parent_frame_id"] == 0
    assert (top["initiator_frame_id"], frame["initiator_frame_id"]) == (None, 0)
    assert (top["script_url"], top["call_stack"], top["user_activation"]) == ("", "", None)
    assert [row["top_level_url"] for row in (top, frame, moved)] == [page, page, f"{web.base}/n-end?named"]
    requests = {row["request_id"]: row for row in rows.rows("requests")}
    for row in (top, frame, moved):
        assert requests[row["request_id"]]["url"] == row["url"]
        assert requests[row["request_id"]]["frame_id"] == row["frame_id"]
    assert moved["time_stamp"] <= moved["committed"]


STATES = "let n = 0; try { for (;;) { history.pushState(1, ''); n++ } } catch {}; parent.DONE(n)"
FLOODS = {
    # Firefox refuses more than 200 changes of the address of a frame.
    "states": "let made = 7, left = 6; DONE = (n) => { made += n; if (!--left) document.title = made };"
    "for (let i = 0; i < 6; i++) { const frame = document.createElement('iframe');"
    f"frame.srcdoc = `<script>{STATES}<\\/script>`; document.body.append(frame) }}",
    "frames": "for (let i = 0; i < 520; i++) document.body.append(document.createElement('iframe'));"
    "setTimeout(() => document.title = 521, 100)",
}


@pytest.mark.parametrize("flood", FLOODS)
async def test_floods_are_cut_and_counted(browser: Instrumented, web: Web, flood: str) -> None:
    """The browser of the tests keeps 500 navigations of a visit."""
    page = web.base + web.add(f"/n-{flood}", f"<!doctype html><body><script>{FLOODS[flood]}</script>")
    visit = await browser.open()
    await visit.bidi.command(
        "browsingContext.navigate", {"context": visit.context, "url": page, "wait": "complete"}, 60
    )
    await visit.until("document.title > 0")
    made = int(await visit.run("document.title"))
    await browser.flush(visit, 60, end=True)
    await browser.close(visit)
    kept = visit.of("navigation")
    assert sorted(row["ordinal"] for row in kept) == list(range(500))
    (gap,) = visit.of("gap")
    assert gap["name"] == Gap.rows("navigations") and gap["n"] == made - 500


async def test_a_location_loop_is_recorded_without_a_gap_in_its_order(
    browser: Instrumented, web: Web
) -> None:
    page = web.add(
        "/n-loop",
        "<script>const n = +location.search.slice(2); if (n < 9) location.search = 'n' + (n + 1)</script>",
    )
    visit = await watched(browser, web.base + page, 10)
    rows = [row for _, row in labelled(visit.of("navigation"), visit)]
    paths = [f"{page}?n{i}" if i else page for i in range(10)]
    assert [relative(row["committed_url"], web) for row in rows] == paths
    assert [relative(row["from_url"], web) for row in rows] == [None, *paths[:-1]]

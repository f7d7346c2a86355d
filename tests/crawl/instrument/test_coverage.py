"""Every call in every kind of document: no more, no fewer.

The rows are those of docs/reference/coverage.md.
"""

import json
import time
from collections import Counter

import pytest

from overscripted.crawl.instrument import settings as instrument_settings
from tests.crawl.instrument.harness import Instrumented, Visit, Web
from tests.crawl.instrument.page_files import read_lines, read_page
from tests.crawl.instrument.rows import ROWS, Row
from tests.precrawl import web as raw
from tests.precrawl.web import http

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]


def serve(web: Web, row: Row, read: str) -> str:
    """Put a row's pages on the web, with this code for a read; the page's URL."""
    path = f"/row/{ROWS.index(row)}"
    web.add(path, row.html.replace("{READ}", read), row.kind)
    web.pages[path] = (*web.pages[path][:2], row.headers)
    for name, (body, kind) in row.more.items():
        web.add(name, body.replace("{READ}", read), kind)
    return web.base + path


def located(visit: Visit, web: Web, page: str, symbol: str, arguments: str | None = None) -> Counter[str]:
    """Calls of a symbol by document, as a row's ``expected`` names them."""

    def name(location: str) -> str:
        if location == page:
            return ""
        if location.startswith(web.other):
            return "other" + location.removeprefix(web.other)
        if location.startswith(web.base):
            return location.removeprefix(web.base)
        scheme, colon, _ = location.partition(":")
        return location if scheme == "about" else scheme + colon

    those = [c for c in visit.calls if c.symbol == symbol and c.arguments == arguments]
    return Counter(name(c.location) for c in those)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_every_call_is_recorded_once(browser: Instrumented, web: Web, row: Row) -> None:
    page = serve(web, row, f"navigator.{row.read};")
    visit = await browser.visit(page, row.until, dwell_s=0.15)
    assert located(visit, web, page, f"window.navigator.{row.read}") == Counter(row.expected)
    gaps: Counter[str] = Counter()
    for message in visit.of("gap"):
        gaps[message["name"]] += message["n"]
    assert gaps == Counter(row.gaps)


DOCUMENTS = [row for row in ROWS if row.read == "oscpu" and row.read not in row.html]


@pytest.mark.parametrize("row", DOCUMENTS, ids=lambda row: row.name)
async def test_code_made_from_text_is_recorded_in_every_document(
    browser: Instrumented, web: Web, row: Row
) -> None:
    page = serve(web, row, "eval(`7`);")
    visit = await browser.visit(page, row.until, dwell_s=0.15)
    expected = Counter(row.expected if row.told is None else row.told)
    assert located(visit, web, page, "window.eval", '{"0":"7"}') == expected


async def test_code_from_text_and_sockets_are_recorded_with_their_place(
    browser: Instrumented, web: Web
) -> None:
    """What no wrapper tells of: the calls that only Firefox itself sees, each once, where it was made."""
    code = read_page("code_from_text.js", PORT=web.port)
    web.add("/made-stream", "retry: 50\n\n", "text/event-stream")
    web.add("/made.js", code, "text/javascript")
    page = web.add("/made", "<!doctype html><script src=/made.js></script>")
    visit = await browser.visit(web.base + page, "window.D", dwell_s=2)
    found = sorted(
        (int(c.at.script_line), c.symbol, json.loads(c.arguments)["0"])
        for c in visit.calls
        if c.operation == "call" and c.at.script_url == web.base + "/made.js"
    )
    assert found == [
        (1, "window.eval", "1"),
        (2, "window.Function", "function anonymous(a\n) {\nreturn a\n}"),
        (3, "AsyncFunction", "async function anonymous(\n) {\n2\n}"),
        (4, "GeneratorFunction", "function* anonymous(\n) {\n3\n}"),
        (5, "window.eval", "4"),
        (6, "window.WebSocket", f"ws://127.0.0.1:{web.port}/one?a=b"),
        (8, "window.WebSocket", f"ws://localhost:{web.port}/two"),
        (9, "window.WebSocket", "wss://no-such-host.invalid/"),
        (11, "window.Worker", "/made-worker.js"),
        (12, "window.Worker", "gopher://x/"),
        (13, "window.Worker", "data:text/javascript,1"),
        (15, "window.EventSource", f"{web.base}/made-stream"),
        (17, "window.EventSource", f"http://localhost:{web.port}/no-such-stream"),
        (18, "window.fetch", "/made-stream"),
    ]
    assert len([m for m in visit.of("request") if m["url"].endswith("/made-stream")]) > 2
    (made,) = [c.at for c in visit.calls if c.arguments == '{"0":"/made-worker.js"}']
    assert (made.func_name, made.script_col) == ("make", str(code.splitlines()[10].index("new") + 1))


async def test_a_javascript_url_of_a_frame_is_recorded_once(browser: Instrumented, web: Web) -> None:
    """Firefox asks for it in two documents. In the frame's, its address is beside the line of the other."""
    web.add("/inner", "<!doctype html><p>x")
    lines = read_lines("javascript_urls.js")
    page = web.add("/urls", "<!doctype html><body><script>" + "\n".join(lines) + "</script>")
    visit = await browser.visit(web.base + page, "globalThis.D")
    found = [(int(c.at.script_line), c.arguments) for c in visit.calls if c.symbol == "javascript:"]
    assert found == [
        (line, f'{{"0":"javascript:void({n})"}}') for line, n in [(2, 1), (3, 2), (4, 3), (4, 3), (6, 4)]
    ]
    assert {c.at.script_url for c in visit.calls if c.symbol == "javascript:"} == {web.base + page}


async def test_the_policy_that_tells_of_code_is_beside_the_pages_own_and_in_no_record(
    browser: Instrumented, web: Web
) -> None:
    """Also where the document comes from the cache, which keeps our policy with it."""
    code = read_page("code_under_policy.html")
    own = "img-src 'none', script-src 'self' 'unsafe-inline'; report-uri /told"
    kept = {"Cache_Control": "max-age=600", "Content_Security_Policy_Report_Only": own}
    frame = web.add("/kept", code, **kept)
    page = web.add(
        "/keeping",
        read_page("cached_frames.html", FRAME=frame),
    )
    visit = await browser.visit(web.base + page, "TOLD.join()==='eval,eval,eval'", dwell_s=0.5)
    found = [c.arguments for c in visit.calls if c.symbol == "window.eval" and c.location == web.base + frame]
    assert found == ['{"0":"5"}'] * 3
    answers = [m for m in visit.of("request") if m["url"] == web.base + frame]
    assert {m["from_cache"] for m in answers} == {True, False}
    for answer in answers:
        sent = {name.lower(): value for name, value in json.loads(answer["response_headers"])}
        assert sent["content-security-policy-report-only"] == own


async def test_what_is_long_in_a_request_is_cut_and_harms_nobody(browser: Instrumented, web: Web) -> None:
    """A message over the limit would end the browser's connection, with the visits of all its windows."""
    page = web.add("/long", read_page("long_header.html"))
    visit = await browser.visit(web.base + page, "window.D", dwell_s=0.5)
    found = {m["url"].removeprefix(web.base): m for m in visit.of("request")}
    assert found["/long"]["status"] == 200
    sent = json.loads(found["/long-no"]["request_headers"])
    assert len(sent) > 2 and len(found["/long-no"]["request_headers"]) <= 100_002
    assert [c.symbol for c in visit.calls if c.symbol == "window.fetch"] == ["window.fetch"]


async def test_each_request_of_a_page_is_recorded(browser: Instrumented, web: Web) -> None:
    """Of every type."""
    web.add("/r.js", "fetch('/r.json').then(()=>window.D=1)", "text/javascript")
    web.add("/r.json", "{}", "application/json")
    web.add("/r.css", "p{}", "text/css")
    web.add("/r-frame", "<p>x")
    page = web.add(
        "/r",
        "<!doctype html><link rel=stylesheet href=/r.css><script src=/r.js></script>"
        "<iframe src=/r-frame></iframe><img src=/r-none.png>",
    )
    visit = await browser.visit(web.base + page, "window.D", dwell_s=0.5)
    found = {m["url"].removeprefix(web.base): (m["resource_type"], m["status"]) for m in visit.of("request")}
    assert found.pop("/favicon.ico", ("image", 404)) == ("image", 404)
    assert found == {
        "/r": ("main_frame", 200),
        "/r.css": ("stylesheet", 200),
        "/r.js": ("script", 200),
        "/r.json": ("xmlhttprequest", 200),
        "/r-frame": ("sub_frame", 200),
        "/r-none.png": ("image", 404),
    }


async def test_every_change_of_a_cookie_is_told(web: Web, browser: Instrumented) -> None:
    """By scripts and by responses: added, overwritten, deleted; of another site's frame by its top site."""
    their = "<!doctype html><script>document.cookie='theirs=1'</script>"
    web.add("/their", their, Set_Cookie="sent=1; Path=/x")
    page = web.add(
        "/cookies",
        read_page("cookie_changes.html"),
        Set_Cookie="told=1; HttpOnly; SameSite=Lax; Max-Age=1000",
    )
    began = time.time() * 1000
    visit = await browser.visit(web.base + page, dwell_s=0.5)
    told = [
        (m["name"], m["value"], m["record_type"], m["change_cause"], m["via"], m["same_site"], m["path"])
        for m in visit.of("cookie")
    ]
    assert told == [
        ("told", "1", "added-or-changed", "explicit", "http", "lax", "/"),
        ("a", "1", "added-or-changed", "explicit", "script", "unspecified", "/"),
        ("a", "2", "deleted", "overwrite", "script", "strict", "/"),  # Firefox gives the new one
        ("a", "2", "added-or-changed", "explicit", "script", "strict", "/"),
        ("a", "2", "deleted", "explicit", "script", "strict", "/"),
        ("kept", "1", "added-or-changed", "explicit", "script", "unspecified", "/cookies"),
        ("sent", "1", "added-or-changed", "explicit", "http", "unspecified", "/x"),
        ("theirs", "1", "added-or-changed", "explicit", "script", "unspecified", "/"),
    ]
    ends = {m["name"]: m["expiry"] for m in visit.of("cookie") if m["record_type"] == "added-or-changed"}
    assert ends["kept"] is None and ends["a"] == pytest.approx(began + 1e6, abs=60_000)
    first = {m["name"]: m["first_party_domain"] for m in visit.of("cookie")}
    assert first["kept"] == "" and first["theirs"] == "http://127.0.0.1"
    assert {(m["host"], m["is_http_only"]) for m in visit.of("cookie")} >= {
        ("127.0.0.1", True),
        ("localhost", False),
    }


async def test_cookies_and_headers_outside_of_ascii_are_what_was_written(browser: Instrumented) -> None:
    """UTF-8, as servers and scripts write it; bytes that are none stay to be read again, as Latin-1."""
    page = http(
        "<!doctype html><script>document.cookie = 'é=日'; fetch('/again')</script>",
        Set_Cookie="日本=語; Path=/",
        X_Text="Grüße 😀",
        X_Bytes="?",
        X_Plain="caf\\u00e9",
    ).replace(b"X-Bytes: ?", b"X-Bytes: caf\xe9 \xff")
    with raw.Web(lambda _: page) as server:
        visit = await browser.visit(f"{server.proxy}/", dwell_s=0.5)
        sent = [one.headers.get("cookie") for one in server.log if one.path == "/again"]
    assert {(m["name"], m["value"], m["via"]) for m in visit.of("cookie")} >= {
        ("日本", "語", "http"),
        ("é", "日", "script"),
    }
    requests = {m["url"].removeprefix(server.proxy): m for m in visit.of("request")}
    first, again = requests["/"], requests["/again"]
    headers = dict(json.loads(first["response_headers"]))
    assert [headers[name] for name in ("X-Text", "X-Bytes", "X-Plain")] == [
        "Grüße 😀",
        "caf\xe9 \xff",
        "caf\\u00e9",
    ]
    assert headers["Set-Cookie"] == "日本=語; Path=/"
    assert dict(json.loads(again["request_headers"]))["Cookie"] == "日本=語; é=日"
    assert [one.encode("latin-1").decode() for one in sent if one] == ["日本=語; é=日"]


async def test_one_window_is_planned_for_all_processes(web: Web, browser: Instrumented) -> None:
    """Looking settings up in the browser takes long: the first window does it for those of all processes."""
    for base in (web.base, web.other):  # of two sites, and so of two processes
        await browser.visit(base + web.add("/planned", "<!doctype html>"))
    found = await browser.parent.call(
        "() => JSON.stringify([...Services.ppmm.sharedData].filter(([key]) => key.includes('.plan:')))"
    )
    plan = {key.rpartition(":")[2]: plan for key, plan in json.loads(found)}[
        "true,false,false,false,HTMLDocument"
    ]
    owners = zip(json.loads(plan["rest"])["classes"], json.loads(plan["owners"]), strict=True)
    names = {(kind, name) for kind, (_, _, names) in owners for name in names}
    assert ("Navigator", "userAgent") in names
    assert ("EventTarget", "addEventListener") in names  # found by way of what inherits it
    assert ("Function", "isTypeSupported") in names  # of a class itself


async def test_a_drawing_as_the_first_page_hides_nothing_of_the_next_ones(
    web: Web, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What the first window of a kind has, all of its kind have; and a drawing is no HTML document."""
    code = "document.cookie; document.referrer; window.D = 1"
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg"><script>{code}</script></svg>'
    first = web.add("/drawing-first", drawing, "image/svg+xml")
    fresh = Instrumented()
    await fresh.start(tmp_path_factory.mktemp("drawing"), **instrument_settings.resolve("default"))
    try:
        for page in (first, web.add("/page-next", f"<script>{code}</script>"), first):
            visit = await fresh.visit(web.base + page, "window.D")
            assert [c.symbol for c in visit.calls] == ["window.document.cookie", "window.document.referrer"]
    finally:
        await fresh.stop()

"""A call is that of the innermost script, whatever of the browser's own code and of ours comes before.

Without a script it is the browser's.

``by_browser`` is true of a call where no script's frame is on the stack. Its ``caller`` is the frame of the
script that bound the native, which only a worker's debugger knows, or empty. No frame is ever ours.
"""

import json
from collections import Counter

import pytest

from tests.crawl.instrument.harness import Instrumented, Visit, Web, seen_page
from tests.crawl.instrument.page_files import one_line, read_cases, read_lines, read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]
SET = "window.Storage.setItem"
HEAD = one_line(read_page("attribution/head.js"))
_OWN = "localStorage."
SCRIPT = (1, HEAD.index(f"{_OWN}setItem(k +") + len(_OWN) + 1)  # where the script's own call is

# Name -> what is done with a function `f`. The browser's own code calls it when no script is running:
BROWSER = read_cases("attribution/browser.js")
# The same where a script has the browser's own code call it, now.
# The call is that script's, from the line of the case.
RUNNING = read_cases("attribution/running.js")


def page_of(web: Web, cases: dict[str, str]) -> tuple[str, list[str]]:
    """A page whose script has one case a line, after a first line that is not one; what its lines are."""
    lines = [
        HEAD,
        *(
            f"both({json.dumps(k)},f=>{{const k={json.dumps(k)};{one_line(code)}}});"
            for k, code in cases.items()
        ),
    ]
    web.add("/attribution-empty.js", "", "text/javascript")
    web.add("/attribution.js", "\n".join(lines), "text/javascript")
    page = web.add(
        "/attribution", "<!doctype html><title>t</title><body><script src=/attribution.js></script>"
    )
    return web.base + page, lines


def keyed(visit: Visit, symbol: str = SET) -> dict[str, Counter[tuple[str, int, int, bool]]]:
    """Calls by their first argument: script, line, column and whether the browser called, and how often."""
    found: dict[str, Counter[tuple[str, int, int, bool]]] = {}
    for call in visit.calls:
        if call.symbol != symbol:
            continue
        at = call.at
        place = (at.script_url, int(at.script_line or 0), int(at.script_col or 0), call.by_browser)
        found.setdefault(json.loads(call.arguments)["0"], Counter())[place] += 1
    return found


async def test_what_the_browsers_own_code_calls_is_marked(browser: Instrumented, web: Web) -> None:
    url, _ = page_of(web, BROWSER)
    visit = await seen_page(browser, url)
    await browser.parent.call("() => Services.ppmm.loadProcessScript('data:,Cu.forceGC()', false)")
    await visit.until(f"DONE.size==={len(BROWSER)}")
    await browser.flush(visit)
    await browser.close(visit)
    found = keyed(visit)
    for name in BROWSER:
        assert set(found[name]) == {("", 0, 0, True)}, name
        assert set(found[f"{name}!"]) == {(f"{web.base}/attribution.js", *SCRIPT, False)}, name
    assert len(found) == 2 * len(BROWSER)
    assert "moz-extension" not in repr(visit.messages)


async def test_what_a_script_has_called_is_that_scripts(browser: Instrumented, web: Web) -> None:
    url, lines = page_of(web, RUNNING)
    visit = await browser.visit(url, f"DONE.size==={len(RUNNING)}")
    found, script = keyed(visit), f"{web.base}/attribution.js"
    for number, name in enumerate(RUNNING, 2):
        [(url, line, column, by_browser)] = found[name]
        assert (url, line, by_browser) == (script, number, False), name
        assert lines[number - 1].index(",f=>") < column, name
        assert set(found[f"{name}!"]) == {(script, *SCRIPT, False)}, name
        assert found[name].total() == found[f"{name}!"].total(), name
    assert "moz-extension" not in repr(visit.messages)


def _named(name: str) -> str:
    """Code that calls F in a function of this name."""
    return f"({{['{name}'](){{F()}}}})['{name}']()"


FORGED = {
    "a name like a place": _named("x@moz-extension://a/document.js:1:1"),
    "a name with a line in it": _named(r"x@moz-extension://a/document.js:1:1\ny"),
    "a name like a cause": _named("promise callback*x"),
    "a name of ours": _named("run"),
}
URL = "moz-extension://ab/document.js"  # which a page may give its code


async def test_no_page_passes_for_the_recorder(browser: Instrumented, web: Web) -> None:
    """Nor loses a frame by looking like it, be it alone, behind natives, or in a whole stack."""
    way = "F=()=>localStorage.setItem(k,'1')"
    far = "F=()=>[1].map(localStorage.setItem.bind(localStorage,k))"
    lines = ["var F,k;"]
    for name, code in FORGED.items():
        for how in (way, far):
            lines.append(f"k={json.dumps(f'{name}{how == far}')};{how};{code};")
    named = json.dumps(f"{{const d=()=>{{document.cookie='a=1'}};d()}}\n//# sourceURL={URL}")
    lines.append(f"(0,eval)({named});")
    web.add("/forged.js", "\n".join(lines), "text/javascript")
    visit = await browser.visit(
        web.base + web.add("/forged", "<!doctype html><script src=/forged.js></script>")
    )
    script = f"{web.base}/forged.js"
    found = keyed(visit)
    for number, name in enumerate((f"{it}{far}" for it in FORGED for far in (False, True)), 2):
        [(url, line, _, by_browser)] = found[name]
        assert (url, line, by_browser) == (script, number, False), name
    [cookie] = [c for c in visit.calls if c.symbol == "window.document.cookie" and c.operation == "set"]
    assert cookie.caller == f"d@{URL}:1:15"
    assert cookie.call_stack.split("\n") == [f"d@{URL}:1:15", f"@{URL}:1:38", f"@{script}:{len(lines)}:9"]


async def test_a_whole_stack_has_no_frame_of_ours(browser: Instrumented, web: Web) -> None:
    """The frames of a page that are before and after one of a wrapped native that calls the page."""
    code = read_page("attribution/whole_stack.js")
    web.add("/whole.js", code, "text/javascript")
    page = web.add("/whole", "<!doctype html><script src=/whole.js></script>")
    visit = await browser.visit(web.base + page, "window.D")
    it = f"{web.base}/whole.js"
    found = {
        c.value: (c.caller, c.call_stack, c.by_browser)
        for c in visit.calls
        if c.symbol == "window.document.cookie"
    }
    deep = f"@{it}:7:{code.splitlines()[6].index('Reflect.apply(...') + len('Reflect.') + 1}"
    assert found == {
        "script=1": (f"inner@{it}:3:18", f"inner@{it}:3:18\nouter@{it}:2:31\n@{it}:4:41", False),
        "native=1": (f"outer@{it}:2:31", f"outer@{it}:2:31\n@{it}:5:65", False),
        "browser=1": ("", "", True),
        "deep=1": (deep, deep, False),  # of which Firefox keeps no frame that shows
    }


async def test_what_only_the_browser_tells_of_is_marked_too(browser: Instrumented, web: Web) -> None:
    """Code made from text, sockets, workers, streams: each by the browser's own code, and by a script."""
    web.add("/marked-stream", "retry: 50\n\n", "text/event-stream")
    web.redirects["/marked-moved"] = "/marked-stream"
    socket = f"ws://127.0.0.1:{web.port}"
    lines = read_lines("attribution/told_by_browser.js", SOCKET=socket)
    web.add("/marked.js", "\n".join(lines), "text/javascript")
    page = web.add("/marked", "<!doctype html><script src=/marked.js></script>")
    visit = await browser.visit(web.base + page, "window.D", dwell_s=1)
    natives = {
        "window.eval",
        "window.Function",
        "window.WebSocket",
        "window.Worker",
        "window.EventSource",
        "javascript:",
    }
    found = sorted(
        (c.symbol, json.loads(c.arguments)["0"].removeprefix(web.base), c.at.script_line, c.by_browser)
        for c in visit.calls
        if c.symbol in natives
    )
    assert found == sorted(
        [
            ("window.eval", "1", "", True),
            ("window.eval", "2", "2", False),
            ("window.eval", "3", "2", False),
            ("window.eval", "4", "", True),
            ("window.eval", "5", "3", False),
            ("window.Function", "function anonymous(\n) {\n6\n}", "", True),
            ("window.Function", "function anonymous(\n) {\n7\n}", "4", False),
            ("window.WebSocket", f"{socket}/8", "", True),
            ("window.WebSocket", f"{socket}/9", "5", False),
            ("window.Worker", "data:text/javascript,10", "", True),
            ("window.Worker", "data:text/javascript,11", "6", False),
            ("window.EventSource", "/marked-stream", "", True),
            ("window.EventSource", "/marked-moved", "7", False),
            ("window.EventSource", "/marked-moved", "7", False),
            ("window.Worker", "data:text/javascript,12", "8", False),
            ("javascript:", "javascript:void 13", "", True),
            ("javascript:", "javascript:void 14;void(window.D=1)", "9", False),
        ]
    )
    assert "moz-extension" not in repr(visit.messages)


# (import "m" "f" (func)) (func (export "g") (call 0))
WASM = bytes.fromhex("0061736d01000000010401600000020701016d0166000003020100070501016700010a0601040010000b")


@pytest.mark.parametrize("where", ["document", "worker"])
async def test_natives_that_webassembly_imports(browser: Instrumented, web: Web, where: str) -> None:
    """The frame is as Firefox writes it: the module's place, function and offset.

    The script is the one that made the module.
    """
    web.add("/import.wasm", WASM, "application/wasm")
    done = "postMessage(1)" if where == "worker" else "window.D=1"
    lines = read_lines("attribution/webassembly.js", BYTES=list(WASM), DONE=f"setTimeout(()=>{{{done}}},50)")
    web.add("/import.js", "\n".join(lines), "text/javascript")
    start = "const w=new Worker('/import.js');w.onmessage=()=>window.D=1"
    page = f"<script>{start}</script>" if where == "worker" else "<script src=/import.js></script>"
    visit = await browser.visit(web.base + web.add("/import", f"<!doctype html>{page}"), "window.D")
    script, streamed = f"{web.base}/import.js", f"{web.base}/import.wasm"
    calls = [c for c in visit.calls if c.symbol == "window.navigator.platform"]
    assert {c.by_browser for c in calls} == {False}
    frames = Counter(c.caller.rstrip() for c in calls)
    place = ":wasm-function[1]:0x27"
    made = f"@{script} line 2 > WebAssembly.Module{place}"
    kept = frames.pop(made)
    assert frames == {
        f"@{script} line 6 > eval line 1 > WebAssembly.Module{place}": 1,
        f"@{script}:7:10": 1,
        f"@{streamed}{place}": 1,
    }
    totals = {
        (t.script_url, t.operation): (t.n_calls, t.n_recorded)
        for t in visit.totals
        if t.symbol == "window.navigator.platform"
    }
    assert kept == 98  # and two others of the script: its cap is 100
    assert totals == {(script, "get"): (155, 100)}


async def in_worker(browser: Instrumented, web: Web, lines: list[str]) -> Visit:
    """A page with a worker whose script has these lines; the visit, once the worker is done."""
    web.add("/attributed.js", "\n".join(lines), "text/javascript")
    page = "<!doctype html><script>const w=new Worker('/attributed.js');w.onmessage=()=>window.D=1</script>"
    return await browser.visit(web.base + web.add("/attributed", page), "window.D")


# What a worker does with a native that is bound. Its frame is that of `bind` where no script is running.
_BOUND = "const B=(n)=>fetch.bind(self,n),P=Promise.resolve();"
IN_WORKER = read_cases("attribution/in_worker.js")
IN_WORKER_NOW = read_cases("attribution/in_worker_now.js")


async def test_natives_that_no_script_of_a_worker_calls(browser: Instrumented, web: Web) -> None:
    """They are the script's that bound them, by its line; without one they are nobody's."""
    cases = IN_WORKER | IN_WORKER_NOW
    lines = [_BOUND, *(f"{{const k='/{n}';{one_line(code)}}}" for n, code in enumerate(cases.values(), 2))]
    unknown = [
        "setTimeout(fetch,0,'/unbound');",
        "P.then(Function.prototype.call.bind(fetch,self,'/called'));",
    ]
    visit = await in_worker(browser, web, [*lines, *unknown, "setTimeout(postMessage,200,1)"])
    it = f"{web.base}/attributed.js"
    found = {json.loads(c.arguments)["0"]: c for c in visit.calls if c.symbol == "window.fetch"}
    assert len(found) == sum(c.symbol == "window.fetch" for c in visit.calls)
    binder = f"B@{it}:1:{_BOUND.index('bind(') + 1}"
    for number, name in enumerate(IN_WORKER, 2):
        call = found[f"/{number}"]
        frame = f"@{it}:{number}:{lines[number - 1].index('bind(1') + 1}" if name == "bound twice" else binder
        assert (call.caller.rstrip(), call.by_browser) == (frame, True), name
    for number, name in enumerate(IN_WORKER_NOW, 2 + len(IN_WORKER)):
        call = found[f"/{number}"]
        assert (call.at.script_url, call.at.script_line) == (it, str(number)), name
        assert not call.by_browser, name
    for name in ("/unbound", "/called"):
        assert (found[name].caller, found[name].by_browser) == ("", True)
    assert "moz-extension" not in repr(visit.messages)


async def test_a_native_is_bound_in_a_worker_as_in_a_plain_browser(browser: Instrumented, web: Web) -> None:
    """No code of the worker runs for that which would not, nor is any of it missed."""
    lines = read_lines("attribution/bound_in_worker.js")
    visit = await in_worker(browser, web, lines)
    [said] = [json.loads(c.arguments)["1"] for c in visit.calls if c.symbol == "window.fetch"]
    assert json.loads(json.loads(said)["body"]) == [
        "bound fetch", 1, True, "bound bound fetch", True,
        "TypeError", 2, "TypeError", 2, "TypeError", 2,
        3, "bound n", "length", 2, "trap", "length", "name",
    ]  # fmt: skip
    reads = [c.at.script_line for c in visit.calls if c.symbol == "window.navigator.platform"]
    assert reads == ["5", "8"]


async def test_a_worker_is_booked_where_it_is_made(browser: Instrumented, web: Web) -> None:
    """That of a worker is a call of the worker's, that of a document the document's; each once."""
    web.add("/leaf.js", "postMessage(1)", "text/javascript")
    middle = (
        "let n=0;const up=()=>++n===2&&postMessage(1);\nconst make=(u)=>new Worker(u).onmessage=up;\n"
        "make('/leaf.js');make(new URL('/leaf.js?url',location));"
    )
    web.add("/middle.js", middle, "text/javascript")
    lines = [
        "let n=0;const up=()=>++n===2&&(window.D=1);",
        "new Worker('/middle.js').onmessage=up;",
        "new Worker('/leaf.js').onmessage=up;",
    ]
    page = web.add("/makes", f"<!doctype html><script>{chr(10).join(lines)}</script>")
    visit = await browser.visit(web.base + page, "window.D")
    made = sorted(
        (
            c.realm,
            c.location.removeprefix(web.base),
            c.caller.rstrip().removeprefix("@").replace(web.base, ""),
            c.arguments,
        )
        for c in visit.calls
        if c.symbol == "window.Worker"
    )
    assert made == [
        ("window", "/makes", "/makes:2:1", '{"0":"/middle.js"}'),
        ("window", "/makes", "/makes:3:1", '{"0":"/leaf.js"}'),
        ("worker", "/middle.js", "make@/middle.js:2:17", '{"0":"/leaf.js"}'),
        ("worker", "/middle.js", "make@/middle.js:2:17", f'{{"0":"{web.base}/leaf.js?url"}}'),
    ]


async def test_scripts_of_windows_that_have_set_their_domain(browser: Instrumented, web: Web) -> None:
    """They call each other's functions, though the recorder has the rights of its own window alone."""
    web.add("/domain-inner", "<!doctype html><script>document.domain='a.localhost'</script>")
    inner = f"http://y.a.localhost:{web.port}/domain-inner"
    lines = [
        "f.onload=()=>{const {localStorage}=f.contentWindow;"
        "const use=(k)=>localStorage.setItem.bind(localStorage,k,1);",
        "localStorage.setItem('called',1);",
        "['mapped'].map(k=>[1].map(use(k)));",
        "setTimeout(use('timed'));setTimeout(()=>window.D=1,50)}",
    ]
    start = f"<script>document.domain='a.localhost'</script><iframe id=f src={inner}></iframe>"
    path = web.add("/domain", f"<!doctype html>{start}<script>{chr(10).join(lines)}</script>")
    page = f"http://x.a.localhost:{web.port}{path}"
    visit = await browser.visit(page, "window.D")
    calls = [c for c in visit.calls if c.symbol == SET]
    assert {c.location for c in calls} == {inner}
    assert [
        (json.loads(c.arguments)["0"], c.at.script_url, c.at.script_line, c.by_browser) for c in calls
    ] == [("called", page, "2", False), ("mapped", page, "3", False), ("timed", "", "", True)]

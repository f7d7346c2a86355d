"""Which script asked for each request: pages whose requests have known callers."""

import pytest

from overscripted.stacks import frames
from tests.crawl.instrument.harness import Instrumented, Visit, Web
from tests.crawl.instrument.page_files import read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

_ASKS = read_page("asking_scripts.js")


def asked(visit: Visit, base: str) -> dict[str, list[tuple[str, str, str]]]:
    """By path: (function, script's path, line) of its frames, innermost first; [] where no script asked."""
    stacks = {m["request_id"]: m["call_stack"] for m in visit.of("callstack")}
    assert len(stacks) == len(visit.of("callstack"))  # each once
    return {
        m["url"].removeprefix(base): [
            (f.func_name, f.script_url.removeprefix(base), f.script_line)
            for f in frames(stacks.get(m["request_id"], ""))
        ]
        for m in visit.of("request")
    }


async def test_requests_of_scripts_have_their_callers_and_no_others_have(
    browser: Instrumented, web: Web
) -> None:
    web.add("/cs.js", _ASKS, "text/javascript")
    web.add("/cs-frame", "<script>function inside() { fetch('/cs-inside') }\ninside()</script>")
    web.redirects["/cs-hop"] = "/cs-landed"
    for path in (
        "landed",
        "xhr",
        "beacon",
        "tag.js",
        "then",
        "eval",
        "name",
        "navigated",
        "inside",
        "still.png",
        "still.css",
    ):
        web.add(f"/cs-{path}", "", "text/plain")
    page = web.add(
        "/cs",
        "<!doctype html><link rel=stylesheet href=/cs-still.css><img src=/cs-still.png>"
        "<iframe src=/cs-frame></iframe><script src=/cs.js></script>",
    )
    visit = await browser.visit(web.base + page, "window.D", dwell_s=0.5)
    found = asked(visit, web.base)
    by = [("outer", "/cs.js", "5"), ("", "/cs.js", "6")]
    assert {path: stack for path, stack in found.items() if stack} == {
        "/cs-hop": [("byFetch", "/cs.js", "1"), *by],
        "/cs-landed": [("byFetch", "/cs.js", "1"), *by],
        "/cs-xhr": [("byXhr", "/cs.js", "2"), *by],
        "/cs-beacon": [("byBeacon", "/cs.js", "3"), *by],
        "/cs-tag.js": [("byTag", "/cs.js", "4"), *by],
        "/cs-then": found["/cs-then"],
        "/cs-eval": [("", "/cs.js", "1"), ("", "/cs.js", "7")],
        "/cs-name": [("a＠https://other.example/x.js:1:1 b", "/cs.js", "9"), ("", "/cs.js", "9")],
        "/cs-navigated": [("navigate", "/cs.js", "11"), ("", "/cs.js", "11")],
        "/cs-inside": [("inside", "/cs-frame", "1"), ("", "/cs-frame", "2")],
    }
    assert found["/cs-then"][0][1:] == ("/cs.js", "5")
    assert {
        "/cs",
        "/cs.js",
        "/favicon.ico",
        "/cs-still.png",
        "/cs-image.png",
        "/cs-still.css",
        "/cs-frame",
    } <= {path for path, stack in found.items() if not stack}


async def test_a_deep_stack_is_cut_and_harms_nothing(browser: Instrumented, web: Web) -> None:
    web.add("/cs-deep-json", "{}", "application/json")
    script = "function f(n) { return n ? f(n - 1) : fetch('/cs-deep-json') } f(3000).then(() => window.D = 1)"
    page = web.add("/cs-deep", f"<!doctype html><script>{script}</script>")
    visit = await browser.visit(web.base + page, "window.D")
    found = asked(visit, web.base)["/cs-deep-json"]
    assert {f[0] for f in found} == {"f"} and 80 < len(found) <= 100


async def test_no_script_hides_behind_the_name_of_ours(browser: Instrumented, web: Web) -> None:
    """As it could with `//# sourceURL=` if it knew that name."""
    web.add("/cs-stream", "", "text/event-stream")
    code = "fetch('/cs-hidden'); new EventSource('/cs-stream'); new Worker('data:text/javascript,1'); D = 1"
    for name in ("overscripted/document.js", "x/document.js"):
        web.add("/cs-hides.js", f"{code}\n//# sourceURL=moz-extension://{name}", "text/javascript")
        page = web.add("/cs-hides", "<!doctype html><script src=/cs-hides.js></script>")
        visit = await browser.visit(web.base + page, "window.D", dwell_s=0.5)
        found = asked(visit, web.base)
        for path in ("/cs-hidden", "/cs-stream"):
            assert [frame[1:] for frame in found[path]] == [(f"moz-extension://{name}", "1")]
        made = [
            (c.symbol, c.at.script_url)
            for c in visit.calls
            if c.symbol in ("window.EventSource", "window.Worker")
        ]
        assert sorted(made) == [
            (f"window.{it}", f"moz-extension://{name}") for it in ("EventSource", "Worker")
        ]


async def test_names_of_megabytes_cost_the_session_nothing(browser: Instrumented, web: Web) -> None:
    """One message of 64 MB ends a session, and with it the visits of all others in the browser."""
    web.add("/cs-stream", "", "text/event-stream")
    code = "navigator.oscpu; document.cookie; fetch('/cs-long'); new EventSource('/cs-stream')"
    script = f"const n = 'n'.repeat(7e7); ({{[n]() {{ {code} }}}})[n](); window.D = 1"
    page = web.add("/cs-names", f"<!doctype html><script>{script}</script>")
    visit = await browser.visit(web.base + page, "window.D", dwell_s=0.5)
    at = "n" * 1000 + f"@{web.base}{page}:1:"
    stacks = [m["call_stack"] for m in visit.of("callstack")]
    assert len(stacks) == 2 and all(stack.startswith(at) for stack in stacks)
    calls = {c.symbol: c.caller for c in visit.calls}
    for symbol in ("window.navigator.oscpu", "window.document.cookie", "window.fetch", "window.EventSource"):
        assert calls[symbol].startswith(at), symbol
    after = await browser.visit(
        web.base + web.add("/cs-after", "<!doctype html><script>navigator.oscpu</script>")
    )
    assert [c.symbol for c in after.calls] == ["window.navigator.oscpu"]

"""Pages that try to evade, forge, flood or break the record, and what they get."""

import asyncio
import json
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from overscripted.crawl.firefox.process import Firefox
from overscripted.crawl.instrument import settings as instrument_settings
from tests.crawl.instrument.harness import Instrumented, Web, seen_page
from tests.crawl.instrument.page_files import read_cases, read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]
SYMBOL = "window.navigator.oscpu"
_GETTER = "Object.getOwnPropertyDescriptor(Navigator.prototype,'oscpu')"

# Name -> (what the page does around its reads, how many reads are recorded).
EVASIONS = {
    "Reflect": ("Reflect.get(navigator,'oscpu');Reflect.get(Navigator.prototype,'oscpu',navigator)", 2),
    "called by the browser's own code": (read_page("evasions/by_browser.js", GETTER=_GETTER), 6),
    "the getter itself": (read_page("evasions/getter.js", GETTER=_GETTER), 4),
    "the old way to getters": ("Navigator.prototype.__lookupGetter__('oscpu').call(navigator)", 1),
    "an object in between": (read_page("evasions/object_between.js"), 2),
    "a proxy in between": ("new Proxy(navigator,{get:(t,k)=>t[k]}).oscpu", 1),
    "redefined by a copy": (read_page("evasions/redefined.js", GETTER=_GETTER), 1),
    "moved to another name": (read_page("evasions/moved.js", GETTER=_GETTER), 1),
    "frozen": ("Object.freeze(Navigator.prototype);navigator.oscpu", 1),
    "deleted after it was kept": (
        f"const g={_GETTER}.get;delete Navigator.prototype.oscpu;navigator.oscpu;g.call(navigator)",
        1,
    ),
    "from an iframe that is gone": (read_page("evasions/removed_iframe.js"), 1),
    "by index, from frames that take the place of others": (read_page("evasions/frames_by_index.js"), 5),
    "JSON, arrays, Map, Error, Date, Reflect and Function replaced": (
        read_page("evasions/builtins_replaced.js"),
        1,
    ),
    "prototypes poisoned": (read_page("evasions/prototypes_poisoned.js"), 1),
    "named elements": (read_page("evasions/named_elements.js"), 1),
}


async def test_functions_of_a_removed_frame_live_on(browser: Instrumented, web: Web) -> None:
    """As in a plain browser: libraries keep clean functions of a frame that they remove at once.

    Each use is recorded.
    """
    web.add("/inner", "<!doctype html><p>inner")
    visit = await browser.visit(
        web.base + web.add("/gone", read_page("removed_frames.html")), until="globalThis.ENDED"
    )
    assert [c.value for c in visit.calls if c.symbol == "window.document.cookie" and "end" in c.value] == [
        "end=well"
    ]
    theirs = [c for c in visit.calls if c.location in ("about:blank", f"{web.base}/inner")]
    assert Counter(c.symbol for c in theirs) == dict.fromkeys(
        (SYMBOL, "window.document.cookie", "Performance.now", "window.navigator.platform"), 40
    )
    assert {c.at.script_url for c in theirs} == {f"{web.base}/gone"}


async def test_functions_of_a_removed_frame_outlive_the_window_that_keeps_them(
    browser: Instrumented, web: Web
) -> None:
    """Two frames of one other origin, as of advertisements: the younger uses functions of the older."""
    web.add(
        "/younger",
        read_page("younger_frame.html"),
    )
    web.add("/older", "<!doctype html><p>older")
    code = read_page("older_frame.js")
    page = f"<!doctype html><body><iframe id=older src={web.other}/older></iframe><script>{code}</script>"
    visit = await browser.visit(web.base + web.add("/frames", page), until="globalThis.D")
    [told] = [c.value for c in visit.calls if c.symbol == "window.document.cookie"]
    assert told.startswith("is=Linux")
    assert [(c.location, c.at.script_url) for c in visit.calls if c.symbol == SYMBOL] == [
        ("about:blank", f"{web.other}/younger")
    ]


async def test_code_made_in_a_frame_that_goes_is_told_of_to_us_alone(browser: Instrumented, web: Web) -> None:
    """The policy that reports it is the browser's own.

    Its event comes when nothing of ours is above the frame.
    """
    code = read_page("code_in_removed_frame.js")
    visit = await browser.visit(
        web.base + web.add("/goes", f"<!doctype html><body><script>{code}</script>"), until="globalThis.D"
    )
    assert [c.value for c in visit.calls if c.symbol == "window.document.cookie"] == ["seen=0"]
    recorded = [c.arguments for c in visit.calls if c.symbol == "window.eval"]
    assert set(recorded) <= {'{"0":"1"}', '{"0":"2"}'}
    missed = sum(
        m["n"] for m in visit.of("gap") if m["name"] == "code made from text in a window that has gone"
    )
    assert len(recorded) + missed == 2


@pytest.mark.parametrize("name", EVASIONS)
async def test_no_way_around(browser: Instrumented, web: Web, name: str) -> None:
    code, expected = EVASIONS[name]
    path = web.add("/evade", f"<!doctype html><title>t</title><body><script>{code}</script>")
    visit = await browser.visit(web.base + path)
    scripts = [c.at.script_url for c in visit.calls if c.symbol == SYMBOL]
    assert scripts == [web.base + path] * expected
    # Nothing that the page had replaced was called.
    spied = [c.value for c in visit.calls if c.symbol == "window.document.cookie" and c.operation == "set"]
    assert spied in ([], ["spy0"])


async def test_function_names_cannot_pose_as_scripts(browser: Instrumented, web: Web) -> None:
    names = ["x@https://evil.example/a.js:1:1", "a\nb@https://evil.example/b.js:1:1", "@", "f@data:x", "*@*"]
    calls = "".join(f"({{{json.dumps([n])}(){{navigator.oscpu}}}})[{json.dumps(n)}]();" for n in names)
    path = web.add("/names", f"<!doctype html><script>{calls}</script>")
    visit = await browser.visit(web.base + path)
    found = [c.at for c in visit.calls if c.symbol == SYMBOL]
    assert [frame.script_url for frame in found] == [web.base + path] * len(names)
    assert [frame.script_line for frame in found] == ["1"] * len(names)


async def test_urls_with_frames_in_them_stay_whole(browser: Instrumented, web: Web) -> None:
    web.add("/tricky.js", "navigator.oscpu", "text/javascript")
    query = "?a@https://evil.example/x.js:3:4 line 7 > eval&b=:9:9"
    path = web.add("/urls", f'<!doctype html><script src="/tricky.js{query}"></script>')
    visit = await browser.visit(web.base + path)
    [call] = [c for c in visit.calls if c.symbol == SYMBOL]
    assert call.at.script_url.startswith(web.base + "/tricky.js?a@https://evil.example/x.js:3:4")
    assert (call.at.script_line, call.at.script_col) == ("1", "1")


@pytest.mark.parametrize(
    "opened", ["document.open();", "document.write('<p>');", "document.open();document.close();"]
)
async def test_a_page_that_opens_its_document_takes_no_listener_of_ours(
    browser: Instrumented, web: Web, opened: str
) -> None:
    """It takes those of its window; code made from text and errors are told of by events."""
    later = read_page("after_document_open.js", WEB_PORT=web.port)
    page = web.add(
        "/opens", f"<!doctype html><script>onload=()=>setTimeout(()=>{{{opened}{later}}})</script>"
    )
    visit = await browser.visit(web.base + page, "window.D")
    sockets = {("window.WebSocket", "call", f'{{"0":"ws://127.0.0.1:{web.port}/five"}}'): 1}
    assert visit.counted("window.eval", "window.WebSocket") == {
        ("window.eval", "call", '{"0":"2"}'): 1,
        **sockets,
    }
    assert sorted(m["message"] for m in visit.of("console")) == [
        "Error: three",
        "unhandled rejection: Error: four",
    ]


async def test_events_of_a_page_write_no_record(browser: Instrumented, web: Web) -> None:
    code = read_page("forged_events.js")
    path = web.add("/forge", f"<!doctype html><body><script>{code}</script>")
    visit = await browser.visit(web.base + path)
    assert sum(c.symbol == SYMBOL for c in visit.calls) == 2
    assert not [c for c in visit.calls if c.symbol in ("forged", "window.eval")]
    assert not [m for m in visit.of("console") if "forged" in m["message"]]


# What a page can send that has taken over its process. `name` is that of our messages, `theirs` is the user
# context of another visit.
_TAKEN_OVER = read_page("taken_over/own_process.js")


async def test_a_process_speaks_for_its_own_visit_alone(browser: Instrumented, web: Web) -> None:
    page = web.add("/own", "<!doctype html><script>(window.again=()=>navigator.oscpu)()</script>")
    evil, victim = await browser.open(), await browser.open()
    for visit in (evil, victim):
        command = {"context": visit.context, "url": web.base + page, "wait": "complete"}
        await browser.firefox.bidi.command("browsingContext.navigate", command)
    mine, theirs = (visit.container_id.rpartition("-")[2] for visit in (evil, victim))
    async with asyncio.timeout(20):
        assert await browser.parent.call(_TAKEN_OVER, browser.name, mine, theirs) is False
    await victim.run("again()")
    for visit in (evil, victim):
        await browser.flush(visit)
        await browser.close(visit)
    names = [m["name"] for m in evil.of("gap")]  # of its own it may say what it likes, within bounds
    assert "message over the limit" in names
    assert max(len(name) for name in names) < 2**23
    assert [m["type"] for m in victim.messages if "forged" in str(m)] == []
    assert [c.symbol for c in victim.calls] == [SYMBOL, SYMBOL]


# A process of no visit, as of a page of no user context, says that a realm of it is a visit's.
_OF_NO_VISIT = read_page("taken_over/of_no_visit.js")


async def test_a_process_of_no_visit_speaks_for_none(browser: Instrumented, web: Web) -> None:
    visit = await browser.open()
    async with asyncio.timeout(20):
        assert await browser.parent.call(_OF_NO_VISIT, browser.name, visit.container_id.rpartition("-")[2])
    await browser.flush(visit)
    await browser.close(visit)
    assert not visit.of("console")
    assert {m["name"] for m in visit.of("gap")} == {"document in a process of no visit"}


async def test_a_page_that_finds_the_port_of_remote_control_gets_nothing(
    browser: Instrumented, web: Web
) -> None:
    """As with --allow-private; without it the guard lets no page reach this machine.

    A page that is not answered gets nothing, too.
    """
    port = json.loads((browser.firefox.folder / "profile" / "WebDriverBiDiServer.json").read_text())[
        "ws_port"
    ]
    code = read_page("remote_control_port.js", PORT=port)
    visit = await seen_page(browser, web.base + web.add("/port", f"<!doctype html><script>{code}</script>"))
    await visit.until("window.D")
    assert await visit.run("JSON.stringify(got)") == "[]"
    await browser.close(visit)


async def test_an_address_of_megabytes_hides_nothing(browser: Instrumented, web: Web) -> None:
    """Of a frame, a worker and what they call and throw.

    A message with such an address would be over the limit.
    """
    code = read_page("long_address.js")
    visit = await browser.visit(
        web.base + web.add("/long", f"<!doctype html><body><script>{code}</script>"), "window.D", dwell_s=2
    )
    assert not visit.of("gap")
    found = {
        (c.realm, c.symbol, c.location[:15], len(c.location)) for c in visit.calls if len(c.location) > 99
    }
    assert found == {
        ("window", SYMBOL, "data:text/html,", 100_000),
        ("worker", "window.navigator.platform", "data:text/javas", 100_000),
    }
    assert [m["url"][:15] for m in visit.of("frame")][1:] == ["data:text/html,"]
    assert [(m["message"], m["url"][:15]) for m in visit.of("console")] == [("Error: 1", "data:text/html,")]


async def test_totals_of_many_scripts_with_long_addresses_are_all_told(web: Web, tmp_path: Path) -> None:
    """In a Firefox of its own, which keeps three calls of a script: each call has the address, too."""
    code = read_page("long_script_addresses.js")
    page = web.base + web.add("/many-long", f"<!doctype html><script>{code}</script>")
    few = Instrumented()
    await few.start(tmp_path, **instrument_settings.resolve("default"), caps={"calls": 3})
    try:
        visit = await few.visit(page)
    finally:
        await few.stop()
    assert not visit.of("gap")
    told = [t for t in visit.totals if t.symbol == "window.navigator.platform"]
    assert [(t.script_url.split("/")[3], t.n_calls, t.n_recorded) for t in told] == [
        (str(i), 4, 3) for i in range(150)
    ]
    assert sum(bool(message["totals"]) for message in visit.of("calls")) > 1


async def test_a_flood_is_counted_and_cut(browser: Instrumented, web: Web) -> None:
    flood = "for(let i=0;i<50000;i++)navigator.oscpu;"
    path = web.add("/flood", f"<!doctype html><script>{flood}</script><script>navigator.oscpu</script>")
    visit = await browser.visit(web.base + path)
    assert sum(c.symbol == SYMBOL for c in visit.calls) == 100
    totals = {(t.script_url, t.symbol, t.operation): (t.n_calls, t.n_recorded) for t in visit.totals}
    assert totals[web.base + path, SYMBOL, "get"] == (50001, 100)
    assert len(visit.of("calls")) < 20


async def test_scripts_without_number_are_bounded(browser: Instrumented, web: Web) -> None:
    code = "for(let i=0;i<6000;i++)(0,eval)('navigator.oscpu//# sourceURL=http://x/'+i)"
    visit = await browser.visit(web.base + web.add("/many", f"<!doctype html><script>{code}</script>"))
    reads = [c for c in visit.calls if c.symbol == SYMBOL]
    totals = {t.script_url: t.n_calls for t in visit.totals if t.symbol == SYMBOL}
    assert totals["(other scripts)"] - 100 + len(reads) == 6000
    assert len({c.at.script_url for c in reads}) <= 5100


async def test_an_endless_loop_costs_its_neighbours_nothing(browser: Instrumented, web: Web) -> None:
    web.add("/endless", "<!doctype html><script>onload=()=>setTimeout(()=>{for(;;)navigator.oscpu})</script>")
    steady = web.add("/steady", read_page("steady.html"))
    hung = await browser.open()
    command = {"context": hung.context, "url": web.base + "/endless", "wait": "complete"}
    await browser.firefox.bidi.command("browsingContext.navigate", command)
    visits = await asyncio.gather(*(browser.visit(web.base + steady, "n>=20") for _ in range(3)))
    assert [sum(c.symbol == SYMBOL for c in v.calls) for v in visits] == [20, 20, 20]
    async with asyncio.timeout(30):
        while sum(c.symbol == SYMBOL for c in hung.calls) < 100:  # noqa: ASYNC110 (it never came back)
            await asyncio.sleep(0.05)
    assert sum(c.symbol == SYMBOL for c in hung.calls) == 100
    assert max(t.n_calls for t in hung.totals) > 1000
    await browser.close(hung)


async def test_huge_and_odd_values_are_cut_not_lost(browser: Instrumented, web: Web) -> None:
    code = read_page("odd_values.js")
    visit = await browser.visit(web.base + web.add("/odd", f"<!doctype html><body><script>{code}</script>"))
    by = Counter(c.symbol for c in visit.calls)
    assert (
        by["window.document.cookie"],
        by["window.navigator.sendBeacon"],
        by["MessagePort.postMessage"],
    ) == (1, 2, 2)
    [cookie] = [c for c in visit.calls if c.symbol == "window.document.cookie"]
    assert (len(cookie.value), cookie.value_len) == (100_000, 300_002)
    arguments = [
        json.loads(c.arguments) for c in visit.calls if c.operation == "call" and c.symbol != "window.eval"
    ]
    assert arguments[0]["1"] == "\ud800 \0 '\""
    assert arguments[1]["1"] == '{"c":"object"}'
    assert arguments[2]["0"] == '{"a":"1","b":"null","c":[null],"d":"ACCESSOR"}'
    assert arguments[3]["0"] == '"BODY"'


async def test_values_are_written_as_what_they_are_and_not_as_they_say(
    browser: Instrumented, web: Web
) -> None:
    """`Symbol.toStringTag` is the page's to choose; nothing of the page is called for it."""
    code = read_page("tagged_values.js")
    visit = await browser.visit(web.base + web.add("/tags", f"<!doctype html><body><script>{code}</script>"))
    told = [
        json.loads(c.arguments) for c in visit.calls if "sendBeacon" in c.symbol or "WebAssembly" in c.symbol
    ]
    assert [it.get("1", it["0"]) for it in told] == [
        '{"a":1,"length":"ACCESSOR"}',
        '{"a":2}',
        '{"toJSON":"ACCESSOR"}',
        "[3]",
        '{"length":"ACCESSOR"}',
        None,
        None,
    ]


@pytest.mark.parametrize("use", ["navigator.oscpu", "document.cookie", "performance.now()"])
async def test_a_page_that_leaves_no_stack_breaks_nothing_for_later(
    browser: Instrumented, web: Web, use: str
) -> None:
    """What cannot be noted is counted, what comes later is noted as ever, from its own script."""
    web.add(
        "/later.js",
        "function later(){navigator.oscpu;document.cookie;navigator.sendBeacon('/later')}",
        "text/javascript",
    )
    visit = await browser.visit(web.base + web.add("/no-stack", read_page("no_stack.html", USE=use)))
    assert {m["name"] for m in visit.of("gap")} <= {"call not recorded: InternalError: too much recursion"}
    [first] = {c.symbol for c in visit.calls if c.at.script_url == f"{web.base}/no-stack"}
    assert first.endswith(use.split(".")[1].split("(")[0])
    later = [c for c in visit.calls if c.at.script_url == f"{web.base}/later.js"]
    assert [c.symbol for c in later] == [SYMBOL, "window.document.cookie", "window.navigator.sendBeacon"]
    assert [c.at.func_name for c in later] == ["later"] * 3


async def test_a_full_store_is_not_written_out_at_each_look(browser: Instrumented, web: Web) -> None:
    code = read_page("full_store.js")
    visit = await browser.visit(web.base + web.add("/full", f"<!doctype html><script>{code}</script>"))
    values = [c.value for c in visit.calls if c.symbol == "window.sessionStorage"]
    assert len(values) == 70
    assert values[1] == json.dumps({"k0": "v" * 100_000}, separators=(",", ":"))[:100_000]
    assert max(map(len, values)) <= 100_000


# What wrapped APIs do, as expressions (awaited) whose values must equal a plain browser's.
BEHAVIOURS = read_cases("behaviours.js")


@pytest.fixture(scope="module")
def broken(web: Web) -> str:
    """A page for `BEHAVIOURS`; its path."""
    web.add("/frame.html", "<p>x")
    web.add("/echo.js", "onmessage=e=>postMessage(JSON.stringify(e.data))", "text/javascript")
    gif = bytes.fromhex(
        "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b"
    )
    web.add("/pixel.gif", gif, "image/gif")
    return web.add("/behave", read_page("behave.html"))


async def test_wrapped_apis_behave_as_in_a_plain_browser(
    browser: Instrumented, plain: Firefox, web: Web, broken: str
) -> None:
    from tests.crawl.instrument.harness import Visit

    made = await plain.bidi.command("browsingContext.create", {"type": "window"})
    visits = [await browser.open(), Visit(plain, "", 0, made["context"], "")]
    different = {}
    for visit in visits:
        command = {"context": visit.context, "url": web.base + broken, "wait": "complete"}
        await visit.bidi.command("browsingContext.navigate", command)
    for name, expression in BEHAVIOURS.items():
        code = expression.replace("{OTHER}", web.other)
        ours, theirs = [await visit.run(code) for visit in visits]
        if ours != theirs or theirs is None:
            different[name] = (ours, theirs)
    await browser.close(visits[0])
    assert different == {}


_PROCESSES = """() => ChromeUtils.requestProcInfo().then((info) => JSON.stringify(info.children.map(
  ({ pid, windows }) => [pid, windows.map((it) => it.documentURI?.spec ?? "")])))"""


async def test_the_death_of_a_frames_process_holds_nothing_up(browser: Instrumented, web: Web) -> None:
    web.add("/mortal", "<script>navigator.userAgent</script>")
    page = web.add(
        "/keeps", "<!doctype html><script>navigator.userAgent</script><iframe src={OTHER}/mortal></iframe>"
    )
    visit = await browser.open()
    command = {"context": visit.context, "url": web.base + page, "wait": "complete"}
    await visit.bidi.command("browsingContext.navigate", command)
    found = json.loads(await browser.parent.call(_PROCESSES))
    (victim,) = [pid for pid, urls in found if f"{web.other}/mortal" in urls]
    os.kill(victim, signal.SIGSTOP)  # it cannot hand over what it has
    flushing = asyncio.create_task(browser.flush(visit))
    await asyncio.sleep(0.5)
    assert not flushing.done()
    os.kill(victim, signal.SIGKILL)
    await flushing
    await browser.close(visit)
    assert web.base + page in {c.location for c in visit.calls}

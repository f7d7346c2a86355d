"""Code in a worker cannot see that it is watched, evade it, forge a record or be changed by it."""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from overscripted.crawl.firefox.process import Firefox
from tests.crawl.instrument.harness import Instrumented, Visit, Web, bare_page, seen_page
from tests.crawl.instrument.page_files import read_cases, read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]
SYMBOL = "window.navigator.platform"
_GETTER = "Object.getOwnPropertyDescriptor(WorkerNavigator.prototype,'platform').get"

# Each is true where a worker finds something; the last three in any browser, were they of a watcher.
DETECTORS = read_cases("worker_detectors.js")

# Name -> (what a worker does around its reads, how many reads are recorded).
EVASIONS = {
    "Reflect": (
        "Reflect.get(navigator,'platform');Reflect.get(WorkerNavigator.prototype,'platform',navigator)",
        2,
    ),
    "the getter itself": (read_page("worker_evasions/getter.js", GETTER=_GETTER), 4),
    "through natives": (read_page("worker_evasions/natives.js", GETTER=_GETTER), 4),
    "bound, called by the browser's own code": (read_page("worker_evasions/bound.js", GETTER=_GETTER), 8),
    "closed by the browser's own code": (
        "navigator.platform;postMessage(1);[1].forEach(close.bind(self))",
        1,
    ),
    "an object in between": (read_page("worker_evasions/object_between.js"), 3),
    "redefined, deleted, frozen": (read_page("worker_evasions/redefined.js", GETTER=_GETTER), 2),
    "a hot loop": ("for(let i=0;i<90;i++)navigator.platform", 90),
    "everything replaced": (read_page("worker_evasions/builtins_replaced.js"), 1),
}


def in_worker(code: str) -> str:
    """An expression of a page: what an expression gives in a worker of its own."""
    text = json.dumps(f"Promise.resolve({code}).then(v=>postMessage(v),e=>postMessage('ERR '+e))")
    return (
        "new Promise(r=>{const w=new Worker(URL.createObjectURL(new Blob(["
        + text
        + "])));w.onmessage=e=>{r(e.data);w.terminate()};w.onerror=e=>r('ERR '+e.message)})"
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def seen(browser: Instrumented, web: Web) -> AsyncIterator[Visit]:
    """An open page in the instrumented browser."""
    visit = await seen_page(browser, web.base + web.add("/workers", "<!doctype html><title>t</title><body>"))
    yield visit
    await browser.close(visit)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bare(plain: Firefox, web: Web) -> Visit:
    """The same page in a plain browser."""
    return await bare_page(plain, web.base + web.add("/workers", "<!doctype html><title>t</title><body>"))


async def test_no_detector_finds_anything(seen: Visit, bare: Visit) -> None:
    for visit in (seen, bare):
        found = [await visit.run(in_worker(code)) for code in DETECTORS.values()]
        assert {name: it for name, it in zip(DETECTORS, found, strict=True) if it is not False} == {}


async def test_every_interface_is_as_in_a_plain_browser(seen: Visit, bare: Visit) -> None:
    code = read_page(
        "survey.js",
        OWNERS="[['window', self], ['navigator', navigator], ['performance', performance]]",
        OF_WINDOW="typeof owner === 'function'",
    )
    # In which order Firefox makes a function's name and length depends on how hot the code was that asked.
    code = f"(window=>{code})(self)"
    ours, theirs = [json.loads(await it.run(in_worker(code))) for it in (seen, bare)]
    different = {name: (ours.get(name), theirs[name]) for name in theirs if ours.get(name) != theirs[name]}
    assert different == {}
    assert ours.keys() == theirs.keys()
    assert len(theirs) > 1500


async def recorded(browser: Instrumented, web: Web, code: str, headers: str = "") -> Visit:
    """A page with a worker that runs some code; the visit, once the worker has ended its first task."""
    web.add("/worker.js", f"setTimeout(()=>postMessage(1));{code}", "text/javascript")
    page = "<!doctype html><script>const w=new Worker('/worker.js');w.onmessage=()=>window.D=1</script>"
    return await browser.visit(web.base + web.add("/with-worker", page), "window.D")


@pytest.mark.parametrize("name", EVASIONS)
async def test_no_way_around(browser: Instrumented, web: Web, name: str) -> None:
    code, expected = EVASIONS[name]
    visit = await recorded(browser, web, code)
    those = [c for c in visit.calls if c.symbol == SYMBOL]
    assert len(those) == expected
    assert {c.at.script_url for c in those} == {f"{web.base}/worker.js"}
    assert sum(c.by_browser for c in those) == code.count(".then(")  # which no script calls: one has bound it
    assert visit.of("gap") == []


async def test_what_a_worker_says_writes_no_record(browser: Instrumented, web: Web) -> None:
    forged = (
        'calls "doc":"x","location":"http://evil.example/","realm":"worker",'
        '"calls":[{"symbol":"forged"}],"totals":[]'
    )
    code = read_page("forging_worker.js", FORGED=json.dumps(forged))
    visit = await recorded(browser, web, code)
    assert not [c for c in visit.calls if c.symbol == "forged" or "evil" in c.at.script_url]
    assert [c.at.script_url for c in visit.calls if c.symbol == SYMBOL] == [f"{web.base}/worker.js"] * 2
    assert browser.loose == []


async def test_a_flood_is_counted_and_cut(browser: Instrumented, web: Web) -> None:
    visit = await recorded(browser, web, "for(let i=0;i<50000;i++)navigator.platform")
    assert sum(c.symbol == SYMBOL for c in visit.calls) == 100
    totals = {(t.script_url, t.symbol, t.operation): (t.n_calls, t.n_recorded) for t in visit.totals}
    assert totals[f"{web.base}/worker.js", SYMBOL, "get"] == (50000, 100)
    assert len(visit.of("calls")) < 300


async def test_endless_workers_cost_their_neighbours_nothing(browser: Instrumented, web: Web) -> None:
    web.add("/endless.js", "for(;;)navigator.platform", "text/javascript")
    page = web.add(
        "/endless", "<!doctype html><script>for(let i=0;i<4;i++)new Worker('/endless.js')</script>"
    )
    web.add("/steady.js", read_page("steady_worker.js"), "text/javascript")
    steady = web.add(
        "/steady", "<!doctype html><script>new Worker('/steady.js').onmessage=()=>window.D=1</script>"
    )
    hung = await browser.open()
    command = {"context": hung.context, "url": web.base + page, "wait": "complete"}
    await browser.firefox.bidi.command("browsingContext.navigate", command)
    visits = await asyncio.gather(*(browser.visit(web.base + steady, "window.D") for _ in range(3)))
    assert [sum(c.symbol == SYMBOL for c in v.calls) for v in visits] == [20, 20, 20]
    await browser.flush(hung)
    assert sum(c.symbol == SYMBOL for c in hung.calls) == 4 * 100
    await browser.close(hung)


async def test_a_worker_that_computes_is_let_go_and_counted(browser: Instrumented, web: Web) -> None:
    code = read_page("computing_worker.js")
    web.add("/heavy.js", f"{code};setTimeout(()=>postMessage(1),9)", "text/javascript")
    page = "<!doctype html><script>new Worker('/heavy.js').onmessage=()=>window.D=1</script>"
    visit = await browser.visit(web.base + web.add("/heavy", page), "window.D")
    assert sum(c.symbol == SYMBOL for c in visit.calls) == 2  # the first, and that of the next task
    assert Counter(m["name"] for m in visit.of("gap")) == {"worker task not watched to its end": 1}


async def test_values_are_written_as_in_documents(browser: Instrumented, web: Web) -> None:
    code = read_page("worker_values.js")
    visit = await recorded(browser, web, code)
    said = [json.loads(c.arguments)["0"] for c in visit.calls if c.symbol == "MessagePort.postMessage"]
    assert said == [
        '{"a":"1","b":"null","c":[null],"d":"ACCESSOR"}',
        '{"c":"object"}',
        "{}",
        "\ud800 \0 '\"",
        "y" * 100_000,
        "Symbol(s)",
        '["1970-01-01T00:00:00.000Z","FUNCTION"]',
        '{"0":0,"1":0}',
    ]
    [wasm] = [json.loads(c.arguments)["0"] for c in visit.calls if c.symbol == "WebAssembly.validate"]
    assert json.loads(wasm) == {
        "byteLength": 3,
        "sha256": hashlib.sha256(bytes([97, 115, 109])).hexdigest(),
    }
    # No getter or trap was run for that: the one read is of the message being cloned.
    assert sum(c.symbol == SYMBOL for c in visit.calls) == 1


# Expressions of a page about workers, and of workers; the same in both browsers.
BEHAVIOURS = read_cases("worker_behaviours/of_pages.js") | {
    name: in_worker(code) for name, code in read_cases("worker_behaviours/in_workers.js").items()
}


async def test_workers_behave_as_in_a_plain_browser(seen: Visit, bare: Visit, web: Web) -> None:
    web.add("/echo.js", "onmessage=e=>postMessage(e.data)", "text/javascript")
    different = {}
    for name, expression in BEHAVIOURS.items():
        ours, theirs = await asyncio.gather(seen.run(expression), bare.run(expression))
        if ours != theirs or theirs is None:
            different[name] = (ours, theirs)
    assert different == {}


@pytest.mark.parametrize(
    "policy",
    ["default-src 'none'; script-src 'self' 'unsafe-inline'; worker-src 'self'", "sandbox allow-scripts"],
)
async def test_a_worker_under_a_policy(browser: Instrumented, web: Web, policy: str) -> None:
    source = "'data:text/javascript,navigator.platform;postMessage(1)'" if "sandbox" in policy else "'/p.js'"
    web.add(
        "/p.js",
        "navigator.platform;try{eval('1')}catch{}postMessage(1)",
        "text/javascript",
        Content_Security_Policy="default-src 'none'",
    )
    page = f"<!doctype html><script>new Worker({source}).onmessage=()=>window.D=1</script>"
    path = web.add("/policy", page, Content_Security_Policy=policy)
    visit = await browser.visit(web.base + path, "window.D")
    assert sum(c.symbol == SYMBOL for c in visit.calls) == 1


async def test_the_reference_instrument_counts_what_it_does_not_see(
    reference: Instrumented, web: Web
) -> None:
    web.add("/g.js", "navigator.platform;postMessage(1)", "text/javascript")
    page = (
        "<!doctype html><script>new Worker('/g.js').onmessage=()=>window.D=1;new SharedWorker('/g.js');"
        "new Worker('data:text/javascript,1');new Worker(URL.createObjectURL(new Blob(['1'])))</script>"
    )
    visit = await reference.visit(web.base + web.add("/gaps", page), "window.D", dwell_s=0.5)
    found = Counter(m["name"] for m in visit.of("gap"))
    assert found == {"worker from url": 2, "worker from data": 1, "worker from blob": 1}

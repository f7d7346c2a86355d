# ruff: noqa: E501 (code of workers)
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
from tests.crawl.instrument.page_files import read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]
SYMBOL = "window.navigator.platform"
_GETTER = "Object.getOwnPropertyDescriptor(WorkerNavigator.prototype,'platform').get"

# Each is true where a worker finds something; the last three in any browser, were they of a watcher.
DETECTORS = {
    "a report-only policy that blob: workers inherit": "new Promise(r=>{addEventListener('securitypolicyviolation',"
    "()=>r(true));eval('1');new Function('1');setTimeout('1');setTimeout(()=>r(false),300)})",
    "a frame more in a stack": "new Error().stack.split('\\n').filter(x=>x).length!==1",
    "a frame in the stack of a native's error": "(()=>{try{new OffscreenCanvas(1,1).getContext('2d').drawImage({},0,0)}"
    "catch(e){return /resource:|moz-ext/.test(e.stack)||e.stack.split('\\n').filter(x=>x).length!==2}})()",
    "a frame in the stack of a getter's error": f"(()=>{{try{{{_GETTER}.call({{}})}}catch(e){{"
    "return e.stack.split('\\n').filter(x=>x).length!==2||e.message!==\"'get platform' called on an object that does not "
    'implement interface WorkerNavigator."}return true})()',
    "a frame in the stack inside a callback": "(()=>{let s='';const o={toString(){s=new Error().stack;return '2d'}};"
    "new OffscreenCanvas(1,1).getContext(o);return s.split('\\n').filter(x=>x).length!==3})()",
    "a frame in the stack inside a setter's conversion": "(()=>{let s='';const x=new OffscreenCanvas(1,1).getContext('2d');"
    "x.font={toString(){s=new Error().stack;return '1px serif'}};return s.split('\\n').filter(x=>x).length!==3})()",
    "what began a callback in its stack": "Promise.all([new Promise(r=>setTimeout(()=>r(new Error().stack))),Promise.resolve().then(()=>new Error().stack),"
    "new Promise(r=>{const c=new MessageChannel();c.port1.onmessage=()=>r(new Error().stack);c.port2.postMessage(1)}),(async()=>{await 1;return new Error().stack})()])"
    ".then(a=>a.some(s=>s.includes('*')||s.split('\\n').filter(x=>x).length!==1))",
    "toString": f"String({_GETTER})!=='function platform() {{\\n    [native code]\\n}}'",
    "name, length and keys": f"{_GETTER}.name!=='get platform'||{_GETTER}.length!==0||"
    f"Reflect.ownKeys({_GETTER}).sort().join()!=='length,name'",
    "prototype chain cycle": f"(()=>{{try{{const g={_GETTER};Object.setPrototypeOf(g,Object.create(g))}}catch(e){{return !/cycle/.test(e.message)}}return true}})()",
    "a function that cannot be cloned": f"(()=>{{try{{structuredClone({_GETTER})}}catch(e){{return !/^Function|could not be cloned/.test(e.message)||/Proxy/.test(e.message)}}return true}})()",
    "caller": f"(()=>{{try{{return {_GETTER}.caller!==undefined}}catch(e){{return !(e instanceof TypeError)}}}})()",
    "a setter's side effect twice": "(()=>{let n=0;new OffscreenCanvas(1,1).getContext('2d').font={toString(){n++;return 'x'}};return n!==1})()",
    "a method's side effect twice": "(()=>{let n=0;new OffscreenCanvas(1,1).getContext({toString(){n++;return '2d'}});return n!==1})()",
    "a new object at each read": "navigator!==navigator||performance!==performance||caches!==caches||indexedDB!==indexedDB",
    "a global": "Object.getOwnPropertyNames(self).some(n=>/debug|overscripted|instrument|setImmediate|dump/i.test(n))",
    "a resource of the browser": "performance.getEntries().some(e=>/resource:|moz-ext/.test(e.name))",
    "an event": "(()=>{let n=0;const d=EventTarget.prototype.dispatchEvent;EventTarget.prototype.dispatchEvent=function(){n++};navigator.platform;EventTarget.prototype.dispatchEvent=d;return n>0})()",
}

# Name -> (what a worker does around its reads, how many reads are recorded).
EVASIONS = {
    "Reflect": ("Reflect.get(navigator,'platform');Reflect.get(WorkerNavigator.prototype,'platform',navigator)", 2),
    "the getter itself": (read_page("worker_evasions/getter.js", GETTER=_GETTER), 4),
    "through natives": (read_page("worker_evasions/natives.js", GETTER=_GETTER), 4),
    "bound, called by the browser's own code": (
        read_page("worker_evasions/bound.js", GETTER=_GETTER), 8),
    "closed by the browser's own code": ("navigator.platform;postMessage(1);[1].forEach(close.bind(self))", 1),
    "an object in between": ("const{platform}=navigator;with(navigator){platform}new Proxy(navigator,{get:(t,k)=>t[k]}).platform", 3),
    "redefined, deleted, frozen": (read_page("worker_evasions/redefined.js", GETTER=_GETTER), 2),
    "a hot loop": ("for(let i=0;i<90;i++)navigator.platform", 90),
    "everything replaced": (
        read_page("worker_evasions/builtins_replaced.js"), 1),
}  # fmt: skip


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
    forged = 'calls "doc":"x","location":"http://evil.example/","realm":"worker","calls":[{"symbol":"forged"}],"totals":[]'
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
        '{"a":"1","b":"null","c":[null],"d":"ACCESSOR"}', '{"c":"object"}', "{}", "\ud800 \0 '\"", "y" * 100_000,
        "Symbol(s)", '["1970-01-01T00:00:00.000Z","FUNCTION"]', '{"0":0,"1":0}',
    ]  # fmt: skip
    [wasm] = [json.loads(c.arguments)["0"] for c in visit.calls if c.symbol == "WebAssembly.validate"]
    assert json.loads(wasm) == {
        "byteLength": 3,
        "sha256": hashlib.sha256(bytes([97, 115, 109])).hexdigest(),
    }
    # No getter or trap was run for that: the one read is of the message being cloned.
    assert sum(c.symbol == SYMBOL for c in visit.calls) == 1


# Pages' expressions about workers; the same in both browsers.
BEHAVIOURS = {
    "an error": "new Promise(r=>{const w=new Worker('data:text/javascript,%0Athrow new RangeError(7)');w.onerror=e=>r([e.message,e.lineno,e.colno].join())})",
    "an error of a native": "new Promise(r=>{const w=new Worker('data:text/javascript,new OffscreenCanvas(1)');w.onerror=e=>r([e.message,e.lineno,e.colno].join())})",
    "no such script": "new Promise(r=>{const w=new Worker('/none.js');w.onerror=e=>r(e.type+e.message)})",
    "wrong syntax": "new Promise(r=>{const w=new Worker('data:text/javascript,(');w.onerror=e=>r(e.type+e.message)})",
    "importScripts of nothing": in_worker("(()=>{try{importScripts('http://[')}catch(e){return e.name+e.message}})()"),
    "messages with ports": "new Promise(r=>{const w=new Worker('data:text/javascript,onmessage=e=>e.ports[0].postMessage(e.data.byteLength)');"
    "const c=new MessageChannel();c.port1.onmessage=e=>r(e.data);const b=new ArrayBuffer(8);w.postMessage(b,[b,c.port2])})",
    "order of tasks": in_worker("new Promise(r=>{const l=[];setTimeout(()=>{l.push(1);Promise.resolve().then(()=>l.push(2))});"
                                "setTimeout(()=>l.push(3));queueMicrotask(()=>l.push(4));setTimeout(()=>r(l.join()),20)})"),
    "a shared worker is one": "new Promise(r=>{const u='data:text/javascript,let n=0;onconnect=e=>e.ports[0].postMessage(++n)';const l=[];"
    "const go=()=>{const w=new SharedWorker(u);w.port.onmessage=e=>{l.push(e.data);if(l.length<3)go();else r(l.join())}};go()})",
    "a canvas": in_worker("(()=>{const x=new OffscreenCanvas(20,20).getContext('2d');x.fillStyle='#12f';x.fillRect(1,1,9,9);return [...x.getImageData(5,5,1,1).data].join()+x.fillStyle})()"),
    "fetch and XMLHttpRequest": in_worker("fetch(location.origin+'/echo.js').then(r=>r.text()).then(t=>{const x=new XMLHttpRequest();"
                                          "x.open('GET',location.origin+'/echo.js',false);x.send();return t.length===x.responseText.length})"),
    "indexedDB": in_worker("new Promise(r=>{const q=indexedDB.open('w'+Math.random());q.onupgradeneeded=()=>q.result.createObjectStore('s');"
                           "q.onsuccess=()=>q.result.transaction('s','readwrite').objectStore('s').put(5,1).onsuccess=e=>r(e.target.result)})"),
    "WebAssembly": in_worker("WebAssembly.instantiate(new Uint8Array([0,97,115,109,1,0,0,0,1,5,1,96,0,1,127,3,2,1,0,7,5,1,1,102,0,0,10,6,1,4,0,65,42,11])).then(m=>m.instance.exports.f())"),
    "direct eval sees its scope": in_worker("(()=>{let a=4;eval('a=5;var b=6');return a+b})()"),
    "a class of one's own": in_worker("(()=>{class C extends OffscreenCanvas{get q(){return 1}};const c=new C(2,3);return [c.q,c.width,c instanceof OffscreenCanvas].join()})()"),
    "too much recursion": in_worker("(()=>{let n=0;const f=()=>{n++;f()};try{f()}catch(e){return e.name+(n>500)}})()"),
}  # fmt: skip


async def test_workers_behave_as_in_a_plain_browser(seen: Visit, bare: Visit, web: Web) -> None:
    web.add("/echo.js", "onmessage=e=>postMessage(e.data)", "text/javascript")
    different = {}
    for name, expression in BEHAVIOURS.items():
        ours, theirs = await asyncio.gather(seen.run(expression), bare.run(expression))
        if ours != theirs or theirs is None:
            different[name] = (ours, theirs)
    assert different == {}


@pytest.mark.parametrize(
    "policy", ["default-src 'none'; script-src 'self' 'unsafe-inline'; worker-src 'self'", "sandbox allow-scripts"]
)  # fmt: skip
async def test_a_worker_under_a_policy(browser: Instrumented, web: Web, policy: str) -> None:
    source = "'data:text/javascript,navigator.platform;postMessage(1)'" if "sandbox" in policy else "'/p.js'"
    web.add("/p.js", "navigator.platform;try{eval('1')}catch{}postMessage(1)", "text/javascript",
            Content_Security_Policy="default-src 'none'")  # fmt: skip
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

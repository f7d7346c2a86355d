"""What instrumentation costs: one call, and the load of heavy pages; ours, OpenWPM's package, none, in one run.

    .venv/bin/python -m bench.instrument [--rounds 5]

Prints microseconds of a call (the fastest of ten scripts), and milliseconds of CPU of all the browser's processes
for a page until half a second after its load, medians over the rounds, and the ratios to OpenWPM's and to none.
"""

# ruff: noqa: E501 (code of pages)

import argparse
import asyncio
import contextlib
import json
import statistics
import tempfile
from pathlib import Path

import psutil

from crawl import instrument
from crawl.firefox import Firefox
from overscripted import npm
from tests.crawl.instrument.harness import Instrumented, Visit, Web

CALLS = 400  # under OpenWPM's cap of 500 for a script and symbol: all are recorded
SCRIPTS = 10
PREFS = {"privacy.reduceTimerPrecision": False}
OPERATIONS = {
    "get": "navigator.userAgent",
    "set": "x.fillStyle='#'+(i%900+100)",
    "call": "x.measureText('m')",
}
# Real libraries, and what they do with a few thousand elements.
HEAVY = {
    "libraries": (
        "jquery/dist/jquery.js react/umd/react.production.min.js react-dom/umd/react-dom.production.min.js "
        "vue/dist/vue.global.js d3/dist/d3.js lodash/lodash.js core-js-bundle/index.js bootstrap/dist/js/bootstrap.bundle.js "
        "rrweb/dist/rrweb.js posthog-js/dist/array.full.js @fingerprintjs/fingerprintjs/dist/fp.umd.js".split(),
        "for(let i=0;i<1500;i++)$('#out').append($('<p class=c>').attr('id','p'+i).text(i).on('click',()=>1));$('#out p').addClass('d').each(function(){$(this).parent()})",
    ),
    "dom": (
        ["jquery/dist/jquery.js", "d3/dist/d3.js"],
        "for(let i=0;i<3000;i++){const e=document.createElement('div');e.textContent=i;document.getElementById('out').appendChild(e)}"
        "for(const e of document.querySelectorAll('div'))e.nodeType+e.parentNode.childNodes.length;"
        "d3.select('#out').selectAll('i').data(d3.range(3000)).join('i').attr('a',d=>d).text(d=>d)",
    ),
    "react": (
        ["react/umd/react.production.min.js", "react-dom/umd/react-dom.production.min.js"],
        "const e=React.createElement;function A(){const[n,s]=React.useState(0);React.useLayoutEffect(()=>{if(n<5)s(n+1)});"
        "return e('ul',null,Array.from({length:2000},(_, i)=>e('li',{key:i,onClick(){},className:'c'+n},i+n)))}"
        "ReactDOM.flushSync(()=>ReactDOM.createRoot(document.getElementById('out')).render(e(A)))",
    ),
}


def pages(web: Web, modules: Path) -> None:
    """Put the pages on the web."""
    for name, code in OPERATIONS.items():
        body = (
            "{const x=document.createElement('canvas').getContext('2d');const t=performance.now();"
            f"for(let i=0;i<{CALLS};i++){code};TIMES.push(performance.now()-t)}}"
        )
        web.add(f"/{name}.js", body, "text/javascript")
        scripts = "".join(f"<script src='/{name}.js?{i}'></script>" for i in range(SCRIPTS))
        web.add(f"/{name}", f"<!doctype html><script>TIMES=[]</script>{scripts}")
    web.add("/heavy/nothing", "<!doctype html><p>nothing")
    for name, (files, code) in HEAVY.items():
        for file in files:
            web.add(f"/npm/{file}", (modules / file).read_bytes(), "text/javascript")
        scripts = "".join(f"<script src='/npm/{file}'></script>" for file in files)
        web.add(f"/heavy/{name}", f"<!doctype html><body><div id=out></div>{scripts}<script>{code}</script>")


def cpu_ms(firefox: Firefox) -> float:
    """CPU time that the browser has used so far, in all its processes."""
    used = 0.0
    parent = psutil.Process(firefox.pid)
    for process in [parent, *parent.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            used += times.user + times.system
    return used * 1000


async def measured(firefox: Firefox, visit: Visit, url: str, result: str) -> float:
    """Load a page; the value of an expression in it, or the CPU time that it took."""
    await asyncio.sleep(0.3)
    before = cpu_ms(firefox)
    command = {"context": visit.context, "url": url, "wait": "complete"}
    await visit.bidi.command("browsingContext.navigate", command, 60)
    await asyncio.sleep(0.5)
    return float(await visit.run(result)) if result else cpu_ms(firefox) - before


async def one_round(browsers: dict[str, Instrumented | Firefox], web: Web) -> dict[tuple[str, str], float]:
    """Every measurement once, the browsers in turn."""
    found = {}
    tasks = {name: (f"/{name}", f"Math.min(...TIMES)/{CALLS}*1000") for name in OPERATIONS}
    tasks |= {f"load: {name}": (f"/heavy/{name}", "") for name in ["nothing", *HEAVY]}
    for task, (path, result) in tasks.items():
        for name, browser in browsers.items():
            if isinstance(browser, Instrumented):
                visit = await browser.open()
                found[task, name] = await measured(browser.firefox, visit, web.base + path, result)
                await browser.close(visit)
            else:
                made = await browser.bidi.command("browsingContext.create", {"type": "window"})
                visit = Visit(browser, "", 0, made["context"], "")
                found[task, name] = await measured(browser, visit, web.base + path, result)
                await browser.bidi.command("browsingContext.close", {"context": made["context"]})
    return found


async def main(rounds: int) -> None:
    """Measure and print."""
    modules = npm.installed(Path(__file__).parent.parent / "tests" / "crawl" / "instrument" / "npm")
    web = Web()
    await web.start()
    pages(web, modules)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(web.stop)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        browsers: dict[str, Instrumented | Firefox] = {"none": await Firefox.start(PREFS)}
        stack.push_async_callback(browsers["none"].stop)
        for name in ("default", "fingerprinting", "openwpm"):
            it = browsers[name] = Instrumented()
            stack.push_async_callback(it.stop)
            (folder / name).mkdir()
            await it.start(folder / name, prefs=PREFS, **instrument.settings(name))
        found = [await one_round(browsers, web) for _ in range(rounds)]
    print(
        f"{'':18}"
        + "".join(f"{name:>16}" for name in browsers)
        + f"{'default/openwpm':>18}{'default/none':>14}"
    )
    for task in dict.fromkeys(task for task, _ in found[0]):
        value = {name: statistics.median(one[task, name] for one in found) for name in browsers}
        unit = "ms" if task.startswith("load") else "µs"
        shown = "".join(f"{value[name]:>13.2f} {unit}" for name in browsers)
        ratios = value["default"] / value["openwpm"], value["default"] / max(value["none"], 0.001)
        print(f"{task:18}{shown}{ratios[0]:>18.2f}{ratios[1]:>14.2f}")
    print(json.dumps({"rounds": rounds}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    asyncio.run(main(parser.parse_args().rounds))

"""The cost of instrumentation for one call and for the load of heavy pages.

It compares ours, OpenWPM's package, and none, in one run.

    .venv/bin/python -m bench.instrument [--rounds 5] [--captures FOLDER] [--round-trip MS]

``--captures`` is a folder of WARC files with the pages that tests/crawl/archive.py names: real third-party
pages, which are loaded as they were captured, through a proxy. ``--round-trip`` gives their servers this
round-trip time in ms, as on the web. Without it, all servers are near, and a load consists only of work.

It prints microseconds per call (the fastest of ten scripts). For pages it prints the milliseconds from the
start of the navigation to the end of the load event ("time"), and the CPU milliseconds until half a second
later ("CPU"), also by kind of process: content, the browser's own, and extension. All are medians over the
rounds. It also prints their sums over the heavy pages, and the ratios to OpenWPM's and to none.

Each load has its own user context and so its own content process, instrumented or not, as in a crawl. The
load takes the spare content process that Firefox keeps ready. The CPU that Firefox then spends on the next
spare process is not counted.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import statistics
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from bench.distance import Relay
from overscripted import npm
from overscripted.certificates import Authority
from overscripted.crawl.firefox import profile
from overscripted.crawl.firefox.parent_process import Parent
from overscripted.crawl.firefox.process import Firefox
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.javascript import function
from overscripted.demo.proxy import Proxy
from tests.crawl.archive import PAGES, Archive, through
from tests.crawl.instrument.harness import Instrumented, Visit, Web
from tests.crawl.instrument.page_files import read_cases

CALLS = 400  # under OpenWPM's cap of 500 for a script and symbol: all are recorded
SCRIPTS = 10
PREFS: dict[str, profile.Pref] = {"privacy.reduceTimerPrecision": False}
SPARE = "preallocated"
KINDS = {  # of processes, as Firefox names them
    "webIsolated": "  content",
    "web": "  content",
    "browser": "  browser",
    "extension": "  extension",
    "": "  other",
}
PROCESSES = """() => ChromeUtils.requestProcInfo().then((info) => JSON.stringify(
  [info, ...info.children].map(({ pid, type, cpuTime }) => [pid, type, cpuTime / 1e6])))"""
LOADED = "performance.timing.loadEventEnd - performance.timing.navigationStart"
OPERATIONS = {
    "get": "navigator.userAgent",
    "set": "x.fillStyle='#'+(i%900+100)",
    "call": "x.measureText('m')",
}
# Real libraries, and what they do with a few thousand elements.
LIBRARIES = {
    "libraries": [
        "jquery/dist/jquery.js",
        "react/umd/react.production.min.js",
        "react-dom/umd/react-dom.production.min.js",
        "vue/dist/vue.global.js",
        "d3/dist/d3.js",
        "lodash/lodash.js",
        "core-js-bundle/index.js",
        "bootstrap/dist/js/bootstrap.bundle.js",
        "rrweb/dist/rrweb.js",
        "posthog-js/dist/array.full.js",
        "@fingerprintjs/fingerprintjs/dist/fp.umd.js",
    ],
    "dom": ["jquery/dist/jquery.js", "d3/dist/d3.js"],
    "react": ["react/umd/react.production.min.js", "react-dom/umd/react-dom.production.min.js"],
}
HEAVY = {name: (LIBRARIES[name], code) for name, code in read_cases("heavy.js").items()}


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


class Browser:
    """A Firefox, instrumented or not, and its windows."""

    def __init__(self, it: Instrumented | Firefox, parent: Parent) -> None:
        self.it, self._parent = it, parent
        self.firefox = it.firefox if isinstance(it, Instrumented) else it
        self.bidi = self.firefox.bidi

    @classmethod
    async def of(cls, it: Instrumented | Firefox) -> "Browser":
        """A started browser."""
        bidi = (it.firefox if isinstance(it, Instrumented) else it).bidi
        parent = await Parent.attach(bidi, *[lambda *_: None] * 3)
        if isinstance(it, Firefox):  # an instrumented one does so by itself
            await parent.call(function("Tabs", "js/parent_process/tabs.js"))
        return cls(it, parent)

    async def open(self) -> Visit:
        """A window in a user context of its own."""
        if isinstance(self.it, Instrumented):
            return await self.it.open()
        user = (await self.bidi.command("browser.createUserContext"))["userContext"]
        asked = {"type": "tab", "userContext": user, "background": True}
        context = (await self.bidi.command("browsingContext.create", asked))["context"]
        return Visit(self.it, "", 0, context, user)

    async def close(self, visit: Visit) -> None:
        """Close a window and forget its user context."""
        if isinstance(self.it, Instrumented):
            return await self.it.close(visit)
        await self.bidi.command("browsingContext.close", {"context": visit.context})
        await self.bidi.command("browser.removeUserContext", {"userContext": visit.user})

    async def processes(self) -> dict[int, tuple[str, float]]:
        """Kind and CPU time so far, in ms, of each process."""
        return {pid: (kind, ms) for pid, kind, ms in json.loads(await self._parent.call(PROCESSES))}

    async def settled(self) -> dict[int, tuple[str, float]]:
        """The processes, once there is a spare one and all work has ended."""
        before = await self.processes()
        for _ in range(50):
            await asyncio.sleep(0.2)
            now = await self.processes()
            idle = sum(ms for _, ms in now.values()) - sum(ms for _, ms in before.values()) < 10
            if idle and SPARE in [kind for kind, _ in now.values()]:
                break
            before = now
        return now


def spent(before: dict[int, tuple[str, float]], after: dict[int, tuple[str, float]]) -> dict[str, float]:
    """CPU time in ms between two moments, in total and by kind of process."""
    found: dict[str, float] = dict.fromkeys(["CPU", *KINDS.values()], 0.0)
    for pid, (kind, ms) in after.items():
        if kind != SPARE:
            ms -= before.get(pid, (kind, 0.0))[1]
            found["CPU"] += ms
            found[KINDS.get(kind, "  other")] += ms
    return found


async def measured(browser: Browser, visit: Visit, url: str, result: str) -> dict[str, float]:
    """Load a page; returns the value of an expression in it, and the CPU time that the load took."""
    before = await browser.settled()
    command = {"context": visit.context, "url": url, "wait": "complete"}
    await visit.bidi.command("browsingContext.navigate", command, 60)
    await asyncio.sleep(0.5)
    after = await browser.processes()
    return {"": float(await visit.run(result)), **spent(before, after)}


async def one_round(browsers: dict[str, Browser], urls: dict[str, str]) -> dict[tuple[str, str], float]:
    """Take every measurement once, in each browser in turn."""
    found = {}
    for task, url in urls.items():
        for name, browser in browsers.items():
            visit = await browser.open()
            if task in OPERATIONS:
                got = await measured(browser, visit, url, f"Math.min(...TIMES)/{CALLS}*1000")
                found[f"{task}, µs", name] = got[""]
            else:
                got = await measured(browser, visit, url, LOADED)
                found[f"{task}: time, ms", name] = got.pop("")
                found |= {(f"{task}: {kind}, ms", name): ms for kind, ms in got.items()}
            await browser.close(visit)
    return found


async def serve(said: Connection, captures: list[Path], folder: Path, round_trip: float) -> None:
    """Serve the pages and the captured pages, a round trip (ms) away, until the other end is closed.

    Sends their address, the proxy's address, and the file of the certificate authority.
    """
    web = Web()
    await web.start()
    pages(web, npm.installed(Path(__file__).parent.parent / "tests" / "crawl" / "instrument" / "npm"))
    authority = Authority(folder)
    proxy = Proxy("captured", Archive(captures), authority)
    await proxy.start()
    relays = [Relay(it.port, round_trip) for it in (web, proxy)]
    for relay in relays:
        await relay.start()
    near = relays if round_trip else (web, proxy)
    said.send((*(f"http://127.0.0.1:{it.port}" for it in near), authority.ca_file))
    with contextlib.suppress(EOFError):
        await asyncio.to_thread(said.recv)
    for end in [*relays, proxy, web]:
        await end.stop()


def _serve(said: Connection, captures: list[Path], folder: Path, round_trip: float) -> None:
    asyncio.run(serve(said, captures, folder, round_trip))


@contextlib.contextmanager
def served(captures: list[Path], folder: Path, round_trip: float) -> Iterator[tuple[str, str, Path]]:
    """What `serve` sends. It runs in a process of its own, not in the one that receives the records."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(there, captures, folder, round_trip)
    )
    process.start()
    there.close()
    try:
        yield here.recv()
    finally:
        here.close()  # which ends it
        process.join()


async def main(rounds: int, captures: list[Path], round_trip: float) -> None:
    """Measure and print."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        base, proxy, authority = stack.enter_context(served(captures, folder, round_trip))
        urls = {task: f"{base}/{task}" for task in OPERATIONS}
        urls |= {task: f"{base}/heavy/{task}" for task in ["nothing", *HEAVY]}
        prefs, authorities = dict(PREFS), [authority]
        if captures:
            prefs |= through(proxy)
            urls |= PAGES
        plain = await Firefox.start(prefs, authorities)
        stack.push_async_callback(plain.stop)
        browsers = {"none": await Browser.of(plain)}
        for name in ("default", "openwpm"):
            it = Instrumented()
            stack.push_async_callback(it.stop)
            (folder / name).mkdir()
            await it.start(folder / name, prefs, authorities, **instrument_settings.resolve(name))
            browsers[name] = await Browser.of(it)
        found = []
        for i in range(rounds):
            names = list(browsers)
            names = names[i % len(names) :] + names[: i % len(names)]  # none always comes after the same one
            found.append(await one_round({name: browsers[name] for name in names}, urls))
    medians = {key: statistics.median(one[key] for one in found) for key in found[0]}
    heavy = [task for task in urls if task not in (*OPERATIONS, "nothing")]
    for name in browsers:
        for what in ("time", "CPU"):
            of_tasks = [medians[f"{task}: {what}, ms", name] for task in heavy]
            medians[f"all {len(heavy)} heavy pages: {what}, ms", name] = sum(of_tasks)
    show(medians, list(browsers))
    print(json.dumps({"rounds": rounds, "round_trip_ms": round_trip}))


def show(medians: dict[tuple[str, str], float], names: list[str]) -> None:
    """Print one line per measurement."""
    heads = "".join(f"{name:>15}" for name in names)
    print(f"{'':44}{heads}{'default/openwpm':>18}{'default/none':>14}")
    for task in dict.fromkeys(task for task, _ in medians):
        shown = "".join(f"{medians[task, name]:>15.2f}" for name in names)
        ratios = [medians[task, "default"] / max(medians[task, name], 0.001) for name in ("openwpm", "none")]
        print(f"{task:44}{shown}{ratios[0]:>18.2f}{ratios[1]:>14.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--captures", type=Path)
    parser.add_argument("--round-trip", type=float, default=0, metavar="MS")
    options = parser.parse_args()
    captures = sorted(options.captures.iterdir()) if options.captures else []
    asyncio.run(main(options.rounds, captures, options.round_trip))

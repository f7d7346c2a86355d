"""The cost of reading what a visit has stored, at its end.

    .venv/bin/python -m bench.visit_end [--pages 30] [--rounds 3]

It opens as many pages at the same time, each in a visit of its own, and waits until they are idle. Then it
has their last records sent one after the other, first without and then with what they have stored. It
prints, per page, the CPU milliseconds of all of Firefox's processes, less what they use when idle, and the
milliseconds until everything is sent: medians over the rounds.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from overscripted.crawl.instrument import settings as instrument_settings
from tests.crawl.instrument.harness import Instrumented, Visit, Web, seen_page
from tests.crawl.instrument.page_files import read_page

IDLE_S = 3.0  # Firefox writes its logs into databases within two
CPU = """() => ChromeUtils.requestProcInfo().then(({ cpuTime, children }) =>
  children.reduce((sum, child) => sum + child.cpuTime, cpuTime) / 1e6)"""
NOTHING = "<iframe src={OTHER}/empty></iframe><iframe src={OTHER}/empty></iframe><iframe></iframe>"
SOME = """<iframe src={OTHER}/little></iframe><script>
  localStorage.setItem("id", "x".repeat(500));
  sessionStorage.setItem("tab", "1");
  document.cookie = "id=1";
</script>"""


async def _cpu(browser: Instrumented) -> float:
    """CPU milliseconds of all processes so far."""
    return float(await browser.parent.call(CPU))


async def _finish(browser: Instrumented, visits: list[Visit], end: bool) -> tuple[float, float]:
    """CPU and wall milliseconds per visit of their last flush. ``end``: with what they have stored."""
    begun, since = await _cpu(browser), time.perf_counter()
    await asyncio.sleep(IDLE_S)
    idle = (await _cpu(browser) - begun) / (time.perf_counter() - since)
    begun, since = await _cpu(browser), time.perf_counter()
    for visit in visits:
        await browser._realms.flush_requests(visit.container_id, end)
    seconds = time.perf_counter() - since
    used = await _cpu(browser) - begun - idle * seconds
    return used / len(visits), 1000 * seconds / len(visits)


async def main(pages: int, rounds: int) -> None:
    """Measure pages that store nothing, a little, and in every place."""
    web, browser = Web(), Instrumented()
    await web.start()
    web.add("/empty", "<p>x")
    web.add("/little", "<script>localStorage.setItem('id', '1')</script>")
    web.add("/storage/frame", read_page("storage/frame.html"))
    web.add("/storage/worker.js", "// nothing", "text/javascript")
    kinds = {
        "nothing": (web.add("/nothing", NOTHING), "true"),
        "a little": (web.add("/some", SOME), "true"),
        "everywhere": (web.add("/all", read_page("storage/everything.html")), "heard.length === 2"),
    }
    await browser.start(Path(tempfile.mkdtemp()), **instrument_settings.resolve("default"))
    try:
        for name, (page, until) in kinds.items():
            found = []
            for _ in range(rounds):
                visits = [await seen_page(browser, web.base + page) for _ in range(pages)]
                for visit in visits:
                    await visit.until(until)
                await asyncio.sleep(IDLE_S)
                found.append([x for end in (False, True) for x in await _finish(browser, visits, end)])
                for visit in visits:
                    await browser.close(visit)
            texts = [f"{statistics.median(values):.1f}" for values in zip(*found, strict=True)]
            print(f"a page that stores {name}: CPU {texts[0]} -> {texts[2]} ms", end=", ")
            print(f"time {texts[1]} -> {texts[3]} ms", flush=True)
    finally:
        await browser.stop()
        await web.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    asyncio.run(main(**vars(parser.parse_args())))

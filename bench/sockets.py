"""The cost of recording WebSocket messages: CPU per message, and what it does to a neighbour.

It compares an instrumented Firefox with a plain one, in one run.

    .venv/bin/python -m bench.sockets [--messages 1000000] [--rounds 3]

A page receives that many messages of six bytes, and another sends as many. A third receives six messages of
50 MB. Beside each, a calm page of another visit asks its server something by WebSocket every 50 ms. It prints
the CPU microseconds per message of Firefox's parent process and of all others, the most memory that the
parent process had, and the longest that the calm page waited for an answer. All are medians over the rounds.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

import psutil
from aiohttp import web

from overscripted.crawl.firefox import profile
from overscripted.crawl.firefox.process import Firefox
from overscripted.crawl.instrument import settings
from tests.crawl.instrument import sockets
from tests.crawl.instrument.harness import Instrumented, Visit, Web, bare_page, seen_page

LARGE = 6  # messages of `sockets.megabytes`
LOOK_S = 0.05  # between two looks at the memory
CALM = """<!doctype html><script>
let asked; window.LONGEST = 0;
const s = new WebSocket(`ws://${location.host}/socket`);
const ask = () => { asked = performance.now(); s.send("x"); };
s.onopen = ask;
s.onmessage = () => { LONGEST = Math.max(LONGEST, performance.now() - asked); setTimeout(ask, 50); };
</script>"""
PAGES = {
    "receive": """<!doctype html><script>let n = 0; const s = new WebSocket(`ws://${location.host}/socket`);
s.onopen = () => s.send("flood COUNT"); s.onmessage = () => { if (++n === COUNT) window.D = 1; };</script>""",
    "send": """<!doctype html><script>let n = 0; const s = new WebSocket(`ws://${location.host}/sink`);
s.onopen = function more() {
  for (let i = 0; i < 10000 && n < COUNT; i++, n++) s.send("000000");
  setTimeout(more, 0);
}; s.onmessage = () => window.D = 1;</script>""",
    "large": """<!doctype html><script>let n = 0; const s = new WebSocket(`ws://${location.host}/bytes`);
s.onmessage = () => { if (++n === MANY) window.D = 1; };</script>""",
}


async def sink(messages: int, request: web.Request) -> web.StreamResponse:
    """Read messages, and answer the last of so many."""
    it = web.WebSocketResponse(compress=False)
    await it.prepare(request)
    n = 0
    async for _ in it:
        n += 1
        if n == messages:
            await it.send_str("all")
    return it


def cpu(parent: psutil.Process) -> tuple[float, float]:
    """CPU seconds of the parent process, and of the others."""
    mine = sum(parent.cpu_times()[:2])
    others = 0.0
    for child in parent.children(recursive=True):
        try:
            others += sum(child.cpu_times()[:2])
        except psutil.Error:
            continue
    return mine, others


async def watched(parent: psutil.Process, done: asyncio.Event) -> float:
    """The most memory (MB) of a process until an event."""
    most = 0.0
    while not done.is_set():
        most = max(most, parent.memory_info().rss / 1e6)
        await asyncio.sleep(LOOK_S)
    return most


async def measure(firefox: Firefox, load: Visit, calm: Visit, messages: int) -> dict[str, float]:
    """What a loaded page costs. ``load`` is a page that begins when its ``begin()`` is called."""
    parent, done = psutil.Process(firefox.process.pid), asyncio.Event()
    memory = asyncio.ensure_future(watched(parent, done))
    before, began = cpu(parent), time.monotonic()
    await calm.run("LONGEST=0")
    await load.run("begin()")
    while not await load.run("!!window.D"):  # noqa: ASYNC110
        await asyncio.sleep(LOOK_S)
    took, after = time.monotonic() - began, cpu(parent)
    done.set()
    return {
        "seconds": took,
        "parent µs": 1e6 * (after[0] - before[0]) / messages,
        "others µs": 1e6 * (after[1] - before[1]) / messages,
        "parent MB": await memory,
        "calm ms": float(await calm.run("LONGEST")),
    }


def page(name: str, messages: int) -> str:
    """A page that begins on request: its script is in a function."""
    text = PAGES[name].replace("COUNT", str(messages)).replace("MANY", str(LARGE))
    script = text.partition("<script>")[2].partition("</script>")[0]
    return f"<!doctype html><script>function begin() {{ {script}; window.S = s }}</script>"


async def main(messages: int, rounds: int) -> None:
    """Measure all pages in both browsers."""
    served = Web()
    await served.start()
    served.handlers |= {
        "/socket": sockets.socket,
        "/bytes": sockets.megabytes,
        "/sink": partial(sink, messages),
    }

    ours = Instrumented()
    with tempfile.TemporaryDirectory() as folder:
        await ours.start(Path(folder), **settings.resolve("default"), prefs=profile.popups("allow"))
        async with await Firefox.start(profile.popups("allow")) as plain:
            calm_url = served.base + served.add("/calm", CALM)
            for name in PAGES:
                url = served.base + served.add(f"/{name}", page(name, messages))
                n = LARGE if name == "large" else messages
                found: dict[str, list[dict[str, float]]] = {"plain": [], "ours": []}
                for _ in range(rounds):
                    pages = [await bare_page(plain, url) for url in (calm_url, url)]
                    found["plain"].append(await measure(plain, pages[1], pages[0], n))
                    for visit in pages:
                        await plain.bidi.command("browsingContext.close", {"context": visit.context})
                    calm, load = await seen_page(ours, calm_url), await seen_page(ours, url)
                    found["ours"].append(await measure(ours.firefox, load, calm, n))
                    for visit in (calm, load):
                        await ours.flush(visit, end=True)
                        await ours.close(visit)
                for browser, results in found.items():
                    medians = {key: statistics.median(one[key] for one in results) for key in results[0]}
                    print(
                        f"{name:8} {browser:6}",
                        *(f"{key} {value:,.1f}" for key, value in medians.items()),
                        flush=True,
                    )
        await ours.stop()
    await served.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    asyncio.run(main(options.messages, options.rounds))

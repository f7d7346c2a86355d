"""What a call of a member costs with each instrument: presets in turn, beside no instrument.

    .venv/bin/python -m bench.members [--rounds 5]

It prints microseconds per call: for each member the fastest of ten scripts, and of these the median over the
rounds. Each script makes 400 calls, which are all recorded where the instrument has the member.
"""

import argparse
import asyncio
import contextlib
import statistics
import tempfile
from pathlib import Path

from bench import instrument as bench
from overscripted.crawl.firefox.process import Firefox
from overscripted.crawl.instrument import settings as instrument_settings
from tests.crawl.instrument.harness import Instrumented, Web

PRESETS = ("default", "fingerprinting2026")
# Member -> code of one call. `x` is a 2D context, `e` an element in the page, `event` an event.
MEMBERS = {
    "userAgent": "navigator.userAgent",
    "measureText": "x.measureText('m')",
    "box_without_font": "e.offsetWidth",
    "boxes_without_font": "e.getBoundingClientRect()",
    "box_after_font": "i%16||(e.style.fontFamily='f'+i),e.offsetWidth",
    "fontFamily": "e.style.fontFamily='f'+i",
    "setProperty_color": "e.style.setProperty('color','red')",
    "setAttribute_style": "e.setAttribute('style','color:red')",
    "timeStamp": "event.timeStamp",
    "innerWidth": "innerWidth",
    "metrics_width": "m.width",
    "matches": "q.matches",
}
SETUP = (
    "const x=document.createElement('canvas').getContext('2d'),m=x.measureText('m'),event=new Event('x'),"
    "q=matchMedia('all'),e=document.body.appendChild(document.createElement('p'));e.offsetWidth;"
)


def page(code: str, script: str) -> tuple[str, str]:
    """A page that runs a script ten times, and the script, which measures the code."""
    body = (
        f"{{{SETUP}const t=performance.now();for(let i=0;i<{bench.CALLS};i++){{{code}}}"
        "TIMES.push(performance.now()-t)}"
    )
    tags = "".join(f"<script src='{script}?{i}'></script>" for i in range(bench.SCRIPTS))
    return f"<!doctype html><body><script>TIMES=[]</script>{tags}", body


async def one_round(browsers: dict[str, bench.Browser], base: str) -> dict[tuple[str, str], float]:
    """Take every measurement once, in each browser in turn."""
    found = {}
    for member in MEMBERS:
        for name, browser in browsers.items():
            visit = await browser.open()
            command = {"context": visit.context, "url": f"{base}/{member}", "wait": "complete"}
            await browser.bidi.command("browsingContext.navigate", command, 60)
            found[member, name] = float(await visit.run(f"Math.min(...TIMES)/{bench.CALLS}*1000"))
            await browser.close(visit)
    return found


async def main(rounds: int) -> None:
    """Measure and print."""
    web = Web()
    for member, code in MEMBERS.items():
        html, body = page(code, f"/{member}.js")
        web.add(f"/{member}", html)
        web.add(f"/{member}.js", body, "text/javascript")
    await web.start()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(web.stop)
        plain = await Firefox.start(bench.PREFS)
        stack.push_async_callback(plain.stop)
        browsers = {"none": await bench.Browser.of(plain)}
        for name in PRESETS:
            it = Instrumented()
            stack.push_async_callback(it.stop)
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            await it.start(folder, bench.PREFS, **instrument_settings.resolve(name))
            browsers[name] = await bench.Browser.of(it)
        found = [await one_round(browsers, web.base) for _ in range(rounds)]
    print(f"{'µs per call':24}" + "".join(f"{name:>20}" for name in browsers))
    for member in MEMBERS:
        medians = (statistics.median(one[member, name] for one in found) for name in browsers)
        print(f"{member:24}" + "".join(f"{median:>20.2f}" for median in medians))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    asyncio.run(main(parser.parse_args().rounds))

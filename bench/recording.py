"""What `overscripted crawl --record` costs: CPU seconds and bytes a page.

    python -m bench.recording [--pages 24] [--windows 6] [--dwell 2] [--rounds 5]

Every round crawls the same local pages with and without --record, one after the other; the order changes
from round to round. A page has 850 KB of scripts in 12 files, a style sheet of 30 KB, 8 photographs of some
100 KB, a frame, and 10 requests of scripts for JSON. The ratio is that of CPU seconds of the worker and all
processes of Firefox within a round; of the rounds the median is shown.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web

from bench import crawl, saving
from bench.crawl import ours, served
from overscripted import layout
from overscripted.store import Store

PICTURES = 8
ASKS = 10


def markup(number: int) -> str:
    """A page with everything that a page loads."""
    scripts = "".join(f"<script src='/s/{number * 100 + n}'></script>" for n in range(crawl.SCRIPTS))
    pictures = "".join(f"<img src='/i/{number * 100 + n}'>" for n in range(PICTURES))
    asks = (
        f"<script>for (let n = 0; n < {ASKS}; n++) fetch('/j/{number}?' + n).then((it) => it.json())</script>"
    )
    sheet = f"<link rel=stylesheet href='/c/{number}'><link rel=icon href='data:,'>"
    return (
        f"<!doctype html><title>t</title>{sheet}{scripts}{pictures}<iframe src='/f/{number}'></iframe>{asks}"
    )


@cache
def picture(number: int) -> bytes:
    """A photograph; there are ten, since to make one takes long."""
    return saving.photograph(number)


async def serve(port: Any) -> None:
    """Serve the pages until the process is killed."""

    async def answer(request: web.Request) -> web.Response:
        kind, number = request.match_info["kind"], int(request.match_info["number"])
        if kind == "i":
            return web.Response(body=picture(number % 10) + str(number).encode(), content_type="image/jpeg")
        text, mime = {
            "p": (lambda: markup(number), "text/html"),
            "f": (lambda: "<p>Words in a frame", "text/html"),
            "s": (lambda: crawl.script(number), "text/javascript"),
            "c": (lambda: f".c{number} {{ color: red; margin: 1px }}\n" * 1000, "text/css"),
            "j": (lambda: json.dumps({"a": list(range(500))}), "application/json"),
        }[kind]
        return web.Response(text=text(), content_type=mime)

    app = web.Application()
    app.router.add_get("/{kind:[pfscij]}/{number}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port.put(runner.addresses[0][1])
    await asyncio.Event().wait()


def crawled(urls: list[str], dwell: float, *options: str) -> tuple[float, float]:
    """CPU seconds and bytes of the archive of a crawl, each a page."""
    with tempfile.TemporaryDirectory() as folder:
        cpu = ours(Path(folder), urls, dwell, *options)[1]
        archive = Store(Path(folder) / f"run-{len(urls)}").sizes(layout.ARCHIVE)
    return cpu / len(urls), sum(archive.values()) / len(urls)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--windows", default="6")
    parser.add_argument("--dwell", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    options = ("--windows", given.windows)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before; dwell {given.dwell:g} s")
    plain, recorded, size = [], [], 0.0
    with served(serve) as base:
        urls = [f"{base}/p/{n}" for n in range(given.pages)]
        for turn in range(given.rounds):
            for record in (False, True) if turn % 2 == 0 else (True, False):
                cpu, found = crawled(urls, given.dwell, *options, *(["--record"] if record else []))
                (recorded if record else plain).append(cpu)
                size = max(size, found)
            print(f"without {plain[-1]:.3f}, with {recorded[-1]:.3f} CPU s a page", flush=True)
    ratios = [more / less for more, less in zip(recorded, plain, strict=True)]
    each = ", ".join(f"{ratio:.3f}" for ratio in ratios)
    print(
        f"median: without {statistics.median(plain):.3f}, with {statistics.median(recorded):.3f} CPU s a page"
    )
    print(f"ratio {statistics.median(ratios):.3f} (rounds: {each}); archive {size / 1000:.0f} kB a page")


if __name__ == "__main__":
    main()

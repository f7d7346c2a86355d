"""What `overscripted crawl --save` costs for each kind: CPU seconds and bytes a page.

    python -m bench.saving [--pages 24] [--windows 6] [--dwell 2] [--rounds 3]

Every round crawls the same local pages once without --save and once for each kind, in turn. A page has 2,600
elements, 17,000 characters of text, a frame and a picture that looks like a photograph, and is some
8,000 px tall. The costs are those beyond the crawl without --save in the same round; of the rounds the
median is shown.
"""

import argparse
import asyncio
import io
import os
import random
import statistics
import tempfile
from pathlib import Path
from typing import Any

from aiohttp import web
from PIL import Image

from bench.crawl import ours, served
from overscripted import segments
from overscripted.store import Store

KINDS = ("html", "text", "screenshot", "screenshot=page")
TABLES = {"html": "saved_documents", "text": "page_texts"}
PARAGRAPHS = 200
WORDS = "the of and a to in is was he for it with as his on be at by had not are but from or have".split()


def markup(number: int) -> str:
    """A page of text, a frame and pictures."""
    dice = random.Random(number)
    rows = []
    for _ in range(PARAGRAPHS):
        words = [f"<b>{word}</b>" if dice.random() < 0.45 else word for word in dice.choices(WORDS, k=24)]
        rows.append(f"<div class='row'><p>{' '.join(words)}</p></div>")
    image = f"<img src='/i/{number}' width='1000' height='600'>"
    return f"<!doctype html><title>t</title>{image}<iframe src='/f/{number}'></iframe>{''.join(rows)}"


def photograph(number: int) -> bytes:
    """A picture whose colours change smoothly, with noise."""
    dice = random.Random(number)
    small = Image.frombytes("RGB", (40, 24), dice.randbytes(40 * 24 * 3)).resize(
        (1000, 600), Image.Resampling.BICUBIC
    )
    noise = Image.frombytes("RGB", (1000, 600), dice.randbytes(1000 * 600 * 3))
    out = io.BytesIO()
    Image.blend(small, noise, 0.08).save(out, "JPEG", quality=85)
    return out.getvalue()


async def serve(port: Any) -> None:
    """Serve the pages until the process is killed."""

    async def answer(request: web.Request) -> web.Response:
        kind, number = request.match_info["kind"], int(request.match_info["number"])
        if kind == "i":
            return web.Response(body=photograph(number), content_type="image/jpeg")
        text = markup(number) if kind == "p" else "<p>Words in a frame"
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{kind:[pfi]}/{number}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port.put(runner.addresses[0][1])
    await asyncio.Event().wait()


def saved_bytes(run: Path, kind: str) -> int:
    """Bytes that the crawl saved."""
    table = TABLES.get(kind, "screenshots")
    return sum(sum(part["size"].to_pylist()) for part in segments.read(Store(run), table))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--windows", default="6")
    parser.add_argument("--dwell", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with served(serve) as base:
        urls = [f"{base}/p/{n}" for n in range(given.pages)]
        costs: dict[str, list[float]] = {kind: [] for kind in KINDS}
        plain, sizes = [], {}
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before; dwell {given.dwell:g} s")
        for _ in range(given.rounds):
            with tempfile.TemporaryDirectory() as folder:
                plain.append(ours(Path(folder), urls, given.dwell, "--windows", given.windows)[1])
            for kind in KINDS:
                with tempfile.TemporaryDirectory() as folder:
                    options = ("--windows", given.windows, "--save", kind)
                    cpu = ours(Path(folder), urls, given.dwell, *options)[1]
                    costs[kind].append((cpu - plain[-1]) / len(urls))
                    sizes[kind] = saved_bytes(Path(folder) / f"run-{len(urls)}", kind) / len(urls)
        print(f"without --save: {statistics.median(plain) / len(urls):.2f} CPU s a page")
        for kind, seconds in costs.items():
            each = ", ".join(f"{second:.3f}" for second in seconds)
            median = statistics.median(seconds)
            print(f"{kind:16} {median:+.3f} CPU s a page ({each}), {sizes[kind] / 1000:.1f} kB a page")


if __name__ == "__main__":
    main()

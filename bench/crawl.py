"""Pages per hour at a dwell of 10 s, and CPU seconds per page: ours, a browser per visit, and Chromium.

    python bench/crawl.py [--pages 80] [--windows 20] [--peer-pages 4] [--dwell 10]

In one run, on the same local web of pages with 850 KB of scripts each:
  ours          overscripted crawl, many windows of one Firefox, headless as all here. The private-address
                guard is off, because the web is private
  guarded       the same through the private-address guard
  restart       one page at a time, a new Firefox with a new profile for each: OpenWPM's stateless mode,
                driven by our own code (OpenWPM's own start, Selenium and geckodriver, costs more)
  blacklight    @themarkup/blacklight-collector from npm, unmodified, with the system's Chromium: one process
                per page, one page after the other, with a dwell of the same length after its load
A peer that cannot be installed is left out, and the reason is printed.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from aiohttp import web

from overscripted import segments
from overscripted.store import Store

SCRIPTS = 12
SCRIPT_BYTES = 70_000
BLACKLIGHT = "@themarkup/blacklight-collector@3.11"
DRIVER = """
const { Page } = require("puppeteer-core/lib/cjs/puppeteer/api/Page.js");
const { CdpPage } = require("puppeteer-core/lib/cjs/puppeteer/cdp/Page.js");
const { collect } = require("@themarkup/blacklight-collector");
const [dwell, chromium, out, ...urls] = process.argv.slice(2);
for (const kind of [Page, CdpPage]) {
  const title = kind.prototype.title; // what it asks first once a page has loaded
  if (Object.hasOwn(kind.prototype, "title"))
    kind.prototype.title = async function () {
      await new Promise((done) => setTimeout(done, dwell * 1000));
      return title.call(this);
    };
}
(async () => {
  for (const url of urls) {
    const done = await collect(url, { puppeteerExecutablePath: chromium, numPages: 0, outDir: out,
      extraChromiumArgs: ["--no-sandbox"], saveScreenshots: false });
    if (done.status !== "success") process.exitCode = 1;
  }
  process.exit();
})();
"""


def script(number: int) -> str:
    """JavaScript of ordinary size and kind: functions (some of them are called) and some uses of APIs."""
    parts = [f"window.m{number} = {{}};"]
    while sum(map(len, parts)) < SCRIPT_BYTES:
        n = len(parts)
        parts.append(
            f"m{number}.f{n} = function (a, b) {{ var s = 0;"
            f" for (var i = 0; i < 50; i++) s += (a * i) % (b + 1);"
            f" return {{ name: 'f{n}', value: s, text: 'x'.repeat(s % 9) }}; }};"
        )
    calls = "".join(f"m{number}.f{n}({n}, 7);" for n in range(1, len(parts)))
    use = "for (var i = 0; i < 8; i++) { navigator.userAgent; screen.colorDepth; localStorage.getItem(i); }"
    return "\n".join(parts) + calls + use


async def serve(port: Any) -> None:
    """Serve the local web until the process is killed."""
    bodies = [script(n) for n in range(SCRIPTS)]
    text = "<p>Words and words and words.</p>" * 200

    async def page(request: web.Request) -> web.Response:
        tags = "".join(f"<script src='/s/{n}.js?{request.match_info['n']}'></script>" for n in range(SCRIPTS))
        html = f"<!doctype html><title>t</title>{text}{tags}"
        return web.Response(text=html, content_type="text/html")

    async def body(request: web.Request) -> web.Response:
        return web.Response(text=bodies[int(request.match_info["n"])], content_type="text/javascript")

    app = web.Application()
    app.router.add_get("/p/{n}", page)
    app.router.add_get("/s/{n}.js", body)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port.put(runner.addresses[0][1])
    await asyncio.Event().wait()


@contextlib.contextmanager
def served(serve: Callable[[Any], Awaitable[None]]) -> Iterator[str]:
    """The address of a local web. ``serve(port)`` runs in a process of its own, and puts its port there."""
    port: Any = multiprocessing.Queue()
    server = multiprocessing.Process(target=lambda: asyncio.run(serve(port)), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{port.get(timeout=30)}"
    finally:
        server.kill()


class Meter:
    """CPU seconds of a process and all its descendants, including descendants that have ended."""

    def __init__(self, pid: int) -> None:
        self._pid, self._used, self._on = pid, dict[tuple[int, float], float](), True
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> float:
        self._on = False
        self._thread.join()
        return sum(self._used.values())

    def _watch(self) -> None:
        while self._on:
            with contextlib.suppress(psutil.NoSuchProcess):
                root = psutil.Process(self._pid)
                for process in [root, *root.children(recursive=True)]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        times = process.cpu_times()
                        self._used[process.pid, process.create_time()] = times.user + times.system
            time.sleep(0.2)


def measured(command: list[str], **options: Any) -> tuple[float, float]:
    """Seconds and CPU seconds of a command. Raises RuntimeError with the command's output."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, **options)
        meter = Meter(process.pid)
        code = process.wait()
        cpu = meter.stop()
        said.seek(0)
        if code:
            raise RuntimeError(said.read()[-2000:])
    return time.monotonic() - began, cpu


def ours(folder: Path, urls: list[str], dwell: float, *options: str) -> tuple[float, float]:
    """Seconds and CPU seconds of our crawl of these pages. Every page must be complete."""
    seeds = folder / "seeds.txt"
    seeds.write_text("\n".join(urls), "utf-8")
    run = folder / f"run-{len(urls)}"
    command = [sys.executable, "-m", "overscripted", "crawl", str(run), "--seeds", str(seeds)]
    fixed = ["--dwell", str(dwell), "--allow-private", "--per-domain", "0", "--retries", "0"]
    fixed += ["--display", "headless"]
    took = measured([*command, *fixed, *options])
    visits = [row for part in segments.read(Store(run), "visits") for row in part.to_pylist()]
    if others := [f"{row['outcome']}: {row['error']}" for row in visits if row["outcome"] != "complete"]:
        raise RuntimeError(f"{len(others)} pages did not complete ({others[0]})")
    calls = sum(row["n_calls"] for row in visits)
    late = sorted(row["starved"] or 0 for row in visits)
    store = Store(run)
    size = sum(store.size(key) for key in store.files("raw")) / len(urls)
    late_by = f"timers late by {late[len(late) // 2]:.2f} s (median)"
    print(f"  {calls / len(urls):.0f} calls and {size / 1000:.1f} kB of segments a page; {late_by}")
    return took


WORKER = """
import asyncio, sys
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.frontier.queue import Frontier
from overscripted.crawl.network.resolver import Resolver
from overscripted.crawl.settings import Options
from overscripted.crawl.worker import Worker
from overscripted.progress import Work
from overscripted.store import Store
folder, dwell, windows, visits, guarded, *urls = sys.argv[1:]
frontier = Frontier(f"sqlite:///{folder}/frontier.sqlite", 1)
frontier.add(urls)
options = Options(dwell_s=float(dwell), windows=int(windows), allow_private=guarded == "no", per_domain=0,
                  visits_per_browser=int(visits))
names = Resolver(allowed=lambda address: True)  # the local web stands for the public one
with Work("crawl", len(urls)) as work:
    wished = instrument_settings.resolve("default")
    worker = Worker(Store(folder + "/run"), frontier, options, wished, work, names)
    asyncio.run(worker.run())
assert frontier.report.counts() == {"ended complete": len(urls)}
"""


def worker(
    folder: Path, urls: list[str], dwell: float, windows: str, visits: str, guarded: str
) -> tuple[float, float]:
    """Our worker with settings that the command line does not have."""
    folder.mkdir()
    return measured([sys.executable, "-c", WORKER, str(folder), str(dwell), windows, visits, guarded, *urls])


def blacklight(folder: Path, urls: list[str], dwell: float) -> tuple[float, float]:
    """The Chromium-based collector, one page after the other."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium or not shutil.which("npm"):
        raise RuntimeError("Chromium or npm is not installed")
    environment = {**os.environ, "PUPPETEER_SKIP_DOWNLOAD": "1"}
    folder.mkdir()
    (folder / "package.json").write_text("{}", "utf-8")
    install = ["npm", "install", "--no-audit", "--no-fund", BLACKLIGHT]
    done = subprocess.run(
        install,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(f"npm: {done.stderr.strip()[-300:]}")
    (folder / "driver.js").write_text(DRIVER, "utf-8")
    command = ["node", "driver.js", str(dwell), chromium, str(folder / "out"), *urls]
    return measured(command, cwd=folder, env=environment)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pages", type=int, default=80)
    parser.add_argument("--peer-pages", type=int, default=4)
    parser.add_argument("--windows", default="20")
    parser.add_argument("--dwell", type=float, default=10.0)
    asked = parser.parse_args()
    with served(serve) as base:
        folder = Path(tempfile.mkdtemp(prefix="overscripted-bench-"))
        many = [f"{base}/p/{n}" for n in range(asked.pages)]
        few = [f"{base}/p/peer{n}" for n in range(asked.peer_pages)]
        kinds = {
            "ours": (lambda: ours(folder, many, asked.dwell, "--windows", asked.windows), len(many)),
            "guarded": (
                lambda: worker(folder / "guarded", many, asked.dwell, asked.windows, "10000", "yes"),
                len(many),
            ),
            "restart": (lambda: worker(folder / "restart", few, asked.dwell, "1", "1", "no"), len(few)),
            "blacklight": (lambda: blacklight(folder / "blacklight", few, asked.dwell), len(few)),
        }
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before; dwell {asked.dwell:g} s")
        hourly: dict[str, float] = {}
        try:
            for name, (run, pages) in kinds.items():
                try:
                    seconds, cpu = run()
                except RuntimeError as error:
                    print(f"{name:12} left out: {error}")
                    continue
                hourly[name] = pages / seconds * 3600
                line = f"{name:12} {pages:4} pages {seconds:7.1f} s {hourly[name]:8.0f} pages/hour"
                ratio = f"  ours is {hourly['ours'] / hourly[name]:.1f} times that" if name != "ours" else ""
                print(f"{line} {cpu / pages:6.2f} CPU s/page{ratio}", flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

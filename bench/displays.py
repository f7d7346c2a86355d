"""What pages find in our Firefox and in one that a person starts, key by key, headless and on a display.

    python -m bench.displays [--rounds 3] [--pages 10] [--creepjs FOLDER]

Each round starts four browsers, one after the other, each with a new profile:
  headed     Firefox as it is, on Xvfb, not driven: nothing but its greetings is turned off
  headless   the same with --headless
  ours       overscripted crawl --display headless, with the recorder
  virtual    overscripted crawl --display virtual, with the recorder
Each shows one page (bench/detectors/page.html), with which public libraries look at the browser: BotD,
FingerprintJS, ThumbmarkJS, ClientJS, FPScanner. CreepJS is not on npm: give the folder `docs` of its
repository to have it look, too, in a frame. And tests/crawl/pages/machine.js lists all that it finds. The
page tells its server. Then it goes through pages of bench/crawl.py, 2 s each.

Printed: keys whose values differ, but for those that differ between rounds of one browser; first those that
the window alone decides. Then what contradicts itself, and the CPU seconds and the most memory (PSS) of
Firefox and Xvfb, as ratios to `headless` of the same round (medians).
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil
from aiohttp import web

from bench import crawl
from overscripted import npm
from overscripted.crawl.firefox import process
from overscripted.crawl.firefox.virtual_display import VirtualDisplay
from tests.crawl.web import PAGES, TwoOrigins

DETECTORS = Path(__file__).parent / "detectors"
PAGE = (DETECTORS / "page.html").read_text("utf-8")
LIMIT_S = 400.0  # until a browser has told all
WAYS = ("headed", "headless", "ours", "virtual")
SCRIPTS = {
    "botd": "@fingerprintjs/botd/dist/botd.cjs.js",
    "fingerprintjs": "@fingerprintjs/fingerprintjs/dist/fp.umd.js",
    "thumbmarkjs": "@thumbmarkjs/thumbmarkjs/dist/thumbmark.umd.js",
    "clientjs": "clientjs/dist/client.min.js",
    "fpscanner": "fpscanner/dist/fpScanner.cjs.js",
}
# What greets a person after the first start, and would cover the page or come before it. No page sees these.
GREETINGS = {
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "startup.homepage_welcome_url": "",
    "termsofuse.bypassNotification": True,
    "trailhead.firstrun.didSeeAboutWelcome": True,
}
NEXT = """<script>onload = () => setTimeout(() => { NEXT }, 2000)</script>"""
# What depends on the window's size and place alone, as the libraries name it.
_WINDOW = re.compile(
    r"(inner|outer)(Width|Height)|mozInnerScreen|scrollMax|machine\.viewport\.|machine\.window\.screen"
    r"|screenFrame",
    re.IGNORECASE,
)


class Served(TwoOrigins):
    """The pages of this measurement."""

    def __init__(self, pages: int, creepjs: Path | None) -> None:
        super().__init__()
        self._n, self._creepjs = pages, creepjs
        self._modules = npm.installed(DETECTORS)
        self._scripts = [crawl.script(n) for n in range(crawl.SCRIPTS)]

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_get("/look", self._look)
        app.router.add_get("/headers", self._headers)
        app.router.add_get("/work/{n}", self._work)
        app.router.add_get("/script/{n}", self._script)
        app.router.add_post("/told", self._told)
        app.router.add_static("/npm/", self._modules)
        if self._creepjs:
            app.router.add_static("/creepjs/", self._creepjs)
        app.router.add_static("/pages/", PAGES)
        return app

    async def _look(self, request: web.Request) -> web.Response:
        tags = [
            f"<script>begin()</script><script src=/npm/{path}></script><script>end('{name}')</script>"
            for name, path in SCRIPTS.items()
        ]
        text = PAGE.replace("{SCRIPTS}", "\n".join(tags)).replace(
            "{CREEPJS}", json.dumps(bool(self._creepjs))
        )
        return web.Response(text=text, content_type="text/html")

    async def _headers(self, request: web.Request) -> web.Response:
        return web.json_response({k: v for k, v in request.headers.items() if k not in ("Host", "Referer")})

    async def _work(self, request: web.Request) -> web.Response:
        n, mark = int(request.match_info["n"]), request.query["mark"]
        follows = f"location = '/work/{n + 1}?mark={mark}'"
        if n + 1 == self._n:
            follows = f"fetch('/told?mark={mark}-end', {{ method: 'POST', body: '1' }})"
        scripts = "".join(f"<script src='/script/{k}?{n}'></script>" for k in range(crawl.SCRIPTS))
        words = "<p>Words and words and words.</p>" * 200
        text = f"<!doctype html><title>t</title>{words}{scripts}{NEXT.replace('NEXT', follows)}"
        return web.Response(text=text, content_type="text/html")

    async def _script(self, request: web.Request) -> web.Response:
        return web.Response(text=self._scripts[int(request.match_info["n"])], content_type="text/javascript")

    async def _told(self, request: web.Request) -> web.Response:
        self.told[request.query["mark"]] = await request.json()
        return web.Response()


class Usage:
    """CPU seconds and the most memory of all Firefoxes and Xvfbs below some processes, until `stop`."""

    def __init__(self, *roots: int) -> None:
        self._roots, self._on = roots, True
        self._cpu: dict[tuple[int, float], float] = {}
        self._most = 0
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> tuple[float, float]:
        """CPU seconds, and MB."""
        self._on = False
        self._thread.join()
        return sum(self._cpu.values()), self._most / 1e6

    def _watch(self) -> None:
        looks = 0
        while self._on:
            memory = 0
            for one in self._processes():
                with contextlib.suppress(psutil.Error):
                    times = one.cpu_times()
                    self._cpu[one.pid, one.create_time()] = times.user + times.system
                    if looks % 5 == 0:  # it takes the kernel longer
                        memory += one.memory_full_info().pss
            self._most = max(self._most, memory)
            looks += 1
            time.sleep(0.2)

    def _processes(self) -> Iterator[psutil.Process]:
        for pid in self._roots:
            with contextlib.suppress(psutil.Error):
                root = psutil.Process(pid)
                for one in (root, *root.children(recursive=True)):
                    with contextlib.suppress(psutil.Error):
                        if "python" not in one.name():
                            yield one


def visit(served: Served, way: str, mark: str) -> tuple[float, float]:
    """Have one browser look and work; its CPU seconds and MB. Raises RuntimeError where it tells nothing."""
    folder = Path(tempfile.mkdtemp(prefix="overscripted-displays-"))
    display = VirtualDisplay()
    loop = asyncio.new_event_loop()
    url = f"{served.base}/look?mark={mark}"
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    try:
        if way == "headed":
            environment |= loop.run_until_complete(display.get()).environment
        if way in ("headed", "headless"):
            command = plain(folder, url, headless=way == "headless")
            environment |= {"HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"}
        else:
            command = ours(folder, url, way)
            environment["TMPDIR"] = str(folder)  # the crawl is killed, and leaves a profile
        roots = [one.pid for one in psutil.Process().children() if one.name() == "Xvfb"]
        with open(folder / "said", "w+", encoding="utf-8") as said:
            browser = subprocess.Popen(
                command, env=environment, stdout=said, stderr=said, start_new_session=True
            )
            usage = Usage(browser.pid, *roots)
            try:
                ends = time.monotonic() + LIMIT_S
                while f"{mark}-end" not in served.told and time.monotonic() < ends:
                    time.sleep(0.2)
            finally:
                used = usage.stop()
                (browser.terminate if way in ("headed", "headless") else browser.kill)()
                browser.wait()
        if f"{mark}-end" not in served.told:
            raise RuntimeError(f"{way} told nothing: {(folder / 'said').read_text('utf-8')[-2000:]}")
        return used
    finally:
        loop.run_until_complete(display.stop())
        loop.close()
        shutil.rmtree(folder, ignore_errors=True)


def plain(folder: Path, url: str, headless: bool) -> list[str]:
    """The command for a Firefox as a person starts it."""
    profile = folder / "profile"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in GREETINGS.items()]
    (profile / "user.js").write_text("\n".join(lines), "utf-8")
    return [process.find(), *["--headless"] * headless, "--no-remote", "--profile", str(profile), url]


def ours(folder: Path, url: str, way: str) -> list[str]:
    """The command for a crawl of one page."""
    (folder / "seeds.txt").write_text(f"{url}\n", "utf-8")
    command = [sys.executable, "-m", "overscripted", "crawl", str(folder / "run")]
    command += ["--seeds", str(folder / "seeds.txt"), "--allow-private", "--dwell", str(LIMIT_S)]
    return [*command, "--windows", "1", "--display", "headless" if way == "ours" else "virtual"]


def flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Each key of nested values with its value in few words."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            if name == "$hash":  # of what follows it
                continue
            yield from flat(inner, f"{key}.{name}" if key else str(name))
    else:
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        yield key, text if len(text) <= 60 else f"{text[:30]}… #{sha256(text.encode()).hexdigest()[:6]}"


def compare(told: dict[str, list[dict[str, str]]]) -> tuple[list[str], list[str]]:
    """Keys that differ between browsers, and keys that differ between rounds of one browser."""
    keys = sorted({key for rounds in told.values() for one in rounds for key in one})
    unsteady = [
        key for key in keys if any(len({one.get(key) for one in rounds}) > 1 for rounds in told.values())
    ]
    differing = [
        key
        for key in keys
        if key not in unsteady and len({rounds[0].get(key) for rounds in told.values()}) > 1
    ]
    return differing, unsteady


def rows(keys: list[str], first: dict[str, dict[str, str]]) -> Iterator[list[str]]:
    """Lines of a table; keys of one object that some browsers do not have at all are one line."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for key in keys:
        if all(key in first[way] for way in WAYS):
            yield [key, *(first[way][key] for way in WAYS)]
        else:
            there = ["there" if key in first[way] else "–" for way in WAYS]
            alike.setdefault((".".join(key.split(".")[:2]), *there), []).append(key)
    for (name, *rest), several in alike.items():
        yield [f"{name}… ({len(several)} keys)", *rest]


def show(told: dict[str, list[dict[str, str]]]) -> None:
    """Print what differs."""
    differing, unsteady = compare(told)
    n_keys = len({key for rounds in told.values() for one in rounds for key in one})
    print(f"\n{n_keys} keys; {len(unsteady)} differ between rounds of one browser: {', '.join(unsteady)}\n")
    first = {way: rounds[0] for way, rounds in told.items()}
    for title, of_window in (("of the window alone", True), ("others", False)):
        keys = [key for key in differing if bool(_WINDOW.search(key)) == of_window]
        print(f"{len(keys)} keys differ, {title}:\n\n| key | {' | '.join(WAYS)} |")
        print(f"|{' --- |' * (len(WAYS) + 1)}")
        for row in rows(keys, first):
            print(f"| {' | '.join(row)} |")
        for way in WAYS[1:]:
            n = sum(first[way].get(key) != first["headed"].get(key) for key in keys)
            print(f"{way}: {n} of these are not as headed")
        print()
    for way in WAYS:
        print(f"{way}: contradicts itself in {first[way].get('contradictions', '?')}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--creepjs", type=Path)
    parser.add_argument("--keep", type=Path, help="a file for all that the pages told, as JSON")
    given = parser.parse_args()
    used: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    told: dict[str, list[dict[str, str]]] = {way: [] for way in WAYS}
    with Served(given.pages, given.creepjs) as served:
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before", flush=True)
        for number in range(given.rounds):
            for way in WAYS:
                used[way].append(visit(served, way, f"{way}-{number}"))
                told[way].append(dict(flat(served.told[f"{way}-{number}"])))
                cpu, memory = used[way][-1]
                print(f"{way:10} {cpu:6.1f} CPU s {memory:7.0f} MB", flush=True)
        if given.keep:
            given.keep.write_text(json.dumps(served.told), "utf-8")
    show(told)
    for way in WAYS:
        pairs = list(zip(used[way], used["headless"], strict=True))
        cpu, memory = (statistics.median(one[n] / plain[n] for one, plain in pairs) for n in (0, 1))
        print(f"{way:10} {cpu:.2f} times the CPU, {memory:.2f} times the memory of headless")


if __name__ == "__main__":
    main()

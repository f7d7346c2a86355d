"""A web of three sites and those that they tell: quiet, tracking, and one that asks for consent.

What each page does is the truth that `test_inspect` compares the claims with. Hosts of companies have the
names that the lists know, and are served on this machine.
"""

import asyncio
import secrets
import tempfile
import threading
from pathlib import Path
from typing import Self

from overscripted.certificates import Authority
from overscripted.demo.http_messages import Request, Response
from overscripted.demo.proxy import Proxy
from overscripted.demo.world import World

PAGES = Path(__file__).parent / "pages"
QUIET = "https://quiet-garden.org/"
TRACKING = "https://daily-harbour.com/news"
CONSENT = "https://choices-gazette.org/"
DEAD = "https://nobody-here.org/"

# A script of another site -> its file in pages/.
SCRIPTS = {
    "https://www.google-analytics.com/collect.js": "analytics.js",
    "https://static.hotjar.com/recorder.js": "recorder.js",
    "https://prints.fingerlab.io/print.js": "print.js",
    "https://coinhive.com/lib/miner.js": "miner.js",
    "https://cdn.plain-widgets.net/widget.js": "widget.js",
}


class InspectedWeb:
    """Serves the sites behind a proxy, ``proxy``, in a thread; ``ca_file`` signs for all of them."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self.world = _world()

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="inspected-web-")
        self._authority = Authority(Path(self._folder.name))
        self.ca_file = str(self._authority.ca_file)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._folder.cleanup()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(lambda loop, context: None)  # clients often close connections early
        self._stop = asyncio.Event()
        server = Proxy("here", self.world, self._authority)
        await server.start()
        self.proxy = server.url
        self._ready.set()
        await self._stop.wait()
        await server.stop()


def _html(name: str) -> Response:
    return Response(200, (PAGES / name).read_bytes(), headers={"Cache-Control": "no-store"})


def _world() -> World:
    world = World()
    for url, name in {QUIET: "quiet.html", TRACKING: "tracking.html", CONSENT: "consent.html"}.items():
        world.route(url, _html(name))
    for page in ("two", "three"):
        world.route(f"{QUIET}{page}", _html("quiet.html"))
    world.route("https://static.quiet-garden.org/own.js", _script("own.js"))
    for url, name in SCRIPTS.items():
        world.route(url, _script(name))
    for host in ("in.hotjar.com", "ads.marrowgate-media.com"):
        world.host(host)
    world.route("https://www.facebook.com/tr", _pixel)
    world.route("https://sync.pixel-exchange.net/match", _gif({}))
    return world


def _script(name: str) -> Response:
    return Response(200, (PAGES / name).read_bytes(), "text/javascript", {"Access-Control-Allow-Origin": "*"})


def _gif(headers: dict[str, str], status: int = 200) -> Response:
    return Response(status, b"", "image/gif", {"Cache-Control": "no-store", **headers})


def _pixel(_: Request) -> Response:
    """Gives the browser an identifier, and passes it on to another company."""
    known = secrets.token_hex(12)
    return _gif(
        {
            "Set-Cookie": f"fr={known}; Max-Age=31536000; Secure; SameSite=None",
            "Location": f"https://sync.pixel-exchange.net/match?uid={known}",
        },
        302,
    )

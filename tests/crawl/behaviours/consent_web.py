"""A web whose pages have consent platforms: real ones from npm, and some to their published interfaces."""

import asyncio
import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from aiohttp import web

from overscripted import npm

PAGES = Path(__file__).parent / "pages"
PACKAGES = Path(__file__).parent / "npm"


class ConsentWeb:
    """Serves from a thread of its own. ``asked`` counts paths with queries, ``told`` is what pages said."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.told: dict[str, Any] = {}
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._main, daemon=True)

    def __enter__(self) -> "ConsentWeb":
        """Raises UserError where npm cannot install the packages."""
        self._modules = npm.installed(PACKAGES)
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def page(self, name: str, action: str) -> str:
        """URL of a page for a visit that does ``action``."""
        return f"{self.base}/pages/consent/{name}.html?{name}={action}&other={self.other}"

    def tracked(self, name: str, action: str) -> int:
        """How often the tracker of such a page was asked for."""
        return self.asked[f"/tracker?{name}={action}&other={self.other}"]

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_static("/pages/", PAGES)
        app.router.add_static("/npm/", self._modules)
        app.router.add_get("/index.html", self._frame)
        app.router.add_get("/tracker", self._count)
        app.router.add_get("/clicked", self._count)
        app.router.add_post("/told", self._told)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        for host in ("127.0.0.1", "127.0.0.2"):
            await web.TCPSite(self._runner, host, 0).start()
        ports = [address[1] for address in self._runner.addresses]
        self.base, self.other = f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.2:{ports[1]}"

    async def _frame(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGES / "consent/sourcepoint-frame.html")

    async def _count(self, request: web.Request) -> web.Response:
        self.asked[request.path_qs] += 1
        return web.Response(text="")

    async def _told(self, request: web.Request) -> web.Response:
        self.told[request.query_string] = json.loads(await request.text())
        return web.Response(text="")

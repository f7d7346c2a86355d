"""A web whose pages have consent platforms: real ones from npm, and some to their published interfaces."""

import json
from pathlib import Path
from typing import Self

from aiohttp import web

from overscripted import npm
from tests.crawl.web import TwoOrigins

PAGES = Path(__file__).parent / "pages"
PACKAGES = Path(__file__).parent / "npm"


class ConsentWeb(TwoOrigins):
    """``asked`` counts paths with queries, ``told`` is what pages said."""

    def __enter__(self) -> Self:
        """Raises UserError where npm cannot install the packages."""
        self._modules = npm.installed(PACKAGES)
        return super().__enter__()

    def page(self, name: str, action: str) -> str:
        """URL of a page for a visit that does ``action``."""
        return f"{self.base}/pages/consent/{name}.html?{name}={action}&other={self.other}"

    def tracked(self, name: str, action: str) -> int:
        """How often the tracker of such a page was asked for."""
        return self.asked[f"/tracker?{name}={action}&other={self.other}"]

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_static("/pages/", PAGES)
        app.router.add_static("/npm/", self._modules)
        app.router.add_get("/index.html", self._frame)
        app.router.add_get("/tracker", self._count)
        app.router.add_get("/clicked", self._count)
        app.router.add_post("/told", self._told)
        return app

    async def _frame(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGES / "consent/sourcepoint-frame.html")

    async def _count(self, request: web.Request) -> web.Response:
        self.asked[request.path_qs] += 1
        return web.Response(text="")

    async def _told(self, request: web.Request) -> web.Response:
        self.told[request.query_string] = json.loads(await request.text())
        return web.Response(text="")

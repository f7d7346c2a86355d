"""A small web on two loopback addresses, with pages whose calls say which page made them."""

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from aiohttp import web

PAGES = Path(__file__).parent / "pages"
COMPANY = (PAGES / "company.html").read_text().replace("{COMPANY}", (PAGES / "company.js").read_text())

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Reads the user agent N % 7 + 1 times. Says in a call's arguments and in a body that it sends whose they are.
MARK = """<script>
for (let i = 0; i < {n} % 7 + 1; i++) navigator.userAgent;
localStorage.setItem("mark", "{kind}-{n}");
fetch("/told?mark={kind}-{n}", {method: "POST", body: '"{kind}-{n}"'});
setTimeout(() => localStorage.setItem("mark", "{kind}-{n}-late"), 300);
</script>"""

# Opens a pop-up at once and a frame later, which the server holds back for HELD_S.
HELD_S = 2.0
OPENS = """<body><script>
open("{other}/held/popup/{n}");
setTimeout(() => {
  const frame = document.createElement("iframe");
  frame.src = "{other}/held/frame/{n}";
  document.body.append(frame);
}, 300);
</script>"""

# Tries every way to this machine that a page has. {port} is a web server's, {udp} listens to datagrams.
PROBE = (PAGES / "probe.html").read_text("utf-8")

STORE = "<script>document.cookie = 'stored=1'; localStorage.setItem('stored', '1')</script>"
HOSTILE = {
    "waits": STORE + "<script>onload=()=>{fetch('/never?fetch');new Image().src='/never?image'}</script>",
    "loop": "<script>for (;;);</script>",
    "loop-after-load": STORE + "<script>onload = () => setTimeout(() => { for (;;); }, 300)</script>",
    "alerts": "<script>for (;;) alert(1)</script>",
    "five-alerts": "<script>for (let i = 0; i < 5; i++) alert(i)</script>",
    # Firefox lets a page close its window once the browser's own process has told the page's that its
    # history has one entry, which takes a busy one a moment longer: until then it refuses.
    "close": STORE + "<script>setInterval(() => window.close(), 300)</script>",
    "close-early": "<script>setInterval(() => window.close(), 10)</script><img src='/never?early'>",
    "memory": STORE + "<script>const kept = []; for (;;) kept.push(new Uint8Array(1e8).fill(1))</script>",
    "history": "<script>for (let i = 0; i < 1e5; i++) history.pushState(i, '', '#' + i)</script>",
    "popups": "<script>for (let i = 0; i < 50; i++) open('/page/1')</script>",
    "downloads": "<body><script>for (let i = 0; i < 100; i++) { const a = document.createElement('a');"
    "a.href = '/file'; a.download = 'f' + i; document.body.append(a); a.click() }</script>",
    "beforeunload": "<script>onbeforeunload = (e) => { e.preventDefault(); return 'stay' }</script>",
    "reload": "<script>location.reload()</script>",
    # From site to site, each in a process of its own: more pages than the browser keeps to go back to.
    "hops": "<script>const n = +location.search.slice(1); if (n < 9) onload = () => setTimeout(() => {"
    " location = (n % 2 ? '{base}' : '{other}') + `/hostile/hops?${n + 1}` }, 50)</script>",
    "mailto": "<p>x</p><script>location = 'mailto:x@example.com'</script>",
    "script-redirect": "<script>location = '/page/3'</script>",
    "meta-redirect": "<meta http-equiv=refresh content='0;url=/page/3'>",
    "frames": "<body><script>for (let i = 0; i < 1000; i++)"
    " document.body.append(document.createElement('iframe'))</script>",
    "deep": "<script>if (location.search.length < 60) { document.write('<iframe src=\"/hostile/deep?'"
    " + location.search.slice(1) + 'x\"></iframe>') }</script>",
    "print": "<script>print(); print()</script>",
    "dialogs": "<iframe srcdoc=\"<script>alert(1); localStorage.setItem('frame', [confirm(1), prompt(1)])"
    "</script>\"></iframe><script>open('').confirm(1) || localStorage.setItem('popup', 'no')</script>",
    "quota": "<script>navigator.storage.estimate().then(it => localStorage.setItem('is', it.quota))</script>",
    "name": "<script>name = 'x'.repeat(9e7)</script>",
    "prompts": "<script>navigator.geolocation.getCurrentPosition(() => 0); Notification.requestPermission();"
    "navigator.mediaDevices?.getUserMedia({video: true}).catch(() => 0)</script>",
}


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(
        text="<!doctype html><title>x</title>" + text, content_type="text/html", status=status
    )


class TwoOrigins:
    """Serves an application from a thread of its own. ``base`` and ``other`` are two origins of it."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.told: dict[str, Any] = {}  # what pages have said of themselves, by their marks
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._main, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _app(self) -> web.Application:
        raise NotImplementedError

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())

    async def _start(self) -> None:
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        for host in ("127.0.0.1", "127.0.0.2"):
            await web.TCPSite(self._runner, host, 0).start()
        ports = [address[1] for address in self._runner.addresses]
        self.base, self.other = f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.2:{ports[1]}"


class Web(TwoOrigins):
    """Pages whose calls say which page made them, and pages that misbehave."""

    taken = 0  # bytes of the endless file

    def page(self, n: int) -> str:
        """URL of the page numbered ``n``: a frame of its own origin and one of the other."""
        return f"{self.base}/page/{n}"

    def opens(self, n: int) -> str:
        """URL of a page with a pop-up and a frame, both of the other origin and slow to come."""
        return f"{self.base}/opens/{n}"

    def company(self, mark: str) -> str:
        """URL of a page that tells, under ``mark`` in ``told``, what it sees of being one of many."""
        frame = quote(f"{self.other}/pages/company-frame.html", safe="")
        return f"{self.base}/pages/company.html?mark={mark}&frame={frame}"

    def hostile(self, name: str) -> str:
        """URL of a page that misbehaves."""
        return f"{self.base}/hostile/{name}"

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._counting()])
        app.router.add_get("/page/{n}", self._page)
        app.router.add_get("/frame/{kind}/{n}", self._frame)
        app.router.add_get("/opens/{n}", self._opens)
        app.router.add_get("/held/{kind}/{n}", self._held)
        app.router.add_get("/hostile/{name}", self._hostile)
        app.router.add_get("/status/{status}", self._status)
        app.router.add_get("/shows", self._shows)
        app.router.add_get("/redirect", self._redirect)
        app.router.add_get("/endless-redirect", self._endless)
        app.router.add_get("/never", self._never)
        app.router.add_get("/drip", self._drip)
        app.router.add_get("/file", self._file)
        app.router.add_get("/endless-file", self._endless_file)
        app.router.add_get("/probe", self._probe)
        app.router.add_get("/device", self._device)
        app.router.add_get("/cookie", self._cookie)
        app.router.add_get("/blocked", self._cookie)
        app.router.add_get("/robots.txt", self._robots)
        app.router.add_get("/secret/{way}", self._secret)
        app.router.add_get("/pages/company.html", self._company)
        app.router.add_static("/pages/", PAGES)
        app.router.add_post("/told", self._told)
        app.router.add_get("/socket", self._socket)
        return app

    def _counting(self) -> Any:
        @web.middleware
        async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
            self.asked[request.path_qs] += 1
            return await handler(request)

        return count

    async def _page(self, request: web.Request) -> web.Response:
        n = request.match_info["n"]
        frames = "".join(
            f"<iframe src='{o}/frame/{k}/{n}'></iframe>" for o, k in (("", "own"), (self.other, "other"))
        )
        return _html(MARK.replace("{n}", n).replace("{kind}", "top") + frames)

    async def _frame(self, request: web.Request) -> web.Response:
        n, kind = request.match_info["n"], request.match_info["kind"]
        return _html(MARK.replace("{n}", n).replace("{kind}", kind))

    async def _opens(self, request: web.Request) -> web.Response:
        n = request.match_info["n"]
        return _html(
            MARK.replace("{kind}", "top").replace("{n}", n)
            + OPENS.replace("{other}", self.other).replace("{n}", n)
        )

    async def _held(self, request: web.Request) -> web.Response:
        await asyncio.sleep(HELD_S)
        return await self._frame(request)

    async def _hostile(self, request: web.Request) -> web.Response:
        text = HOSTILE[request.match_info["name"]]
        return _html(text.replace("{base}", self.base).replace("{other}", self.other))

    async def _probe(self, request: web.Request) -> web.Response:
        query = request.query
        return _html(PROBE.replace("{port}", query["port"]).replace("{udp}", query["udp"]))

    async def _device(self, request: web.Request) -> web.Response:
        return _html((PAGES / "device.html").read_text("utf-8").replace("{OTHER}", self.other))

    async def _cookie(self, request: web.Request) -> web.Response:
        return web.Response(
            text="<svg xmlns='http://www.w3.org/2000/svg'/>",
            content_type="image/svg+xml",
            headers={"Set-Cookie": "seen=1"},
        )

    async def _robots(self, request: web.Request) -> web.Response:
        rules = ("User-agent: *", "Disallow: /forbidden/", "Disallow: /*?print=", "Disallow: /*.pdf$")
        return web.Response(text="\n".join(rules))

    async def _secret(self, request: web.Request) -> web.Response:
        return web.Response(text="secret", headers={"Access-Control-Allow-Origin": "*"})

    async def _company(self, request: web.Request) -> web.Response:
        return _html(COMPANY)

    async def _told(self, request: web.Request) -> web.Response:
        self.told[request.query["mark"]] = await request.json()
        return web.Response()

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        """Reads messages and says nothing."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            pass
        return socket

    async def _status(self, request: web.Request) -> web.Response:
        status = int(request.match_info["status"])
        response = web.Response(status=status) if status == 204 else _html("<p>no</p>", status)
        if status == 401:
            response.headers["WWW-Authenticate"] = "Basic"
        return response

    async def _shows(self, request: web.Request) -> web.Response:
        return _html(request.query["html"])

    async def _redirect(self, request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.query["to"]})

    async def _endless(self, request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/endless-redirect"})

    async def _never(self, request: web.Request) -> web.Response:
        await asyncio.sleep(600)
        return _html("")

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        while True:
            await response.write(b"<p>x")
            await asyncio.sleep(0.2)

    async def _endless_file(self, request: web.Request) -> web.StreamResponse:
        """Twenty megabytes a second, as long as they are taken."""
        response = web.StreamResponse(headers={"Content-Disposition": "attachment; filename=y.zip"})
        response.content_type = "application/zip"
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(bytes(2**20))
                self.taken += 2**20
                await asyncio.sleep(0.05)
        return response

    async def _file(self, request: web.Request) -> web.Response:
        headers = {"Content-Disposition": "attachment; filename=x.zip"}
        return web.Response(body=b"PK" * 500, content_type="application/zip", headers=headers)

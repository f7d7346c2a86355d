"""A small web whose pages ask for one thing of each kind that an archive has to hold."""

import asyncio
import gzip

import brotli
from aiohttp import web

from tests.crawl.web import TwoOrigins

SCRIPT = b"/* a script */ document.title = 'run';" + b" " * 500
STYLE = b"p { color: red }"
LARGE = bytes(range(256)) * 800  # 204,800 bytes: over the cap of the test
POSTED = "a=1&b=\u00fc".encode()
IMAGE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060"
    "000000050001a5f645400000000049454e44ae426082"
)
HUGE = "h" * 60_000
ODD = [
    b"X-Latin: caf\xe9",
    b"X-Utf: caf\xc3\xa9",
    b"X-Forged: WARC/1.1 WARC-Type: warcinfo",
    b"X-Empty:",
    b"X-Huge: " + HUGE.encode(),
    b"Set-Cookie: a=1",
    b"Set-Cookie: b=2",
]

PAGE = """<!doctype html><title>x</title><link rel=icon href=data:,>
<link rel=stylesheet href=/style.css><script src=/script.js></script>
<img src=/one.png><img src=/two.png><iframe src="{other}/frame"></iframe><script>
(async () => {
  const quiet = (promise) => promise.then((answer) => answer.text()).catch(() => 0);
  await quiet(fetch("/redirect/1"));
  await quiet(fetch("/post", { method: "POST", body: new URLSearchParams("a=1&b=\u00fc") }));
  await quiet(fetch("{other}/put", { method: "PUT", headers: { "X-Own": "1" }, body: "put" }));
  await quiet(fetch("/cached"));
  await quiet(fetch("/cached"));
  await quiet(fetch("/revalidated"));
  await quiet(fetch("/revalidated", { cache: "no-cache" }));
  await quiet(fetch("/large"));
  await quiet(fetch("/broken"));
  await quiet(fetch("/nothing"));
  await quiet(fetch("{hostile}/"));
  await quiet(fetch("{closed}/"));
  new Worker("/worker.js");
  new EventSource("/events");
  await navigator.serviceWorker.register("/service_worker.js");
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller)
    await new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done));
  await quiet(fetch("/by-service-worker"));
  const socket = new WebSocket("ws" + "{base}".slice(4) + "/socket");
  socket.onopen = () => socket.send("hello");
  socket.onmessage = () => socket.close(1000);
  socket.onclose = () => quiet(fetch("/done"));
})();
</script>"""
SERVICE_WORKER = """addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  if (event.request.url.endsWith("/by-service-worker")) event.respondWith(new Response("made by the worker"));
});"""


class RecordedWeb(TwoOrigins):
    """Serves the page at ``/page``. The origin ``hostile`` answers with odd headers, ``closed`` does not."""

    hostile = closed = ""

    @property
    def page(self) -> str:
        """URL of the page."""
        return f"{self.base}/page"

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/socket", self._socket)
        app.router.add_get("/events", self._events)
        app.router.add_route("*", "/{name:.*}", self._answer)
        return app

    async def _start(self) -> None:
        await super()._start()
        server = await asyncio.start_server(self._odd, "127.0.0.1", 0)
        self.hostile = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        unused = await asyncio.start_server(self._odd, "127.0.0.1", 0)
        self.closed = f"http://127.0.0.1:{unused.sockets[0].getsockname()[1]}"
        unused.close()
        await unused.wait_closed()

    async def _odd(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Headers whose values are no UTF-8, huge, or look like the beginning of a record."""
        await reader.readuntil(b"\r\n\r\n")
        lines = [b"HTTP/1.1 200 A reason \xff", b"Access-Control-Allow-Origin: *", b"Content-Length: 3", *ODD]
        writer.write(b"\r\n".join([*lines, b"", b"odd"]))
        await writer.drain()
        writer.close()

    async def _answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.asked[name] += 1
        allow = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "X-Own"}
        if name == "page":
            values = {"base": self.base, "other": self.other, "hostile": self.hostile, "closed": self.closed}
            text = PAGE
            for key, value in values.items():
                text = text.replace(f"{{{key}}}", value)
            return _coded(gzip.compress(text.encode()), "text/html; charset=utf-8", "gzip")
        if name == "script.js":
            return _coded(brotli.compress(SCRIPT), "text/javascript", "br")
        if name.startswith("redirect/"):
            following = {"redirect/1": "/redirect/2", "redirect/2": "/target"}
            return web.Response(status=302, headers={"Location": following[name]})
        if name == "put":
            body = "" if request.method == "OPTIONS" else "put"
            return web.Response(text=body, headers=allow | {"Access-Control-Allow-Methods": "PUT"})
        if name == "revalidated":
            if "If-None-Match" in request.headers:
                return web.Response(status=304, headers={"ETag": '"1"'})
            return web.Response(text="validated", headers={"ETag": '"1"', "Cache-Control": "no-cache"})
        if name == "broken":
            return _coded(b"no gzip", "text/plain", "gzip")
        if name == "nothing":
            return web.Response(status=204)
        return self._plain(name)

    def _plain(self, name: str) -> web.Response:
        kind, body = {
            "style.css": ("text/css", STYLE),
            "one.png": ("image/png", IMAGE),
            "two.png": ("image/png", IMAGE),
            "frame": ("text/html", b"<!doctype html><p>a frame"),
            "cached": ("text/plain", b"cached"),
            "large": ("application/octet-stream", LARGE),
            "worker.js": ("text/javascript", b"navigator.userAgent"),
            "service_worker.js": ("text/javascript", SERVICE_WORKER.encode()),
        }.get(name, ("text/plain", name.encode()))
        headers = {"Cache-Control": "max-age=600" if name == "cached" else "no-store"}
        return web.Response(body=body, content_type=kind, headers=headers)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: first\n\n")
        while request.transport and not request.transport.is_closing():  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.1)
        return response

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(f"echo {message.data}")
        return socket


def _coded(body: bytes, kind: str, encoding: str) -> web.Response:
    return web.Response(body=body, headers={"Content-Type": kind, "Content-Encoding": encoding})

"""Hostile pages for tests of the crawl. No front page links to them, so they are not seeds of the demo."""

import asyncio

from overscripted.demo.documents import Document
from overscripted.demo.faults import DRIP, GARBAGE, RESET, SILENCE, TRUNCATED
from overscripted.demo.http_messages import Response
from overscripted.demo.planted import Code, calls
from overscripted.demo.settings import SLOW_S
from overscripted.demo.world import World

DOMAIN = "hostile-thicket.net"
_READ = calls("userAgent")

# Subdomain -> code of its page, which runs after a read of navigator.userAgent.
_SCRIPTS = {
    "loop": "for (;;) {}",
    "late-loop": "setTimeout(function () { for (;;) {} }, 300);",
    "call-loop": "for (;;) { document.cookie; }",
    "call-flood": "setInterval(function () { for (var i = 0; i < 1e4; i++) { document.cookie; } }, 10);",
    "alerts": "for (;;) { alert('still here'); }",
    "prompts": "setInterval(function () { prompt('your name?'); confirm('sure?'); print(); }, 50);",
    "memory": "var hoard = []; setInterval(function () { hoard.push(new Uint8Array(5e7).fill(1)); }, 20);",
    "popups": "setInterval(function () { window.open('about:blank'); }, 20);",
    "iframes": "for (var i = 0; i < 100000; i++) "
    "{ document.body.appendChild(document.createElement('iframe')); }",
    "beforeunload": "onbeforeunload = function (event) { event.preventDefault(); return 'stay'; };",
    "history": "setInterval(function () { for (var i = 0; i < 500; i++) "
    "{ history.pushState(i, '', '?' + i); } }, 10);",
    "reload": "setTimeout(function () { location.reload(); }, 10);",
    "close": "setInterval(function () { window.close(); }, 50);",
    "away": "setTimeout(function () { location = 'https://elsewhere.hostile-thicket.net/'; }, 50);",
    "huge-dom": "var html = ''; for (var i = 0; i < 400000; i++) { html += '<p>' + i; } "
    "document.body.innerHTML = html;",
    "huge-values": "setInterval(function () { document.cookie = 'a=' + 'x'.repeat(5e6); }, 50);",
    "recursion": "function down() { navigator.platform; down(); } try { down(); } catch (e) {}",
    "storage": "for (var i = 0; i < 5000; i++) "
    "{ try { localStorage['k' + i] = 'x'.repeat(5000); } catch (e) {} }",
    "workers": "for (var i = 0; i < 64; i++) { new Worker(URL.createObjectURL(new Blob(['for(;;){}']))); }",
    "download": "setInterval(function () { var a = document.createElement('a'); a.href = '/file.bin'; "
    "a.download = 'file.bin'; a.click(); }, 100);",
    "external": "setInterval(function () { location = 'zoommtg://join'; location = 'mailto:a@b.example'; "
    "}, 100);",
    "permissions": "navigator.geolocation.getCurrentPosition(function () {}); "
    "Notification.requestPermission();",
    "private": "fetch('http://127.0.0.1:22/'); fetch('http://169.254.169.254/latest/'); new Image().src = "
    "'http://[::ffff:10.0.0.1]/';",
    "elsewhere": "",
}


def add(world: World) -> None:
    """Add the hosts below `DOMAIN`: hostile scripts, and servers that fail."""
    for name, js in _SCRIPTS.items():
        page = Document(f"https://{name}.{DOMAIN}/", f"Hostile: {name}", seed=False).inline(_READ)
        world.page(page.inline(Code(js)))
    for name, answer in (
        ("reset", RESET),
        ("garbage", GARBAGE),
        ("silence", SILENCE),
        ("truncated", TRUNCATED),
        ("drip", DRIP),
        ("gigabytes", Response(raw=_gigabytes)),
        ("file", Response(200, b"\x00" * 65536, "application/octet-stream")),
        ("attachment", Response(200, b"<p>", headers={"Content-Disposition": "attachment; filename=a.html"})),
        ("redirects", Response(302, headers={"Location": "/"})),
    ):
        world.route(f"https://{name}.{DOMAIN}/", answer)
    world.route(
        f"https://download.{DOMAIN}/file.bin", Response(200, b"\x00" * 65536, "application/octet-stream")
    )
    _nesting(world)


def _nesting(world: World) -> None:
    """A page that frames itself with a new query each time."""
    page = Document(f"https://nesting.{DOMAIN}/", "Hostile: nesting", seed=False).inline(_READ)
    page.add("<script>document.write('<iframe src=\"?' + Math.random() + '\"></iframe>');</script>")
    world.page(page)


async def _gigabytes(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<p>")
    deadline = asyncio.get_running_loop().time() + SLOW_S
    while asyncio.get_running_loop().time() < deadline:
        writer.write(b"more and more " * 5000)
        await writer.drain()

"""Pages that talk with servers for as long as they are open: by WebSocket and by server-sent events."""

from overscripted import websockets
from overscripted.demo.documents import Document, Script
from overscripted.demo.http_messages import Response
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import NOTHING, calls
from overscripted.demo.sites.directory import ORIGIN
from overscripted.demo.world import World

_DESK = ORIGIN["support.gadgetbarn-shop.com"]
_NEWS = ORIGIN["live.harbourlight-news.com"]
_SOCKET = f"wss{_DESK.removeprefix('https')}/desk"

# Says its name in text and in bytes. The server answers and closes.
_TALK = """var socket = new WebSocket('%s');
socket.onopen = function () {
  socket.send('caf\\u00e9');
  socket.send(new Uint8Array([0, 255, 7]));
};"""
_TALKED = [
    ("sent", "text", "café", 5, None),
    ("sent", "binary", None, 3, None),
    ("received", "text", "You said: café", 15, None),
    ("received", "close", "goodbye", 9, 4000),
    ("sent", "close", "goodbye", 9, 4000),
]


def add(world: World) -> None:
    """Add a page that talks, one whose worker talks, one that listens, and one that is refused."""
    world.talk(_SOCKET, _answer)
    _talks(world)
    _worker_talks(world)
    _listens(world)
    _refused(world)


def _answer(opcode: int, payload: bytes) -> list[tuple[int, bytes]]:
    if opcode == websockets.TEXT:
        return [(websockets.TEXT, b"You said: " + payload)]
    return [(websockets.CLOSE, (4000).to_bytes(2, "big") + b"goodbye")]


def _expect(page: Document, url: str = _SOCKET) -> Document:
    names = ("direction", "opcode", "data", "size", "close_code")
    rows = [{"url": url, "frame_id": 0, **dict(zip(names, row, strict=True))} for row in _TALKED]
    return page.expect("websocket_messages", *rows).expect("server_sent_events")


def _talks(world: World) -> None:
    page = Document(f"{_DESK}/chat", "Talk to us").add(paragraph("chat")).inline(calls("userAgent"))
    world.page(_expect(page.add(f"<script>{_TALK % _SOCKET}</script>")))


def _worker_talks(world: World) -> None:
    worker = Script(f"{_DESK}/chat-worker.js", NOTHING, after=_TALK % _SOCKET)
    world.script(worker)
    page = Document(f"{_DESK}/chat-in-the-background", "Talk to us").inline(calls("language"))
    world.page(_expect(page.add(f"<script>window.helper = new Worker('{worker.url}');</script>")))


def _listens(world: World) -> None:
    """Two events, then the stream ends. Firefox would ask again in ten minutes."""
    url = f"{_NEWS}/ticker"
    body = "retry: 600000\ndata: Ferry delayed\n\nevent: goal\nid: 7\ndata: 2\ndata: 1\n\n: no event\n\n"
    headers = {"Cache-Control": "no-store"}
    world.route(url, Response(200, body.encode(), "text/event-stream", headers))
    page = Document(f"{_NEWS}/now", "As it happens").add(paragraph("now")).inline(calls("cookie"))
    page.add(f"<script>var source = new EventSource('{url}'); source.onmessage = function () {{}};</script>")
    names = ("event", "event_id", "data", "data_len")
    for row in (("message", "", "Ferry delayed", 13), ("goal", "7", "2\n1", 3)):
        values = {"url": url, "frame_id": 0, **dict(zip(names, row, strict=True))}
        page.expect("server_sent_events", values)
    world.page(page.expect("websocket_messages"))


def _refused(world: World) -> None:
    """The same requests, without a socket and without a stream."""
    page = Document(f"{_NEWS}/later", "As it happened").add(paragraph("later")).inline(calls("referrer"))
    page.add(f"""<script>
new WebSocket('wss://{_NEWS.removeprefix("https://")}.invalid/');
new EventSource('{_NEWS}/now');
fetch('{_NEWS}/ticker');
</script>""")
    world.page(page.expect("server_sent_events").expect("websocket_messages"))

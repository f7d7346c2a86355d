"""What the test web says in WebSockets and in streams of events."""

import asyncio
import contextlib

from aiohttp import WSMsgType, web

CLOSE = 0x8
FIRST, PING, MIDDLE, LAST = 0x01, 0x89, 0x00, 0x80  # first bytes of frames of a text in pieces


def _frame(head: int, payload: bytes) -> bytes:
    return bytes([head, len(payload)]) + payload


async def socket(request: web.Request) -> web.StreamResponse:
    """Echo each message. Some texts are commands. ``?compress``: permessage-deflate.

    - ``fragments``: answer in three pieces with a ping between them.
    - ``close``: close with a code and reason; ``close-empty``: without.
    - ``close-wrong``: close with a reason that is no UTF-8.
    - ``drop``: end the connection without a word.
    - ``flood N``: send N messages, ``0`` to ``N - 1``.
    """
    it = web.WebSocketResponse(compress="compress" in request.query, protocols=("chat",), autoping=True)
    await it.prepare(request)
    raw = request.transport
    assert raw is not None
    async for message in it:
        word, _, more = str(message.data).partition(" ") if message.type == WSMsgType.TEXT else ("", "", "")
        if word == "fragments":
            raw.write(_frame(FIRST, b"one-") + _frame(PING, b"\xff\x00") + _frame(MIDDLE, b"two-"))
            raw.write(_frame(LAST, b"three"))
        elif word == "close":
            await it.close(code=4001, message=b"bye")
        elif word in ("close-empty", "close-wrong"):
            raw.write(_frame(0x80 | CLOSE, b"" if word == "close-empty" else b"\x03\xe8\xff"))
        elif word == "drop":
            raw.abort()
        elif word == "flood":
            await _flood(raw, int(more))
        elif message.type == WSMsgType.TEXT:
            await it.send_str(f"echo {message.data}")
        else:
            await it.send_bytes(message.data)
    return it


async def megabytes(request: web.Request) -> web.StreamResponse:
    """Send six messages of 50 MB."""
    it = web.WebSocketResponse(compress=False)
    await it.prepare(request)
    for _ in range(6):
        await it.send_bytes(bytes(50_000_000))
    async for _ in it:
        pass
    return it


async def _flood(raw: asyncio.Transport, n: int) -> None:
    for begin in range(0, n, 1000):
        numbers = range(begin, min(begin + 1000, n))
        raw.write(b"".join(_frame(FIRST | LAST, str(number).encode()) for number in numbers))
        await asyncio.sleep(0)
        while raw.get_write_buffer_size() > 2**20:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


EVENTS = (
    b"\xef\xbb\xbf: a comment\n\n",
    b"data: first\n\n",
    b"event: named\nid: 7\ndata: two\ndata:  lines\n\n",
    b"data:\n\nid: 8\n\n",
    "data: é\u2028 😀\r\n\r\n".encode(),
    b"data: broken \xff\n\n",
    b"data: in\n",
    b"retry: 20\n\n",
    b"data: the end\n\n",
    b"data: after it\n\ndata: never whole",
)


async def stream(request: web.Request, *parts: bytes) -> web.StreamResponse:
    """A stream of events that stays open. ``?gzip``: compressed."""
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    if "gzip" in request.query:
        answer.enable_compression(web.ContentCoding.gzip)
    await answer.prepare(request)
    with contextlib.suppress(ConnectionError):
        for part in parts:
            await answer.write(part)
        if "gzip" not in request.query:
            await asyncio.Event().wait()
    return answer


async def events(request: web.Request) -> web.StreamResponse:
    """`EVENTS`. ``?twice``: a first connection ends after five of them."""
    if "twice" in request.query and "Last-Event-ID" not in request.headers:
        return web.Response(body=b"".join(EVENTS[:5]) + b"retry: 20\n\n", content_type="text/event-stream")
    return await stream(request, *EVENTS)

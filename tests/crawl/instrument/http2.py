"""The least of a server of HTTP/2 (RFC 9113): each request gets the same page."""

import asyncio
import struct

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _SETTINGS, _PING, _GOAWAY, _CONTINUATION = 0, 1, 4, 6, 7, 9
_END_STREAM, _ACK, _END_HEADERS = 1, 1, 4
# In HPACK (RFC 7541): `:status: 200`, and `content-type: text/html` with a name of the static table.
_HEAD = b"\x88" + b"\x0f\x10" + bytes([9]) + b"text/html"
PAGE = b"<!doctype html><title>h2</title>h2"


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request of a connection until it ends."""
    assert await reader.readexactly(len(_PREFACE)) == _PREFACE
    _send(writer, _SETTINGS, 0, 0, b"")
    while True:
        kind, flags, stream, payload = await _frame(reader)
        if kind == _SETTINGS and not flags & _ACK:
            _send(writer, _SETTINGS, _ACK, 0, b"")
        elif kind == _PING and not flags & _ACK:
            _send(writer, _PING, _ACK, 0, payload)
        elif kind in (_HEADERS, _CONTINUATION) and flags & _END_HEADERS:
            _send(writer, _HEADERS, _END_HEADERS, stream, _HEAD)
            _send(writer, _DATA, _END_STREAM, stream, PAGE)
        elif kind == _GOAWAY:
            return
        await writer.drain()


async def _frame(reader: asyncio.StreamReader) -> tuple[int, int, int, bytes]:
    head = await reader.readexactly(9)
    size, kind, flags, stream = int.from_bytes(head[:3]), head[3], head[4], int.from_bytes(head[5:])
    return kind, flags, stream, await reader.readexactly(size)


def _send(writer: asyncio.StreamWriter, kind: int, flags: int, stream: int, payload: bytes) -> None:
    writer.write(struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream))
    writer.write(payload)

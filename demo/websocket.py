"""The server's side of WebSockets (RFC 6455): accept one, and answer its messages."""

import asyncio
import base64
import hashlib
from collections.abc import Callable

from overscripted.demo.http_messages import RequestHead
from overscripted.demo.settings import MAX_BODY

TEXT, BINARY, CLOSE = 0x1, 0x2, 0x8  # opcodes
NORMAL = (1000).to_bytes(2, "big")  # the code of a normal end

# What a server sends for a message: opcode and payload of each message. Called with those of the client's.
Talk = Callable[[int, bytes], list[tuple[int, bytes]]]


def silent(opcode: int, payload: bytes) -> list[tuple[int, bytes]]:
    """Answer nothing."""
    return []


async def serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: RequestHead, talk: Talk
) -> None:
    """Accept a WebSocket and answer its messages until the client closes it or ``talk`` does."""
    key = head.headers.get("sec-websocket-key", "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
    )
    await writer.drain()
    closed = False
    while True:
        opcode, payload = await _read(reader)
        if opcode == CLOSE:
            break
        for answer in talk(opcode, payload):
            writer.write(_frame(*answer))
            closed |= answer[0] == CLOSE
        await writer.drain()
    if not closed:
        writer.write(_frame(CLOSE, NORMAL))
        await writer.drain()


def _frame(opcode: int, payload: bytes) -> bytes:
    """A whole message of a server, of at most 125 bytes."""
    assert len(payload) <= 125, "longer ones have a longer head"
    return bytes([0x80 | opcode, len(payload)]) + payload


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The opcode and payload of a client's next message, which is in one piece."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size >= 126:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    if size > MAX_BODY:
        return CLOSE, b""
    mask = await reader.readexactly(4)
    masked = await reader.readexactly(size)
    return first & 0x0F, bytes(byte ^ mask[i % 4] for i, byte in enumerate(masked))

"""The server's side of WebSockets (RFC 6455): accept one, write and read messages."""

import asyncio
import base64
import hashlib

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA  # opcodes
NORMAL = (1000).to_bytes(2, "big")  # the code of a normal end
_CONTINUED = 0x0
_LAST = 0x80


def acceptance(key: str, protocol: str = "") -> bytes:
    """The response that accepts a WebSocket. ``key`` is the client's Sec-WebSocket-Key."""
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    chosen = f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol.isprintable() and protocol else ""
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + f"{chosen}Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\n\r\n".encode(
            "latin-1", "replace"
        )
    )


def message(opcode: int, payload: bytes) -> bytes:
    """A whole message of a server."""
    size = len(payload)
    if size < 126:
        length = bytes([size])
    else:
        length = b"\x7e" + size.to_bytes(2, "big") if size < 2**16 else b"\x7f" + size.to_bytes(8, "big")
    return bytes([_LAST | opcode]) + length + payload


async def read(reader: asyncio.StreamReader, most: int) -> tuple[int, bytes]:
    """The opcode and payload of a client's next message; its parts are joined.

    One of more than ``most`` bytes counts as the client's end. Raises EOFError where the connection ends.
    """
    opcode, whole = _CONTINUED, b""
    while True:
        first, payload = await _frame(reader, most - len(whole))
        if first & 0x0F >= CLOSE:  # may come between the parts of a message
            return first & 0x0F, payload
        opcode, whole = first & 0x0F or opcode, whole + payload
        if first & _LAST:
            return opcode, whole


async def _frame(reader: asyncio.StreamReader, most: int) -> tuple[int, bytes]:
    """The first byte and the payload of a client's next frame."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size >= 126:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    if size > most:
        return CLOSE, b""
    mask = await reader.readexactly(4)
    masked = await reader.readexactly(size)
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return first, (int.from_bytes(masked, "big") ^ key).to_bytes(size, "big")

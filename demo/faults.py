"""Ways for a server to fail: responses that write to the connection themselves."""

import asyncio

from overscripted.demo.http_messages import Response
from overscripted.demo.settings import SLOW_S


async def _reset(writer: asyncio.StreamWriter) -> None:
    transport = writer.transport
    transport.abort()


async def _garbage(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xff\x13 this is what a modem sounds like\r\n" * 50)
    await writer.drain()


async def _silence(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(SLOW_S)


async def _truncate(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n<p>To be cont")
    await writer.drain()


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<p>")
    for _ in range(int(SLOW_S * 2)):
        writer.write(b"drip ")
        await writer.drain()
        await asyncio.sleep(0.5)


RESET = Response(raw=_reset)  # the connection is reset before any response
GARBAGE = Response(raw=_garbage)  # the bytes are not HTTP
SILENCE = Response(raw=_silence)  # no byte is sent
TRUNCATED = Response(raw=_truncate)  # the body is shorter than its Content-Length
DRIP = Response(raw=_drip)  # a response without end, one word at a time

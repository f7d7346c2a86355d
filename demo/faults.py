"""Ways for a server to fail: answers that write to the connection themselves."""

import asyncio

from overscripted.demo.settings import SLOW_S
from overscripted.demo.wire import Answer


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


RESET = Answer(raw=_reset)  # the connection is cut before any answer
GARBAGE = Answer(raw=_garbage)  # what comes is not HTTP
SILENCE = Answer(raw=_silence)  # nothing comes
TRUNCATED = Answer(raw=_truncate)  # less comes than was announced
DRIP = Answer(raw=_drip)  # it never ends, a word at a time

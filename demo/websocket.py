"""The demo web's WebSockets: accept one, and answer its messages."""

import asyncio
from collections.abc import Callable

from overscripted.demo.http_messages import RequestHead
from overscripted.demo.settings import MAX_BODY
from overscripted.websockets import CLOSE, NORMAL, acceptance, message, read

# What a server sends for a message: opcode and payload of each message. Called with those of the client's.
Talk = Callable[[int, bytes], list[tuple[int, bytes]]]


def silent(opcode: int, payload: bytes) -> list[tuple[int, bytes]]:
    """Answer nothing."""
    return []


async def serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: RequestHead, talk: Talk
) -> None:
    """Accept a WebSocket and answer its messages until the client closes it or ``talk`` does."""
    writer.write(acceptance(head.headers.get("sec-websocket-key", "")))
    await writer.drain()
    closed = False
    while True:
        opcode, payload = await read(reader, MAX_BODY)
        if opcode == CLOSE:
            break
        for answer in talk(opcode, payload):
            writer.write(message(*answer))
            closed |= answer[0] == CLOSE
        await writer.drain()
    if not closed:
        writer.write(message(CLOSE, NORMAL))
        await writer.drain()

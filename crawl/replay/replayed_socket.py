"""Gives the server's messages of a captured WebSocket, each after as many of the page's as came before it."""

import asyncio
import base64
import binascii
from collections.abc import Sequence
from typing import Any

from overscripted.crawl.replay import settings
from overscripted.text import clean
from overscripted.websockets import BINARY, CLOSE, NORMAL, PING, PONG, TEXT, message, read

_OPCODES = {"text": TEXT, "binary": BINARY}
_MAX_REASON = 123  # bytes of the reason of an end


async def talk(
    messages: Sequence[dict[str, Any]], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Talk as captured, then wait for the page's end. ``messages`` are those of the archive.

    Raises EOFError where the connection ends, TimeoutError where the page says nothing for FRAME_WAIT_S.
    """
    for one in messages:
        opcode, sent = str(one.get("opcode")), one.get("direction") == "sent"
        if opcode == "close" and not sent:
            writer.write(message(CLOSE, _end(one)))
            await writer.drain()
        elif opcode in _OPCODES and sent:
            if not await _heard(reader, writer):
                return
        elif opcode in _OPCODES:
            writer.write(message(_OPCODES[opcode], _payload(one)))
            await writer.drain()
    while await _heard(reader, writer):
        pass


async def _heard(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Wait for a message of the page. False where it ends the socket. Raises as `talk` does."""
    async with asyncio.timeout(settings.FRAME_WAIT_S):
        while True:
            opcode, payload = await read(reader, settings.MAX_FRAME)
            if opcode == CLOSE:
                writer.write(message(CLOSE, payload[:2] or NORMAL))
                return False
            if opcode == PING:
                writer.write(message(PONG, payload[:125]))
            elif opcode != PONG:
                return True


def _payload(one: dict[str, Any]) -> bytes:
    if one.get("opcode") == "text":
        return clean(str(one.get("data") or "")).encode()
    try:
        return base64.b64decode(str(one.get("base64") or ""))
    except (binascii.Error, ValueError):
        return b""


def _end(one: dict[str, Any]) -> bytes:
    """The payload of an end: its code and reason."""
    code = one.get("close_code")
    if not isinstance(code, int) or not 1000 <= code < 5000 or code in (1004, 1005, 1006, 1015):
        return b""
    reason = clean(str(one.get("data") or "")).encode()[:_MAX_REASON].decode("utf-8", "ignore")
    return code.to_bytes(2, "big") + reason.encode()

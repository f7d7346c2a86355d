"""The websocket that the extension of each browser reports to, on loopback, behind a secret token."""

import asyncio
import contextlib
import hmac
import json
import logging
import secrets
from collections import Counter
from typing import Any

from aiohttp import WSMsgType, web

from crawl import settings
from crawl.records import Records
from crawl.writer import Writer

log = logging.getLogger("overscripted.crawl.collector")

_HELLO_TIMEOUT_S = 10.0


class Link:
    """The connection to one browser's extension. `connected` is set while there is one."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(32)
        self.connected = asyncio.Event()
        self.lost = asyncio.Event()
        self.refused: Counter[str] = Counter()
        self._socket: web.WebSocketResponse | None = None
        self._bound: dict[str, tuple[Records, asyncio.Future[str]]] = {}
        self._records: dict[str, Records] = {}
        self._flushes: dict[str, asyncio.Future[dict[str, Any]]] = {}

    def expect(self, records: Records) -> tuple[str, asyncio.Future[str]]:
        """A token for one visit, and its cookie store once the extension has bound it."""
        token = secrets.token_hex(16)
        bound: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._bound[token] = (records, bound)
        return token, bound

    def forsake(self, token: str) -> None:
        """The visit of this token will not be bound any more."""
        self._bound.pop(token, None)

    async def flush(self, store: str) -> dict[str, Any]:
        """Ask for everything that the extension has of a store; its ``flushed`` message."""
        number = secrets.token_hex(8)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._flushes[number] = answer
        try:
            await self._send({"type": "flush", "id": number, "store": store})
            return await answer
        finally:
            del self._flushes[number]

    async def forget(self, store: str) -> None:
        """The visit has ended; nothing more of this store is taken."""
        self._records.pop(store, None)
        await self._send({"type": "forget", "store": store})

    def take(self, message: dict[str, Any], size: int) -> None:
        """Deal with one message."""
        kind = message.get("type")
        store = message.get("store")
        if kind == "bind":
            self._bind(message)
        elif kind == "flushed":
            answer = self._flushes.get(str(message.get("id")))
            if answer and not answer.done():
                answer.set_result(message)
        elif isinstance(kind, str) and isinstance(store, str) and (records := self._records.get(store)):
            records.take(message, size)
        else:
            self.refused[f"{kind} of no visit"[:40]] += 1

    def _bind(self, message: dict[str, Any]) -> None:
        known = self._bound.pop(str(message.get("visit")), None)
        store, tab = message.get("store"), message.get("tab")
        if known is None or not isinstance(store, str) or not isinstance(tab, int) or store in self._records:
            self.refused["bind"] += 1
            return
        records, bound = known
        records.tab = tab
        self._records[store] = records
        if not bound.done():
            bound.set_result(store)

    async def _send(self, message: dict[str, Any]) -> None:
        if self._socket is not None and not self._socket.closed:
            with contextlib.suppress(OSError):  # it has just gone, which `lost` tells
                await self._socket.send_str(json.dumps(message))


class Collector:
    """Listens on a free port of 127.0.0.1; hands each connection that knows a token to its link."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._links: dict[str, Link] = {}
        self.port = 0
        self.refused = 0

    async def start(self) -> None:
        """Begin to listen."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._accept)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close all."""
        for link in self._links.values():
            if link._socket is not None:
                await link._socket.close()
        await self._runner.cleanup()

    def link(self) -> Link:
        """A link for a browser that is about to start."""
        link = Link()
        self._links[link.token] = link
        return link

    def unlink(self, link: Link) -> None:
        """The browser has ended; its token is worth nothing now."""
        self._links.pop(link.token, None)

    async def _accept(self, request: web.Request) -> web.StreamResponse:
        # A page can reach this port. It learns no more than from any closed one: no body, no header
        # that would let it read the answer, and no websocket, for its Origin is not an extension's.
        if not request.headers.get("Origin", "").startswith("moz-extension://"):
            self.refused += 1
            return web.Response(status=404)
        socket = web.WebSocketResponse(max_msg_size=settings.MAX_MESSAGE_BYTES, compress=False)
        if not socket.can_prepare(request).ok:
            self.refused += 1
            return web.Response(status=404)
        await socket.prepare(request)
        link = await self._greet(socket)
        if link is None:
            self.refused += 1
            await socket.close(code=1008)
            return socket
        await self._serve(link, socket)
        return socket

    async def _greet(self, socket: web.WebSocketResponse) -> Link | None:
        try:
            async with asyncio.timeout(_HELLO_TIMEOUT_S):
                hello = json.loads(await socket.receive_str())
            token = str(hello["token"]) if hello["type"] == "hello" else ""
        except (TimeoutError, TypeError, ValueError, KeyError):
            return None
        # Compared in constant time: a page on this machine may try as often as it likes.
        for known, link in self._links.items():
            if hmac.compare_digest(known.encode(), token.encode("utf-8", "replace")):
                return link if link._socket is None else None
        return None

    async def _serve(self, link: Link, socket: web.WebSocketResponse) -> None:
        link._socket = socket
        await socket.send_str('{"type": "welcome"}')
        link.connected.set()
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    await self._writer.room()  # a full buffer holds the browser back, it loses nothing
                    self._read(link, message.data)
        finally:
            link.connected.clear()
            link.lost.set()

    def _read(self, link: Link, data: str) -> None:
        try:
            message = json.loads(data)
        except (ValueError, RecursionError):
            link.refused["not JSON"] += 1
            return
        if isinstance(message, dict):
            link.take(message, len(data))

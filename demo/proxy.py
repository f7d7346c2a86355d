"""The forward proxy of one vantage point. It answers for every host of the demo web itself.

HTTP arrives as absolute-form requests, HTTPS through CONNECT. The proxy ends TLS with a certificate for the
requested host. For an unknown host it answers 502, as a proxy does if DNS fails.
"""

import asyncio
from collections import Counter
from typing import Protocol
from urllib.parse import urlsplit

from overscripted.certificates import Authority
from overscripted.connections import Server
from overscripted.demo import websocket
from overscripted.demo.http_messages import Request, RequestHead, Response, read_head, skip_body, split_target
from overscripted.demo.settings import MAX_HEAD

_UNKNOWN = Response(502, b"no such host in the demo web\n", "text/plain")


class Hosts(Protocol):
    """The hosts that a proxy answers for: `overscripted.demo.world.World`, and the archive of the tests."""

    def serves(self, scheme: str, host: str) -> bool:
        """Whether a request of this scheme reaches the host."""

    def tls_fault(self, host: str) -> str:
        """How the host's TLS fails; empty if it works."""

    def answer(self, request: Request) -> Response:
        """The response to a request for a host that `serves` accepts."""

    def talker(self, host: str, path: str) -> websocket.Talk:
        """What answers the messages of a WebSocket."""


class Proxy(Server):
    """A proxy on a free port of 127.0.0.1. ``request_counts`` has its requests by URL."""

    limit = MAX_HEAD

    def __init__(self, vantage: str, world: Hosts, authority: Authority) -> None:
        super().__init__()
        self.vantage = vantage
        self.request_counts: Counter[str] = Counter()
        self._world = world
        self._authority = authority

    @property
    def url(self) -> str:
        """The proxy's URL for clients."""
        assert self.port, "not started"
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._answers(reader, writer, "http", "")

    async def _answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, scheme: str, host: str
    ) -> None:
        """Answer requests until the connection ends. ``host`` is set inside a CONNECT tunnel."""
        while head := await read_head(reader):
            if head.method == "CONNECT" and not host:
                await self._tunnel(reader, writer, head)
                return
            if head.headers.get("upgrade", "").lower() == "websocket":
                await websocket.serve(reader, writer, head, self._world.talker(host, head.target))
                return
            keep = await skip_body(reader, head)
            keep = keep and head.headers.get("connection", "").lower() != "close"
            answer = self._answer(head, scheme, host or (urlsplit(head.target).hostname or ""))
            if answer.raw:
                await answer.raw(writer)
                return
            writer.write(answer.head(keep) + (b"" if head.method == "HEAD" else answer.body))
            await writer.drain()
            if not keep:
                return

    def _answer(self, head: RequestHead, scheme: str, host: str) -> Response:
        host = host.lower()
        if not self._world.serves(scheme, host):
            return _UNKNOWN
        path, query = split_target(head.target)
        url = f"{scheme}://{host}{path}" + (f"?{query}" if query else "")
        self.request_counts[url] += 1
        return self._world.answer(
            Request(
                head.method, scheme, host, path, query, head.headers, self.vantage, self.request_counts[url]
            )
        )

    async def _tunnel(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: RequestHead
    ) -> None:
        host, _, port = head.target.lower().rpartition(":")
        fault = self._world.tls_fault(host)
        plain = port == "80" and self._world.serves("http", host)  # a browser's ws:// through a proxy
        if not plain and (port != "443" or not (fault or self._world.serves("https", host))):
            writer.write(_UNKNOWN.head(False) + _UNKNOWN.body)
            await writer.drain()
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        if plain:
            await self._answers(reader, writer, "http", host)
            return
        if fault == "garbage":
            await reader.read(MAX_HEAD)  # the client's hello; after it the client reads our bytes
            writer.write(b"220 this is no TLS at all\r\n" * 1000)  # longer than any TLS record
            await writer.drain()
            await reader.read(MAX_HEAD)
            return
        await writer.start_tls(self._authority.context("somebody-else.invalid" if fault else host))
        await self._answers(reader, writer, "https", host)

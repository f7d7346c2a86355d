"""The only thing that a replay's Firefox connects to: a SOCKS proxy on loopback that answers from archives.

It ends TLS itself, with an authority that only this replay's browsers trust. Nothing is ever forwarded. Each
connection says in its login which container it is of: Firefox's parent process writes it, and no page can.
"""

import asyncio
import hashlib
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import h11

from overscripted import websockets
from overscripted.certificates import Authority
from overscripted.connections import Server
from overscripted.crawl.network import socks
from overscripted.crawl.records.rows import Records
from overscripted.crawl.replay import replayed_socket, settings
from overscripted.crawl.replay.answers import (
    FAILURE,
    MISS,
    NO_ORIGIN,
    NO_RESPONSE,
    PREFLIGHT,
    WEBSOCKET,
    Answers,
    VisitReplay,
)
from overscripted.crawl.replay.index import Socket
from overscripted.crawl.replay.matching import Asked, normal
from overscripted.crawl.replay.responses import Response
from overscripted.record_kinds.replayed_requests import REPLAYED_REQUESTS

FindRecords = Callable[[str], Records | None]  # records of the visit of a container, by its id
_CONDITIONS = {b"if-none-match", b"if-modified-since"}


@dataclass(frozen=True)
class _Connection:
    """A connection of a container: what it leads to, and how its visit is found."""

    container_id: str
    origin: str
    find: FindRecords

    def records(self) -> Records | None:
        """The records of the visit that the container holds now; None where there is none."""
        return self.find(self.container_id)

    def url(self, request: "_Request") -> str:
        """The address that a request asks for."""
        target = request.head.target.decode("latin-1")
        return normal(self.origin + target) if target.startswith("/") else self.origin + "/"


@dataclass(frozen=True)
class _Request:
    """A request that has come whole."""

    head: h11.Request
    body_sha256: str

    def header(self, name: bytes) -> bytes:
        """The value of a header, by its name in small letters; empty if there is none."""
        return next((value for key, value in self.head.headers if key == name), b"")


class ArchiveServer(Server):
    """The proxy. ``counts`` has the requests by rule; ``strangers`` is the number of refused connections.

    A stranger has no login, or that of no visit: Firefox itself, a visit that has ended, another program.
    """

    limit = settings.MAX_REQUEST_HEAD
    ends = (*Server.ends, ValueError, h11.RemoteProtocolError, h11.LocalProtocolError)

    def __init__(self, answers: Answers, authority: Authority) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.strangers = 0
        self._answers, self._authority = answers, authority
        self._browsers: dict[str, FindRecords] = {}

    def admit(self, find: FindRecords) -> str:
        """A password for the connections of one browser; ``find`` has the records of its visits."""
        password = secrets.token_hex(16)
        self._browsers[password] = find
        return password

    def dismiss(self, password: str) -> None:
        """Refuse a browser that has ended."""
        self._browsers.pop(password, None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(settings.HANDSHAKE_S):
            try:
                user, password = await socks.read_login(reader, writer)
            except OSError:
                self.strangers += 1
                raise
            host, port = await socks.read_target(reader)
        number, _, scheme = user.partition(" ")
        find = self._browsers.get(password)
        origin = normal(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/").rstrip("/")
        if not (find and number.isdigit() and origin):
            self.strangers += 1
            socks.answer(writer, socks.FAILED)
            return
        connection = _Connection(f"firefox-container-{number}", origin, find)
        await self._connect(connection, host, port, reader, writer)

    async def _connect(
        self,
        connection: _Connection,
        host: str,
        port: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Accept a connection to an origin of which the archive has something for the visit."""
        records = connection.records()
        visit = records.replay if records else None
        if not (records and visit):
            self.strangers += 1
            socks.answer(writer, socks.FAILED)
            return
        address = await self._answers.knows(connection.origin, visit)
        if address is None:
            error = await self._answers.failure(connection.origin, visit)
            if connection.origin not in visit.refused:
                visit.refused.add(connection.origin)
                rule, reason = (FAILURE, error) if error else (MISS, NO_ORIGIN)
                self._note(connection, records, visit.row("CONNECT", connection.origin, rule, reason=reason))
            socks.answer(writer, _refusal(error))
            return
        socks.answer(writer, socks.OK, (address or "0.0.0.0", port))
        if connection.origin.startswith("https:"):
            await writer.start_tls(self._authority.context(host))
        await self._requests(connection, reader, writer)

    async def _requests(
        self, connection: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer requests until the connection ends."""
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=settings.MAX_REQUEST_HEAD)
        while request := await _read(http, reader):
            records = connection.records()
            if not (records and records.replay):
                return
            if request.header(b"upgrade").lower() == b"websocket":
                await self._socket(connection, request, records, records.replay, reader, writer)
                return
            response = await self._answer(connection, request, records, records.replay)
            if response is NO_RESPONSE:
                return
            try:
                await _send(http, writer, request, response)
            finally:
                self._answers.held.give_back(len(response.body))
            if http.our_state is not h11.DONE:
                return
            http.start_next_cycle()

    async def _answer(
        self, connection: _Connection, request: _Request, records: Records, visit: VisitReplay
    ) -> Response:
        method = request.head.method.decode("ascii").upper()
        url = connection.url(request)
        conditional = any(request.header(name) for name in _CONDITIONS)
        preflight = method == "OPTIONS" and bool(request.header(b"access-control-request-method"))
        asked = Asked(method, url, request.body_sha256, conditional)
        response, row = await self._answers.answer(asked, preflight, visit)
        self._note(connection, records, row)
        return _allowing(request, response) if row["rule"] == PREFLIGHT else response

    async def _socket(
        self,
        connection: _Connection,
        request: _Request,
        records: Records,
        visit: VisitReplay,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Answer the opening of a WebSocket, and give its messages where the archive has them."""
        url = connection.url(request)
        socket = await self._answers.socket(url, visit)
        shown = f"ws{url.removeprefix('http')}"
        if isinstance(socket, str):
            self._note(connection, records, visit.row("GET", shown, MISS, reason=socket))
            return
        try:
            await self._talk(connection, request, records, visit, socket, shown, reader, writer)
        finally:
            self._answers.held.give_back(socket.memory)

    async def _talk(
        self,
        connection: _Connection,
        request: _Request,
        records: Records,
        visit: VisitReplay,
        socket: Socket,
        shown: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        columns = {"status": 101, "of_page": True, "is_repeated": visit.given[socket.number] > 1}
        self._note(connection, records, visit.row("GET", shown, WEBSOCKET, captured_url=shown, **columns))
        writer.write(
            websockets.acceptance(request.header(b"sec-websocket-key").decode("latin-1"), socket.protocol)
        )
        await replayed_socket.talk(socket.messages, reader, writer)

    def _note(self, connection: _Connection, records: Records, row: dict[str, Any]) -> None:
        """Count an answer, and add its row unless the visit has ended meanwhile."""
        self.counts[row["rule"]] += 1
        if connection.records() is records and records.replay:
            records.add(REPLAYED_REQUESTS, records.replay.numbered(row))


def _refusal(error: str) -> int:
    """The answer to a connection that fails as it did in the crawl, where SOCKS has a word for that."""
    if not error or error == "NS_ERROR_UNKNOWN_HOST":
        return socks.UNREACHABLE
    return socks.TIMED_OUT if error.startswith("NS_ERROR_NET_TIMEOUT") else socks.REFUSED


async def _read(http: h11.Connection, reader: asyncio.StreamReader) -> _Request | None:
    """The next request, read to its end; None where the connection ends."""
    head, digest, size = None, hashlib.sha256(), 0
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(settings.READ))
        elif isinstance(event, h11.Request) and event.method != b"CONNECT":
            head = event
        elif isinstance(event, h11.Data):
            digest.update(event.data)
            size += len(event.data)
            if size > settings.MAX_REQUEST_BODY:
                return None
        elif isinstance(event, h11.EndOfMessage) and head:
            return _Request(head, digest.hexdigest() if size else "")
        else:
            return None


async def _send(
    http: h11.Connection, writer: asyncio.StreamWriter, request: _Request, response: Response
) -> None:
    """Write a response, its body in pieces: only one of them is in memory a second time."""
    bodiless = request.head.method.upper() == b"HEAD" or response.status in (204, 304)
    headers = list(response.headers)
    if response.status != 204:
        headers.append((b"Content-Length", str(len(response.body)).encode()))
    head = h11.Response(status_code=response.status, headers=headers, reason=response.reason)
    writer.write(http.send(head))
    for start in range(0, 0 if bodiless else len(response.body), settings.PIECE):
        writer.write(http.send(h11.Data(data=response.body[start : start + settings.PIECE])))
        await writer.drain()
    http.send(h11.EndOfMessage())  # writes nothing, as the head has the length
    await writer.drain()


def _allowing(request: _Request, response: Response) -> Response:
    """The answer to a preflight that allows what it asks for."""
    headers = [
        (b"Access-Control-Allow-Origin", request.header(b"origin") or b"*"),
        (b"Access-Control-Allow-Credentials", b"true"),
        (b"Access-Control-Allow-Methods", request.header(b"access-control-request-method")),
    ]
    if asked := request.header(b"access-control-request-headers"):
        headers.append((b"Access-Control-Allow-Headers", asked))
    return Response(response.status, response.reason, headers, b"")

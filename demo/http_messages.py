"""HTTP messages of the demo's servers: read a request, write a response."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from overscripted.demo.settings import MAX_BODY, MAX_HEAD

Raw = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """A request. ``nth`` counts the requests of this vantage point for the URL, from 1."""

    method: str
    scheme: str
    host: str
    path: str
    query: str
    headers: dict[str, str]
    vantage: str
    nth: int = 1

    @property
    def url(self) -> str:
        """The requested URL."""
        return f"{self.scheme}://{self.host}{self.path}" + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True)
class Response:
    """A response. ``raw``, if set, writes to the connection itself; then the connection is closed."""

    status: int = 200
    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    raw: Raw | None = None

    def head(self, keep: bool) -> bytes:
        """Status line and headers."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [
            f"HTTP/1.1 {self.status} {phrase}",
            f"Content-Type: {self.kind}",
            f"Content-Length: {len(self.body)}",
            f"Connection: {'keep-alive' if keep else 'close'}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


@dataclass(frozen=True)
class RequestHead:
    """The head of a request. ``target`` is a path, an absolute URL or ``host:port``."""

    method: str
    target: str
    headers: dict[str, str]


async def read_head(reader: asyncio.StreamReader) -> RequestHead | None:
    """The head of the next request; None at the end of the connection, or if it is not HTTP."""
    try:
        block = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
        return None
    if len(block) > MAX_HEAD:
        return None
    first, *rest = block.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3:
        return None
    headers = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return RequestHead(parts[0].upper(), parts[1], headers)


async def skip_body(reader: asyncio.StreamReader, head: RequestHead) -> bool:
    """Read and drop a request's body; False if the connection cannot be used after it."""
    if "chunked" in head.headers.get("transfer-encoding", "").lower():
        return False
    try:
        left = int(head.headers.get("content-length", "0"))
    except ValueError:
        return False
    if left > MAX_BODY:
        return False
    while left > 0:
        piece = await reader.read(min(left, 65536))
        if not piece:
            return False
        left -= len(piece)
    return True


def split_target(target: str) -> tuple[str, str]:
    """Path and query of a request's target, absolute or relative."""
    parts = urlsplit(target)
    return parts.path or "/", parts.query

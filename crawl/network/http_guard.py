"""An HTTP proxy on loopback that forwards requests to the user's proxy, except those to private addresses.

The user's proxy resolves host names. Refused are addresses that are not public, and names that this machine
resolves to such addresses only. A connection serves one request or one tunnel, so that each is checked.
"""

import asyncio
import contextlib

from overscripted.crawl.network.resolver import Refused, Resolver
from overscripted.crawl.network.socks_guard import CHUNK, CONNECT_TIMEOUT_S, Guard, connect, splice

MAX_HEAD_BYTES = 256 * 1024  # of a request's head: Firefox's limits of cookies and URLs are far below

_REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_UNREACHABLE = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class HttpGuard(Guard):
    """The proxy: `start` it, give Firefox its ``port``, `stop` it. ``upstream``: the user's host and port."""

    limit = MAX_HEAD_BYTES

    def __init__(self, resolver: Resolver, upstream: tuple[str, int]) -> None:
        super().__init__(resolver)
        self._upstream = upstream

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            head = await reader.readuntil(b"\r\n\r\n")
        lines = head[:-4].split(b"\r\n")
        method, target, version = lines[0].split(b" ")
        tunnel = method == b"CONNECT"
        try:
            with contextlib.suppress(
                OSError, TimeoutError
            ):  # the user's proxy may know a name that this machine does not
                await self.resolver.addresses(_host(target, tunnel))
            far_reader, far_writer = await connect([self._upstream[0]], self._upstream[1])
        except Refused:
            # Only CONNECT is answered: to other requests our answer would look like the site's.
            writer.write(_REFUSED if tunnel else b"")
            return
        except (OSError, TimeoutError):
            writer.write(_UNREACHABLE if tunnel else b"")
            return
        if tunnel:
            far_writer.write(head)
            await splice(reader, writer, far_reader, far_writer)
            return
        kept = [line for line in lines[1:] if _name(line) not in (b"connection", b"proxy-connection")]
        first = b" ".join((method, target, version))
        far_writer.write(b"\r\n".join([first, *kept, b"Connection: close", b"", b""]))
        body = asyncio.create_task(_body(reader, far_writer, _length(lines[1:])))
        try:
            while data := await far_reader.read(CHUNK):
                writer.write(data)
                await writer.drain()
        finally:
            body.cancel()
            far_writer.close()


async def _body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, length: int) -> None:
    with contextlib.suppress(OSError):
        while length > 0 and (data := await reader.read(min(CHUNK, length))):
            length -= len(data)
            writer.write(data)
            await writer.drain()


def _host(target: bytes, tunnel: bool) -> str:
    """The host of ``host:port`` or of an absolute URL. ValueError where there is none."""
    authority = target if tunnel else target.split(b"/", 3)[2].rpartition(b"@")[2]
    host, _, port = authority.rpartition(b":") if not authority.endswith(b"]") else (authority, b"", b"")
    name = (host if port.isdigit() else authority).decode("ascii").strip("[]")
    if not name:
        raise ValueError("no host")
    return name


def _name(line: bytes) -> bytes:
    return line.partition(b":")[0].strip().lower()


def _length(lines: list[bytes]) -> int:
    values = {line.partition(b":")[2].strip() for line in lines if _name(line) == b"content-length"}
    return int(values.pop()) if len(values) == 1 else 0

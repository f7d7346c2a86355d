"""A SOCKS proxy on loopback that Firefox must use and that connects to public addresses only.

The guard resolves each host name itself, checks the addresses, and connects to an address that it checked.
So no redirect, no name that resolves differently later (DNS rebinding) and no spelling of an address leads a
page to this machine or to a private network. The guard works below JavaScript: no page can avoid it. It
passes bytes on unchanged.
"""

import asyncio
import ipaddress
import struct

from overscripted.connections import Server
from overscripted.crawl.network.resolver import Refused, Resolver

CONNECT_TIMEOUT_S = 20.0  # per address; Firefox itself gives up after 90 s
LINGER_S = 10.0  # a server may keep a connection open that Firefox has closed
CHUNK = 65_536  # bytes read at a time

_OK, _BY_RULE, _UNREACHABLE, _NOT_SUPPORTED = 0, 2, 4, 7
_IPV4, _NAME, _IPV6 = 1, 3, 4


class Guard(Server):
    """The proxy: `start` it, give Firefox its ``port``, `stop` it."""

    ends = (*Server.ends, ValueError)

    def __init__(self, resolver: Resolver) -> None:
        super().__init__()
        self.resolver = resolver

    async def stop(self) -> None:
        """Close all connections."""
        await super().stop()
        self.resolver.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = await _greet(reader, writer)
        if not host:
            _answer(writer, _NOT_SUPPORTED)
            return
        try:
            far_reader, far_writer = await connect(await self.resolver.addresses(host), port)
        except Refused:
            _answer(writer, _BY_RULE)
            return
        except (OSError, TimeoutError):
            _answer(writer, _UNREACHABLE)
            return
        _answer(writer, _OK, far_writer.get_extra_info("peername"))
        await splice(reader, writer, far_reader, far_writer)


async def connect(addresses: list[str], port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first address that answers. Raises OSError, TimeoutError."""
    last: Exception = OSError("no address")
    for address in addresses:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                return await asyncio.open_connection(address, port, limit=CHUNK)
        except (OSError, TimeoutError) as error:
            last = error
    raise last


async def splice(
    near_reader: asyncio.StreamReader,
    near_writer: asyncio.StreamWriter,
    far_reader: asyncio.StreamReader,
    far_writer: asyncio.StreamWriter,
) -> None:
    """Pass bytes both ways until the near side has ended, and the far side has ended or had time to."""
    there = asyncio.create_task(_pass(near_reader, far_writer))
    back = asyncio.create_task(_pass(far_reader, near_writer))
    try:
        await there
        async with asyncio.timeout(LINGER_S):
            await back
    finally:
        there.cancel()
        back.cancel()
        far_writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.close()


async def _greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """The host and port that the client asks for (RFC 1928); ``("", 0)`` for anything but CONNECT."""
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        version, methods = await reader.readexactly(2)
        if version != 5:
            raise OSError("not SOCKS 5")
        await reader.readexactly(methods)
        writer.write(b"\x05\x00")
        version, command, _, kind = await reader.readexactly(4)
        if kind == _IPV4:
            host = str(ipaddress.IPv4Address(await reader.readexactly(4)))
        elif kind == _IPV6:
            host = str(ipaddress.IPv6Address(await reader.readexactly(16)))
        elif kind == _NAME:
            (length,) = await reader.readexactly(1)
            host = (await reader.readexactly(length)).decode("ascii", "replace")
        else:
            return "", 0
        (port,) = struct.unpack("!H", await reader.readexactly(2))
    return (host, int(port)) if command == 1 else ("", 0)


def _answer(writer: asyncio.StreamWriter, code: int, peer: tuple[str, int] = ("0.0.0.0", 0)) -> None:
    """Firefox takes the address in the answer for the server's, and so the records have it."""
    address = ipaddress.ip_address(peer[0].partition("%")[0])
    kind = _IPV4 if address.version == 4 else _IPV6
    writer.write(bytes([5, code, 0, kind]) + address.packed + struct.pack("!H", peer[1]))

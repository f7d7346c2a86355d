"""A SOCKS proxy on loopback that Firefox must use and that connects to public addresses only.

The guard resolves each host name itself, checks the addresses, and connects to an address that it checked.
So no redirect, no name that resolves differently later (DNS rebinding) and no spelling of an address leads a
page to this machine or to a private network. The guard works below JavaScript: no page can avoid it. It
passes bytes on unchanged.
"""

import asyncio

from overscripted.connections import Server
from overscripted.crawl.network import socks
from overscripted.crawl.network.resolver import Refused, Resolver

CONNECT_TIMEOUT_S = 20.0  # per address; Firefox itself gives up after 90 s
LINGER_S = 10.0  # a server may keep a connection open that Firefox has closed
CHUNK = 65_536  # bytes read at a time


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
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await socks.skip_login(reader, writer)
            host, port = await socks.read_target(reader)
        if not host:
            socks.answer(writer, socks.NOT_SUPPORTED)
            return
        try:
            far_reader, far_writer = await connect(await self.resolver.addresses(host), port)
        except Refused:
            socks.answer(writer, socks.BY_RULE)
            return
        except (OSError, TimeoutError):
            socks.answer(writer, socks.UNREACHABLE)
            return
        socks.answer(writer, socks.OK, far_writer.get_extra_info("peername"))
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

"""A distant server: data takes time on the way to it and back."""

import asyncio
import contextlib

from overscripted.connections import Server

PIECE = 2**16


class Relay(Server):
    """Passes connections on to a server, from a free port of 127.0.0.1, with this round-trip time (ms).

    Only time is simulated: no bytes are lost, and their rate is not limited. Data waits half a round trip
    in each direction. A new connection first waits a whole round trip, as for TCP's first exchange.
    """

    def __init__(self, port: int, round_trip: float) -> None:
        super().__init__()
        self._to = port
        self._way = round_trip / 2000  # s

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * self._way)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        with contextlib.closing(far_writer):
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Pass on each piece of data, half a round trip after it came."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        async def arrive() -> None:
            while True:
                at, piece = await under_way.get()
                await asyncio.sleep(at - loop.time())
                if not piece:
                    return target.close()
                target.write(piece)

        arriving = asyncio.create_task(arrive())
        try:
            while True:
                piece = await source.read(PIECE)
                under_way.put_nowait((loop.time() + self._way, piece))
                if not piece:
                    return await arriving
        finally:
            arriving.cancel()

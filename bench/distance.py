"""A server that is far away: what is sent to it and back takes its time."""

import asyncio
import contextlib

PIECE = 2**16


class Relay:
    """Passes connections on to a server, on a free port of 127.0.0.1, as a line with this round trip (ms).

    Only time: bytes are neither lost nor limited in their rate. What a connection says waits half a round
    trip each way, and a whole one before anything, as TCP's first exchange does.
    """

    def __init__(self, port: int, round_trip: float) -> None:
        self._port = port
        self._way = round_trip / 2000  # s
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Begin to listen; the port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=512)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and cut what is open."""
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError), contextlib.closing(near_out):
            await asyncio.sleep(2 * self._way)
            far, far_out = await asyncio.open_connection("127.0.0.1", self._port)
            with contextlib.closing(far_out):
                await asyncio.gather(self._pass(near, far_out), self._pass(far, near_out))
        self._open.discard(task)

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Give on what comes, each piece a way's time after it came."""
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

"""A TCP server on a free port of 127.0.0.1, for any protocol."""

import asyncio
import contextlib


class Server:
    """Runs `_serve` for each connection, each in its own task. ``port`` is known once it has started."""

    limit = 65_536  # bytes that a reader buffers
    # Errors that end a connection and are no fault of the server.
    ends: tuple[type[BaseException], ...] = (OSError, EOFError, asyncio.CancelledError)

    def __init__(self) -> None:
        self.port = 0
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Start to listen."""
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", 0, backlog=1024, limit=self.limit
        )
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop to listen and close all open connections."""
        if self._server:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        try:
            with contextlib.suppress(*self.ends):
                await self._serve(reader, writer)
        finally:
            self._open.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError

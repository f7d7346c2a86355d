"""The user's proxy: whether it is there. While it is away no seed is to blame."""

import asyncio
import contextlib
import logging
import math
import socket
import time
from urllib.parse import urlsplit

from crawl import settings
from overscripted.errors import OutsideError

log = logging.getLogger("overscripted.crawl")


def place(proxy: str) -> tuple[str, int]:
    """Host and port of ``http://HOST:PORT``."""
    asked = urlsplit(proxy)
    return asked.hostname or "", asked.port or 80


def require(proxy: str) -> None:
    """Raise OutsideError now, before any seed is tried, if it does not listen."""
    try:
        socket.create_connection(place(proxy), timeout=settings.PROXY_CHECK_S).close()
    except OSError as error:
        raise OutsideError(
            f"--proxy {proxy}: cannot be reached ({error}); start it or mend the URL"
        ) from error


class Upstream:
    """Looks whether the proxy takes connections, from `start` to `stop`."""

    def __init__(self, proxy: str) -> None:
        self._proxy = proxy
        self._away_at = -math.inf
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look from now on, so that an absence is known of when a visit that it spoiled has ended."""
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """End."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def was_away(self, since: float, stopping: asyncio.Event) -> bool:
        """Whether it was away at some time from ``since`` (of `time.monotonic`) on; waits until it is back.

        Raises OutsideError where it stays away.
        """
        began = time.monotonic()
        while not await self._look() and not stopping.is_set():
            if time.monotonic() - began > settings.STORE_GIVE_UP_S:
                raise OutsideError(f"--proxy {self._proxy}: away for too long; start it and resume")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), settings.PROXY_LOOK_S)
        return self._away_at >= since

    async def _watch(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(settings.PROXY_LOOK_S)

    async def _look(self) -> bool:
        try:
            async with asyncio.timeout(settings.PROXY_CHECK_S):
                _, writer = await asyncio.open_connection(*place(self._proxy))
        except (OSError, TimeoutError):
            if time.monotonic() - self._away_at > 10 * settings.PROXY_LOOK_S:
                log.warning("--proxy %s is away; waiting for it", self._proxy)
            self._away_at = time.monotonic()
            return False
        writer.close()
        return True

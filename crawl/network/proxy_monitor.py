"""Watches the user's proxy during a crawl: while it is away, a failed visit is not the fault of its seed."""

import asyncio
import contextlib
import logging
import math
import time

from overscripted import proxies
from overscripted.crawl import settings
from overscripted.errors import OutsideError

log = logging.getLogger("overscripted.crawl")


class ProxyMonitor:
    """Checks from `start` to `stop` whether the proxy accepts connections."""

    def __init__(self, proxy: str, name: str) -> None:
        """``proxy`` is its URL, ``name`` the option or setting that names it."""
        self._proxy, self._name = proxy, name
        self._away_at = -math.inf
        self.away = False  # at the last look
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look from now on, so that at the end of a visit we know whether the proxy was away during it."""
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Stop looking."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def was_away(self, since: float, stopping: asyncio.Event) -> bool:
        """Whether the proxy was away at any time since ``since`` (`time.monotonic`). Waits until it is back.

        Raises OutsideError where it stays away for too long.
        """
        began = time.monotonic()
        while not await self._look() and not stopping.is_set():
            if time.monotonic() - began > settings.STORE_GIVE_UP_S:
                raise OutsideError(f"{self._name} {self._proxy}: away for too long; start it and resume")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), settings.PROXY_LOOK_S)
        return self._away_at >= since

    async def require_open(self) -> None:
        """Raise OutsideError if the proxy refuses our requests: then the failed seeds are not at fault."""
        await asyncio.to_thread(proxies.require_open, self._proxy, self._name)

    async def _watch(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(settings.PROXY_LOOK_S)

    async def _look(self) -> bool:
        try:
            async with asyncio.timeout(proxies.CHECK_S):
                _, writer = await asyncio.open_connection(*proxies.host_and_port(self._proxy))
        except (OSError, TimeoutError):
            if time.monotonic() - self._away_at > 10 * settings.PROXY_LOOK_S:
                log.warning("%s %s is away; waiting for it", self._name, self._proxy)
            self._away_at = time.monotonic()
            self.away = True
            return False
        writer.close()
        self.away = False
        return True

"""Slots for loading pages: many pages that load at the same time would take the CPU from each other."""

import asyncio
import os
from collections.abc import Callable

from overscripted.crawl import settings


class LoadSlots:
    """A slot is held until the page has loaded, or for a while: a slow page waits for the network by then."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(settings.LOADS_PER_CORE * (os.cpu_count() or 1))

    async def acquire(self) -> Callable[[], None]:
        """Wait for a slot. Returns the function that releases it; calls after the first do nothing."""
        await self._free.acquire()
        held = True

        def release() -> None:
            nonlocal held
            if held:
                held = False
                timer.cancel()
                self._free.release()

        timer = asyncio.get_running_loop().call_later(settings.LOAD_SLOT_S, release)
        return release

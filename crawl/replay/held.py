"""Counts the bytes of what answers at present, which are in memory, and lets nothing pass their limit."""

import asyncio

from overscripted.crawl.replay import settings


class Held:
    """The bytes that are held. What is smaller than SMALL_ANSWER is not counted."""

    def __init__(self) -> None:
        self._free = settings.MAX_HELD
        self._more = asyncio.Event()

    async def take(self, size: int) -> bool:
        """Wait for room for as many bytes; False where there is none after HELD_WAIT_S, or never will be."""
        if size < settings.SMALL_ANSWER:
            return True
        if size > settings.MAX_HELD:
            return False
        try:
            async with asyncio.timeout(settings.HELD_WAIT_S):
                while size > self._free:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            return False
        self._free -= size
        return True

    def give_back(self, size: int) -> None:
        """Give bytes back that were taken."""
        if size >= settings.SMALL_ANSWER:
            self._free += size
            self._more.set()

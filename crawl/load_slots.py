"""Pages begin to load in turns: opening twenty at once starves them all of CPU in the moment that counts."""

import asyncio
import os
from collections.abc import Callable

from overscripted.crawl import settings


class Turns:
    """A turn is held until the page has loaded, or for a while: what then waits, waits for the network."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(settings.LOADS_PER_CORE * (os.cpu_count() or 1))

    async def take(self) -> Callable[[], None]:
        """Wait for a turn; what is returned gives it back, once, however often it is called."""
        await self._free.acquire()
        held = True

        def give_back() -> None:
            nonlocal held
            if held:
                held = False
                late.cancel()
                self._free.release()

        late = asyncio.get_running_loop().call_later(settings.LOAD_TURN_S, give_back)
        return give_back

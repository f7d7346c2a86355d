"""The Firefoxes of one worker by kind: the plain one, and one for variants whose preferences differ."""

from collections.abc import Callable

from overscripted.crawl.browser_pool import BrowserPool
from overscripted.crawl.variants.variant import Variant


class BrowserPools:
    """A pool for each kind of browser, made when a visit needs it."""

    def __init__(self, plain: BrowserPool, make: Callable[[Variant], BrowserPool]) -> None:
        self._pools, self._make = {"": plain}, make

    def of(self, variant: Variant | None) -> BrowserPool:
        """The pool for the visits of a variant; the plain one where there is none."""
        kind = variant.browser_kind if variant else ""
        if variant and kind not in self._pools:
            self._pools[kind] = self._make(variant)
        return self._pools[kind]

    @property
    def memory(self) -> int:
        """Bytes of memory of all processes of all browsers."""
        return sum(pool.memory for pool in self._pools.values())

    async def retire(self) -> None:
        """See `BrowserPool.retire`."""
        for pool in self._pools.values():
            await pool.retire()

    async def stop(self) -> None:
        """Stop all browsers."""
        for pool in self._pools.values():
            await pool.stop()

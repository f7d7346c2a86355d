"""How many windows this machine bears: as many as leave every page the CPU and memory it needs."""

import time

import psutil

from crawl import settings


class Windows:
    """The number of visits at a time. Fixed, or adapted to the machine (``fixed`` None)."""

    def __init__(self, fixed: int | None) -> None:
        self._auto = fixed is None
        self.limit = fixed if fixed is not None else settings.START_WINDOWS
        self._late = self._before = 0.0  # s, the latest timers of any page since the last look, and before it
        self._adjusted = time.monotonic()
        psutil.cpu_percent()  # the first reading covers the time since this one

    def saw(self, starved_s: float | None) -> None:
        """A visit ended; its page's timers came this late at most."""
        self._late = max(self._late, starved_s or 0.0)

    @property
    def starving(self) -> bool:
        """Whether pages that ended just now starved."""
        return max(self._late, self._before) > settings.STARVED_S

    def adjust(self, active: int) -> None:
        """Add a window where there is room, take some away where pages starve. Call it often."""
        now = time.monotonic()
        if now - self._adjusted < settings.ADJUST_S:
            return
        self._before, self._late, self._adjusted = self._late, 0.0, now
        if not self._auto:
            return
        busy = psutil.cpu_percent() / 100
        memory = psutil.virtual_memory()
        free = memory.available / memory.total
        if self._before > settings.STARVED_S or free < settings.MIN_FREE_MEMORY:
            self.limit = max(1, self.limit * 3 // 4)
        elif busy < settings.BUSY and active >= self.limit and free > 2 * settings.MIN_FREE_MEMORY:
            self.limit = min(settings.MAX_WINDOWS, self.limit + 2)

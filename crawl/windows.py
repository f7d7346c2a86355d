"""How many windows this machine bears: as many as leave every page the CPU and memory it needs."""

import time

import psutil

from crawl import settings


class Windows:
    """The number of visits at a time. Fixed, or adapted to the machine (``fixed`` None)."""

    def __init__(self, fixed: int | None) -> None:
        self._auto = fixed is None
        self.limit = fixed if fixed is not None else settings.START_WINDOWS
        self._late: list[float] = []
        self._adjusted = time.monotonic()
        psutil.cpu_percent()  # the first reading covers the time since this one

    def saw(self, starved_s: float | None) -> None:
        """A visit ended; its page's timers came this late at most."""
        if starved_s is not None:
            self._late.append(starved_s)

    def adjust(self, active: int) -> None:
        """Add a window where there is room, take some away where pages starve. Call it often."""
        now = time.monotonic()
        if not self._auto or now - self._adjusted < settings.ADJUST_S:
            return
        self._adjusted = now
        busy = psutil.cpu_percent() / 100
        memory = psutil.virtual_memory()
        free = memory.available / memory.total
        late = max(self._late, default=0.0)
        self._late.clear()
        if late > settings.STARVED_S or free < settings.MIN_FREE_MEMORY:
            self.limit = max(1, self.limit * 3 // 4)
        elif busy < settings.BUSY and active >= self.limit and free > 2 * settings.MIN_FREE_MEMORY:
            self.limit = min(settings.MAX_WINDOWS, self.limit + 2)

"""How many windows this machine bears: as many as leave every page the CPU and memory it needs."""

import time
from collections import Counter, deque

import psutil

from overscripted.crawl import settings
from overscripted.crawl.limits import Limit, Reached


class Windows:
    """The number of visits at a time. Fixed, or adapted to the machine (``fixed`` None)."""

    def __init__(self, fixed: int | None) -> None:
        self._auto = fixed is None
        self.limit = fixed if fixed is not None else settings.START_WINDOWS
        self._late = self._before = 0.0  # s, the latest timers of any page since the last look, and before it
        self._adjusted = time.monotonic()
        self._busy, self._free = 0.0, 1.0  # shares, when last looked
        self._lately: deque[Limit] = deque(maxlen=settings.ADJUST_LOOKS)
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
        memory = psutil.virtual_memory()
        self.decide(active, psutil.cpu_percent() / 100, memory.available / memory.total)

    def decide(self, active: int, busy: float, free: float) -> None:
        """The same, given the shares of the CPU that is in use and of the memory that is free."""
        self._busy, self._free = busy, free
        starved = self._before > settings.STARVED_S
        self._lately.append(_limit(starved, busy, free))
        if not self._auto:
            return
        if starved or free < settings.MIN_FREE_MEMORY:
            self.limit = max(1, self.limit * 3 // 4)
        elif self._lately[-1] is Limit.WINDOWS and active >= self.limit:
            self.limit = min(settings.MAX_WINDOWS, self.limit + settings.MORE_WINDOWS)

    @property
    def reached(self) -> Reached:
        """Why there are no more windows, if all are in use."""
        most = Counter(reversed(self._lately)).most_common(1)  # of as many the latest
        limit = most[0][0] if most else Limit.WINDOWS
        if limit is Limit.WINDOWS:
            return self._all_in_use()
        share = (
            f"{100 * self._busy:.0f} % is in use"
            if limit is Limit.CPU
            else f"{100 * self._free:.0f} % is free"
        )
        return Reached(limit, f"{share} with {self.limit} windows; use more machines")

    def _all_in_use(self) -> Reached:
        if not self._auto:
            why = "all are in use, and the machine has room; raise --windows or leave it at auto"
            return Reached(Limit.WINDOWS, why, str(self.limit))
        if self.limit < settings.MAX_WINDOWS:
            why = f"all {self.limit} are in use; it adds some while the machine has room"
        else:
            why = f"all {self.limit} are in use, its most, and the machine has room; name a number"
        return Reached(Limit.WINDOWS, why, "auto")


def _limit(starved: bool, busy: float, free: float) -> Limit:
    """Why no window is to be added, or `WINDOWS` where one may be."""
    if free >= settings.MIN_FREE_MEMORY and (starved or busy >= settings.BUSY):
        return Limit.CPU
    return Limit.WINDOWS if free > 2 * settings.MIN_FREE_MEMORY else Limit.MEMORY

"""How many visits this machine can run at the same time: as many as get the CPU and memory that they need."""

import time
from collections import Counter, deque

import psutil

from overscripted.crawl import settings
from overscripted.crawl.limits import Limit, Reached


class ConcurrencyLimit:
    """The number of visits at the same time: ``fixed``, or adapted to the machine (None)."""

    def __init__(self, fixed: int | None) -> None:
        self._auto = fixed is None
        self.limit = fixed if fixed is not None else settings.START_WINDOWS
        self._max_lag_s = self._previous_max_lag_s = 0.0  # of any page, since the last look and before it
        self._adjusted = time.monotonic()
        self._cpu_used, self._memory_free = 0.0, 1.0  # shares at the last look
        self._recent: deque[Limit] = deque(maxlen=settings.ADJUST_LOOKS)
        psutil.cpu_percent()  # the next reading covers the time since this one

    def record_lag(self, max_lag_s: float | None) -> None:
        """A visit ended; no process of its page took longer than this to answer."""
        self._max_lag_s = max(self._max_lag_s, max_lag_s or 0.0)

    @property
    def lagging(self) -> bool:
        """Whether pages that ended a moment ago lacked CPU."""
        return max(self._max_lag_s, self._previous_max_lag_s) > settings.STARVED_S

    def adjust(self, active: int) -> None:
        """Raise the limit where the machine has room, lower it where pages lack CPU. Call it often."""
        now = time.monotonic()
        if now - self._adjusted < settings.ADJUST_S:
            return
        self._previous_max_lag_s, self._max_lag_s, self._adjusted = self._max_lag_s, 0.0, now
        memory = psutil.virtual_memory()
        self.decide(active, psutil.cpu_percent() / 100, memory.available / memory.total)

    def decide(self, active: int, cpu_used: float, memory_free: float) -> None:
        """As `adjust`, for these shares of CPU in use and of free memory."""
        self._cpu_used, self._memory_free = cpu_used, memory_free
        starved = self._previous_max_lag_s > settings.STARVED_S
        self._recent.append(_limit(starved, cpu_used, memory_free))
        if not self._auto:
            return
        if starved or memory_free < settings.MIN_FREE_MEMORY:
            self.limit = max(1, self.limit * 3 // 4)
        elif self._recent[-1] is Limit.WINDOWS and active >= self.limit:
            self.limit = min(settings.MAX_WINDOWS, self.limit + settings.MORE_WINDOWS)

    @property
    def reached(self) -> Reached:
        """Why no more visits may start while as many as allowed are in progress."""
        most = Counter(reversed(self._recent)).most_common(1)  # of equally frequent ones the latest
        limit = most[0][0] if most else Limit.WINDOWS
        if limit is Limit.WINDOWS:
            return self._all_in_use()
        share = (
            f"{100 * self._cpu_used:.0f} % is in use"
            if limit is Limit.CPU
            else f"{100 * self._memory_free:.0f} % is free"
        )
        return Reached(limit, f"{share} with {self.limit} windows; use more machines")

    def _all_in_use(self) -> Reached:
        if not self._auto:
            why = "all are in use, and the machine has room; raise --windows or leave it at auto"
            return Reached(Limit.WINDOWS, why, str(self.limit))
        if self.limit < settings.MAX_WINDOWS:
            why = f"all {self.limit} are in use; more are added while the machine has room"
        else:
            why = f"all {self.limit} are in use, the most of auto, and the machine has room; give a number"
        return Reached(Limit.WINDOWS, why, "auto")


def _limit(starved: bool, cpu_used: float, memory_free: float) -> Limit:
    """Why no visit is to be added, or `WINDOWS` where one may be."""
    if memory_free >= settings.MIN_FREE_MEMORY and (starved or cpu_used >= settings.BUSY):
        return Limit.CPU
    return Limit.WINDOWS if memory_free > 2 * settings.MIN_FREE_MEMORY else Limit.MEMORY

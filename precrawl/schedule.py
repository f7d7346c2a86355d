"""What a thread does next: sites in the order of the plan, one at a time of a registrable domain."""

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from overscripted.precrawl import plan
from overscripted.precrawl.settings import MAX_LEAD, MAX_WAITING

# Numbers a process shares: the site it has come to, how many are done, how many of them failed, and its
# pulse: another number every moment, or 0 where none is promised.
COUNTS = 4
AT_END = 2**62  # "has come to" of a process that has begun all its sites
V = TypeVar("V")  # a visit; it has `.site`
_POLL_S = 0.2  # how soon a stop, or the progress of the vantage points beside, is noticed


class Schedule(Generic[V]):
    """Shared by the threads of a process.

    Sites whose registrable domain is being visited wait in line for it (all of a domain are in one
    process); visits that must wait come back at their time. Bounded: when much is waiting, no new
    site is begun.
    """

    def __init__(self, job: Any, counts: Any, stop: Any, begin: Callable[[plan.Site], V]) -> None:
        self._counts, self._stop, self._begin = counts, stop, begin
        self._row = job.row * COUNTS
        self._beside = [row * COUNTS for row in job.beside]
        begun = plan.Done.of(job.done, job.alone)
        self._feed = plan.stream(job.plan, bytes(begun.bits), job.shard, job.shards)
        self._alone = deque(plan.pick(job.plan, set(job.alone))) if job.alone else deque()
        self._later: list[tuple[float, int, V]] = []
        self._lines: dict[str, deque[V]] = {}  # a domain being visited -> those in line
        self._in_line = self._running = 0
        self._next: plan.Site | None = None
        self._tie = itertools.count()
        self._changed = threading.Condition()
        self._single = bool(self._alone)
        self.closed = False  # nothing new is begun; what is under way may end

    def take(self) -> V | None:
        """The next visit; waits for one. None when all is done or the work is to stop."""
        with self._changed:
            while not (self._stop.value or self.closed):
                visit = self._choose()
                if visit is not None:
                    self._running += 1
                    return visit
                if not (self._running or self._later or self._in_line or self._peek()):
                    self._changed.notify_all()
                    return None
                pause = self._later[0][0] - time.monotonic() if self._later else _POLL_S
                self._changed.wait(min(max(pause, 0.001), _POLL_S))
        return None

    def put_back(self, visit: V, until: float) -> None:
        """The visit goes on at this (monotonic) time."""
        with self._changed:
            self._running -= 1
            heapq.heappush(self._later, (until, next(self._tie), visit))
            self._changed.notify()

    def finished(self, visit: Any, failed: bool) -> None:
        """The visit has its outcome; the next in line for its domain may begin."""
        with self._changed:
            self._running -= 1
            self._counts[self._row + 1] += 1
            self._counts[self._row + 2] += failed
            line = self._lines[visit.site.domain]
            if line:
                self._in_line -= 1
                heapq.heappush(self._later, (0.0, next(self._tie), line.popleft()))
            else:
                del self._lines[visit.site.domain]
            self._changed.notify()

    def _choose(self) -> V | None:
        if self._single and (self._running or self._later):
            return self._due() if not self._running else None
        if (visit := self._due()) is not None:
            return visit
        while self._in_line + len(self._later) < MAX_WAITING and (site := self._peek()):
            if not self._may_begin(site):
                return None
            self._next = None
            visit = self._begin(site)
            if site.domain not in self._lines:
                self._lines[site.domain] = deque()
                return visit
            self._lines[site.domain].append(visit)
            self._in_line += 1
        return None

    def _due(self) -> V | None:
        if self._later and self._later[0][0] <= time.monotonic():
            return heapq.heappop(self._later)[2]
        return None

    def _peek(self) -> plan.Site | None:
        """The next site of the plan; None at its end."""
        if self._next is None:
            if self._alone:
                self._next = self._alone.popleft()
                return self._next
            self._single = False
            self._next = next(self._feed, None)
            self._counts[self._row] = self._next.n if self._next else AT_END
        return self._next

    def _may_begin(self, site: plan.Site) -> bool:
        """Whether this vantage point is not too far ahead of the slowest beside it."""
        return not self._beside or site.n <= min(self._counts[row] for row in self._beside) + MAX_LEAD

"""What a thread does next: sites in the order of the plan, one at a time per registrable domain."""

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from overscripted.precrawl import plan
from overscripted.precrawl.counters import AT_END
from overscripted.precrawl.settings import MAX_LEAD, MAX_WAITING
from overscripted.precrawl.tasks import Task

_POLL_S = 0.2  # how soon a stop, or the progress of the other vantage points, is noticed


class Schedule:
    """Shared by the threads of a process.

    All sites of a registrable domain are in one process. A site queues while another of its domain is
    visited; a task that must wait comes back at its time. When many are waiting, no new site is begun.
    """

    def __init__(self, job: Any, counters: Any, stop: Any) -> None:
        self._stop = stop
        self._make_task: Callable[[plan.Site], Task] = job.task
        self._counters = counters[job.row]
        self._beside = [counters[row] for row in job.beside]
        begun = plan.Done.of(job.done, job.suspects)
        self._sites = plan.stream(job.plan, bytes(begun.bits), job.shard, job.shards)
        self._suspects = deque(plan.pick(job.plan, set(job.suspects))) if job.suspects else deque()
        self._waiting: list[tuple[float, int, Task]] = []  # a heap: time to go on, number, task
        self._queues: dict[str, deque[Task]] = {}  # a domain that is visited -> its other sites
        self._queued = self._running = 0
        self._next: plan.Site | None = None
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._one_at_a_time = bool(self._suspects)
        self.closed = False  # no task is begun any more; those under way may end

    def next_task(self) -> Task | None:
        """The next task; waits for one. None when all are done or the work is to stop."""
        with self._changed:
            while not (self._stop.value or self.closed):
                task = self._choose()
                if task is not None:
                    self._running += 1
                    return task
                if not (self._running or self._waiting or self._queued or self._peek()):
                    self._changed.notify_all()
                    return None
                pause = self._waiting[0][0] - time.monotonic() if self._waiting else _POLL_S
                self._changed.wait(min(max(pause, 0.001), _POLL_S))
        return None

    def put_back(self, task: Task, until: float) -> None:
        """The task goes on at this (monotonic) time."""
        with self._changed:
            self._running -= 1
            heapq.heappush(self._waiting, (until, next(self._numbers), task))
            self._changed.notify()

    def finished(self, task: Task, failed: bool) -> None:
        """The task has its outcome; the next in the queue of its domain may begin."""
        with self._changed:
            self._running -= 1
            self._counters.done += 1
            self._counters.failed += failed
            queue = self._queues[task.site.domain]
            if queue:
                self._queued -= 1
                heapq.heappush(self._waiting, (0.0, next(self._numbers), queue.popleft()))
            else:
                del self._queues[task.site.domain]
            self._changed.notify()

    def _choose(self) -> Task | None:
        if self._one_at_a_time and (self._running or self._waiting):
            return self._due() if not self._running else None
        if (task := self._due()) is not None:
            return task
        while self._queued + len(self._waiting) < MAX_WAITING and (site := self._peek()):
            if not self._may_begin(site):
                return None
            self._next = None
            task = self._make_task(site)
            if site.domain not in self._queues:
                self._queues[site.domain] = deque()
                return task
            self._queues[site.domain].append(task)
            self._queued += 1
        return None

    def _due(self) -> Task | None:
        if self._waiting and self._waiting[0][0] <= time.monotonic():
            return heapq.heappop(self._waiting)[2]
        return None

    def _peek(self) -> plan.Site | None:
        """The next site of the plan; None at its end."""
        if self._next is None:
            if self._suspects:
                self._next = self._suspects.popleft()
                return self._next
            self._one_at_a_time = False
            self._next = next(self._sites, None)
            self._counters.position = self._next.n if self._next else AT_END
        return self._next

    def _may_begin(self, site: plan.Site) -> bool:
        """Whether this vantage point is not too far ahead of the slowest of the others."""
        return not self._beside or site.n <= min(other.position for other in self._beside) + MAX_LEAD

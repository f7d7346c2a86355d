"""One process of a vantage point: its threads take tasks and write down their outcomes."""

import fcntl
import math
import multiprocessing.connection
import os
import signal
import sys
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

from overscripted.outcomes import REACHED, Reason
from overscripted.precrawl import links
from overscripted.precrawl.client import Client, tls_context
from overscripted.precrawl.deadline import Watch
from overscripted.precrawl.domain_locks import DomainLocks
from overscripted.precrawl.failure import Failure, ProxyAway, ProxyRefuses
from overscripted.precrawl.fetch import Fetcher, Page, Wait
from overscripted.precrawl.journal import Journal
from overscripted.precrawl.robots import Robots
from overscripted.precrawl.schedule import Schedule
from overscripted.precrawl.settings import BIG_PAGE, LEASE_SLACK_S, STOP_S, Settings
from overscripted.precrawl.tasks import Task
from overscripted.precrawl.under_way import UnderWay
from overscripted.precrawl.vantage import Vantage
from overscripted.store import Store

PROXY_AWAY = 75  # exit code: the proxy stayed away (EX_TEMPFAIL)
PROXY_REFUSES = 77  # exit code: the proxy takes no request of ours (EX_NOPERM)
STUCK = 70  # exit code: a page kept the parser busy. Its outcome is written; start again (EX_SOFTWARE)
_PROXY_RETRY_S = 2.0  # until a task that met an absent proxy goes on


@dataclass(frozen=True)
class Job:
    """What a process needs to know. ``done``: a bit per row of the plan, set where it has an outcome."""

    url: str  # of the run's store
    options: dict[str, Any]  # of the run's store
    vantage: Vantage
    settings: Settings
    plan: str  # local file
    done: bytes
    shard: int
    shards: int
    row: int  # of this process in the shared counters
    beside: tuple[int, ...]  # rows of the processes of the other vantage points
    task: type[Task]
    journals: str  # local folder
    lock: str  # local file, locked (shared) as long as the process lives
    parts: str  # key in the store
    domain_locks: str  # local file
    threads: int
    suspects: tuple[int, ...] = ()  # were under way when a process died: these go first, one at a time


def main(job: Job, counters: Any, stop: Any) -> None:
    """Body of the process. ``counters``: an array of `ProcessCounters`, shared by all processes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent tells the process when to stop
    sys.meta_path.insert(0, _NoPandas())
    threading.Thread(target=_die_with_parent, daemon=True).start()
    with open(job.lock, "wb") as alive:
        fcntl.flock(alive, fcntl.LOCK_SH)
        raise SystemExit(Worker(job, counters, stop).run())


class _NoPandas:
    """pyarrow loads pandas to make its first array: 46 MB and half a second of CPU per process."""

    @staticmethod
    def find_spec(name: str, *_: Any) -> None:
        if name == "pandas":
            raise ImportError("no process of the precrawl needs pandas")


def _die_with_parent() -> None:
    """An orphan would go on while the next command resumes its work."""
    parent = parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


class Worker:
    """The threads of the process and what they share, from start to end."""

    def __init__(self, job: Job, counters: Any, stop: Any) -> None:
        self.job, self._stop = job, stop
        self._watch = Watch()
        lease_s = job.settings.timeout_s + LEASE_SLACK_S
        self._domains = DomainLocks(Path(job.domain_locks), job.settings.pace_s, lease_s, job.shard)
        self._robots = Robots(job.settings.robots_unreachable) if job.settings.respect_robots else None
        self._tls = tls_context(job.settings.ca)
        store = Store(job.url, **job.options)
        self._journal = Journal(Path(job.journals), store, job.parts, job.task.table, job.shard)
        self._schedule = Schedule(job, counters, stop)
        self._under_way = UnderWay(UnderWay.path(Path(job.journals), job.shard), job.threads)
        self._counters = counters[job.row]
        # Thread -> the page that it parses. Whoever removes the entry records the outcome.
        self._parsing: dict[int, _Parsing] = {}
        self._big_page = threading.Lock()
        self._stuck: set[int] = set()  # threads that the parser will never return to
        self._drained_by = math.inf
        self._error: BaseException | None = None  # of ours, in a thread
        self._away_since: float | None = None  # when the proxy was first missed; None while it answers
        self._proxy_exit = 0  # exit code, once the proxy is given up

    def run(self) -> int:
        """Work until all tasks have an outcome; the process's exit code."""
        self._counters.pulse = 1
        threads = [threading.Thread(target=self._thread, args=(i,)) for i in range(self.job.threads)]
        for thread in threads:
            thread.daemon = True
            thread.start()
        while self._at_work(threads) and not self._interrupted:
            time.sleep(0.05)
            self._counters.pulse += 1
            self._give_up_stuck_pages()
            if self._proxy_exit:
                self._stop.value = 1
        self._counters.pulse = 0
        if self._stuck and not self._interrupted:
            os._exit(STUCK)  # the only way out of the parser
        limit = time.monotonic() + STOP_S
        for thread in threads:
            thread.join(max(limit - time.monotonic(), 0) if self._interrupted else None)
        if self._interrupted:
            self._watch.shut_all()
        self._journal.close()
        if self._error:
            raise self._error
        if not self._stop.value:
            self._under_way.close()
        return self._proxy_exit

    @property
    def _interrupted(self) -> bool:
        return bool(self._stop.value or self._error)

    def _at_work(self, threads: list[threading.Thread]) -> bool:
        return time.monotonic() < self._drained_by and any(
            t.is_alive() and t.ident not in self._stuck for t in threads
        )

    def _thread(self, number: int) -> None:
        client = Client(self.job.vantage, self.job.settings, self._tls)
        fetcher = Fetcher(client, self._watch, self._domains, self._robots)
        try:
            while (task := self._schedule.next_task()) is not None:
                self._under_way.set(number, task.site.n)
                self._step(task, fetcher)
                self._under_way.set(number, -1)
        except BaseException as error:
            self._error = self._error or error

    def _step(self, task: Task, fetcher: Fetcher) -> None:
        """Bring a task to its outcome, or put it back until it can go on."""
        while True:
            page: Page | Wait | None = None
            failure = None
            try:
                page = fetcher.get(task.attempt, needs_html=task.reads_page)
            except ProxyAway as error:
                self._put_back_for_proxy(task, error)
                return
            except Failure as error:
                if self._stop.value:
                    return  # we cut the connection, not the site; the task begins again on resume
                failure = error
            if isinstance(page, Wait):
                self._schedule.put_back(task, page.until)
                return
            self._away_since = None
            if not task.fall_back(page, failure):
                self._record(task, *task.result(page, failure))
                return

    def _put_back_for_proxy(self, task: Task, error: ProxyAway) -> None:
        now = time.monotonic()
        self._away_since = since = self._away_since or now
        if isinstance(error, ProxyRefuses):
            self._proxy_exit = PROXY_REFUSES
        elif now - since > self.job.settings.proxy_patience_s:
            self._proxy_exit = self._proxy_exit or PROXY_AWAY
        self._schedule.put_back(task, now + _PROXY_RETRY_S)

    def _record(self, task: Task, page: Page | None, failure: Failure | None) -> None:
        found = links.Links()
        if task.reads_page and page is not None and page.status == 200:
            found = self._links(task, page)
        row = task.row(page, failure, found)
        self._journal.append(task.site.n, row, found.found)
        self._schedule.finished(task, failed=row["outcome"] != REACHED)

    def _links(self, task: Task, page: Page) -> links.Links:
        settings, thread = self.job.settings, threading.get_ident()
        big = len(page.body) > BIG_PAGE
        with self._big_page if big else nullcontext():
            self._parsing[thread] = _Parsing(task, big)
            try:
                return links.extract(
                    page.body, page.content_type, page.url, settings.links, settings.max_links
                )
            finally:
                if self._parsing.pop(thread, None) is None:
                    threading.Event().wait()  # given up: its outcome is written and the process ends soon

    def _give_up_stuck_pages(self) -> None:
        """Record pages that keep the parser busy. Their threads stay in it; the others may end."""
        limit = self.job.settings.parse_s
        for thread, parsing in list(self._parsing.items()):
            if parsing.seconds() <= limit or self._parsing.pop(thread, None) is None:
                continue
            self._stuck.add(thread)
            self._schedule.closed = True
            self._drained_by = min(
                self._drained_by, time.monotonic() + self.job.settings.timeout_s + LEASE_SLACK_S
            )
            self._record(parsing.task, None, Failure(Reason.TOO_COMPLEX, f"over {limit:g} s"))
            if parsing.big:
                self._big_page.release()


class _Parsing:
    """A page in the parser. The thread that parses it makes this object."""

    def __init__(self, task: Task, big: bool) -> None:
        self.task, self.big = task, big
        self._clock = time.pthread_getcpuclockid(threading.get_ident())
        self._began = time.clock_gettime(self._clock)

    def seconds(self) -> float:
        """CPU time so far, as the page is not to blame for waiting; 0 where its thread has ended."""
        try:
            return time.clock_gettime(self._clock) - self._began
        except OSError:
            return 0.0

"""One process of a vantage point: threads that visit sites and write down what became of each."""

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

from overscripted.precrawl import links
from overscripted.precrawl.client import Client, tls_context
from overscripted.precrawl.deadline import Watch
from overscripted.precrawl.failure import FINAL, Failure, ProxyAway, ProxyRefuses
from overscripted.precrawl.fetch import Attempt, Fetcher, Page, Wait
from overscripted.precrawl.gate import Gate
from overscripted.precrawl.journal import Journal
from overscripted.precrawl.plan import Site
from overscripted.precrawl.robots import Robots
from overscripted.precrawl.schedule import COUNTS, Schedule
from overscripted.precrawl.settings import BIG_PAGE, LEASE_SLACK_S, STOP_S, Settings
from overscripted.precrawl.sites import start_url, www_url
from overscripted.precrawl.vantage import Vantage
from overscripted.store import Store

PROXY_AWAY = 75  # exit code: the proxy stayed away (EX_TEMPFAIL)
PROXY_REFUSES = 77  # exit code: the proxy takes no request of ours (EX_NOPERM)
STUCK = 70  # exit code: a page kept the parser busy, its outcome is written; start again (EX_SOFTWARE)


@dataclass(frozen=True)
class Job:
    """What a process needs to know. ``done``: a bit for each site of the plan, set where it is finished."""

    url: str  # of the run's store
    options: dict[str, Any]
    vantage: Vantage
    settings: Settings
    plan: str  # local file
    done: bytes
    shard: int
    shards: int
    row: int  # of this process in the shared counts
    beside: tuple[int, ...]  # rows of the other vantage points
    check: bool  # a load check of URLs instead of a precrawl of sites
    journals: str  # local folder
    lock: str  # local file, locked (shared) as long as the process lives
    parts: str  # key in the store
    gate: str  # local file
    threads: int
    alone: tuple[int, ...] = ()  # sites that were under way when a process died: first, one by one


@dataclass
class Visit:
    """A site on its way to its outcome."""

    site: Site
    attempt: Attempt
    www: str | None
    began: float
    first: Failure | None = None
    spent: float = 0.0  # by the tries before this one

    def again(self, url: str) -> None:
        """Another try, of another URL or method; its time is its own."""
        self.spent += self.attempt.spent
        self.attempt = Attempt(url, began=self.attempt.began)


def main(job: Job, counts: Any, stop: Any) -> None:
    """Body of the process. ``counts``: what all processes share, COUNTS numbers each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when to stop
    sys.meta_path.insert(0, _NoPandas())
    threading.Thread(target=_die_with_parent, daemon=True).start()
    with open(job.lock, "wb") as alive:
        fcntl.flock(alive, fcntl.LOCK_SH)
        raise SystemExit(Worker(job, counts, stop).run())


class _NoPandas:
    """pyarrow loads pandas to make its first array: 46 MB and half a second of CPU in each process."""

    @staticmethod
    def find_spec(name: str, *_: Any) -> None:
        if name == "pandas":
            raise ImportError("no process of the precrawl needs pandas")


def _die_with_parent() -> None:
    """No orphans: they would go on while the next run resumes."""
    parent = parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


class Worker:
    """The threads, what they share, and the end of it all."""

    def __init__(self, job: Job, counts: Any, stop: Any) -> None:
        self.job, self._stop = job, stop
        self._watch = Watch()
        lease_s = job.settings.timeout_s + LEASE_SLACK_S
        self._gate = Gate(Path(job.gate), job.settings.pace_s, lease_s, job.shard)
        self._robots = Robots(job.settings.robots_unreachable) if job.settings.respect_robots else None
        self._tls = tls_context(job.settings.ca)
        store = Store(job.url, **job.options)
        table = "check" if job.check else "outcomes"
        self._journal = Journal(Path(job.journals), store, job.parts, table, job.shard)
        self._schedule: Schedule[Visit] = Schedule(job, counts, stop, self._begin)
        self._under_way = UnderWay(Path(job.journals) / f"{job.shard}.under-way", job.threads)
        self._counts = counts
        self._parsing: dict[int, _Reading] = {}  # thread -> the page it reads; who takes it out records it
        self._big = threading.Lock()
        self._stuck: set[int] = set()  # threads that are in the parser for good
        self._drained_by = math.inf
        self._broken: BaseException | None = None
        self._away_since: float | None = None  # the proxy, while nothing comes through it
        self._proxy_lost = 0  # exit code, once it is

    def run(self) -> int:
        """Visit all; the process's exit code."""
        pulse = self.job.row * COUNTS + 3
        self._counts[pulse] = 1
        threads = [threading.Thread(target=self._thread, args=(i,)) for i in range(self.job.threads)]
        for thread in threads:
            thread.daemon = True
            thread.start()
        while self._at_work(threads) and not self._stop.value and not self._broken:
            time.sleep(0.05)
            self._counts[pulse] += 1
            self._leave_stuck()
            if self._proxy_lost:
                self._stop.value = 1
        self._counts[pulse] = 0
        if self._stuck and not self._stop.value and not self._broken:
            os._exit(STUCK)  # the only way out of the parser
        limit = time.monotonic() + STOP_S
        for thread in threads:
            thread.join(max(limit - time.monotonic(), 0) if self._stop.value or self._broken else None)
        if self._stop.value or self._broken:
            self._watch.shut_all()
        self._journal.close()
        if self._broken:
            raise self._broken
        if not self._stop.value:
            self._under_way.close()
        return self._proxy_lost

    def _at_work(self, threads: list[threading.Thread]) -> bool:
        return time.monotonic() < self._drained_by and any(
            t.is_alive() and t.ident not in self._stuck for t in threads
        )

    def _begin(self, site: Site) -> Visit:
        check = self.job.check
        url = site.site if check else start_url(site.site)
        attempt = Attempt(url, "HEAD" if check else "GET")
        return Visit(site, attempt, None if check else www_url(site.site), time.time())

    def _thread(self, number: int) -> None:
        client = Client(self.job.vantage, self.job.settings, self._tls)
        fetcher = Fetcher(client, self._watch, self._gate, self._robots)
        try:
            while (visit := self._schedule.take()) is not None:
                self._under_way.set(number, visit.site.n)
                self._step(visit, fetcher)
                self._under_way.set(number, -1)
        except BaseException as error:
            self._broken = self._broken or error

    def _step(self, visit: Visit, fetcher: Fetcher) -> None:
        """Take a visit to its outcome, or put it back until it can go on."""
        while True:
            try:
                page = fetcher.get(visit.attempt, needs_html=not self.job.check)
            except ProxyAway as error:
                self._put_back_for_proxy(visit, error)
                return
            except Failure as failure:
                if self._stop.value:
                    return  # cut by us, not by the site: begins again on resume
                self._away_since = None
                if not self._another_way(visit, failure):
                    self._record(visit, None, self._told(visit, failure))
                    return
                continue
            if isinstance(page, Wait):
                self._schedule.put_back(visit, page.until)
                return
            self._away_since = None
            if self.job.check and visit.attempt.method == "HEAD" and page.status >= 400:
                visit.again(visit.site.site)  # many servers do not know HEAD
                continue
            if visit.first and page.status != 200:
                told = self._told(visit, Failure(f"http_{page.status}"))
                self._record(visit, page if told.reason == f"http_{page.status}" else None, told)
                return
            self._record(visit, page, None)
            return

    def _another_way(self, visit: Visit, failure: Failure) -> bool:
        """The study's second try: with www. A load check's: with GET."""
        if failure.reason in FINAL:
            return False
        if self.job.check and visit.attempt.method == "HEAD":
            visit.again(visit.site.site)
            return True
        if visit.www is None:
            return False
        visit.again(visit.www)
        visit.first, visit.www = failure, None
        return True

    @staticmethod
    def _told(visit: Visit, failure: Failure) -> Failure:
        """Of two failures, the one that says more: a www that does not exist says nothing."""
        if visit.first and (failure.reason == "dns" or visit.first.reason != "dns"):
            return Failure(visit.first.reason, f"{visit.first.text} | www: {failure.reason} {failure.text}")
        return failure

    def _put_back_for_proxy(self, visit: Visit, error: ProxyAway) -> None:
        now = time.monotonic()
        self._away_since = since = self._away_since or now
        if isinstance(error, ProxyRefuses):
            self._proxy_lost = PROXY_REFUSES
        elif now - since > self.job.settings.proxy_patience_s:
            self._proxy_lost = self._proxy_lost or PROXY_AWAY
        self._schedule.put_back(visit, now + 2.0)

    def _record(self, visit: Visit, page: Page | None, failure: Failure | None) -> None:
        row: dict[str, Any]
        kept: list[tuple[int, str]] = []
        if self.job.check:
            row = _check_row(visit, page, failure)
        else:
            found = links.Links()
            if page is not None and page.status == 200:
                found = self._links(visit, page)
            row = _site_row(visit, page, failure, found)
            kept = found.found
        self._journal.append(visit.site.n, row, kept)
        self._schedule.finished(visit, failed=row["outcome"] != "reached")

    def _links(self, visit: Visit, page: Page) -> links.Links:
        settings, thread = self.job.settings, threading.get_ident()
        big = len(page.body) > BIG_PAGE
        with self._big if big else nullcontext():
            self._parsing[thread] = _Reading(visit, big)
            try:
                return links.extract(
                    page.body, page.content_type, page.url, settings.links, settings.max_links
                )
            finally:
                if self._parsing.pop(thread, None) is None:
                    threading.Event().wait()  # given up: its outcome is written and the process ends soon

    def _leave_stuck(self) -> None:
        """No thread can be taken out of the parser: record what keeps it there and let the others end."""
        limit = self.job.settings.parse_s
        for thread, reading in list(self._parsing.items()):
            if reading.seconds() <= limit or self._parsing.pop(thread, None) is None:
                continue
            self._stuck.add(thread)
            self._schedule.closed = True
            self._drained_by = min(
                self._drained_by, time.monotonic() + self.job.settings.timeout_s + LEASE_SLACK_S
            )
            self._record(reading.visit, None, Failure("too_complex", f"over {limit:g} s"))
            if reading.big:
                self._big.release()


class _Reading:
    """A page in the parser, made by the thread that reads it."""

    def __init__(self, visit: Visit, big: bool) -> None:
        self.visit, self.big = visit, big
        self._clock = time.pthread_getcpuclockid(threading.get_ident())
        self._began = time.clock_gettime(self._clock)

    def seconds(self) -> float:
        """CPU time so far, as waiting for others is no fault of the page; 0 where its thread has ended."""
        try:
            return time.clock_gettime(self._clock) - self._began
        except OSError:
            return 0.0


def _common(visit: Visit, page: Page | None, failure: Failure | None) -> dict[str, Any]:
    good = page.status == 200 if page else False
    outcome = "reached" if good else f"http_{page.status}" if page else failure.reason if failure else "error"
    return {
        "outcome": outcome,
        "error": failure.text if failure else "",
        "status": page.status if page else _status_of(failure),
        "started": int((visit.attempt.began or visit.began) * 1e6),
        "elapsed_s": round(visit.spent + visit.attempt.spent, 3),
    }


_AFTER_200 = {"not_html", "too_large", "encoding", "too_complex"}


def _status_of(failure: Failure | None) -> int | None:
    return 200 if failure and failure.reason in _AFTER_200 else None


def _site_row(visit: Visit, page: Page | None, failure: Failure | None, found: links.Links) -> dict[str, Any]:
    return {
        "site": visit.site.site,
        "rank": visit.site.rank,
        "page": page.url if page else None,
        "n_links": len(found.found),
        "n_invalid_links": found.invalid,
        "n_cut_links": found.cut,
        "size": len(page.body) if page else None,
        **_common(visit, page, failure),
    }


def _check_row(visit: Visit, page: Page | None, failure: Failure | None) -> dict[str, Any]:
    return {
        "url": visit.site.site,
        "method": visit.attempt.method,
        "final_url": page.url if page else None,
        "redirects": visit.attempt.redirects,
        "content_type": page.content_type[:200] if page else None,
        **_common(visit, page, failure),
    }


def crashed(site: Site, check: bool) -> dict[str, Any]:
    """The row of a page that ended its process, twice."""
    attempt = Attempt(site.site if check else start_url(site.site))
    visit, failure = Visit(site, attempt, None, time.time()), Failure("crashed", "ended its process, twice")
    if check:
        return _check_row(visit, None, failure)
    return _site_row(visit, None, failure, links.Links())


class UnderWay:
    """The sites a process is visiting, in a file that outlives it: who killed it is among them."""

    WIDTH = 12

    def __init__(self, path: Path, threads: int) -> None:
        self._path = path
        self._file = open(path, "wb", buffering=0)  # noqa: SIM115
        for number in range(threads):
            self.set(number, -1)

    def set(self, thread: int, site: int) -> None:
        """Thread ``thread`` visits site ``site`` of the plan; -1 for none."""
        os.pwrite(self._file.fileno(), f"{site:>{self.WIDTH - 1}}\n".encode(), thread * self.WIDTH)

    def close(self) -> None:
        """Nothing is under way: all ended well."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    @staticmethod
    def read(path: Path) -> list[int]:
        """What was under way when the process died."""
        try:
            return sorted({int(n) for n in path.read_text("utf-8").split() if int(n) >= 0})
        except FileNotFoundError:
            return []

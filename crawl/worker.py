"""One worker: takes seeds from the frontier, visits them in many windows, and hands on their records.

A seed's way: leased, visited, its records sealed and durable, acknowledged. Whatever dies on the way
leaves the seed to be leased again, and attempt numbers keep the records of each attempt apart.
"""

import asyncio
import contextlib
import logging
import math
import os
import platform
import secrets
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from overscripted import layout
from overscripted.crawl import display, limits, settings
from overscripted.crawl import visit as visits
from overscripted.crawl.browser import Browser
from overscripted.crawl.concurrency import Windows
from overscripted.crawl.firefox import profile
from overscripted.crawl.firefox.bidi import BidiClosed, BidiError
from overscripted.crawl.firefox.profile import Pref
from overscripted.crawl.frontier import outcomes, progress
from overscripted.crawl.frontier.queue import Frontier, Lease
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.limits import Limit, LimitClock, Reached
from overscripted.crawl.load_slots import Turns
from overscripted.crawl.metrics import Metrics
from overscripted.crawl.network import route
from overscripted.crawl.network.proxy_monitor import Upstream
from overscripted.crawl.network.resolver import Names
from overscripted.crawl.records.rows import Records
from overscripted.crawl.records.writer import Writer
from overscripted.crawl.robots import Robots
from overscripted.crawl.settings import Limits, Options
from overscripted.errors import OutsideError
from overscripted.progress import Work
from overscripted.robots import ALL_ALLOWED
from overscripted.store import Store
from overscripted.urls import host

log = logging.getLogger("overscripted.crawl")

T = TypeVar("T")

_IDLE_S = 0.5  # between two looks at a frontier that had nothing for us
_START_TRIES = 3  # browsers that fail to start one after the other


class Worker:
    """A crawl worker. `run` ends when no seed is left, or after `stop`."""

    def __init__(
        self,
        store: Store,
        frontier: Frontier,
        options: Options,
        wished: dict[str, Any],
        work: Work,
        names: Names | None = None,
    ) -> None:
        self.name = f"{platform.node()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"
        self.frontier, self.options, self.work = frontier, options, work
        self.writer = Writer(store, self.name, options.segment_bytes, options.segment_age_s)
        self.windows = Windows(options.windows)
        self.limits = LimitClock()
        self._obstacle, self._asked = Limit.SEEDS, -math.inf  # what the frontier said last, and when
        self._unreachable = ""  # why the frontier does not answer, while it does not
        self.ended: Counter[str] = Counter()
        self.began = time.monotonic()
        self._wished = wished
        self._instrument = instrument_settings.digest(wished)
        self._guard = route.guard_for(options, names)
        self._upstream = Upstream(options.proxy) if options.proxy else None
        self._robots = self._robots_for(options) if options.respect_robots else None
        self._metrics = Metrics(options.metrics, self.facts) if options.metrics else None
        self._store = store
        self._prefs: dict[str, Pref] = {}
        self._browsers: list[Browser] = []
        self.display: dict[str, Any] = {}  # what pages find, see `display.ask`
        self._starting = asyncio.Lock()
        self._visits: dict[asyncio.Task[None], Lease] = {}
        self._turns = Turns()
        self._stopping = asyncio.Event()
        self._refused: OutsideError | None = None  # by the proxy
        # One thread, so that the frontier's calls come one after the other.
        self._thread = ThreadPoolExecutor(1, "frontier")

    def stop(self) -> None:
        """Begin no more visits; `run` ends when those under way have. Twice: end them now."""
        if self._stopping.is_set():
            self.writer.abandon()
            for task in self._visits:
                task.cancel()
        self._stopping.set()
        self.writer.stop()

    @property
    def stopped(self) -> bool:
        """Whether it was asked to stop."""
        return self._stopping.is_set()

    @property
    def active(self) -> int:
        """Visits under way."""
        return len(self._visits)

    async def run(self) -> None:
        """Work until no seed is left, or until stopped. OutsideError where the proxy refuses."""
        await asyncio.to_thread(profile.clean)
        for helper in (self._guard, self._upstream, self._metrics):
            if helper:
                await helper.start()
        self._prefs = route.prefs(self.options, self._guard) | profile.popups(self.options.popups)
        await self._bury_dead()
        await self._ask(self._beat_once, self._said())
        beating = asyncio.create_task(self._beat())
        noting = asyncio.create_task(self._note())
        try:
            async with self.writer:
                try:
                    await self._loop(beating)
                finally:
                    await self._end_visits()
        finally:
            for task in (beating, noting):
                task.cancel()
            await asyncio.gather(beating, noting, return_exceptions=True)
            for browser in self._browsers:
                await browser.stop()
            for helper in (self._guard, self._upstream, self._metrics):
                if helper:
                    await helper.stop()
            if self._robots:
                await self._robots.close()
            with contextlib.suppress(OutsideError):
                await self._call(self._beat_once, self._said())
                await self._call(self.frontier.leave, self.name)
                await self._tell(await self._call(progress.of, self.frontier))
            self._thread.shutdown(wait=False)
        if self._refused:
            raise self._refused

    # -- the loop -----------------------------------------------------------------------------

    async def _loop(self, beating: "asyncio.Task[None]") -> None:
        while True:
            self.writer.check()
            if beating.done():
                beating.result()
            self.windows.adjust(self.active)
            await self._retire()
            free = 0 if self.stopped or self.writer.full else self.windows.limit - self.active
            leases: list[Lease] = []
            if free > 0:
                leases = await self._ask(self._lease, free)
                for lease in leases:
                    await self._begin(lease)
                if not leases and self.writer.gathering and not await self._ask(self.frontier.waits):
                    self.writer.flush()  # the last ones: what is to be visited again need not wait for more
                if not leases and not self._visits and not await self._more():
                    return
            self.limits.reach(await self._reached(free - len(leases)))
            if self.stopped and not self._visits:
                return
            if self._visits:
                wait = _IDLE_S if free > 0 else 2.0
                await asyncio.wait(self._visits, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            elif self.writer.full:
                await asyncio.sleep(_IDLE_S)
            for task in [t for t in self._visits if t.done()]:
                lease = self._visits.pop(task)
                if task.cancelled():
                    await self._ask(self.frontier.retry, self.name, lease, 0.0)
                else:
                    task.result()

    async def _more(self) -> bool:
        """With nothing to visit now: wait for what may come; False if nothing can."""
        if self.writer.pending:
            self.writer.flush()
            await self._until(self.writer.drained())
            return True
        if not await self._ask(self.frontier.left):
            return False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), _IDLE_S)
        return True

    async def _until(self, waiting: Any) -> None:
        done = asyncio.ensure_future(waiting)
        while not done.done():
            await asyncio.wait({done}, timeout=1.0)
            self.writer.check()
            if not done.done():
                self.limits.reach(self._records_reached)

    async def _reached(self, unused: int) -> Reached:
        """What keeps this worker from more visits, with so many windows ``unused``."""
        if self.stopped:
            return limits.STOP
        if self._upstream and self._upstream.away:
            return limits.proxy(self.options.proxy)
        if self.writer.full or (unused > 0 and self.writer.late):
            return self._records_reached
        if unused <= 0:
            return self.windows.reached
        if time.monotonic() - self._asked >= settings.OBSTACLE_S:
            self._obstacle = await self._ask(self.frontier.obstacle, self.options.per_domain)
            self._asked = time.monotonic()
        return limits.of_seeds(self._obstacle, self.options.per_domain, self.options.pace_s)

    @property
    def _records_reached(self) -> Reached:
        """What keeps records from being durable and their seeds from being acknowledged."""
        if self._unreachable:
            return limits.frontier(self._unreachable)
        return limits.store(self._store.url, self.writer.failing)

    def _robots_for(self, options: Options) -> Robots:
        names = self._guard.names if self._guard else None
        return Robots(names, options.proxy, options.authorities, options.robots_unreachable)

    def _lease(self, n: int) -> list[Lease]:
        return self.frontier.lease(self.name, n, self.options.per_domain, self.options.pace_s)

    async def _begin(self, lease: Lease) -> None:
        if lease.attempt > settings.MAX_ATTEMPTS:
            result = visits.Result("lost", "workers were killed at every attempt")
            self._hand_on(lease, self._records(lease), result, "")
            return
        browser = await self._browser()
        task = asyncio.create_task(self._visit(browser, lease))
        self._visits[task] = lease

    def _records(self, lease: Lease) -> Records:
        records = Records(self.writer, self.frontier.crawl_id, lease.visit_id, lease.attempt, Limits())
        records.host = host(lease.seed)
        return records

    async def _visit(self, browser: Browser, lease: Lease) -> None:
        records, began = self._records(lease), time.monotonic()
        rules = await self._robots.rules(lease.seed) if self._robots else ALL_ALLOWED
        if not rules.allow(lease.seed):
            result = visits.Result("blocked", rules.refusal)
        else:
            result = await visits.visit(browser, lease, records, self.options, self._turns)
        if self._guard and result.outcome == "net_error" and self._guard.names.has_refused(records.host):
            result.outcome, result.error = "blocked", f"{records.host}: not a public address"
        if self._upstream and await self._upstream.was_away(began, self._stopping):
            # Even a page that loaded may lack what was asked for meanwhile.
            await self._ask(self.frontier.retry, self.name, lease, 0.0)
            return
        if self._upstream and (rules.unreachable or result.outcome in ("net_error", "http_error")):
            try:
                await self._upstream.require_open()
            except OutsideError as error:  # what has been visited is kept, nothing more is begun
                self._refused = error
                self._stopping.set()
                await self._ask(self.frontier.retry, self.name, lease, 0.0)
                return
        if not result.greedy:
            self.windows.saw(result.starved)
            if result.outcome == "hung" and self.windows.starving:
                # Its neighbours starve, too: perhaps it has no loop.
                result.starved = settings.FLUSH_TIMEOUT_S
        self._hand_on(lease, records, result, browser.user_agent)

    def _hand_on(self, lease: Lease, records: Records, result: visits.Result, agent: str) -> None:
        """The visit is over: its last rows, and what becomes of the seed once they are durable."""
        records.finish()
        starved = (result.starved or 0.0) > settings.STARVED_S and not result.greedy
        again = outcomes.again(result.outcome, lease.attempt, self.options.retries, starved, result.waited)
        log.info(
            "visit",
            extra={
                "fields": {
                    "seed": lease.seed,
                    "visit_id": lease.visit_id,
                    "attempt": lease.attempt,
                    "outcome": result.outcome,
                    "error": result.error,
                    "calls": records.n_calls,
                    "starved": result.starved,
                    "again": again,
                }
            },
        )
        done: Callable[[], bool]
        if again:
            delay = outcomes.retry_delay(lease.attempt, result.waited)
            done = partial(self.frontier.retry, self.name, lease, delay)
        else:
            done = partial(self.frontier.end, self.name, lease, result.outcome, records.n_calls)
            self.ended[result.outcome] += 1
            self.work.add(1, failed=0 if result.outcome in outcomes.GOOD else 1)
        row = visits.row(result, lease, records, self.name, agent, self._instrument)
        self.writer.end_visit(row, partial(self._acknowledge, lease, done))

    async def _acknowledge(self, lease: Lease, done: Callable[[], bool]) -> None:
        if not await self._ask(done):
            log.warning("late: %s was given to another worker meanwhile", lease.seed)

    async def _end_visits(self) -> None:
        """Give up visits that are still under way; their attempts count, their seeds wait again."""
        for task in self._visits:
            task.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)
        for task, lease in self._visits.items():
            if task.cancelled() or task.exception():
                with contextlib.suppress(OutsideError):
                    await self._call(self.frontier.retry, self.name, lease, 0.0)
        self._visits.clear()

    # -- browsers -----------------------------------------------------------------------------

    async def _browser(self) -> Browser:
        async with self._starting:
            for browser in self._browsers:
                if browser.fit:
                    return browser
            for left in reversed(range(_START_TRIES)):
                try:
                    browser = await self._start_browser()
                except OutsideError:
                    if not left:
                        raise
                    log.warning("Firefox did not start; trying again")
                    continue
                self._browsers.append(browser)
                return browser
        raise AssertionError

    async def _start_browser(self) -> Browser:
        self.limits.reach(limits.START)
        browser = await Browser.start(
            self._wished,
            self._prefs,
            [Path(path) for path in self.options.authorities],
            self.options.firefox,
            headless=not self.options.show,
            contact=self.options.contact,
        )
        if not self.display:
            await self._look_at_display(browser)
        return browser

    async def _look_at_display(self, browser: Browser) -> None:
        """Note what pages find, and warn once of what a person's Firefox has and this one lacks."""
        with contextlib.suppress(BidiError, BidiClosed, TimeoutError):
            self.display = await browser.display()
            for lack in display.lacking(self.display):
                log.warning("%s", lack)

    async def _retire(self) -> None:
        """Replace browsers that are old, large, ill or dead; end those that nobody uses any more."""
        for browser in list(self._browsers):
            if browser.visits >= self.options.visits_per_browser:
                browser.retired = True
            if not browser.fit and not browser.active:
                self._browsers.remove(browser)
                await browser.stop()

    # -- the frontier -------------------------------------------------------------------------

    async def _call(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    async def _ask(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call the frontier; while it is out of reach, try again for as long as for the store."""
        began = time.monotonic()
        pauses = list(settings.STORE_RETRY_S)
        while True:
            try:
                answer = await self._call(function, *arguments)
                self._unreachable = ""
                return answer
            except OutsideError as error:
                if time.monotonic() - began > settings.STORE_GIVE_UP_S or self.writer.abandoned:
                    raise
                log.warning("%s; trying again", error)
                self._unreachable = str(error)
                self.limits.reach(limits.frontier(self._unreachable))
                await self.writer.pause(pauses.pop(0) if len(pauses) > 1 else pauses[0])

    async def _beat(self) -> None:
        told = 0.0
        while True:
            await asyncio.sleep(settings.BEAT_S)
            await self._ask(self._beat_once, self._said())
            if time.monotonic() - told >= settings.STATUS_S:
                told = time.monotonic()
                if await self._ask(self.frontier.leads, self.name):
                    await self._tell(await self._ask(progress.of, self.frontier))

    async def _note(self) -> None:
        """Have the progress line say what holds this worker back, also while nothing goes on."""
        while True:
            await asyncio.sleep(settings.NOTE_S)
            self.work.note(self.limits.line())

    async def _tell(self, said: dict[str, Any]) -> None:
        """Write the state of the whole crawl, for `overscripted status`; not worth a retry."""
        try:
            await asyncio.to_thread(self._store.write_json, layout.CRAWL_STATUS, said)
        except Exception as error:  # whatever a file system or S3 library raises
            log.warning("store: cannot write %s: %s", layout.CRAWL_STATUS, error)

    def _said(self) -> dict[str, Any]:
        return self.facts() | {"held_back": self.limits.line()}

    def _beat_once(self, facts: dict[str, Any]) -> None:
        self.frontier.beat(self.name, platform.node(), os.getpid(), facts)
        self.frontier.reap()

    async def _bury_dead(self) -> None:
        """Workers of this machine that were killed: their seeds are free at once."""
        host = platform.node()
        pids = await self._ask(self.frontier.pids, host)
        await self._ask(self.frontier.bury, host, [pid for pid in pids if _runs(pid)])

    def facts(self) -> dict[str, Any]:
        """What this worker says of itself, for `status` and metrics."""
        return {
            "windows": self.windows.limit,
            "active": self.active,
            "ended": sum(self.ended.values()),
            "good": sum(self.ended[name] for name in outcomes.GOOD),
            "per_hour": round(sum(self.ended.values()) / max(time.monotonic() - self.began, 1) * 3600),
            "buffered_bytes": self.writer.buffered,
            "pending": self.writer.pending,
            "written_bytes": self.writer.written_bytes,
            "firefox_bytes": sum(browser.memory for browser in self._browsers),
            "limit": self.limits.present.limit.value,
            "limit_for_s": round(self.limits.since_s, 1),
            "limit_s": self.limits.seconds(),
        }


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid != os.getpid()

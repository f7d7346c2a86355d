"""One worker: leases seeds from the frontier, runs many visits at the same time, has their records written.

A seed is leased and visited. Its records are written to the store. Only then does the frontier learn how it
ended. If anything dies before, the seed is leased again; attempt numbers keep the records of attempts apart.
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
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from overscripted.crawl import following, limits, settings
from overscripted.crawl import visit as visits
from overscripted.crawl.browser import Browser
from overscripted.crawl.browser_pool import BrowserPool
from overscripted.crawl.browser_pools import BrowserPools
from overscripted.crawl.concurrency import ConcurrencyLimit
from overscripted.crawl.firefox import profile, virtual_display
from overscripted.crawl.firefox.bidi import BidiClosed, BidiError
from overscripted.crawl.firefox.displays import Displays
from overscripted.crawl.firefox.profile import Pref
from overscripted.crawl.frontier import attempts
from overscripted.crawl.frontier.client import FrontierClient
from overscripted.crawl.frontier.queue import Frontier, Lease
from overscripted.crawl.instrument.settings import digest
from overscripted.crawl.kept.archive import Unusable
from overscripted.crawl.kept.profile import KeptProfile
from overscripted.crawl.kept.states import States
from overscripted.crawl.limits import Limit, LimitClock, Reached
from overscripted.crawl.load_slots import LoadSlots
from overscripted.crawl.metrics import Metrics
from overscripted.crawl.network.proxy_monitor import ProxyMonitor
from overscripted.crawl.network.resolver import Resolver
from overscripted.crawl.network.route import Route
from overscripted.crawl.records import host_names, recording
from overscripted.crawl.records.recording import Recording
from overscripted.crawl.records.rows import Records
from overscripted.crawl.records.writer import Done, Writer
from overscripted.crawl.replay.opening import Archives
from overscripted.crawl.replay.route import ArchiveRoute
from overscripted.crawl.settings import Limits, Options
from overscripted.crawl.variants.variant import KEPT, Variant
from overscripted.errors import OutsideError
from overscripted.outcomes import GOOD, Outcome
from overscripted.progress import Work
from overscripted.record_kinds import saving
from overscripted.robots import ALL_ALLOWED
from overscripted.store import Store
from overscripted.urls import host

log = logging.getLogger("overscripted.crawl")

_IDLE_S = 0.5  # between two looks at a frontier that had no seed for this worker
_LOOK_S = 2.0  # between two looks at the limits while as many visits as allowed are in progress
# Outcomes of a page that are the same for any browser, as a rule.
_PAGES_OWN = (Outcome.NET_ERROR, Outcome.TIMEOUT, Outcome.HUNG)


@dataclass(frozen=True)
class Made:
    """A visit that is over. Its records are complete but for its own row."""

    lease: Lease
    records: Records
    result: visits.Result
    user_agent: str
    archived: tuple[bytes, ...] = ()  # its records of WARC


class Worker:
    """A crawl worker. `run` returns when no seed is left, or after `stop`."""

    def __init__(
        self,
        store: Store,
        frontier: Frontier,
        options: Options,
        instrument_settings: dict[str, Any],
        work: Work,
        resolver: Resolver | None = None,
        variants: Mapping[str, Variant] | None = None,
        archives: Archives | None = None,
    ) -> None:
        """``archives`` answer in place of the network, where there are some."""
        self._archive = ArchiveRoute(archives, options) if archives else None
        if self._archive:
            options = replace(options, authorities=(str(self._archive.authority),))
        self.name = f"{platform.node()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"
        self.options, self.work = options, work
        about = recording.warcinfo(frontier.crawl_id, options) if options.record else None
        self.writer = Writer(store, self.name, options.segment_bytes, options.segment_age_s, about)
        self._recorder = ThreadPoolExecutor(1, "archive") if options.record else None
        self.concurrency = ConcurrencyLimit(options.windows)
        self.limits = LimitClock()
        self.ended: Counter[str] = Counter()
        self.began = time.monotonic()
        self._crawl_id = frontier.crawl_id
        self._frontier = FrontierClient(frontier, self.name, options, store, self.writer, self.limits)
        self._instrument_sha256 = digest(instrument_settings)
        self._saved = saving.saved(options.save)
        self._metrics = Metrics(options.metrics, self.facts) if options.metrics else None
        self._store = store
        self._variants = variants or {}
        # Of each proxy and, without any, of the key ""
        self._routes: dict[str, Route] = {
            options.proxy: self._archive or Route(options, options.proxy, "--proxy", resolver)
        }
        for variant in self._variants.values():
            if variant.proxy and variant.proxy not in self._routes:
                name = f"--variants: {variant.name}: proxy"
                self._routes[variant.proxy] = Route(options, variant.proxy, name, resolver)
        self._instrument_settings = instrument_settings
        # Variants with a kept profile ("": a crawl without variants) -> its states
        kept = [""] if options.profile else [name for name, it in self._variants.items() if it.state == KEPT]
        self._states = {name: States(store, name) for name in kept}
        # Visits with each of them before the present one, the latest first
        self._before: dict[str, list[tuple[int, int]]] = {}
        frontier.in_order = tuple(kept)
        self._displays = Displays(options.display)
        self._attach = self._archive.attach if self._archive else None
        self.browsers = BrowserPool(
            options, instrument_settings, self._prefs, self.limits, self._displays, attach=self._attach
        )
        self._pools = BrowserPools(self.browsers, self._pool)
        self._visits: dict[asyncio.Task[None], Lease] = {}
        self._waiting = 0  # seeds that wait for their next visit, beside the visits in progress
        self._due = 0  # those of them that have waited long enough
        self._load_slots = LoadSlots()
        self._stopping = asyncio.Event()
        self._refused: OutsideError | None = None  # the proxy's refusal of our requests
        self._obstacle, self._obstacle_at = Limit.SEEDS, -math.inf  # the frontier's last answer, and when

    def stop(self) -> None:
        """Start no more visits; `run` returns when those in progress end. A second call ends them now."""
        if self._stopping.is_set():
            self.writer.abandon()
            for task in self._visits:
                task.cancel()
        self._stopping.set()
        self.writer.stop()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called, or the proxy refuses our requests."""
        return self._stopping.is_set()

    @property
    def active(self) -> int:
        """Visits in progress, and those whose turn it is to follow another."""
        return len(self._visits) - self._waiting

    @property
    def _free(self) -> int:
        """Visits that may begin. Variants of a seed begin together: beside others where all find room."""
        free = self.concurrency.limit - self.active
        together = len(self._variants) or 1
        return free - free % together if self._visits else free

    async def run(self) -> None:
        """Work until no seed is left, or until stopped. OutsideError where the proxy refuses our requests."""
        await asyncio.to_thread(profile.clean)
        await asyncio.to_thread(virtual_display.clean)
        async with AsyncExitStack() as stack:
            if self._recorder:
                stack.callback(self._recorder.shutdown, wait=False, cancel_futures=True)
            stack.callback(self._frontier.close)
            for helper in (*self._routes.values(), self._metrics):
                if helper:
                    await helper.start()
                    stack.push_async_callback(helper.stop)
            await self._frontier.join(self._report())
            stack.push_async_callback(self._leave)
            stack.push_async_callback(self._displays.stop)
            stack.push_async_callback(self._pools.stop)
            heartbeat = asyncio.create_task(self._frontier.keep_alive(self._report))
            stack.push_async_callback(_cancel, heartbeat)
            stack.push_async_callback(_cancel, asyncio.create_task(self._note()))
            await stack.enter_async_context(self.writer)
            stack.push_async_callback(self._end_visits)
            await self._loop(heartbeat)
        if self._refused:
            raise self._refused

    # -- the loop -----------------------------------------------------------------------------

    async def _loop(self, heartbeat: "asyncio.Task[None]") -> None:
        while True:
            self.writer.check()
            if heartbeat.done():
                heartbeat.result()
            self.concurrency.adjust(self.active)
            await self._pools.retire()
            free = 0 if self.stopped or self.writer.full else self._free
            leases = await self._lease(free) if free > 0 else []
            if free > 0 and not leases and not self._visits and not await self._more():
                return
            self.limits.reach(await self._reached(free - len(leases)))
            if self.stopped and not self._visits:
                return
            await self._wait(free)
            await self._collect()

    async def _lease(self, n: int) -> list[Lease]:
        """Start up to ``n`` visits. Without a seed that waits, write the records of those that ended."""
        leases = await self._lease_in_order()
        beside = len(self._variants) - len(self._states)
        if beside > 0:
            leases += await self._frontier.lease(max((n - len(leases)) // beside, 1), together=True)
        elif not self._states:
            leases += await self._frontier.lease(n)
        for lease in leases:
            await self._begin(lease)
        if not leases and self.writer.gathering and not await self._frontier.waits():
            self.writer.flush()  # the last visits: those to be tried again need not wait for a full segment
        return leases

    async def _lease_in_order(self) -> list[Lease]:
        """The next seed of each kept profile with which no visit is in progress."""
        busy = {lease.variant for lease in self._visits.values()}
        leases = []
        for variant in self._states.keys() - busy:
            lease, self._before[variant] = await self._frontier.lease_in_order(variant)
            leases += [lease] if lease else []
        return leases

    async def _wait(self, free: int) -> None:
        """Wait until a visit ends, or for a moment."""
        if self._visits:
            wait = _IDLE_S if free > 0 else _LOOK_S
            await asyncio.wait(self._visits, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        elif self.writer.full:
            await asyncio.sleep(_IDLE_S)

    async def _collect(self) -> None:
        """Forget visits that have ended; raise what a visit raised."""
        for task in [task for task in self._visits if task.done()]:
            lease = self._visits.pop(task)
            if task.cancelled():
                await self._frontier.retry(lease)
            else:
                task.result()

    async def _more(self) -> bool:
        """With nothing to visit now, wait for what may come. False if nothing can."""
        if self.writer.pending:
            self.writer.flush()
            await self._until(self.writer.drained())
            return True
        if not await self._frontier.left():
            return False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), _IDLE_S)
        return True

    async def _until(self, waiting: Awaitable[None]) -> None:
        future = asyncio.ensure_future(waiting)
        while not future.done():
            await asyncio.wait({future}, timeout=1.0)
            self.writer.check()
            if not future.done():
                self.limits.reach(self._records_reached)

    async def _reached(self, unused: int) -> Reached:
        """What keeps this worker from more visits, where ``unused`` more would be allowed."""
        if self.stopped:
            return limits.STOP
        for route in self._routes.values():
            if route.monitor and route.monitor.away:
                return limits.proxy(route.proxy)
        if self.writer.full or (unused > 0 and self.writer.late):
            return self._records_reached
        if unused <= 0:
            return self.concurrency.reached
        if self._states and self._visits and len(self._states) >= len(self._variants):
            return limits.PROFILE
        if time.monotonic() - self._obstacle_at >= settings.OBSTACLE_S:
            self._obstacle = await self._frontier.obstacle()
            self._obstacle_at = time.monotonic()
        return limits.of_seeds(self._obstacle, self.options.per_domain, self.options.pace_s)

    @property
    def _records_reached(self) -> Reached:
        """What keeps records from being durable and the ends of their seeds from being noted."""
        if self._frontier.unreachable:
            return limits.frontier(self._frontier.unreachable)
        return limits.store(self._store.url, self.writer.failing)

    # -- visits -------------------------------------------------------------------------------

    async def _begin(self, lease: Lease) -> None:
        if lease.attempt > settings.MAX_ATTEMPTS:
            result = visits.Result(Outcome.LOST, "workers were killed at every attempt")
            self._finish(lease, [Made(lease, self._records(lease), result, "")])
            if lease.variant in self._states:
                self.writer.flush()
            return
        variant = self._variants.get(lease.variant)
        if variant:
            lease = replace(lease, do=variant.do or lease.do, decorate=variant.decorate)
        task = await self._start(lease, variant)
        self._visits[task] = lease
        if self.writer.abandoned:  # `stop` was called a second time while the browser started
            task.cancel()

    async def _start(self, lease: Lease, variant: Variant | None) -> "asyncio.Task[None]":
        """Start the visit of a lease."""
        if lease.variant in self._states:
            return asyncio.create_task(self._visit_with_profile(lease))
        return asyncio.create_task(self._visit(await self._pools.of(variant).get(), lease))

    def _options_of(self, lease: Lease) -> Options:
        """The options of a lease, with those of its variant."""
        variant = self._variants.get(lease.variant)
        return replace(self.options, revisit_s=variant.after) if variant and variant.after else self.options

    def _records(self, lease: Lease) -> Records:
        visit = {"crawl_id": self._crawl_id, "visit_id": lease.visit_id, "attempt": lease.attempt}
        kept = Recording(visit, Limits().rows, self._recorder) if self._recorder else None
        records = Records(self.writer, **visit, limits=Limits(), saved=self._saved, recording=kept)
        records.host = host(lease.seed)
        return records

    async def _visit(self, browser: Browser, lease: Lease) -> None:
        """Make the visit of a lease, and those that follow it in its container.

        If one has to be made again, all are. Rows become durable in order. The last one ends the seed.
        """
        variant = self._variants.get(lease.variant)
        expected = following.expected(lease, self._options_of(lease))
        needed = expected or bool(variant and variant.has_container_settings)
        made: list[Made] = []
        async with browser.hold(needed, variant) as user_context:
            whole = bool(user_context or not needed)
            whole = whole and await self._make(made, browser, lease, user_context)
        if whole:
            self._finish(lease, made)
        else:
            await self._frontier.retry(lease)

    async def _make(self, made: list[Made], browser: Browser, lease: Lease, user_context: str) -> bool:
        """Make the visits of a lease and add them to ``made``. False where they have to be made again."""
        options = self._options_of(lease)
        whole = await self._add(made, browser, lease, user_context)
        if not (whole and following.expected(lease, options) and made[0].result.outcome in GOOD):
            return whole
        follows = following.of(lease, made[0].result.follow, options)
        for number, follow in enumerate(follows, 1):
            if self._again(made[-1]):
                break
            self._write(made[-1], _nothing)
            next_visit = lease.following(self._crawl_id, number, follow.link, follow.do)
            whole = await self._pause(follow.after_s)
            if not (whole and await self._add(made, browser, next_visit, user_context)):
                return False
        return True

    async def _visit_with_profile(self, lease: Lease) -> None:
        """Make the visits of a lease with the kept profile. Its state is written before the last row."""
        states, variant = self._states[lease.variant], self._variants.get(lease.variant)
        before = await asyncio.to_thread(states.load, self._before[lease.variant])
        made: list[Made] = []
        whole = False
        try:
            kept = await KeptProfile.start(self._pools.of(variant), before, variant)
        except Unusable as error:
            raise OutsideError(f"{self._store.url}: the kept profile is unusable: {error}") from error
        except (BidiError, BidiClosed, TimeoutError) as error:
            log.warning("Firefox did not start with the kept profile: %s", error)
            await self._frontier.retry(lease)
            return
        try:
            whole = await self._make(made, kept.browser, lease, kept.user_context)
        finally:
            after = await kept.end()
        if whole and after is None and made[-1].result.outcome != Outcome.CRASHED:
            made[-1].result.outcome = Outcome.FAILED
            made[-1].result.error = "Firefox did not keep what the page left"
        state = after or before
        if whole and state and not self._again(made[-1]):
            await asyncio.to_thread(states.save, (lease.visit_id, lease.attempt), state)
        if whole:
            self._finish(lease, made)
            self.writer.flush()  # the next visit begins when this one is durable
        else:
            await self._frontier.retry(lease)

    async def _pause(self, seconds: float) -> bool:
        """Wait until a visit may follow. False where the worker is asked to stop meanwhile.

        Meanwhile another visit may begin in its place. Then it has to wait until there is room again.
        """
        beside = seconds > 0 and self._waiting < settings.MOST_WAITING
        self._waiting += beside
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), seconds)
        finally:
            self._waiting -= beside
        self._due += beside
        try:
            while beside and not self.stopped and self.active - self._due >= self.concurrency.limit:
                await asyncio.wait(self._visits, timeout=_IDLE_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._due -= beside
        return not self.stopped

    async def _add(self, made: list[Made], browser: Browser, lease: Lease, user_context: str) -> bool:
        """Make one visit in a browser and add it. For the rest see `_add_visit`."""

        async def visit(records: Records) -> visits.Result:
            return await visits.visit(browser, lease, records, self.options, self._load_slots, user_context)

        return await self._add_visit(made, lease, visit, browser.user_agent)

    async def _add_visit(
        self,
        made: list[Made],
        lease: Lease,
        visit: Callable[[Records], Awaitable[visits.Result]],
        user_agent: str = "",
    ) -> bool:
        """Make one visit and add it. False where the user's proxy did not serve it.

        ``visit`` makes it, unless robots.txt forbids it.
        """
        records, began = self._records(lease), time.monotonic()
        if self._archive:
            records.replay = await self._archive.visit(lease)
        route = self._route(self._variants.get(lease.variant))
        rules = await route.robots.rules(lease.url) if route.robots else ALL_ALLOWED
        if not rules.allow(lease.url):
            result = visits.Result(Outcome.BLOCKED, rules.refusal)
        else:
            result = await visit(records)
        if (
            route.guard
            and result.outcome == Outcome.NET_ERROR
            and route.guard.resolver.has_refused(records.host)
        ):
            result.outcome, result.error = Outcome.BLOCKED, f"{records.host}: not a public address"
        suspect = bool(rules.unreachable) or result.outcome in (Outcome.NET_ERROR, Outcome.HTTP_ERROR)
        if route.monitor and not await self._proxy_served(route.monitor, suspect, began):
            return False
        if not result.cpu_throttled:
            self.concurrency.record_lag(result.max_lag_s)
            if result.outcome == Outcome.HUNG and self.concurrency.lagging:
                # Other pages lack CPU too: perhaps this page has no endless loop.
                result.max_lag_s = settings.FLUSH_TIMEOUT_S
        names = route.guard.resolver.names if route.guard else None
        await host_names.add(records, names, route.proxy)
        records.finish()
        archived = await records.recording.finish() if records.recording else []
        made.append(Made(lease, records, result, result.user_agent or user_agent, tuple(archived)))
        return True

    async def _proxy_served(self, proxy: ProxyMonitor, suspect: bool, began: float) -> bool:
        """Whether the user's proxy served the whole visit. If it refuses our requests, the worker stops.

        ``suspect``: something of the visit failed as it would with a proxy that refuses.
        """
        if await proxy.was_away(began, self._stopping):
            return False  # a page that loaded may lack what it asked for meanwhile
        if suspect:
            try:
                await proxy.require_open()
            except OutsideError as error:  # visits that are over are kept, no other is started
                self._refused = error
                self._stopping.set()
                return False
        return True

    def _again(self, made: Made) -> bool:
        """Whether the lease of a visit should be tried again, for how this visit went.

        A page that follows and does not load is no reason: that is how a page of the site is.
        """
        result = made.result
        if made.lease.parent_visit_id is not None and not result.waited and result.outcome in _PAGES_OWN:
            return False
        starved = (result.max_lag_s or 0.0) > settings.STARVED_S and not result.cpu_throttled
        attempt, retries = made.lease.attempt, self.options.retries
        return attempts.again(result.outcome, attempt, retries, starved, result.waited)

    def _finish(self, lease: Lease, made: list[Made]) -> None:
        """The visits of a lease are over: decide what its seed becomes once all of them are durable."""
        first, last = made[0].result, made[-1]
        done: Callable[[], Awaitable[bool]]
        if self._again(last):
            delay_s = attempts.retry_delay(lease.attempt, last.result.waited)
            done = partial(self._frontier.retry, lease, delay_s)
        else:
            n_calls = sum(visit.records.n_calls for visit in made)
            done = partial(self._frontier.end, lease, first.outcome, n_calls)
            self.ended[first.outcome] += 1
            self.work.add(1, failed=0 if first.outcome in GOOD else 1)
        self._write(last, partial(self._acknowledge, lease, done))

    def _write(self, made: Made, done: Done) -> None:
        """Write the row of a visit, after its records. ``done`` is called once they are durable."""
        _log_visit(made, self._again(made))
        self._write_archive(made)
        row = visits.row(
            made.result, made.lease, made.records, self.name, made.user_agent, self._instrument_sha256
        )
        self.writer.end_visit(row, done)

    def _write_archive(self, made: Made) -> None:
        """Write the archive's records of a visit, where it has any."""
        kept = made.records.recording
        if kept is None:
            return
        made.records.gaps.update(kept.gaps)
        lease, result = made.lease, made.result
        facts = {
            "site_url": lease.seed,
            "variant": lease.variant,
            "wave": lease.wave,
            "parent_visit_id": lease.parent_visit_id,
            "outcome": result.outcome,
            "final_url": result.final_url,
            "title": made.records.title,
            "started": result.started.isoformat(),
            "loaded": result.loaded and result.loaded.isoformat(),
            "dwell_s": result.dwell_s,
            "user_agent": made.user_agent,
        }
        self.writer.add_archive([kept.metadata(facts), *made.archived])
        kept.release()

    async def _acknowledge(self, lease: Lease, done: Callable[[], Awaitable[bool]]) -> None:
        if not await done():
            log.warning("late: %s was given to another worker meanwhile", lease.seed)

    async def _end_visits(self) -> None:
        """Give up visits that are still in progress. Their attempts count, their seeds wait again."""
        for task in self._visits:
            task.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)
        for task, lease in self._visits.items():
            if task.cancelled() or task.exception():
                await self._frontier.give_up(lease)
        self._visits.clear()

    # -- parts --------------------------------------------------------------------------------

    def _route(self, variant: Variant | None) -> Route:
        """The route to the network of a variant's visits."""
        return self._routes[(variant and variant.proxy) or self.options.proxy]

    def _prefs(self, variant: Variant | None = None) -> dict[str, Pref]:
        """Preferences of a browser. None of a variant changes its route to the network."""
        own = variant.browser_prefs() if variant else {}
        return own | self._route(variant).prefs() | profile.popups(self.options.popups)

    def _pool(self, variant: Variant) -> BrowserPool:
        prefs = partial(self._prefs, variant)
        settings_ = self._instrument_settings
        return BrowserPool(self.options, settings_, prefs, self.limits, self._displays, variant, self._attach)

    async def _leave(self) -> None:
        await self._frontier.leave(self._report())

    async def _note(self) -> None:
        """Have the progress line say what holds this worker back, even while nothing else changes."""
        while True:
            await asyncio.sleep(settings.NOTE_S)
            self.work.note(self.limits.line())

    def _report(self) -> dict[str, Any]:
        return self.facts() | {"held_back": self.limits.line()}

    def facts(self) -> dict[str, Any]:
        """This worker's numbers, for `overscripted status` and metrics."""
        return {
            "windows": self.concurrency.limit,
            "active": self.active,
            "ended": sum(self.ended.values()),
            "good": sum(self.ended[name] for name in GOOD),
            "per_hour": round(sum(self.ended.values()) / max(time.monotonic() - self.began, 1) * 3600),
            "buffered_bytes": self.writer.buffered,
            "pending": self.writer.pending,
            "written_bytes": self.writer.written_bytes,
            "firefox_bytes": self._pools.memory,
            "limit": self.limits.present.limit.value,
            "limit_for_s": round(self.limits.since_s, 1),
            "limit_s": self.limits.seconds(),
            **({"replayed": dict(self._archive.server.counts)} if self._archive else {}),
        }


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _nothing() -> None:
    """What is done when a visit is durable that is not the last one of its lease."""


def _log_visit(made: Made, again: bool) -> None:
    lease, records, result = made.lease, made.records, made.result
    fields = {
        "seed": lease.seed,
        "visit_id": lease.visit_id,
        "attempt": lease.attempt,
        "outcome": result.outcome,
        "error": result.error,
        "calls": records.n_calls,
        "starved": result.max_lag_s,
        "again": again,
    }
    log.info("visit", extra={"fields": fields})

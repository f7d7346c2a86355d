"""One visit: a seed in a tab of its own, from opening the tab to an outcome."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from overscripted.crawl import addressing, following, settings
from overscripted.crawl.behaviours import acting, plan
from overscripted.crawl.browser import Browser
from overscripted.crawl.firefox.bidi import BidiClosed, BidiError
from overscripted.crawl.frontier.queue import Lease
from overscripted.crawl.instrument.protocol import Gap
from overscripted.crawl.link import Link
from overscripted.crawl.load_slots import LoadSlots
from overscripted.crawl.process_usage import Total
from overscripted.crawl.records.rows import Records
from overscripted.crawl.settings import Options
from overscripted.crawl.visit_tab import VisitTab
from overscripted.lists import challenges
from overscripted.outcomes import Outcome
from overscripted.schemas import RAW
from overscripted.text import clean

T = TypeVar("T")

# Firefox's error messages for a navigation that another navigation, a download or the page itself cut off.
_CUT_OFF = (
    "NS_BINDING_ABORTED",
    "NS_BINDING_REDIRECTED",
    "NS_ERROR_ABORT",
    "NS_ERROR_NO_CONTENT",
    "canceled",
    "got discarded",  # the tab was closed, which is reported on another way, perhaps later
)
# An error message for two cases: a frame has an invalid URL, or the page's process died.
_AMBIGUOUS = "Address rejected"

# Outcomes after which the page has no more records to send.
_SILENT = (Outcome.HUNG, Outcome.CRASHED, Outcome.NET_ERROR)


@dataclass
class Result:
    """How a visit went. Times are UTC."""

    outcome: Outcome = Outcome.FAILED
    error: str = ""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    loaded: datetime | None = None
    ended: datetime | None = None
    dwell_s: float | None = None
    usage: Total | None = None  # CPU time and memory of its content processes
    max_lag_s: float | None = None  # the longest that a process of the page took to answer
    waited: bool = False  # in vain, as it seems, while Firefox drew what this page or another asked for
    cpu_throttled: bool = False  # others went first, for the CPU that it had used: a lag is its own fault
    final_url: str = ""
    user_agent: str = ""  # that the page was asked for with, where only its requests tell
    challenge: str = ""  # name of the rule that fired
    steps: tuple[plan.Step, ...] = ()  # done on the page
    follow: list[Link] = field(default_factory=list)  # to visit next in the same container


class _Ended(Exception):
    """The visit cannot go on, for the reason ``outcome``."""

    def __init__(self, outcome: Outcome, error: str = "") -> None:
        super().__init__(outcome)
        self.outcome, self.error = outcome, error


async def visit(
    browser: Browser,
    lease: Lease,
    records: Records,
    options: Options,
    load_slots: LoadSlots,
    user_context: str = "",
) -> Result:
    """Visit a seed; its records go to ``records``. Raises nothing but CancelledError.

    Without ``user_context`` the visit has a container of its own.
    """
    browser.visits += 1
    browser.active += 1
    try:
        release = await load_slots.acquire()
        try:
            result = await _attempt(browser, lease, records, options, release, user_context)
        finally:
            release()
    finally:
        browser.active -= 1
    if browser.instrument_lost:
        result.outcome, result.error = Outcome.FAILED, "the process of the reference instrument died"
    elif _waited(browser, result):
        result.waited = browser.retired = True  # whichever page it is that draws: next visits do without it
        result.error += "; Firefox was busy drawing what pages asked for"
    result.ended = datetime.now(UTC)
    result.final_url = records.final_url or result.final_url
    if result.outcome == Outcome.COMPLETE and (rule := challenges.fired(records.seen_page())):
        result.outcome, result.challenge = Outcome.CHALLENGE, rule.name
        result.error = f"{rule.vendor}: {rule.what}"
    elif result.outcome == Outcome.COMPLETE and records.status is not None and records.status >= 400:
        result.outcome = Outcome.HTTP_ERROR
    elif result.outcome == Outcome.COMPLETE and records.viewer:
        result.outcome = Outcome.VIEWER
    return result


def _waited(browser: Browser, result: Result) -> bool:
    """Whether drawing for any page of this Firefox may have kept the page from going on."""
    late = result.outcome in (Outcome.HUNG, Outcome.TIMEOUT) and not result.cpu_throttled
    return late and browser.watch.drawing.busy_s >= settings.DRAW_S


async def _attempt(
    browser: Browser,
    lease: Lease,
    records: Records,
    options: Options,
    loaded: Callable[[], None],
    user_context: str,
) -> Result:
    result = Result(steps=following.steps_of(lease, options))
    try:
        url, tab = addressing.parse(lease.url), await browser.open(user_context)
        await _Visit(browser, tab, records, options, result).run(url, lease.link, loaded)
    except addressing.Unusable as error:
        result.outcome, result.error = Outcome.INVALID, str(error)
    except _Ended as end:
        result.outcome, result.error = end.outcome, end.error
    except BidiClosed:
        why = await browser.watch.deaths.of_browser(browser.firefox.process)
        result.outcome, result.error = (
            Outcome.CRASHED,
            f"the browser ended: {why}: {browser.firefox.last_words}",
        )
    except BidiError as error:
        result.outcome, result.error = Outcome.FAILED, str(error)
    except TimeoutError:
        browser.failures += 1
        result.outcome, result.error = Outcome.FAILED, "the browser did not answer"
    return result


def row(
    result: Result, lease: Lease, records: Records, worker: str, user_agent: str, instrument_sha256: str
) -> tuple[Any, ...]:
    """The visit's row of the raw table ``visits``."""
    values = {
        **records.visit,
        "site_url": lease.seed,
        "variant": lease.variant,
        "wave": lease.wave,
        "parent_visit_id": lease.parent_visit_id,
        "behaviours": ",".join(map(str, result.steps)),
        "worker_id": worker,
        "outcome": result.outcome,
        "error": clean(result.error)[:2000],
        "final_url": result.final_url,
        "http_status": records.status,
        "title": records.title,
        "challenge": result.challenge or None,
        "started": result.started,
        "loaded": result.loaded,
        "ended": result.ended,
        "dwell_s": result.dwell_s,
        "starved": result.max_lag_s,
        "cpu_s": result.usage and result.usage.cpu_s,
        "worker_cpu_s": result.usage and result.usage.worker_cpu_s,
        "peak_memory": result.usage and result.usage.peak_memory,
        "n_calls": records.n_calls,
        "n_dropped": records.n_dropped,
        "known_gaps": json.dumps(dict(sorted(records.gaps.items()))),
        "saved": json.dumps(records.saved),
        "user_agent": user_agent,
        "instrument_sha256": instrument_sha256,
    }
    return tuple([values.get(name) for name in RAW["visits"].names])


class _Visit:
    """One attempt at one seed, in a tab of its own."""

    def __init__(
        self, browser: Browser, tab: VisitTab, records: Records, options: Options, result: Result
    ) -> None:
        self.browser, self.tab, self.records = browser, tab, records
        self.options, self.result = options, result

    async def run(self, url: str, link: Link | None, loaded: Callable[[], None]) -> None:
        """Load the page, by a link where the visit follows one, watch it, have its records sent.

        ``loaded`` is called after the load.
        """
        tab, answers = self.tab, True
        try:
            await self.browser.bind(tab, self.records)
            await self._load(url, link)
            loaded()
            self.result.loaded = datetime.now(UTC)
            self.browser.watch.usage.note_load(tab.container_id)
            began = time.monotonic()
            await self._watch()
            await self._settle()
            answers = await self._unless_ended(self._flush())
            self.result.dwell_s = time.monotonic() - began
            if not answers:
                raise _Ended(Outcome.HUNG, "the page did not hand over its last records")
            self.result.outcome = Outcome.COMPLETE
        except _Ended as end:
            if tab.death_report and end.outcome == Outcome.CRASHED:
                end.error = await tab.death_report
            # Records of what the page did until then are worth having.
            if tab.container_id and end.outcome not in _SILENT:
                answers = await self._flush(settings.LAST_FLUSH_S)
            elif tab.container_id:
                await self.browser.end(tab.container_id)
            raise
        finally:
            self.result.cpu_throttled = tab.cpu_throttled
            if tab.container_id:
                self.result.usage = await self.browser.measure(tab.container_id, self.records)
                # What the page does because its tab is closed is not part of the visit.
                await self.browser.forget(tab.container_id)
            with contextlib.suppress(BidiClosed):
                await self.browser.close(tab, by_force=not answers)
            if tab.container_id:
                await self.browser.forget(tab.container_id)

    # -- loading ------------------------------------------------------------------------------

    async def _load(self, url: str, link: Link | None) -> None:
        """Wait for the load event of the page, or of the page that it leads to."""
        self.tab.arrived.clear()
        self.tab.navigations = 0
        navigation = self.browser.navigate(self.tab, url, link, self.options.load_timeout_s + 60)
        try:
            async with asyncio.timeout(self.options.load_timeout_s):
                try:
                    arrived = await self._unless_ended(_unless_sooner(navigation, self._stopped()))
                    self.result.final_url = arrived or ""
                except BidiError as error:
                    await self._follow(error.message.removeprefix("Error: "))
                    return
                # To the protocol a change of the hash or pushState counts as arrival. To us it does not.
                await self._arrival()
        except TimeoutError:
            raise _Ended(Outcome.TIMEOUT, f"no load event in {self.options.load_timeout_s:g} s") from None

    async def _arrival(self) -> None:
        await self._unless_ended(_unless_sooner(self.tab.arrived.wait(), self._stopped()))
        if self.tab.download:
            raise _Ended(Outcome.DOWNLOAD, "")

    async def _stopped(self) -> None:
        """Wait until a page is there and nothing loads: it stopped its own load, no load event will come."""
        looks = 0
        while looks < settings.STILL_LOOKS:
            await asyncio.sleep(settings.STILL_LOOK_S)
            looks = looks + 1 if await self.browser.stands(self.tab.container_id) else 0

    async def _follow(self, message: str) -> None:
        """A navigation failed: for good, or only for the protocol, while a page goes on loading."""
        tab, records = self.tab, self.records
        if tab.closed.is_set():
            raise self._closed()
        onward = tab.navigations > 1  # the page's own next navigation: the visit ends with that one
        ambiguous = _AMBIGUOUS in message
        if not (tab.download or onward or ambiguous or any(words in message for words in _CUT_OFF)):
            await self._cut_short(message)
            return
        patience = None if onward or (ambiguous and records.final_url) else settings.FOLLOW_S
        try:
            async with asyncio.timeout(patience):
                await self._arrival()
        except TimeoutError:
            if records.status in (204, 205):
                raise _Ended(Outcome.NO_CONTENT, f"status {records.status}") from None
            if not records.final_url:
                raise _Ended(Outcome.NET_ERROR, message) from None
            # A page is there that stopped its own load (a mailto: link, window.stop()): watched from now.

    async def _cut_short(self, message: str) -> None:
        """The connection failed. The visit goes on if the document had begun, as its scripts ran."""
        await self._flush(settings.LAST_FLUSH_S, end=False)
        if not self.records.final_url:
            raise _Ended(Outcome.NET_ERROR, message)
        self.result.error = f"the document was cut short: {message}"
        self.records.gaps[Gap.CUT_SHORT] += 1

    # -- watching -----------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Watch the page for the dwell, and do the visit's plan on it meanwhile."""
        seconds, steps = self.options.dwell_s, self.result.steps
        if not steps:
            await self._dwell(seconds)
            return
        page = self.browser.page(self.tab, self.records)
        began = time.monotonic()
        await self._unless_ended(acting.act(page, steps, seconds))
        self.result.follow = page.followers
        await self._dwell(max(seconds - (time.monotonic() - began), 0.0))

    async def _dwell(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._unless_ended(asyncio.Event().wait())

    async def _settle(self) -> None:
        """Wait for pop-ups and frames that the page has opened: on a busy machine they come late."""
        until = time.monotonic() + settings.SETTLE_S
        late = False
        while time.monotonic() < until and await self.browser.loading(self.tab.container_id):
            late = True
            await self._dwell(settings.SETTLE_LOOK_S)
        if late:
            await self._dwell(settings.LATE_DWELL_S)

    async def _flush(self, within_s: float = settings.FLUSH_TIMEOUT_S, end: bool = True) -> bool:
        """Have the last records sent; ``end``: the visit ends. False where the page does not answer."""
        try:
            async with asyncio.timeout(within_s):
                flushed = await self.browser.flush(self.tab.container_id, end)
        except TimeoutError:
            return False
        self.records.title = clean(str(flushed.get("title") or ""))
        if isinstance(lag_ms := flushed.get("starved"), int | float):
            self.result.max_lag_s = lag_ms / 1000
        return True

    async def _unless_ended(self, waiting: Coroutine[Any, Any, T]) -> T:
        """The result of ``waiting``, unless the tab or the browser ends before."""
        done = asyncio.ensure_future(waiting)
        closed = asyncio.ensure_future(self.tab.closed.wait())
        browser_ended = asyncio.ensure_future(self.browser.firefox.bidi.closed.wait())
        tasks: tuple[asyncio.Future[Any], ...] = (done, closed, browser_ended)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if closed.done():
                raise self._closed()
            if done.done():
                return done.result()
            raise BidiClosed("the browser ended")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _closed(self) -> _Ended:
        if self.tab.death:
            return _Ended(*self.tab.death)
        return _Ended(Outcome.CLOSED, "the page closed its window")


async def _unless_sooner(waiting: Coroutine[Any, Any, T], other: Coroutine[Any, Any, None]) -> T | None:
    """The result of ``waiting``; None where ``other`` is done sooner."""
    first, second = asyncio.ensure_future(waiting), asyncio.ensure_future(other)
    try:
        await asyncio.wait((first, second), return_when=asyncio.FIRST_COMPLETED)
        return first.result() if first.done() else second.result()
    finally:
        for task in (first, second):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)

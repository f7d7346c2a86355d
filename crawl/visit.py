"""One visit: a seed in a window of its own, from opening it to an outcome."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import ada_url

from overscripted.crawl import settings
from overscripted.crawl.browser import Browser, Window
from overscripted.crawl.firefox.bidi import BidiClosed, BidiError
from overscripted.crawl.frontier.queue import Lease
from overscripted.crawl.instrument.protocol import Gap
from overscripted.crawl.load_slots import Turns
from overscripted.crawl.records.rows import Records
from overscripted.crawl.settings import Options
from overscripted.schemas import RAW
from overscripted.text import clean
from overscripted.urls import refused, refused_address

T = TypeVar("T")

# What Firefox says where a navigation was cut off by another one, by a download or by the page.
_CUT_OFF = (
    "NS_BINDING_ABORTED",
    "NS_BINDING_REDIRECTED",
    "NS_ERROR_ABORT",
    "NS_ERROR_NO_CONTENT",
    "canceled",
    "got discarded",  # its window, which we hear of by another way, perhaps later
)
# Said where a frame of the page has an address that cannot be, and where the page's process died.
_UNCLEAR = "Address rejected"


@dataclass
class Result:
    """How a visit went. Times are UTC."""

    outcome: str = "failed"
    error: str = ""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    loaded: datetime | None = None
    ended: datetime | None = None
    dwell_s: float | None = None
    starved: float | None = None
    waited: bool = False  # in vain for Firefox to draw: for it, or for others
    greedy: bool = False  # served last for the CPU that it had used: if it starved, it did so to itself
    final_url: str = ""


class _Ended(Exception):
    """The visit cannot go on; ``outcome`` says why."""

    def __init__(self, outcome: str, error: str = "") -> None:
        super().__init__(outcome)
        self.outcome, self.error = outcome, error


async def visit(browser: Browser, lease: Lease, records: Records, options: Options, turns: Turns) -> Result:
    """Visit a seed; its records go to ``records``. Never raises but when cancelled."""
    browser.visits += 1
    browser.active += 1
    try:
        give_back = await turns.take()
        try:
            result = await _attempt(browser, lease, records, options, give_back)
        finally:
            give_back()
    finally:
        browser.active -= 1
    if browser.deaf:
        result.outcome, result.error = "failed", "the process of the reference instrument died"
    elif _waited(browser, result):
        result.waited = browser.retired = True  # whoever it is that draws: the next ones do without
        result.error += "; Firefox was busy drawing what pages asked for"
    result.ended = datetime.now(UTC)
    result.final_url = records.final_url or result.final_url
    if result.outcome == "complete" and records.status is not None and records.status >= 400:
        result.outcome = "http_error"
    elif result.outcome == "complete" and records.viewer:
        result.outcome = "viewer"
    return result


def _waited(browser: Browser, result: Result) -> bool:
    """Whether the page may have been kept from going on by what Firefox draws for any of its pages."""
    late = result.outcome in ("hung", "timeout") and not result.greedy
    return late and browser.drawing.busy_s >= settings.DRAW_S


async def _attempt(
    browser: Browser, lease: Lease, records: Records, options: Options, loaded: Callable[[], None]
) -> Result:
    result = Result()
    try:
        await _visit(browser, lease, records, options, result, loaded)
    except _Ended as end:
        result.outcome, result.error = end.outcome, end.error
    except BidiClosed:
        why = await browser.deaths.of_browser(browser.firefox.process)
        result.outcome, result.error = "crashed", f"the browser ended: {why}: {browser.firefox.last_words}"
    except BidiError as error:
        result.outcome, result.error = "failed", str(error)
    except TimeoutError:
        browser.ill += 1
        result.outcome, result.error = "failed", "the browser did not answer"
    return result


def row(
    result: Result, lease: Lease, records: Records, worker: str, agent: str, instrument: str
) -> tuple[Any, ...]:
    """The visit's row of raw ``visits``."""
    values = {
        **records.visit,
        "site_url": lease.seed,
        "worker_id": worker,
        "outcome": result.outcome,
        "error": clean(result.error)[:2000],
        "final_url": result.final_url,
        "http_status": records.status,
        "started": result.started,
        "loaded": result.loaded,
        "ended": result.ended,
        "dwell_s": result.dwell_s,
        "starved": result.starved,
        "n_calls": records.n_calls,
        "n_dropped": records.n_dropped,
        "known_gaps": json.dumps(dict(sorted(records.gaps.items()))),
        "user_agent": agent,
        "instrument_sha256": instrument,
    }
    return tuple([values.get(name) for name in RAW["visits"].names])


async def _visit(
    browser: Browser,
    lease: Lease,
    records: Records,
    options: Options,
    result: Result,
    loaded: Callable[[], None],
) -> None:
    url = _url(lease.seed)
    window = await browser.open()
    answers = True
    try:
        await browser.bind(window, records)
        await _load(window, url, records, options, result)
        loaded()
        result.loaded = datetime.now(UTC)
        began = time.monotonic()
        await _dwell(window, options.dwell_s)
        await _settle(browser, window)
        answers = await _first(window, _flush(browser, window.store, result))
        result.dwell_s = time.monotonic() - began
        if not answers:
            raise _Ended("hung", "the page did not hand over its last records")
        result.outcome = "complete"
    except _Ended as end:
        if window.death and end.outcome == "crashed":
            end.error = await window.death
        # What the page did until then is worth having.
        if window.store and end.outcome not in ("hung", "crashed", "net_error"):
            answers = await _flush(browser, window.store, result, settings.LAST_FLUSH_S)
        raise
    finally:
        result.greedy = window.greedy
        if window.store:  # what closing the window makes the page do is not part of the visit, early or late
            await browser.forget(window.store)
        with contextlib.suppress(BidiClosed):
            await window.close(by_force=not answers)
        if window.store:
            await browser.forget(window.store)


def _url(seed: str) -> str:
    try:
        parsed = ada_url.URL(seed)
    except ValueError:
        raise _Ended("invalid", "not a URL") from None
    if parsed.protocol not in ("http:", "https:") or not parsed.hostname:
        raise _Ended("invalid", "not an http or https URL")
    if refused(parsed.hostname) or refused_address(seed, parsed.hostname):
        raise _Ended("invalid", "not a URL to Firefox, for its host")
    return str(parsed.href)


async def _load(window: Window, url: str, records: Records, options: Options, result: Result) -> None:
    """Until the load event of the page (or of the one it sends us to)."""
    window.arrived.clear()
    window.started = 0
    navigation = window.navigate(url, "complete", options.load_timeout_s + 60)
    try:
        async with asyncio.timeout(options.load_timeout_s):
            try:
                arrived = await _first(window, _sooner(navigation, _stopped(window)))
                result.final_url = arrived or ""
            except BidiError as error:
                await _follow(window, records, error.message.removeprefix("Error: "), result)
                return
            # A hash change or pushState while loading counts as arrival for the protocol, not for us.
            await _arrival(window)
    except TimeoutError:
        raise _Ended("timeout", f"no load event in {options.load_timeout_s:g} s") from None


async def _arrival(window: Window) -> None:
    await _first(window, _sooner(window.arrived.wait(), _stopped(window)))
    if window.download:
        raise _Ended("download", "")


async def _stopped(window: Window) -> None:
    """Until the page stands there with nothing loading: it stopped its own load, no load event will come."""
    looks = 0
    while looks < settings.STILL_LOOKS:
        await asyncio.sleep(settings.STILL_LOOK_S)
        looks = looks + 1 if await window.browser.stands(window.store) else 0


async def _sooner(wanted: Coroutine[Any, Any, T], other: Coroutine[Any, Any, None]) -> T | None:
    """What is wanted; None where the other thing comes sooner."""
    first, second = asyncio.ensure_future(wanted), asyncio.ensure_future(other)
    try:
        await asyncio.wait((first, second), return_when=asyncio.FIRST_COMPLETED)
        return first.result() if first.done() else second.result()
    finally:
        for task in (first, second):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)


async def _first(window: Window, wanted: Coroutine[Any, Any, T]) -> T:
    """What is waited for, unless the window or the browser ends before."""
    arrived = asyncio.ensure_future(wanted)
    closed = asyncio.ensure_future(window.closed.wait())
    ended = asyncio.ensure_future(window.browser.firefox.bidi.closed.wait())
    tasks: tuple[asyncio.Future[Any], ...] = (arrived, closed, ended)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if closed.done():
            raise _closed(window)
        if arrived.done():
            return arrived.result()
        raise BidiClosed("the browser ended")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(window: Window, records: Records, message: str, result: Result) -> None:
    """A navigation failed: for good, or only in the protocol's eyes, while its page goes on."""
    if window.closed.is_set():
        raise _closed(window)
    onward = window.started > 1  # the page's own next navigation: its end is ours
    unclear = _UNCLEAR in message
    if not (window.download or onward or unclear or any(word in message for word in _CUT_OFF)):
        await _flush(window.browser, window.store, result, settings.LAST_FLUSH_S)
        if not records.final_url:
            raise _Ended("net_error", message)
        # Its document had begun, and its scripts ran, when the connection ended.
        result.error = f"the document was cut short: {message}"
        records.gaps[Gap.CUT_SHORT] += 1
        return
    patience = None if onward or (unclear and records.final_url) else settings.FOLLOW_S
    try:
        async with asyncio.timeout(patience):
            await _arrival(window)
    except TimeoutError:
        if records.status in (204, 205):
            raise _Ended("no_content", f"status {records.status}") from None
        if not records.final_url:
            raise _Ended("net_error", message) from None
        # A page stands there, it stopped its own load (a mailto: link, window.stop()): watched from now.


async def _dwell(window: Window, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await _first(window, asyncio.Event().wait())


async def _settle(browser: Browser, window: Window) -> None:
    """Let pop-ups and frames that the page has opened come: the busier the machine, the later they do."""
    until = time.monotonic() + settings.SETTLE_S
    late = False
    while time.monotonic() < until and await browser.loading(window.store):
        late = True
        await _dwell(window, settings.SETTLE_LOOK_S)
    if late:
        await _dwell(window, settings.LATE_DWELL_S)


def _closed(window: Window) -> _Ended:
    if window.died_of:
        return _Ended(*window.died_of)
    return _Ended("closed", "the page closed its window")


async def _flush(
    browser: Browser, store: str, result: Result, within_s: float = settings.FLUSH_TIMEOUT_S
) -> bool:
    """Have the last records handed over; False where the page does not answer."""
    try:
        async with asyncio.timeout(within_s):
            flushed = await browser.flush(store)
    except TimeoutError:
        return False
    if isinstance(late := flushed.get("starved"), int | float):
        result.starved = late / 1000
    return True

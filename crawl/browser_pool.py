"""The Firefoxes of one worker: started when needed, replaced when they are old, large or failing."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from overscripted.crawl import display, limits, settings
from overscripted.crawl.browser import Browser
from overscripted.crawl.firefox.bidi import BidiClosed, BidiError
from overscripted.crawl.firefox.displays import Displays
from overscripted.crawl.firefox.profile import Pref
from overscripted.crawl.javascript import function
from overscripted.crawl.limits import LimitClock
from overscripted.crawl.settings import Options
from overscripted.crawl.variants import tracking_protection
from overscripted.crawl.variants.variant import Variant
from overscripted.errors import OutsideError
from overscripted.record_kinds import saving

log = logging.getLogger("overscripted.crawl")

_FILL = function("fillTrackerTables", "js/parent_process/fill_tracker_tables.js")
_START_TRIES = 3  # browsers in a row that fail to start


class BrowserPool:
    """Gives each new visit a browser. At most one is not retired."""

    def __init__(
        self,
        options: Options,
        instrument_settings: dict[str, Any],
        prefs: Callable[[], dict[str, Pref]],
        limit_clock: LimitClock,
        displays: Displays,
        variant: Variant | None = None,
        attach: Callable[[Browser], Awaitable[None]] | None = None,
    ) -> None:
        """``prefs`` is called at each start: the port of our own proxy is known once the proxy listens.

        Each browser gets the extension and the list of trackers of a ``variant``. With ``attach`` it is
        called for each browser that has started.
        """
        self._attach = attach
        self._displays = displays
        self._extension = variant.extension.path if variant and variant.extension else ""
        self._trackers = variant.tracking_list if variant else None
        self.browsers: list[Browser] = []
        self.display: dict[str, Any] = {}  # what pages find, see `display.ask`; empty before the first start
        self._options, self._instrument_settings = options, instrument_settings
        self._prefs, self._limit_clock = prefs, limit_clock
        self._starting = asyncio.Lock()

    @property
    def memory(self) -> int:
        """Bytes of memory of all processes of all browsers."""
        return sum(browser.memory for browser in self.browsers)

    async def get(self) -> Browser:
        """A browser that takes another visit; started if there is none. OutsideError where none starts."""
        async with self._starting:
            for browser in self.browsers:
                if browser.fit:
                    return browser
            browser = await self._start_with_retries()
            self.browsers.append(browser)
            return browser

    async def retire(self) -> None:
        """Retire browsers that had their number of visits; stop the unfit ones that have no visit left."""
        for browser in list(self.browsers):
            if browser.visits >= self._options.visits_per_browser:
                browser.retired = True
            if not browser.fit and not browser.active:
                self.browsers.remove(browser)
                await browser.stop()

    async def stop(self) -> None:
        """Stop all browsers."""
        for browser in self.browsers:
            await browser.stop()

    async def _start_with_retries(self) -> Browser:
        for _ in range(_START_TRIES - 1):
            with contextlib.suppress(OutsideError):
                return await self._start()
            log.warning("Firefox did not start; trying again")
        return await self._start()

    async def start_alone(self, prefs: dict[str, Pref], prepare: Callable[[Path], None]) -> Browser:
        """A browser for one seed, with more preferences; `take` it back before it is stopped.

        For ``prepare`` see `Firefox.start`. Raises OutsideError where none starts.
        """
        browser = await self._start(prefs, prepare)
        browser.retired = True  # for others
        browser.active += 1
        self.browsers.append(browser)
        return browser

    def take(self, browser: Browser) -> None:
        """Give a browser up to the caller, who stops it."""
        self.browsers.remove(browser)

    async def _start(
        self, prefs: dict[str, Pref] | None = None, prepare: Callable[[Path], None] = lambda folder: None
    ) -> Browser:
        self._limit_clock.reach(limits.START)
        browser = await Browser.start(
            self._instrument_settings,
            self._prefs() | (prefs or {}),
            [Path(path) for path in self._options.authorities],
            self._options.firefox,
            display=await self._displays.get(),
            contact=self._options.contact,
            saved=saving.saved(self._options.save),
            archive=settings.ARCHIVE_CAPS if self._options.record else None,
            repeatable=self._options.replay_clock or self._options.replay_random,
            prepare=prepare,
        )
        try:
            await self._prepare(browser)
        except BaseException:
            await browser.stop()
            raise
        if not self.display:
            await self._note_display(browser)
        return browser

    async def _prepare(self, browser: Browser) -> None:
        """Attach a browser to a replay, and give it what a variant adds to it."""
        if self._attach:
            try:
                await self._attach(browser)
            except (BidiError, BidiClosed, TimeoutError) as error:
                raise OutsideError(f"Firefox cannot be given the archive: {error}") from error
        if self._extension:
            try:
                await browser.firefox.install(self._extension)
            except (BidiClosed, TimeoutError) as error:
                raise OutsideError(f"{self._extension}: Firefox did not install it: {error}") from error
        if self._trackers:
            try:
                await browser.ask(_FILL, json.dumps(tracking_protection.tables(self._trackers)))
            except (BidiError, BidiClosed, TimeoutError) as error:
                name = self._trackers.name
                raise OutsideError(f"{name}: Firefox did not take this list of trackers: {error}") from error

    async def _note_display(self, browser: Browser) -> None:
        """Note what pages find of a display. Warn once of what a person's Firefox has and this one lacks."""
        with contextlib.suppress(BidiError, BidiClosed, TimeoutError):
            self.display = await browser.display()
            for line in display.lacking(self.display):
                log.warning("%s", line)

"""One instrumented Firefox that runs visits, each in a tab and a container of its own."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from overscripted.crawl import display, preferences, processes, settings
from overscripted.crawl.behaviours.page import Page
from overscripted.crawl.firefox.bidi import BidiClosed, BidiError
from overscripted.crawl.firefox.display import Display
from overscripted.crawl.firefox.parent_process import Parent
from overscripted.crawl.firefox.process import Firefox
from overscripted.crawl.firefox.profile import Pref
from overscripted.crawl.instrument import bundle
from overscripted.crawl.instrument.protocol import Gap
from overscripted.crawl.instrument.session import Realms
from overscripted.crawl.link import Link
from overscripted.crawl.process_usage import Total
from overscripted.crawl.process_watch import ProcessWatch
from overscripted.crawl.records.rows import Records
from overscripted.crawl.variants import container
from overscripted.crawl.variants.variant import Variant
from overscripted.crawl.visit_tab import VisitTab, VisitTabs
from overscripted.errors import OutsideError
from overscripted.record_kinds.visit_processes import VISIT_PROCESSES

log = logging.getLogger("overscripted.crawl.browser")

_EVENTS = ("browsingContext.load", "browsingContext.navigationStarted")
_MOST_FAILURES = 3  # of a browser that still takes visits


class Browser:
    """A Firefox that records. Make one with `start`; `fit` says whether it takes another visit."""

    def __init__(
        self,
        firefox: Firefox,
        parent: Parent,
        realms: Realms,
        tabs: VisitTabs,
        watch: ProcessWatch,
        user_agent: str,
        contact: str = "",
    ) -> None:
        self.firefox, self.tabs, self.watch, self.user_agent = firefox, tabs, watch, user_agent
        self.visits = 0  # so far
        self.active = 0  # visits in progress
        self.failures = 0  # of commands that every working Firefox carries out
        self.retired = False
        self.at_end = contextlib.ExitStack()  # what is to be done when it has stopped
        self._parent, self._realms, self._contact = parent, realms, contact
        self._held: dict[str, str] = {}  # containers that hold several visits -> their ids
        self._watching = asyncio.create_task(self._watch())

    @classmethod
    async def start(
        cls,
        instrument_settings: dict[str, Any],
        prefs: dict[str, Pref],
        authorities: list[Path],
        binary: str | None = None,
        display: Display | None = None,
        contact: str = "",
        saved: Mapping[str, list[str]] | None = None,
        archive: Mapping[str, int] | None = None,
        repeatable: bool = False,
        prepare: Callable[[Path], None] = lambda folder: None,
    ) -> "Browser":
        """Start Firefox and the instrument. For ``instrument_settings`` see `crawl.instrument.settings`.

        ``display`` is what it is shown on; None: it is headless. ``contact`` is added to the User-Agent. For
        ``saved`` see `record_kinds.saving`, for ``archive`` and ``repeatable`` `bundle.recorder_settings`,
        for ``prepare`` `Firefox.start`. Raises OutsideError where Firefox or the instrument fails.
        """
        firefox = await Firefox.start(prefs, authorities, binary, display, prepare)
        try:
            recorder = bundle.recorder_settings(instrument_settings, saved, archive, repeatable)
            return await cls._attach(firefox, recorder, prefs, contact)
        except (BidiError, BidiClosed, TimeoutError) as error:
            await firefox.stop()
            raise OutsideError(f"Firefox started, but cannot be watched: {error}") from error
        except BaseException:
            await firefox.stop()
            raise

    @classmethod
    async def _attach(
        cls, firefox: Firefox, recorder: dict[str, Any], prefs: dict[str, Pref], contact: str
    ) -> "Browser":
        tabs = VisitTabs()
        watch = ProcessWatch(firefox.pid, tabs)
        firefox.on_line = watch.deaths.handle_line
        for name in _EVENTS:
            firefox.bidi.on(name, partial(tabs.handle_event, name))
        await firefox.bidi.subscribe(*_EVENTS)
        user_agent = firefox.user_agent
        if contact:
            user_agent = f"{firefox.user_agent} (+{contact})"
            await firefox.bidi.command("emulation.setUserAgentOverride", {"userAgent": user_agent})
        parent = await Parent.attach(
            firefox.bidi,
            watch.handle_death,
            tabs.handle_download,
            tabs.handle_close,
            watch.handle_birth,
            watch.usage.handle_end,
        )
        await preferences.check(parent, prefs, firefox.binary)
        realms = await Realms.attach(parent, firefox, recorder, firefox.folder, tabs.handle_message)
        return cls(firefox, parent, realms, tabs, watch, user_agent, contact)

    @property
    def alive(self) -> bool:
        """Whether it still answers and records."""
        return not self.firefox.bidi.closed.is_set() and not self.instrument_lost

    @property
    def instrument_lost(self) -> bool:
        """Whether Firefox goes on, but not all of its records arrive any more."""
        return self._realms.lost

    @property
    def fit(self) -> bool:
        """Whether it takes another visit."""
        failures = self.failures + self.watch.failures
        return self.alive and not self.retired and not self.watch.too_large and failures < _MOST_FAILURES

    @property
    def memory(self) -> int:
        """Bytes of memory of all its processes."""
        return self.watch.memory

    async def create_container(self) -> str:
        """A new container, empty, by the name that remote control gives it."""
        return str((await self.firefox.bidi.command("browser.createUserContext"))["userContext"])

    @contextlib.asynccontextmanager
    async def hold(self, needed: bool, variant: Variant | None = None) -> AsyncIterator[str]:
        """A container for several visits or a variant, removed at the end; the browser is not stopped before.

        Empty where none is ``needed``, as a single visit has one of its own, and where Firefox makes none.
        """
        made = user_context = ""
        self.active += needed
        try:
            if needed:
                with contextlib.suppress(BidiClosed, BidiError, TimeoutError):
                    made = await self.create_container()
                    if variant:
                        await self.set_up(made, variant)
                    user_context = made
                self.failures += not user_context
            yield user_context
        finally:
            if made:
                with contextlib.suppress(BidiClosed, TimeoutError):
                    await self.remove_container(made)
            self.active -= needed

    async def set_up(self, user_context: str, variant: Variant) -> None:
        """Give a container the settings of a variant. For what it raises see `container.set_up`."""
        await container.set_up(self.firefox.bidi, user_context, variant, self._contact)

    async def remove_container(self, user_context: str) -> None:
        """Remove a container, and delete everything that its pages stored."""
        if container_id := self._held.pop(user_context, ""):
            await self.forget(container_id)
        with contextlib.suppress(BidiError):
            remove = {"userContext": user_context}
            await self.firefox.bidi.command("browser.removeUserContext", remove, settings.CLOSE_TIMEOUT_S)

    async def open(self, user_context: str = "") -> VisitTab:
        """A new tab in a container, or in a new one that ends with the tab.

        JavaScript in the parent process keeps the tab visible.
        """
        own = "" if user_context else await self.create_container()
        try:
            params = {"type": "tab", "userContext": user_context or own, "background": True}
            context = str((await self.firefox.bidi.command("browsingContext.create", params))["context"])
        except BaseException:
            if own:
                with contextlib.suppress(BidiClosed, TimeoutError):
                    await self.remove_container(own)
            raise
        tab = VisitTab(self.firefox.bidi, context, user_context or own, own_container=bool(own))
        self.tabs.add(tab)
        return tab

    async def bind(self, tab: VisitTab, records: Records) -> None:
        """Send what is recorded in a new tab to ``records``. Raises BidiError, TimeoutError."""
        try:
            container_id, records.tab, tab.browser_id = await self._realms.locate(tab.user_context)
        except BidiError:
            self.failures += 1
            raise
        if not tab.own_container:
            self._held[tab.user_context] = container_id
            records.first_tab = records.tab
        if records.replay and records.replay.repeat:
            await self._realms.repeat(container_id, records.replay.repeat)
        self.tabs.bind(tab, container_id, records)
        self.watch.usage.begin(container_id)

    async def navigate(self, tab: VisitTab, url: str, link: Link | None, within_s: float) -> str:
        """Go to a URL, by a link where the tab's visit follows one; the URL of the page that came.

        Raises BidiError with Firefox's reason, TimeoutError.
        """
        if link is not None and link.referrer:
            return await self._parent.follow_link(tab.container_id, replace(link, url=url), within_s)
        return await tab.navigate(url, "complete", within_s)

    async def flush(self, container_id: str, end: bool = True) -> dict[str, Any]:
        """Have everything recorded in a container sent; returns the instrument's ``flushed`` message.

        ``end``: the visit ends, so its state at the end is recorded, too.
        A page in an endless loop never answers. The part that Firefox's parent process has is sent anyway.
        """
        try:
            return await self._realms.flush(container_id)
        finally:
            async with asyncio.timeout(settings.FLUSH_TIMEOUT_S):
                await self._realms.flush_requests(container_id, end)

    async def end(self, container_id: str) -> None:
        """Have what Firefox's parent process knows of a visit at its end sent, without asking a page."""
        with contextlib.suppress(BidiError, TimeoutError):
            async with asyncio.timeout(settings.LAST_FLUSH_S):
                await self._realms.flush_requests(container_id, end=True)

    async def forget(self, container_id: str) -> None:
        """The visit of a container has ended: record nothing more of it.

        What the container's pages left stays in one that holds several visits, until it is removed.
        """
        self.tabs.unbind(container_id)
        with contextlib.suppress(BidiError, BidiClosed, TimeoutError):
            await self._realms.forget(container_id, keep=container_id in self._held.values())

    async def measure(self, container_id: str, records: Records) -> Total:
        """The visit of a container has ended: add rows of what its processes have used; their total.

        For a Firefox that does not answer, what it used until the last look.
        """
        with contextlib.suppress(BidiError, BidiClosed, TimeoutError):
            async with asyncio.timeout(settings.MEASURE_S):
                await self.watch.look(self._parent)
        rows, cut, total = self.watch.usage.end(container_id)
        for row in rows:
            records.add(VISIT_PROCESSES, row)
        if cut:
            records.gaps[Gap.rows(VISIT_PROCESSES.table.name)] += cut
        return total

    async def close(self, tab: VisitTab, by_force: bool = False) -> None:
        """Close a tab and its pop-ups; with a container of its own, delete everything that its pages stored.

        ``by_force`` kills its processes first: closing a page in an endless loop or behind a dialog would
        take Firefox seconds, and CPU from other pages.
        """
        self.tabs.remove(tab)
        if by_force and tab.container_id:
            await self._kill(tab.container_id)
        close = {"context": tab.context, "promptUnload": False}
        try:
            with contextlib.suppress(BidiError):
                await self.firefox.bidi.command("browsingContext.close", close, settings.CLOSE_TIMEOUT_S)
            if tab.own_container:
                await self.remove_container(tab.user_context)
        except TimeoutError:
            self.failures += 1
            log.warning("a tab did not close in %.0f s", settings.CLOSE_TIMEOUT_S)

    def page(self, tab: VisitTab, records: Records) -> Page:
        """The page of a tab, for behaviours."""
        return Page(tab, self._parent, records)

    async def display(self) -> dict[str, Any]:
        """What pages find of a display, see `display.ask`."""
        return await display.ask(self._parent)

    async def loading(self, container_id: str) -> bool:
        """Whether a page, pop-up or frame of a container is loading."""
        return await self._parent.is_loading(container_id)

    async def stands(self, container_id: str) -> bool:
        """Whether the container's first tab shows a page and nothing of it is loading."""
        return await self._parent.has_loaded(container_id)

    async def ask(self, function: str, *arguments: str) -> str:
        """The text that a function of the parent process gives. Raises BidiError, BidiClosed."""
        return str(await self._parent.call(function, *arguments))

    async def stop(self, keep: Callable[[Path], None] | None = None) -> None:
        """End Firefox and remove everything that it left. For ``keep`` see `Firefox.stop`."""
        self._watching.cancel()
        with self.at_end:
            await self.firefox.stop(keep)

    async def _watch(self) -> None:
        with contextlib.suppress(BidiClosed):
            await self.watch.run(self._parent, lambda: self.visits)

    async def _kill(self, container_id: str) -> None:
        """Kill the content processes of a container."""
        with contextlib.suppress(BidiError, TimeoutError):
            for process in (await self._parent.processes())[2]:
                if process.container_id == container_id:
                    processes.kill(process.pid)

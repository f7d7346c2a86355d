"""One instrumented Firefox and its windows: started, heard, watched, ended."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from overscripted.crawl import display, preferences, settings
from overscripted.crawl.firefox import deaths
from overscripted.crawl.firefox.bidi import BidiClosed, BidiError
from overscripted.crawl.firefox.deaths import Deaths
from overscripted.crawl.firefox.drawing import Drawing
from overscripted.crawl.firefox.parent_process import Parent, Process
from overscripted.crawl.firefox.process import Firefox
from overscripted.crawl.firefox.profile import Pref
from overscripted.crawl.instrument import bundle
from overscripted.crawl.instrument.protocol import Message
from overscripted.crawl.instrument.session import Realms
from overscripted.crawl.records.rows import Records
from overscripted.errors import OutsideError

log = logging.getLogger("overscripted.crawl.browser")

_LAST = 19  # the lowest priority (niceness) that a process can have
_EVENTS = ("browsingContext.load", "browsingContext.navigationStarted")


class Window:
    """A visit's window: what the browser says of its top document."""

    def __init__(self, browser: "Browser", context: str, user_context: str) -> None:
        self.browser, self.context, self.user_context = browser, context, user_context
        self.store = ""  # its cookie store, once bound
        self.browser_id = 0  # Firefox's number of its tab, once bound
        self.arrived = asyncio.Event()  # its page has loaded, or what came is a download
        self.closed = asyncio.Event()  # by the page, or because its process died
        self.download = False
        self.died_of: tuple[str, str] | None = None  # its process: the outcome, and why
        self.death: asyncio.Task[str] | None = None  # what more is found out about it
        self.ending: tuple[str, str] | None = None  # the same, of what we are about to end
        self.greedy = False  # a process of it has used so much CPU that it is served last
        self.started = 0

    def take(self, event: str, params: dict[str, Any]) -> None:
        """One event of this window."""
        if event == "load" and self.started:  # a new window's own blank page may be told of late
            self.arrived.set()
        elif event == "navigationStarted" and (self.started or params.get("url") != "about:blank"):
            self.started += 1

    def downloads(self) -> None:
        """A file came in the place of its page."""
        self.download = True
        self.arrived.set()

    def died(self) -> None:
        """The process of its top document is gone."""
        self.died_of = self.ending or ("crashed", "the page's process died")
        self.closed.set()

    async def navigate(self, url: str, wait: str, within_s: float) -> str:
        """Go there; the URL arrived at. Raises BidiError with the browser's reason, TimeoutError."""
        params = {"context": self.context, "url": url, "wait": wait}
        answer = await self.browser.firefox.bidi.command("browsingContext.navigate", params, within_s)
        return str(answer.get("url", ""))

    async def close(self, by_force: bool = False) -> None:
        """Close it, its pop-ups, and throw away everything its pages stored.

        ``by_force`` ends its processes first: a page in an endless loop or behind a dialog would
        take the browser seconds to close, and its neighbours the CPU.
        """
        self.browser.windows.pop(self.context, None)
        if by_force and self.store:
            await self.browser.kill(self.store)
        bidi = self.browser.firefox.bidi
        close = {"context": self.context, "promptUnload": False}
        forget = {"userContext": self.user_context}
        try:
            for method, params in (("browsingContext.close", close), ("browser.removeUserContext", forget)):
                with contextlib.suppress(BidiError):
                    await bidi.command(method, params, settings.CLOSE_TIMEOUT_S)
        except TimeoutError:
            self.browser.ill += 1
            log.warning("a window did not close in %.0f s", settings.CLOSE_TIMEOUT_S)


class Browser:
    """A Firefox that records. ``ill`` counts what it failed to do; `fit` says whether to go on."""

    def __init__(self, firefox: Firefox) -> None:
        self.firefox = firefox
        self.windows: dict[str, Window] = {}
        self.visits = 0
        self.active = 0
        self.ill = 0
        self.retired = False
        self.memory = 0  # bytes of all its processes
        self.user_agent = ""
        self.deaths = Deaths()
        self.drawing = Drawing(firefox.pid)
        firefox.hear = self.deaths.hear
        self._looked: dict[int, Process] = {}  # the content processes, when last looked at
        self._parent: Parent
        self._realms: Realms
        self._records: dict[str, Records] = {}  # of the visits under way, by their cookie stores
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def start(
        cls,
        instrument: dict[str, Any],
        prefs: dict[str, Pref],
        authorities: list[Path],
        binary: str | None = None,
        headless: bool = True,
        contact: str = "",
    ) -> "Browser":
        """Start one. ``instrument`` are the settings of what it records, see `instrument.settings`.

        ``contact`` is added to the User-Agent.
        """
        firefox = await Firefox.start(prefs, authorities, binary, headless)
        browser = cls(firefox)
        browser.user_agent = firefox.user_agent
        try:
            for name in _EVENTS:
                firefox.bidi.on(name, partial(browser._take, name))
            await firefox.bidi.subscribe(*_EVENTS)
            if contact:
                browser.user_agent = f"{firefox.user_agent} (+{contact})"
                agent = {"userAgent": browser.user_agent}
                await firefox.bidi.command("emulation.setUserAgentOverride", agent)
            browser._parent = await Parent.attach(
                firefox.bidi, browser._crashed, browser._downloads, browser._closed, browser._born
            )
            await preferences.check(browser._parent, prefs, firefox.binary)
            recorder = bundle.recorder_settings(instrument)
            browser._realms = await Realms.attach(
                browser._parent, firefox, recorder, firefox.folder, browser._message
            )
            browser.later(browser._watch())
        except (BidiError, BidiClosed, TimeoutError) as error:
            await browser.stop()
            raise OutsideError(f"Firefox started, but cannot be watched: {error}") from error
        except BaseException:
            await browser.stop()
            raise
        return browser

    @property
    def alive(self) -> bool:
        """Whether it still answers."""
        return not self.firefox.bidi.closed.is_set() and not self.deaf

    @property
    def deaf(self) -> bool:
        """Whether it goes on, but is no longer heard of in full."""
        return self._realms.lost

    @property
    def fit(self) -> bool:
        """Whether it may be given another visit."""
        return self.alive and not self.retired and self.ill < 3

    async def open(self) -> Window:
        """A new tab in a user context of its own; `tabs.js` keeps it in sight."""
        bidi = self.firefox.bidi
        user_context = str((await bidi.command("browser.createUserContext"))["userContext"])
        try:
            asked = {"type": "tab", "userContext": user_context, "background": True}
            context = str((await bidi.command("browsingContext.create", asked))["context"])
        except BaseException:
            with contextlib.suppress(BidiError, BidiClosed, TimeoutError):
                await bidi.command("browser.removeUserContext", {"userContext": user_context})
            raise
        window = self.windows[context] = Window(self, context, user_context)
        return window

    async def bind(self, window: Window, records: Records) -> None:
        """Have what is said of a new window go to ``records``. Raises BidiError, TimeoutError."""
        try:
            store, records.tab, window.browser_id = await self._realms.place(window.user_context)
        except BidiError:
            self.ill += 1
            raise
        self._records[store] = records
        window.store = store

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside; what the browser refuses or does not answer is let be."""
        task = asyncio.create_task(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def flush(self, store: str) -> dict[str, Any]:
        """Have everything recorded in a store handed over; the realms' ``flushed`` message.

        A hung page never answers; the browser itself does.
        """
        try:
            return await self._realms.flush(store)
        finally:
            async with asyncio.timeout(settings.FLUSH_TIMEOUT_S):
                await self._realms.rest(store)

    async def forget(self, store: str) -> None:
        """The visit of a store has ended; nothing more of it is taken."""
        self._records.pop(store, None)
        await _quietly(self._realms.forget(store))

    async def display(self) -> dict[str, Any]:
        """What its pages find of a display, see `display.ask`."""
        return await display.ask(self._parent)

    async def loading(self, store: str) -> bool:
        """Whether a page, pop-up or frame of a visit is being loaded."""
        return await self._parent.loading(store)

    async def stands(self, store: str) -> bool:
        """Whether a page is in the visit's tab, and nothing of it is being loaded."""
        return await self._parent.stands(store)

    async def kill(self, store: str) -> None:
        """End the content processes of a visit."""
        with contextlib.suppress(BidiError, TimeoutError):
            for process in (await self._parent.processes())[2]:
                if process.store == store:
                    _kill(process.pid)

    async def stop(self) -> None:
        """End it and everything it left."""
        for task in self._tasks:
            task.cancel()
        await self.firefox.stop()

    async def _watch(self) -> None:
        """Look at the processes every so often; a browser that does not answer that falls ill."""
        tidied = 0
        while True:
            await asyncio.sleep(settings.WATCH_S)
            self.drawing.look()
            try:
                if self.visits - tidied >= settings.TIDY_VISITS:
                    tidied = self.visits
                    await self._parent.tidy()
                self._judge(*await self._parent.processes())
            except (BidiError, TimeoutError):
                self.ill += 1

    def _judge(self, of_parent: int, memory: int, processes: list[Process]) -> None:
        """End content processes over their budget; retire a browser that has grown large, or end it."""
        self.memory = memory
        self._looked = {process.pid: process for process in processes}
        self.deaths.look()
        if memory > settings.BROWSER_BYTES:
            self.retired = True
        if of_parent > settings.PARENT_BYTES:
            self.deaths.ended_for = f"its parent process had used {of_parent >> 20:,} MB of memory"
            log.warning("Firefox is ended: %s", self.deaths.ended_for)
            _kill(self.firefox.pid)
        for process in processes:
            if process.memory > settings.PROCESS_BYTES:
                self._end(process, "crashed", f"{process.memory >> 20} MB of memory")
            elif process.cpu_s > settings.PROCESS_CPU_S:
                self._end(process, "hung", f"{process.cpu_s:.0f} s of CPU")
            elif process.cpu_s > settings.YIELD_CPU_S:
                for window in self._of(process.store):
                    window.greedy = True
                _yield(process.pid)

    def _end(self, process: Process, outcome: str, used: str) -> None:
        log.warning("a page's process has used %s: ended", used)
        for window in self._of(process.store):
            window.ending = outcome, f"a process of the page had used {used}"
        _kill(process.pid)

    def _of(self, store: str) -> list[Window]:
        return [window for window in self.windows.values() if store and window.store == store]

    def _crashed(self, store: str, pid: int) -> None:
        looked = self._looked.get(pid)
        for window in self._of(store):
            if not window.ending:
                window.death = asyncio.create_task(self.deaths.why(pid, looked.memory if looked else 0))
            window.died()

    def _downloads(self, store: str) -> None:
        for window in self._of(store):
            window.downloads()

    def _closed(self, browser_id: int) -> None:
        for window in self.windows.values():
            if window.browser_id == browser_id:
                window.closed.set()

    def _born(self, pid: int) -> None:
        deaths.offer(pid, self.firefox.pid)

    def _message(self, message: Message, size: int) -> None:
        """What is said of a store that is no visit's, or of one that has ended, is dropped."""
        if records := self._records.get(str(message.get("store"))):
            records.handle(message, size)

    def _take(self, event: str, params: dict[str, Any]) -> None:
        if window := self.windows.get(str(params.get("context"))):
            window.take(event.partition(".")[2], params)


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(BidiError, BidiClosed, TimeoutError):
        await work


def _yield(pid: int) -> None:
    """Let every other process go first: the endless loop of a page must not cost its neighbours theirs."""
    try:
        threads = [int(name) for name in os.listdir(f"/proc/{pid}/task")]  # Linux: each has its own priority
    except OSError:
        threads = [pid]
    for thread in threads:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, _LAST)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)

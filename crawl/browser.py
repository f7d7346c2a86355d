"""One instrumented Firefox and its windows: started, connected to the collector, watched, ended."""

import asyncio
import contextlib
import logging
import time
from functools import partial
from pathlib import Path
from typing import Any

from crawl import pack, settings
from crawl.bidi import BidiClosed, BidiError
from crawl.collector import Collector, Link
from crawl.firefox import Firefox
from crawl.profile import Pref
from overscripted.errors import OutsideError

log = logging.getLogger("overscripted.crawl.browser")

_EVENTS = (
    "browsingContext.contextDestroyed",
    "browsingContext.downloadWillBegin",
    "browsingContext.load",
    "browsingContext.navigationStarted",
)


class Window:
    """A visit's window: what the browser says of its top document."""

    def __init__(self, browser: "Browser", context: str, user_context: str) -> None:
        self.browser, self.context, self.user_context = browser, context, user_context
        self.loaded = asyncio.Event()
        self.closed = asyncio.Event()  # by the page, or because its process died
        self.download = False
        self.crashed = False
        self.started = 0

    def take(self, event: str, params: dict[str, Any]) -> None:
        """One event of this window."""
        if event == "load":
            self.loaded.set()
        elif event == "navigationStarted":
            self.started += 1
        elif event == "downloadWillBegin":
            self.download = True
        elif event == "contextDestroyed":
            self.closed.set()

    def gone(self, message: dict[str, Any]) -> None:
        """The extension says that a tab of this visit was closed or died."""
        self.crashed = self.crashed or bool(message.get("crashed"))
        self.closed.set()

    async def navigate(self, url: str, wait: str, within_s: float) -> str:
        """Go there; the URL arrived at. Raises BidiError with the browser's reason, TimeoutError."""
        params = {"context": self.context, "url": url, "wait": wait}
        answer = await self.browser.firefox.bidi.command("browsingContext.navigate", params, within_s)
        return str(answer.get("url", ""))

    async def close(self) -> None:
        """Close it, its pop-ups, and throw away everything its pages stored."""
        self.browser.windows.pop(self.context, None)
        bidi = self.browser.firefox.bidi
        try:
            with contextlib.suppress(BidiError):
                close = {"context": self.context, "promptUnload": False}
                await bidi.command("browsingContext.close", close, settings.CLOSE_TIMEOUT_S)
            with contextlib.suppress(BidiError):
                context = {"userContext": self.user_context}
                await bidi.command("browser.removeUserContext", context, settings.CLOSE_TIMEOUT_S)
        except TimeoutError:
            self.browser.ill += 1
            log.warning("a window did not close in %.0f s", settings.CLOSE_TIMEOUT_S)


class Browser:
    """A Firefox with our extension. ``ill`` counts what it failed to do; `fit` says whether to go on."""

    def __init__(self, firefox: Firefox, link: Link) -> None:
        self.firefox, self.link = firefox, link
        self.windows: dict[str, Window] = {}
        self.visits = 0
        self.active = 0
        self.ill = 0
        self.retired = False
        self.began = time.monotonic()

    @classmethod
    async def start(
        cls,
        collector: Collector,
        extension: dict[str, Any],
        prefs: dict[str, Pref],
        authorities: list[Path],
        binary: str | None = None,
        headless: bool = True,
    ) -> "Browser":
        """Start one. ``extension`` is what its settings.js holds beside port and token."""
        link = collector.link()
        firefox = await Firefox.start(prefs, authorities, binary, headless)
        browser = cls(firefox, link)
        try:
            told = {"port": collector.port, "token": link.token, **extension}
            folder = await asyncio.to_thread(pack.pack, firefox.folder, told)
            await firefox.install(str(folder))
            async with asyncio.timeout(settings.BIND_TIMEOUT_S):
                await link.connected.wait()
            for name in _EVENTS:
                firefox.bidi.on(name, partial(browser._take, name))
            await firefox.bidi.subscribe(*_EVENTS)
        except TimeoutError:
            await browser.stop(collector)
            raise OutsideError(
                "the extension did not report to the collector; is port access blocked?"
            ) from None
        except BaseException:
            await browser.stop(collector)
            raise
        return browser

    @property
    def alive(self) -> bool:
        """Whether it still answers."""
        return not self.firefox.bidi.closed.is_set() and not self.link.lost.is_set()

    @property
    def fit(self) -> bool:
        """Whether it may be given another visit."""
        return self.alive and not self.retired and self.ill < 3

    async def open(self) -> Window:
        """A new window in a user context of its own."""
        bidi = self.firefox.bidi
        user_context = str((await bidi.command("browser.createUserContext"))["userContext"])
        asked = {"type": "window", "userContext": user_context}
        try:
            context = str((await bidi.command("browsingContext.create", asked))["context"])
        except BaseException:
            with contextlib.suppress(BidiError, BidiClosed, TimeoutError):
                await bidi.command("browser.removeUserContext", {"userContext": user_context})
            raise
        window = self.windows[context] = Window(self, context, user_context)
        return window

    async def stop(self, collector: Collector) -> None:
        """End it and everything it left."""
        collector.unlink(self.link)
        await self.firefox.stop()

    def _take(self, event: str, params: dict[str, Any]) -> None:
        if window := self.windows.get(str(params.get("context"))):
            window.take(event.partition(".")[2], params)

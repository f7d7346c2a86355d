"""A kept profile in use: one Firefox for one visit, started from a state, ended so that a state remains."""

import contextlib
import logging
from pathlib import Path

from overscripted.crawl.browser import Browser
from overscripted.crawl.browser_pool import BrowserPool
from overscripted.crawl.firefox.bidi import BidiClosed, BidiError
from overscripted.crawl.firefox.profile import Pref
from overscripted.crawl.javascript import function
from overscripted.crawl.kept import archive
from overscripted.crawl.variants.variant import Variant

log = logging.getLogger("overscripted.crawl")

_FILE = "js/parent_process/session_cookies.js"
_READ, _RESTORE, _CONTAINER = (
    function(name, _FILE) for name in ("sessionCookies", "restoreSessionCookies", "firstContainer")
)
PREFS: dict[str, Pref] = {"dom.quotaManager.temporaryStorage.fixedLimit": archive.STORED_KB}


class KeptProfile:
    """The profile of one visit. ``user_context`` is its container, the same one in every visit."""

    def __init__(self, pool: BrowserPool, browser: Browser, user_context: str) -> None:
        self.browser, self.user_context = browser, user_context
        self._pool = pool

    @classmethod
    async def start(
        cls, pool: BrowserPool, state: bytes | None, variant: Variant | None = None
    ) -> "KeptProfile":
        """Start a Firefox from a state; None: from a new profile. Its container is that of a ``variant``.

        Raises Unusable, and OutsideError, BidiError, BidiClosed or TimeoutError where Firefox fails.
        """
        cookies: list[str] = []

        def prepare(folder: Path) -> None:
            if state is not None:
                archive.unpack(state, folder)
                cookies.append((folder / archive.SESSION_COOKIES).read_text("utf-8"))

        browser = await pool.start_alone(PREFS, prepare)
        try:
            for text in cookies:
                await browser.ask(_RESTORE, text)
            user_context = await browser.ask(_CONTAINER)
            if variant:
                await browser.set_up(user_context, variant)
            return cls(pool, browser, user_context)
        except BaseException:
            pool.take(browser)
            await browser.stop()
            raise

    async def end(self) -> bytes | None:
        """End Firefox; the state that remains. None where Firefox died, or wrote too much."""
        found: list[bytes] = []
        cookies: str | None = None
        with contextlib.suppress(BidiError, BidiClosed, TimeoutError):
            cookies = await self.browser.ask(_READ)

        def keep(folder: Path) -> None:
            if cookies is None:
                return
            (folder / archive.SESSION_COOKIES).write_text(cookies, "utf-8")
            try:
                found.append(archive.pack(folder))
            except archive.Unusable as error:
                log.warning("the profile is not kept: %s", error)

        self._pool.take(self.browser)
        await self.browser.stop(keep)
        return found[0] if found else None

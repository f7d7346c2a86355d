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


def _functions(file: str, *names: str) -> tuple[str, ...]:
    return tuple(function(name, f"js/parent_process/{file}.js") for name in names)


# What Firefox is asked for and given back as text: file of the archive -> how it is read, how it is restored.
_ASKED = {
    archive.SESSION_COOKIES: _functions("session_cookies", "sessionCookies", "restoreSessionCookies"),
    archive.HOSTS: _functions("kept_hosts", "keptHosts", "restoreHosts"),
    archive.PERMISSIONS: _functions("kept_permissions", "keptPermissions", "restorePermissions"),
}
(_CONTAINER,) = _functions("session_cookies", "firstContainer")
(_WRITE_CACHE,) = _functions("kept_cache", "writeCache")
PREFS: dict[str, Pref] = {
    "dom.quotaManager.temporaryStorage.fixedLimit": archive.STORED_KB,
    "browser.cache.disk.enable": True,
    "browser.cache.disk.capacity": archive.CACHED_KB,
    "browser.cache.disk.smart_size.enabled": False,
    # On a busy machine Firefox would not write all of it at its end, and ask servers for what it has.
    "browser.cache.max_shutdown_io_lag": 60,
    "network.http.rcwn.enabled": False,
    # No program that Firefox compiled comes from an archive: it runs unchecked.
    "dom.script_loader.bytecode_cache.enabled": False,
    "javascript.options.wasm_caching": False,
}


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
        given: dict[str, str] = {}

        def prepare(folder: Path) -> None:
            if state is not None:
                archive.unpack(state, folder)
                there = [name for name in _ASKED if (folder / name).is_file()]
                given.update((name, (folder / name).read_text("utf-8")) for name in there)

        browser = await pool.start_alone(PREFS, prepare)
        try:
            for name, text in given.items():
                await browser.ask(_ASKED[name][1], text)
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
        answers: dict[str, str] = {}
        with contextlib.suppress(BidiError, BidiClosed, TimeoutError):
            await self.browser.ask(_WRITE_CACHE)
            for name, (read, _) in _ASKED.items():
                answers[name] = await self.browser.ask(read)

        def keep(folder: Path) -> None:
            if len(answers) < len(_ASKED):
                return
            for name, text in answers.items():
                (folder / name).write_text(text, "utf-8")
            try:
                found.append(archive.pack(folder))
            except archive.Unusable as error:
                log.warning("the profile is not kept: %s", error)

        self._pool.take(self.browser)
        await self.browser.stop(keep)
        return found[0] if found else None

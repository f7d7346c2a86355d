"""Browser windows that outlive visits: each holds the tab of one visit at a time, in sight.

A tab alone in sight of its window is to its page what a window of its own is: visible, never throttled, of
the same size. But a window is a large document of the browser's own, which takes its parent process a
quarter of a second to make, and leaves it 10 MB of garbage.
"""

import asyncio
import contextlib
from typing import Any

from crawl import settings
from crawl.bidi import Bidi, BidiError


class Holders:
    """The windows of one Firefox, each kept open by a blank tab of its own. Free ones wait here."""

    def __init__(self, bidi: Bidi) -> None:
        self._bidi = bidi
        self._free: list[str] = []  # contexts of their blank tabs

    async def tab(self, user_context: str) -> tuple[str, str]:
        """A new tab in a free window: its context, and the window's, to `give_back` once the tab is closed.

        Raises BidiError, TimeoutError.
        """
        while self._free:
            holder = self._free.pop()
            with contextlib.suppress(BidiError):  # this window is gone
                return await self._in(holder, user_context), holder
        holder = await self._create({"type": "window"})
        return await self._in(holder, user_context), holder

    async def give_back(self, holder: str) -> None:
        """A window's tab is closed: the window is free, or closed where enough are. Raises TimeoutError."""
        if len(self._free) < settings.FREE_WINDOWS:
            self._free.append(holder)
            return
        with contextlib.suppress(BidiError):
            await self._bidi.command("browsingContext.close", {"context": holder}, settings.CLOSE_TIMEOUT_S)

    async def _in(self, holder: str, user_context: str) -> str:
        return await self._create({"type": "tab", "userContext": user_context, "referenceContext": holder})

    async def _create(self, asked: dict[str, Any]) -> str:
        for pause in (*settings.OPEN_RETRY_S, None):
            try:
                return str((await self._bidi.command("browsingContext.create", asked))["context"])
            except BidiError as error:
                # Firefox looks at the latest window first, which may be a pop-up that has not quite
                # opened, or not quite closed; a moment later it is another one.
                if pause is None or error.code != "unknown error":
                    raise
                await asyncio.sleep(pause)
        raise AssertionError

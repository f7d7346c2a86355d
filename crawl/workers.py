"""Calls made inside workers: watched by Firefox's own debugger, told by its parent process.

A content script does not run in workers, and code put before a worker's own would show. So a process
script holds each worker of a visit at its birth, a debugger script in the worker's thread
(`extension/worker/`) watches the natives, and what it records comes by way of the parent process in the
extension's protocol.
"""

import asyncio
import json
import secrets
from collections.abc import Callable
from importlib import resources
from typing import Any

from crawl.parent import Parent

Message = dict[str, Any]

PRIVILEGED = resources.files("crawl") / "privileged"
SCRIPT = "worker.js"  # of the packed extension
_FLUSH = "(name, data) => Services.obs.notifyObservers(null, name, data)"


class Workers:
    """The workers of one Firefox. ``take`` is given each message of the extension's protocol and its size."""

    def __init__(self, parent: Parent, take: Callable[[Message, int], None]) -> None:
        self._parent, self._take = parent, take
        self._name = f"overscripted-{secrets.token_hex(16)}"  # of messages and of the script's address
        self._flushes: dict[int, asyncio.Future[None]] = {}
        self._number = 0

    @classmethod
    async def attach(
        cls, parent: Parent, extension: str, take: Callable[[Message, int], None], watch: bool = True
    ) -> "Workers":
        """Watch all workers from now on, or only count them as a known gap.

        ``extension`` is the id of the packed extension.
        """
        workers = cls(parent, take)
        script = f"resource://{workers._name}/{SCRIPT}" if watch else ""
        process = (PRIVILEGED / "process.js").read_text()
        process = process.replace("@SCRIPT@", script).replace("@NAME@", workers._name)
        begin = (PRIVILEGED / "parent.js").read_text()
        await parent.call(begin, parent.channel(workers._said), extension, workers._name, process)
        return workers

    async def flush(self, store: str) -> None:
        """Have everything recorded in workers of a cookie store handed over; busy ones are not waited for."""
        self._number += 1
        number, user = self._number, int(store.rpartition("-")[2])
        answer = self._flushes[number] = asyncio.get_running_loop().create_future()
        try:
            await self._parent.call(_FLUSH, self._name, json.dumps([user, number]))
            await answer
        finally:
            del self._flushes[number]

    def _said(self, text: str) -> None:
        message = json.loads(text)
        if message["type"] != "flushed":
            self._take(message, len(text))
        elif (answer := self._flushes.get(message["id"])) and not answer.done():
            answer.set_result(None)

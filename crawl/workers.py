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

from crawl.bidi import Bidi
from crawl.parent import window

Message = dict[str, Any]

PRIVILEGED = resources.files("crawl") / "privileged"
SCRIPT = "worker.js"  # of the packed extension
_FLUSH = "(name, data) => Services.obs.notifyObservers(null, name, data)"


class Workers:
    """The workers of one Firefox. ``take`` is given each message of the extension's protocol and its size."""

    def __init__(self, bidi: Bidi, context: str, take: Callable[[Message, int], None]) -> None:
        self._bidi, self._context, self._take = bidi, context, take
        self._name = f"overscripted-{secrets.token_hex(16)}"  # of messages and of the script's address
        self._flushes: dict[int, asyncio.Future[None]] = {}
        self._number = 0

    @classmethod
    async def attach(
        cls, bidi: Bidi, extension: str, take: Callable[[Message, int], None], watch: bool = True
    ) -> "Workers":
        """Watch all workers from now on, or only count them as a known gap.

        ``extension`` is the id of the packed extension.
        """
        workers = cls(bidi, await window(bidi), take)
        bidi.on("script.message", workers._said)
        await bidi.subscribe("script.message")
        script = f"resource://{workers._name}/{SCRIPT}" if watch else ""
        process = (PRIVILEGED / "process.js").read_text()
        process = process.replace("@SCRIPT@", script).replace("@NAME@", workers._name)
        texts = [{"type": "string", "value": text} for text in (extension, workers._name, process)]
        channel = {"type": "channel", "value": {"channel": workers._name}}
        await workers._call((PRIVILEGED / "parent.js").read_text(), [channel, *texts])
        return workers

    async def flush(self, store: str) -> None:
        """Have everything recorded in workers of a cookie store handed over; busy ones are not waited for."""
        self._number += 1
        number, user = self._number, int(store.rpartition("-")[2])
        answer = self._flushes[number] = asyncio.get_running_loop().create_future()
        try:
            texts = (self._name, json.dumps([user, number]))
            await self._call(_FLUSH, [{"type": "string", "value": text} for text in texts])
            await answer
        finally:
            del self._flushes[number]

    async def _call(self, function: str, arguments: list[Message]) -> None:
        asked = {
            "functionDeclaration": function,
            "arguments": arguments,
            "awaitPromise": False,
            "target": {"context": self._context},
        }
        answer = await self._bidi.command("script.callFunction", asked)
        if answer["type"] != "success":
            raise RuntimeError(answer["exceptionDetails"]["text"])  # ours to fix: no page has a part in it

    def _said(self, said: Message) -> None:
        if said.get("channel") != self._name:
            return
        text = said["data"]["value"]
        message = json.loads(text)
        if message["type"] != "flushed":
            self._take(message, len(text))
        elif (answer := self._flushes.get(message["id"])) and not answer.done():
            answer.set_result(None)

"""Calls made in documents and workers: watched from within each process, told by Firefox's parent process.

A script of ours in each content process (`js/content_process/`) is there before any page. It puts another
(`js/document/`) beside each window of a visit when the window is created, and holds each worker at its birth
until a debugger script (`js/worker/`) watches it. What these record comes by way of the parent process.
"""

import asyncio
import itertools
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from overscripted.crawl.firefox.parent_process import Parent
from overscripted.crawl.firefox.process import Firefox
from overscripted.crawl.instrument import bundle
from overscripted.crawl.instrument.protocol import Message, MessageType
from overscripted.crawl.javascript import function

_SERVE = function("serveWorkerScript", "js/parent_process/serve_worker_script.js")
_LOCATE = function(
    "locateTab",
    "js/parent_process/extension_ids.js",
    "js/parent_process/visit_tabs.js",
    "js/parent_process/locate_tab.js",
)
_NOTIFY = function("notify", "js/parent_process/notify.js")


class Realms:
    """The realms of one Firefox. ``handle`` is given each message (see `protocol`) and its size."""

    def __init__(self, parent: Parent, folder: Path, handle: Callable[[Message, int], None]) -> None:
        self._parent, self._folder, self._handle = parent, folder, handle
        self._name = f"overscripted-{secrets.token_hex(16)}"  # of messages and of the worker script's address
        self.lost = False  # the reference instrument's process has died: its calls are no longer heard
        self._flushes: dict[int, asyncio.Future[Message]] = {}
        self._numbers = itertools.count()

    @classmethod
    async def attach(
        cls,
        parent: Parent,
        firefox: Firefox,
        settings: dict[str, Any],
        folder: Path,
        handle: Callable[[Message, int], None],
    ) -> "Realms":
        """Watch all realms from now on, as ``settings`` say (see `bundle.recorder_settings`).

        In ``folder`` are the extension and, until they are read, bodies of scripts. Raises BidiError,
        TimeoutError, OutsideError where Firefox refuses the extension.
        """
        bodies = folder / "bodies"
        bodies.mkdir()
        realms = cls(parent, bodies, handle)
        process, policy = bundle.content_process(realms._name, settings), _policy(settings)
        arguments = (parent.channel(realms._receive), realms._name, process, str(bodies), policy)
        await parent.call(bundle.parent_process(), *arguments)
        # Only now: the reference instrument's background page is to find the way by which it says records.
        packed = await asyncio.to_thread(bundle.extension, folder, settings)
        await realms.serve(await firefox.install(str(packed)))
        return realms

    async def serve(self, extension: str) -> None:
        """Workers are watched from now on, by the script in the extension of this id."""
        await self._parent.call(_SERVE, self._name, extension)

    async def place(self, user_context: str) -> tuple[str, int, int]:
        """The container id of a user context, the number of its only tab as messages name it, and the one by
        which Firefox does. Raises BidiError for none.
        """
        container_id, tab, browser_id = json.loads(await self._parent.call(_LOCATE, user_context))
        return container_id, tab, browser_id

    async def flush(self, container_id: str) -> Message:
        """Have everything recorded in a container sent; the ``flushed`` message.

        Each process does it after what its pages' timers have due by then, as a rule, however late it is.
        A document that does not return to its event loop never answers; a busy worker is not waited for.
        """
        return await self._ask(user=_user(container_id))

    async def rest(self, container_id: str) -> None:
        """Have what Firefox's parent process still has of a container sent: requests without an answer, once.

        No page is waited for.
        """
        await self._ask(user=_user(container_id), last=True)

    async def _ask(self, **what: int) -> Message:
        number = next(self._numbers)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._flushes[number] = answer
        try:
            await self._tell(**what, number=number)
            return await answer
        finally:
            del self._flushes[number]

    async def forget(self, container_id: str) -> None:
        """The visit has ended: nothing more of it is told."""
        await self._tell(user=_user(container_id))

    async def _tell(self, **what: int) -> None:
        await self._parent.call(_NOTIFY, self._name, json.dumps(what))

    def _receive(self, texts: str) -> None:
        for text in texts.split("\n"):
            self._receive_one(text)

    def _receive_one(self, text: str) -> None:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return  # of a process that a page has taken over: ours write JSON
        if message["type"] == MessageType.BODY:
            message["content"] = self._content(message)
            self._handle(message, len(text) + len(message["content"]))
        elif message["type"] == MessageType.LOST:
            self.lost = True
        elif message["type"] != MessageType.FLUSHED:
            self._handle(message, len(text))
        elif (answer := self._flushes.get(message["id"])) and not answer.done():
            answer.set_result(message)

    def _content(self, message: Message) -> bytes:
        file = self._folder / str(int(message["file"]))
        try:
            return file.read_bytes()
        finally:
            file.unlink()


def _policy(settings: dict[str, Any]) -> str:
    """What `parent_process/policy.js` adds to each document; "" for nothing.

    ``script-src`` without 'unsafe-eval': eval and its kin, WebAssembly; inline scripts and handlers are
    allowed and not told of. ``connect-src`` without ws: and wss:: WebSockets. The host marks the policy as
    ours, for the recorder alone: no page sees the header.
    """
    if not any(item["name"] == "dynamic" for item in settings["instruments"]):
        return ""
    mark = f"https://{settings['mark']}"
    return (
        f"script-src * data: blob: 'unsafe-inline' 'report-sample' {mark}; "
        f"script-src-elem * data: blob: 'report-sample' {mark}; script-src-attr 'unsafe-inline'; "
        "connect-src http: https: data: blob:"
    )


def _user(container_id: str) -> int:
    """The number of a container, which ends its id."""
    return int(container_id.rpartition("-")[2])

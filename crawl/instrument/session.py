"""The recorders of one Firefox: starts them, receives their messages, asks for what they have.

Each content process runs our process script (`js/content_process/`) before any page. The script puts a
recorder (`js/document/`) beside each window of a visit when Firefox creates the window. It stops each new
worker until our debugger script (`js/worker/`) watches it. Recorders send their records through Firefox's
parent process.
"""

import asyncio
import contextlib
import itertools
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from overscripted.crawl.firefox.parent_process import Parent
from overscripted.crawl.firefox.process import Firefox
from overscripted.crawl.instrument import bundle
from overscripted.crawl.instrument.protocol import KINDS, REALM, Gap, Message, MessageType
from overscripted.crawl.javascript import function
from overscripted.crawl.repeat import Repeat

_SERVE = function("serveWorkerScript", "js/parent_process/serve_worker_script.js")
_LOCATE = function(
    "locateTab",
    "js/parent_process/extension_ids.js",
    "js/parent_process/visit_tabs.js",
    "js/parent_process/locate_tab.js",
)
_NOTIFY = function("notify", "js/parent_process/notify.js")


# Only Firefox's parent process may name files: a realm could name those of another visit.
_WITH_CONTENT = {MessageType.BODY, MessageType.ARCHIVE_BODY} | {
    name
    for name, kind in KINDS.items()
    if kind.record and kind.record.has_content and REALM not in kind.senders
}


class Realms:
    """The realms of one Firefox. ``handle`` is given each message (see `protocol`) and its size."""

    def __init__(self, parent: Parent, folder: Path, handle: Callable[[Message, int], None]) -> None:
        self._parent, self._folder, self._handle = parent, folder, handle
        self._name = f"overscripted-{secrets.token_hex(16)}"  # of messages and of the worker script's address
        self.lost = False  # the reference instrument's process has died: no calls are recorded any more
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
        """Watch all realms from now on, by the ``settings`` of `bundle.recorder_settings`.

        ``folder`` holds the extension, and bodies of scripts until we read them. Raises BidiError,
        TimeoutError, and OutsideError if Firefox refuses the extension.
        """
        bodies = folder / "bodies"
        bodies.mkdir()
        realms = cls(parent, bodies, handle)
        process, policy = bundle.content_process(realms._name, settings), _policy(settings)
        arguments = (parent.channel(realms._receive), realms._name, process, str(bodies), policy)
        await parent.call(bundle.parent_process(settings), *arguments)
        # Only now: the reference instrument's background page needs the listener of the parent process.
        packed = await asyncio.to_thread(bundle.extension, folder, settings)
        await realms.serve(await firefox.install(str(packed)))
        return realms

    async def serve(self, extension: str) -> None:
        """Watch workers from now on, by the script in the extension with this id."""
        await self._parent.call(_SERVE, self._name, extension)

    async def locate(self, user_context: str) -> tuple[str, int, int]:
        """The container id of a user context and two numbers of its only tab: as messages name it, and as
        Firefox does. Raises BidiError if it has no tab.
        """
        container_id, tab, browser_id = json.loads(await self._parent.call(_LOCATE, user_context))
        return container_id, tab, browser_id

    async def flush(self, container_id: str) -> Message:
        """Have everything recorded in a container sent; returns the ``flushed`` message.

        As a rule, each process first runs the timers of its pages that are due, however late it is. A
        document that does not return to its event loop never answers. Busy workers are not waited for.
        """
        return await self._request(user=_user(container_id))

    async def flush_requests(self, container_id: str, end: bool) -> None:
        """Have the requests of a container that have no answer yet sent, once. Does not wait for any page.

        ``end``: the visit ends, so its state at the end is sent, too. It takes some seconds at most.
        """
        await self._request(user=_user(container_id), last=True, end=end)

    async def _request(self, **command: int) -> Message:
        number = next(self._numbers)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._flushes[number] = answer
        try:
            await self._notify(**command, number=number)
            return await answer
        finally:
            del self._flushes[number]

    async def forget(self, container_id: str, keep: bool = False) -> None:
        """The visit of a container has ended: have nothing more of it sent.

        ``keep``: another visit follows in the container. It finds the hosts and permissions of this one.
        """
        await self._notify(user=_user(container_id), keep=keep)

    async def repeat(self, container_id: str, repeat: Repeat) -> None:
        """Give the pages that load in a container from now on a clock and random numbers."""
        await self._notify(user=_user(container_id), repeat=repeat.members())

    async def _notify(self, **command: Any) -> None:
        await self._parent.call(_NOTIFY, self._name, json.dumps(command))

    def _receive(self, texts: str) -> None:
        for text in texts.split("\n"):
            # Our own scripts send messages. Other text is from a process that a page has taken over.
            with contextlib.suppress(LookupError, TypeError, ValueError, RecursionError):
                self._receive_one(text)

    def _receive_one(self, text: str) -> None:
        message = json.loads(text)
        if message["type"] in _WITH_CONTENT and not self._add_content(message):
            lost = {"type": MessageType.GAP, "container_id": message["container_id"]}
            self._handle({**lost, "name": Gap.CONTENT_LOST, "n": 1}, 0)
        elif message["type"] == MessageType.LOST:
            self.lost = True
        elif message["type"] != MessageType.FLUSHED:
            self._handle(message, len(text))
        elif (answer := self._flushes.get(message["id"])) and not answer.done():
            answer.set_result(message)

    def _add_content(self, message: Message) -> bool:
        """Give a message the content of the file that it names. False if the file cannot be read."""
        if "file" not in message:
            return True
        file = self._folder / str(int(message["file"]))
        try:
            message["content"] = file.read_bytes()
        except OSError:
            return False
        finally:
            with contextlib.suppress(OSError):
                file.unlink()
        return True


def _policy(settings: dict[str, Any]) -> str:
    """The policy that `parent_process/policy.js` adds to each document; "" for none.

    ``script-src`` lacks 'unsafe-eval', so Firefox reports code made from text and WebAssembly. It allows
    inline scripts and handlers, so Firefox does not report these. ``connect-src`` lacks ws: and wss:, so
    Firefox reports WebSockets. The host marks the policy as ours for the recorder. No page sees the header.
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

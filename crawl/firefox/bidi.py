"""A WebDriver BiDi session with one Firefox: commands, their answers, and events.

Specification: https://w3c.github.io/webdriver-bidi/. Messages of Firefox have a largest size. An answer can
be late or never come: every command has a timeout.
"""

import asyncio
import contextlib
import itertools
import json
import logging
from collections.abc import Callable
from typing import Any

import aiohttp

Event = dict[str, Any]
Listener = Callable[[Event], None]

log = logging.getLogger("overscripted.crawl.bidi")

# A longer message ends the session. Answers to our commands are shorter. An event can contain a URL of 32 MB,
# whose characters can take two bytes each.
MAX_MESSAGE_BYTES = 128 * 2**20
# Commands that concern only Firefox's own state are answered in milliseconds, on a busy machine in seconds.
# After this time no answer will come.
COMMAND_TIMEOUT_S = 60.0


class BidiError(Exception):
    """Firefox refused a command. ``code`` is the protocol's error code, such as ``no such frame``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class BidiClosed(Exception):
    """The session has ended: Firefox has ended or is being stopped."""


class Bidi:
    """A session. Make one with `connect`; `command` sends commands, `on` adds listeners, `close` ends it."""

    def __init__(self, http: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._http, self._socket = http, socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._listeners: dict[str, list[Listener]] = {}
        self.capabilities: dict[str, Any] = {}
        self.closed = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, url: str, capabilities: dict[str, Any] | None = None) -> "Bidi":
        """A new session at ``ws://127.0.0.1:PORT/session``. Raises BidiError, BidiClosed, OSError."""
        http = aiohttp.ClientSession()
        try:
            socket = await http.ws_connect(url, max_msg_size=MAX_MESSAGE_BYTES, autoping=True)
        except BaseException:
            await http.close()
            raise
        bidi = cls(http, socket)
        try:
            params = {"capabilities": {"alwaysMatch": capabilities or {}}}
            bidi.capabilities = (await bidi.command("session.new", params))["capabilities"]
        except BaseException:
            await bidi.close()
            raise
        return bidi

    async def command(
        self, method: str, params: dict[str, Any] | None = None, within_s: float = COMMAND_TIMEOUT_S
    ) -> dict[str, Any]:
        """The result of a command. Raises BidiError, BidiClosed, TimeoutError."""
        if self.closed.is_set():
            raise BidiClosed(method)
        number = next(self._ids)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            text = json.dumps({"id": number, "method": method, "params": params or {}})
            try:
                await self._socket.send_str(text)
            except (OSError, aiohttp.ClientError) as error:
                raise BidiClosed(method) from error
            async with asyncio.timeout(within_s):
                return await answer
        finally:
            self._waiting.pop(number, None)

    def on(self, event: str, listener: Listener) -> None:
        """Call ``listener`` with the params of each such event. It must not block or raise."""
        self._listeners.setdefault(event, []).append(listener)

    async def subscribe(self, *events: str) -> None:
        """Subscribe to these events, in every tab."""
        await self.command("session.subscribe", {"events": list(events)})

    async def close(self) -> None:
        """End the connection. Commands without an answer raise BidiClosed."""
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        with contextlib.suppress(Exception):
            async with asyncio.timeout(2):
                await self._socket.close()
        await self._http.close()

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                if message.type == aiohttp.WSMsgType.TEXT:
                    self._dispatch(json.loads(message.data))
                    await asyncio.sleep(0)  # many messages may come together: let other tasks run in between
        except (OSError, aiohttp.ClientError, ValueError):
            pass
        finally:
            self.closed.set()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(BidiClosed("the session ended"))

    def _dispatch(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "event":
            for listener in self._listeners.get(message["method"], ()):
                try:
                    listener(message["params"])
                except Exception:  # our fault with one event must not end all visits of this Firefox
                    log.exception("%s could not be handled", message["method"])
            return
        answer = self._waiting.get(message.get("id") or 0)
        if answer is None or answer.done():
            return
        if kind == "success":
            answer.set_result(message["result"])
        else:
            answer.set_exception(BidiError(str(message.get("error")), str(message.get("message"))))

"""A real Firefox that records, a web of test pages, and what was said of each visit."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from aiohttp import web

from overscripted.crawl.firefox.bidi import BidiError
from overscripted.crawl.firefox.parent_process import Parent
from overscripted.crawl.firefox.process import Firefox
from overscripted.crawl.instrument import bundle
from overscripted.crawl.instrument.session import Realms
from overscripted.stacks import Frame as StackFrame
from overscripted.stacks import parse_frame

Message = dict[str, Any]
HTML = "text/html; charset=utf-8"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Web:
    """Pages by path, on a free port of several names of this machine."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[bytes, str, dict[str, str]]] = {}
        self.redirects: dict[str, str] = {}
        self.locked: set[str] = set()  # paths that want a password
        self.silent: set[str] = set()  # paths that never answer
        self.empty: set[str] = set()  # paths without content (204)
        self.posts: dict[str, asyncio.Queue[str]] = {}
        self.handlers: dict[str, Handler] = {}  # by path, instead of a page

    def add(self, path: str, body: str | bytes, kind: str = HTML, **headers: str) -> str:
        """Serve a body; its path."""
        data = body.encode() if isinstance(body, str) else body
        self.pages[path] = (data, kind, {k.replace("_", "-"): v for k, v in headers.items()})
        return path

    async def start(self) -> None:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "0.0.0.0", 0).start()
        self.port = int(self._runner.addresses[0][1])
        self.base = f"http://127.0.0.1:{self.port}"
        self.other = f"http://localhost:{self.port}"  # another origin

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if handler := self.handlers.get(request.path):
            return await handler(request)
        if target := self.redirects.get(request.path):
            raise web.HTTPFound(target)
        if request.path in self.locked and "Authorization" not in request.headers:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="x"'})
        if request.path in self.silent:
            await asyncio.Event().wait()
        if request.path in self.empty:
            return web.Response(status=204)
        found = self.pages.get(request.path)
        if found is None:
            return web.Response(status=404, text="no such page")
        body, kind, headers = found
        body = body.replace(b"{BASE}", self.base.encode()).replace(b"{OTHER}", self.other.encode())
        return web.Response(body=body, headers={"Content-Type": kind, **headers})


@dataclass(frozen=True, kw_only=True)
class Call:
    """One recorded call, with what its message says of where."""

    tab: int
    frame: int
    parent: int
    doc: str
    location: str
    top: str
    realm: str
    time: int
    symbol: str
    operation: str
    arguments: str | None = None
    value: str
    value_len: int | None = None
    caller: str
    by_browser: bool = False
    call_stack: str = ""
    receiver: int | None = None
    receiver_owner: int | None = None
    canvas_width: int | None = None
    canvas_height: int | None = None

    @cached_property
    def at(self) -> StackFrame:
        """The caller, taken apart."""
        return parse_frame(self.caller)


@dataclass(frozen=True)
class Total:
    """How often a script used a symbol."""

    script_url: str
    symbol: str
    operation: str
    n_calls: int
    n_recorded: int


_PLACE = ("tab", "frame", "parent", "doc", "location", "top", "realm")


class Visit:
    """What was said of one visit."""

    def __init__(
        self, browser: "Instrumented | Firefox", container_id: str, tab: int, context: str, user: str
    ) -> None:
        self.bidi = (browser.firefox if isinstance(browser, Instrumented) else browser).bidi
        self.container_id, self.tab, self.context, self.user = container_id, tab, context, user
        self.messages: list[Message] = []

    def of(self, kind: str) -> list[Message]:
        """Messages of a type."""
        return [m for m in self.messages if m["type"] == kind]

    @property
    def calls(self) -> list[Call]:
        """The calls, in the order in which they came."""
        return [
            Call(**{name: message[name] for name in _PLACE}, **call)
            for message in self.of("calls")
            for call in message["calls"]
        ]

    @property
    def totals(self) -> list[Total]:
        """The totals of calls that were not all kept, in the order in which they came."""
        return [Total(**total) for message in self.of("calls") for total in message["totals"]]

    def counted(self, *symbols: str) -> Counter[tuple[str, str, str]]:
        """How often each (symbol, operation, value or arguments) was recorded."""
        return Counter(
            (c.symbol, c.operation, c.arguments or c.value)
            for c in self.calls
            if not symbols or c.symbol in symbols
        )

    async def run(self, expression: str) -> Any:
        """The value of an expression in the page's own realm (its promise awaited)."""
        target = {"context": self.context}
        params = {"expression": expression, "target": target, "awaitPromise": True}
        answer = await self.bidi.command("script.evaluate", params, 20)
        if answer["type"] != "success":
            details = answer["exceptionDetails"]
            raise AssertionError(f"{details['text']} at {details['stackTrace']}")
        return answer["result"].get("value")

    async def holds(self, expression: str) -> bool:
        """Whether an expression is true in the page; not where its document is just being left."""
        with contextlib.suppress(BidiError):
            return bool(await self.run(expression))
        return False

    async def until(self, expression: str) -> None:
        """Wait until an expression is true in the page."""
        async with asyncio.timeout(60):
            while not await self.holds(expression):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


class Instrumented:
    """A Firefox that records, and every message that it said."""

    def __init__(self) -> None:
        self.visits: dict[str, Visit] = {}
        self.loose: list[Message] = []

    async def start(
        self,
        folder: Path,
        prefs: dict[str, Any] | None = None,
        authorities: list[Path] | None = None,
        saved: dict[str, list[str]] | None = None,
        **settings: Any,
    ) -> None:
        """Start Firefox; ``settings`` are those of its scripts."""
        self.firefox = await Firefox.start(prefs, authorities)
        self.parent = await Parent.attach(self.firefox.bidi, *[lambda *_: None] * 3)
        self._realms = await Realms.attach(
            self.parent,
            self.firefox,
            bundle.recorder_settings(settings, saved),
            folder,
            lambda message, _: self._take(message),
        )
        self.name = self._realms._name  # of the messages of its processes

    async def stop(self) -> None:
        await self.firefox.stop()

    def _take(self, message: Message) -> None:
        if visit := self.visits.get(message.get("container_id", "")):
            visit.messages.append(message)
        else:
            self.loose.append(message)

    async def open(self) -> Visit:
        """A tab in a user context of its own."""
        bidi = self.firefox.bidi
        user = (await bidi.command("browser.createUserContext"))["userContext"]
        asked = {"type": "tab", "userContext": user, "background": True}
        context = (await bidi.command("browsingContext.create", asked))["context"]
        container_id, tab, _ = await self._realms.locate(user)
        visit = self.visits[container_id] = Visit(self, container_id, tab, context, user)
        return visit

    async def flush(self, visit: Visit, within_s: float = 20, end: bool = False) -> None:
        """Have everything sent; with ``end`` also the state at the end of the visit, once."""
        async with asyncio.timeout(within_s):
            await self._realms.flush(visit.container_id)
            await self._realms.flush_requests(visit.container_id, end)

    async def close(self, visit: Visit) -> None:
        """End a visit."""
        await self._realms.forget(visit.container_id)
        with contextlib.suppress(BidiError):
            await self.firefox.bidi.command(
                "browsingContext.close", {"context": visit.context, "promptUnload": False}
            )
        with contextlib.suppress(BidiError):
            await self.firefox.bidi.command("browser.removeUserContext", {"userContext": visit.user})

    async def visit(
        self, url: str, until: str = "", wait: str = "complete", dwell_s: float = 0.15, end: bool = False
    ) -> Visit:
        """Load a page, wait until the expression ``until`` is true in it, flush, close; what was said.

        With ``end`` also the state at the end of the visit.
        """
        visit = await self.open()
        params = {"context": visit.context, "url": url, "wait": wait}
        await self.firefox.bidi.command("browsingContext.navigate", params, 30)
        if until:
            await visit.until(until)
        await asyncio.sleep(dwell_s)
        await self.flush(visit, end=end)
        await self.close(visit)
        return visit


async def seen_page(browser: Instrumented, page: str) -> Visit:
    """An open page in the instrumented browser; the caller closes it."""
    visit = await browser.open()
    await _navigate(browser.firefox, visit.context, page)
    return visit


async def bare_page(plain: Firefox, page: str) -> Visit:
    """The same page in a plain browser."""
    made = await plain.bidi.command("browsingContext.create", {"type": "window"})
    await _navigate(plain, made["context"], page)
    return Visit(plain, "", 0, made["context"], "")


async def _navigate(firefox: Firefox, context: str, page: str) -> None:
    command = {"context": context, "url": page, "wait": "complete"}
    await firefox.bidi.command("browsingContext.navigate", command)

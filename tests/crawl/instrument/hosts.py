"""A web of many names, by HTTP and HTTPS, behind a proxy: what a browser connects to and asks for."""

import asyncio
import contextlib
import contextvars
import re
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from overscripted.certificates import Authority
from overscripted.demo.http_messages import Request, Response
from overscripted.demo.proxy import Proxy
from overscripted.demo.websocket import Talk, silent
from tests.crawl.archive import through
from tests.crawl.instrument import http2
from tests.crawl.instrument.harness import Instrumented

Page = Response | Callable[[Request], Response]

_PLAIN = "plain-"  # names that begin so are not served by HTTPS


@dataclass
class Connection:
    """A connection from the browser. ``resumed``: its TLS session was one of an earlier connection."""

    resumed: bool = False
    visits: dict[str, set[str]] = field(default_factory=dict)  # host -> cookies `visit` that came by it


_connection: contextvars.ContextVar[Connection] = contextvars.ContextVar("connection")


class Hosts:
    """Serves every name of .example and .com, what `pages` has by path; others are not there."""

    def __init__(self) -> None:
        self.contexts: dict[str, ssl.SSLContext] = {}  # of names with certificates of their own
        self.authority: Authority | None = None  # that signs the others
        self.garbage: set[str] = set()  # names whose server does not know TLS
        self.http2: set[str] = set()  # names that are served by HTTP/2, each page with the text "h2"
        self.direct = ""  # the origin of the host that is reached past the proxy
        self.pages: dict[str, Page] = {}
        self.asked: list[Request] = []
        self.connections: list[Connection] = []
        self.reached: list[str] = []  # names that were connected to or asked
        self.refused: list[str] = []  # names that were to be reached by HTTPS, and are not served so

    def add(self, path: str, body: str | bytes = b"", kind: str = "text/html", **headers: str) -> str:
        """Serve a body; its path."""
        data = body.encode() if isinstance(body, str) else body
        self.pages[path] = Response(200, data, kind, {k.replace("_", "-"): v for k, v in headers.items()})
        return path

    def count(self, path: str, host: str = "") -> int:
        """How often a path was asked for."""
        return sum(ask.path == path and host in ("", ask.host) for ask in self.asked)

    def serves(self, scheme: str, host: str) -> bool:
        """All hosts but those that are not served by HTTPS."""
        plain = host.startswith(_PLAIN)
        self.reached.append(host)
        if plain and scheme == "https":
            self.refused.append(host)
        return host.endswith((".example", ".com", "localhost")) and (scheme == "http" or not plain)

    def tls_fault(self, host: str) -> str:
        """Which hosts answer with something that is no TLS."""
        return "garbage" if host in self.garbage else ""

    def talker(self, host: str, path: str) -> Talk:
        """Sockets say nothing."""
        return silent

    def answer(self, ask: Request) -> Response:
        """What is served at a path."""
        self.asked.append(ask)
        visits = _connection.get().visits.setdefault(ask.host, set())
        visits.update(re.findall(r"\bvisit=(\w+)", ask.headers.get("cookie", "")))
        page = self.pages.get(ask.path, Response(404, b"no such page", "text/plain"))
        return page(ask) if callable(page) else page


def connection() -> Connection:
    """That of the request being answered."""
    return _connection.get()


class _Wild(Authority):
    """One certificate for all names below a site's: there may be hundreds."""

    def __init__(self, folder: Path, hosts: Hosts) -> None:
        super().__init__(folder)
        self._hosts = hosts
        hosts.authority = self

    def context(self, host: str) -> ssl.SSLContext:
        _, _, rest = host.partition(".")
        if host in self._hosts.http2:
            context = super().context(host)
            context.set_alpn_protocols(["h2"])
            return context
        return self._hosts.contexts.get(host) or super().context(f"*.{rest}" if "." in rest else host)


class _Proxy(Proxy):
    async def past(self, reader: Any, writer: Any) -> None:
        """A connection that comes without it."""
        assert isinstance(self._world, Hosts)
        self._world.reached.append("localhost")
        with contextlib.suppress(*self.ends):
            await self._answers(reader, writer, "https", "localhost")
        writer.close()

    async def _answers(self, reader: Any, writer: Any, scheme: str, host: str) -> None:
        tls = writer.get_extra_info("ssl_object")
        it = Connection(bool(tls and tls.session_reused))
        assert isinstance(self._world, Hosts)
        self._world.connections.append(it)
        _connection.set(it)
        if tls and tls.selected_alpn_protocol() == "h2":
            return await http2.serve(reader, writer)
        await super()._answers(reader, writer, scheme, host)


@dataclass
class Secure:
    """A Firefox that records, and a web of many names."""

    browser: Instrumented
    hosts: Hosts
    prefs: dict[str, Any]  # by which a Firefox reaches the web
    authority: Path  # that it has to trust


@contextlib.asynccontextmanager
async def hosted(folder: Path) -> AsyncIterator[tuple[Hosts, dict[str, Any], Path]]:
    """A web; the preferences by which Firefox reaches it, the file of the authority that it is to trust."""
    hosts = Hosts()
    authority = _Wild(folder, hosts)
    proxy = _Proxy("", hosts, authority)
    await proxy.start()
    direct = await asyncio.start_server(proxy.past, "127.0.0.1", 0, ssl=authority.context("localhost"))
    hosts.direct = f"https://localhost:{direct.sockets[0].getsockname()[1]}"
    try:
        yield hosts, {**through(proxy.url), "dom.security.https_first": True}, authority.ca_file
    finally:
        direct.close()
        await proxy.stop()

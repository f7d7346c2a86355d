"""The demo's world: its hosts, the response at each URL, and the documents with a truth."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from overscripted.demo.acted import ActedPage
from overscripted.demo.documents import Document, Script
from overscripted.demo.http_messages import Request, Response
from overscripted.demo.websocket import Talk, silent

Handler = Callable[[Request], Response]


def constant(answer: Response) -> Handler:
    """The same response to every request."""

    def handler(request: Request) -> Response:
        return answer

    return handler


@dataclass
class World:
    """Hosts, routes and documents.

    ``schemes``: the schemes of each host. ``anything``: what a host answers at paths without a route.
    ``acted``: the pages of the second crawl.
    """

    schemes: dict[str, frozenset[str]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    routes: dict[tuple[str, str], Handler] = field(default_factory=dict)
    anything: dict[str, Handler] = field(default_factory=dict)
    pages: dict[str, Document] = field(default_factory=dict)
    acted: list[ActedPage] = field(default_factory=list)
    _talks: dict[str, Talk] = field(default_factory=dict)
    _scripts: dict[str, Script] = field(default_factory=dict)

    def host(self, name: str, *schemes: str, tls_fault: str = "") -> None:
        """Add a host with http, https or both. With https alone, http redirects to it.

        ``tls_fault``: "name" (its certificate names another host) or "garbage" (it does not speak TLS).
        """
        self.schemes[name] = self.schemes.get(name, frozenset()) | frozenset(schemes or ("https",))
        if tls_fault:
            self.faults[name] = tls_fault

    def serves(self, scheme: str, host: str) -> bool:
        """Whether a request of this scheme reaches the host."""
        schemes = self.schemes.get(host, frozenset())
        return bool(schemes) if scheme == "http" else "https" in schemes

    def tls_fault(self, host: str) -> str:
        """How the host's TLS fails; empty if it works."""
        return self.faults.get(host, "")

    def route(self, url: str, handler: Handler | Response) -> None:
        """Set the response at a URL, for any query."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if host not in self.schemes:
            self.host(host, parts.scheme)
        self.routes[host, parts.path or "/"] = constant(handler) if isinstance(handler, Response) else handler

    def talk(self, url: str, talk: Talk) -> None:
        """Set what answers the messages of WebSockets to a URL; otherwise nothing does."""
        self._talks[url.partition("://")[2]] = talk

    def talker(self, host: str, path: str) -> Talk:
        """What answers the messages of a WebSocket."""
        return self._talks.get(f"{host}{path}", silent)

    def script(self, script: Script) -> None:
        """Add a script at its URL; other origins may read it."""
        known = self._scripts.setdefault(script.url, script)
        assert known.body == script.body, f"two scripts at {script.url}"
        headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
        self.route(script.url, Response(200, script.body, script.kind, headers))

    def page(self, document: Document, handler: Handler | Response | None = None) -> Document:
        """Add a document with a truth, and its scripts and frames.

        ``handler`` responds instead of the document's own HTML.
        """
        self.pages[document.location] = document
        self._add_parts(document)
        if handler or document.location.startswith("http"):
            self.route(document.location, handler or self._answer(document))
        return document

    def answer(self, request: Request) -> Response:
        """The response to a request for a host that `serves` accepts."""
        if request.scheme == "http" and "http" not in self.schemes[request.host]:
            return Response(301, headers={"Location": f"https{request.url.removeprefix('http')}"})
        handler = self.routes.get((request.host, request.path)) or self.anything.get(request.host)
        if handler:
            return handler(request)
        if request.path == "/favicon.ico":
            return Response(204)
        if request.method in ("POST", "PUT", "OPTIONS") or request.path.endswith((".gif", "/collect")):
            return _beacon(request)
        return Response(
            404, f"<h1>404</h1><p>Nothing at {request.path!r} here.</p>".encode("ascii", "replace")
        )

    def _answer(self, document: Document) -> Handler:
        body = document.html().encode()
        return lambda request: Response(document.status, body, headers=document.headers)

    def _add_parts(self, document: Document) -> None:
        for script in document.scripts.values():
            self.script(script)
        for child in document.children:
            self._add_parts(child)
            if child.location.startswith("http") and child.location not in self.pages:
                self.route(child.location, self._answer(child))


def _beacon(request: Request) -> Response:
    """The response of event collectors: empty JSON, for any origin."""
    headers = {
        "Access-Control-Allow-Origin": request.headers.get("origin", "*"),
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Headers": request.headers.get("access-control-request-headers", "*"),
        "Access-Control-Allow-Methods": "GET, POST, PUT, OPTIONS",
    }
    return Response(200, b"{}", "application/json", headers)

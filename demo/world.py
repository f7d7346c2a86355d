"""The demo's world: which hosts exist, what answers at each URL, and which documents have a truth."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from overscripted.demo.documents import Document, Script
from overscripted.demo.wire import Answer, Ask

Handler = Callable[[Ask], Answer]


def constant(answer: Answer) -> Handler:
    """The same answer to everybody."""

    def handler(ask: Ask) -> Answer:
        return answer

    return handler


@dataclass
class World:
    """Hosts, routes and documents. ``schemes`` holds, for each host, what it speaks."""

    schemes: dict[str, frozenset[str]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    routes: dict[tuple[str, str], Handler] = field(default_factory=dict)
    anything: dict[str, Handler] = field(default_factory=dict)
    pages: dict[str, Document] = field(default_factory=dict)
    _scripts: dict[str, Script] = field(default_factory=dict)

    def host(self, name: str, *schemes: str, tls_fault: str = "") -> None:
        """A host that speaks http, https or both. With https alone, http redirects to it.

        ``tls_fault`` is "name" (its certificate names another host) or "garbage" (it speaks no TLS).
        """
        self.schemes[name] = self.schemes.get(name, frozenset()) | frozenset(schemes or ("https",))
        if tls_fault:
            self.faults[name] = tls_fault

    def serves(self, scheme: str, host: str) -> bool:
        """Whether a request of this scheme reaches the host."""
        spoken = self.schemes.get(host, frozenset())
        return bool(spoken) if scheme == "http" else "https" in spoken

    def tls_fault(self, host: str) -> str:
        """How the host's TLS fails; empty where it does not."""
        return self.faults.get(host, "")

    def route(self, url: str, handler: Handler | Answer) -> None:
        """What answers at a URL, whatever its query."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if host not in self.schemes:
            self.host(host, parts.scheme)
        self.routes[host, parts.path or "/"] = constant(handler) if isinstance(handler, Answer) else handler

    def script(self, script: Script) -> None:
        """A script at its URL, readable across origins."""
        known = self._scripts.setdefault(script.url, script)
        assert known.body == script.body, f"two scripts at {script.url}"
        headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
        self.route(script.url, Answer(200, script.body, script.kind, headers))

    def page(self, document: Document, handler: Handler | Answer | None = None) -> Document:
        """A document with a truth, and the scripts and frames it brings along.

        ``handler`` answers in place of the document's own HTML.
        """
        self.pages[document.location] = document
        self._bring(document)
        if handler or document.location.startswith("http"):
            self.route(document.location, handler or self._answer(document))
        return document

    def answer(self, ask: Ask) -> Answer:
        """The response to a request for a host that is served."""
        if ask.scheme == "http" and "http" not in self.schemes[ask.host]:
            return Answer(301, headers={"Location": f"https{ask.url.removeprefix('http')}"})
        handler = self.routes.get((ask.host, ask.path)) or self.anything.get(ask.host)
        if handler:
            return handler(ask)
        if ask.path == "/favicon.ico":
            return Answer(204)
        if ask.method in ("POST", "PUT", "OPTIONS") or ask.path.endswith((".gif", "/collect")):
            return _beacon(ask)
        return Answer(404, f"<h1>404</h1><p>Nothing at {ask.path!r} here.</p>".encode("ascii", "replace"))

    def _answer(self, document: Document) -> Handler:
        body = document.html().encode()
        return lambda ask: Answer(document.status, body, headers=document.headers)

    def _bring(self, document: Document) -> None:
        for script in document.scripts.values():
            self.script(script)
        for child in document.children:
            self._bring(child)
            if child.location.startswith("http") and child.location not in self.pages:
                self.route(child.location, self._answer(child))


def _beacon(ask: Ask) -> Answer:
    """What collectors of events answer: nothing, from anywhere."""
    headers = {
        "Access-Control-Allow-Origin": ask.headers.get("origin", "*"),
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Headers": ask.headers.get("access-control-request-headers", "*"),
        "Access-Control-Allow-Methods": "GET, POST, PUT, OPTIONS",
    }
    return Answer(200, b"{}", "application/json", headers)

"""A site whose page reports what it finds of earlier visits by each known way, and leaves a mark by each."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from overscripted.demo.http_messages import Request, Response
from tests.crawl.instrument.hosts import Hosts, connection

PAGE = (Path(__file__).parent / "pages" / "state.html").read_bytes()
SITE = "state.example"
SHARED = """let first = ""; onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => { port.postMessage(first); first ||= data; } }"""
LONG = {"Cache-Control": "max-age=9999"}
NO_STORE = {"Cache-Control": "no-store"}
STRICT = {"Strict-Transport-Security": "max-age=9999"}


@dataclass
class State:
    """What the pages of the site reported, in order: ``visit`` (the first query of the container's visits),
    ``mark`` (what this visit left), ``ways`` (what it found by each way that gave something).
    """

    reports: list[dict[str, Any]] = field(default_factory=list)
    icons: list[str] = field(default_factory=list)  # the cookie that each request for the icon had
    _held: dict[str, asyncio.Event] = field(default_factory=dict)

    def report(self, ask: Request) -> Response:
        """A page has looked and left."""
        report = json.loads(unquote(ask.query))
        report["visit"] = _cookie(ask, "visit")
        report["ways"] = {way: value for way, value in report.pop("found").items() if value}
        self.reports.append(report)
        self._event(report["mark"]).set()
        return Response(200)

    def held(self, ask: Request) -> Response:
        """An image that is not there until its page has reported."""

        async def wait(writer: asyncio.StreamWriter) -> None:
            await self._event(ask.query).wait()
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()

        return Response(raw=wait)

    def icon(self, ask: Request) -> Response:
        """The icon of a page."""
        self.icons.append(_cookie(ask, "visit"))
        return Response(200, b"", "image/png", LONG)

    def _event(self, mark: str) -> asyncio.Event:
        return self._held.setdefault(mark, asyncio.Event())


def serve(hosts: Hosts) -> State:
    """Serve the site and what it refers to; what its pages will have reported."""
    state = State()
    hosts.pages |= {
        "/state": _page,
        "/report": state.report,
        "/held": state.held,
        "/icon.png": state.icon,
        "/cookie": _set_cookie,
        "/long": lambda ask: Response(200, _mark(ask).encode(), "text/plain", LONG),
        "/tagged": _tagged,
        "/moved": _moved,
        "/at": Response(200, b"at", "text/plain", NO_STORE),
        "/login": _login,
        "/service.js": Response(200, b"", "text/javascript"),
        "/shared.js": Response(200, SHARED.encode(), "text/javascript"),
        "/tls": _tls,
    }
    return state


def _mark(ask: Request) -> str:
    return ask.headers.get("mark", "")


def _cookie(ask: Request, name: str) -> str:
    pairs = (pair.partition("=") for pair in ask.headers.get("cookie", "").split("; "))
    return next((value for key, _, value in pairs if key == name), "")


def _page(ask: Request) -> Response:
    visit = {} if _cookie(ask, "visit") else {"Set-Cookie": f"visit={ask.query or 'x'}"}
    return Response(200, PAGE, headers={**(STRICT if ask.scheme == "https" else {}), **visit, **NO_STORE})


def _crossing(ask: Request) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": ask.headers.get("origin", "*"),
        "Access-Control-Allow-Headers": "mark",
        "Access-Control-Allow-Credentials": "true",
    }


def _set_cookie(ask: Request) -> Response:
    new = {"Set-Cookie": f"http={_mark(ask)}; Max-Age=9999; Secure; SameSite=None"} if _mark(ask) else {}
    if ask.scheme == "http" and new:
        new = {"Set-Cookie": f"http={_mark(ask)}; Max-Age=9999"}
    return Response(200, _cookie(ask, "http").encode(), "text/plain", {**new, **_crossing(ask)})


def _tagged(ask: Request) -> Response:
    if known := ask.headers.get("if-none-match"):
        return Response(200, known.strip('"').encode(), "text/plain", NO_STORE)
    headers = {"ETag": f'"{_mark(ask)}"', "Cache-Control": "no-cache"} if _mark(ask) else NO_STORE
    return Response(200, b"", "text/plain", headers)


def _moved(ask: Request) -> Response:
    return Response(301, headers={"Location": f"/at?{_mark(ask)}", **(LONG if _mark(ask) else NO_STORE)})


def _login(ask: Request) -> Response:
    if "authorization" in ask.headers:
        return Response(200, b"known", "text/plain", NO_STORE)
    return Response(401, headers={"WWW-Authenticate": 'Basic realm="x"', **NO_STORE})


def _tls(ask: Request) -> Response:
    resumed = b"resumed" if connection().resumed else b""
    return Response(200, resumed, "text/plain", {"Connection": "close", **NO_STORE, **_crossing(ask)})

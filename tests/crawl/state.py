"""A site whose page reports what it finds of earlier visits by each known way, and leaves a mark by each.

Which ways give what: to the next visit in the same browser all that is named here, but not `TAB`.
"""

import asyncio
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from overscripted.demo.http_messages import Request, Response
from tests.crawl.instrument.hosts import Hosts, connection

# Found after a restart of Firefox, too: the mark of the visit before, that of the first one, or another sign.
LATEST = {
    *("cookie", "session cookie", "cookie by HTTP", "cookie of a third party", "local storage", "database"),
    *("cache of scripts", "private file", "service worker"),
}
FIRST = {"cache of HTTP", "ETag", "permanent redirect"}
MARKS = LATEST | FIRST
SIGNS = {"permission": "granted", "HTTPS alone": "https"}
# A person's Firefox has these in its memory alone.
BROWSER = {"name and password": "known", "session of TLS": "resumed"}
# They end with the tab.
TAB = {"session storage", "name of the window", "shared worker", "channel"}
# No visit leaves it, and no file of a profile.
NEVER = {"permission of a file"}

PAGE = (Path(__file__).parent / "pages" / "state.html").read_bytes()
SITE = "state.example"
SHARED = """let first = ""; onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => { port.postMessage(first); first ||= data; } }"""
LONG = {"Cache-Control": "max-age=9999"}
NO_STORE = {"Cache-Control": "no-store"}
# What was once asked for and not to be stored, Firefox keeps in memory alone, also when it has changed.
NO_CACHE = {"Cache-Control": "no-cache"}
STRICT = {"Strict-Transport-Security": "max-age=9999"}


@dataclass
class State:
    """What the pages of the site reported, in order: ``visit`` (the first query of the container's visits),
    ``asked`` (the query of this one), ``mark`` (what it left), ``ways`` (what it found by each way that gave
    something).

    After ``ending`` reports, pages load without end, until `release`.
    """

    reports: list[dict[str, Any]] = field(default_factory=list)
    icons: list[str] = field(default_factory=list)  # the cookie that each request for the icon had
    ending: float = math.inf
    _held: dict[str, asyncio.Event] = field(default_factory=dict)

    def report(self, ask: Request) -> Response:
        """A page has looked and left."""
        report = json.loads(unquote(ask.query))
        report["visit"] = _cookie(ask, "visit")
        looked = {*MARKS, *SIGNS, *BROWSER, *TAB, *NEVER}
        assert report["found"].keys() == looked, "a way that no test expects"
        report["ways"] = {way: value for way, value in report.pop("found").items() if value}
        self.reports.append(report)
        if len(self.reports) <= self.ending:
            self._event(report["mark"]).set()
        return Response(200)

    def release(self) -> None:
        """Let all pages end to load, and those that follow."""
        self.ending = math.inf
        for event in self._held.values():
            event.set()

    def held(self, ask: Request) -> Response:
        """An image that is not there until its page has reported, and the visits' icon was asked for."""

        async def wait(writer: asyncio.StreamWriter) -> None:
            await self._event(ask.query).wait()
            await self._event(f"icon of {_cookie(ask, 'visit')}").wait()
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()

        return Response(raw=wait)

    def icon(self, ask: Request) -> Response:
        """The icon of a page."""
        self.icons.append(_cookie(ask, "visit"))
        self._event(f"icon of {self.icons[-1]}").set()
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
    tag = ask.headers.get("if-none-match", "").strip('"')
    new = {"ETag": f'"{tag or _mark(ask)}"'} if tag or _mark(ask) else {}
    return Response(200, tag.encode(), "text/plain", {**new, **NO_CACHE})


def _moved(ask: Request) -> Response:
    return Response(301, headers={"Location": f"/at?{_mark(ask)}", **(LONG if _mark(ask) else NO_CACHE)})


def _login(ask: Request) -> Response:
    if "authorization" in ask.headers:
        return Response(200, b"known", "text/plain", NO_STORE)
    return Response(401, headers={"WWW-Authenticate": 'Basic realm="x"', **NO_STORE})


def _tls(ask: Request) -> Response:
    resumed = b"resumed" if connection().resumed else b""
    return Response(200, resumed, "text/plain", {"Connection": "close", **NO_STORE, **_crossing(ask)})

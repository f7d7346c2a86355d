"""Who may ask the explorer: the holder of the token, by the address that was printed, from no other site.

The token is in the address that the command prints. The first request with it gets a cookie in its place,
by a redirect, so that the token is not in the address bar, in bookmarks or in a referrer. Every other request
needs the cookie. `SameSite=Strict`, the check of the Host header and the check of the origin keep other web
pages out, also those whose name was pointed at this machine (DNS rebinding).
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

from overscripted.addresses import is_address
from overscripted.explore.settings import TOKEN_BYTES

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
_READS = ("GET", "HEAD")


class Guard:
    """An ASGI application around another one. ``hosts``: the values of Host that are ours, with the port.

    ``any_address``: the server listens on all addresses; then Host may be any IP address with our port, as
    only names can be pointed elsewhere. ``forms``: how paths end that take POST.
    """

    def __init__(
        self, app: App, hosts: set[str], port: int, any_address: bool = False, forms: tuple[str, ...] = ()
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._port = port
        self._any_address = any_address
        self._forms = forms
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        self._session = secrets.token_urlsafe(TOKEN_BYTES)
        self._cookie = f"overscripted-{port}"  # cookies do not tell ports apart

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # a WebSocket: closed
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal:
            await _answer(send, 403, refusal)
        elif token := _token(scope):
            await self._exchange(scope, send, token)
        elif not self._has_cookie(headers):
            await _answer(send, 403, "Open the address that `overscripted explore` printed.")
        else:
            await self._app(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> str:
        """Why a request is refused, whoever sent it; empty where it is not."""
        if not self._is_our_host(headers.get("host", "")):
            return "This server answers only to the address that `overscripted explore` printed."
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{headers['host']}":
            return "A page of another site may not ask this server."
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return "A page of another site may not lead here. Open the address that was printed by hand."
        if scope["method"] in _READS:
            return ""
        if scope["method"] != "POST" or not scope["path"].endswith(self._forms or ("\n",)):
            return "This server is read-only."
        return "" if origin is not None else "A form must be sent from a page of this server."

    def _is_our_host(self, host: str) -> bool:
        if host.lower() in self._hosts:
            return True
        name, _, port = host.rpartition(":")
        return self._any_address and port == str(self._port) and is_address(name.strip("[]"))

    async def _exchange(self, scope: Scope, send: Send, token: str) -> None:
        """The cookie for the token, and a redirect to the address without it."""
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            await _answer(send, 403, "The token is not right. Open the address that was printed last.")
            return
        kept = [(name, value) for name, value in _query(scope) if name != "token"]
        location = scope["path"] if scope["path"].startswith("/") else "/"
        location = "/" + location.lstrip("/")  # never //host
        query = f"?{urlencode(kept)}" if kept else ""
        cookie = f"{self._cookie}={self._session}; Path=/; HttpOnly; SameSite=Strict"
        more = {"location": location + query, "set-cookie": cookie}
        await _answer(send, 303, "", more)

    def _has_cookie(self, headers: dict[str, str]) -> bool:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return found is not None and hmac.compare_digest(found.value.encode(), self._session.encode())


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def _token(scope: Scope) -> str:
    return next((value for name, value in _query(scope) if name == "token"), "")


async def _answer(send: Send, status: int, text: str, more: dict[str, str] | None = None) -> None:
    body = f"{text}\n".encode()
    headers = {**HEADERS, "content-type": "text/plain; charset=utf-8", "content-length": str(len(body))}
    found = [(name.encode(), value.encode("latin-1")) for name, value in {**headers, **(more or {})}.items()]
    await send({"type": "http.response.start", "status": status, "headers": found})
    await send({"type": "http.response.body", "body": body})


def _with_headers(send: Send) -> Send:
    """``send`` that adds our headers to every answer."""

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = [(name, value) for name, value in message["headers"] if name.decode() not in HEADERS]
            ours = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*given, *ours]}
        await send(message)

    return wrapped

"""The cookies that the redirects of one page set, stored and sent as browsers do (RFC 6265bis)."""

import time
from dataclasses import dataclass

import ada_url

from overscripted import set_cookie, urls

MAX_COOKIES = 150  # per page; Firefox has this limit per domain


@dataclass
class _Cookie:
    text: str  # name=value, as sent
    domain: str
    host_only: bool
    path: str
    secure: bool

    def is_for(self, host: str, path: str, secure: bool) -> bool:
        same_site = host == self.domain or (not self.host_only and host.endswith(f".{self.domain}"))
        return same_site and _within(path, self.path) and (secure or not self.secure)


class Cookies:
    """The cookies of one page. A new cookie replaces one with the same name, domain and path."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str], _Cookie] = {}

    def store(self, url: str, headers: list[str]) -> None:
        """Obey the Set-Cookie headers of the response to a URL. Their characters stand for bytes."""
        origin = ada_url.URL(url)
        for header in headers:
            self._store(origin.hostname, origin.pathname, origin.protocol == "https:", header)

    def header(self, url: str) -> str:
        """The Cookie header of a request for a URL; empty where there is none to send."""
        target = ada_url.URL(url)
        matching = [
            c
            for c in self._cookies.values()
            if c.is_for(target.hostname, target.pathname, target.protocol == "https:")
        ]
        return "; ".join(cookie.text for cookie in sorted(matching, key=lambda c: -len(c.path)))

    def _store(self, host: str, path: str, secure: bool, header: str) -> None:
        asked = set_cookie.parse(header)
        if asked is None or (asked.domain and not _may_set(host, asked.domain)):
            return
        if ("secure" in asked.attributes or _prefixed(asked.name)) and not secure:
            return
        cookie = _Cookie(
            f"{asked.name}={asked.value}",
            asked.domain or host,
            not asked.domain or _is_address(host),
            asked.path or _folder(path),
            "secure" in asked.attributes,
        )
        key = (asked.name, cookie.domain, cookie.path)
        now = time.time()
        expiry = asked.expiry(now)
        if expiry is not None and expiry <= now:
            self._cookies.pop(key, None)
        elif len(self._cookies) < MAX_COOKIES or key in self._cookies:
            self._cookies[key] = cookie


def _prefixed(name: str) -> bool:
    """Names that only a secure server may give."""
    return name.lower().startswith(("__secure-", "__host-", "__http-", "__host-http-"))


def _may_set(host: str, domain: str) -> bool:
    """Whether a host may set a cookie for a domain: its own or one above, and no public suffix."""
    if host == domain:
        return True
    return not _is_address(host) and host.endswith(f".{domain}") and urls.suffix(domain) != domain


def _is_address(host: str) -> bool:
    return host.startswith("[") or host.replace(".", "").isdecimal()


def _within(path: str, above: str) -> bool:
    return path == above or (path.startswith(above) and (above.endswith("/") or path[len(above)] == "/"))


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "/"

"""The cookies of one page's redirects, kept and sent as browsers do (RFC 6265bis)."""

import re
import time
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz

import ada_url

from overscripted import urls

MAX_COOKIE = 4096  # characters of a name and value, as browsers
MAX_COOKIES = 150  # kept of one page; Firefox's limit of a domain
_BLANKS = " \t"
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass
class _Cookie:
    text: str  # name=value, as sent
    domain: str
    host_only: bool
    path: str
    secure: bool

    def is_for(self, host: str, path: str, secure: bool) -> bool:
        mine = host == self.domain or (not self.host_only and host.endswith(f".{self.domain}"))
        return mine and _within(path, self.path) and (secure or not self.secure)


class Cookies:
    """Cookies by (name, domain, path), in the order in which they came."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], _Cookie] = {}

    def take(self, url: str, headers: list[str]) -> None:
        """Keep what the Set-Cookie headers of an answer say; characters stand for bytes."""
        at = ada_url.URL(url)
        for header in headers:
            self._take(at.hostname, at.pathname, at.protocol == "https:", header)

    def header(self, url: str) -> str:
        """The Cookie header of a request; empty where there is none to send."""
        at = ada_url.URL(url)
        mine = [c for c in self._kept.values() if c.is_for(at.hostname, at.pathname, at.protocol == "https:")]
        return "; ".join(cookie.text for cookie in sorted(mine, key=lambda c: -len(c.path)))

    def _take(self, host: str, path: str, secure: bool, header: str) -> None:
        first, *rest = header.split(";")
        name, _, value = first.partition("=")
        name, value = name.strip(_BLANKS), value.strip(_BLANKS)
        if len(name) + len(value) > MAX_COOKIE or not name or _CONTROL.search(header):
            return
        said: dict[str, str] = {}
        for attribute in rest:
            word, _, text = attribute.partition("=")
            said[word.strip(_BLANKS).lower()] = text.strip(_BLANKS)
        domain = said.get("domain", "").lower().removeprefix(".")
        if domain and not _may_set(host, domain):
            return
        if ("secure" in said or _prefixed(name)) and not secure:
            return
        cookie = _Cookie(
            f"{name}={value}",
            domain or host,
            not domain or _is_address(host),
            said["path"] if said.get("path", "").startswith("/") else _folder(path),
            "secure" in said,
        )
        key = (name, cookie.domain, cookie.path)
        if _is_over(said):
            self._kept.pop(key, None)
        elif len(self._kept) < MAX_COOKIES or key in self._kept:
            self._kept[key] = cookie


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


def _is_over(said: dict[str, str]) -> bool:
    age = said.get("max-age", "")
    if re.fullmatch(r"-?[0-9]+", age):
        return age.startswith("-") or not age.strip("0")
    when = parsedate_tz(said.get("expires", ""))
    try:
        return when is not None and mktime_tz(when) <= time.time()
    except (ValueError, OverflowError):
        return False

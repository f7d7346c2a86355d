"""A vantage point, from which sites are visited: this machine, one of its addresses, or a proxy."""

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from overscripted import proxies
from overscripted.errors import InputError

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_RESERVED = {"seeds", "sites", "plan", "parts", "summary", "check"}


@dataclass(frozen=True)
class Vantage:
    """A name, and at most one of a proxy URL and a source address."""

    name: str
    proxy: str | None = None
    source: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Vantage":
        """``NAME``, ``NAME=PROXY_URL`` or ``NAME=SOURCE_IP``. Raises InputError."""
        name, _, value = text.partition("=")
        if not _NAME.fullmatch(name) or name in _RESERVED:
            raise InputError(
                f"--vantage {text}: the name must be letters, digits, - and _, at most 64 "
                f"(and not one of {', '.join(sorted(_RESERVED))})"
            )
        if "=" not in text:
            return cls(name)
        try:
            return cls(name, source=str(ipaddress.ip_address(value.strip("[]"))))
        except ValueError:
            pass
        try:
            url = urlsplit(value)
            good = url.scheme in PROXY_SCHEMES and url.hostname and (url.port or url.scheme[0] == "h")
        except ValueError:
            good = False
        if not good:
            raise InputError(
                f"--vantage {name}: neither an IP address of this machine nor a proxy URL "
                f"({', '.join(s + '://HOST:PORT' for s in PROXY_SCHEMES)})"
            )
        return cls(name, proxy=value)

    @property
    def via(self) -> str:
        """How the vantage point reaches the web, without the proxy's user name and password."""
        if self.source:
            return f"source {self.source}"
        if not self.proxy:
            return "direct"
        url = urlsplit(self.proxy)
        return f"proxy {url.scheme}://{url.netloc.rpartition('@')[2]}"

    def check(self) -> None:
        """Raise InputError for an address of another machine, OutsideError for a proxy that is down."""
        if self.source:
            family = socket.AF_INET6 if ":" in self.source else socket.AF_INET
            try:
                with socket.socket(family, socket.SOCK_STREAM) as sock:
                    sock.bind((self.source, 0))
            except OSError as error:
                raise InputError(
                    f"--vantage {self.name}: {self.source} is not an address of this machine ({error})"
                ) from error
        if self.proxy:
            proxies.require_reachable(self.proxy, f"--vantage {self.name}: its {self.via}")


def parse_all(texts: tuple[str, ...]) -> list[Vantage]:
    """All ``--vantage`` options. Raises InputError where two have the same name."""
    found = [Vantage.parse(text) for text in texts]
    names = [v.name for v in found]
    if repeated := {n for n in names if names.count(n) > 1}:
        raise InputError(f"--vantage: {', '.join(sorted(repeated))} named twice; give each its own name")
    if len(names) > 60:
        raise InputError("--vantage: at most 60 vantage points in a run")
    return found

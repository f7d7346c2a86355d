"""Checks of a user's proxy before any work begins: can it be reached, and does it want a login."""

import contextlib
import socket
from urllib.parse import urlsplit

from overscripted.errors import InputError, OutsideError

CHECK_S = 10.0  # seconds to accept a connection; a slower proxy is of no use


def host_and_port(url: str) -> tuple[str, int]:
    """Host and port of a proxy's URL. Raises InputError."""
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise InputError(
            f"proxy {url}: no URL with a host and a port ({error}); give http://HOST:PORT"
        ) from error


def require_usable(url: str, name: str) -> None:
    """Raise InputError unless a URL is that of a proxy that Firefox can use; ``name`` is what names it."""
    with contextlib.suppress(InputError):
        if url.startswith("http://") and "@" not in url and host_and_port(url)[0]:
            return
    raise InputError(f"{name} {url}: must be an HTTP forward proxy without a login, http://HOST:PORT")


# Only a proxy can answer for this name. Some proxies want a login only for tunnels, so both are tried.
_PROBES = (
    b"GET http://proxy-check.invalid/ HTTP/1.1\r\nHost: proxy-check.invalid\r\nConnection: close\r\n\r\n",
    b"CONNECT proxy-check.invalid:443 HTTP/1.1\r\nHost: proxy-check.invalid:443\r\n\r\n",
)


def refuses(url: str) -> bool:
    """Whether an HTTP proxy answers 407: it wants a login, or it does not know this machine."""
    return any(_status(url, probe) == b"407" for probe in _PROBES)


def _status(url: str, probe: bytes) -> bytes:
    """The status of the proxy's answer; empty without an answer in time."""
    with contextlib.suppress(OSError), socket.create_connection(host_and_port(url), timeout=CHECK_S) as sock:
        sock.sendall(probe)
        parts = sock.makefile("rb").readline(1000).split()
        return parts[1] if len(parts) > 1 else b""
    return b""


def require_open(url: str, name: str = "--proxy") -> None:
    """Raise OutsideError if the proxy refuses all our requests; ``name`` is the option that names it."""
    if refuses(url):
        raise OutsideError(
            f"{name} {url}: answers 407 to every request: it wants a login, and the crawl has none; "
            "allow this machine without a login, or name another proxy, then run the same command again"
        )


def require_reachable(url: str, name: str) -> None:
    """Raise OutsideError if the proxy accepts no connection; ``name`` is the option that names it."""
    try:
        socket.create_connection(host_and_port(url), timeout=CHECK_S).close()
    except OSError as error:
        raise OutsideError(f"{name} cannot be reached ({error}); start it or fix the URL") from error

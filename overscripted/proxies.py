"""A user's proxy: where it listens, and whether it does, asked before any work is begun."""

import contextlib
import socket
from urllib.parse import urlsplit

from overscripted.errors import InputError, OutsideError

CHECK_S = 10.0  # one that takes longer to accept a connection is of no use


def place(url: str) -> tuple[str, int]:
    """Host and port of a proxy's URL. Raises InputError."""
    try:
        asked = urlsplit(url)
        return asked.hostname or "", asked.port or (443 if asked.scheme == "https" else 80)
    except ValueError as error:
        raise InputError(
            f"proxy {url}: no URL with a host and a port ({error}); give http://HOST:PORT"
        ) from error


# Only a proxy can answer for this name. Some ask for a login for tunnels alone.
_PROBES = (
    b"GET http://proxy-check.invalid/ HTTP/1.1\r\nHost: proxy-check.invalid\r\nConnection: close\r\n\r\n",
    b"CONNECT proxy-check.invalid:443 HTTP/1.1\r\nHost: proxy-check.invalid:443\r\n\r\n",
)


def refuses(url: str) -> bool:
    """Whether an HTTP proxy says 407 by itself: it wants a login, or does not know this machine."""
    return any(_status(url, probe) == b"407" for probe in _PROBES)


def _status(url: str, probe: bytes) -> bytes:
    """The status of its answer; empty where there is none in time."""
    with contextlib.suppress(OSError), socket.create_connection(place(url), timeout=CHECK_S) as sock:
        sock.sendall(probe)
        words = sock.makefile("rb").readline(1000).split()
        return words[1] if len(words) > 1 else b""
    return b""


def require_open(url: str) -> None:
    """Raise OutsideError if it takes no requests of ours, whatever they ask for."""
    if refuses(url):
        raise OutsideError(
            f"--proxy {url}: answers 407 to every request: it wants a login, which the crawl has none for; "
            "let this machine through, or name another proxy, and run the same command again"
        )


def require(url: str, name: str) -> None:
    """Raise OutsideError if it takes no connection; ``name`` says which option asked for it."""
    try:
        socket.create_connection(place(url), timeout=CHECK_S).close()
    except OSError as error:
        raise OutsideError(f"{name} cannot be reached ({error}); start it or mend the URL") from error

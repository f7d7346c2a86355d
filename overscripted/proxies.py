"""A user's proxy: where it listens, and whether it does, asked before any work is begun."""

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


def require(url: str, name: str) -> None:
    """Raise OutsideError if it takes no connection; ``name`` says which option asked for it."""
    try:
        socket.create_connection(place(url), timeout=CHECK_S).close()
    except OSError as error:
        raise OutsideError(f"{name} cannot be reached ({error}); start it or mend the URL") from error

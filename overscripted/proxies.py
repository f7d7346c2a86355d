"""A user's proxy: where it listens, and whether it does, asked before any work is begun."""

import socket
from urllib.parse import urlsplit

from overscripted.errors import OutsideError

CHECK_S = 10.0  # one that takes longer to accept a connection is of no use


def place(url: str) -> tuple[str, int]:
    """Host and port of a proxy's URL."""
    asked = urlsplit(url)
    return asked.hostname or "", asked.port or (443 if asked.scheme == "https" else 80)


def require(url: str, name: str) -> None:
    """Raise OutsideError if it takes no connection; ``name`` says which option asked for it."""
    try:
        socket.create_connection(place(url), timeout=CHECK_S).close()
    except OSError as error:
        raise OutsideError(f"{name} cannot be reached ({error}); start it or mend the URL") from error

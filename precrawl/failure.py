"""Why a site was not reached: how an exception is given its reason."""

import http.client
import socket
import ssl
from collections.abc import Iterator

import urllib3.exceptions as u3
from requests.exceptions import RequestException

from overscripted.outcomes import Reason

# Decided by us or by the site's policy: a second attempt would not change them.
FINAL = {
    Reason.PRIVATE,
    Reason.ROBOTS,
    Reason.TOO_LARGE,
    Reason.NOT_HTML,
    Reason.ENCODING,
    Reason.TOO_COMPLEX,
    Reason.CRASHED,
}


# All that a request may raise because of the network or the server.
NETWORK_ERRORS = (RequestException, u3.HTTPError, OSError, ValueError, EOFError, AttributeError)


class Failure(Exception):
    """A page was not reached. ``reason``: a Reason, or ``http_<status>``."""

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(f"{reason}: {text}")
        self.reason, self.text = reason, text[:500]


class ProxyAway(Exception):
    """The vantage point's proxy itself cannot be reached. The site is not to blame.

    ``lost_s``: seconds that the try took. They do not count as time of the site.
    """

    lost_s = 0.0


class ProxyRefuses(ProxyAway):
    """The proxy rejects our credentials, or its certificate is not trusted. Waiting does not help."""


def classify(error: BaseException, expired: bool = False) -> Failure:
    """The Failure for an exception of requests, urllib3, http.client, ssl or socket.

    ``expired``: the deadline of the page has passed.
    """
    if isinstance(error, Failure):
        return error
    if expired:
        return Failure(Reason.TIMEOUT, "deadline of the page")
    chain = list(_chain(error))
    for cause in reversed(chain):  # the innermost is the most precise
        if reason := _reason(cause):
            return Failure(reason, str(cause) or type(cause).__name__)
    return Failure(Reason.ERROR, f"{type(error).__name__}: {error}")


def _reason(error: BaseException) -> Reason | None:
    if type(error) is u3.ProtocolError and "prematurely" in str(error):  # before the last chunk
        return Reason.CLOSED
    if isinstance(error, OSError) and "Tunnel connection failed" in str(error):
        return Reason.PROXY
    for kinds, reason in _KINDS:
        if isinstance(error, kinds):
            return reason
    return None


_KINDS: tuple[tuple[tuple[type[BaseException], ...], Reason], ...] = (
    ((socket.gaierror, u3.NameResolutionError), Reason.DNS),
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError), Reason.TLS),
    ((ssl.SSLError, ssl.CertificateError, u3.SSLError), Reason.TLS),
    ((TimeoutError, u3.TimeoutError), Reason.TIMEOUT),
    ((ConnectionRefusedError,), Reason.REFUSED),
    ((u3.InvalidChunkLength,), Reason.PROTOCOL),  # first: it is an IncompleteRead too
    (
        (http.client.RemoteDisconnected, ConnectionResetError, ConnectionAbortedError, BrokenPipeError),
        Reason.CLOSED,
    ),
    ((http.client.IncompleteRead, u3.IncompleteRead), Reason.CLOSED),
    ((http.client.HTTPException,), Reason.PROTOCOL),
    ((u3.DecodeError,), Reason.ENCODING),
    ((UnicodeError, u3.LocationParseError, u3.InvalidHeader), Reason.PROTOCOL),
    ((OSError,), Reason.UNREACHABLE),
)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and the errors that it wraps, outermost first."""
    seen: set[int] = set()
    todo: list[object] = [error]
    while todo:
        cause = todo.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        # Exceptions of requests are OSErrors by class; the reason is in what they wrap.
        if not type(cause).__module__.startswith("requests."):
            yield cause
        todo += [getattr(cause, "reason", None), *cause.args, cause.__cause__, cause.__context__]

"""Why a site was not reached: a word per reason, and how an exception is given its reason."""

import http.client
import socket
import ssl
from collections.abc import Iterator

import urllib3.exceptions as u3
from requests.exceptions import RequestException

# The vocabulary of `outcome` beside `reached` and `http_<status>`; docs/reference/outcomes.md lists them.
REASONS = {
    "dns": "the name does not resolve",
    "refused": "the connection was refused",
    "unreachable": "no route to the address, or no address of a usable family",
    "closed": "the server closed the connection before its answer was complete",
    "timeout": "no complete answer within the page's deadline",
    "tls": "no trusted TLS connection",
    "protocol": "the server does not speak HTTP",
    "encoding": "the body is not in its Content-Encoding",
    "too_large": "the body is larger than the cap, as sent or decompressed",
    "redirects": "more redirects than the cap, or a loop",
    "bad_redirect": "a redirect to something that is no http(s) URL",
    "not_html": "status 200, but not an HTML page",
    "private": "a private or special address, which is not requested",
    "robots": "robots.txt does not allow it",
    "robots_unreachable": "robots.txt could not be read, which forbids all (RFC 9309)",
    "proxy": "the proxy could not or would not connect to the site",
    "too_complex": "its links were not found within the CPU time limit: its markup exhausts parsers",
    "crashed": "the page ended its process, twice",
    "error": "anything else: please report it",
}

# Decided by us or by the site's policy: a second attempt would not change them.
FINAL = {"private", "robots", "too_large", "not_html", "encoding", "too_complex", "crashed"}


# All that a request may raise because of the network or the server.
NETWORK_ERRORS = (RequestException, u3.HTTPError, OSError, ValueError, EOFError, AttributeError)


class Failure(Exception):
    """A page was not reached. ``reason``: one of REASONS, or ``http_<status>``."""

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
        return Failure("timeout", "deadline of the page")
    chain = list(_chain(error))
    for cause in reversed(chain):  # the innermost is the most precise
        if reason := _reason(cause):
            return Failure(reason, str(cause) or type(cause).__name__)
    return Failure("error", f"{type(error).__name__}: {error}")


def _reason(error: BaseException) -> str | None:
    if type(error) is u3.ProtocolError and "prematurely" in str(error):  # before the last chunk
        return "closed"
    if isinstance(error, OSError) and "Tunnel connection failed" in str(error):
        return "proxy"
    for kinds, reason in _KINDS:
        if isinstance(error, kinds):
            return reason
    return None


_KINDS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((socket.gaierror, u3.NameResolutionError), "dns"),
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError), "tls"),
    ((ssl.SSLError, ssl.CertificateError, u3.SSLError), "tls"),
    ((TimeoutError, u3.TimeoutError), "timeout"),
    ((ConnectionRefusedError,), "refused"),
    ((u3.InvalidChunkLength,), "protocol"),  # first: it is an IncompleteRead too
    (
        (http.client.RemoteDisconnected, ConnectionResetError, ConnectionAbortedError, BrokenPipeError),
        "closed",
    ),
    ((http.client.IncompleteRead, u3.IncompleteRead), "closed"),
    ((http.client.HTTPException,), "protocol"),
    ((u3.DecodeError,), "encoding"),
    ((UnicodeError, u3.LocationParseError, u3.InvalidHeader), "protocol"),
    ((OSError,), "unreachable"),
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

"""Why a site was not reached: one word for each reason, and how an exception gets its word."""

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
    "protocol": "what was said is not HTTP",
    "encoding": "the body is not in the encoding it claims",
    "too_large": "the body exceeds the cap, as sent or decompressed",
    "redirects": "more redirects than the cap, or a loop",
    "bad_redirect": "a redirect to what is no http(s) URL",
    "not_html": "status 200, but not an HTML page",
    "private": "a private or special address, which the guard refuses",
    "robots": "robots.txt does not allow it",
    "robots_unreachable": "robots.txt could not be read, which forbids all (RFC 9309)",
    "proxy": "the proxy could not or would not connect to the site",
    "too_complex": "its links were not found within a time limit: markup made to exhaust parsers",
    "crashed": "reading the page ended the process, twice",
    "error": "anything else: please report it",
}

# Answers of ours or of the site's policy: another name of the site would not change them.
FINAL = {"private", "robots", "too_large", "not_html", "encoding", "too_complex", "crashed"}


# All that a request may raise because of the network or the server.
NETWORK_ERRORS = (RequestException, u3.HTTPError, OSError, ValueError, EOFError, AttributeError)


class Failure(Exception):
    """A page that was not had. ``reason`` is one of REASONS or ``http_<status>``."""

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(f"{reason}: {text}")
        self.reason, self.text = reason, text[:500]


class ProxyAway(Exception):
    """The vantage point's proxy itself cannot be reached: no fault of the site.

    ``lost_s``: seconds that trying took, which are not the site's.
    """

    lost_s = 0.0


class ProxyRefuses(ProxyAway):
    """The proxy does not take our credentials, or we not its certificate: waiting mends nothing."""


def classify(error: BaseException, expired: bool = False) -> Failure:
    """The Failure that an exception of requests, urllib3, http.client, ssl or socket amounts to."""
    if isinstance(error, Failure):
        return error
    if expired:
        return Failure("timeout", "deadline of the page")
    chain = list(_chain(error))
    for one in reversed(chain):  # the innermost says most
        if reason := _reason(one):
            return Failure(reason, str(one) or type(one).__name__)
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
    ((u3.InvalidChunkLength,), "protocol"),  # an IncompleteRead by class, but said so
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
    """The error and what it wraps, outermost first."""
    seen: set[int] = set()
    todo: list[object] = [error]
    while todo:
        one = todo.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        # requests' exceptions are OSErrors by class; only what they wrap tells the reason.
        if not type(one).__module__.startswith("requests."):
            yield one
        todo += [getattr(one, "reason", None), *one.args, one.__cause__, one.__context__]

"""How visits of the crawl and sites of the precrawl end: the words of the columns ``outcome``.

``docs/reference/outcomes.md`` is generated from here.
"""

from overscripted.described import Described


class Outcome(Described):
    """The outcome of a visit. Every seed ends in exactly one."""

    COMPLETE = "complete", "the page loaded and was watched for the dwell"
    HTTP_ERROR = "http_error", "the server answered with status 400 or more; the page loaded and was watched"
    CHALLENGE = "challenge", "a bot wall or captcha came in place of the page; it was watched like a page"
    TIMEOUT = "timeout", "the page had no load event within the load timeout; records until then are kept"
    HUNG = "hung", "the page used too much CPU or did not send its last records; earlier records are kept"
    CLOSED = "closed", "the page closed its own window; records until then are kept"
    DOWNLOAD = "download", "the server answered with a file to download, which is refused"
    VIEWER = "viewer", "the server answered with a PDF, JSON or media file; Firefox shows it in its own page"
    NO_CONTENT = "no_content", "the server answered without a page (status 204 or 205)"
    NET_ERROR = "net_error", "no page came: an error of DNS, connection, TLS or protocol, or a redirect loop"
    BLOCKED = "blocked", "the address is not public, or robots.txt forbids the page or cannot be read"
    INVALID = "invalid", "the seed is not an http or https URL"
    CRASHED = (
        "crashed",
        "the page's process or Firefox died, or the page was ended because it used too much memory",
    )
    FAILED = "failed", "a fault of the crawler: a tab or the instrument did not start"
    LOST = "lost", "workers were killed at every attempt"


# Outcomes of visits that show what the page does.
GOOD = (Outcome.COMPLETE, Outcome.HTTP_ERROR)

# The outcome of a site in the precrawl whose page was read. Others: ``http_status`` and `Reason`.
REACHED = "reached"


def http_status(status: int) -> str:
    """The outcome of a site or URL whose server answered with another status than 200."""
    return f"http_{status}"


class Reason(Described):
    """Why the precrawl did not reach a site or URL."""

    DNS = "dns", "the name does not resolve"
    REFUSED = "refused", "the connection was refused"
    UNREACHABLE = "unreachable", "no route to the address, or no address of a usable family"
    CLOSED = "closed", "the server closed the connection before its answer was complete"
    TIMEOUT = "timeout", "no complete answer within the page's deadline"
    TLS = "tls", "no trusted TLS connection"
    PROTOCOL = "protocol", "the server does not speak HTTP"
    ENCODING = "encoding", "the body is not in its Content-Encoding"
    TOO_LARGE = "too_large", "the body is larger than the cap, as sent or decompressed"
    REDIRECTS = "redirects", "more redirects than the cap, or a loop"
    BAD_REDIRECT = "bad_redirect", "a redirect to something that is no http(s) URL"
    NOT_HTML = "not_html", "status 200, but not an HTML page"
    PRIVATE = "private", "a private or special address, which is not requested"
    ROBOTS = "robots", "robots.txt does not allow it"
    ROBOTS_UNREACHABLE = "robots_unreachable", "robots.txt could not be read, which forbids all (RFC 9309)"
    PROXY = "proxy", "the proxy could not or would not connect to the site"
    TOO_COMPLEX = (
        "too_complex",
        "its links were not found within the CPU time limit: its markup exhausts parsers",
    )
    CRASHED = "crashed", "the page ended its process, twice"
    ERROR = "error", "anything else: please report it"

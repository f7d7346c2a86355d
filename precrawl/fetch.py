"""One page: request, redirects, body. Gives a Page, or says when to go on, or raises Failure."""

import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from overscripted import mime, urls
from overscripted.precrawl import body
from overscripted.precrawl.client import Client
from overscripted.precrawl.cookies import Cookies
from overscripted.precrawl.deadline import Deadline, Watch
from overscripted.precrawl.domain_locks import DomainLocks
from overscripted.precrawl.failure import NETWORK_ERRORS, Failure, ProxyAway, classify
from overscripted.precrawl.robots import Robots
from overscripted.precrawl.settings import MAX_LINK_LENGTH, MAX_REDIRECTS, MAX_RETRIES, MAX_RETRY_AFTER_S


@dataclass
class Page:
    """A page that answered. ``body`` is empty for HEAD."""

    url: str
    status: int
    content_type: str
    body: bytes
    redirects: list[str]


@dataclass
class Wait:
    """Go on with the same attempt at this (monotonic) time: the domain is busy or asked for patience."""

    until: float


@dataclass
class Attempt:
    """Getting one URL: what must be remembered while it waits."""

    url: str
    method: str = "GET"
    redirects: list[str] = field(default_factory=list)
    cookies: Cookies = field(default_factory=Cookies)
    retries: int = 0
    spent: float = 0.0  # seconds of work, waiting for a domain or a proxy not included
    began: float = 0.0  # time of the first request; 0: none yet

    @property
    def domain(self) -> str:
        """The registrable domain that is to be asked next."""
        return urls.domain(self.url)


class Fetcher:
    """Gets pages as one vantage point, politely. One for each thread."""

    def __init__(self, client: Client, watch: Watch, domains: DomainLocks, robots: Robots | None) -> None:
        self.client, self.settings = client, client.settings
        self._watch, self._domains, self._robots = watch, domains, robots

    def get(self, attempt: Attempt, needs_html: bool = True) -> Page | Wait:
        """Take the attempt as far as it goes. Raises Failure, and ProxyAway."""
        held, rest = "", 0.0
        deadline = Deadline(self.settings.timeout_s - attempt.spent)
        self.client.begin(deadline)
        self._watch.add(deadline)
        began = time.monotonic()
        try:
            while True:
                if attempt.domain != held:
                    if held:
                        self._domains.release(held)
                        held = ""
                    if (until := self._domains.acquire(attempt.domain)) is not None:
                        return Wait(until)
                    held = attempt.domain
                attempt.began = attempt.began or time.time()
                answer = self._hop(attempt, needs_html)
                if isinstance(answer, Page):
                    return answer
                if answer is not None:
                    rest = answer
                    return Wait(time.monotonic() + answer)
        except ProxyAway as error:
            began += error.lost_s
            raise
        except NETWORK_ERRORS as error:
            raise classify(error, deadline.cut) from error
        finally:
            attempt.spent += time.monotonic() - began
            self._watch.drop(deadline)
            self.client.rest()
            if held:
                self._domains.release(held, rest)

    def _hop(self, attempt: Attempt, needs_html: bool) -> Page | float | None:
        """One request: the page, seconds to wait, or None when it redirected."""
        if self._robots:
            self._robots.check(self.client, attempt.url)
        response = self.client.send(attempt.method, attempt.url, attempt.cookies.header(attempt.url))
        try:
            self.client.deadline.remaining()  # a cut within the headers looks like their end
            location = response.headers.get("Location")
            if response.status_code in (301, 302, 303, 307, 308) and location is not None:
                self._redirect(attempt, response, location)
                return None
            if response.status_code in (429, 503):
                patience = retry_after(response.headers.get("Retry-After"))
                if patience is not None and patience <= MAX_RETRY_AFTER_S and attempt.retries < MAX_RETRIES:
                    attempt.retries += 1
                    return patience
            content_type = response.headers.get("Content-Type", "")
            data = b""
            if attempt.method == "GET" and response.status_code == 200 and needs_html:
                data = self._html(response, content_type)
            return Page(attempt.url, response.status_code or 0, content_type, data, list(attempt.redirects))
        finally:
            if response.raw is not None:
                self._done(response.raw)

    def _html(self, response: Any, content_type: str) -> bytes:
        """The body of a page. Raises Failure where a browser would not show it as one."""
        if mime.extract(content_type).essence and not mime.is_html(content_type, b""):
            raise Failure("not_html", content_type)
        shown = response.headers.get("Content-Disposition", "").partition(";")[0].strip().lower()
        if shown not in ("", "inline"):
            raise Failure("not_html", f"Content-Disposition: {shown}")
        settings = self.settings
        data = body.read(response, self.client.deadline, settings.max_body, settings.max_decoded)
        options = response.headers.get("X-Content-Type-Options", "").partition(",")[0]
        sniff = options.strip().lower() != "nosniff"
        if not mime.is_html(content_type, data, sniff):
            raise Failure("not_html", f"{content_type!r}, and no HTML to look at")
        return data

    def _done(self, raw: Any) -> None:
        """Give a connection to a proxy back if its answer was read to the end; close all others."""
        if self.client.keeps and raw.length_remaining in (0, None) and raw.closed:
            raw.release_conn()
        else:
            raw.close()

    def _redirect(self, attempt: Attempt, response: Any, location: str) -> None:
        if len(attempt.redirects) >= MAX_REDIRECTS:
            raise Failure("redirects", f"over {MAX_REDIRECTS}, last to {attempt.url[:200]}")
        target = urls.join(attempt.url, _escaped(location))
        good = target is not None and target.startswith(("http://", "https://"))
        if target is None or not good or len(target) > MAX_LINK_LENGTH:
            raise Failure("bad_redirect", f"to {location[:200]!r}")
        # Many redirect in a circle for those who take no cookie.
        attempt.cookies.take(attempt.url, response.raw.headers.getlist("Set-Cookie"))
        attempt.url = urls.without_fragment(target)
        attempt.redirects.append(attempt.url)


def retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header (a number or a date); None where it is absent or nonsense."""
    if not value:
        return None
    if value.strip().isascii() and value.strip().isdecimal() and len(value) < 12:
        return float(value)
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


def _escaped(location: str) -> str:
    """A Location, whose characters stand for bytes, with those escaped that do not print as ASCII."""
    return "".join(c if "!" <= c <= "~" else f"%{ord(c):02X}" for c in location)

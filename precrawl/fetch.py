"""Gets one page: request, redirects, body. The result is a Page, a time to go on, or a Failure."""

import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from overscripted import mime, urls
from overscripted.outcomes import Reason
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
    """The final response for a page. ``body`` is empty for HEAD."""

    url: str
    status: int
    content_type: str
    body: bytes
    redirects: list[str]


@dataclass
class Wait:
    """Go on with the attempt at this (monotonic) time: the domain is busy, or its server sent Retry-After."""

    until: float


@dataclass
class Attempt:
    """The state of getting one URL, which lasts while it waits."""

    url: str
    method: str = "GET"
    redirects: list[str] = field(default_factory=list)
    cookies: Cookies = field(default_factory=Cookies)
    retries: int = 0
    spent: float = 0.0  # seconds of work, without waiting for a domain or a proxy
    began: float = 0.0  # time of the first request; 0: none yet

    @property
    def domain(self) -> str:
        """The registrable domain of the next request."""
        return urls.domain(self.url)


class Fetcher:
    """Gets pages from one vantage point, politely. Each thread has its own."""

    def __init__(self, client: Client, watch: Watch, domains: DomainLocks, robots: Robots | None) -> None:
        self.client, self.settings = client, client.settings
        self._watch, self._domains, self._robots = watch, domains, robots

    def get(self, attempt: Attempt, needs_html: bool = True) -> Page | Wait:
        """Work on the attempt as long as possible. Raises Failure, and ProxyAway."""
        held, rest_s = "", 0.0
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
                result = self._hop(attempt, needs_html)
                if isinstance(result, Page):
                    return result
                if result is not None:
                    rest_s = result
                    return Wait(time.monotonic() + rest_s)
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
                self._domains.release(held, rest_s)

    def _hop(self, attempt: Attempt, needs_html: bool) -> Page | float | None:
        """One request: the page, seconds to wait, or None after a redirect."""
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
                wait_s = retry_after(response.headers.get("Retry-After"))
                if wait_s is not None and wait_s <= MAX_RETRY_AFTER_S and attempt.retries < MAX_RETRIES:
                    attempt.retries += 1
                    return wait_s
            content_type = response.headers.get("Content-Type", "")
            data = b""
            if attempt.method == "GET" and response.status_code == 200 and needs_html:
                data = self._html(response, content_type)
            return Page(attempt.url, response.status_code or 0, content_type, data, list(attempt.redirects))
        finally:
            if response.raw is not None:
                self._end_response(response.raw)

    def _html(self, response: Any, content_type: str) -> bytes:
        """The body of a page. Raises Failure where a browser would not show it as one."""
        if mime.extract(content_type).essence and not mime.is_html(content_type, b""):
            raise Failure(Reason.NOT_HTML, content_type)
        disposition = response.headers.get("Content-Disposition", "").partition(";")[0].strip().lower()
        if disposition not in ("", "inline"):
            raise Failure(Reason.NOT_HTML, f"Content-Disposition: {disposition}")
        settings = self.settings
        data = body.read(response, self.client.deadline, settings.max_body, settings.max_decoded)
        options = response.headers.get("X-Content-Type-Options", "").partition(",")[0]
        sniff = options.strip().lower() != "nosniff"
        if not mime.is_html(content_type, data, sniff):
            raise Failure(Reason.NOT_HTML, f"{content_type!r}, and no HTML to look at")
        return data

    def _end_response(self, raw: Any) -> None:
        """Reuse a connection to a proxy if its response was read to the end; close all others."""
        if self.client.keeps_alive and raw.length_remaining in (0, None) and raw.closed:
            raw.release_conn()
        else:
            raw.close()

    def _redirect(self, attempt: Attempt, response: Any, location: str) -> None:
        if len(attempt.redirects) >= MAX_REDIRECTS:
            raise Failure(Reason.REDIRECTS, f"over {MAX_REDIRECTS}, last to {attempt.url[:200]}")
        target = urls.join(attempt.url, _escaped(location))
        good = target is not None and target.startswith(("http://", "https://"))
        if target is None or not good or len(target) > MAX_LINK_LENGTH:
            raise Failure(Reason.BAD_REDIRECT, f"to {location[:200]!r}")
        # Many servers redirect clients without their cookie in a circle.
        attempt.cookies.store(attempt.url, response.raw.headers.getlist("Set-Cookie"))
        attempt.url = urls.without_fragment(target)
        attempt.redirects.append(attempt.url)


def retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header (a number or a date); None where it is absent or neither."""
    if not value:
        return None
    if value.strip().isascii() and value.strip().isdecimal() and len(value) < 12:
        return float(value)
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


def _escaped(location: str) -> str:
    """A Location, whose characters stand for bytes; bytes that are no printable ASCII are escaped."""
    return "".join(c if "!" <= c <= "~" else f"%{ord(c):02X}" for c in location)

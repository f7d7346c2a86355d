"""Outcomes of visits, and whether a seed is tried again. Every seed ends in exactly one outcome."""

import random

from overscripted.crawl import settings

OUTCOMES = {
    "complete": "the page loaded and was watched for the dwell",
    "http_error": "the server answered with status 400 or more; the page loaded and was watched",
    "timeout": "the page had no load event within the load timeout; records until then are kept",
    "hung": "the page used too much CPU or did not send its last records; earlier records are kept",
    "closed": "the page closed its own window; records until then are kept",
    "download": "the server answered with a file to download, which is refused",
    "viewer": "the server answered with a PDF, JSON or media file; Firefox shows it in its own page",
    "no_content": "the server answered without a page (status 204 or 205)",
    "net_error": "no page came: an error of DNS, connection, TLS or protocol, or a redirect loop",
    "blocked": "the address is not public, or robots.txt forbids the page or cannot be read",
    "invalid": "the seed is not an http or https URL",
    "crashed": "the page's process or Firefox died, or the page was ended because it used too much memory",
    "failed": "a fault of the crawler: a tab or the instrument did not start",
    "lost": "workers were killed at every attempt",
}

# Outcomes of visits that show what the page does.
GOOD = ("complete", "http_error")


def again(outcome: str, attempt: int, retries: int, starved: bool = False, waited: bool = False) -> bool:
    """Whether another attempt is worth it after number ``attempt`` (from 1) with this outcome.

    ``starved``: the page lacked CPU. ``waited``: it may have waited in vain while Firefox drew for others.
    """
    allowed = settings.RETRIES.get("starved" if starved and outcome in GOOD else outcome, 0)
    return attempt <= min(settings.WAITED_RETRIES if waited else allowed, retries)


def retry_delay(attempt: int, waited: bool = False) -> float:
    """Seconds from this attempt to the next."""
    spread = random.uniform(0.0, settings.WAITED_SPREAD_S) if waited else 0.0
    return float(settings.RETRY_DELAY_S * 2 ** (attempt - 1)) + spread

"""How a visit may end, and what becomes of its seed. Every seed ends in exactly one of these."""

import random

from overscripted.crawl import settings

OUTCOMES = {
    "complete": "loaded, then watched for the dwell",
    "http_error": "answered with a status of 400 or more; loaded and watched like any page",
    "timeout": "no load event within the load timeout; what was recorded until then is kept",
    "hung": "an endless loop: ended for its CPU, or did not hand over its last records; earlier are kept",
    "closed": "the page closed its own window; records until then are kept",
    "download": "the answer was a file to download, which is refused",
    "viewer": "the answer was a PDF, JSON, a picture, sound or film: Firefox shows it in a page of its own",
    "no_content": "the server answered without a page (status 204 or 205)",
    "net_error": "no page: DNS, connection, TLS, protocol or a redirect loop",
    "blocked": "the address is not public, or robots.txt forbids the page or cannot be read",
    "invalid": "the seed is not an http or https URL",
    "crashed": "the page's process or the browser died, or the page was ended for its memory",
    "failed": "the crawler's own fault: a window or the instrument did not come up",
    "lost": "workers were killed at every attempt",
}

# A visit that shows what the page does; the others say why it does not.
GOOD = ("complete", "http_error")


def again(outcome: str, attempt: int, retries: int, starved: bool = False, waited: bool = False) -> bool:
    """Whether attempt number ``attempt`` (from 1) with this outcome is worth another.

    It may have starved of CPU, or have waited in vain for what Firefox drew for others.
    """
    allowed = settings.RETRIES.get("starved" if starved and outcome in GOOD else outcome, 0)
    return attempt <= min(settings.WAITED_RETRIES if waited else allowed, retries)


def retry_delay(attempt: int, waited: bool = False) -> float:
    """Seconds before the attempt after this one."""
    spread = random.uniform(0.0, settings.WAITED_SPREAD_S) if waited else 0.0
    return float(settings.RETRY_DELAY_S * 2 ** (attempt - 1)) + spread

"""Whether and when a seed is tried again after a visit."""

import random

from overscripted.crawl import settings
from overscripted.outcomes import GOOD, Outcome


def again(outcome: Outcome, attempt: int, retries: int, starved: bool = False, waited: bool = False) -> bool:
    """Whether another attempt is worth it after number ``attempt`` (from 1) with this outcome.

    ``starved``: the page lacked CPU. ``waited``: it may have waited in vain while Firefox drew for others.
    """
    lacked_cpu = starved and outcome in GOOD
    allowed = settings.STARVED_RETRIES if lacked_cpu else settings.RETRIES.get(outcome, 0)
    return attempt <= min(settings.WAITED_RETRIES if waited else allowed, retries)


def retry_delay(attempt: int, waited: bool = False) -> float:
    """Seconds from this attempt to the next."""
    spread = random.uniform(0.0, settings.WAITED_SPREAD_S) if waited else 0.0
    return float(settings.RETRY_DELAY_S * 2 ** (attempt - 1)) + spread

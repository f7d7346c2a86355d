"""What the reader asks an inspection, checked as far as the command does not check it itself."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from overscripted.errors import InputError
from overscripted.explore.settings import INSPECT_SECONDS, INSPECT_URL
from overscripted.inspection.settings import (
    CONSENT_DWELL_S,
    DWELL_S,
    LONGEST_DWELL_S,
    RETRIES,
    SHORTEST_DWELL_S,
)
from overscripted.text import clean


class Question(NamedTuple):
    """A URL as it was typed, the seconds to watch the page (None: the command's default), and the choice."""

    url: str
    dwell_s: float | None = None
    consent: bool = False

    @property
    def limit_s(self) -> float:
        """Seconds after which the inspection is ended: it hangs, or the page makes it."""
        dwell = self.dwell_s or (CONSENT_DWELL_S if self.consent else DWELL_S)
        return INSPECT_SECONDS + dwell * (1 + RETRIES)

    def arguments(self) -> list[str]:
        """The question as arguments of the command. The URL is last, so that it can be no option."""
        dwell = [f"--dwell={self.dwell_s!r}"] if self.dwell_s is not None else []
        return [*dwell, *(["--consent"] if self.consent else []), "--", self.url]


def of_form(form: Mapping[str, str]) -> Question:
    """The question of a form with url, dwell and consent. Raises InputError for what cannot be asked."""
    url = clean(form.get("url", "")).strip()
    if not url:
        raise InputError("Give the URL of a page.")
    if len(url) > INSPECT_URL or not url.isprintable():
        raise InputError(f"A URL has up to {INSPECT_URL:,} characters, and each of them can be seen.")
    return Question(url, _dwell(form.get("dwell", "").strip()), "consent" in form)


def _dwell(text: str) -> float | None:
    if not text:
        return None
    try:
        seconds = float(text[:40])
    except ValueError:
        seconds = math.nan
    if not SHORTEST_DWELL_S <= seconds <= LONGEST_DWELL_S:  # nor is NaN
        raise InputError(
            f"The page can be watched for {SHORTEST_DWELL_S:g} to {LONGEST_DWELL_S:,.0f} seconds: give a "
            "number between them, or nothing."
        )
    return seconds

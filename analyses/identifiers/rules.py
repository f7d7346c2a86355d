"""Rules that say whether a stored value identifies a browser: three published ones, never mixed.

- ``acar2014``: Acar et al., "The Web Never Forgets" (CCS 2014), by its published scripts.
- ``en2016``: Englehardt and Narayanan, "Online Tracking" (2016), section 4.
- ``koop2020``: Koop, Tews and Katzenbeisser, "In-Depth Evaluation of Redirect Tracking and Link Usage"
  (2020). Its thresholds are from secondary sources; they were not checked against the paper.

Each compares what different browsers hold under the same name. In a crawl every visit begins with an empty
container, so the visits that have a name are different browsers.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from urllib.parse import unquote

IDENTIFIER = "identifier"

# Parts of a value, by their keys. A part without a key has its place as its key.
Parts = dict[str, str]


@dataclass(frozen=True)
class Rule:
    """A rule. A value must live ``days`` or longer, and have from ``shortest`` to ``longest`` characters.

    ``over``: it must live longer than ``days``. Cookies of exactly 90 days are common.
    ``similarity``: Ratcliff and Obershelp's (0 to 1) of the values of two browsers must be below it.
    ``tolerance``: by which share their lengths may differ.
    """

    name: str
    days: float
    parts: Callable[[str], Parts]
    shortest: int
    longest: int
    tolerance: float
    similarity: float
    over: bool = False

    def too_short(self, days: float) -> str:
        """Why a value that lives so long is no identifier; "" if it may be one. Hundredths of days count."""
        if self.over:
            return f"lives {self.days:.0f} days or less" if round(days, 2) <= self.days else ""
        return f"lives under {self.days:.0f} days" if days < self.days else ""

    def verdict(self, values: Sequence[str]) -> str:
        """`IDENTIFIER`, or why the values of two or more browsers are none."""
        if min(map(len, values)) < self.shortest:
            return f"under {self.shortest} characters"
        if max(map(len, values)) > self.longest:
            return f"over {self.longest} characters"
        if max(map(len, values)) > min(map(len, values)) * (1 + self.tolerance):
            return "of different lengths"
        if len(set(values)) < len(values):
            return "the same in two visits"
        if any(_similarity(*pair) >= self.similarity for pair in pairwise(values)):
            return "similar in two visits"
        return IDENTIFIER


@lru_cache(maxsize=256)  # the rules judge a name one after the other: most values have one part
def _similarity(a: str, b: str) -> float:
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def _keyed(pieces: Sequence[str]) -> Parts:
    parts: Parts = {}
    for place, piece in enumerate(pieces):
        key, equals, value = piece.partition("=")
        if not equals or not key or not value.strip("="):  # "=" also ends text in base64
            key, value = f"#{place}", piece
        parts.setdefault(key, value)
    return parts


def _acar(value: str) -> Parts:
    return _keyed(re.split("[:&]", value))


def _englehardt(value: str) -> Parts:
    plain = unquote(value)  # else the digits of an escape stick to what follows it
    return _keyed([piece for piece in re.split(r"[^a-zA-Z0-9_=-]", plain) if piece])


def _whole(value: str) -> Parts:
    return {"#0": value}


RULES = (
    Rule("en2016", 90, _englehardt, 8, 100, 0.0, 0.66, over=True),
    Rule("acar2014", 30, _acar, 6, 100, 0.0, 0.33),
    Rule("koop2020", 90, _whole, 8, 4096, 0.25, 0.6, over=True),
)
SHORTEST = min(rule.shortest for rule in RULES)
DAYS = min(rule.days for rule in RULES)

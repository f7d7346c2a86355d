"""Numbers, lists and times as a sentence has them."""

from collections.abc import Iterable, Sequence

from overscripted.inspection.claims import Name, Part, Parts
from overscripted.inspection.settings import NAMES_SHOWN

_WORDS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_MONTH, _YEAR = 30.44, 365.25  # days


def numeral(n: int) -> str:
    """``no``, ``one`` to ``twelve``, then digits: ``13``, ``1,042``."""
    return _WORDS[n] if 0 <= n < len(_WORDS) else f"{n:,}"


def count(n: int, one: str, many: str = "") -> str:
    """``no cookies``, ``one cookie``, ``13 cookies``."""
    return f"{numeral(n)} {one if n == 1 else many or one + 's'}"


def verb(n: int, one: str, many: str) -> str:
    """The form of a verb for so many."""
    return one if n == 1 else many


def begin(text: str) -> str:
    """A text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def names(texts: Iterable[str], most: int = NAMES_SHOWN) -> Parts:
    """``A``, ``A and B``, ``A, B and 3 more``: each text once."""
    return some([(Name(text),) for text in dict.fromkeys(texts)], most)


def some(items: Sequence[Parts], most: int = NAMES_SHOWN) -> Parts:
    """The first items, and how many more there are."""
    left = len(items) - most
    return listed([*items[:most], (f"{left:,} more",)] if left > 0 else items)


def listed(items: Sequence[Parts | str]) -> Parts:
    """Items with commas and ``and``."""
    found: list[Part] = []
    for n, item in enumerate(items):
        found += () if n == 0 else (" and ",) if n == len(items) - 1 else (", ",)
        found += (item,) if isinstance(item, str) else item
    return tuple(found)


def lifetime(days: float) -> str:
    """About how long something is kept: ``13 months``, ``two years``, ``20 minutes``."""
    seconds = days * _DAY
    if days >= 2 * _YEAR - 15:
        return count(round(days / _YEAR), "year")
    if days >= 1.5 * _MONTH:
        months = round(days / _MONTH)
        return "one year" if months == 12 else count(months, "month")
    if days >= 1:
        return count(round(days), "day")
    for unit, name in ((_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= unit:
            return count(round(seconds / unit), name)
    return count(max(round(seconds), 1), "second")


def seconds(value: float) -> str:
    """``10 seconds``, ``1.5 seconds``."""
    return f"{value:g} second{'' if value == 1 else 's'}"

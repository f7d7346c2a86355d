"""Text from pages made fit to be looked at: nothing invisible, nothing endless, nothing that is markup."""

import unicodedata
from html import escape as _escape
from typing import Any

from overscripted.analyses.settings import TEXT_SHOWN
from overscripted.text import clean

# Characters that XML 1.0 or a reader's eye cannot take: controls, formats (bidirectional overrides,
# zero-width), private use, surrogates, unassigned, line and paragraph separators.
_UNFIT = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_MARKS_IN_A_ROW = 3  # combining marks stacked higher than any language does only climb over neighbours


def plain(value: Any, limit: int = TEXT_SHOWN) -> str:
    """Any value as one line of visible text, at most ``limit`` characters; not yet escaped."""
    text = "" if value is None else str(value)
    cut = len(text) > limit
    shown: list[str] = []
    marks = 0
    for char in clean(text[:limit]):
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category in _UNFIT:
            shown.append(f"⟨U+{ord(char):04X}⟩")
        elif marks <= _MARKS_IN_A_ROW:
            shown.append(char)
    return "".join(shown) + ("…" if cut else "")


def escape(value: Any, limit: int = TEXT_SHOWN) -> str:
    """`plain` text, escaped for HTML and XML, in text and in attributes."""
    return _escape(plain(value, limit), quote=True)

"""Text from pages made safe to show: no invisible characters, no endless text, no markup."""

import unicodedata
from html import escape as escape_html
from typing import Any

from overscripted.display.settings import TEXT_SHOWN
from overscripted.text import clean

# Categories of characters that XML 1.0 forbids or that a reader cannot see: controls, formats
# (bidirectional overrides, zero-width), private use, surrogates, unassigned, line and paragraph separators.
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_MAX_COMBINING_MARKS = 3  # in a row; no language stacks more, and a taller stack covers other lines


def plain(value: Any, limit: int = TEXT_SHOWN) -> str:
    """Any value as one line of visible text of at most ``limit`` characters; not yet escaped."""
    text = "" if value is None else str(value)
    shown: list[str] = []
    marks = 0
    for character in clean(text[:limit]):
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category in _HIDDEN_CATEGORIES:
            shown.append(f"⟨U+{ord(character):04X}⟩")
        elif marks <= _MAX_COMBINING_MARKS:
            shown.append(character)
    return "".join(shown) + ("…" if len(text) > limit else "")


def escape(value: Any, limit: int = TEXT_SHOWN) -> str:
    """`plain` text, escaped for HTML and XML; safe as an element's text and as an attribute's value."""
    return escape_html(plain(value, limit), quote=True)

"""Rich displays for notebooks and terminals. Pages wrote most of what they show, so everything is escaped."""

from collections.abc import Iterable, Sequence
from typing import Any

from overscripted.display.sanitize import escape, plain

# Jupyter and its exports read $…$ as formulas, except in elements of these classes.
_TEXT = '<div class="tex2jax_ignore mathjax_ignore">'
_LEFT = ' style="text-align:left"'


def page(*parts: str) -> str:
    """Parts of HTML, made by the functions of this file, as one display."""
    return f"{_TEXT}{''.join(parts)}</div>"


def heading(text: Any, below: Any = "") -> str:
    """A title, and a line below it."""
    return f"<p><b>{escape(text)}</b>{f'<br>{escape(below)}' if below else ''}</p>"


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]], limit: int = 120) -> str:
    """Rows as a table; each cell has at most ``limit`` characters."""
    head = "".join(f"<th{_LEFT}>{escape(name)}</th>" for name in headings)
    body = "".join(f"<tr>{''.join(_cell(value, limit) for value in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def facts(pairs: Iterable[tuple[str, Any]], limit: int = 300) -> str:
    """Names and values, one pair a row; pairs without a value are left out."""
    rows = "".join(
        f"<tr><th{_LEFT}>{escape(name)}</th>{_cell(value, limit)}</tr>"
        for name, value in pairs
        if _some(value)
    )
    return f"<table><tbody>{rows}</tbody></table>"


def text(content: str, limit: int) -> str:
    """The beginning of a long text, such as a script's body, with its lines."""
    cut = content[:limit].splitlines()
    more = "\n…" if len(content) > limit else ""
    return f"<pre{_LEFT}>{chr(10).join(escape(line, limit) for line in cut)}{more}</pre>"


def lines(title: str, pairs: Iterable[tuple[str, Any]]) -> str:
    """The same for a terminal: a title and one line a pair."""
    return "\n".join(
        [plain(title), *(f"  {name}: {plain(number(value))}" for name, value in pairs if _some(value))]
    )


def number(value: Any) -> Any:
    """A count with its thousands apart; anything else as it is."""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value


def _some(value: Any) -> bool:
    return value is not None and value != ""


def _cell(value: Any, limit: int) -> str:
    side = ' style="text-align:right"' if isinstance(value, int) and not isinstance(value, bool) else _LEFT
    return f"<td{side}>{escape(number(value), limit)}</td>"

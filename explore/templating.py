"""Render a page. The templates escape every text; what pages wrote becomes plain text first."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment

from overscripted.display import number_format
from overscripted.display.sanitize import plain
from overscripted.display.templates import environment

FOLDER = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"


def _environment() -> Environment:
    filters: dict[str, Callable[..., str]] = {
        "number": number_format.number,
        "percent": number_format.percent,
        "plain": plain,
        "shown": _shown,
        "code": code,
        "lines": lines,
    }
    return environment(FOLDER, filters)


def code(text: str) -> str:
    """A part of a line of code as `plain` text that keeps its tabs."""
    return plain(text.replace("\t", "    "), 4 * len(text) + 1)


def lines(text: str) -> str:
    """Text of several lines as `plain` text that keeps its lines and tabs."""
    return "\n".join(code(line) for line in text.split("\n"))


def moment(value: datetime) -> str:
    """A moment in UTC, to the millisecond."""
    return value.isoformat(sep=" ", timespec="milliseconds").replace("+00:00", "")


def _shown(value: Any) -> str:
    """A fact's value: numbers with thousands, text as plain text, ``–`` for no value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, int | float):
        return number_format.number(value)
    if isinstance(value, datetime):
        return moment(value)
    return plain(value, 400) or "–"


ENVIRONMENT = _environment()


def render(template: str, **values: Any) -> str:
    """A template with its values as HTML."""
    return ENVIRONMENT.get_template(template).render(**values)

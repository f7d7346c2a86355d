"""Render the report's page. The template escapes every text; what pages wrote becomes plain text first."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from overscripted.display import number_format
from overscripted.display.plots import draw
from overscripted.display.sanitize import plain
from overscripted.display.templates import environment

TEMPLATES = Path(__file__).parent / "templates"
_CELL_TOOLTIP = 400  # characters of a text that a reader sees when pointing at a cell


def render(content: dict[str, Any]) -> str:
    """The page as HTML. Its content security policy lets only our own script run."""
    script = (TEMPLATES / "report.js").read_text("utf-8")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            **content,
            script=Markup(script),
            style=Markup((TEMPLATES / "report.css").read_text("utf-8")),
            policy=_policy(script),
        )
    )


def _environment() -> Environment:
    filters: dict[str, Callable[..., Any]] = {
        "number": number_format.number,
        "percent": lambda value: _without_break(number_format.percent(value)),
        "plain": plain,
        "prose": lambda text, limit: _without_break(plain(text, limit)),
        "plot": _plot,
        "cell": _cell,
    }
    return environment(TEMPLATES, filters)


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _without_break(text: str) -> str:
    """Our own text, with no line break before a per cent sign."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def _plot(plot: dict[str, Any]) -> Markup:
    return Markup(draw(plot))  # draw escapes every text of the plot


def _cell(value: Any) -> Markup:
    """A table cell. Numbers are aligned right; text of pages becomes plain text and is escaped."""
    if isinstance(value, bool) or value is None:
        return Markup("<td>{}</td>").format({True: "yes", False: "no", None: "–"}[value])
    if isinstance(value, int | float):
        return Markup('<td class="num" data-n="{}">{}</td>').format(value, number_format.number(value))
    text = plain(value)
    return Markup('<td class="text" title="{}">{}</td>').format(plain(value, _CELL_TOOLTIP), text)

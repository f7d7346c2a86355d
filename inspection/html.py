"""An inspection as one HTML page that can be sent to others. It has no script and loads nothing."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from overscripted import __version__
from overscripted.display.sanitize import plain
from overscripted.display.templates import environment
from overscripted.inspection.claims import Claim, Name, Parts
from overscripted.inspection.inspection import Inspection
from overscripted.inspection.settings import URL_SHOWN
from overscripted.inspection.topics import TOPICS

TEMPLATES = Path(__file__).parent / "templates"


def page(inspection: Inspection) -> str:
    """The whole page. Its content security policy allows our own style alone."""
    style = (TEMPLATES / "inspection.css").read_text("utf-8")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(**_content(inspection), style=Markup(style), policy=_policy(style), version=__version__)
    )


def excerpt(inspection: Inspection) -> str:
    """The sentences with their evidence as a part of another page, without a style of its own."""
    return _environment().get_template("claims.html.j2").render(**_content(inspection))


def _content(inspection: Inspection) -> dict[str, object]:
    by_topic = [(topic, [one for one in inspection.claims if one.topic == topic.name]) for topic in TOPICS]
    return {"it": inspection, "topics": [(topic, claims) for topic, claims in by_topic if claims]}


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _environment() -> Environment:
    filters: dict[str, Callable[..., Any]] = {
        "parts": _parts,
        "plain": lambda value: plain(value, URL_SHOWN),
        "left": _left,
    }
    return environment(TEMPLATES, filters)


def _parts(parts: Parts) -> Markup:
    """A sentence; names are visible, escaped, and kept apart from text around them in another direction."""
    return Markup("").join(
        Markup("<bdi>{}</bdi>").format(part.shown()) if isinstance(part, Name) else part for part in parts
    )


def _left(claim: Claim) -> int:
    """The pieces of evidence that the page does not show."""
    return claim.n_evidence - len(claim.evidence)

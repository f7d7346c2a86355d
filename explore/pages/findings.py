"""The page of all findings: each with its sentence."""

from typing import Any

from overscripted import layout
from overscripted.explore.model import Asked, Content, Page


def summaries(asked: Asked) -> list[dict[str, Any]]:
    """The findings of a run as its analyses wrote them, in their order, each with ``name`` and ``href``."""
    store, found = asked.data.run.store, []
    for name in layout.finding_names(store.files(layout.FINDINGS)):
        summary = store.read_json(layout.finding_summary(name))
        if isinstance(summary, dict):
            link = {"name": name, "href": asked.links.to("finding", name=name)}
            found.append({**_DEFAULTS, "title": name, **summary, **link})
    return sorted(found, key=lambda one: (one["order"] if isinstance(one["order"], int) else 0, one["name"]))


# What a summary of an older version may lack.
_DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("question", "sentence", "unsupported", "rule", "headline", "chapter"), ""),
    **{"figures": [], "plots": [], "definitions": [], "notes": [], "tables": {}, "order": 100},
}


def _answer(asked: Asked) -> Content:
    values = {"findings": summaries(asked), "command": asked.data.run.command("analyze")}
    return Content("Findings", "findings.html.j2", values)


PAGE = Page("findings", _answer, "Findings", 5, published=True)

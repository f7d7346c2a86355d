"""The page of a finding: its sentence, figures with denominators, plots, and its tables of evidence."""

from typing import Any

from markupsafe import Markup

from overscripted.display.plots import draw
from overscripted.explore.model import Asked, Content, NotFound, Page
from overscripted.explore.pages.findings import summaries


def _answer(asked: Asked) -> Content:
    name = asked.need("name")
    found = next((one for one in summaries(asked) if one["name"] == name), None)
    if found is None:
        command = asked.data.run.command("analyze")
        raise NotFound(f"This run has no finding {name[:80]}. `{command}` makes the findings.")
    known = [(view, other.table) for view, other in asked.data.findings.items() if other.folder == name]
    known.sort(key=lambda one: _place(found, one[1]))
    values: dict[str, Any] = {
        "finding": found,
        # draw escapes every text of the plot.
        "plots": [(plot.get("title"), Markup(draw(plot))) for plot in _dicts(found["plots"])],
        "figures": _dicts(found["figures"]),
        "sections": [asked.preview(table.replace("_", " ").capitalize(), view, {}) for view, table in known],
    }
    return Content(str(found["title"]), "finding.html.j2", values)


def _place(found: dict[str, Any], table: str) -> int:
    """The place of a table among those that the summary names; the others come last."""
    names = list(found["tables"]) if isinstance(found["tables"], dict) else []
    return names.index(table) if table in names else len(names)


def _dicts(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


PAGE = Page("finding", _answer, published=True)

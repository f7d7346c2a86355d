"""The page of all tables: what a row of each is, and how many it has."""

from overscripted.explore.model import Asked, Content, Page
from overscripted.explore.views import View, views


def _answer(asked: Asked) -> Content:
    data = asked.data
    groups: dict[str, list[tuple[View, int | None, str | None]]]
    groups = {"Roll-ups": [], "Tables": [], "Tables of findings": []}
    for view in views(data).values():
        group = (
            "Roll-ups" if view.rolled_up else "Tables" if view.name in data.tables else "Tables of findings"
        )
        rows = None if view.rolled_up else data.count(view.name)
        groups[group].append((view, rows, asked.links.to(f"t/{view.name}")))
    return Content("Tables", "tables.html.j2", {"groups": groups})


PAGE = Page("tables", _answer, "Tables", 80)

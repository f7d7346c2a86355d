"""The seed funnel: how many sites became how many links, seeds, visits and calls."""

from typing import Any

from overscripted.outcomes import Outcome
from overscripted.report.findings import figures_by_name

_Row = dict[str, Any]


def plot(precrawl: dict[str, Any] | None, overview: dict[str, Any] | None) -> dict[str, Any] | None:
    """The funnel as a plot; None where the run has neither a precrawl nor visits."""
    rows = _precrawl_rows(precrawl) if precrawl else []
    if overview and not overview["unsupported"]:
        rows += _crawl_rows(figures_by_name(overview))
    if not rows:
        return None
    return {"kind": "funnel", "title": "From sites to calls (width: logarithm of the count)", "rows": rows}


def _precrawl_rows(precrawl: dict[str, Any]) -> list[_Row]:
    return [
        {"label": "Sites asked for", "value": precrawl["sites"]},
        {"label": "reached from anywhere", "value": precrawl["reached"]},
        {"label": "Links seen by any", "value": precrawl["union"]},
        {"label": "seen by all vantages", "value": precrawl["intersection"]},
        {"label": "Seeds", "value": precrawl["seeds"]},
    ]


def _crawl_rows(figures: dict[str, Any]) -> list[_Row]:
    visits = figures["visits_complete"]
    return [
        {"label": "Visits", "value": visits["of"] or 0},
        {"label": Outcome.COMPLETE.value, "value": visits["n"] or 0},
        {"label": "Documents with calls", "value": figures["documents"]["n"] or 0},
        {"label": "Calls recorded", "value": figures["valid"]["n"] or 0},
    ]

"""The seed funnel: how many sites became how many links, seeds, visits and calls."""

from typing import Any


def plot(precrawl: dict[str, Any] | None, overview: dict[str, Any] | None) -> dict[str, Any] | None:
    """The funnel as a plot; None where the run has neither a precrawl nor visits."""
    rows: list[dict[str, Any]] = []
    if precrawl:
        rows += [
            {"label": "Sites asked for", "value": precrawl["sites"]},
            {"label": "reached from anywhere", "value": precrawl["reached"]},
            {"label": "Links seen by any", "value": precrawl["union"]},
            {"label": "seen by enough vantages", "value": precrawl["intersection"]},
            {"label": "Seeds", "value": precrawl["seeds"]},
        ]
    if overview and not overview["unsupported"]:
        figures = {f["name"]: f for f in overview["figures"]}
        visits = figures["visits_complete"]
        rows += [
            {"label": "Visits", "value": visits["of"] or 0},
            {"label": "complete", "value": visits["n"] or 0},
            {"label": "Documents with calls", "value": figures["documents"]["n"] or 0},
            {"label": "Calls recorded", "value": figures["valid"]["n"] or 0},
        ]
    if not rows:
        return None
    return {"kind": "funnel", "title": "From sites to calls (width: logarithm of the count)", "rows": rows}

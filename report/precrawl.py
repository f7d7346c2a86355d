"""The report's precrawl section: what each vantage point reached, and how their links overlap."""

from typing import Any

from overscripted import layout
from overscripted.report.settings import COMBINATIONS
from overscripted.store import Store

# The study's precrawl (November 2017, 10,000 sites, four vantage points).
STUDY = {
    "union": 2_150_251,
    "intersection": 981_545,
    "domains_union": 41_166,
    "domains_intersection": 34_809,
}
_LABELS = {
    "union": "Links seen by any vantage point",
    "intersection": "Links seen by all vantage points",
    "domains_union": "Registrable domains of links seen by any",
    "domains_intersection": "Registrable domains of links seen by all",
}


def read(store: Store) -> dict[str, Any] | None:
    """What the section shows; None where the run has no precrawl. Values of another type count as 0."""
    if not store.exists(layout.PRECRAWL_SUMMARY):
        return None
    summary = store.read_json(layout.PRECRAWL_SUMMARY)
    if not isinstance(summary, dict):
        return None
    vantages = {str(k): v for k, v in _dict(summary.get("vantages")).items() if isinstance(v, dict)}
    return {
        "sites": _int(summary.get("sites")),
        "reached": _int(summary.get("reached"))
        or max((_int(vantage.get("reached")) for vantage in vantages.values()), default=0),
        "union": _int(summary.get("union")),
        "intersection": _int(summary.get("intersection")),
        "seeds": _int(summary.get("seeds")),
        "quorum": summary.get("quorum") or [],
        "vantages": [(name, _vantage(facts)) for name, facts in vantages.items()],
        "compared": [(_LABELS[key], summary.get(key), STUDY[key]) for key in STUDY],
        "kept": _kept(summary),
        "upset": _overlap_plot(list(vantages), summary.get("overlap")),
    }


def _overlap_plot(vantages: list[str], overlap: Any) -> dict[str, Any]:
    rows = [row for row in overlap or [] if isinstance(row, dict)]
    rows.sort(key=lambda row: -_int(row.get("links")))
    return {
        "kind": "upset",
        "title": "Links by the vantage points that saw them",
        "sets": vantages,
        "rows": [
            {"sets": row.get("vantages"), "value": _int(row.get("links"))} for row in rows[:COMBINATIONS]
        ],
    }


def _vantage(facts: dict[str, Any]) -> dict[str, Any]:
    reasons = sorted(_dict(facts.get("failed_by_reason")).items(), key=lambda item: -_int(item[1]))
    return {
        "sites": _int(facts.get("sites")),
        "reached": _int(facts.get("reached")),
        "failed": _int(facts.get("failed")),
        "links": _int(facts.get("links")),
        "reasons": [(str(reason), _int(n)) for reason, n in reasons],
    }


def _kept(summary: dict[str, Any]) -> tuple[float | None, float]:
    """Per cent of the links that enough vantage points saw to make them seeds: this run's and the study's."""
    union = _int(summary.get("union"))
    ours = 100 * _seen_by_quorum(summary) / union if union else None
    return ours, 100 * STUDY["intersection"] / STUDY["union"]


def _seen_by_quorum(summary: dict[str, Any]) -> int:
    """Links that at least as many vantage points saw as the run asked for; by all where it does not say."""
    overlap, quorum = summary.get("overlap"), summary.get("quorum")
    if not (isinstance(overlap, list) and isinstance(quorum, list) and quorum and isinstance(quorum[0], int)):
        return _int(summary.get("intersection"))
    rows = [row for row in overlap if isinstance(row, dict) and isinstance(row.get("vantages"), list)]
    return sum(_int(row.get("links")) for row in rows if len(row["vantages"]) >= quorum[0])


def _dict(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _int(value: Any) -> int:
    return value if isinstance(value, int) else 0

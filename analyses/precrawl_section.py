"""The report's precrawl section: what each vantage point reached, and how their links overlap."""

from typing import Any

from overscripted import layout
from overscripted.store import Store

COMBINATIONS = 15  # columns of the overlap plot; four vantage points have fifteen

# The study's precrawl (November 2017, 10,000 sites, four vantage points).
STUDY = {
    "union": 2_150_251,
    "intersection": 981_545,
    "domains_union": 41_166,
    "domains_intersection": 34_809,
}
_LABELS = {
    "union": "Links seen by any vantage point",
    "intersection": "Links seen by enough of them",
    "domains_union": "Registrable domains of the former",
    "domains_intersection": "Registrable domains of the latter",
}


def read(store: Store) -> dict[str, Any] | None:
    """What the section shows; None where the run has no precrawl."""
    if not store.exists(layout.PRECRAWL_SUMMARY):
        return None
    found = store.read_json(layout.PRECRAWL_SUMMARY)
    if not isinstance(found, dict):
        return None
    vantages = {str(k): v for k, v in _dict(found.get("vantages")).items() if isinstance(v, dict)}
    overlap = [row for row in found.get("overlap") or [] if isinstance(row, dict)]
    overlap.sort(key=lambda row: -_int(row.get("links")))
    return {
        "sites": _int(found.get("sites")),
        "reached": _int(found.get("reached"))
        or max((_int(v.get("reached")) for v in vantages.values()), default=0),
        "union": _int(found.get("union")),
        "intersection": _int(found.get("intersection")),
        "seeds": _int(found.get("seeds")),
        "quorum": found.get("quorum") or [],
        "vantages": [(name, _vantage(v)) for name, v in vantages.items()],
        "compared": [(_LABELS[k], found.get(k), STUDY[k]) for k in STUDY],
        "kept": _kept(found),
        "upset": {
            "kind": "upset",
            "title": "Links by the vantage points that saw them",
            "sets": list(vantages),
            "rows": [
                {"sets": row.get("vantages"), "value": _int(row.get("links"))}
                for row in overlap[:COMBINATIONS]
            ],
        },
    }


def _vantage(facts: dict[str, Any]) -> dict[str, Any]:
    reasons = sorted(_dict(facts.get("failed_by_reason")).items(), key=lambda kv: -_int(kv[1]))
    return {
        "sites": _int(facts.get("sites")),
        "reached": _int(facts.get("reached")),
        "failed": _int(facts.get("failed")),
        "links": _int(facts.get("links")),
        "reasons": [(str(reason), _int(n)) for reason, n in reasons],
    }


def _kept(found: dict[str, Any]) -> tuple[float | None, float]:
    """Share of the union that is in the intersection, in per cent: ours and the study's."""
    union = _int(found.get("union"))
    ours = 100 * _int(found.get("intersection")) / union if union else None
    return ours, 100 * STUDY["intersection"] / STUDY["union"]


def _dict(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _int(value: Any) -> int:
    return value if isinstance(value, int) else 0

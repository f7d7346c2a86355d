"""Third parties and scripts on each seed, then and now: new, gone, more, fewer."""

from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted.analyses.comparison.sides import Side
from overscripted.analyses.comparison.significance import holm, mcnemar
from overscripted.analyses.settings import MAX_EVIDENCE
from overscripted.visit_groups import VISIT

SIGNIFICANT = 0.05
PARTIES = pa.schema(
    [
        ("domain", pa.string()),
        ("verdict", pa.string()),
        ("seeds_then", pa.int64()),
        ("seeds_now", pa.int64()),
        ("lost_on", pa.int64()),
        ("gained_on", pa.int64()),
        ("p", pa.float64()),
        ("p_corrected", pa.float64()),
        ("noise", pa.int64()),
    ]
)


def has_requests(*sides: Side) -> bool:
    """Whether all sides have requests: imports of the study, for example, have none."""
    return not any(
        side.missing("requests") or not side.arrow(side.table("requests").select("url").limit(1)).num_rows
        for side in sides
    )


def parties(then: Side, now: Side) -> dict[str, dict[str, int]]:
    """Per third-party domain: seeds_then, seeds_now, lost_on and gained_on, all numbers of seeds."""
    zero, one = ibis.literal(0, "int64"), ibis.literal(1, "int64")
    asked = has_requests(then, now)
    before = _on_seeds(then, asked).mutate(then=one, now=zero)
    pairs = before.union(_on_seeds(now, asked).mutate(then=zero, now=one)).group_by("seed", "domain")
    met = pairs.agg(then=_.then.max(), now=_.now.max())
    counted = met.group_by("domain").agg(
        seeds_then=met.then.sum(),
        seeds_now=met.now.sum(),
        lost_on=(met.then * (1 - met.now)).sum(),
        gained_on=(met.now * (1 - met.then)).sum(),
    )
    return {row.pop("domain"): row for row in now.rows(counted)}


def party_rows(
    found: dict[str, dict[str, int]], noise: dict[str, dict[str, int]] | None
) -> list[dict[str, Any]]:
    """A row of `PARTIES` per domain, those that changed most first.

    ``noise`` are the same counts between two crawls among which nothing should have changed: a domain changed
    only by more seeds than there. ``p`` is `mcnemar`'s, corrected by `holm` over all domains.
    """
    names = sorted(found)
    tests = [mcnemar(found[name]["lost_on"], found[name]["gained_on"]) for name in names]
    rows = []
    for name, p, corrected in zip(names, tests, holm(tests), strict=True):
        counts = found[name]
        beside = (noise or {}).get(name, {"lost_on": 0, "gained_on": 0})
        swing = abs(beside["gained_on"] - beside["lost_on"]) if noise is not None else None
        row = {"domain": name, **counts, "p": p, "p_corrected": corrected, "noise": swing}
        rows.append({**row, "verdict": _verdict(row)})
    return sorted(rows, key=lambda r: (-abs(r["gained_on"] - r["lost_on"]), r["domain"]))


def _verdict(row: dict[str, Any]) -> str:
    change = row["gained_on"] - row["lost_on"]
    if abs(change) <= (row["noise"] or 0):
        return "within noise" if change else "same"
    if not row["seeds_then"] or not row["seeds_now"]:
        return "gone" if row["seeds_then"] else "new"
    if row["p_corrected"] >= SIGNIFICANT:
        return "not significant"
    return "more" if change > 0 else "fewer"


def _on_seeds(side: Side, asked: bool) -> ir.Table:
    """Distinct pairs of seed and third-party domain: of requests (``asked``), else of scripts with calls."""
    assert side.kept is not None
    if asked:
        rows = side.table("requests")
        rows = rows.filter(rows.is_third_party).select(*VISIT, domain="domain")
    else:
        rows = side.table("script_refs")
        rows = rows.filter(rows.is_third_party).select(*VISIT, domain="script_domain")
    return rows.inner_join(side.kept, VISIT).filter(_.domain != "").select("seed", "domain").distinct()


def scripts(then: Side, now: Side) -> tuple[pa.Table, dict[str, int]]:
    """Scripts that are new, gone, or have another body, and the number of each; bodies by SHA-256.

    Columns: script_url, status, seeds_then, seeds_now, sha256_then and sha256_now (the first by name).
    """
    a, b = _bodies(then), _bodies(now)
    columns = {
        name: ibis.null(kind)
        for name, kind in (("seeds_b", "int64"), ("least_b", "string"), ("most_b", "string"))
    }
    left = a.select("script_url", seeds_a="seeds", least_a="least", most_a="most", **columns)
    columns = {name.replace("_b", "_a"): value for name, value in columns.items()}
    right = b.select("script_url", **columns, seeds_b="seeds", least_b="least", most_b="most")
    rows = left.union(right.select(*left.columns)).group_by("script_url")
    rows = rows.agg(**{name: _[name].max() for name in left.columns[1:]})
    status = ibis.cases(
        (rows.seeds_a.isnull(), "new"),
        (rows.seeds_b.isnull(), "gone"),
        ((rows.least_a != rows.least_b) | (rows.most_a != rows.most_b), "other body"),
        else_="same",
    )
    rows = rows.mutate(status=status, seeds=rows.seeds_a.fill_null(0) + rows.seeds_b.fill_null(0))
    counts = {r["status"]: r["n"] for r in now.rows(rows.group_by("status").agg(n=_.count()))}
    shown = rows.filter(rows.status != "same").order_by(_.seeds.desc(), _.script_url).limit(MAX_EVIDENCE)
    table = now.arrow(
        shown.select(
            "script_url",
            "status",
            seeds_then=shown.seeds_a.fill_null(0),
            seeds_now=shown.seeds_b.fill_null(0),
            sha256_then="least_a",
            sha256_now="least_b",
        )
    )
    return table, counts


def _bodies(side: Side) -> ir.Table:
    """Per script URL that was asked for: seeds, and the least and greatest SHA-256 of its bodies."""
    assert side.kept is not None
    rows = side.table("requests")
    rows = rows.filter((rows.resource_type == "script") & rows.url.startswith("http"))
    rows = rows.select(*VISIT, "body_sha256", script_url="url").inner_join(side.kept, VISIT)
    return rows.group_by("script_url").agg(
        seeds=rows.seed.nunique(), least=rows.body_sha256.min(), most=rows.body_sha256.max()
    )

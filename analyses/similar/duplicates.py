"""What bodies of scripts have in common: the same body in several places, and nearly the same bodies."""

from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted.analyses.model import Inputs
from overscripted.analyses.settings import MAX_EVIDENCE
from overscripted.analyses.similar.bodies import asked, served, sketches, summed
from overscripted.analyses.similar.clusters import clusters


@dataclass(frozen=True)
class Duplicates:
    """Counts of bodies and clusters, and the tables ``bodies``, ``clusters`` and ``members``."""

    counts: dict[str, int] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)


def not_recorded(inputs: Inputs) -> list[str]:
    """What the run lacks of what bodies are compared by: "no table x", "no rows in its table x"."""
    return [
        inputs.missing(name) or f"no rows in its table {name}"
        for name in ("requests", "visits", "scripts")
        if not inputs.has_rows(name)
    ]


def duplicates(inputs: Inputs) -> Duplicates:
    """Bodies by SHA-256, and clusters of near-duplicates among those that most pages have.

    Empty where no body is recorded.
    """
    if not inputs.has_rows("requests") or not inputs.has_rows("visits"):
        return Duplicates()
    rows = inputs.engine.keep(served(inputs))
    counts = inputs.totals(
        rows.aggregate(
            bodies=_.count(),
            urls=_.count(where=rows.urls > 1),
            sites=_.count(where=rows.sites > 1),
            domains=_.count(where=rows.domains > 1),
            largest=rows["size"].max(),
            most_sites=rows.sites.max(),
        )
    )
    if not counts["bodies"]:
        inputs.engine.drop(rows)
        return Duplicates()
    order = [ibis.desc("sites"), ibis.desc("pages"), ibis.desc("urls"), "sha256"]
    found = {"bodies": inputs.arrow(rows.order_by(order).limit(MAX_EVIDENCE))}
    if inputs.has_rows("scripts"):
        made = sketches(inputs, rows)
        groups = clusters(made)
        found |= _clustered(inputs, rows, groups)
        counts |= {"compared": len(made), "clustered": sum(map(len, groups)), "clusters": len(groups)}
    inputs.engine.drop(rows)
    return Duplicates({name: int(n) for name, n in counts.items()}, found)


def _clustered(inputs: Inputs, rows: ir.Table, groups: list[list[str]]) -> dict[str, pa.Table]:
    """The clusters, and their members, with what the bodies' rows say."""
    pairs = [(members[0], name) for members in groups for name in members]
    named = pa.table(
        {
            "cluster": pa.array([cluster for cluster, _name in pairs], pa.string()),
            "sha256": pa.array([name for _cluster, name in pairs], pa.string()),
        }
    )
    names = inputs.engine.table(named)
    members = names.inner_join(rows, "sha256")
    whole = summed(asked(inputs).inner_join(names, "sha256"), "cluster")
    sizes = members.group_by("cluster").agg(
        bodies=_.count(), smallest=_["size"].min(), largest=_["size"].max()
    )
    whole = sizes.inner_join(whole, "cluster")
    order = [ibis.desc("sites"), ibis.desc("bodies"), "cluster"]
    return {
        "clusters": inputs.arrow(whole.order_by(order).limit(MAX_EVIDENCE)),
        "members": inputs.arrow(members.order_by("cluster", "sha256").limit(MAX_EVIDENCE)),
    }

"""The two sides of a comparison: the visits of each that count, and the analyses' inputs with these alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
from ibis import _

from overscripted import visit_groups
from overscripted.analyses.counted import counted
from overscripted.analyses.model import Inputs
from overscripted.engines import Engine
from overscripted.lists.roles import choose
from overscripted.outcomes import GOOD
from overscripted.references import by_location, by_script, references, tally
from overscripted.run import Run
from overscripted.visit_groups import VISIT


@dataclass
class Side(Inputs):
    """Inputs whose tables have only rows of the ``kept`` visits (crawl_id, visit_id, seed) of the group.

    Roll-ups without visits are made again from ``script_refs``. ``hosts`` has the hosts in the kept rows, but
    its counts are the run's. ``whole``: the kept visits are all of the group.
    """

    kept: ir.Table | None = None
    whole: bool = False

    def table(self, name: str) -> ir.Table:
        if self.whole or self.kept is None:
            return super().table(name)
        if name == "documents":
            return by_location(references(self.table("script_refs")))
        if name == "script_urls":
            return _script_urls(references(self.table("script_refs")), super().table(name))
        rows = super().table(name)
        if set(VISIT) <= {*rows.columns}:
            return visit_groups.of_visits(rows, self.kept)
        return rows.semi_join(_hosts(self.table("script_refs")), "host") if name == "hosts" else rows


def open_side(run: Run, engine: Engine, where: Sequence[str]) -> Side:
    """All visits of the group that `analyze` counts, too."""
    conditions = dict(visit_groups.condition(text) for text in where)
    groups, _order, group = counted(run.store, engine, conditions)
    return Side(engine, run.store, choose(()), "ours", groups, group)


def seeds(side: Side) -> ir.Table:
    """The first visit at each seed: crawl_id, visit_id, seed, and its columns of interest."""
    rows = side.table("visits").filter(_.site_url.notnull())
    first = rows.group_by(seed="site_url").agg(visit_id=_.visit_id.min())
    return rows.mutate(seed="site_url").semi_join(first, ["seed", "visit_id"])


def both(then: Side, now: Side) -> tuple[ir.Table, ir.Table]:
    """The visits of each side at seeds that both have visited."""
    a, b = seeds(then), seeds(now)
    common = a.select("seed").inner_join(b.select("seed"), "seed")
    return a.semi_join(common, "seed"), b.semi_join(common, "seed")


def restricted(side: Side, own: ir.Table, other: ir.Table) -> Side:
    """The side with its visits at seeds whose page both saw; ``own``, ``other``: as `both` gives them."""
    seen = other.filter(other.outcome.isin(list(GOOD))).select("seed")
    kept = own.filter(own.outcome.isin(list(GOOD))).semi_join(seen, "seed").select(*VISIT, "seed")
    kept = side.engine.keep(kept)
    n = side.totals(kept.aggregate(n=_.count()))["n"]
    visits = side.totals(side.table("visits").aggregate(n=_.count()))["n"]
    return Side(
        side.engine, side.store, side.lists, side.rule, side.groups, side.group, kept=kept, whole=n == visits
    )


def _script_urls(rows: ir.Table, all_visits: ir.Table) -> ir.Table:
    """Script URLs of the kept visits; whether one has another label is taken from all visits of the group."""
    rolled = by_script(
        rows,
        n_dynamic_documents=tally(rows.n_dynamic > 0),
        dynamic_third_party=rows.is_dynamic_third_party.max(),
    )
    labels = all_visits.select("script_url", "dynamic_other_label")
    return rolled.left_join(labels, "script_url").drop("script_url_right")


def _hosts(refs: ir.Table) -> ir.Table:
    return ibis.union(refs.select(host="location_host"), refs.select(host="script_host"), distinct=True)

"""How visits at the same seeds ended then and now, which are slow, and which met a bot wall."""

import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted.analyses.comparison.sides import Side
from overscripted.analyses.settings import EVIDENCE_TEXT
from overscripted.outcomes import Outcome

SLOWEST = 100  # seeds: the rest is a query on visits


def tables(now: Side, a: ir.Table, b: ir.Table) -> dict[str, pa.Table]:
    """Tables of the visits at seeds that both sides have visited: outcomes, errors, blocked, slowest."""
    pairs = _pairs(a, b)
    outcomes = pairs.group_by("then", "now").agg(seeds=_.count())
    challenge = Outcome.CHALLENGE.value
    blocked = pairs.filter((pairs.then == challenge) | (pairs.now == challenge))
    errors = pairs.filter(pairs.error != "").group_by(
        outcome="now", error=pairs.error.substr(0, EVIDENCE_TEXT)
    )
    slow = pairs.filter(pairs.load_s_now.notnull()).order_by(_.load_s_now.desc(), _.seed).limit(SLOWEST)
    seed = _.seed.substr(0, EVIDENCE_TEXT)
    return {
        "outcomes": now.arrow(outcomes.order_by(_.seeds.desc(), _.then, _.now)),
        "errors": now.arrow(
            errors.agg(seeds=_.count()).order_by(_.seeds.desc(), _.outcome, _.error).limit(SLOWEST)
        ),
        "blocked": now.arrow(
            blocked.order_by("seed").select("then", "now", "rule_then", "rule_now", seed=seed).limit(SLOWEST)
        ),
        "slowest": now.arrow(slow.select("load_s_then", "load_s_now", seed=seed)),
    }


def _pairs(a: ir.Table, b: ir.Table) -> ir.Table:
    """One row per seed: its outcome, seconds until its load event, and rule of a bot wall, then and now."""
    then = a.select("seed", then="outcome", load_s_then=_load_s(a), rule_then="challenge")
    later = b.select(
        "seed", now="outcome", load_s_now=_load_s(b), rule_now="challenge", error=b.error.fill_null("")
    )
    return then.inner_join(later, "seed")


def _load_s(visits: ir.Table) -> ir.FloatingValue:
    return (visits.loaded.epoch_seconds() - visits.started.epoch_seconds()).cast("float64")

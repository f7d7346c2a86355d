"""Third parties, trackers and cookies of each visit, before and after the crawl answered its banner."""

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted import visit_groups
from overscripted.analyses.model import Inputs
from overscripted.group_names import SEED
from overscripted.outcomes import GOOD
from overscripted.visit_groups import VISIT

PHASES = ("before", "after", "whole")
METRICS = ("third_parties", "trackers", "tracker_requests", "cookies")
# Categories of third-party-web whose hosts count as trackers.
TRACKING = ("ad", "analytics", "marketing", "social")
_MIN_VALUE = (
    8  # characters of a cookie that may identify, and more than so many days (Englehardt and Narayanan)
)
_MIN_LIFE_S = 90 * 86_400


def seed_visits(inputs: Inputs) -> ir.Table:
    """Visits of all variants that show the page of a seed, in the counted wave."""
    rows = visit_groups.with_values(all_rows(inputs, "visits"))
    wave = inputs.group.wave if inputs.group else 1
    return rows.filter(rows.outcome.isin(GOOD), rows.reached_by == SEED, rows.wave == wave)


def answers(inputs: Inputs, visits: ir.Table) -> ir.Table:
    """When the crawl answered the banner of a visit with success, and how: ``choice``, ``chosen``."""
    actions = all_rows(inputs, "actions").filter(
        _.step == "consent", _.action.isin(("accept", "reject")), _.outcome == "done"
    )
    return (
        actions.semi_join(visits, VISIT)
        .group_by(*VISIT)
        .aggregate(choice=_.action.max(), chosen=_.started.min())
    )


def counts(inputs: Inputs, visits: ir.Table, trackers: pa.Table) -> ir.Table:
    """A row per visit: its `METRICS` before any choice (``trackers_before``), after, and whole.

    ``trackers`` are the hosts of trackers, column host. A visit without an answer has all of it before.
    The engine keeps the rows until `Engine.drop`.
    """
    known = visits.select(*VISIT, "variant", "site_url", "final_domain", "site_domain")
    if inputs.missing("actions"):
        known = known.mutate(choice=ibis.literal(""), chosen=ibis.null("timestamp('UTC', 6)"))
    else:
        given = answers(inputs, visits)
        known = known.left_join(given, VISIT).select(
            *known.columns, choice=given.choice.fill_null(""), chosen=given.chosen
        )
    base = whole = inputs.engine.keep(known)  # it is joined several times
    for found in (_requests(inputs, base, trackers), _cookies(inputs, base)):
        filled = {name: found[name].fill_null(0) for name in found.columns if name not in VISIT}
        whole = whole.left_join(found, VISIT).select(whole, **filled)
    kept = inputs.engine.keep(whole)
    inputs.engine.drop(base)
    return kept


def all_rows(inputs: Inputs, table: str) -> ir.Table:
    """A table with the rows of all groups of visits."""
    return inputs.unfiltered(table)


def _requests(inputs: Inputs, known: ir.Table, trackers: pa.Table) -> ir.Table:
    hosts = inputs.engine.table(trackers.select(["host"]).append_column("_tracks", _true(trackers)))
    third = all_rows(inputs, "requests").filter(_.is_third_party, _.domain.fill_null("") != "")
    third = third.select(*VISIT, "host", "domain", "time_stamp")
    marked = third.left_join(hosts, "host").select(third, tracks=hosts["_tracks"].fill_null(False))
    rows = marked.inner_join(known.select(*VISIT, "chosen"), VISIT)
    after = (rows.time_stamp >= rows.chosen).fill_null(False)
    aggregates: dict[str, ir.Scalar] = {}
    for phase, here in zip(PHASES, (~after, after, rows.visit_id.notnull()), strict=True):
        tracks = here & rows.tracks
        aggregates |= {
            f"third_parties_{phase}": rows.domain.nunique(where=here),
            f"trackers_{phase}": rows.domain.nunique(where=tracks),
            f"tracker_requests_{phase}": tracks.sum(),
        }
    return rows.group_by(*VISIT).aggregate(**aggregates)


def _cookies(inputs: Inputs, known: ir.Table) -> ir.Table:
    """Cookies that may identify, by length and lifetime alone: a weaker rule than that of identifiers."""
    zero = {f"cookies_{phase}": ibis.literal(0, "int64") for phase in PHASES}
    if inputs.missing("cookies"):
        return known.select(*VISIT).mutate(**zero)
    cookies = all_rows(inputs, "cookies").filter(_.record_type != "deleted", _.value.length() >= _MIN_VALUE)
    life = cookies.expiry.epoch_seconds() - cookies.time_stamp.epoch_seconds()
    rows = cookies.filter(life > _MIN_LIFE_S).inner_join(known.select(*VISIT, "chosen"), VISIT)
    after = (rows.time_stamp >= rows.chosen).fill_null(False)
    each = rows.group_by(*VISIT, "host", "name").aggregate(before=(~after).max(), after=after.max())
    return each.group_by(*VISIT).aggregate(
        cookies_before=each.before.sum(), cookies_after=each.after.sum(), cookies_whole=each.count()
    )


def _true(rows: pa.Table) -> pa.Array:
    return pa.array([True] * rows.num_rows, pa.bool_())

"""Cookies that come back with the value that they had before they were deleted."""

import ibis
import ibis.expr.types as ir
from ibis import _

from overscripted import visit_groups
from overscripted.analyses.identifiers.stored import VISIT
from overscripted.analyses.model import Inputs
from overscripted.analyses.syncing.tokens import SHORTEST
from overscripted.group_names import REVISIT
from overscripted.outcomes import GOOD

_COOKIE = ["host", "name", "path", "first_party_domain", "value"]
COLUMNS = (*VISIT, "when", "host", "name", "value", "via")
IN_VISIT, IN_REVISIT = "in the visit", "when the page was visited again"


def in_visit(inputs: Inputs) -> ir.Table:
    """Cookies that were deleted in a visit, and set to the same value in it later; columns `COLUMNS`."""
    rows = _long(inputs.table("cookies"))
    key = [*VISIT, *_COOKIE]
    gone = rows.filter(rows.record_type == "deleted", rows.change_cause != "overwrite")
    first_gone = gone.group_by(key).agg(gone=_.time_stamp.min())
    back = rows.filter(rows.record_type != "deleted").inner_join(first_gone, key)
    return _found(back.filter(back.time_stamp > back.gone), IN_VISIT)


def second_visits(inputs: Inputs) -> ir.Table:
    """Visits of all variants that came again to a page in the same container, with ``parent_visit_id``."""
    visits = inputs.unfiltered("visits")
    if "parent_visit_id" not in visits.columns:
        visits = visits.mutate(parent_visit_id=ibis.null("int64"))
    visits = visit_groups.with_values(visits)
    again = visits.filter(visits.reached_by == REVISIT, visits.outcome.isin(GOOD))
    return again.filter(again.parent_visit_id.notnull()).select(*VISIT, "parent_visit_id")


def in_revisit(inputs: Inputs, again: ir.Table) -> ir.Table:
    """Cookies of a first visit that were gone at its end, and had the same value in the second one.

    ``again``: the `second_visits`. Columns `COLUMNS`, of the second visit.
    """
    changes = _long(inputs.unfiltered("cookies")).filter(_.record_type != "deleted")
    left = inputs.unfiltered("stored_cookies").select(*VISIT, *_COOKIE).distinct()
    before = changes.select(*VISIT, *_COOKIE).distinct().anti_join(left, [*VISIT, *_COOKIE])
    before = before.rename(parent_visit_id="visit_id")
    back = changes.inner_join(again, VISIT).inner_join(before, ["crawl_id", "parent_visit_id", *_COOKIE])
    return _found(back, IN_REVISIT)


def _long(cookies: ir.Table) -> ir.Table:
    """Cookies with values that may identify; without NULL, which joins do not match."""
    names = ("path", "first_party_domain")
    filled = cookies.mutate(**{name: cookies[name].fill_null("") for name in names})
    return filled.filter(filled.value.fill_null("").length() >= SHORTEST)


def _found(rows: ir.Table, when: str) -> ir.Table:
    found = rows.group_by(*VISIT, "host", "name", "value").agg(via=rows.via.max())
    return found.mutate(when=ibis.literal(when)).select(*COLUMNS)

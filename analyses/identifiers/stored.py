"""What the visits of a run had stored at their end: cookies, and items of the other storages."""

import ibis
import ibis.expr.types as ir
from ibis import _

from overscripted.analyses.domains import with_domain
from overscripted.analyses.hygiene.cookie_attributes import last_changes
from overscripted.analyses.identifiers.rules import DAYS, SHORTEST
from overscripted.analyses.model import Inputs
from overscripted.outcomes import GOOD

VISIT = ["crawl_id", "visit_id"]
NAME = ["mechanism", "host", "name"]  # what different browsers hold values under
LONGEST = 4096  # characters: browsers keep no longer cookie
_FOREVER = 36_500  # days: storages have no end
_VALUES = ("value", "least", "greatest", "days", "created")


def stored_values(inputs: Inputs) -> ir.Table:
    """One row for each name that a visit had a value under, with the days that the value lives.

    Only values that may identify: of `SHORTEST` to `LONGEST` characters, that live `DAYS` or longer.
    ``least`` and ``greatest``: of the values that the name had during the visit, in the order of their
    characters; where nothing changed both are ``value``. ``is_third_party``: the host belongs to another site
    than the page. ``created``: when it was stored; NULL but for cookies.
    """
    pages = inputs.table("visits").filter(_.outcome.isin(GOOD)).select(*VISIT, "final_domain")
    rows = _cookies(inputs)
    if not inputs.missing("stored_items"):
        rows = ibis.union(rows, _items(inputs))
    length = rows.value.length()
    rows = rows.filter(length >= SHORTEST, length <= LONGEST, rows.days >= DAYS)
    known = with_domain(inputs, rows.inner_join(pages, VISIT), "host", "domain")
    one = known.group_by([*VISIT, *NAME]).agg(
        domain=_.domain.min(),
        page_domain=_.final_domain.min(),
        value=_.value.min(),
        least=_.least.min(),
        greatest=_.greatest.max(),
        days=_.days.max(),
        created=_.created.min(),
    )
    return one.mutate(is_third_party=one.domain != one.page_domain)


def _cookies(inputs: Inputs) -> ir.Table:
    """Persistent cookies."""
    key = [*VISIT, "host", "name", "path", "first_party_domain"]
    if inputs.missing("stored_cookies") or not inputs.knows("stored_cookies.value", "stored_cookies.created"):
        rows = last_changes(inputs.table("cookies"))
    else:
        rows = inputs.table("stored_cookies")
    rows = rows.filter(_.expiry.notnull(), _.value.notnull())
    days = (rows.expiry.epoch_seconds() - rows.created.epoch_seconds()).cast("float64") / 86_400
    rows = rows.select(*key, "value", "created", days=days, least="value", greatest="value")
    if not inputs.missing("cookies"):
        set_to = inputs.table("cookies").filter(_.record_type != "deleted").group_by(key)
        changed = set_to.agg(low=_.value.min(), high=_.value.max()).filter(_.low != _.high)
        rows = rows.left_join(changed, key, rname="_{name}")
        least, greatest = (ibis.coalesce(rows[name], rows.value) for name in ("low", "high"))
        rows = rows.mutate(least=least, greatest=greatest)
    return rows.select(*VISIT, "host", "name", *_VALUES, mechanism=ibis.literal("cookie"))


def _items(inputs: Inputs) -> ir.Table:
    """Items of local storage and records of databases; session storage ends with the tab."""
    rows = inputs.table("stored_items").filter(
        _.kind.isin(["local_storage", "indexed_db"]), _.key.notnull(), _.value.notnull()
    )
    return rows.select(
        *VISIT,
        host=rows.origin.re_extract(r"^[a-z]+://([^/:]+)", 1),
        name=rows.key,
        value=rows.value,
        least=rows.value,
        greatest=rows.value,
        days=ibis.literal(_FOREVER, "float64"),
        created=ibis.null("timestamp('UTC', 6)"),
        mechanism=rows.kind,
    )

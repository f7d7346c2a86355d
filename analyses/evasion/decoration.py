"""Link decoration: what pages do with a parameter that was added to the address at which they were visited.

The method is that of DuckDuckGo's Tracker Radar detector: click identifiers such as ``gclid`` with made-up
values are added to the address, and ``not_a_param`` as the control. A page that uses the parameter stores its
value or sends it to third parties. Pages that also do so with the control do it with any address.
"""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

import ibis
import ibis.expr.types as ir
from ibis import _

from overscripted.analyses.counted import variants
from overscripted.analyses.identifiers.stored import VISIT
from overscripted.analyses.model import Inputs
from overscripted.outcomes import GOOD

CONTROL = "not_a_param"
SHORTEST = 6  # characters of a value that does not occur by chance
MAX_PARAMETERS = 20  # of all variants together


@dataclass(frozen=True)
class Decoration:
    """A parameter of a variant's decorated link, and the inputs with that variant's visits."""

    variant: str
    parameter: str
    value: str
    inputs: Inputs


def decorations(inputs: Inputs) -> list[Decoration]:
    """The parameters that the run's variants add to addresses, in visits of the counted wave."""
    if inputs.group is None:
        return []
    seen = {"wave": inputs.group.wave, "reached_by": inputs.group.reached_by}
    visited = {
        group["variant"]
        for group in inputs.groups
        if all(group[name] == value for name, value in seen.items())
    }
    found = []
    for variant, settings in variants(inputs.store, inputs.engine).items():
        if variant in visited:
            of_variant = replace(inputs, group=replace(inputs.group, variant=variant))
            pairs = parse_qsl(str(settings.get("decorate", "")))
            found += [Decoration(variant, name, value, of_variant) for name, value in pairs]
    return [one for one in found if len(one.value) >= SHORTEST][:MAX_PARAMETERS]


def uses(one: Decoration) -> tuple[dict[str, Any], ir.Table]:
    """How many ``pages`` there are, and how many ``stored`` and ``sent`` the value; and where to, by page.

    Rows: crawl_id, visit_id, how (stored or sent), where (the cookie's host, the storage's origin, or the
    request's host). The engine keeps them until `Engine.drop`.
    """
    inputs = one.inputs
    visits = inputs.table("visits").filter(_.outcome.isin(GOOD), _.final_domain.fill_null("") != "")
    pages = visits.select(*VISIT, site=visits.final_domain)
    requests = inputs.table("requests").inner_join(pages, VISIT)
    sent = requests.filter(
        requests.domain.fill_null("") != "",
        requests.domain != requests.site,
        requests.resource_type.fill_null("") != "main_frame",
        requests.url.contains(one.value),
    ).select(*VISIT, how=ibis.literal("sent"), where=_.host)
    found = [sent]
    if not inputs.missing("cookies"):
        cookies = inputs.table("cookies").inner_join(pages, VISIT)
        set_to = cookies.filter(
            cookies.record_type != "deleted", cookies.value.fill_null("").contains(one.value)
        )
        found.append(set_to.select(*VISIT, how=ibis.literal("stored"), where=_.host))
    if not inputs.missing("stored_items"):
        items = inputs.table("stored_items").inner_join(pages, VISIT)
        kept = items.filter(items.value.fill_null("").contains(one.value))
        found.append(kept.select(*VISIT, how=ibis.literal("stored"), where=_.origin))
    rows = inputs.engine.keep(ibis.union(*found).distinct() if len(found) > 1 else sent.distinct())
    totals = inputs.totals(pages.aggregate(pages=_.count()))
    for how in ("stored", "sent"):
        those = rows.filter(rows.how == how).select(*VISIT).distinct()
        totals[how] = inputs.totals(those.aggregate(n=_.count()))["n"]
    return totals, rows

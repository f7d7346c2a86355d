"""The visits that count: those that show their page, and those that the crawl ended because they computed."""

import ibis.expr.types as ir
from ibis import _

from overscripted.analyses.model import Inputs
from overscripted.outcomes import GOOD, Outcome
from overscripted.visit_groups import VISIT

Visit = tuple[int, int]
# The crawl ends a page that takes 30 s of CPU (`hung`): what a miner takes in half a minute.
OUTCOMES = (*GOOD, Outcome.HUNG)


def seen(inputs: Inputs) -> ir.Table:
    """The visits that count: crawl_id, visit_id, page (its URL), behaviours."""
    visits = inputs.table("visits").filter(_.outcome.isin(OUTCOMES))
    page = visits.final_url.nullif("").fill_null(visits.site_url).fill_null("")
    return visits.select(*VISIT, page=page, behaviours=visits.behaviours.fill_null(""))


def of_seen(inputs: Inputs, table: str) -> ir.Table:
    """The rows of a table that are of the visits that count."""
    return inputs.table(table).semi_join(seen(inputs), VISIT)

"""``documents``: one row per group of visits and location. Analyses take their denominators from it."""

import ibis.expr.types as ir

from overscripted.etl.transforms.references import COUNTS, recorded, tally
from overscripted.group_names import DIMENSIONS
from overscripted.schemas import TABLES


def documents(references: ir.Table) -> ir.Table:
    """Distinct locations, from `references`."""
    rolled = references.group_by(*DIMENSIONS, "location").agg(
        location_host=references.location_host.max(),
        location_netloc=references.location_netloc.max(),
        location_domain=references.location_domain.max(),
        in_iframe=references.in_iframe.all(),
        n_scripts=references.count(),
        n_recorded_scripts=tally(recorded(references)),
        n_valid_scripts=tally(references.n_valid > 0),
        n_third_party_scripts=tally(references.is_third_party),
        **{name: references[name].sum() for name in COUNTS},
    )
    return rolled.select(*TABLES["documents"].names)

"""``pages``: one row per document of a visit, with its counts."""

import ibis.expr.types as ir

from overscripted.group_names import DIMENSIONS
from overscripted.references import COUNTS, tally
from overscripted.schemas import TABLES

KEY = ["crawl_id", "visit_id", "location"]


def pages(script_refs: ir.Table) -> ir.Table:
    """Distinct (visit, location), from their script references."""
    rolled = script_refs.group_by(KEY).agg(
        location_host=script_refs.location_host.max(),
        location_netloc=script_refs.location_netloc.max(),
        location_domain=script_refs.location_domain.max(),
        **{name: script_refs[name].max() for name in DIMENSIONS},
        in_iframe=script_refs.in_iframe.all(),
        n_scripts=script_refs.count(),
        n_third_party_scripts=tally(script_refs.is_third_party),
        **{name: script_refs[name].sum() for name in COUNTS},
    )
    return rolled.select(*TABLES["pages"].names)

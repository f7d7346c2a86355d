"""``script_urls``: one row a distinct script URL, so that a rule about URLs is asked once of each."""

import ibis.expr.types as ir

from etl.transforms.references import COUNTS, recorded, tally
from overscripted.schemas import TABLES


def script_urls(references: ir.Table) -> ir.Table:
    """Distinct script URLs, from `references`."""
    rolled = references.group_by("script_url").agg(
        script_host=references.script_host.max(),
        script_domain=references.script_domain.max(),
        n_documents=references.count(),
        n_recorded_documents=tally(recorded(references)),
        n_valid_documents=tally(references.n_valid > 0),
        n_script_refs=references.n_script_refs.sum(),
        **{name: references[name].sum() for name in COUNTS},
    )
    return rolled.select(*TABLES["script_urls"].names)

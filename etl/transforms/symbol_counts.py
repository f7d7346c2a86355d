"""``symbol_counts``: how often each script used each symbol on each document."""

import ibis.expr.types as ir

from overscripted.etl.transforms import script_refs
from overscripted.etl.transforms.uses import KEY
from overscripted.schemas import TABLES


def symbol_counts(uses: ir.Table, refs: ir.Table) -> ir.Table:
    """One row per document, script, symbol and operation; ``uses`` of all batches.

    ``refs`` is the table `script_refs`, which has the domains of documents and scripts.
    """
    counts = uses.group_by(KEY).agg(
        n_calls=(uses.n_valid + uses.n_invalid + uses.n_cut).sum(),
        n_valid=uses.n_valid.sum(),
        n_dynamic=uses.n_dynamic.sum(),
    )
    domains = refs.select(*script_refs.KEY, "location_domain", "script_domain", "is_third_party")
    return counts.inner_join(domains, script_refs.KEY).select(*TABLES["symbol_counts"].names)

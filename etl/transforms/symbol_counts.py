"""``symbol_counts``: how often each script used each symbol on each document."""

import ibis.expr.types as ir

from overscripted.etl.transforms import script_refs
from overscripted.etl.transforms.uses import KEY
from overscripted.schemas import TABLES


def symbol_counts(uses: ir.Table, refs: ir.Table) -> ir.Table:
    """One row a document, script, symbol and operation; ``uses`` of all batches.

    ``refs`` is `script_refs`, which says whose document and script are.
    """
    counts = uses.group_by(KEY).agg(
        n_calls=(uses.n_valid + uses.n_invalid + uses.n_cut).sum(),
        n_valid=uses.n_valid.sum(),
        n_dynamic=uses.n_dynamic.sum(),
    )
    whose = refs.select(*script_refs.KEY, "location_domain", "script_domain", "is_third_party")
    return counts.inner_join(whose, script_refs.KEY).select(*TABLES["symbol_counts"].names)

"""How things that come in documents spread over these: the sums that an interval of their share needs."""

import ibis.expr.types as ir
import pyarrow as pa

from overscripted.analyses.counting import grouped
from overscripted.analyses.shapes import Inputs
from overscripted.analyses.statistics import moments

# A document's key in a join: by the host, row groups of others are skipped, since rows are in URL order.
DOCUMENT = ("location_host", "location")


def spread(
    inputs: Inputs, documents: ir.Table, refs: pa.Table, of: str, counts: dict[str, tuple[str, str]]
) -> dict[str, float]:
    """`moments` of ``counts`` (as in `grouped`) over the documents of ``refs``; others would add nothing.

    ``of`` is the column of ``documents`` with what the counts are a share of.
    """
    found = grouped(refs, {key: key for key in DOCUMENT}, counts)
    pages = documents.select(*DOCUMENT, of).inner_join(inputs.engine.table(found), DOCUMENT)
    return moments(inputs.arrow(pages), of, *counts)

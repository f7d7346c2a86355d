"""Sums over documents of what comes in documents: the interval of a share of references needs them."""

import ibis.expr.types as ir
import pyarrow as pa

from overscripted.analyses.arrow_tables import grouped
from overscripted.analyses.model import Inputs
from overscripted.analyses.statistics import product_sums

# The key of a document in a join. The host comes first: rows are in URL order, so that row groups of other
# hosts are skipped.
DOCUMENT = ("location_host", "location")


def document_sums(
    inputs: Inputs, documents: ir.Table, refs: pa.Table, total: str, counts: dict[str, tuple[str, str]]
) -> dict[str, float]:
    """`product_sums` of ``counts`` (aggregates of `grouped`) over the documents of ``refs``.

    ``total`` is the column of ``documents`` that the counts are a share of. Documents without a row in
    ``refs`` add nothing to the sums.
    """
    counted = grouped(refs, {key: key for key in DOCUMENT}, counts)
    pages = documents.select(*DOCUMENT, total).inner_join(inputs.engine.table(counted), DOCUMENT)
    return product_sums(inputs.arrow(pages), total, *counts)

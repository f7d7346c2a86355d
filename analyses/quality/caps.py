"""What caps cut: calls that were only counted; values, bodies and pages of which the beginning is kept."""

from collections.abc import Callable

import ibis.expr.types as ir
import pyarrow as pa

from overscripted.analyses.model import Inputs
from overscripted.analyses.quality.null_counts import null_count

_Condition = Callable[[ir.Table], ir.BooleanValue]


def _js_length(text: ir.StringValue) -> ir.IntegerValue:
    """Length as JavaScript counts it: a character beyond U+FFFF is two."""
    return 2 * text.length() - text.re_replace(r"[\x{10000}-\x{10FFFF}]", "").length()


# Rows of these tables whose content or value is longer than what is kept.
_CUT: dict[str, tuple[str, _Condition]] = {
    "request_bodies": ("bodies of requests", lambda t: (t.n_kept.fill_null(0) < t.size) & (t.size > 0)),
    "saved_documents": ("saved documents", lambda t: t.is_cut),
    "page_texts": ("texts of pages", lambda t: t.is_cut),
    "screenshots": ("screenshots", lambda t: t.is_cut),
    "stored_items": ("stored items", lambda t: t.value.notnull() & (_js_length(t.value) < t.value_len)),
    "server_sent_events": ("server-sent events", lambda t: _js_length(t.data) < t.data_len),
}
# Columns that are NULL where a cap left the content out; counted in all groups of visits.
_NULL = {
    ("calls", "value"): "values of calls",
    ("scripts", "content"): "bodies of scripts",
    ("contents", "content"): "other contents",
}
_SCHEMA = pa.schema(
    [("what", pa.string()), ("cut", pa.int64()), ("of", pa.int64()), ("percent", pa.float64())]
)


def cut_by_caps(inputs: Inputs, calls: int, dropped: int) -> pa.Table:
    """A row per kind of record that the run has: how many are cut or missing because of a cap, of how many.

    ``calls`` were made by the visits, and ``dropped`` of them only counted.
    """
    found = [("calls", dropped, calls)]
    for (table, column), what in _NULL.items():
        if counted := null_count(inputs.store, table, column):
            found.append((what, *counted))
    for table, (what, condition) in _CUT.items():
        if not inputs.missing(table):
            rows = inputs.table(table)
            n = inputs.totals(rows.aggregate(cut=condition(rows).sum(), of=rows.count()))
            found.append((what, n["cut"], n["of"]))
    rows = [dict(zip(_SCHEMA.names, (*row, 100 * row[1] / row[2]), strict=True)) for row in found if row[2]]
    rows.sort(key=lambda row: (-row["percent"], row["what"]))
    return pa.Table.from_pylist(rows, schema=_SCHEMA)

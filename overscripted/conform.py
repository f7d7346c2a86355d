"""Rows of any version in today's schema: columns that they lack are NULL, others are cast."""

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from overscripted.schemas import Table


def conform(rows: ir.Table, table: Table) -> ir.Table:
    """``rows`` with exactly the columns of ``table``, in its order and types.

    A value that the type cannot hold becomes NULL.
    """
    target = ibis.Schema.from_pyarrow(table.schema)
    present = rows.schema()
    columns = {}
    for name, kind in target.items():
        if name not in present or _is_nested(present[name]):
            columns[name] = ibis.null(kind)
        else:
            columns[name] = rows[name] if present[name] == kind else rows[name].try_cast(kind)
    return rows.select(**columns)


def _is_nested(kind: dt.DataType) -> bool:
    return bool(kind.is_array() or kind.is_struct() or kind.is_map())

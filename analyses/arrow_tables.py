"""Counts and sums of Arrow tables: what an engine returned is small and is counted faster in memory."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

Order = Sequence[tuple[str, str]]


def count_true(flags: pa.ChunkedArray) -> int:
    """How many flags are true."""
    return pc.sum(flags).as_py() or 0


def count_distinct(rows: pa.Table, column: str, flags: pa.ChunkedArray | None = None) -> int:
    """Distinct values of a column, only of the rows where ``flags`` is true if given."""
    values = rows[column] if flags is None else rows[column].filter(flags)
    return int(pc.count_distinct(values).as_py())


def grouped(
    rows: pa.Table, by: dict[str, str], aggregates: dict[str, tuple[str, str]], order: Order = ()
) -> pa.Table:
    """Rows grouped by columns (new name -> column), with aggregates (new name -> column and function).

    Functions are pyarrow's: count, count_distinct, sum, max. Aggregates are integers of 64 bits.
    """
    groups = rows.group_by(list(by.values()), use_threads=False).aggregate(list(aggregates.values()))
    columns = {name: groups[column] for name, column in by.items()}
    for name, (column, function) in aggregates.items():
        columns[name] = groups[f"{column}_{function}"].cast(pa.int64())
    table = pa.table(columns)
    return table.sort_by(list(order)) if order else table


def with_columns(rows: pa.Table, **columns: pa.ChunkedArray) -> pa.Table:
    """The table with more columns."""
    for name, values in columns.items():
        rows = rows.append_column(name, values)
    return rows

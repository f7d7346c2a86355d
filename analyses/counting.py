"""Counting rows in memory: what the engine found is few, and quicker counted here than asked for again."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

Order = Sequence[tuple[str, str]]


def tally(flags: pa.ChunkedArray) -> int:
    """How many are true."""
    return pc.sum(flags).as_py() or 0


def distinct(rows: pa.Table, column: str, flags: pa.ChunkedArray | None = None) -> int:
    """Distinct values of a column, of the rows where ``flags`` is true if given."""
    return int(pc.count_distinct(rows[column] if flags is None else rows[column].filter(flags)).as_py())


def grouped(
    rows: pa.Table, by: dict[str, str], aggregates: dict[str, tuple[str, str]], order: Order = ()
) -> pa.Table:
    """Rows by some columns (new name -> column) with aggregates (new name -> column and function) as 64 bits.

    Functions are pyarrow's: count, count_distinct, sum, max.
    """
    wanted = list(aggregates.values())
    found = rows.group_by(list(by.values()), use_threads=False).aggregate(wanted)
    columns = {name: found[column] for name, column in by.items()}
    for name, (column, function) in aggregates.items():
        columns[name] = found[f"{column}_{function}"].cast(pa.int64())
    made = pa.table(columns)
    return made.sort_by(list(order)) if order else made


def with_columns(rows: pa.Table, **columns: pa.ChunkedArray) -> pa.Table:
    """The table with more columns."""
    for name, values in columns.items():
        rows = rows.append_column(name, values)
    return rows

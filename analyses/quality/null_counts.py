"""How many values of a column are NULL, by the footers of its Parquet files: no row is read."""

import pyarrow.parquet as pq

from overscripted import layout
from overscripted.store import Store


def null_count(store: Store, table: str, column: str) -> tuple[int, int] | None:
    """NULL values of a column, and the rows of its table, over all groups of visits.

    None where the table or column is missing, or a file's footer does not say it.
    """
    nulls = rows = 0
    files = store.files(layout.table(table), ".parquet")
    for key in files:
        with store.fs.open(store.path(key), "rb") as file:
            footer = pq.read_metadata(file)
        found = _nulls_in(footer, column)
        if found is None:
            return None
        nulls, rows = nulls + found, rows + footer.num_rows
    return (nulls, rows) if files else None


def _nulls_in(footer: pq.FileMetaData, column: str) -> int | None:
    nulls = 0
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        named = [
            group.column(i) for i in range(group.num_columns) if group.column(i).path_in_schema == column
        ]
        if len(named) != 1 or named[0].statistics is None or not named[0].statistics.has_null_count:
            return None
        nulls += named[0].statistics.null_count
    return nulls

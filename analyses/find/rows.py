"""Rows of a run's tables in batches: no table is ever whole in memory."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from overscripted import layout
from overscripted.progress import Work
from overscripted.store import Store
from overscripted.text import readable

BATCH = 8192  # rows, of 50 to 1,000 bytes in most tables
CONTENT_BATCH = 64  # rows of tables that hold bodies, of up to some megabytes each


def batches(
    store: Store, table: str, columns: Sequence[str], work: Work | None = None, rows: int = BATCH
) -> Iterator[pa.Table]:
    """A table's rows, with those of the columns that its files have; none for a table that is not there."""
    for key in store.files(layout.table(table), ".parquet"):
        with store.fs.open(store.path(key), "rb") as opened:
            file = pq.ParquetFile(opened)
            present = [name for name in columns if name in file.schema_arrow.names]
            if not present:
                continue
            for batch in file.iter_batches(batch_size=rows, columns=present, use_threads=False):
                yield readable(pa.Table.from_batches([batch]))[0]
                if work:
                    work.add(batch.num_rows)


def count(store: Store, table: str) -> int:
    """Rows of a table, from the footers of its files; 0 without a file."""
    total = 0
    for key in store.files(layout.table(table), ".parquet"):
        with store.fs.open(store.path(key), "rb") as file:
            total += pq.ParquetFile(file).metadata.num_rows
    return total


def selected(
    store: Store, table: str, columns: Sequence[str], key: str, values: Iterable[Any]
) -> Iterator[dict[str, Any]]:
    """The rows of a table whose ``key`` is one of the values."""
    wanted = list(values)
    for batch in batches(store, table, [*columns, key]):
        if wanted and key in batch.column_names:
            column = batch[key]
            yield from batch.filter(pc.is_in(column, pa.array(wanted, column.type))).to_pylist()

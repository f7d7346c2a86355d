"""Collects imported rows and writes them as raw segments of an even size."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from overscripted import segments
from overscripted.etl.settings import IMPORT_SEGMENT_BYTES, IMPORT_SEGMENT_ROWS
from overscripted.foreign.settings import IMPORT_BATCH_ROWS, IMPORT_BODY_BYTES
from overscripted.foreign.values import text
from overscripted.schemas import RAW
from overscripted.store import Store


def _column(field: pa.Field, values: list[Any]) -> list[Any]:
    return [text(value) for value in values] if field.type == pa.string() else values


class SegmentWriter:
    """Collects rows per raw table and writes them as segments; at most one segment per table is in memory."""

    def __init__(self, store: Store, name: str) -> None:
        self.store, self.name = store, name
        self.rows: dict[str, int] = {}
        self._waiting: dict[str, list[pa.Table]] = {}
        self._written: list[str] = []

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Drop what was added within this block where it ends in an error."""
        rows, waiting = dict(self.rows), {table: list(parts) for table, parts in self._waiting.items()}
        self._written = []
        try:
            yield
        except BaseException:
            for key in self._written:
                self.store.delete(key)
            self.rows, self._waiting = rows, waiting
            raise

    def add(self, table: str, rows: pa.Table) -> None:
        """Add rows of a raw table, with any subset of its columns."""
        if not rows.num_rows:
            return
        self.rows[table] = self.rows.get(table, 0) + rows.num_rows
        waiting = self._waiting.setdefault(table, [])
        waiting.append(rows)
        many = sum(part.num_rows for part in waiting) >= IMPORT_SEGMENT_ROWS
        if many or sum(part.nbytes for part in waiting) >= IMPORT_SEGMENT_BYTES:
            self._flush(table)

    def add_rows(self, table: str, rows: list[dict[str, object]]) -> None:
        """Add rows as dictionaries. Columns that a row lacks are NULL; values of text columns become text."""
        if rows:
            names = set().union(*rows)
            schema = pa.schema([field for field in RAW[table].schema if field.name in names])
            columns = [_column(field, [row.get(field.name) for row in rows]) for field in schema]
            self.add(table, pa.table(columns, schema=schema))

    def close(self) -> None:
        """Write the remaining rows."""
        for table in list(self._waiting):
            self._flush(table)

    def _flush(self, table: str) -> None:
        waiting = self._waiting.pop(table)
        rows = pa.concat_tables(waiting, promote_options="default")
        self._written.append(segments.write(self.store, table, rows, self.name))


class Batches:
    """Passes single rows of any table on to a writer, a batch at a time: a call per row would be slow.

    A batch has `IMPORT_BATCH_ROWS` rows of a table, or texts of `IMPORT_BODY_BYTES` in all tables.
    """

    def __init__(self, writer: SegmentWriter) -> None:
        self._writer = writer
        self._rows: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
        self._size = 0  # of the texts and bytes that wait

    def add(self, table: str, row: dict[str, object]) -> None:
        """Add a row of a raw table, as `SegmentWriter.add_rows`."""
        rows = self._rows[table]
        rows.append(row)
        self._size += sum(len(value) for value in row.values() if isinstance(value, str | bytes))
        if self._size > IMPORT_BODY_BYTES:
            self.flush()
        elif len(rows) >= IMPORT_BATCH_ROWS:
            self._writer.add_rows(table, self._rows.pop(table))

    def flush(self) -> None:
        """Pass on all rows that wait."""
        self._size = 0
        for table in list(self._rows):
            self._writer.add_rows(table, self._rows.pop(table))

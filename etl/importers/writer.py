"""Collects imported rows and writes them as raw segments of an even size."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from overscripted import segments
from overscripted.etl.importers.values import text
from overscripted.etl.settings import IMPORT_SEGMENT_BYTES, IMPORT_SEGMENT_ROWS
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

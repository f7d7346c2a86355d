"""Segments: the immutable Parquet files of ``raw/``. They are written whole, checked and listed in order."""

import io
import uuid
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from overscripted import layout
from overscripted.errors import OutsideError
from overscripted.schemas import RAW
from overscripted.store import Store


def write(store: Store, table: str, rows: pa.Table, writer: str, name: str = "") -> str:
    """Write rows of a raw table as one segment; its key. The segment is durable and checked on return.

    ``writer`` names the worker or importer and is the first part of the file's name. ``name`` is the rest;
    it must be the same for each attempt to write the same rows, so that a retry replaces a failed attempt.
    Columns of the schema that the rows do not have are NULL. Raises OutsideError where the storage has kept
    only a part.
    """
    rows = _complete(rows, RAW[table].schema)
    buffer = io.BytesIO()
    pq.write_table(rows, buffer, compression="zstd")
    key = f"{layout.raw(table)}/{writer}-{name or uuid.uuid4().hex}.parquet"
    store.write(key, buffer.getvalue())
    if store.size(key) != buffer.tell():
        raise OutsideError(f"{store.uri(key)}: only a part was stored; check the storage")
    return key


def _complete(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    for field in schema:
        if field.name not in rows.column_names:
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows.select(schema.names).cast(schema)


def keys(store: Store, table: str) -> list[str]:
    """Keys of all segments of a raw table."""
    return store.files(layout.raw(table), ".parquet")


def read(store: Store, table: str) -> Iterator[pa.Table]:
    """The rows of a raw table, segment by segment."""
    for key in keys(store, table):
        yield store.read_table(key)

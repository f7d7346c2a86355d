"""The rows of a data package's resource, Parquet or CSV, with the columns and types of our tables.

A value that does not fit its column becomes NULL, and is counted.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from overscripted.etl.importers.datapackage_resources import CSV, Resource
from overscripted.foreign.ledger import Ledger
from overscripted.foreign.settings import IMPORT_BATCH_ROWS
from overscripted.foreign.values import moment, text, truth, whole
from overscripted.schemas import TABLES
from overscripted.store import Store
from overscripted.text import readable

_ROW_BYTES = 128 * 2**20  # the longest row of CSV, and what is read at a time: a body of 32 MB in base64 fits
_HASHED_BYTES = 2**20


class Damaged(Exception):
    """A file that cannot be read, or not whole; the message tells why."""


class Rows:
    """The rows of one resource."""

    def __init__(self, store: Store, resource: Resource, ledger: Ledger) -> None:
        self._store, self._resource, self._ledger = store, resource, ledger
        schema = TABLES[resource.table].schema
        self._fields = [schema.field(name) for name in resource.columns]

    def check(self) -> None:
        """Raise Damaged where a file is missing, or is not the one that was published."""
        for key in self._resource.keys:
            if not self._store.exists(key):
                raise Damaged(f"{key}: is missing; fetch it again")
            if self._resource.sha256 and self._sha256(key) != self._resource.sha256:
                raise Damaged(f"{key}: its SHA-256 is not the one in the descriptor; fetch it again")

    def batches(self) -> Iterator[pa.Table]:
        """Its rows, some at a time. Raises Damaged, which may be after some of them."""
        read = self._csv if self._resource.form == CSV else self._parquet
        for key in self._resource.keys:
            try:
                for rows in read(key):
                    self._ledger.read[self._resource.table] += rows.num_rows
                    yield self._typed(rows, key)
            except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise  # the storage's, not the file's
                reason = (str(error) or type(error).__name__).splitlines()[0]
                raise Damaged(f"{key}: damaged ({reason}); fetch it again") from error

    def _sha256(self, key: str) -> str:
        digest = hashlib.sha256()
        with self._store.fs.open(self._store.path(key), "rb") as file:
            while block := file.read(_HASHED_BYTES):
                digest.update(block)
        return digest.hexdigest()

    def _parquet(self, key: str) -> Iterator[pa.Table]:
        with self._store.fs.open(self._store.path(key), "rb") as file:
            parquet = pq.ParquetFile(file)
            names = parquet.schema_arrow.names
            self._check_names(key, names)
            own = [field.name for field in self._fields]
            for batch in parquet.iter_batches(IMPORT_BATCH_ROWS, columns=own, use_threads=False):
                yield readable(pa.table(batch))[0]

    def _csv(self, key: str) -> Iterator[pa.Table]:
        """Rows of text. An empty field is NULL, ``""`` is empty text. A row of another width is left out."""

        def leave_out(row: csv.InvalidRow) -> str:
            self._ledger.read[self._resource.table] += 1
            reason = f"a row with {row.actual_columns} fields instead of {row.expected_columns}"
            self._ledger.leave_out(self._resource.table, reason, place=key)
            return "skip"

        with self._store.fs.open(self._store.path(key), "rb") as file:
            header = file.readline(_ROW_BYTES).decode("utf-8-sig").strip().split(",")
        self._check_names(key, [name.strip('"') for name in header])
        own = {field.name: pa.string() for field in self._fields}
        with self._store.fs.open(self._store.path(key), "rb") as file:
            reader = csv.open_csv(
                file,
                csv.ReadOptions(use_threads=False, block_size=_ROW_BYTES),
                csv.ParseOptions(newlines_in_values=True, invalid_row_handler=leave_out),
                csv.ConvertOptions(
                    column_types=own,
                    include_columns=[*own],
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )
            for batch in reader:
                yield pa.table(batch)

    def _check_names(self, key: str, names: list[str]) -> None:
        lacking = [field.name for field in self._fields if names.count(field.name) != 1]
        if lacking:
            raise Damaged(
                f"{key}: column {', '.join(lacking)} of the descriptor is missing or there twice; "
                "fetch it again"
            )

    def _typed(self, rows: pa.Table, key: str) -> pa.Table:
        """The rows with all columns of our table; those that the descriptor lacks are NULL."""
        schema = TABLES[self._resource.table].schema
        columns = {field.name: pa.nulls(rows.num_rows, field.type) for field in schema}
        columns |= {field.name: self._column(rows[field.name], field, key) for field in self._fields}
        return pa.table(columns, schema=schema)

    def _column(self, column: pa.ChunkedArray, field: pa.Field, key: str) -> pa.ChunkedArray:
        from_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        if not (from_text and pa.types.is_binary(field.type)):  # text of bytes is base64
            try:
                return column.cast(field.type)
            except pa.ArrowException:
                pass
        given = column.to_pylist()
        values = [None if value is None else _VALUES[field.type](value) for value in given]
        lost = sum(value is None and had is not None for value, had in zip(values, given, strict=True))
        self._ledger.read["values"] += lost
        self._ledger.leave_out(
            "values", f"no {_KINDS[field.type]} in {self._resource.table}.{field.name}", lost, key
        )
        return pa.chunked_array([pa.array(values, field.type)])


def _bytes(value: Any) -> bytes | None:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(str(value), validate=True)
    except (ValueError, binascii.Error):
        return None


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _truth(value: Any) -> bool | None:
    return truth(value) if str(value).strip().lower() in ("true", "false", "1", "0") else None


_VALUES: dict[pa.DataType, Callable[[Any], Any]] = {
    pa.int64(): whole,
    pa.float64(): _number,
    pa.bool_(): _truth,
    pa.string(): text,
    pa.binary(): _bytes,
    pa.timestamp("us", "UTC"): moment,
}
_KINDS = {
    pa.int64(): "whole number",
    pa.float64(): "number",
    pa.bool_(): "truth value",
    pa.string(): "text",
    pa.binary(): "base64",
    pa.timestamp("us", "UTC"): "time",
}

"""The finished files of a vantage point, streamed from its parts."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from overscripted import layout
from overscripted.precrawl import plan
from overscripted.schemas import PRECRAWL
from overscripted.sql import quoted
from overscripted.store import Store

_BATCH = 20_000  # rows in memory at a time


def parts_key(name: str) -> str:
    """The key of a vantage point's parts."""
    return layout.vantage_parts(name)


def keys(name: str) -> tuple[str, str, str]:
    """The keys of a vantage point's links, outcomes and record."""
    return layout.vantage_links(name), layout.vantage_outcomes(name), layout.vantage_record(name)


@contextlib.contextmanager
def scratch(memory: str) -> Iterator[Any]:
    """A DuckDB connection. Beyond ``memory``, its tables go to a temporary folder, compressed."""
    with tempfile.TemporaryDirectory(prefix="overscripted-") as folder, duckdb.connect() as engine:
        # Not a database in a file: DuckDB reads a `?` in its path as the beginning of options.
        engine.execute(f"SET memory_limit = '{memory}'; SET temp_directory = {quoted(f'{folder}/spill')}")
        engine.execute("ATTACH ':memory:' AS work (COMPRESS); USE work")
        yield engine


def finish(store: Store, name: str, rows: int, record: dict[str, Any]) -> None:
    """Replace the parts of a vantage point by its files, all at once.

    Each site is in them once, whichever process was killed when. Raises RuntimeError if a site is missing.
    """
    links, outcomes, about = keys(name)
    with store.replace(links, outcomes, about) as staged:
        done = plan.Done(rows)
        with _Writer(staged, outcomes, "outcomes") as out, _Writer(staged, links, "links") as found:
            for part in part_names(store, parts_key(name)):
                extra = _copy_outcomes(store, f"{part}.outcomes.parquet", out, done)
                _copy_links(store, f"{part}.links.parquet", found, extra)
        if done.count != rows:
            raise RuntimeError(f"{name}: {done.count} of {rows} sites have an outcome")
        staged.write_json(about, record)
    store.delete(parts_key(name))
    if store.local:  # delete the folder too, unless another vantage point has parts in it
        with contextlib.suppress(OSError):
            os.rmdir(store.path(layout.VANTAGE_PARTS))


def finish_check(store: Store, parts: str, rows: int) -> None:
    """Write the file of the load check from its parts, then delete the parts of all checks."""
    with store.replace(layout.LOAD_CHECK) as staged, _Writer(staged, layout.LOAD_CHECK, "check") as out:
        done = plan.Done(rows)
        for part in part_names(store, parts):
            _copy_outcomes(store, f"{part}.outcomes.parquet", out, done)
    store.delete(layout.LOAD_CHECK_PARTS)


def part_names(store: Store, prefix: str) -> list[str]:
    """The keys of the complete parts below a key, without their endings."""
    ending = ".outcomes.parquet"
    return [key.removesuffix(ending) for key in store.files(prefix, ending)]


class _Writer:
    """Writes a table in batches, to a folder or an object store."""

    def __init__(self, store: Store, key: str, table: str) -> None:
        store.make_folder(key.rpartition("/")[0])
        self._file = store.fs.open(store.path(key), "wb")
        self.schema = PRECRAWL[table].schema
        self._writer = pq.ParquetWriter(self._file, self.schema, compression="zstd")
        self._batches: list[pa.Table] = []
        self._rows = 0

    def write(self, rows: pa.Table) -> None:
        self._batches.append(rows)
        self._rows += rows.num_rows
        if self._rows >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._batches:
            self._writer.write_table(pa.concat_tables(self._batches))
        self._batches, self._rows = [], 0

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            self._flush()
        self._writer.close()
        self._file.close()


def _copy_outcomes(store: Store, key: str, out: _Writer, done: plan.Done) -> set[str]:
    """Copy new rows. Returns the sites of repeated rows, which only parts that somebody changed have."""
    repeated: set[str] = set()
    for batch in _batches(store, key):
        fresh = [done.add(n) for n in batch.column("n").to_pylist()]
        if not all(fresh):
            names = batch.column(out.schema.field(0).name).to_pylist()
            repeated |= {name for name, new in zip(names, fresh, strict=True) if not new}
            batch = batch.filter(pa.array(fresh))
        out.write(batch.select(out.schema.names))
    return repeated


def _copy_links(store: Store, key: str, out: _Writer, leave_out: set[str]) -> None:
    for batch in _batches(store, key):
        if leave_out:
            batch = batch.filter(pa.array([s not in leave_out for s in batch.column("site").to_pylist()]))
        out.write(batch)


def _batches(store: Store, key: str) -> Iterator[pa.Table]:
    with store.fs.open(store.path(key), "rb") as handle, pq.ParquetFile(handle) as file:
        for batch in file.iter_batches(_BATCH, use_threads=False):
            yield pa.Table.from_batches([batch])


def reader(store: Store, key: str, columns: list[str]) -> pa.RecordBatchReader:
    """A Parquet file of the run as a stream of record batches."""
    return _stream(pq.ParquetFile(store.fs.open(store.path(key), "rb")), columns)


def local_reader(path: Path) -> pa.RecordBatchReader:
    """A local Parquet file as a stream of record batches. In SQL its path would be a pattern."""
    file = pq.ParquetFile(path)
    return _stream(file, file.schema_arrow.names)


def _stream(file: pq.ParquetFile, columns: list[str]) -> pa.RecordBatchReader:
    schema = pa.schema([file.schema_arrow.field(c) for c in columns])
    return pa.RecordBatchReader.from_batches(
        schema, file.iter_batches(_BATCH, columns=columns, use_threads=False)
    )

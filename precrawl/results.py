"""The finished files of a vantage point, made of its parts by streaming."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from overscripted.precrawl import plan
from overscripted.schemas import PRECRAWL
from overscripted.sql import quoted
from overscripted.store import Store

FOLDER = "precrawl"
PARTS = f"{FOLDER}/parts"  # of vantage points at work
CHECK = f"{FOLDER}/check.parquet"
CHECKING = f"{FOLDER}/checking"  # parts of the load check
_BATCH = 20_000  # rows held at a time


def parts_key(name: str) -> str:
    """Where the progress of a vantage point is kept."""
    return f"{PARTS}/{name}"


def keys(name: str) -> tuple[str, str, str]:
    """Links, outcomes and record of a vantage point."""
    return f"{FOLDER}/{name}.parquet", f"{FOLDER}/{name}.outcomes.parquet", f"{FOLDER}/{name}.json"


@contextlib.contextmanager
def scratch(memory: str) -> Iterator[Any]:
    """A DuckDB whose tables spill to a temporary folder beyond so much memory, compressed."""
    with tempfile.TemporaryDirectory(prefix="overscripted-") as folder, duckdb.connect() as engine:
        # Not a database in a file: DuckDB takes a `?` in its path, or that of the folder, for an option.
        engine.execute(f"SET memory_limit = '{memory}'; SET temp_directory = {quoted(f'{folder}/spill')}")
        engine.execute("ATTACH ':memory:' AS work (COMPRESS); USE work")
        yield engine


def finish(store: Store, name: str, rows: int, record: dict[str, Any]) -> None:
    """Turn the parts of a vantage point into its files, all at once; then the parts go.

    Each site once, whatever was killed when. Raises RuntimeError if a site is missing.
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
    if store.local:  # the empty folder too, unless another vantage point is at work in it
        with contextlib.suppress(OSError):
            os.rmdir(store.path(PARTS))


def finish_check(store: Store, parts: str, rows: int) -> None:
    """Turn the parts of the load check into its file; then all parts of checks go."""
    with store.replace(CHECK) as staged, _Writer(staged, CHECK, "check") as out:
        done = plan.Done(rows)
        for part in part_names(store, parts):
            _copy_outcomes(store, f"{part}.outcomes.parquet", out, done)
    store.delete(CHECKING)


def part_names(store: Store, prefix: str) -> list[str]:
    """The whole parts below a key, without their endings."""
    ending = ".outcomes.parquet"
    return [key.removesuffix(ending) for key in store.files(prefix, ending)]


class _Writer:
    """A table written in batches, to a folder or an object store."""

    def __init__(self, store: Store, key: str, table: str) -> None:
        store.make_folder(key.rpartition("/")[0])
        self._file = store.fs.open(store.path(key), "wb")
        self.schema = PRECRAWL[table].schema
        self._writer = pq.ParquetWriter(self._file, self.schema, compression="zstd")
        self._rows: list[pa.Table] = []
        self._kept = 0

    def write(self, rows: pa.Table) -> None:
        self._rows.append(rows)
        self._kept += rows.num_rows
        if self._kept >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.concat_tables(self._rows))
        self._rows, self._kept = [], 0

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            self._flush()
        self._writer.close()
        self._file.close()


def _copy_outcomes(store: Store, key: str, out: _Writer, done: plan.Done) -> set[str]:
    """Copy rows that are new; the sites of those that are not (never, unless parts were meddled with)."""
    twice: set[str] = set()
    for batch in _batches(store, key):
        fresh = [done.add(n) for n in batch.column("n").to_pylist()]
        if not all(fresh):
            names = batch.column(out.schema.field(0).name).to_pylist()
            twice |= {name for name, new in zip(names, fresh, strict=True) if not new}
            batch = batch.filter(pa.array(fresh))
        out.write(batch.select(out.schema.names))
    return twice


def _copy_links(store: Store, key: str, out: _Writer, leave_out: set[str]) -> None:
    for batch in _batches(store, key):
        if leave_out:
            batch = batch.filter(pa.array([s not in leave_out for s in batch.column("site").to_pylist()]))
        out.write(batch)


def _batches(store: Store, key: str) -> Iterator[pa.Table]:
    with store.fs.open(store.path(key), "rb") as handle, pq.ParquetFile(handle) as file:
        for batch in file.iter_batches(_BATCH):
            yield pa.Table.from_batches([batch])


def reader(store: Store, key: str, columns: list[str]) -> pa.RecordBatchReader:
    """A Parquet file of the run as a stream of record batches."""
    return _stream(pq.ParquetFile(store.fs.open(store.path(key), "rb")), columns)


def local_reader(path: Path) -> pa.RecordBatchReader:
    """The same of a file of this machine; in SQL its path would be a pattern."""
    file = pq.ParquetFile(path)
    return _stream(file, file.schema_arrow.names)


def _stream(file: pq.ParquetFile, columns: list[str]) -> pa.RecordBatchReader:
    schema = pa.schema([file.schema_arrow.field(c) for c in columns])
    return pa.RecordBatchReader.from_batches(schema, file.iter_batches(_BATCH, columns=columns))

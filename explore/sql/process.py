"""The process of one query: `python -m overscripted.explore.sql.process`, ended by who started it.

It reads a pickled request from standard input and writes the answer to standard output: a line of JSON, then
the rows as an Arrow stream. It limits itself before it runs the query: no environment, no writing outside its
folder, no network, memory, CPU time. DuckDB opens no file but those of the tables that the query names, and
its settings are locked.
"""

import json
import os
import pickle
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa

from overscripted.engines import DuckDB
from overscripted.explore.settings import (
    SQL_BYTES,
    SQL_MEMORY,
    SQL_MORE_MEMORY,
    SQL_ROWS,
    SQL_SECONDS,
    SQL_SPILL,
    SQL_THREADS,
)
from overscripted.explore.sql.confine import confine
from overscripted.explore.sql.statement import Refused, tables_of
from overscripted.sql import quoted
from overscripted.store import Store

_BATCH = 1_024  # rows that are in memory at the same time beside the answer
_CLOSED = (
    "GLOBAL TimeZone = 'UTC'",
    "enable_external_access = false",
    "allow_persistent_secrets = false",
    "autoinstall_known_extensions = false",
    "autoload_known_extensions = false",
    "allow_community_extensions = false",
    "python_enable_replacements = false",
    "lock_configuration = true",
)


def main() -> None:
    """Answer one request and end."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries may print there
    try:
        request = pickle.load(sys.stdin.buffer)
    except EOFError:
        return  # no question came
    head, rows = _answered(request)
    output.write(json.dumps(head).encode() + b"\n")
    if rows is not None:
        with pa.ipc.new_stream(output, rows.schema) as stream:
            stream.write_table(rows)
    output.flush()
    os._exit(0)  # DuckDB's threads need not be waited for


def _answered(request: dict[str, Any]) -> tuple[dict[str, Any], pa.Table | None]:
    sql, tables = request["sql"], request["tables"]
    started = time.monotonic()
    try:
        store = Store(request["url"], **request["options"])
        confine(request["folder"], network=not store.local)
        used = tables_of(sql, tables)
        connection = closed(store, {name: tables[name] for name in used}, request["folder"])
        _limit(store.local)
        rows, cut = _bounded(connection, sql)
    except Refused as refusal:
        return {"error": str(refusal)}, None
    except (duckdb.OutOfMemoryException, MemoryError, pa.ArrowMemoryError):
        return {"error": f"The query needs more memory than {SQL_MEMORY:,} bytes. Ask for less."}, None
    except RecursionError:
        return {"error": "The query is nested too deeply. Write it in fewer levels."}, None
    except (duckdb.Error, pa.ArrowException, ValueError) as error:
        return {"error": str(error) or type(error).__name__}, None
    return {"cut": cut, "seconds": time.monotonic() - started}, rows


def closed(store: Store, tables: dict[str, list[str]], folder: str) -> Any:
    """A connection with a view for each table, which opens their files and the folder, and nothing else."""
    settings = {
        "memory_limit": f"{SQL_MEMORY}B",
        "threads": str(SQL_THREADS),
        "temp_directory": folder,
        "max_temp_directory_size": f"{SQL_SPILL}B",
    }
    engine = DuckDB(settings, alone=True)
    files: list[str] = []
    for name, keys in tables.items():
        engine.view(name, store, keys)
        files += engine.files(store, keys)
    connection = engine.connection()
    connection.execute(f"SET allowed_paths = [{', '.join(map(quoted, files))}]")
    for setting in _CLOSED:
        connection.execute(f"SET {setting}")
    return connection


def _limit(local: bool) -> None:
    """Let the process take no more than the query may; where it cannot be limited, DuckDB's limits hold."""
    if local:
        os.environ.clear()  # an object store's client reads its keys there
    seconds = int(SQL_SECONDS * SQL_THREADS) + 5
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))  # if nobody is left to end the process
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (SQL_SPILL, SQL_SPILL))
    resource.setrlimit(resource.RLIMIT_DATA, (SQL_MEMORY + SQL_MORE_MEMORY, SQL_MEMORY + SQL_MORE_MEMORY))


def _bounded(connection: Any, sql: str) -> tuple[pa.Table, str]:
    """The rows of the answer up to the limits, and which limit cut it; empty if none did."""
    try:
        reader = connection.sql(sql).to_arrow_reader(_BATCH)
    except (duckdb.BinderException, duckdb.CatalogException):
        connection.execute(sql)  # fails as well, and says where
        raise
    kept: list[pa.RecordBatch] = []
    cut = ""
    for batch, limit in _within(reader):
        kept.append(batch)
        cut = limit
    return usable(pa.Table.from_batches(kept, reader.schema)), cut


def usable(rows: pa.Table) -> pa.Table:
    """The rows with names that differ, and as text what Python or Parquet has no type for."""
    names: list[str] = []
    for name in rows.column_names:
        unique, n = name, 1
        while unique in names:
            unique, n = f"{name}_{n}", n + 1
        names.append(unique)
    return pa.table([_column(column) for column in rows.columns], names=names)


def _column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    try:
        values = column.to_pylist()
    except (OverflowError, ValueError):  # a moment before the year 1, or infinity
        return column.cast(pa.int64()).cast(pa.string())
    if pa.types.is_interval(column.type) or pa.types.is_union(column.type) or _is_extension(column.type):
        return pa.chunked_array([pa.array([None if v is None else str(v) for v in values], pa.string())])
    return column


def _is_extension(kind: pa.DataType) -> bool:
    return isinstance(kind, pa.BaseExtensionType)


def _within(reader: Any) -> Iterator[tuple[pa.RecordBatch, str]]:
    rows, size = SQL_ROWS, SQL_BYTES
    for batch in reader:
        whole, limit = batch, ""
        if batch.num_rows > rows:
            batch, limit = batch.slice(0, rows), f"the first {SQL_ROWS:,} rows"
        if batch.nbytes > size:
            batch = _smaller(batch, size)
            limit = f"the rows that take up to {SQL_BYTES:,} bytes"
            if not batch.num_rows and rows == SQL_ROWS:
                raise ValueError(
                    f"One row of the answer has over {SQL_BYTES:,} bytes. Ask for fewer or shorter columns, "
                    "such as left(value, 1000)."
                )
        yield batch, limit
        if batch.num_rows < whole.num_rows:
            return
        rows, size = rows - batch.num_rows, size - batch.nbytes


def _smaller(batch: pa.RecordBatch, size: int) -> pa.RecordBatch:
    """As many of the first rows as take at most ``size`` bytes."""
    low, high = 0, batch.num_rows
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if batch.slice(0, middle).nbytes <= size else (low, middle - 1)
    return batch.slice(0, low)


if __name__ == "__main__":
    main()

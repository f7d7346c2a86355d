"""``RUN/run.duckdb``: a database of views over a run's tables, for any program that speaks DuckDB."""

import re
import tempfile
from pathlib import Path

import duckdb

from overscripted import layout
from overscripted.api.relations import relations
from overscripted.engines import view_of
from overscripted.errors import InputError
from overscripted.run import Run
from overscripted.store import Store

_PATTERN = re.compile(r"[*?\[]")  # in a path DuckDB takes them for a pattern, and each in brackets for itself


def write_views(run: Run) -> tuple[int, list[str]]:
    """Write the database, whole or not at all; how many views it has, and the files that are no tables.

    A view names its files by their whole path or ``s3://`` URL, because DuckDB reads a relative path from the
    folder that a program runs in. After the run was moved, or its tables made again, it must be written
    again. Raises StageMissing before the etl.
    """
    run.require("etl")
    store, there = run.store, relations(run.store)
    with tempfile.TemporaryDirectory(prefix="overscripted-views-") as folder:
        file = Path(folder) / "run.duckdb"
        with duckdb.connect(str(file)) as database:
            if not store.local:  # DuckDB's own client of S3 is an extension, which it would download
                database.register_filesystem(store.fs)
            damaged = [
                store.uri(keys[0]) for name, keys in there.items() if not _viewed(database, store, name, keys)
            ]
        store.write(layout.VIEWS, file.read_bytes())
    return len(there) - len(damaged), damaged


def _viewed(database: duckdb.DuckDBPyConnection, store: Store, name: str, keys: list[str]) -> bool:
    """Add a view; False where the files are no tables."""
    try:
        database.execute(view_of(name, [_address(store, key) for key in keys]))
    except duckdb.Error:
        return False
    return True


def _address(store: Store, key: str) -> str:
    """The file as any program's DuckDB opens it."""
    address = store.uri(key)
    if store.local and "\\" in address:
        raise InputError(f"{store.url}: DuckDB takes the backslash in this path for a slash; move the run")
    return _PATTERN.sub(r"[\g<0>]", address) if store.local else address

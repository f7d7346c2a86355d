"""OpenWPM's data sets, SQLite or Parquet of any era, read table by table as rows of lower-case names."""

import os
import shutil
import sqlite3
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from etl.settings import IMPORT_BATCH_ROWS
from overscripted.errors import InputError
from overscripted.store import Store
from overscripted.text import clean

Row = dict[str, Any]

# OpenWPM's tables that are read; anything else in a data set is left alone.
TABLES = (
    "javascript",
    "site_visits",
    "crawl_history",
    "incomplete_visits",
    "crawl",
    "http_requests",
    "http_responses",
    "http_redirects",
    "dns_responses",
    "callstacks",
    "javascript_cookies",
    "navigations",
)
_SQLITE = (".sqlite", ".sqlite3", ".db")
_JOURNALS = ("-journal", "-wal", "-shm")


class Source(ABC):
    """One data set: ``name``, and its tables' rows. Absent tables have none."""

    name: str

    @abstractmethod
    def tables(self) -> set[str]:
        """Those of `TABLES` that are there."""

    @abstractmethod
    def rows(self, table: str) -> Iterator[Row]:
        """Rows in the order they were written, column names in lower case."""

    def close(self) -> None:  # noqa: B027  # most have nothing to release
        """Release files."""


def sources(store: Store) -> list[Source]:
    """The data sets at a path: databases, or one folder of Parquet. InputError where there is none."""
    if store.fs.isfile(store.root):
        if store.root.endswith(".parquet"):
            raise InputError(f"{store.url}: one file of a Parquet data set; name its folder")
        return [Sqlite(store, "")]
    keys = store.files()
    databases = [key for key in keys if key.endswith(_SQLITE)]
    if databases:
        return [Sqlite(store, key) for key in databases]
    parquet = [key for key in keys if key.endswith(".parquet")]
    if any(_table_of(key) for key in parquet):
        return [Parquet(store, parquet)]
    raise InputError(
        f"{store.url}: no OpenWPM data here (neither {', '.join(_SQLITE)} files nor Parquet in folders "
        "named javascript, site_visits, …); for the study's data use `overscripted import study`"
    )


class Sqlite(Source):
    """A database, never written to: one with a journal of a crash is recovered in a copy."""

    def __init__(self, store: Store, key: str) -> None:
        self.name = key or os.path.basename(store.root)
        self._folder = ""
        path = store.path(key)
        if not store.local or any(os.path.exists(path + end) for end in _JOURNALS):
            path = self._copy(store, path)
        try:
            self._db = sqlite3.connect(f"{Path(path).as_uri()}?mode=ro", uri=True)
            if self._folder:
                self._db.close()
                self._db = sqlite3.connect(path)
            self._db.text_factory = _decode
            self._names = {
                str(name).lower(): str(name)
                for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
        except sqlite3.Error as error:
            raise InputError(f"{store.uri(key)}: no readable SQLite database ({error})") from error
        if not self.tables() & {"javascript", "site_visits"}:
            raise InputError(f"{store.uri(key)}: no OpenWPM database: no table javascript or site_visits")

    def _copy(self, store: Store, path: str) -> str:
        self._folder = tempfile.mkdtemp(prefix="overscripted-openwpm-")
        target = os.path.join(self._folder, "crawl.sqlite")
        for end in ("", *_JOURNALS):
            if store.fs.exists(path + end):
                store.fs.get_file(path + end, target + end)
        return target

    def tables(self) -> set[str]:
        return self._names.keys() & set(TABLES)

    def rows(self, table: str) -> Iterator[Row]:
        if table not in self._names:
            return
        try:
            cursor = self._db.execute(f'SELECT * FROM "{self._names[table]}" ORDER BY rowid')
            names = [str(column[0]).lower() for column in cursor.description]
            while found := cursor.fetchmany(IMPORT_BATCH_ROWS):
                for values in found:
                    yield dict(zip(names, values, strict=True))
        except sqlite3.Error as error:
            raise InputError(
                f"{self.name}: table {table} is damaged ({error}); try `sqlite3 .recover`"
            ) from error

    def close(self) -> None:
        self._db.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


class Parquet(Source):
    """A folder of Parquet, ``…/<table>/…``; ``visit_id=…`` and ``instance_id=…`` may be folder names."""

    def __init__(self, store: Store, keys: list[str]) -> None:
        self.name, self._store = os.path.basename(store.root), store
        self._keys: dict[str, list[str]] = {}
        for key in keys:
            if table := _table_of(key):
                self._keys.setdefault(table, []).append(key)

    def tables(self) -> set[str]:
        return set(self._keys)

    def rows(self, table: str) -> Iterator[Row]:
        for key in self._keys.get(table, []):
            parts = [part.split("=", 1) for part in key.split("/")[:-1] if "=" in part]
            from_path = {name: int(v) if v.lstrip("-").isdigit() else v for name, v in parts}
            try:
                with self._store.fs.open(self._store.path(key), "rb") as file:
                    for batch in pq.ParquetFile(file).iter_batches(IMPORT_BATCH_ROWS):
                        for row in batch.to_pylist():
                            yield {**from_path, **{name.lower(): value for name, value in row.items()}}
            except (pa.ArrowException, OSError) as error:
                reason = str(error).splitlines()[0]
                raise InputError(f"{self._store.uri(key)}: damaged Parquet ({reason})") from error


def _table_of(key: str) -> str:
    """The OpenWPM table that a file belongs to: by its folders, else by its own name."""
    folders = key.split("/")
    for part in [*reversed(folders[:-1]), folders[-1].removesuffix(".parquet")]:
        if part in TABLES:
            return part
    return ""


def _decode(data: bytes) -> str:
    try:
        return clean(data.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")

"""OpenWPM's data sets, SQLite or Parquet of any era, read table by table with lower-case column names."""

import os
import shutil
import sqlite3
import tempfile
from abc import abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from overscripted.errors import InputError
from overscripted.foreign.ledger import named
from overscripted.foreign.openwpm_source import Row, Source
from overscripted.foreign.settings import IMPORT_BATCH_ROWS
from overscripted.store import Store
from overscripted.text import decoded, is_bytes, is_text, readable_column

# OpenWPM's tables that are read, with their names of other times, best first. Where several hold the same
# measurement, the first that has rows is read. Other tables are not read.
TABLES: dict[str, tuple[str, ...]] = {
    "task": (),
    "crawl": (),
    "site_visits": (),
    "crawl_history": ("crawlhistory",),  # until 2018-07
    "incomplete_visits": ("interrupted",),  # of 2020-04
    "javascript": (),
    # Of 2016, when the extension began to replace the proxy, and of 2016-12 to 2017-07.
    "http_requests": ("http_requests_ext", "http_requests_proxy"),
    "http_responses": ("http_responses_ext", "http_responses_proxy"),
    "http_redirects": (),
    "dns_responses": (),
    "callstacks": (),
    "javascript_cookies": (),
    "navigations": (),
}
# A data set with one of these tables is OpenWPM's.
_SIGNS = {"javascript", "site_visits", "crawl_history", "http_requests", "javascript_cookies", "navigations"}
_NAMES = {name: table for table, others in TABLES.items() for name in (table, *others)}
_SQLITE = (".sqlite", ".sqlite3", ".db")
_NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__"  # NULL in a folder's name
_JOURNALS = ("-journal", "-wal", "-shm")


class Unfit(Exception):
    """A file is not OpenWPM's, or is damaged; the message tells why."""


class DataSet(Source):
    """A data set in a store. `rows` raises Unfit where it is damaged."""

    name: str
    key: str  # of its file or folder in the store

    def __init__(self) -> None:
        self.columns: defaultdict[str, set[str]] = defaultdict(set)  # of the tables that were read so far

    @abstractmethod
    def others(self) -> dict[str, int]:
        """Tables that are there and are not read, with their numbers of rows."""

    def close(self) -> None:  # most have nothing to release
        """Release files; they are opened again when rows are asked for."""


def sources(store: Store) -> tuple[list[DataSet], dict[str, str]]:
    """The data sets at a path (databases, a folder of Parquet), and other files with the reason.

    Raises InputError where there is no data set.
    """
    if store.fs.isfile(store.root):
        if store.root.endswith(".parquet"):
            raise InputError(f"{store.url}: one file of a Parquet data set; name its folder")
        try:
            return [Sqlite(store, "")], {}
        except Unfit as error:
            raise InputError(f"{store.url}: {error}") from error
    keys = store.files()
    found: list[DataSet] = []
    unfit: dict[str, str] = {}
    for key in keys:
        if key.endswith(_SQLITE):
            try:
                found.append(Sqlite(store, key))
                found[-1].close()  # until its turn
            except Unfit as error:
                unfit[key] = str(error)
    parquet = [key for key in keys if key.endswith(".parquet")]
    if _SIGNS & {_NAMES.get(_table_of(key)) for key in parquet}:
        found.append(Parquet(store, parquet))
    if found:
        return found, unfit
    if len(unfit) == 1:
        ((key, why),) = unfit.items()
        raise InputError(f"{store.uri(key)}: {why}")
    unreadable = f"; {named(unfit)}" if unfit else ""
    raise InputError(
        f"{store.url}: no OpenWPM data here (neither {', '.join(_SQLITE)} files nor Parquet in folders "
        f"named javascript, site_visits, …); for the study's data use `overscripted import study`{unreadable}"
    )


class Sqlite(DataSet):
    """A database. It is never written to: one with a journal of a crash is recovered in a copy.

    Raises Unfit where it is not OpenWPM's.
    """

    def __init__(self, store: Store, key: str) -> None:
        super().__init__()
        self.name, self.key = key or os.path.basename(store.root), key
        self._store, self._folder = store, ""
        self._held: sqlite3.Connection | None = None
        try:
            names = self._db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
            own = (str(name) for (name,) in names if not str(name).startswith("sqlite_"))
            self._names = {name.lower(): name for name in own}
            if not self.tables() & _SIGNS:
                raise Unfit("no OpenWPM database: it has no table javascript, http_requests or site_visits")
            self._read = {table: self._choose(table) for table in TABLES}
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self.close()
            raise Unfit(f"no readable SQLite database ({error})") from error
        except BaseException:
            self.close()
            raise

    @property
    def _db(self) -> sqlite3.Connection:
        """The connection, opened on first use: of many databases, few are open at a time."""
        if self._held is None:
            path = self._store.path(self.key)
            if not self._store.local or any(os.path.exists(path + end) for end in _JOURNALS):
                self._held = sqlite3.connect(self._copy(self._store, path))
            else:
                self._held = sqlite3.connect(f"{Path(path).as_uri()}?mode=ro", uri=True)
            self._held.text_factory = decoded
        return self._held

    def _copy(self, store: Store, path: str) -> str:
        self._folder = tempfile.mkdtemp(prefix="overscripted-openwpm-")
        target = os.path.join(self._folder, "crawl.sqlite")
        for end in ("", *_JOURNALS):
            if store.fs.exists(path + end):
                store.fs.get_file(path + end, target + end)
        return target

    def _choose(self, table: str) -> str:
        """The name under which a table is read; "" where the table is missing."""
        there = [name for name in (table, *TABLES[table]) if name in self._names]
        return next((name for name in there if self._count(name)), there[0] if there else "")

    def _count(self, name: str, most: str = " LIMIT 1") -> int:
        try:
            inner = f'SELECT 1 FROM "{_quoted(self._names[name])}"{most}'
            (n,) = self._db.execute(f"SELECT count(*) FROM ({inner})").fetchone()
        except sqlite3.Error:
            return 0
        return int(n)

    def tables(self) -> set[str]:
        return {_NAMES[name] for name in self._names if name in _NAMES}

    def rows(self, table: str) -> Iterator[Row]:
        name = self._names.get(self._read[table])
        if name is None:
            return
        try:
            cursor = self._in_order(name)
            names = [str(column[0]).lower() for column in cursor.description]
            self.columns[table].update(names)
            while found := cursor.fetchmany(IMPORT_BATCH_ROWS):
                for values in found:
                    yield dict(zip(names, values, strict=True))
        except UnicodeDecodeError as error:
            raise Unfit(f"table {name}: a column's name is not UTF-8 ({error})") from error
        except sqlite3.Error as error:
            raise Unfit(f"table {name} is damaged ({error}); try `sqlite3 .recover`") from error

    def _in_order(self, name: str) -> sqlite3.Cursor:
        """All rows by rowid, or in the table's own order where it has no rowid."""
        every = f'SELECT * FROM "{_quoted(name)}"'
        try:
            return self._db.execute(f"{every} ORDER BY _rowid_")
        except sqlite3.OperationalError as error:
            if "no such column" not in str(error):
                raise
            return self._db.execute(every)

    def others(self) -> dict[str, int]:
        left = self._names.keys() - set(self._read.values())
        return {self._names[name]: self._count(name, "") for name in left}

    def close(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""


def _quoted(name: str) -> str:
    return name.replace('"', '""')


class Parquet(DataSet):
    """A folder of Parquet, ``…/<table>/…``. Folders may be named ``visit_id=…`` and ``instance_id=…``."""

    def __init__(self, store: Store, keys: list[str]) -> None:
        super().__init__()
        self.name, self.key, self._store = os.path.basename(store.root), "", store
        self._keys: dict[str, list[str]] = {}
        self._others: dict[str, list[str]] = {}
        for key in keys:
            table = _table_of(key)
            (self._keys if table in _NAMES else self._others).setdefault(table, []).append(key)
        self._read = {
            table: next((name for name in (table, *others) if name in self._keys), "")
            for table, others in TABLES.items()
        }

    def tables(self) -> set[str]:
        return {_NAMES[name] for name in self._keys}

    def rows(self, table: str) -> Iterator[Row]:
        for key in self._keys.get(self._read[table], []):
            parts = [part.split("=", 1) for part in key.split("/")[:-1] if "=" in part]
            from_path = {name.lower(): unquote(value) for name, value in parts if value != _NULL_FOLDER}
            try:
                with self._store.fs.open(self._store.path(key), "rb") as file:
                    parquet = pq.ParquetFile(file)
                    names = [name.lower() for name in parquet.schema_arrow.names]
                    twice = [name for name, n in Counter(names).items() if n > 1]
                    if twice:
                        raise Unfit(
                            f"{key}: column {', '.join(twice)} is there twice; leave out one of the two"
                        )
                    self.columns[table].update(from_path, names)
                    for batch in parquet.iter_batches(IMPORT_BATCH_ROWS, use_threads=False):
                        columns = [column_values(pa.chunked_array([column])) for column in batch.columns]
                        for values in zip(*columns, strict=True):
                            yield {**from_path, **dict(zip(names, values, strict=True))}
            except (pa.ArrowException, OSError) as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise  # the storage's, not the file's
                reason = (str(error) or type(error).__name__).splitlines()[0]
                raise Unfit(f"{key}: damaged Parquet ({reason})") from error

    def others(self) -> dict[str, int]:
        left = {name: keys for name, keys in self._keys.items() if name not in self._read.values()}
        return {name: sum(map(self._count, keys)) for name, keys in (left | self._others).items()}

    def _count(self, key: str) -> int:
        try:
            with self._store.fs.open(self._store.path(key), "rb") as file:
                return int(pq.ParquetFile(file).metadata.num_rows)
        except (pa.ArrowException, OSError):
            return 0


def column_values(column: pa.ChunkedArray) -> list[Any]:
    """A column as Python values, with valid text and times in microseconds."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = kind.value_type
    if is_text(kind) or is_bytes(kind):
        return list(readable_column(column)[0].to_pylist())
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    if pa.types.is_nested(kind):
        try:
            return list(column.to_pylist())
        except UnicodeDecodeError:
            return list(column.cast(_with_bytes(kind)).to_pylist())
    return list(column.to_pylist())


def _with_bytes(kind: pa.DataType) -> pa.DataType:
    """The type with bytes in place of text."""
    if is_text(kind):
        return pa.binary()
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _with_bytes(field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(_with_bytes(kind.value_type))
    return kind


def _table_of(key: str) -> str:
    """The table that a file belongs to: named by a folder, else by the file."""
    folders = [part.lower() for part in key.split("/")]
    own = folders[-1].removesuffix(".parquet")
    for part in [*reversed(folders[:-1]), own]:
        if part in _NAMES:
            return part
    return next((part for part in reversed(folders[:-1]) if "=" not in part), own)

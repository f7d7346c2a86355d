"""The data of a run for the explorer: a read-only DuckDB with a view for each table of the run.

Every query runs on a cursor of its own, with bound parameters, and is interrupted when its time is over. The
connection reads the run's Parquet files and no other file, and its settings are locked.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from overscripted import layout
from overscripted.api.relations import relations
from overscripted.engines import DuckDB
from overscripted.errors import InputError, StageMissing, UserError
from overscripted.explore.settings import CHANGED_SECONDS, MEMORY, QUERIES_AT_ONCE, QUERY_SECONDS, SPILL
from overscripted.lists import entities, roles
from overscripted.run import Run
from overscripted.schemas import TABLES
from overscripted.sql import quoted
from overscripted.store import Store

# Text columns of tables that name a registrable domain; those of the visits and third parties are here.
_DOMAINS = (
    ("requests", "domain"),
    ("script_refs", "script_domain"),
    ("script_refs", "location_domain"),
    ("visits", "final_domain"),
    ("visits", "site_domain"),
)
KEPT = "kept_"  # the beginning of the names of roll-ups that are kept
ENTITIES = "entity_of"  # the table domain → owner that `RunData.owners` makes


class Rows(NamedTuple):
    """The rows of a query in memory, with the names of its columns."""

    columns: list[str]
    rows: list[tuple[Any, ...]]

    @property
    def dicts(self) -> list[dict[str, Any]]:
        """Each row by the names of the columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Other(NamedTuple):
    """A table that is not the etl's: its schema, its folder (the analysis, for findings), its own name."""

    schema: pa.Schema
    folder: str
    table: str


class SlowQuery(UserError):
    """A query was interrupted because its time was over."""


class RunData:
    """A run that is explored. ``name`` is its name in addresses.

    The tables are those of the moment; after a stage has replaced them, they are opened again.
    """

    def __init__(self, run: Run, name: str) -> None:
        self.run = run
        self.name = name
        self._slots = threading.BoundedSemaphore(QUERIES_AT_ONCE)
        self._lock = threading.Lock()
        self._opened, self._record = _Opened(run), run.record
        self._looked = time.monotonic()

    @property
    def tables(self) -> dict[str, tuple[str, ...]]:
        """The tables of the run, each with the columns of `overscripted.schemas` that its files have."""
        return self._current().tables

    @property
    def others(self) -> dict[str, Other]:
        """The tables of findings, comparisons and the precrawl, by their names in SQL."""
        return self._current().others

    @property
    def findings(self) -> dict[str, Other]:
        """The tables of findings alone."""
        return {name: other for name, other in self.others.items() if name.startswith("finding_")}

    @property
    def places(self) -> dict[str, str]:
        """Where the Parquet files of each table are, and of each table of a finding, as DuckDB names them."""
        return self._current().places

    def rows(self, sql: str, parameters: Sequence[Any] = (), seconds: float = QUERY_SECONDS) -> Rows:
        """The rows of a query. Raises SlowQuery when its time is over."""
        with self._slots, self._cursor(seconds) as cursor:
            found = cursor.execute(sql, list(parameters))
            return Rows([column[0] for column in found.description], found.fetchall())

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> dict[str, Any]:
        """The first row of a query by the names of its columns; empty without a row."""
        found = self.rows(sql, parameters).dicts
        return found[0] if found else {}

    def batches(
        self, sql: str, parameters: Sequence[Any], rows: int, seconds: float
    ) -> Iterator[pa.RecordBatch | pa.Schema]:
        """The schema of a query's result, then its rows in batches, for results that do not fit memory."""
        with self._slots, self._cursor(seconds) as cursor:
            reader = cursor.sql(sql, params=list(parameters)).to_arrow_reader(rows)
            yield reader.schema
            yield from reader

    def count(self, table: str) -> int:
        """Rows of a table, from the footers of its files."""
        return self._current().counts[table]

    def owners(self) -> None:
        """Make the table `ENTITIES`: the owner of each registrable domain of the run that is known."""
        self._current().owners()

    def keep(self, name: str, sql: str) -> None:
        """Keep the rows of a query as a table of this name, unless they are kept already.

        Raises SlowQuery where they do not fit memory and disk.
        """
        try:
            self._current().keep(name, sql)
        except duckdb.OutOfMemoryException as error:
            raise SlowQuery(
                f"This table needs more memory than {MEMORY}, and more disk than {SPILL}."
            ) from error

    def need(self, *tables: str) -> None:
        """Raise StageMissing, with the command that makes them, where the run lacks one of the tables."""
        absent = [table for table in tables if table not in self.tables and table != ENTITIES]
        if absent:
            raise StageMissing(
                f"This run has no table {absent[0]}. An etl of this version makes it: "
                f"run `{self.run.command('etl')}`, then load this page again."
            )

    def close(self) -> None:
        """Release memory and temporary files."""
        self._opened.close()

    def _current(self) -> "_Opened":
        with self._lock:
            if time.monotonic() - self._looked > CHANGED_SECONDS:
                self._looked = time.monotonic()
                record = self.run.store.read_json(layout.RECORD)
                if record != self._record:
                    self.run.record = self._record = record
                    before, self._opened = self._opened, _Opened(self.run)
                    before.close()
            return self._opened

    @contextmanager
    def _cursor(self, seconds: float) -> Iterator[Any]:
        cursor = self._current().connection.cursor()
        clock = threading.Timer(seconds, cursor.interrupt)
        clock.daemon = True
        clock.start()
        try:
            yield cursor
        except duckdb.InterruptException as error:
            raise SlowQuery(
                f"The answer took longer than {seconds:.0f} s and was given up. Filter for less."
            ) from error
        except (duckdb.CatalogException, duckdb.IOException) as error:
            # Between two looks at run.json, a stage has replaced a file or what was kept of earlier ones.
            raise SlowQuery("A stage has just replaced tables of this run. Load the page again.") from error
        except duckdb.OutOfMemoryException as error:
            raise SlowQuery(f"The answer needs more memory than {MEMORY}. Filter for less.") from error
        finally:
            clock.cancel()
            cursor.close()


class _Opened:
    """A connection with a view for each table that a run has at one moment."""

    def __init__(self, run: Run) -> None:
        store = run.store
        self._engine = DuckDB({"memory_limit": MEMORY, "max_temp_directory_size": SPILL}, alone=True)
        self.connection = self._engine.connection()
        self.connection.execute("SET parquet_metadata_cache = true")
        self.tables: dict[str, tuple[str, ...]] = {}
        self.others: dict[str, Other] = {}
        self.places: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self._owners = threading.Lock()
        self._has_owners = False
        self._keeping = threading.Lock()
        self._kept: set[str] = set()
        files: list[str] = []
        for name, keys in relations(store).items():
            schema = _schema(store, keys)
            if not schema.names:  # an empty table of an analysis that found nothing
                continue
            files += self._view(run, name, keys)
            if name in TABLES:
                present = {row[0] for row in self.connection.execute(f'DESCRIBE "{name}"').fetchall()}
                self.tables[name] = tuple(column for column in TABLES[name].names if column in present)
                self.places[name] = store.uri(f"{layout.table(name)}/*.parquet")
            else:
                self.others[name] = Other(schema, *keys[0].removesuffix(".parquet").split("/")[-2:])
                self.places[name] = store.uri(keys[0])
        if not self.tables:
            raise StageMissing(f"{store.url}: no tables yet; run `{run.command('etl')}` first")
        self._lock_down(files)

    def _view(self, run: Run, name: str, keys: list[str]) -> list[str]:
        """Make the view of a table; returns its files."""
        store, rows = run.store, 0
        self._engine.view(name, store, keys)
        for key in keys:
            with store.fs.open(store.path(key), "rb") as file:
                rows += pq.read_metadata(file).num_rows
        self.counts[name] = rows
        return self._engine.files(store, keys)

    def _lock_down(self, files: list[str]) -> None:
        """Let the connection read these files only, whatever a query asks for."""
        listed = ", ".join(quoted(file) for file in files)
        for setting in (
            "GLOBAL TimeZone = 'UTC'",
            f"allowed_paths = [{listed}]",
            "enable_external_access = false",
            "autoinstall_known_extensions = false",
            "lock_configuration = true",
        ):
            self.connection.execute(f"SET {setting}")

    def keep(self, name: str, sql: str) -> None:
        with self._keeping:
            if name not in self._kept:
                cursor = self.connection.cursor()
                cursor.execute(f'CREATE TABLE "{name}" AS {sql}')
                cursor.close()
                self._kept.add(name)

    def close(self) -> None:
        self._engine.close()

    def owners(self) -> None:
        with self._owners:
            if self._has_owners:
                return
            listing = roles.default("entities")
            if listing is None:
                raise InputError("no list of entities; run `overscripted lists`")
            cursor = self.connection.cursor()
            parts = [
                f'SELECT "{column}" AS domain FROM "{table}"'
                for table, column in _DOMAINS
                if column in self.tables.get(table, ())
            ]
            found = cursor.execute(" UNION ".join(parts)).fetchall()
            known = entities.of((domain for (domain,) in found if domain), listing)
            cursor.register("owners_given", known)
            cursor.execute(
                f"CREATE TABLE {ENTITIES} AS SELECT host AS domain, owner, service, category "
                "FROM owners_given"
            )
            cursor.close()
            self._has_owners = True


def _schema(store: Store, keys: list[str]) -> pa.Schema:
    with store.fs.open(store.path(keys[0]), "rb") as file:
        return pq.read_schema(file)

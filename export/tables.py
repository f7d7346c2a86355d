"""The tables of a run as views of one DuckDB database."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ibis

from overscripted import layout
from overscripted.columns import Table
from overscripted.conform import conform
from overscripted.engines import DuckDB
from overscripted.export.publish.redact import redacted
from overscripted.run import Run
from overscripted.schemas import TABLES
from overscripted.sql import identifier

BATCH = 10_000  # rows that Python has at a time


@dataclass(frozen=True)
class Tables:
    """A connection with a view per table of the etl, and the names of the tables that the run has.

    A view has the columns of `TABLES`, also where an earlier version made the table. A table that the run
    lacks is a view without rows, so that a query can name any.
    """

    run: Run
    connection: Any
    names: tuple[str, ...]

    def rows(self, query: str) -> Iterator[dict[str, Any]]:
        """The rows of a query by column, a few at a time. Other queries may run meanwhile."""
        cursor = self.connection.cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        cursor.execute(query)
        names = [name for name, *_ in cursor.description]
        while batch := cursor.fetchmany(BATCH):
            yield from (dict(zip(names, row, strict=True)) for row in batch)

    def count(self, name: str) -> int:
        """Rows of a table of this database, with the database's name where it is another one."""
        return int(self.connection.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0])

    def columns(self, name: str) -> Mapping[str, str]:
        """The columns of a table with their types in DuckDB."""
        found = self.connection.execute(f"DESCRIBE {identifier(name)}").fetchall()
        return {column: kind for column, kind, *_ in found}


@contextlib.contextmanager
def open_tables(run: Run, remove_personal: bool = False) -> Iterator[Tables]:
    """The tables of a run, without personal data if asked (`overscripted.export.publish.redact`).

    Raises StageMissing before `overscripted etl`, InputError for a damaged table.
    """
    run.require("etl")
    there = []
    with contextlib.closing(DuckDB({})) as engine:
        for name, table in TABLES.items():
            if keys := run.store.files(layout.table(name), ".parquet"):
                query = _stored(engine, run, table, keys, remove_personal)
                there.append(name)
            else:
                empty = (f"CAST(NULL AS {_type(c.type)}) AS {identifier(c.name)}" for c in table.columns)
                query = f"SELECT {', '.join(empty)} LIMIT 0"
            engine.connection().execute(f"CREATE VIEW {identifier(name)} AS {query}")
        yield Tables(run, engine.connection(), tuple(there))


def _stored(engine: DuckDB, run: Run, table: Table, keys: list[str], remove_personal: bool) -> str:
    """SQL for the rows of a table that the run has."""
    stored = f"{table.name} (stored)"  # no table has such a name
    engine.view(stored, run.store, keys)
    rows = conform(ibis.table(engine.sql(f"FROM {identifier(stored)}").schema(), name=stored), table)
    return str(ibis.to_sql(redacted(rows) if remove_personal else rows, dialect="duckdb"))


def _type(kind: Any) -> str:
    """A type of Arrow in DuckDB's SQL."""
    return str(ibis.backends.sql.datatypes.DuckDBType.to_string(ibis.dtype(kind)))

"""``openwpm``: a SQLite database in OpenWPM's schema, so that scripts for its data run on a crawl of ours.

Tables and columns are those of OpenWPM 0.35 (its ``openwpm/storage/schema.sql``). Columns that no record of
ours answers are NULL.
"""

import contextlib
import json
import sqlite3
from pathlib import Path

from overscripted import __version__
from overscripted.errors import InputError
from overscripted.export.formats import Wanted
from overscripted.export.openwpm_tables import TABLES, OpenWPMTable
from overscripted.export.tables import Tables
from overscripted.progress import Work
from overscripted.sql import quoted

# Table -> column -> its type in SQLite.
SCHEMA = json.loads((Path(__file__).parent / "openwpm_schema.json").read_text("utf-8"))

# OpenWPM numbers its browsers. Here each worker of the crawl gets such a number.
_VISITS = """CREATE OR REPLACE TABLE visit_of AS
SELECT crawl_id, visit_id, dense_rank() OVER (ORDER BY coalesce(worker_id, '')) AS browser_id FROM visits"""
# OpenWPM has numbers of requests. Our table has texts, because an import may have a text that is no number.
_REQUESTS = """CREATE OR REPLACE TABLE request_of AS
SELECT *, CASE WHEN bool_and(try_cast(request_id AS BIGINT) IS NOT NULL) OVER ()
  THEN try_cast(request_id AS BIGINT)
  ELSE row_number() OVER (ORDER BY crawl_id, visit_id, request_id) END AS number
FROM (SELECT DISTINCT crawl_id, visit_id, request_id FROM requests)"""


def write(tables: Tables, _: list[str], file: Path, _wanted: Wanted) -> dict[str, int]:
    """Write the database; rows by table of OpenWPM. Tables that an interrupted export finished stay.

    Raises InputError where two crawls of the run have visits of one number: OpenWPM cannot tell them apart.
    """
    twice = "SELECT visit_id FROM visits GROUP BY visit_id HAVING count(*) > 1 LIMIT 1"
    if found := tables.connection.execute(twice).fetchall():
        raise InputError(
            f"{tables.run.store.url}: two crawls have a visit {found[0][0]}, and OpenWPM's schema has only "
            "one of each number; export as duckdb instead"
        )
    tables.connection.execute(_VISITS)
    tables.connection.execute(_REQUESTS)
    facts = {}
    with (
        contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database,
        Work("export", len(TABLES), "tables") as work,
    ):
        there = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in TABLES:
            if table.name not in there:
                _write(tables, database, table)
            facts[table.name] = database.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]
            work.add()
    return facts


def _write(tables: Tables, database: sqlite3.Connection, table: OpenWPMTable) -> None:
    """Write one table, whole or not at all."""
    columns = ", ".join(f"{name} {kind}" for name, kind in SCHEMA[table.name].items())
    marks = ", ".join("?" * len(table.values))
    values = ", ".join(f"{value} AS {name}" for name, value in table.values.items())
    query = f"SELECT {values} FROM {table.rows}".replace("{version}", quoted(f"Overscripted {__version__}"))
    database.execute("BEGIN")
    database.execute(f"CREATE TABLE {table.name} ({columns})")
    insert = f"INSERT INTO {table.name} ({', '.join(table.values)}) VALUES ({marks})"
    database.executemany(insert, (tuple(row.values()) for row in tables.rows(query)))
    database.execute("COMMIT")

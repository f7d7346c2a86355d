"""``duckdb``: a database with the rows of the tables, and with what each column means."""

from pathlib import Path

from overscripted.export.formats import Wanted
from overscripted.export.tables import Tables
from overscripted.progress import Work
from overscripted.schemas import TABLES
from overscripted.sql import identifier, quoted


def write(tables: Tables, names: list[str], file: Path, _wanted: Wanted) -> dict[str, int]:
    """Write the database; rows by table. Tables that an interrupted export finished stay."""
    connection, facts = tables.connection, {}
    connection.execute(f"ATTACH {quoted(str(file))} AS made")
    with Work("export", len(names), "tables") as work:
        for name in names:
            place = f"made.{identifier(name)}"
            connection.execute("BEGIN")
            connection.execute(f"CREATE TABLE IF NOT EXISTS {place} AS FROM memory.{identifier(name)}")
            connection.execute(f"COMMENT ON TABLE {place} IS {quoted(TABLES[name].row)}")
            for column in TABLES[name].columns:
                described = f"{place}.{identifier(column.name)} IS {quoted(column.meaning)}"
                connection.execute(f"COMMENT ON COLUMN {described}")
            connection.execute("COMMIT")
            facts[name] = tables.count(place)
            work.add()
    connection.execute("DETACH made")
    return facts

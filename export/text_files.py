"""``csv`` and ``jsonl``: a file of text per table.

Values are as in the table. Times are in UTC, ISO 8601. Bytes are in base64. In CSV an absent value is an
empty field, and an empty text is ``""``. No value is changed for spreadsheets, so a spreadsheet may take one
that begins with ``=`` for a formula: import its columns as text.
"""

from pathlib import Path

from overscripted.export.formats import Wanted
from overscripted.export.tables import Tables
from overscripted.progress import Work
from overscripted.sql import identifier, quoted

_OPTIONS = {"csv": "FORMAT csv, HEADER", "jsonl": "FORMAT json"}


def write(tables: Tables, names: list[str], folder: Path, wanted: Wanted) -> dict[str, int]:
    """Write ``folder/<table>.csv`` or ``.jsonl``; rows by table. A file that is there is whole."""
    facts = {}
    with Work("export", len(names), "tables") as work:
        for name in names:
            file = folder / f"{name}.{wanted.form}"
            if not file.exists():
                begun = file.with_suffix(".new")
                copy_text(tables, name, begun, wanted.form)
                begun.rename(file)
            facts[name] = tables.count(identifier(name))
            work.add()
    return facts


def copy_text(tables: Tables, name: str, file: Path, form: str) -> None:
    """Write a table as ``csv`` or ``jsonl`` to a file."""
    query = f"COPY ({_query(tables, name)}) TO {quoted(str(file))} ({_OPTIONS[form]})"
    tables.connection.execute(query)


def _query(tables: Tables, name: str) -> str:
    columns = ", ".join(_column(column, kind) for column, kind in tables.columns(name).items())
    return f"SELECT {columns} FROM {identifier(name)}"


def _column(name: str, kind: str) -> str:
    column = identifier(name)
    if kind == "BLOB":
        return f"to_base64({column}) AS {column}"
    if kind.startswith("TIMESTAMP"):
        return f"strftime({column}, '%Y-%m-%dT%H:%M:%S.%fZ') AS {column}"
    return column

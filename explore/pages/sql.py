"""The SQL box: a query of the run's tables, its rows, and the same as files."""

from typing import Any
from urllib.parse import urlencode

import pyarrow as pa

from overscripted.api.relations import relations
from overscripted.columns import Column
from overscripted.explore.downloads import FORMATS
from overscripted.explore.model import Asked, Content, File, Page
from overscripted.explore.settings import SQL_BYTES, SQL_CHARACTERS, SQL_ROWS, SQL_SECONDS, SQL_SHOWN_ROWS
from overscripted.explore.sql.box import Answer, SqlBox
from overscripted.explore.sql.examples import examples
from overscripted.explore.tables import Cell, cell
from overscripted.explore.views import View
from overscripted.schemas import TABLES

_BOX = SqlBox()


def _answer(asked: Asked) -> Content | File:
    sql, format = asked.get("q"), asked.get("format")
    if not sql.strip():
        _BOX.prepare()
        return _shown(asked, "", None)
    answer = _BOX.ask(asked.data.run.store, relations(asked.data.run.store), sql)
    if format in FORMATS and not answer.error:
        chosen = FORMATS[format]
        body = b"".join(chosen.encode(answer.rows.schema, answer.rows.to_batches()))
        return File(body, chosen.mime_type, f"{asked.data.name}-query{format}")
    return _shown(asked, sql, answer)


def _shown(asked: Asked, sql: str, answer: Answer | None) -> Content:
    values: dict[str, Any] = {
        "sql": sql,
        "asked": answer,
        "known": _known(asked),
        "examples": [
            (one.question, one.sql, _address(asked, one.sql)) for one in examples(asked.data.tables)
        ],
        "limits": (SQL_SECONDS, SQL_ROWS, SQL_BYTES),
        "most_characters": SQL_CHARACTERS,
        "columns": [],
        "rows": [],
        "formats": [],
    }
    if answer and not answer.error:
        columns = [Column(field.name, field.type, str(field.type)) for field in answer.rows.schema]
        shown = answer.rows.slice(0, SQL_SHOWN_ROWS).to_pylist()
        values |= {
            "columns": columns,
            "rows": [_row(asked, columns, row) for row in shown],
            "formats": [(name, _address(asked, sql, name)) for name in FORMATS],
        }
    return Content("SQL", "sql.html.j2", values)


def _row(asked: Asked, columns: list[Column], row: dict[str, Any]) -> list[Cell]:
    """The cells of a row, with links where the names of columns are those of the run's tables."""
    view = View("", "", "", tuple(columns), ())
    return [cell(asked.links, view, column, row) for column in columns]


def _known(asked: Asked) -> list[tuple[str, str, list[Column]]]:
    """Each table with what a row is, and its columns where they are known without opening its files."""
    schemas = {name: other.schema for name, other in asked.data.others.items()}
    return [_table(asked, name, schemas.get(name)) for name in relations(asked.data.run.store)]


def _table(asked: Asked, name: str, schema: pa.Schema | None) -> tuple[str, str, list[Column]]:
    if name in asked.data.tables:
        present = asked.data.tables[name]
        return name, TABLES[name].row, [column for column in TABLES[name].columns if column.name in present]
    columns = [Column(field.name, field.type, str(field.type)) for field in schema] if schema else []
    return name, f"one row of {name.replace('_', ' ')}", columns


def _address(asked: Asked, sql: str, format: str = "") -> str:
    keys = {"q": sql} | ({"format": format} if format else {})
    return f"{asked.links.to('sql')}?{urlencode(keys)}"


PAGE = Page("sql", _answer, "SQL", 60)

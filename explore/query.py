"""The SQL of a view in one state: with bound parameters to run, and with literals to read.

Identifiers come from the view's columns. Values are parameters.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from overscripted.explore.settings import SHOWN_CHARACTERS
from overscripted.explore.state import State
from overscripted.explore.views import View
from overscripted.sql import quoted

# Columns that links need, beside those that are shown.
KEYS = ("crawl_id", "visit_id", "request_id", "host", "name", "kind", "origin", "script_url")
TOTAL = "_total"  # no column of a table begins so
KEY = "_key_"  # nor so
_COMPARED = {
    "": "{} = {}",
    "not": "{} IS DISTINCT FROM {}",
    "contains": "contains({}, {})",
    "starts": "starts_with({}, {})",
    "gte": "{} >= {}",
    "lte": "{} <= {}",
}


@dataclass(frozen=True)
class Sql:
    """A query: ``text`` with a ``?`` for each of ``parameters``."""

    text: str
    parameters: tuple[Any, ...] = ()

    def literal(self) -> str:
        """The query with its parameters as literals, to be read and run elsewhere."""
        parts = self.text.split("?")
        values = [literal(value) for value in self.parameters]
        return "".join(part + value for part, value in zip(parts, [*values, ""], strict=True))


def literal(value: Any) -> str:
    """A value as a literal of DuckDB's SQL."""
    if isinstance(value, bool) or value is None:
        return str(value).upper() if value is not None else "NULL"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{quoted(repr(value))}::DOUBLE"
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ {quoted(value.isoformat())}"
    return _text(str(value))


def _text(text: str) -> str:
    """A text as a literal whose characters are all visible; ``chr`` makes the others."""
    groups = itertools.groupby(text, str.isprintable)
    runs = [(visible, "".join(characters)) for visible, characters in groups]
    parts = [
        part
        for visible, run in runs
        for part in ([quoted(run)] if visible else [f"chr({ord(character)})" for character in run])
    ]
    return f"({' || '.join(parts)})" if len(parts) > 1 else "".join(parts) or "''"


def columns_shown(view: View, state: State) -> tuple[str, ...]:
    """The columns that a state shows: those that it names, else the view's first ones."""
    return state.columns or view.shown or tuple(column.name for column in view.columns)


def for_page(view: View, state: State) -> Sql:
    """One page of rows, one row more than it shows, with the columns that links need. Texts are cut.

    Texts are cut last, so that only the rows of the page are read whole.
    """
    names = _with_keys(view, state)
    inner, outer = [f'"{name}"' for name in names], [_cut(view, name) for name in names]
    where, parameters = _where(state)
    offset = (state.page - 1) * state.rows
    rows = f"SELECT {', '.join(inner)} FROM {view.source}{where}{_order(view, state)}"
    return Sql(f"SELECT {', '.join(outer)} FROM ({rows} LIMIT {state.rows + 1} OFFSET {offset})", parameters)


def for_keys(view: View, state: State) -> Sql:
    """The keys of the rows of `for_page`, and `TOTAL`; for a view with a ``key``.

    Only what the order and the filters need is counted. `for_rows` then counts the rest for these keys alone.
    """
    where, parameters = _where(state)
    names = ", ".join(f'"{name}"' for name in view.key)
    ordered = (name.removeprefix("-") for name in order_of(view, state))
    source = _source(view, state, *view.key, *ordered)
    rows = f'SELECT {names}, count(*) OVER () AS "{TOTAL}" FROM {source}{where}{_order(view, state)}'
    return Sql(f"{rows} LIMIT {state.rows + 1} OFFSET {(state.page - 1) * state.rows}", parameters)


def for_rows(view: View, state: State, keys: Sequence[dict[str, Any]]) -> Sql:
    """The rows with these keys, and maybe others, with the columns of `for_page`.

    Each column of the key stands there once more, uncut; its name then begins with `KEY`.
    """
    names = _with_keys(view, state)
    selected = [_cut(view, name) for name in names] + [f'"{name}" AS "{KEY}{name}"' for name in view.key]
    where, parameters = _where(state)
    for name in view.key:
        values = list(dict.fromkeys(one[name] for one in keys))
        if None not in values:  # IN finds no NULL
            where += f'{" AND" if where else " WHERE"} "{name}" IN ({", ".join("?" * len(values))})'
            parameters += tuple(values)
    return Sql(f"SELECT {', '.join(selected)} FROM {view.source}{where}", parameters)


def for_reading(view: View, state: State, rows: int | None = None, alone: bool = False) -> Sql:
    """The rows with the columns shown, whole, as downloads and programs have them; the first ``rows``.

    ``alone``: the query uses tables of the run alone, nothing that the explorer keeps.
    """
    selected = ", ".join(f'"{name}"' for name in columns_shown(view, state))
    where, parameters = _where(state)
    limit = "" if rows is None else f"\nLIMIT {rows}"
    order = _order(view, state).replace(" ORDER", "\nORDER", 1)
    where = where.replace(" WHERE", "\nWHERE", 1)
    return Sql(
        f"SELECT {selected}\nFROM {view.definition if alone else view.source}{where}{order}{limit}",
        parameters,
    )


def for_count(view: View, state: State) -> Sql:
    """The number of rows."""
    where, parameters = _where(state)
    return Sql(f"SELECT count(*) AS n FROM {_source(view, state, *view.key)}{where}", parameters)


def for_facet(view: View, state: State, column: str, most: int) -> Sql:
    """The most frequent values of a column and their numbers of rows, one more than ``most``."""
    where, parameters = _where(state)
    text = f'SELECT "{column}" AS value, count(*) AS n FROM {_source(view, state, *view.key, column)}{where}'
    return Sql(f"{text} GROUP BY 1 ORDER BY n DESC, value LIMIT {most + 1}", parameters)


def _with_keys(view: View, state: State) -> list[str]:
    """The columns shown, and those that links need."""
    shown = columns_shown(view, state)
    return [*shown, *(name for name in KEYS if view.column(name) and name not in shown)]


def _source(view: View, state: State, *names: str) -> str:
    """What stands behind FROM for these columns and those of the filters."""
    if not view.made:
        return view.source
    return view.with_columns(dict.fromkeys([*names, *(one.column for one in state.filters)]))


def _where(state: State) -> tuple[str, tuple[Any, ...]]:
    conditions, parameters = [], []
    for one in state.filters:
        if one.comparison == "is":
            conditions.append(f'"{one.column}" IS {"NULL" if one.absent else "NOT NULL"}')
        else:
            conditions.append(_COMPARED[one.comparison].format(f'"{one.column}"', "?"))
            parameters.append(one.value)
    return (f" WHERE {' AND '.join(conditions)}" if conditions else ""), tuple(parameters)


def order_of(view: View, state: State) -> tuple[str, ...]:
    """The order of a state: the one that it names, else the view's own."""
    return state.sort or ((view.sort,) if view.sort else ())


def _order(view: View, state: State) -> str:
    parts = [
        f'"{name.removeprefix("-")}" {"DESC" if name.startswith("-") else "ASC"} NULLS LAST'
        for name in order_of(view, state)
    ]
    return f" ORDER BY {', '.join(parts)}" if parts else ""


def _cut(view: View, name: str) -> str:
    column = view.column(name)
    if column is not None and pa.types.is_string(column.type):
        return f'substr("{name}", 1, {SHOWN_CHARACTERS}) AS "{name}"'
    return f'"{name}"'

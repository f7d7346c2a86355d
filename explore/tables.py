"""A view in one state, ready for a page: its rows as cells with links, its facets with counts."""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from overscripted.columns import Column
from overscripted.display import number_format
from overscripted.display.sanitize import plain
from overscripted.errors import UserError
from overscripted.explore import linked, query
from overscripted.explore.data import ENTITIES, RunData
from overscripted.explore.links import Links
from overscripted.explore.settings import (
    DEEPEST_ROW,
    FACET_ROWS,
    FACET_VALUES,
    FACETS,
    SHOWN_CHARACTERS,
)
from overscripted.explore.state import Filter, State
from overscripted.explore.templating import moment
from overscripted.explore.views import View

_LONG = 24  # characters of a text that needs a wide column
_CELL = 90  # characters of a cell; its title has more


@dataclass(frozen=True)
class Cell:
    """A value as text. ``title`` has more of a cut text; ``href`` is its page; ``kind`` a class for CSS."""

    text: str
    title: str = ""
    href: str | None = None
    kind: str = "text"


@dataclass(frozen=True)
class FacetValue:
    """A value of a facet, its number of rows, and the address of the view with this value only."""

    text: str
    n: int
    href: str | None
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """The most frequent values of a column. ``more``: there are further ones."""

    column: Column
    values: list[FacetValue]
    more: bool


@dataclass(frozen=True)
class Shown:
    """A table of a page. ``total``: its rows, of which ``rows`` are on the page; ``more``: a page follows.

    ``uncounted``: columns whose values can be counted on demand.
    """

    view: View
    state: State
    title: str
    columns: list[Column]
    rows: list[list[Cell]]
    total: int
    more: bool
    facets: list[Facet]
    uncounted: list[Column]

    @property
    def first(self) -> int:
        """Number of the first row on the page, from 1."""
        return (self.state.page - 1) * self.state.rows + 1

    def label(self, column: Column) -> str:
        """The head of a column: its name in words. What counts something is named by what it counts."""
        return column.name.removeprefix("n_").removeprefix("is_").replace("_", " ")

    def is_number(self, column: Column) -> bool:
        """Whether a column's values are aligned right: counts and sizes, but no numbers of things."""
        number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        return number and not column.name.endswith("_id")

    def sorted_by(self, column: Column) -> str:
        """``ascending``, ``descending`` or, where the rows are in another order, ``none``."""
        order = query.order_of(self.view, self.state)[:1]
        if order == (column.name,):
            return "ascending"
        return "descending" if order == (f"-{column.name}",) else "none"

    def next_sort(self, column: Column) -> tuple[str, ...]:
        """The order that a click on the column's head asks for: numbers begin with the highest."""
        number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        now = self.sorted_by(column)
        falls = now == "ascending" or (now == "none" and number)
        return (f"-{column.name}" if falls else column.name,)


def prepare(data: RunData, view: View) -> None:
    """Make what a view needs beside the run's tables. Raises StageMissing where a table is missing."""
    data.need(*view.needs)
    if ENTITIES in view.needs:
        data.owners()
    if view.kept:
        data.keep(view.kept_name, view.sql)


def warm(data: RunData, found: Iterable[View]) -> None:
    """Prepare what is kept, before a reader asks for it."""
    for view in found:
        if view.kept:
            with contextlib.suppress(UserError):
                prepare(data, view)


def whole(data: RunData, links: Links, view: View, state: State) -> Shown:
    """A view with its facets, for a page of its own."""
    prepare(data, view)
    asked = [*state.facets]
    if sum(data.count(table) for table in view.needs if table != ENTITIES) <= FACET_ROWS:
        usual = [name for name in view.facets if name not in asked]
        asked += usual[:FACETS]
    facets = [_facet(data, links, view, state, name) for name in asked]
    shown = _shown(data, links, view, state, view.title)
    uncounted = [column for column in view.columns if column.name not in asked and _countable(column)]
    return Shown(**{**shown.__dict__, "facets": [f for f in facets if f.values], "uncounted": uncounted})


def preview(
    data: RunData,
    links: Links,
    view: View,
    title: str,
    filters: Sequence[Filter],
    columns: tuple[str, ...] = (),
    sort: tuple[str, ...] = (),
) -> Shown:
    """The first rows of a view, for the page of something that they belong to."""
    prepare(data, view)
    known = tuple(name for name in columns if view.column(name))
    if not known:  # what is the same in all rows is on the page already
        same = {one.column for one in filters if not one.comparison}
        known = tuple(name for name in query.columns_shown(view, State()) if name not in same)
    state = State(filters=tuple(filters), columns=known, sort=sort, rows=links.preview_rows)
    return _shown(data, links, view, state, title)


def _shown(data: RunData, links: Links, view: View, state: State, title: str) -> Shown:
    names = query.columns_shown(view, state)
    columns = [column for name in names if (column := view.column(name))]
    found = _rows_by_key(data, view, state) if view.key else _rows(data, query.for_page(view, state))
    rows = [[cell(links, view, column, row) for column in columns] for row in found[: state.rows]]
    more = len(found) > state.rows and (state.page + 1) * state.rows <= DEEPEST_ROW
    total = len(found)
    if found and query.TOTAL in found[0]:
        total = found[0][query.TOTAL]
    elif len(found) > state.rows or state.page > 1:
        counted = query.for_count(view, state)
        total = data.one(counted.text, counted.parameters)["n"]
    return Shown(view, state, title, columns, rows, total, more, [], [])


def _rows(data: RunData, sql: query.Sql) -> list[dict[str, Any]]:
    return data.rows(sql.text, sql.parameters).dicts


def _rows_by_key(data: RunData, view: View, state: State) -> list[dict[str, Any]]:
    """The rows of a page: first which they are, then what they have."""
    keys = _rows(data, query.for_keys(view, state))
    if not keys:
        return []
    found = {
        tuple(row[f"{query.KEY}{name}"] for name in view.key): row
        for row in _rows(data, query.for_rows(view, state, keys))
    }
    rows = ((found.get(tuple(key[name] for name in view.key)), key) for key in keys)
    return [row | {query.TOTAL: key[query.TOTAL]} for row, key in rows if row]  # a stage may replace tables


def cell(links: Links, view: View, column: Column, row: dict[str, Any]) -> Cell:
    """One value of a row. Text of pages becomes visible text; the template escapes it."""
    value = row[column.name]
    if links.hides(view, column.name):
        return Cell("not published", kind="none")
    if value is None:
        return Cell("–", kind="none")
    href = links.page(linked.target(view, column.name, row))
    if isinstance(value, bool):
        return Cell("yes" if value else "no", kind="flag")
    if isinstance(value, int | float):
        # Numbers that name something have no thousands.
        names = column.name.endswith("_id") or href is not None
        text = str(value) if names else number_format.number(value)
        return Cell(text, href=href, kind="id" if names else "num")
    if isinstance(value, datetime):
        return Cell(moment(value), kind="time")
    text = str(value)
    title = plain(text, SHOWN_CHARACTERS) if len(text) > _CELL else ""
    kind = "long" if len(text) > _LONG else "text"
    return Cell(plain(text, _CELL), title, href, kind)


def _countable(column: Column) -> bool:
    kind = column.type
    return bool(pa.types.is_string(kind) or pa.types.is_boolean(kind) or pa.types.is_integer(kind))


def _facet(data: RunData, links: Links, view: View, state: State, name: str) -> Facet:
    column = view.column(name)
    assert column is not None
    sql = query.for_facet(view, state, name, FACET_VALUES)
    found = data.rows(sql.text, sql.parameters).rows
    values = [_facet_value(links, view, state, column, value, n) for value, n in found[:FACET_VALUES]]
    return Facet(column, values, len(found) > FACET_VALUES)


def _facet_value(links: Links, view: View, state: State, column: Column, value: Any, n: int) -> FacetValue:
    written = None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    narrowed = state.with_filter(column, written)
    added = narrowed.filters[-1]
    chosen = added in state.filters
    href = links.view(view, state.without(added) if chosen else narrowed)
    shown = "unknown" if written is None else plain(written, _CELL) if written else "(empty)"
    return FacetValue(shown, n, href, chosen)

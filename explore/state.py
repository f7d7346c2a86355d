"""The state of a view: filters, order, columns and page, as the address says them.

``host=example.com`` is a filter, ``url__contains=/fp.js`` one with a comparison. Names that begin with ``_``
are the view's own: ``_sort=-n_calls``, ``_columns=host,url``, ``_page=2``, ``_rows=100``, ``_facet=method``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa

from overscripted.columns import Column
from overscripted.errors import InputError
from overscripted.explore.settings import DEEPEST_ROW, MOST_COLUMNS, MOST_FILTERS, MOST_PAGE_ROWS, PAGE_ROWS
from overscripted.explore.views import View
from overscripted.options import decimal

# Comparisons by their name in addresses, with the words of the page.
COMPARISONS = {
    "": "is",
    "not": "is not",
    "contains": "contains",
    "starts": "begins with",
    "gte": "is at least",
    "lte": "is at most",
    "is": "is (null or known)",
}
_ABSENT, _KNOWN = "null", "known"  # the values of the comparison `is`
_TEXT_ONLY = ("contains", "starts")


@dataclass(frozen=True)
class Filter:
    """A condition on a column. ``text`` is the value in the address, ``value`` of the column's type."""

    column: str
    comparison: str
    text: str
    value: Any

    @property
    def parameter(self) -> tuple[str, str]:
        """Its name and value in an address."""
        return (f"{self.column}__{self.comparison}" if self.comparison else self.column, self.text)

    @property
    def absent(self) -> bool:
        """Whether it asks for NULL, where the comparison is `is`."""
        return self.text == _ABSENT


@dataclass(frozen=True)
class State:
    """What a view shows. ``sort`` are columns, ``-`` before one that descends; ``page`` counts from 1.

    ``facets`` are counted beside those that the view counts by itself.
    """

    filters: tuple[Filter, ...] = ()
    sort: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    page: int = 1
    rows: int = PAGE_ROWS
    facets: tuple[str, ...] = ()

    def query(self, **changes: Any) -> str:
        """The query of the address of this state, with changes; of the first page, unless they name one."""
        state = replace(self, **{"page": 1, **changes})
        parts = [one.parameter for one in state.filters]
        parts += [("_sort", ",".join(state.sort))] if state.sort else []
        parts += [("_columns", ",".join(state.columns))] if state.columns else []
        parts += [("_facet", facet) for facet in state.facets]
        parts += [("_rows", str(state.rows))] if state.rows != PAGE_ROWS else []
        parts += [("_page", str(state.page))] if state.page != 1 else []
        return urlencode(parts)

    def with_filter(self, column: Column, text: str | None) -> "State":
        """This state with one more filter, for a value as it is shown; None is NULL."""
        name = f"{column.name}__is" if text is None else column.name
        added = parse_filter(column, name, _ABSENT if text is None else text)
        return replace(self, filters=(*(f for f in self.filters if f != added), added), page=1)

    def without(self, one: Filter) -> "State":
        """This state without a filter."""
        return replace(self, filters=tuple(f for f in self.filters if f != one), page=1)


def parse(view: View, parameters: Iterable[tuple[str, str]]) -> State:
    """The state that an address describes. Raises InputError, naming the parameter that is wrong."""
    filters: list[Filter] = []
    facets: list[str] = []
    own: dict[str, str] = {}
    for name, text in parameters:
        if name == "_facet":
            facets.append(_known(view, name, text).name)
        elif name in ("_sort", "_columns", "_page", "_rows"):
            own[name] = text
        elif name.startswith("_"):
            raise InputError(f"{name}: no such setting of a view")
        else:
            filters.append(parse_filter(_known(view, name, name.partition("__")[0]), name, text))
    if len(filters) > MOST_FILTERS:
        raise InputError(f"{len(filters)} conditions: a view takes {MOST_FILTERS}")
    rows = _number(own, "_rows", PAGE_ROWS, MOST_PAGE_ROWS)
    return State(
        tuple(dict.fromkeys(filters)),
        tuple(_order(view, text) for text in own.get("_sort", "").split(",") if text),
        tuple(_columns(view, own.get("_columns", ""))),
        _number(own, "_page", 1, DEEPEST_ROW // rows),
        rows,
        tuple(dict.fromkeys(facets)),
    )


def parse_filter(column: Column, name: str, text: str) -> Filter:
    """The filter of a parameter of an address."""
    comparison = name.partition("__")[2]
    if comparison not in COMPARISONS:
        known = ", ".join(f"{column.name}__{word}" for word in COMPARISONS if word)
        raise InputError(f"{name}: no such comparison; there are {column.name}, {known}")
    if comparison == "is":
        if text not in (_ABSENT, _KNOWN):
            raise InputError(f"{name}={text}: {_ABSENT} or {_KNOWN} is expected")
        return Filter(column.name, comparison, text, None)
    if comparison in _TEXT_ONLY:
        if not pa.types.is_string(column.type):
            raise InputError(f"{name}: {column.name} is not text")
        return Filter(column.name, comparison, text, text)
    return Filter(column.name, comparison, text, _value(column, text))


def _known(view: View, parameter: str, name: str) -> Column:
    column = view.column(name)
    if column is None:
        raise InputError(f"{parameter}: the table {view.name} has no column {name[:80]}")
    return column


def _order(view: View, text: str) -> str:
    _known(view, "_sort", text.removeprefix("-"))
    return text


def _columns(view: View, text: str) -> list[str]:
    names = list(dict.fromkeys(name for name in text.split(",") if name))
    if len(names) > MOST_COLUMNS:
        raise InputError(f"_columns: {len(names)} columns; a view takes {MOST_COLUMNS}")
    return [_known(view, "_columns", name).name for name in names]


def _number(own: dict[str, str], name: str, default: int, most: int) -> int:
    if name not in own:
        return default
    found = decimal(own[name], 1, most)
    if found is None:
        raise InputError(f"{name}={own[name][:20]}: a number from 1 to {most:,} is expected; filter for less")
    return found


def _value(column: Column, text: str) -> Any:
    """The value of a column's type. Raises InputError for a text that is none."""
    kind = column.type
    try:
        if pa.types.is_integer(kind):
            number = int(text)
            if not -(2**63) <= number < 2**63:
                raise ValueError
            return number
        if pa.types.is_floating(kind):
            return float(text)
        if pa.types.is_boolean(kind):
            return {"true": True, "false": False}[text.lower()]
        if pa.types.is_timestamp(kind):
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise ValueError
            return moment
    except (ValueError, KeyError, OverflowError) as error:
        expected = "a time such as 2026-11-29T12:00:00Z" if pa.types.is_timestamp(kind) else str(kind)
        raise InputError(f"{column.name}={text[:40]}: {expected} is expected") from error
    if not pa.types.is_string(kind) and not pa.types.is_large_string(kind):
        raise InputError(f"{column.name}: a column of this type cannot be filtered by a value")
    return text

"""A view in one state as code to run elsewhere: SQL, Ibis and Python.

All three read the run's Parquet files and give the rows of the download, in the same order where the state
has one. A value of a page is only ever a literal in them.
"""

from datetime import datetime
from typing import Any, NamedTuple

from overscripted.explore import query
from overscripted.explore.data import ENTITIES, RunData
from overscripted.explore.settings import DOWNLOAD_ROWS
from overscripted.explore.state import Filter, State
from overscripted.explore.views import View


class Snippet(NamedTuple):
    """Code with the name of its language; ``note`` says what it needs."""

    language: str
    code: str
    note: str


def snippets(data: RunData, view: View, state: State) -> list[Snippet]:
    """The code for a view. A roll-up that needs the list of entities has none."""
    if ENTITIES in view.needs:
        return []
    sql = query.for_reading(view, state, rows=DOWNLOAD_ROWS, alone=True).literal()
    return [
        Snippet("SQL", f"{sql};", "In DuckDB on RUN/run.duckdb, which `overscripted views RUN` writes"),
        Snippet("Ibis", _ibis(data, view, state, sql), 'On DuckDB, or on Spark with engine="spark"'),
        Snippet("Python", _python(data, view, state, sql), "With PyArrow and pandas"),
    ]


def _ibis(data: RunData, view: View, state: State, sql: str) -> str:
    opened = f"run = overscripted.open_run({data.run.store.url!r})"
    if view.rolled_up:
        return f"import overscripted\n\n{opened}\nrows = run.sql({_python_text(sql)})\nrows.to_pandas()"
    moments = any(isinstance(one.value, datetime) for one in state.filters)
    lines = [*(["import ibis"] if moments else []), "import overscripted", "from ibis import _", "", opened]
    lines.append(f"rows = run.table({view.name!r})")
    conditions = [_ibis_condition(one) for one in state.filters]
    lines += [f"rows = rows.filter({', '.join(conditions)})"] if conditions else []
    order = [
        f"_[{name.removeprefix('-')!r}].{'desc' if name.startswith('-') else 'asc'}(nulls_first=False)"
        for name in query.order_of(view, state)
    ]
    lines += [f"rows = rows.order_by({', '.join(order)})"] if order else []
    names = ", ".join(map(repr, query.columns_shown(view, state)))
    lines += [f"rows = rows.select({names}).limit({DOWNLOAD_ROWS})", "rows.to_pandas()"]
    return "\n".join(lines)


_IBIS = {
    "": "{} == {}",
    "not": "~{}.identical_to({})",
    "contains": "{}.contains({})",
    "starts": "{}.startswith({})",
    "gte": "{} >= {}",
    "lte": "{} <= {}",
}
_ARROW = {
    "": "{0} == {1}",
    "not": "({0} != {1}) | {0}.is_null()",
    "contains": "pc.match_substring({0}, {1})",
    "starts": "pc.starts_with({0}, {1})",
    "gte": "{0} >= {1}",
    "lte": "{0} <= {1}",
}


def _ibis_condition(one: Filter) -> str:
    column = f"_[{one.column!r}]"
    if one.comparison == "is":
        return f"{column}.isnull()" if one.absent else f"{column}.notnull()"
    return _IBIS[one.comparison].format(column, _python_value(one.value, "ibis"))


def _python(data: RunData, view: View, state: State, sql: str) -> str:
    if view.rolled_up:
        opened = f"run = overscripted.open_run({data.run.store.url!r})"
        return f"import overscripted\n\n{opened}\nrun.duckdb().sql({_python_text(sql)}).df()"
    place = data.places[view.name].removesuffix("/*.parquet")
    lines = ["import pyarrow.dataset as ds", "", f'rows = ds.dataset({place!r}, format="parquet")']
    if any(one.comparison in ("contains", "starts") for one in state.filters):
        lines.insert(0, "import pyarrow.compute as pc")
    if any(isinstance(one.value, datetime) for one in state.filters):
        lines.insert(0, "import datetime")
    conditions = [f"({_arrow_condition(one)})" for one in state.filters]
    order = query.order_of(view, state)
    shown = query.columns_shown(view, state)
    read = list(dict.fromkeys([*shown, *(name.removeprefix("-") for name in order)]))
    filtered = f", filter={' & '.join(conditions)}" if conditions else ""
    lines.append(f"rows = rows.to_table(columns={read!r}{filtered})")
    if order:
        keys = [(n.removeprefix("-"), "descending" if n.startswith("-") else "ascending") for n in order]
        lines.append(f"rows = rows.sort_by({keys!r})")
    lines.append(f"rows.select({list(shown)!r}).slice(0, {DOWNLOAD_ROWS}).to_pandas()")
    return "\n".join(lines)


def _arrow_condition(one: Filter) -> str:
    column = f"ds.field({one.column!r})"
    if one.comparison == "is":
        return f"{column}.is_null()" if one.absent else f"{column}.is_valid()"
    return _ARROW[one.comparison].format(column, _python_value(one.value, "arrow"))


def _python_value(value: Any, library: str) -> str:
    if isinstance(value, datetime):
        text = value.isoformat()
        return (
            f"ibis.timestamp({text!r})" if library == "ibis" else f"datetime.datetime.fromisoformat({text!r})"
        )
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return f"float({str(value)!r})"
    return _python_text(value) if isinstance(value, str) else repr(value)


def _python_text(text: str) -> str:
    """A text as a literal of Python. Lines stay lines where nothing in them must be escaped."""
    plain = text.isprintable() or all(line.isprintable() for line in text.split("\n"))
    if "\n" in text and plain and "\\" not in text and '"""' not in text and not text.endswith('"'):
        return f'"""\n{text}\n"""'
    return repr(text)

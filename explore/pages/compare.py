"""What changed between two runs or two groups of visits: the results of `overscripted compare`."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from overscripted import layout
from overscripted.columns import FLOAT, INT, STR, Column
from overscripted.display.sanitize import plain
from overscripted.explore.listing import Listing, listing
from overscripted.explore.model import Asked, Content, Fact, NotFound, Page
from overscripted.explore.settings import COMPARED_ROWS

# The tables of a comparison, with what a row is; those that a comparison has not are left out.
_TABLES = {
    "parties": "Third parties",
    "scripts": "Scripts that are new, gone or have another body",
    "outcomes": "Outcomes, then and now",
    "errors": "Errors now",
    "blocked": "Walls, then or now",
    "slowest": "Pages that load slowest",
}
_FIGURES = (
    Column("verdict", STR, "Whether the difference is a change"),
    Column("analysis", STR, "Analysis"),
    Column("label", STR, "Figure"),
    Column("then", STR, "Then"),
    Column("now", STR, "Now"),
    Column("change", STR, "Difference, with its interval of 95 %"),
    Column("noise", STR, "Difference of two crawls at the same time"),
)
_ORDER = ("changed", "new", "gone", "more", "fewer", "within noise", "not significant", "same", "")


def _answer(asked: Asked) -> Content:
    store = asked.data.run.store
    names = layout.comparison_names(store.files(layout.COMPARISONS))
    chosen = asked.get("name") or next(iter(names), "")
    if chosen and chosen not in names:
        raise NotFound("This run has no such comparison.")
    values: dict[str, Any] = {
        "names": [(name, asked.links.to("compare", name=name)) for name in names],
        "chosen": chosen,
        "commands": _commands(asked),
        "sections": [],
        "facts": [],
        "sentence": "",
        "between": [],
        "notes": [],
    }
    if chosen:
        summary = store.read_json(layout.comparison_summary(chosen))
        summary = summary if isinstance(summary, dict) else {}
        values |= {
            "sentence": summary.get("sentence") or "",
            "between": summary.get("between") or [],
            "notes": summary.get("notes") or [],
            "facts": [_fact(figure) for figure in summary.get("figures") or []],
            "sections": _sections(asked, chosen),
        }
    return Content("Compare", "compare.html.j2", values)


def _fact(figure: dict[str, Any]) -> Fact:
    of = figure.get("of")
    return Fact(plain(figure.get("label"), 120), figure.get("n"), f"of {of:,}" if isinstance(of, int) else "")


def _sections(asked: Asked, name: str) -> list[Listing]:
    store = asked.data.run.store
    keys = set(store.files(layout.comparison(name), ".parquet"))
    found = []
    if layout.comparison_table(name, "figures") in keys:
        rows = store.read_table(layout.comparison_table(name, "figures")).to_pylist()
        shown = [_figure(row) for row in sorted(rows, key=_place)]
        found.append(_listed(asked, "Figures", _FIGURES, shown))
    for table, title in _TABLES.items():
        key = layout.comparison_table(name, table)
        if key in keys:
            content = store.read_table(key)
            columns = [Column(field.name, _kind(field.type), "") for field in content.schema]
            found.append(_listed(asked, title, columns, sorted(content.to_pylist(), key=_place)))
    return found


def _kind(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_floating(kind):
        return FLOAT
    return INT if pa.types.is_integer(kind) else STR


def _place(row: dict[str, Any]) -> int:
    """The place of a row by its verdict; rows of one verdict keep their order."""
    verdict = row.get("verdict") or ""
    return _ORDER.index(verdict) if verdict in _ORDER else len(_ORDER)


def _figure(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the table of figures with its numbers as people write them."""
    change = _points(row.get("change"))
    if row.get("low") is not None and row.get("high") is not None:
        change += f" ({_points(row['low'])} to {_points(row['high'])})"
    return {
        "verdict": row.get("verdict") or "",
        "analysis": str(row.get("analysis") or "").replace("_", " "),
        "label": row.get("label"),
        "then": _side(row, "then"),
        "now": _side(row, "now"),
        "change": change,
        "noise": _points(row.get("noise")),
    }


def _side(row: dict[str, Any], side: str) -> str:
    n, of, share = row.get(f"{side}_n"), row.get(f"{side}_of"), row.get(side)
    if n is None:
        return "–"
    if of is None or share is None:
        return f"{n:,.0f}"
    return f"{share:.2f} % ({n:,.0f} of {of:,.0f})"


def _points(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f}"


def _listed(asked: Asked, title: str, columns: Sequence[Column], rows: list[dict[str, Any]]) -> Listing:
    note = f"The first {COMPARED_ROWS:,} of {len(rows):,} rows." if len(rows) > COMPARED_ROWS else ""
    return listing(asked.links, title, columns, rows[:COMPARED_ROWS], note)


def _commands(asked: Asked) -> list[tuple[str, str]]:
    """Which comparisons this run can have, with the commands that make them."""
    url = asked.data.run.store.url
    found = [("with an earlier run of the same seeds", f"overscripted compare EARLIER-RUN {url}")]
    for column, words in (("variant", "two variants"), ("wave", "two waves")):
        if column not in asked.data.tables.get("visits", ()):
            continue
        sql = f"SELECT DISTINCT {column} AS one FROM visits WHERE {column} IS NOT NULL ORDER BY 1 LIMIT 2"
        values = [str(row["one"]) for row in asked.data.rows(sql).dicts]
        if len(values) == 2:
            chosen = f"--then {column}={values[0]} --now {column}={values[1]}"
            found.append((f"{words} of this run", f"overscripted compare {url} {url} {chosen}"))
    return found


PAGE = Page("compare", _answer, "Compare", 57)

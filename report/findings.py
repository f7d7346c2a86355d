"""The findings of a run as the report shows them: summaries, and the first rows of their tables."""

from collections.abc import Callable, Iterable
from typing import Any

from overscripted import layout
from overscripted.errors import InputError
from overscripted.report.settings import TOP_ROWS, WIDE_COLUMNS, WIDE_TEXT
from overscripted.store import Store

# What a summary of an older version may lack.
_DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("question", "sentence", "unsupported", "rule", "headline", "beside", "chapter"), ""),
    **{"plots": [], "definitions": [], "notes": [], "lists": {}, "tables": {}},
}
_NO_CHAPTER = "More questions"
_LAST = 2**31  # a summary of an older version has no `order`

# Name of a table, its columns, its first rows, the number of all its rows, and its file from the report.
_Table = tuple[str, list[str], list[list[Any]], int, str]


def read(store: Store) -> list[dict[str, Any]]:
    """All findings and comparisons, in the order of their analyses.

    Raises InputError for a file that is neither.
    """
    names = layout.finding_names(store.files(layout.FINDINGS))
    found = [_finding(store, name, layout.finding_summary(name), layout.finding_table) for name in names]
    for name in layout.comparison_names(store.files(layout.COMPARISONS)):
        compared = _finding(store, name, layout.comparison_summary(name), layout.comparison_table)
        title = f"{compared['title']}: {name}"
        where = {"name": f"{layout.COMPARISONS}-{name}", "title": title, "chapter": "What changed"}
        found.append({**compared, **where})
    return sorted(found, key=lambda finding: (finding["order"], finding["name"]))


def by_chapter(findings: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Findings by chapter; the chapter whose first finding comes first is the first."""
    chapters: dict[str, list[dict[str, Any]]] = {}
    for finding in findings:
        chapters.setdefault(str(finding["chapter"] or _NO_CHAPTER), []).append(finding)
    return chapters


def figures_by_name(finding: dict[str, Any] | None) -> dict[str, Any]:
    """The figures of a finding by name; none of none."""
    return {figure["name"]: figure for figure in finding["figures"]} if finding else {}


def lists_used(findings: Iterable[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """The lists that findings were made with, each once: its role and its provenance."""
    used = {
        (role, str(provenance)): provenance
        for finding in findings
        for role, provenance in finding["lists"].items()
    }
    return [(role, provenance) for (role, _text), provenance in used.items()]


def _finding(store: Store, name: str, key: str, table_key: Callable[[str, str], str]) -> dict[str, Any]:
    """A finding's summary with the first rows of its tables, narrow tables and wide tables apart."""
    summary = store.read_json(key)
    if not isinstance(summary, dict) or not isinstance(summary.get("figures"), list):
        raise InputError(f"{store.uri(key)}: not a finding; run `overscripted analyze` again")
    order = summary["order"] if isinstance(summary.get("order"), int) else _LAST
    finding = {"title": name, **_DEFAULTS, **summary, "name": name, "order": order}
    finding["figures"] = [_figure(figure) for figure in summary["figures"]]
    tables = [
        _top(store, table_key(name, table), table, total)
        for table, total in finding["tables"].items()
        if store.exists(table_key(name, table))
    ]
    narrow = [table for table in tables if not _is_wide(table)]
    if sum(bool(rows) for _name, _columns, rows, _total, _file in narrow) < 2:
        narrow = []  # a narrow table needs another one beside it
    return finding | {"narrow": narrow, "wide": [table for table in tables if table not in narrow]}


def _figure(figure: dict[str, Any]) -> dict[str, Any]:
    """A figure with what a summary of an older version lacks."""
    published = figure.get("published")
    source = {"source": "", "year": 2018, "population": "", "link": ""}
    return {"unlike": "", **figure, "published": published and {**source, **published}}


def _top(store: Store, key: str, name: str, total: int) -> _Table:
    """A table of a finding with its first rows."""
    rows = store.read_table(key).slice(0, TOP_ROWS)
    shown = [[_shown(column, value) for column, value in row.items()] for row in rows.to_pylist()]
    return name, rows.column_names, shown, total, f"../{key}"


def _shown(column: str, value: Any) -> Any:
    """A value for the page. The number of a visit or crawl is a name: it gets no commas."""
    return str(value) if column.endswith("_id") and isinstance(value, int) else value


def _is_wide(table: _Table) -> bool:
    """Whether a table needs the page's whole width."""
    _name, columns, rows, _total, _file = table
    texts = (value for row in rows for value in row if isinstance(value, str))
    return len(columns) > WIDE_COLUMNS or any(len(text) > WIDE_TEXT for text in texts)

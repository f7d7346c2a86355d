"""The findings of a run as the report shows them: summaries, and the first rows of their tables."""

from collections.abc import Iterable
from typing import Any

from overscripted import layout
from overscripted.errors import InputError
from overscripted.report.settings import TOP_ROWS, WIDE_COLUMNS, WIDE_TEXT
from overscripted.store import Store

# What a summary of an older version may lack.
_DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("question", "sentence", "unsupported", "rule", "headline", "beside"), ""),
    **{"plots": [], "definitions": [], "notes": [], "lists": {}, "tables": {}},
}
_LAST = 2**31  # a summary of an older version has no `order`

# Name of a table, its columns, its first rows, and the number of all its rows.
_Table = tuple[str, list[str], list[list[Any]], int]


def read(store: Store) -> list[dict[str, Any]]:
    """All findings, in the order of their analyses. Raises InputError for a file that is no finding."""
    names = layout.finding_names(store.files(layout.FINDINGS))
    found = [_finding(store, name) for name in names]
    return sorted(found, key=lambda finding: (finding["order"], finding["name"]))


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


def _finding(store: Store, name: str) -> dict[str, Any]:
    """A finding's summary with the first rows of its tables, narrow tables and wide tables apart."""
    key = layout.finding_summary(name)
    summary = store.read_json(key)
    if not isinstance(summary, dict) or not isinstance(summary.get("figures"), list):
        raise InputError(f"{store.uri(key)}: not a finding; run `overscripted analyze` again")
    order = summary["order"] if isinstance(summary.get("order"), int) else _LAST
    finding = {"title": name, **_DEFAULTS, **summary, "name": name, "order": order}
    finding["figures"] = [{"unlike": "", **figure} for figure in summary["figures"]]  # of older versions
    tables = [
        _top(store, name, table, total)
        for table, total in finding["tables"].items()
        if store.exists(layout.finding_table(name, table))
    ]
    narrow = [table for table in tables if not _is_wide(table)]
    if sum(bool(rows) for _name, _columns, rows, _total in narrow) < 2:
        narrow = []  # a narrow table needs another one beside it
    return finding | {"narrow": narrow, "wide": [table for table in tables if table not in narrow]}


def _top(store: Store, finding: str, name: str, total: int) -> _Table:
    """A table of a finding with its first rows."""
    rows = store.read_table(layout.finding_table(finding, name)).slice(0, TOP_ROWS)
    return name, rows.column_names, [list(row.values()) for row in rows.to_pylist()], total


def _is_wide(table: _Table) -> bool:
    """Whether a table needs the page's whole width."""
    _name, columns, rows, _total = table
    texts = (value for row in rows for value in row if isinstance(value, str))
    return len(columns) > WIDE_COLUMNS or any(len(text) > WIDE_TEXT for text in texts)

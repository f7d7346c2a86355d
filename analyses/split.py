"""Findings of several groups of visits beside each other: each table again, with columns that say whose."""

from collections.abc import Iterable, Sequence

import pyarrow as pa

from overscripted.analyses.model import Finding
from overscripted.visit_groups import Group

_TYPES = {"variant": pa.string(), "wave": pa.int64(), "reached_by": pa.string()}
_FIGURES = pa.schema(
    [
        ("name", pa.string()),
        ("label", pa.string()),
        ("n", pa.float64()),
        ("of", pa.int64()),
        ("percent", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
    ]
)


def add(finding: Finding, by: Sequence[str], parts: Sequence[tuple[Group, Finding]]) -> None:
    """Add to a finding the tables of ``parts`` and of their figures, named ``<table>_by_<dimensions>``.

    A part that is not answered is named in the notes.
    """
    suffix = f"_by_{'_'.join(by)}"
    answered = [(group, part) for group, part in parts if not part.unsupported]
    names = list(dict.fromkeys(name for _group, part in answered for name in part.tables))
    tables = {
        name + suffix: _together(by, ((g, part.tables[name]) for g, part in answered if name in part.tables))
        for name in names
    }
    figures = {f"figures{suffix}": _together(by, ((group, _figures(part)) for group, part in answered))}
    finding.tables |= figures | tables
    finding.notes += [
        f"Not answered of {group}: {part.unsupported}." for group, part in parts if part.unsupported
    ]


def _together(by: Sequence[str], tables: Iterable[tuple[Group, pa.Table]]) -> pa.Table:
    """The rows of all tables, after columns with the values of their groups."""
    parts = []
    for group, table in tables:
        for position, name in enumerate(by):
            values = pa.array([group.values[name]] * table.num_rows, _TYPES[name])
            table = table.add_column(position, f"of_{name}" if name in table.column_names else name, values)
        parts.append(table)
    return pa.concat_tables(parts, promote_options="permissive") if parts else _FIGURES.empty_table()


def _figures(finding: Finding) -> pa.Table:
    rows = [
        {
            "name": figure.name,
            "label": figure.label,
            "n": figure.n,
            "of": figure.of,
            "percent": figure.percent,
            "low": figure.interval[0] if figure.interval else None,
            "high": figure.interval[1] if figure.interval else None,
        }
        for figure in finding.figures
    ]
    return pa.Table.from_pylist(rows, schema=_FIGURES)

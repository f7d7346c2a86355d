"""Groups of visits that must not be counted together: by variant, wave, and how a visit reached its page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from overscripted.errors import InputError
from overscripted.group_names import DIMENSIONS, SEED

VISIT = ("crawl_id", "visit_id")


@dataclass(frozen=True)
class Group:
    """Visits of one variant and wave that reached their pages in one way: ``n`` of ``of`` in the run."""

    variant: str
    wave: int
    reached_by: str
    n: int = 0
    of: int = 0

    @property
    def values(self) -> dict[str, Any]:
        """Its values by the names of `DIMENSIONS`."""
        return {name: getattr(self, name) for name in DIMENSIONS}

    def __str__(self) -> str:
        variant = f"variant {self.variant}, " if self.variant else ""
        return f"{self.n:,} of {self.of:,} visits: {variant}wave {self.wave}, reached by {self.reached_by}"


def with_values(rows: ir.Table) -> ir.Table:
    """Rows with every column of `DIMENSIONS`, none NULL; rows of an earlier version may lack them."""
    columns = {}
    for name, default in DIMENSIONS.items():
        columns[name] = rows[name].fill_null(default) if name in rows.columns else ibis.literal(default)
    return rows.mutate(**columns)


def counts(visits: ir.Table) -> ir.Table:
    """One row per group: its values, the number of ``visits``, ``first_started`` and ``last_ended``."""
    rows = with_values(visits)
    return (
        rows.group_by(*DIMENSIONS)
        .agg(visits=rows.count(), first_started=rows.started.min(), last_ended=rows.ended.max())
        .order_by(*DIMENSIONS)
    )


def chosen(rows: Iterable[Mapping[str, Any]], where: Mapping[str, Any], order: Sequence[str] = ()) -> Group:
    """The group to count, of the rows of `counts`: ``where``, and for what it leaves open the usual visits.

    The usual ones: without variant, else of the first variant in ``order``, else of the first by name; of the
    last wave; at seeds. Raises InputError where no visit is like that.
    """
    places = {name: place for place, name in enumerate(["", *order])}

    def by_place(variant: str) -> tuple[int, str]:
        return places.get(variant, len(places)), variant

    known = [dict(row) for row in rows]
    left = [row for row in known if all(row[name] == value for name, value in where.items())]
    if not left:
        asked = " and ".join(f"{name}={value}" for name, value in where.items())
        there = "; ".join(f"{name}={_listed(row[name] for row in known)}" for name in where)
        raise InputError(f"--where {asked}: the run has no such visit; it has {there}")
    usual = {
        "variant": min((row["variant"] for row in left), key=by_place),
        "wave": max(row["wave"] for row in left),
        "reached_by": SEED,
    }
    for name, value in usual.items():
        left = [row for row in left if row[name] == value] or left
        if name == "variant":
            usual["wave"] = max(row["wave"] for row in left)
    row = left[0]
    values = {name: row[name] for name in DIMENSIONS}
    return Group(**values, n=row["visits"], of=sum(row["visits"] for row in known))


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(str(value) or "''" for value in sorted(set(values)))


def condition(text: str) -> tuple[str, Any]:
    """``NAME=VALUE`` as a name of `DIMENSIONS` and its value. Raises InputError for anything else."""
    name, equals, value = text.partition("=")
    if not equals or name not in DIMENSIONS:
        raise InputError(f"--where {text}: write NAME=VALUE with one of the names {', '.join(DIMENSIONS)}")
    if name != "wave":
        return name, value
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise InputError(f"--where {text}: the number of a wave is a whole number, such as wave=2")
    return name, int(value)


def of_group(rows: ir.Table, visits: ir.Table, values: Mapping[str, Any]) -> ir.Table:
    """The rows of a table that belong to visits with these values; ``visits`` is the table of that name.

    Tables that belong to no visit, such as ``hosts``, are returned whole.
    """
    if not set(DIMENSIONS).isdisjoint(rows.columns):
        return _only(rows, values)
    if set(VISIT) <= {*rows.columns}:
        return of_visits(rows, _only(visits, values))
    return rows


def of_visits(rows: ir.Table, visits: ir.Table) -> ir.Table:
    """The rows of a table whose visit is among ``visits``."""
    # Ibis 12 cannot join a column that is made from a join; after `mutate` the rows are no join to it.
    return rows.semi_join(visits, VISIT).mutate()


def _only(rows: ir.Table, values: Mapping[str, Any]) -> ir.Table:
    known = with_values(rows)
    return known.filter(*(known[name] == value for name, value in values.items())) if values else rows

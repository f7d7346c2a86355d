"""Shares of what comes in pages (requests, cookies), with intervals that take each visit as a cluster."""

from collections.abc import Mapping
from dataclasses import dataclass

import ibis.expr.types as ir

from overscripted.analyses.model import Inputs
from overscripted.analyses.statistics import Interval, page_totals, ratio_interval
from overscripted.visit_groups import VISIT


@dataclass(frozen=True)
class Share:
    """How many of all rows meet a condition, with the 95 % interval in per cent."""

    n: int
    of: int
    interval: Interval | None


def shares(inputs: Inputs, rows: ir.Table, conditions: Mapping[str, ir.BooleanValue]) -> dict[str, Share]:
    """The share of rows that meet each condition, by its name. NULL is not met."""
    counts = {name: condition.fill_null(False).sum() for name, condition in conditions.items()}
    visits = rows.group_by(*VISIT).aggregate(_total=rows.count(), **counts)
    sums = page_totals(visits["_total"])
    total = visits["_total"].cast("float64")
    for name in conditions:
        value = visits[name].cast("float64")
        sums |= {f"{name}_sum": value.sum(), f"{name}_squared": (value * value).sum()}
        sums |= {f"{name}_by_total": (value * total).sum()}
    found = inputs.totals(visits.aggregate(**sums))
    return {
        name: Share(int(found[f"{name}_sum"]), int(found["total"]), ratio_interval(found, name))
        for name in conditions
    }

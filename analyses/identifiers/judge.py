"""Judges names: whether what different browsers hold under a name identifies them, by each rule.

A name is judged by the values of a few visits, because two that are alike refute it, and a few that all
differ support it. So a run of any size needs few values of each name. Parts that changed during a visit are
none of them, as in Englehardt and Narayanan's rule: many cookies hold an identifier beside a time or a
count.
"""

from itertools import groupby
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted.analyses.identifiers.rules import IDENTIFIER, RULES, Parts, Rule
from overscripted.analyses.identifiers.stored import NAME
from overscripted.analyses.model import Inputs

VISITS_JUDGED = 5  # visits whose values are compared
MOST_PARTS = 50  # parts of a value; what has more is no list of identifiers
_SCHEMA = pa.schema(
    [
        ("rule", pa.string()),
        *((name, pa.string()) for name in NAME),
        ("key", pa.string()),
        ("visits_judged", pa.int64()),
        ("verdict", pa.string()),
        ("example", pa.string()),
    ]
)


def judged(inputs: Inputs, values: ir.Table) -> pa.Table:
    """Each rule's verdict on each name and part that two visits or more have; values of `stored_values`."""
    number = ibis.row_number().over(
        group_by=[values[name] for name in NAME], order_by=[values.crawl_id, values.visit_id]
    )
    few = values.mutate(_number=number).filter(_._number < VISITS_JUDGED)
    few = few.semi_join(few.filter(_._number == 1), NAME)  # numbers begin with 0
    few = few.order_by([*NAME, "_number"]).select(*NAME, "value", "least", "greatest", "days")
    rows = inputs.arrow(few).to_pylist()
    found = []
    for name, group in groupby(rows, key=lambda row: {column: row[column] for column in NAME}):
        same = list(group)
        found += [verdict for rule in RULES for verdict in _of_name(rule, name, same)]
    return pa.Table.from_pylist(found, schema=_SCHEMA)


def _of_name(rule: Rule, name: dict[str, str], rows: list[dict[str, Any]]) -> list[dict[str, object]]:
    """The verdict on each part that all values have, the identifiers alone where there are some."""
    example = rows[0]["value"]
    about: dict[str, object] = {"rule": rule.name, **name, "visits_judged": len(rows), "key": ""}
    if why := rule.too_short(min(row["days"] for row in rows)):
        return [about | {"verdict": why, "example": example}]
    parts = [_constant_parts(rule, row) for row in rows]
    shared = [key for key in parts[0] if all(key in other for other in parts)][:MOST_PARTS]
    found = [
        about | {"key": key, "verdict": rule.verdict([one[key] for one in parts]), "example": parts[0][key]}
        for key in shared
    ]
    met = [one for one in found if one["verdict"] == IDENTIFIER]
    changed = any(row["least"] != row["greatest"] for row in rows)
    why = "changes during the visit" if changed else "without a common part"
    return met or found[:1] or [about | {"verdict": why, "example": example}]


def _constant_parts(rule: Rule, row: dict[str, Any]) -> Parts:
    """The parts of a value that did not change during its visit; what was added to it did not."""
    parts = rule.parts(row["value"])
    for other in {row["least"], row["greatest"]} - {row["value"]}:
        then = rule.parts(other)
        parts = {key: part for key, part in parts.items() if then.get(key, part) == part}
    return parts

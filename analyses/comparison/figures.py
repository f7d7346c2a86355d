"""Every figure of every analysis, then and now, with the interval and the test of the difference."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from overscripted.analyses.comparison.sides import Side
from overscripted.analyses.comparison.significance import difference, holm, p_of_difference
from overscripted.analyses.comparison.things import SIGNIFICANT
from overscripted.analyses.model import Analysis, Figure
from overscripted.analyses.run import answer

Figures = dict[tuple[str, str], Figure]  # by analysis and name
ROWS = pa.schema(
    [
        ("analysis", pa.string()),
        ("figure", pa.string()),
        ("label", pa.string()),
        ("verdict", pa.string()),
        *((name, pa.float64()) for name in ("then_n", "then_of", "now_n", "now_of", "then", "now")),
        *((name, pa.float64()) for name in ("change", "low", "high", "p", "p_corrected", "noise")),
    ]
)


def answers(analyses: Sequence[Analysis], side: Side) -> tuple[Figures, list[str]]:
    """The figures of a side by analysis and name, and why analyses have none."""
    figures: Figures = {}
    lacking = []
    for analysis in analyses:
        finding = answer(analysis, side)
        figures |= {(analysis.name, figure.name): figure for figure in finding.figures}
        if finding.unsupported:
            lacking.append(f"{analysis.name}: {finding.unsupported}")
    return figures, lacking


def rows(then: Figures, now: Figures, noise: tuple[Figures, Figures] | None) -> list[dict[str, Any]]:
    """A row of `ROWS` per figure that both sides have, those that changed first.

    Shares are in per cent, and so are ``change`` (now - then), its interval and ``noise``: the difference of
    the same figure between two sides that measured the same at the same time, over their common seeds.
    """
    made = [_row(key, then[key], now[key]) for key in now if key in then]
    for row in made if noise else []:
        one, other = (side.get((row["analysis"], row["figure"])) for side in noise or ())
        if one and other and one.percent is not None and other.percent is not None:
            row["noise"] = abs(one.percent - other.percent)
    tested = [row for row in made if row["p"] is not None]
    for row, corrected in zip(tested, holm([row["p"] for row in tested]), strict=True):
        row["p_corrected"] = corrected
    for row in made:
        row["verdict"] = _verdict(row)
    return sorted(made, key=lambda row: row["verdict"] != "changed")


def _row(key: tuple[str, str], then: Figure, now: Figure) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(ROWS.names)
    row |= {"analysis": key[0], "figure": key[1], "label": now.label}
    row |= {"then_n": then.n, "then_of": then.of, "now_n": now.n, "now_of": now.of}
    row |= {"then": then.percent, "now": now.percent}
    if then.percent is None or now.percent is None:
        return row
    row["change"] = now.percent - then.percent
    if then.interval and now.interval:
        found = difference(then.percent, now.percent, then.interval, now.interval)
        row |= {"low": found[0], "high": found[1]}
        row["p"] = p_of_difference(then.percent, now.percent, found)
    return row


def _verdict(row: dict[str, Any]) -> str:
    """changed, not significant, within noise, same; "" for what has no test."""
    if row["p"] is None:
        return ""
    if not row["change"]:
        return "same"
    if row["p_corrected"] >= SIGNIFICANT:
        return "not significant"
    return "within noise" if abs(row["change"]) <= (row["noise"] or 0) else "changed"

"""A sample of the counted visits: each figure of the sample beside the figure of all.

A sample is drawn by its size and `SEED` alone, of the visits in their order by number. So both engines, and
every later command, draw the same.
"""

import random

import pyarrow as pa

from overscripted.analyses.comparison.sides import Side
from overscripted.analyses.model import Figure, Finding, Inputs
from overscripted.analyses.settings import SAMPLE_SEED
from overscripted.display.number_format import count, number, percent
from overscripted.errors import InputError
from overscripted.visit_groups import VISIT

TABLE = "figures_by_sample"
_FIGURES = pa.schema(
    [("name", pa.string()), ("label", pa.string())]
    + [
        (name + end, kind)
        for end in ("", "_sample")
        for name, kind in (("n", pa.float64()), ("of", pa.int64()), ("percent", pa.float64()))
    ]
    + [("low_sample", pa.float64()), ("high_sample", pa.float64()), ("within", pa.bool_())]
)


def drawn(inputs: Inputs, size: int) -> Side:
    """The inputs with ``size`` of the counted visits alone. Raises InputError where there are not more."""
    if lack := inputs.missing("visits"):
        raise InputError(f"--sample {size}: the run has {lack}; run `overscripted etl` again")
    rows = inputs.arrow(inputs.table("visits").select(*VISIT))
    visits = sorted(zip(*(rows[name].to_pylist() for name in VISIT), strict=True))
    if size >= len(visits):
        raise InputError(
            f"--sample {size}: it must be smaller than the {count(len(visits), 'counted visit')}"
        )
    chosen = sorted(random.Random(SAMPLE_SEED).sample(visits, size))
    columns = zip(VISIT, zip(*chosen, strict=True), strict=True)
    table = inputs.engine.table(pa.table({name: pa.array(values, pa.int64()) for name, values in columns}))
    return Side(
        inputs.engine, inputs.store, inputs.lists, inputs.rule, inputs.groups, inputs.group, kept=table
    )


def add(finding: Finding, sample: Finding, size: int) -> None:
    """Add the figures of a sample of ``size`` visits beside those of all, as a table of the finding."""
    if sample.unsupported:
        finding.notes.append(f"Not answered of a sample of {count(size, 'visit')}: {sample.unsupported}.")
        return
    of_sample = {figure.name: figure for figure in sample.figures}
    rows = [_row(figure, of_sample[figure.name]) for figure in finding.figures if figure.name in of_sample]
    finding.tables[TABLE] = pa.Table.from_pylist(rows, schema=_FIGURES)
    finding.notes.append(
        f"The table {TABLE} has each figure of all visits and of a sample of {count(size, 'visit')} "
        f"(drawn at random with the seed {SAMPLE_SEED})."
    )


def _row(whole: Figure, part: Figure) -> dict[str, object]:
    low, high = part.interval or (None, None)
    within = None
    if low is not None and high is not None and whole.percent is not None:
        within = low <= whole.percent <= high
    return {
        "name": whole.name,
        "label": whole.label,
        **{"n": whole.n, "of": whole.of, "percent": whole.percent},
        **{"n_sample": part.n, "of_sample": part.of, "percent_sample": part.percent},
        **{"low_sample": low, "high_sample": high, "within": within},
    }


def sentence(finding: Finding, headline: str) -> str:
    """The headline's share of the sample and of all, for the command line; "" where there is none."""
    rows = finding.tables[TABLE].to_pylist() if TABLE in finding.tables else []
    for row in rows:
        if row["name"] == headline and row["of"] and row["of_sample"]:
            one = (
                f"{number(row['n_sample'])} of {number(row['of_sample'])} ({percent(row['percent_sample'])})"
            )
            return f"{row['label']}: of the sample {one}, of all {percent(row['percent'])}"
    return ""

"""Scripts that call what fingerprinters call: the dye score with the scripts that a rule finds as dye."""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis import _

from overscripted.analyses.fingerprinting.evaluate import evaluated, recorded
from overscripted.analyses.fingerprinting.rules import EN
from overscripted.analyses.model import Inputs
from overscripted.analyses.settings import MAX_DYES, MAX_EVIDENCE
from overscripted.analyses.similar.calls import WHOLE, Vectors, script_of, vectors
from overscripted.analyses.similar.dye import DIFFERS, THRESHOLD, THRESHOLDS, dyed

DYE = EN  # the rule set whose scripts are dye


@dataclass(frozen=True)
class Near:
    """``rows``: the scripts that are dyed by a threshold or nearly so. ``dyes``: the dye vectors.

    ``dye_scripts`` meet a rule of `DYE`; ``left`` vectors were not compared.
    """

    rows: ir.Table
    dyes: pa.Table
    dye_scripts: int
    left: int


def dye_unknown(inputs: Inputs) -> str:
    """What the run lacks to say which scripts are dye; "" where it lacks nothing."""
    if any(rule.rule_set == DYE for rule in recorded(inputs)):
        return inputs.missing("symbol_arguments")
    return f"no record of the symbols that {DYE} asks for"


def met(inputs: Inputs) -> ir.Table:
    """The scripts that meet a rule of fingerprinting, and whether they are dye. The caller drops it."""
    with evaluated(inputs, recorded(inputs)) as found:
        rows = found.met()
        rows = rows.mutate(script=script_of(rows.script_url))
        return inputs.engine.keep(rows.group_by("script").agg(dye=(_.rule_set == DYE).any()))


def near(inputs: Inputs, parts: ir.Table, scripts: ir.Table, met: ir.Table) -> Near:
    """Dye scores of all scripts, with the distance to the nearest dye script. The caller drops ``rows``."""
    scripts = scripts.left_join(met, "script").drop("script_right")
    scripts = scripts.mutate(meets=scripts.dye.notnull(), dye=scripts.dye.fill_null(False))
    dye = scripts.filter(scripts.dye)
    by_vector = dye.group_by("vector").agg(scripts=_.count(), pages=_.pages.max())
    chosen = inputs.arrow(by_vector.order_by(ibis.desc("pages"), "vector").limit(MAX_DYES))
    compared, left = vectors(inputs, parts, scripts, chosen["vector"].to_pylist())
    place = {name: number for number, name in enumerate(compared.names)}
    to = np.array([place[name] for name in chosen["vector"].to_pylist()], np.int64)
    dyes = chosen["scripts"].to_numpy().astype(np.int64)
    scores, shown = _scored(inputs, compared, scripts, to, dyes)
    rows = scripts.inner_join(inputs.engine.table(scores), "vector").filter(~_.dye)
    n = inputs.totals(dye.aggregate(n=_.count()))["n"]
    pages = pa.chunked_array(chosen["pages"].chunks, pa.int64())
    return Near(inputs.engine.keep(rows), shown.append_column("pages", pages), int(n), left)


def _scored(
    inputs: Inputs, compared: Vectors, scripts: ir.Table, to: np.ndarray, dyes: np.ndarray
) -> tuple[pa.Table, pa.Table]:
    """By vector: the nearest dye, distances, and the scores; and the table of the dye vectors."""
    distances, differing = compared.distances(to)
    counts = inputs.arrow(scripts.filter(~scripts.dye).group_by("vector").agg(n=_.count()))
    known = dict(zip(counts["vector"].to_pylist(), counts["n"].to_pylist(), strict=True))
    others = np.array([known.get(name, 0) for name in compared.names], np.int64)
    found = {t: dyed(distances, others, dyes, t) for t in THRESHOLDS}
    differing = np.where(dyed(differing, others, dyes, DIFFERS).leaky, WHOLE, differing)
    examples = [compared.examples[number] for number in to]
    shown = {"script": pa.array(examples, pa.string()), "scripts": pa.array(dyes, pa.int64())}
    shown["leaky_share"] = pa.array(found[THRESHOLD].leaky_shares, pa.float64())
    shown["leaky"] = pa.array(found[THRESHOLD].leaky, pa.bool_())
    reach = nearest = np.empty(0, np.int64)
    if len(to):
        nearest = differing.argmin(axis=1)
        reach = np.flatnonzero(distances.min(axis=1) < max(THRESHOLDS) * WHOLE)
    columns = {
        "vector": pa.array([compared.names[number] for number in reach], pa.string()),
        "nearest": pa.array([examples[nearest[number]] for number in reach], pa.string()),
        "distance": pa.array(distances[reach].min(axis=1, initial=WHOLE) / WHOLE, pa.float64()),
        "differs": pa.array(differing[reach].min(axis=1, initial=WHOLE) / WHOLE, pa.float64()),
        **{score(t): pa.array(found[t].scores[reach], pa.int64()) for t in THRESHOLDS},
    }
    return pa.table(columns), pa.table(shown)


def score(threshold: float) -> str:
    """The column with the dye score of a threshold."""
    return f"dye_score_{round(100 * threshold)}"


def tables(inputs: Inputs, found: Near) -> dict[str, pa.Table]:
    """Scripts that are near and meet no rule; and those that nearly are, with what fails."""
    rows = found.rows.filter(~_.meets)
    columns = [
        "script",
        "script_domain",
        "distance",
        "differs",
        "nearest",
        "pages",
        "sites",
        "calls",
        "symbols",
    ]
    at = rows[score(THRESHOLD)]
    is_near = (at > 0) | (rows.differs < DIFFERS)
    close = rows.filter(is_near).select(*columns, dye_score=at)
    failed = ibis.cases(
        (rows.distance >= THRESHOLD, f"distance below {THRESHOLD}"), else_="a dye script that is not leaky"
    )
    missed = rows.filter(~is_near).select(*columns, failed=failed)
    return {
        "near": inputs.arrow(close.order_by("differs", ibis.desc("pages"), "script").limit(MAX_EVIDENCE)),
        "near_misses": inputs.arrow(
            missed.order_by("differs", ibis.desc("pages"), "script").limit(MAX_EVIDENCE)
        ),
        "dyes": found.dyes,
    }


def pages_near(inputs: Inputs, found: Near) -> dict[str, int]:
    """Pages and scripts that meet no rule and are near, by threshold; and those whose calls hardly differ."""
    refs = inputs.table("script_refs")
    refs = refs.select("visit_id", script=script_of(refs.script_url))
    rows = refs.inner_join(found.rows.filter(~_.meets), "script")
    sums = {f"pages_{t}": rows.visit_id.nunique(where=rows[score(t)] > 0) for t in THRESHOLDS}
    sums |= {f"scripts_{t}": rows.script.nunique(where=rows[score(t)] > 0) for t in THRESHOLDS}
    same = rows.differs < DIFFERS
    sums |= {"pages_same": rows.visit_id.nunique(where=same), "scripts_same": rows.script.nunique(where=same)}
    return {name: int(n) for name, n in inputs.totals(rows.aggregate(**sums)).items()}

"""How sure a share is: 95 % intervals for shares of pages and for sums that cluster by page."""

import math
from collections.abc import Mapping

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from overscripted.analyses.settings import CONFIDENCE_Z

Interval = tuple[float, float]


def wilson(n: float, of: float) -> Interval | None:
    """Wilson's interval of a share of independent things (pages, hosts), in per cent."""
    if not of:
        return None
    z, share = CONFIDENCE_Z, n / of
    middle = share + z * z / (2 * of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 100 / (1 + z * z / of)
    # At the ends the formula gives 0 and 100 but for rounding, which "close" and "differs" would notice.
    return (max((middle - half) * scale, 0.0) if n else 0.0), (
        min((middle + half) * scale, 100.0) if n < of else 100.0
    )


def whole(of: ir.IntegerColumn) -> dict[str, ir.Scalar]:
    """Sums over all pages, a row each: pages, total of what a share is of, and its squares."""
    total = of.cast("float64")
    return {"pages": of.count(), "total": total.sum(), "aa": (total * total).sum()}


def moments(pages: pa.Table, of: str, *counts: str) -> dict[str, float]:
    """The other sums that `clustered` needs; ``pages`` may leave out those where all counts are 0."""
    total = pages[of].cast(pa.float64())
    sums = {}
    for name in counts:
        part = pages[name].cast(pa.float64())
        sums[f"{name}_ab"] = pc.sum(pc.multiply(total, part)).as_py() or 0.0
        sums[f"{name}_bb"] = pc.sum(pc.multiply(part, part)).as_py() or 0.0
        sums[f"{name}_n"] = pc.sum(part).as_py() or 0.0
    return sums


def clustered(sums: Mapping[str, float], count: str) -> Interval | None:
    """Interval of a share whose things come in pages (the ratio estimator's), in per cent.

    ``sums`` are those of `whole` and `moments`.
    """
    pages, total = sums["pages"], sums["total"]
    if pages < 2 or not total:
        return None
    ratio = sums[f"{count}_n"] / total
    spread = sums[f"{count}_bb"] - 2 * ratio * sums[f"{count}_ab"] + ratio * ratio * sums["aa"]
    error = math.sqrt(max(spread, 0.0) * pages / (pages - 1)) / total
    return (
        max(100 * (ratio - CONFIDENCE_Z * error), 0.0),
        min(100 * (ratio + CONFIDENCE_Z * error), 100.0),
    )

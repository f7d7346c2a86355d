"""95 % intervals: of shares of pages, and of shares of what comes in pages (calls, references)."""

import math
from collections.abc import Mapping

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from overscripted.analyses.settings import CONFIDENCE_Z

Interval = tuple[float, float]


def wilson(n: float, of: float) -> Interval | None:
    """Wilson's interval of a share of independent items (pages, hosts), in per cent."""
    if not of:
        return None
    z, share = CONFIDENCE_Z, n / of
    middle = share + z * z / (2 * of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 100 / (1 + z * z / of)
    # At the ends the formula gives 0 and 100 except for rounding, which "close" and "differs" would notice.
    low = max((middle - half) * scale, 0.0) if n else 0.0
    high = min((middle + half) * scale, 100.0) if n < of else 100.0
    return low, high


def page_totals(total: ir.IntegerColumn) -> dict[str, ir.Scalar]:
    """Aggregates over all pages, one row per page: the pages, their ``total``, and the sum of its squares."""
    value = total.cast("float64")
    return {"pages": total.count(), "total": value.sum(), "total_squared": (value * value).sum()}


def product_sums(pages: pa.Table, total: str, *counts: str) -> dict[str, float]:
    """The sums per count that `ratio_interval` needs; pages where all counts are 0 may be left out."""
    totals = pages[total].cast(pa.float64())
    sums = {}
    for name in counts:
        values = pages[name].cast(pa.float64())
        sums[f"{name}_sum"] = pc.sum(values).as_py() or 0.0
        sums[f"{name}_squared"] = pc.sum(pc.multiply(values, values)).as_py() or 0.0
        sums[f"{name}_by_total"] = pc.sum(pc.multiply(totals, values)).as_py() or 0.0
    return sums


def ratio_interval(sums: Mapping[str, float], count: str) -> Interval | None:
    """Interval of the share of a count in the total, in per cent: the ratio estimator with pages as clusters.

    ``sums`` are those of `page_totals` and `product_sums`. None below two pages or without a total.
    """
    pages, total = sums["pages"], sums["total"]
    if pages < 2 or not total:
        return None
    ratio = sums[f"{count}_sum"] / total
    residuals = sums[f"{count}_squared"] - 2 * ratio * sums[f"{count}_by_total"]
    residuals += ratio * ratio * sums["total_squared"]
    error = math.sqrt(max(residuals, 0.0) * pages / (pages - 1)) / total
    low = max(100 * (ratio - CONFIDENCE_Z * error), 0.0)
    high = min(100 * (ratio + CONFIDENCE_Z * error), 100.0)
    return low, high

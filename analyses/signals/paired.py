"""Differences between two visits of the same seed, over all such pairs: with an interval, and with a test."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from overscripted.analyses.statistics import Interval

_DRAWS = 2000  # of the bootstrap
_SEED = 20161024  # fixed, so that the same run gives the same interval
_EXACT = 1000  # pairs that differ; above, the normal approximation is as good


@dataclass(frozen=True)
class Difference:
    """Of a count in pairs of visits: the mean of ``a`` less ``b``, and its 95 % interval.

    ``only_a`` and ``only_b`` are the pairs in which one side alone has any, and ``p`` is McNemar's: how often
    chance alone makes these two differ as much.
    """

    pairs: int
    mean_a: float
    mean_b: float
    difference: float
    interval: Interval | None
    fewer: int
    more: int
    only_a: int
    only_b: int
    p: float


def compare(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> Difference:
    """The difference between two counts of the same seeds, in the same order."""
    differences = a - b
    only_a, only_b = int(((a > 0) & (b == 0)).sum()), int(((b > 0) & (a == 0)).sum())
    return Difference(
        len(a),
        float(a.mean()) if len(a) else 0.0,
        float(b.mean()) if len(b) else 0.0,
        float(differences.mean()) if len(a) else 0.0,
        _bootstrap(differences),
        int((differences < 0).sum()),
        int((differences > 0).sum()),
        only_a,
        only_b,
        mcnemar(only_a, only_b),
    )


def _bootstrap(differences: npt.NDArray[np.int64]) -> Interval | None:
    """The percentile interval of the mean. It draws how often each value occurs."""
    if len(differences) < 2:
        return None
    values, counts = np.unique(differences, return_counts=True)
    drawn = np.random.default_rng(_SEED).multinomial(len(differences), counts / counts.sum(), size=_DRAWS)
    means = drawn @ values.astype(np.float64) / len(differences)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def mcnemar(only_a: int, only_b: int) -> float:
    """McNemar's test of paired shares: exact up to `_EXACT` pairs that differ, else with continuity."""
    n, fewer = only_a + only_b, min(only_a, only_b)
    if not n:
        return 1.0
    if n <= _EXACT:
        chance: float = 2 * sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n
        return min(1.0, chance)
    return math.erfc(max(abs(only_a - only_b) - 1, 0) / math.sqrt(2 * n))

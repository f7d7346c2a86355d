"""Whether two shares differ: an interval of the difference, tests, and their correction for many tests."""

import math
from collections.abc import Sequence

from overscripted.analyses.settings import CONFIDENCE_Z
from overscripted.analyses.statistics import Interval

EXACT = 1000  # discordant pairs up to which McNemar's test is exact; beyond, the normal curve is as good


def difference(then: float, now: float, of_then: Interval, of_now: Interval) -> Interval:
    """The 95 % interval of ``now - then``, from the two shares and their intervals, all in per cent.

    The square-and-add method: Newcombe, "Interval estimation for the difference between independent
    proportions" (Statistics in Medicine 17, 1998), method 10, which is this with Wilson's intervals; Zou and
    Donner (Statistics in Medicine 27, 2008) show it for any intervals, so also for shares of calls by page.
    """
    low = now - then - math.hypot(now - of_now[0], of_then[1] - then)
    high = now - then + math.hypot(of_now[1] - now, then - of_then[0])
    return low, high


def p_of_difference(then: float, now: float, interval: Interval) -> float:
    """The two-sided p of "no difference": the side of the interval towards zero is 1.96 standard errors."""
    change = now - then
    if not change:
        return 1.0
    error = (change - interval[0] if change > 0 else interval[1] - change) / CONFIDENCE_Z
    return math.erfc(abs(change) / error / math.sqrt(2)) if error > 0 else 0.0


def mcnemar(lost: int, gained: int) -> float:
    """The two-sided p of "as many seeds lost it as gained it" (McNemar, Psychometrika 12, 1947).

    Exact (binomial) for up to `EXACT` seeds that changed, else with the normal curve and Edwards' correction.
    """
    changed = lost + gained
    if not changed:
        return 1.0
    if changed > EXACT:
        return math.erfc(max(abs(lost - gained) - 1, 0) / math.sqrt(2 * changed))
    tail = sum(math.comb(changed, k) for k in range(min(lost, gained) + 1))
    return float(min(1.0, 2 * tail / 2**changed))


def holm(tests: Sequence[float]) -> list[float]:
    """p values corrected for their number, in the same order.

    Holm, "A simple sequentially rejective multiple test procedure" (Scandinavian Journal of Statistics 6,
    1979).
    """
    order = sorted(range(len(tests)), key=lambda i: tests[i])
    corrected, highest = [0.0] * len(tests), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, tests[i] * (len(tests) - rank)))
        corrected[i] = highest
    return corrected

"""The dye score: how many known scripts, the dye, a script is near to by what it calls.

After mozilla/dye-score 0.11 (2019). A script is dyed where its distance to a dye script is below a
threshold. Its score is the number of dye scripts that dye it. A dye script that dyes too many scripts is
leaky and does not count. The source takes that share of all scripts, as its user sees fit. Here it is a share
of the scripts that are no dye, so that a run of few scripts is not all leaky.

Chebyshev's distance is small between any two scripts whose calls go to many symbols alike. So there is a
stricter measure beside it, ours, from another distance of dye-score's (city block): the part of the calls
that differs.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from overscripted.analyses.similar.calls import WHOLE, Numbers

THRESHOLDS = (0.15, 0.23, 0.25, 0.35)  # of those of dye-score's notebook
THRESHOLD = 0.23  # of the tables: the first of the examples in dye-score's documentation
DIFFERS = 0.25  # of the calls, below which scripts do nearly the same; ours
LEAKY = 0.1  # of the scripts that are no dye; ours


@dataclass(frozen=True)
class Dyed:
    """``scores`` by vector; by dye vector whether it is leaky, and the share of scripts that it dyes."""

    scores: Numbers
    leaky: npt.NDArray[np.bool_]
    leaky_shares: npt.NDArray[np.float64]


def dyed(distances: Numbers, others: Numbers, dyes: Numbers, threshold: float) -> Dyed:
    """Scores from the distances of vectors (rows) to dye vectors (columns).

    ``others``: the scripts that are no dye, by vector. ``dyes``: the dye scripts, by dye vector.
    """
    within = distances < round(threshold * WHOLE)
    dyes_others = (within * others[:, None]).sum(axis=0)
    leaky_shares = dyes_others / max(1, int(others.sum()))
    leaky = leaky_shares >= LEAKY
    return Dyed((within[:, ~leaky] * dyes[~leaky]).sum(axis=1), leaky, leaky_shares)

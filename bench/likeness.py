"""Whether visits of a page made the same calls, compared with how much the page varies by itself.

A page's calls are counted by document, frame, realm, script, symbol and operation. A visit is *within the
page's own variation* if each count lies between the least and the greatest count of the other visits.
"""

import random
import re
from collections import Counter
from collections.abc import Iterable
from statistics import mean
from typing import Any

from overscripted import segments
from overscripted.run import Run
from overscripted.store import Store

KEY = ("location", "in_iframe", "realm", "script_url", "symbol", "operation")
Calls = Counter[tuple[str, ...]]

_MARK = re.compile(r"[?&]visit=\d+")


def marked(url: str, n: int) -> str:
    """The URL as a seed of its own: the same page with another query."""
    address, hash_, fragment = url.partition("#")
    return f"{address}{'&' if '?' in address else '?'}visit={n}{hash_}{fragment}"


def plain(text: str | None) -> str:
    """An address as it is compared: without our mark, and blob: URLs without their random number."""
    return "blob:" if (text or "").startswith("blob:") else _MARK.sub("", text or "")


def table(store: Store, name: str, columns: Iterable[str]) -> list[dict[str, Any]]:
    """These columns of all rows of a raw table."""
    return [row for part in segments.read(store, name) for row in part.select(list(columns)).to_pylist()]


class Crawled:
    """The records of a crawl by the rule of the etl: for each seed, the last attempt that has a row.

    ``visits``: rows of raw `visits` by seed. ``calls``: calls by seed. ``n_attempts``: rows of `visits`.
    Raises AssertionError if an attempt has two rows, or if calls are missing, doubled or too many.
    """

    def __init__(self, run: Run) -> None:
        who = ("visit_id", "attempt", "site_url", "worker_id")
        columns = (*who, "outcome", "error", "dwell_s", "starved", "n_calls")
        rows = sorted(table(run.store, "visits", columns), key=lambda row: row["attempt"])
        self.n_attempts = len(rows)
        assert len({(row["visit_id"], row["attempt"]) for row in rows}) == len(rows), "two rows of an attempt"
        last = {row["visit_id"]: row for row in rows}
        self.visits: dict[str, dict[str, Any]] = {row["site_url"]: row for row in last.values()}
        self.calls: dict[str, Calls] = {seed: Counter() for seed in self.visits}
        ordinals: dict[str, list[int]] = {seed: [] for seed in self.visits}
        for row in table(run.store, "calls", ("visit_id", "attempt", "ordinal", *KEY)):
            visit = last.get(row["visit_id"])
            if visit and visit["attempt"] == row["attempt"]:
                self.calls[visit["site_url"]][tuple(plain(row[name]) for name in KEY)] += 1
                ordinals[visit["site_url"]].append(row["ordinal"])
        for seed, visit in self.visits.items():
            assert sorted(ordinals[seed]) == list(range(visit["n_calls"])), f"{seed}: calls not 0, 1, 2, …"

    def by_page(self, outcomes: tuple[str, ...] = ("complete",)) -> dict[str, list[Calls]]:
        """Calls of each visit of a page that ended with one of these outcomes."""
        pages: dict[str, list[Calls]] = {}
        for seed, visit in self.visits.items():
            if visit["outcome"] in outcomes:
                pages.setdefault(plain(seed), []).append(self.calls[seed])
        return pages


def within(calls: Calls, others: list[Calls]) -> bool:
    """Whether each count lies between the least and the greatest of the others."""
    keys = set(calls).union(*others)
    return all(min(o[key] for o in others) <= calls[key] <= max(o[key] for o in others) for key in keys)


def own_share(visits: list[Calls]) -> float:
    """Share of a page's visits that are within the variation of its other visits."""
    return mean(within(one, visits[:n] + visits[n + 1 :]) for n, one in enumerate(visits))


def other_share(visits: list[Calls], baseline: list[Calls]) -> float:
    """The same share for visits of another crawl, compared with the baseline less one visit in turn.

    So both shares compare with equally many visits, and are equal if the two crawls are alike.
    """
    rests = [baseline[:n] + baseline[n + 1 :] for n in range(len(baseline))]
    return mean(within(one, rest) for one in visits for rest in rests)


def constant(visits: list[Calls]) -> bool:
    """Whether all visits made exactly the same calls."""
    return all(one == visits[0] for one in visits)


def difference(calls: Calls, expected: Calls) -> list[str]:
    """The differences, in words."""
    return [
        f"{' '.join(key)}: {calls[key]} instead of {expected[key]}"
        for key in sorted(set(calls) | set(expected))
        if calls[key] != expected[key]
    ]


def interval(differences: list[float], rounds: int = 2000) -> tuple[float, float]:
    """95 % interval of the mean of one number per page, with pages drawn repeatedly (bootstrap)."""
    dice = random.Random(1)
    means = sorted(mean(dice.choices(differences, k=len(differences))) for _ in range(rounds))
    return means[int(rounds * 0.025)], means[int(rounds * 0.975)]

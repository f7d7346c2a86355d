"""The status of a whole crawl: seeds, outcomes, workers, rate, time left. For `status` and run.json."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from overscripted.crawl.frontier.queue import Frontier
from overscripted.outcomes import Outcome
from overscripted.run import now


def facts(frontier: Frontier) -> dict[str, Any]:
    """Seeds in all, seeds left, ended seeds by outcome, calls, seconds of all workers under each limit."""
    counts = frontier.report.counts()
    by_outcome = ended(counts)
    return {
        "seeds": sum(counts.values()),
        "left": counts.get("waiting", 0) + counts.get("leased", 0),
        **{name.value: by_outcome[name] for name in Outcome if name in by_outcome},
        "calls": frontier.report.calls(),
        "held_back_s": held_back(frontier.workers.all()),
    }


def held_back(workers: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Seconds of all workers, also of those that have left, under each limit, the longest first."""
    seconds: Counter[str] = Counter()
    for worker in workers:
        seconds.update(worker["facts"].get("limit_s", {}))
    return {limit: round(total) for limit, total in seconds.most_common() if round(total)}


def ended(counts: dict[str, int]) -> dict[str, int]:
    """Ended seeds by outcome, from a frontier's counts."""
    return {name.removeprefix("ended "): n for name, n in counts.items() if name.startswith("ended ")}


def of(frontier: Frontier) -> dict[str, Any]:
    """The facts, and those of each worker; ``left_s`` is the time left at the present rate."""
    workers = [
        {
            "worker": worker["worker"],
            "host": worker["host"],
            "alive": worker["alive"],
            "silent_s": round(worker["silent_s"], 1),
            **worker["facts"],
        }
        for worker in frontier.workers.all()
    ]
    totals = facts(frontier)
    rate = sum(worker.get("per_hour", 0) for worker in workers if worker["alive"])
    return {
        "time": now(),
        **totals,
        "per_hour": rate,
        "left_s": round(totals["left"] / rate * 3600) if rate else None,
        "workers": workers,
    }

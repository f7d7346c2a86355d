"""The status of a whole crawl: seeds, outcomes, workers, rate, time left. For `status` and run.json."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from overscripted.crawl.frontier.queue import Frontier
from overscripted.outcomes import Outcome
from overscripted.run import now


def facts(frontier: Frontier) -> dict[str, Any]:
    """Seeds in all, seeds left, ended seeds by outcome, calls, seconds of all workers under each limit.

    All of the present wave, which is named unless it is the first.
    """
    counts, wave = frontier.report.counts(), frontier.waves.present()
    by_outcome = Counter(ended(counts)) - wave.ended_before
    left = counts.get("waiting", 0) + counts.get("leased", 0)  # a wave begins once all seeds have ended
    workers = [
        row for row in frontier.workers.all() if wave.number == 1 or row["started"] >= (wave.started or 0)
    ]
    return {
        **({"wave": wave.number} if wave.number > 1 else {}),
        "seeds": by_outcome.total() + left,
        "left": left,
        **{name.value: by_outcome[name] for name in Outcome if name in by_outcome},
        "calls": frontier.report.calls() - wave.calls_before,
        **replayed(workers),
        "held_back_s": held_back(workers),
    }


def waves(frontier: Frontier) -> list[dict[str, Any]]:
    """Each wave: when it started and its last seed ended (ISO 8601), its outcomes, calls and options."""
    began = frontier.waves.all()
    totals = (Counter(ended(frontier.report.counts())), frontier.report.calls())
    until = [(wave.ended_before, wave.calls_before) for wave in began[1:]] + [totals]
    return [
        {
            "wave": wave.number,
            "started": _iso(wave.started),
            "ended": _iso(frontier.waves.last_end(wave.number)),
            **(outcomes - wave.ended_before),
            "calls": calls - wave.calls_before,
            "options": wave.request,
        }
        for wave, (outcomes, calls) in zip(began, until, strict=True)
    ]


def _iso(seconds: float | None) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds") if seconds else None


def held_back(workers: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Seconds of all workers, also of those that have left, under each limit, the longest first."""
    seconds: Counter[str] = Counter()
    for worker in workers:
        seconds.update(worker["facts"].get("limit_s", {}))
    return {limit: round(total) for limit, total in seconds.most_common() if round(total)}


def replayed(workers: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Of a replay: the requests by the rule of their answers, ``miss`` for those without, the most first."""
    counts: Counter[str] = Counter()
    for worker in workers:
        counts.update(worker["facts"].get("replayed", {}))
    return {"replayed": dict(counts.most_common())} if counts else {}


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

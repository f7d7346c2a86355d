"""How long to watch a page: a sample that is watched for long shows what each shorter dwell would record."""

import hashlib
import io
import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import matplotlib.figure

from overscripted import layout, segments
from overscripted.crawl.frontier import seeds
from overscripted.crawl.run import crawl
from overscripted.crawl.settings import Options
from overscripted.errors import InputError
from overscripted.outcomes import GOOD
from overscripted.run import Run

CANDIDATES_S = (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120)


def dwell(
    run_url: str, options: Options, sample: int, draw_seed: int, seed_file: str | None
) -> dict[str, Any]:
    """Watch a sample of the run's seeds for ``options.dwell_s``; returns the summary written to RUN/dwell.

    The sample is crawled in a run of its own, RUN/dwell/run. An interrupted one is continued.
    """
    run = Run.open(run_url)
    source = seeds.of_file(seed_file) if seed_file else seeds.of_run(run)
    drawn = draw((seed.url for seed in source), sample, draw_seed)
    if not drawn:
        raise InputError(f"{seed_file or run.store.url}: no seeds to draw a sample from")
    if not run.store.local:
        raise InputError(f"{run.store.url}: the dwell sample needs a local run; copy its seeds into one")
    request = {"longest": options.dwell_s, "sample": sample, "draw": draw_seed}
    _require_same(run, request, "\n".join(drawn).encode() + b"\n")
    inner = run.store.path(layout.DWELL_RUN)
    crawl(inner, replace(options, retries=0), run.store.path(layout.DWELL_SEEDS))
    times, symbols, pages = call_times(Run.open(inner))
    summary = summarise(times, symbols, pages, options.dwell_s)
    run.store.write_json(layout.DWELL_SUMMARY, {"sample": len(drawn), "draw": draw_seed, **summary})
    run.store.write(layout.DWELL_FIGURE, plot(times, summary, options.dwell_s))
    return summary


def _require_same(run: Run, request: dict[str, Any], drawn: bytes) -> None:
    """Write the request into the folder. Raises InputError where the folder holds another sample."""
    request = {**request, "seeds_sha256": hashlib.sha256(drawn).hexdigest()}
    key = layout.DWELL_OPTIONS
    earlier = run.store.read_json(key) if run.store.exists(key) else request
    if earlier != request:
        others = [name for name in request if earlier.get(name) != request[name]]
        differ = ", ".join(f"{name} {earlier.get(name)}" for name in others)
        raise InputError(
            f"{run.store.uri(layout.DWELL)}: holds a sample made with {differ}; "
            "give the same values to continue, or remove the folder to draw another"
        )
    run.store.write_json(key, request)
    run.store.write(layout.DWELL_SEEDS, drawn)


def draw(source: Iterable[str], n: int, seed: int) -> list[str]:
    """``n`` items of a stream of any length, each with the same chance. The same ``seed`` draws the same."""
    dice = random.Random(seed)
    kept: list[str] = []
    for number, item in enumerate(source):
        if number < n:
            kept.append(item)
        elif (position := dice.randrange(number + 1)) < n:
            kept[position] = item
    return kept


def call_times(run: Run) -> tuple[list[float], list[float], int]:
    """Seconds from load to each call (negative before it) and to each script's first use of a symbol in a
    visit; and the number of visits that show their page.
    """
    loaded: dict[tuple[int, int], datetime] = {}
    for part in segments.read(run.store, "visits"):
        for row in part.to_pylist():
            if row["outcome"] in GOOD and row["loaded"]:
                loaded[row["visit_id"], row["attempt"]] = row["loaded"]
    times: list[float] = []
    first: dict[tuple[Any, ...], float] = {}
    for part in segments.read(run.store, "calls"):
        columns = ("visit_id", "attempt", "time_stamp", "script_url", "symbol")
        for visit, attempt, stamp, script, symbol in zip(
            *(part.column(name).to_pylist() for name in columns), strict=True
        ):
            if start := loaded.get((visit, attempt)):
                after = (datetime.fromisoformat(stamp) - start).total_seconds()
                times.append(after)
                key = (visit, script, symbol)
                first[key] = min(first.get(key, after), after)
    return times, list(first.values()), len(loaded)


def summarise(times: list[float], symbols: list[float], pages: int, longest: float) -> dict[str, Any]:
    """The share of what the longest dwell recorded that each shorter one would have recorded."""
    candidates = [c for c in CANDIDATES_S if c < longest] + [longest]
    return {
        "dwell_s": longest,
        "pages": pages,
        "calls": len(times),
        "symbol_uses": len(symbols),
        "candidates": [
            {
                "dwell_s": candidate,
                "calls": sum(t <= candidate for t in times),
                "share_of_calls": _share(times, candidate),
                "share_of_symbol_uses": _share(symbols, candidate),
            }
            for candidate in candidates
        ],
    }


def _share(times: list[float], until: float) -> float | None:
    return round(sum(t <= until for t in times) / len(times), 4) if times else None


def plot(times: list[float], summary: dict[str, Any], longest: float) -> bytes:
    """Calls over time, and the share that each candidate records, as SVG."""
    figure = matplotlib.figure.Figure(figsize=(8, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    shown = [min(max(t, -5.0), longest) for t in times]
    above.hist(shown, bins=60, color="#4a6fa5")
    above.set_ylabel("calls")
    above.set_title(f"{summary['calls']:,} calls on {summary['pages']:,} pages, by time since load")
    candidates = summary["candidates"]
    at = [c["dwell_s"] for c in candidates]
    for name, label in (("share_of_calls", "calls"), ("share_of_symbol_uses", "first uses of a symbol")):
        below.plot(at, [100 * (c[name] or 0) for c in candidates], marker="o", label=label)
    below.set_xlabel("dwell after load (s)")
    below.set_ylabel(f"% of those in {longest:g} s")
    below.legend()
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()

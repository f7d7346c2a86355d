"""How fast `overscripted crawl --replay` is beside the crawl that it replays: pages an hour and CPU seconds.

    python -m bench.replaying [--pages 24] [--windows 6] [--dwell 2] [--rounds 3]

Every round records local pages, replays them, and crawls them without --record; the order of the last two
changes from round to round. For the pages see `bench.recording`. The ratio is that of pages an hour of the
replay and of the crawl within a round, the start and the reading of the archive included; of the rounds the
median is shown. A round in which a page was not complete, as on a busy machine, is left out and named.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from bench.crawl import measured, ours, served
from bench.recording import serve
from overscripted import layout, segments
from overscripted.store import Store

Took = tuple[float, float]  # seconds, and CPU seconds of all processes


def replayed(archive: Path, run: Path, dwell: float, *options: str) -> Took:
    """Seconds and CPU seconds of a replay. Every page must be complete, and every request answered."""
    command = [sys.executable, "-m", "overscripted", "crawl", str(run), "--replay", str(archive)]
    took = measured([*command, "--dwell", str(dwell), "--retries", "0", "--display", "headless", *options])
    outcomes = {row["outcome"] for part in segments.read(Store(run), "visits") for row in part.to_pylist()}
    rules = [
        row["rule"] for part in segments.read(Store(run), "replayed_requests") for row in part.to_pylist()
    ]
    if outcomes != {"complete"} or "miss" in rules:
        raise RuntimeError(f"outcomes {outcomes}, {rules.count('miss')} of {len(rules)} requests missed")
    return took


def round_of(
    urls: list[str], dwell: float, options: tuple[str, ...], replay_first: bool
) -> tuple[Took, Took]:
    """Record pages, then crawl and replay them: what each took. RuntimeError where a page is not complete."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours(folder, urls, dwell, *options, "--record")
        archive = folder / f"run-{len(urls)}" / layout.ARCHIVE
        (folder / "again").mkdir()
        replay = replayed(archive, folder / "replay", dwell, *options) if replay_first else None
        crawl = ours(folder / "again", urls, dwell, *options)
        return crawl, replay or replayed(archive, folder / "replay", dwell, *options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--windows", default="6")
    parser.add_argument("--dwell", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    options = ("--windows", given.windows)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before; dwell {given.dwell:g} s")
    speeds, costs = [], []
    with served(serve) as base:
        urls = [f"{base}/p/{n}" for n in range(given.pages)]
        for turn in range(given.rounds):
            try:
                crawl, replay = round_of(urls, given.dwell, options, turn % 2 == 0)
            except RuntimeError as error:
                print(f"round {turn + 1} is left out: {error}", flush=True)
                continue
            speeds.append(crawl[0] / replay[0])
            costs.append(replay[1] / crawl[1])
            for what, took in (("crawl", crawl), ("replay", replay)):
                speed, cost = given.pages / took[0] * 3600, took[1] / given.pages
                print(f"{what}: {speed:,.0f} pages an hour, {cost:.3f} CPU s a page", flush=True)
    if not speeds:
        raise SystemExit("no round was complete; measure again on a machine with less other work")
    each = ", ".join(f"{speed:.2f}" for speed in speeds)
    print(f"pages an hour: replay / crawl {statistics.median(speeds):.2f} (rounds: {each})")
    print(f"CPU seconds a page: replay / crawl {statistics.median(costs):.2f}")


if __name__ == "__main__":
    main()

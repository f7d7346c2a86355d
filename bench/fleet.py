"""Two workers share one crawl of 1,000 demo seeds; one is killed with -9 every 20 s. Is anything lost?

    python bench/fleet.py [--seeds 1000] [--kill-every 20] [--windows 8] [--dwell 0.5]

Crawls the pages of the demo web twice, each page with different queries. First two workers crawl
undisturbed. Then two workers crawl while one of them is killed again and again and restarted. Each worker
has its own home and its own folder of temporary files. The frontier is PostgreSQL and the store is an
S3-compatible server; both are real and are started here. Then it checks that every seed has one outcome,
the same in both crawls; that the id of every call occurs once, and numbers have no gap; and that the calls
of each page are within the page's variation in the undisturbed crawl.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import likeness
from bench.likeness import Crawled
from overscripted.crawl.frontier.queue import Frontier
from overscripted.demo.web import DemoWeb
from overscripted.run import Run
from tests import services
from tests.crawl.crawling import Crawl

LIMIT_S = 3600.0
SHOWN = 5  # differences shown


def seeds_of(web: DemoWeb, n: int) -> list[str]:
    """``n`` seeds: the demo's pages in turn, without the hostile ones, each time with another query."""
    pages = list(web.truth["pages"])
    return [likeness.marked(pages[k % len(pages)], k) for k in range(n)]


class Fleet:
    """Two places for workers on one run. A restarted worker has the same home."""

    def __init__(self, run: str, options: list[str], seeds: list[str], folder: Path, s3: services.S3) -> None:
        self._run, self._options, self._s3 = run, options, s3
        self._homes = [folder / name for name in ("one", "two")]
        for home in self._homes:
            home.mkdir(parents=True)
        self.kills = 0
        self.workers = [self._start(0, seeds)]
        self.workers[0].until_firefox()  # the run is there now
        self.workers.append(self._start(1))

    def _start(self, place: int, seeds: list[str] | None = None) -> Crawl:
        home = self._homes[place]
        environment = {**self._s3.environment, "HOME": str(home)}
        log = ("--log", str(home / f"log-{self.kills}.jsonl"))
        options = (*self._options, *log)
        return Crawl(self._run, *options, seeds=seeds or (), folder=home, environment=environment)

    def kill(self, place: int) -> None:
        """Kill one worker with -9, and start a new one in its place."""
        self.workers[place].kill()
        self.kills += 1
        self.workers[place] = self._start(place)

    def done(self) -> bool:
        """Whether both workers ended. Raises RuntimeError if one failed."""
        for worker in self.workers:
            if worker.process.poll():
                worker.wait()
                raise RuntimeError(f"a worker ended with {worker.process.returncode}: {worker.said[-2000:]}")
        return all(worker.process.poll() == 0 for worker in self.workers)

    def leftovers(self) -> list[str]:
        """Profiles and processes that are still there."""
        profiles = [path.name for home in self._homes for path in (home / "tmp").glob("overscripted-fire*")]
        homes = tuple(map(str, self._homes))
        alive = [
            f"{process.info['name']} {process.pid}"
            for process in psutil.process_iter(["name", "cmdline"])
            if any(home in word for word in process.info["cmdline"] or () for home in homes)
        ]
        return profiles + alive


def crawl(fleet: Fleet, kill_every: float | None) -> float:
    """Crawl until all is done; returns the seconds it took."""
    dice, began = random.Random(4), time.monotonic()
    killed = began
    while not fleet.done():
        if time.monotonic() - began > LIMIT_S:
            raise RuntimeError(f"not done after {LIMIT_S:.0f} s")
        time.sleep(0.2)
        if kill_every and time.monotonic() - killed >= kill_every:
            killed = time.monotonic()
            alive = [n for n, worker in enumerate(fleet.workers) if worker.process.poll() is None]
            if alive:
                fleet.kill(dice.choice(alive))
    return time.monotonic() - began


def outcomes(crawled: Crawled) -> dict[str, str]:
    """Outcome of each seed."""
    return {seed: visit["outcome"] for seed, visit in crawled.visits.items()}


def check(name: str, crawled: Crawled, seeds: list[str], frontier: Frontier) -> None:
    """Raise AssertionError unless every seed ended exactly once, in store and frontier alike."""
    assert sorted(crawled.visits) == sorted(seeds), "not every seed has its visit"
    found = Counter(outcomes(crawled).values())
    said = {key.removeprefix("ended "): n for key, n in frontier.report.counts().items()}
    assert said == dict(found), f"the frontier says {said}, the store {found}"
    calls = sum(visit["n_calls"] for visit in crawled.visits.values())
    assert frontier.report.calls() == calls, (
        f"the frontier says {frontier.report.calls()} calls, the store has {calls}"
    )
    workers = len({visit["worker_id"] for visit in crawled.visits.values()})
    print(f"  {len(seeds):,} seeds, each one outcome: {dict(found)}")
    print(f"  {calls:,} calls, each id once, numbered without a gap; {workers} workers have their part in it")
    print(
        f"  {crawled.n_attempts - len(seeds)} further attempts that ended and count for nothing", flush=True
    )


def compare(disturbed: Crawled, undisturbed: Crawled) -> int:
    """Print how the two crawls differ; returns the number of pages with calls beyond their own variation."""
    before, after = outcomes(undisturbed), outcomes(disturbed)
    changed = {seed: (before[seed], after[seed]) for seed in before if before[seed] != after[seed]}
    print(f"outcomes that differ: {len(changed)} {list(changed.items())[:SHOWN]}")
    calm, rough = undisturbed.by_page(), disturbed.by_page()
    pages = [page for page in calm if page in rough and len(calm[page]) > 1]
    steady = [page for page in pages if likeness.constant(calm[page])]
    wrong = {
        page: [one for one in rough[page] if one != calm[page][0]]
        for page in steady
        if any(one != calm[page][0] for one in rough[page])
    }
    print(f"{len(steady)} of {len(pages)} pages made the same calls at every undisturbed visit;")
    print(f"  of these {len(wrong)} made others at a visit of the disturbed crawl")
    for page, visits in list(wrong.items())[:SHOWN]:
        for line in likeness.difference(visits[0], calm[page][0])[:SHOWN]:
            print(f"    {page} ({len(visits)} of {len(rough[page])} visits): {line}")
    varying = [page for page in pages if page not in set(steady)]
    own = [likeness.own_share(calm[page]) for page in varying]
    other = [likeness.other_share(rough[page], calm[page]) for page in varying]
    if varying:
        shares = f"{sum(own) / len(own):.1%} undisturbed, {sum(other) / len(other):.1%} disturbed"
        print(f"the other {len(varying)}: visits within the page's own variation: {shares}")
    return len(wrong)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--kill-every", type=float, default=20.0)
    parser.add_argument("--windows", default="8")
    parser.add_argument("--dwell", default="0.5")
    asked = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="overscripted-fleet-") as folder,
        DemoWeb() as web,
        services.postgres() as postgres,
        services.s3() as s3,
    ):
        seeds = seeds_of(web, asked.seeds)
        options = f"--windows {asked.windows} --dwell {asked.dwell} --load-timeout 15 --segment-age 5"
        proxy = f"--proxy {web.proxies['amsterdam']} --ca {web.ca_file} --frontier {postgres.url}"
        fixed = [*options.split(), *proxy.split(), "--allow-private", "--per-domain", "0"]
        bucket = s3.make_bucket("fleet")
        crawls = []
        for name, every in (("undisturbed", None), ("disturbed", asked.kill_every)):
            url = f"{bucket}/{name}"
            fleet = Fleet(url, fixed, seeds, Path(folder) / name, s3)
            took = crawl(fleet, every)
            print(f"{name}: {took:.0f} s, {fleet.kills} workers killed", flush=True)
            run = Run.open(url, **s3.options)
            crawled = Crawled(run)
            frontier = Frontier(postgres.url, run.crawl_id)
            check(name, crawled, seeds, frontier)
            frontier.close()
            assert not fleet.leftovers(), f"left behind: {fleet.leftovers()}"
            crawls.append(crawled)
        wrong = compare(crawls[1], crawls[0])
        print(f"verdict: {'nothing lost, nothing doubled' if not wrong else f'{wrong} pages differ'}")


if __name__ == "__main__":
    main()

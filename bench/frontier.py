"""Leases per second, their latency, and double leases, of simulated fleets on a real PostgreSQL.

    python bench/frontier.py [--seeds 10000 100000 1000000 10000000] [--workers 1000] [--seconds 20]

Starts PostgreSQL from the system's packages in a temporary folder. For each number of seeds it fills a
frontier (in SQL; the rate of `Frontier.add` is measured separately). Then the workers lease seeds, 8 at a
time, end them, send heartbeats and free the leases of dead workers as fast as they can. Workers take turns
on the connections of a few processes. Latency must not depend on the number of seeds. The last rows are the
worst case: nearly all seeds belong to a domain that may have no more visits. The workers look for the few
other seeds, and go on looking long after these are gone.
"""

import argparse
import multiprocessing
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parents[1]))

from overscripted.crawl import settings
from overscripted.crawl.frontier.queue import Frontier
from tests import services

BATCH = 8
NEEDED = 0.5  # leases a second of one worker: 20 windows at 10 s dwell, pages of a few CPU seconds, 2 cores
PER_DOMAIN = 6
ADDED = 100_000
A_DOMAIN = 25  # seeds

FILL = """
INSERT INTO overscripted_seeds
  (crawl_id, visit_id, seed, domain, priority, place, state, attempts, not_before)
SELECT :crawl, n, 'http://www.' || domain || '/' || n, domain, 0,
  (random() * 2147483646)::int, 'waiting', 0, 0
FROM (SELECT n, CASE WHEN n <= :blocked THEN 'big.com' ELSE 'site' || n % :domains || '.com' END AS domain
      FROM generate_series(1, :seeds) n) made
"""
COUNT = """
INSERT INTO overscripted_domains (crawl_id, domain, waiting, active, next_at)
SELECT crawl_id, domain, count(*), 0, 0 FROM overscripted_seeds WHERE crawl_id = :crawl GROUP BY 1, 2
"""


def add(url: str) -> str:
    """Seeds that `Frontier.add` adds per second, as text."""
    frontier = Frontier(url, 1)
    began = time.monotonic()
    frontier.add(f"http://www.site{n % (ADDED // A_DOMAIN)}.com/{n}" for n in range(ADDED))
    frontier.close()
    return f"Frontier.add: {ADDED / (time.monotonic() - began):,.0f} seeds a second"


def fill(url: str, crawl: int, seeds: int, blocked: int) -> None:
    """A frontier of this many seeds, ``blocked`` of them of one domain, as a nightly vacuum leaves it."""
    Frontier(url, crawl).close()  # makes the tables
    engine = sa.create_engine(url.replace("postgresql", "postgresql+psycopg", 1))
    numbers = {"crawl": crawl, "seeds": seeds, "blocked": blocked, "domains": max(seeds // A_DOMAIN, 1)}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(sa.text(FILL), numbers)
        db.execute(sa.text(COUNT), {"crawl": crawl})
        db.execute(sa.text("VACUUM ANALYZE"))
    engine.dispose()


def work(url: str, crawl: int, threads: int, names: list[str], seconds: float, out: Any) -> None:
    """One process: its workers take turns on the connections of its threads."""
    taken: list[int] = []
    times: dict[str, list[float]] = {"lease": [], "end": [], "beat and reap": []}

    def timed(what: str, function: Any, *arguments: Any) -> Any:
        began = time.monotonic()
        answer = function(*arguments)
        times[what].append(time.monotonic() - began)
        return answer

    def live(frontier: Frontier, name: str) -> None:
        frontier.workers.beat(name, "bench", 1, {})
        frontier.reap()

    def serve(mine: list[str]) -> None:
        frontier = Frontier(url, crawl)
        beaten = dict.fromkeys(mine, 0.0)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for name in mine:
                if time.monotonic() - beaten[name] > settings.BEAT_S:
                    timed("beat and reap", live, frontier, name)
                    beaten[name] = time.monotonic()
                leases = timed("lease", frontier.lease, name, BATCH, PER_DOMAIN)
                for lease in leases:
                    taken.append(lease.visit_id)
                    assert timed("end", frontier.end, name, lease, "complete", 1)
                if time.monotonic() > until:
                    break
        frontier.close()

    shares = [names[n::threads] for n in range(threads)]
    serving = [threading.Thread(target=serve, args=(share,)) for share in shares]
    for thread in serving:
        thread.start()
    for thread in serving:
        thread.join()
    out.put((taken, times))


def block(url: str, crawl: int) -> None:
    """A live worker holds as many seeds of the big domain as it may, for the whole run."""
    frontier = Frontier(url, crawl)
    frontier.workers.beat("holder", "bench", 1, {})
    engine = sa.create_engine(url.replace("postgresql", "postgresql+psycopg", 1))
    with engine.begin() as db:
        here = "WHERE crawl_id = :crawl AND domain = 'big.com'"
        some = f"(SELECT visit_id FROM overscripted_seeds {here} LIMIT {PER_DOMAIN})"
        lease = (
            f"UPDATE overscripted_seeds SET state = 'leased', worker = 'holder' {here} AND visit_id IN {some}"
        )
        move = (
            f"UPDATE overscripted_domains SET waiting = waiting - {PER_DOMAIN}, active = {PER_DOMAIN} {here}"
        )
        live = "UPDATE overscripted_workers SET alive_until = 1e12 WHERE crawl_id = :crawl"
        for statement in (lease, move, live):
            db.execute(sa.text(statement), {"crawl": crawl})
    engine.dispose()
    frontier.close()


def run(url: str, crawl: int, asked: argparse.Namespace) -> str:
    """Let the fleet work; returns its results as a line."""
    out: Any = multiprocessing.Queue()
    names = [f"w{n}" for n in range(asked.workers)]
    shares = [names[n :: asked.processes] for n in range(asked.processes)]
    processes = [
        multiprocessing.Process(target=work, args=(url, crawl, asked.threads, share, asked.seconds, out))
        for share in shares
    ]
    began = time.monotonic()
    for process in processes:
        process.start()
    parts = [out.get() for _ in processes]
    took = time.monotonic() - began
    taken = Counter(n for part in parts for n in part[0])
    doubles = sum(n - 1 for n in taken.values())
    rate = len(taken) / took
    words = [f"{rate:6,.0f} seeds/s (enough for {rate / NEEDED:6,.0f} workers), {doubles} double"]
    for what in ("lease", "end", "beat and reap"):
        times = sorted(t for part in parts for t in part[1][what])
        middle, high = times[len(times) // 2], times[int(len(times) * 0.99)]
        words.append(f"{what} {middle * 1000:5.1f}/{high * 1000:6.1f}")
    frontier = Frontier(url, crawl)
    began = time.monotonic()
    ended = frontier.report.counts().get("ended complete", 0)
    words.append(f"counts {(time.monotonic() - began) * 1000:5.1f}")
    frontier.close()
    assert not doubles and ended == len(taken), (doubles, ended, len(taken))
    return ", ".join(words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 10_000_000])
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4, help="connections of a process")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--blocked", type=float, default=0.999, help="share of one full domain, worst case")
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, shared by database and workers; load {load:.1f} before")
    connections = asked.processes * asked.threads
    print(f"{asked.workers:,} workers on {connections} connections; times in ms: median/99 %")
    with services.postgres() as server:
        print(add(server.url), flush=True)
        cases = [(n, 0) for n in asked.seeds]
        cases += [(n, int(n * asked.blocked)) for n in asked.seeds if 100_000 <= n <= 1_000_000]
        for crawl, (seeds, blocked) in enumerate(cases, 2):
            fill(server.url, crawl, seeds, blocked)
            if blocked:
                block(server.url, crawl)
            case = f"{seeds:10,} seeds" + (f", {blocked:,} of one full domain" if blocked else "")
            print(f"{case}: {run(server.url, crawl, asked)}", flush=True)


if __name__ == "__main__":
    main()

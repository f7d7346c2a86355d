"""Leases a second, their latency, and double leases, of a simulated fleet on a real PostgreSQL.

    python bench/frontier.py [--seeds 1000000] [--workers 100] [--seconds 20] [--processes 4]

Starts PostgreSQL from the system's packages on a temporary folder, fills the frontier, and lets the
workers lease and end seeds as fast as they can, a batch of 8 leases at a time, in several processes.
A fleet needs 0.5 leases a second and worker: the rate divided by that is the fleet it bears.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from crawl.frontier import Frontier
from tests import services

CRAWL = 1
BATCH = 8
NEEDED = 0.5  # leases a second of one worker: 20 windows at 10 s dwell, twice that on a large machine
PER_DOMAIN = 6


def fill(url: str, seeds: int) -> float:
    """Seconds to add the seeds, on a hundredth as many domains as a crawl of that size has."""
    frontier = Frontier(url, CRAWL)
    began = time.monotonic()
    frontier.add(f"http://www.site{n % max(seeds // 25, 1)}.com/{n}" for n in range(seeds))
    frontier.close()
    return time.monotonic() - began


def work(url: str, names: list[str], seconds: float, out: Any) -> None:
    """One process: its workers in threads."""
    taken: list[int] = []
    leasing: list[float] = []
    ending: list[float] = []

    def one(name: str) -> None:
        frontier = Frontier(url, CRAWL)
        frontier.beat(name, "bench", 1, {})
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.monotonic()
            leases = frontier.lease(name, BATCH, PER_DOMAIN)
            leasing.append(time.monotonic() - began)
            if not leases:
                time.sleep(0.1)
            for lease in leases:
                taken.append(lease.visit_id)
                began = time.monotonic()
                assert frontier.end(name, lease, "complete", 1)
                ending.append(time.monotonic() - began)
        frontier.close()

    threads = [threading.Thread(target=one, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    out.put((taken, leasing, ending))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=100)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    print(f"{os.cpu_count()} cores (shared by database and workers), load {os.getloadavg()[0]:.1f} before")
    with services.postgres() as server:
        took = fill(server.url, asked.seeds)
        print(f"added {asked.seeds:,} seeds in {took:.1f} s: {asked.seeds / took:,.0f} a second", flush=True)
        out: Any = multiprocessing.Queue()
        names = [f"w{n}" for n in range(asked.workers)]
        shares = [names[n :: asked.processes] for n in range(asked.processes)]
        began = time.monotonic()
        processes = [
            multiprocessing.Process(target=work, args=(server.url, share, asked.seconds, out))
            for share in shares
        ]
        for process in processes:
            process.start()
        parts = [out.get() for _ in processes]
        took = time.monotonic() - began
    taken = Counter(n for part in parts for n in part[0])
    doubles = sum(n - 1 for n in taken.values())
    rate = len(taken) / took
    print(f"{len(taken):,} seeds leased and ended by {asked.workers} workers: {rate:,.0f} a second")
    for name, column in (("lease of a batch", 1), ("end of a seed", 2)):
        times = sorted(t for part in parts for t in part[column])
        high = times[int(len(times) * 0.99)]
        print(f"  {name}: median {statistics.median(times) * 1000:.1f} ms, 99 % {high * 1000:.1f} ms")
    print(f"double leases: {doubles}; bears a fleet of {rate / NEEDED:,.0f} workers")
    assert not doubles


if __name__ == "__main__":
    main()

"""The explorer's pages over HTTP: how long readers wait, and how long they would without roll-ups.

    python bench/explore.py RUN [--times 7] [--readers 50 --seconds 60]

RUN needs `overscripted etl`; `bench/generate.py`, an import and an etl make one of any size. Each kind of
page is asked for the thing that most of the run has: the commonest symbol, the script on most sites, …: the
slowest one. The first answer is that of a server that has just begun. The peer is DuckDB's own SQL, which
computes what the page's table shows from `calls`, with the same settings: a ratio above 1 says how many times
faster the whole page is with its roll-ups. ``--readers`` lets many readers ask at the same time, and prints
failures, waiting times and the server's memory.
"""

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
import requests

from overscripted.explore.data import RunData
from overscripted.run import Run

TOP = {
    "symbol": "SELECT symbol AS v FROM symbol_counts GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
    "script": "SELECT script_url AS v FROM script_refs GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
    "site": """SELECT location_domain AS v FROM script_refs WHERE location_domain <> '' GROUP BY 1
        ORDER BY count(*) DESC LIMIT 1""",
    "document": "SELECT location AS v FROM pages ORDER BY n_calls DESC LIMIT 1",
    "tracker": """SELECT script_domain AS v FROM script_refs WHERE is_third_party AND script_domain <> ''
        GROUP BY 1
        ORDER BY count(*) DESC LIMIT 1""",
}
# What a roll-up's page would have to do without it.
SCANS = {
    "symbols": """SELECT symbol, count(DISTINCT location_domain) AS n, count(DISTINCT visit_id),
        count(DISTINCT script_url), count(*) FROM calls GROUP BY 1 ORDER BY n DESC LIMIT 51""",
    "scripts": """SELECT script_url, count(DISTINCT location_domain) AS n, count(DISTINCT visit_id), count(*)
        FROM calls GROUP BY 1 ORDER BY n DESC LIMIT 51""",
    "script": """SELECT symbol, operation, count(DISTINCT location_domain) AS n, count(*) FROM calls
        WHERE script_url = ? GROUP BY 1, 2 ORDER BY n DESC LIMIT 11""",
    "symbol": """SELECT script_url, operation, count(DISTINCT location_domain) AS n, count(*) FROM calls
        WHERE symbol = ? GROUP BY 1, 2 ORDER BY n DESC LIMIT 11""",
}


@dataclass
class Answers:
    """The waiting times of one kind of page, in seconds, and its failures."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def line(self, kind: str) -> str:
        """First, median, 95th percentile and longest, in milliseconds."""
        inner = sorted(self.seconds)
        p95 = inner[min(len(inner) - 1, int(0.95 * len(inner)))]
        cells = (self.seconds[0], statistics.median(inner), p95, inner[-1])
        return f"{kind:22}" + "".join(f"{1000 * cell:9.0f}" for cell in cells)


class Server:
    """`overscripted explore` in a process of its own, and a session that has its cookie."""

    def __init__(self, run: Path) -> None:
        command = [sys.executable, "-m", "overscripted", "explore", str(run), "--no-browser"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")
        assert self.process.stdout
        address = self.process.stdout.readline().split()[-1]
        self.root, _, self.token = address.partition("/?token=")
        self.session = self.reader()
        self.name = self.session.get(self.root).url.rstrip("/").rpartition("/")[2]

    def reader(self) -> requests.Session:
        """A reader with the cookie."""
        session = requests.Session()
        session.get(f"{self.root}/?token={self.token}", allow_redirects=False).raise_for_status()
        return session

    def ask(self, session: requests.Session, path: str, answers: Answers) -> None:
        """One page; its time or its failure is noted."""
        begun = time.perf_counter()
        answer = session.get(f"{self.root}/{self.name}/{path}")
        if answer.status_code == 200:
            answers.seconds.append(time.perf_counter() - begun)
        else:
            answers.failures.append(f"{answer.status_code} {path[:100]}")

    def memory(self) -> float:
        """Its resident memory, in MB."""
        return psutil.Process(self.process.pid).memory_info().rss / 1e6

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


def addresses(tops: dict[str, str]) -> dict[str, str]:
    """The address of each kind of page, for the things that most of the run has."""

    def to(path: str, **keys: str) -> str:
        return f"{path}?{urlencode(keys)}"

    return {
        "overview": "",
        "symbols": "t/symbols",
        "scripts": "t/scripts_on_sites",
        "sites": "t/sites",
        "calls": "t/calls",
        "calls of a symbol": to("t/calls", symbol=tops["symbol"]),
        "calls, sorted": to("t/calls", symbol=tops["symbol"], _sort="-time_stamp"),
        "symbol": to("symbol", name=tops["symbol"]),
        "script": to("script", url=tops["script"]),
        "site": to("site", domain=tops["site"]),
        "third party": to("site", domain=tops["tracker"]),
        "document": to("document", url=tops["document"]),
        "search": to("search", q=tops["tracker"]),
    }


def scans(data: RunData, tops: dict[str, str], times: int) -> dict[str, float]:
    """Median seconds of each scan of `calls`."""
    found = {}
    for kind, sql in SCANS.items():
        parameters = [tops[kind]] if "?" in sql else []
        found[kind] = statistics.median(timed(lambda: data.rows(sql, parameters, 600)) for _ in range(times))  # noqa: B023
    return found


def timed(work: Callable[[], Any]) -> float:
    """Seconds that it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def crowd(server: Server, pages: dict[str, str], readers: int, seconds: float) -> None:
    """Many readers, each of whom asks for one page after the other; prints what they met."""
    end, answers, peak = time.monotonic() + seconds, [Answers() for _ in range(readers)], 0.0

    def read(mine: Answers, first: int) -> None:
        session, paths = server.reader(), [*pages.values()]
        while time.monotonic() < end:
            first += 1
            server.ask(session, paths[first % len(paths)], mine)

    threads = [threading.Thread(target=read, args=(one, n)) for n, one in enumerate(answers)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        peak = max(peak, server.memory())
        time.sleep(0.2)
    whole = Answers([s for one in answers for s in one.seconds], [f for one in answers for f in one.failures])
    n, faults = len(whole.seconds), len(whole.failures)
    print(
        f"\n{readers} readers for {seconds:.0f} s: {n:,} pages, {faults} failures, {n / seconds:.1f} pages/s"
    )
    print(f"memory of the server: at most {peak:,.0f} MB")
    print(whole.line("all pages"))
    print("\n".join(sorted(set(whole.failures))[:10]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--times", type=int, default=7, help="how often each page is asked for")
    parser.add_argument("--readers", type=int, default=0, help="readers at the same time")
    parser.add_argument("--seconds", type=float, default=60, help="how long they read")
    options = parser.parse_args()
    data = RunData(Run.open(options.run), "run")
    tops = {kind: str(data.one(sql)["v"]) for kind, sql in TOP.items()}
    slow = scans(data, tops, 3)
    print(f"{data.count('calls'):,} calls, {data.count('script_refs'):,} references; milliseconds")
    data.close()
    server = Server(options.run)
    medians = {}
    try:
        print(f"{'page':22}{'first':>9}{'median':>9}{'p95':>9}{'longest':>9}{'scan':>9}{'ratio':>7}")
        for kind, path in addresses(tops).items():
            answers = Answers()
            for _ in range(options.times):
                server.ask(server.session, path, answers)
            if answers.failures:
                raise SystemExit(f"{kind}: {answers.failures[0]}")
            medians[kind] = statistics.median(answers.seconds)
            peer = f"{1000 * slow[kind]:9.0f}{slow[kind] / medians[kind]:7.1f}" if kind in slow else ""
            print(answers.line(kind) + peer)
        print(f"memory of the server: {server.memory():,.0f} MB")
        if options.readers:
            crowd(server, addresses(tops), options.readers, options.seconds)
    finally:
        server.close()
    print(json.dumps({"median_ms": {kind: round(1000 * s, 1) for kind, s in medians.items()}}))


if __name__ == "__main__":
    main()

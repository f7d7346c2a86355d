"""The etl and its peers on the same calls, which are like the study's, in one run.

    python bench/etl.py [--calls 1000000] [--crawls 1] [--symbols CSV] [--only NAME …] [--work FOLDER]

Contenders: ours on DuckDB, ours on Spark, hand-written DuckDB SQL, Polars, pandas, and pandas on Dask. They
read the same records, as our raw segments. The last contender is the study's own algorithm on the same
Spark: raw JSON with one file per location, whole files parsed, jsonschema per row, literal_eval of
arguments, and everything parsed twice to write the valid and the invalid rows. Each runs in a process of
its own. It prints wall and CPU seconds of the whole process tree, rows per second of CPU (fair on a busy
machine) and of wall time, peak memory, and bytes per call.
"""

import argparse
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
# Contender -> what it is. The code is in bench/etl_peers.py.
CONTENDERS = {
    "sql": "hand-written DuckDB SQL",
    "duckdb": "overscripted etl (DuckDB)",
    "polars": "Polars",
    "pandas": "pandas",
    "dask": "pandas on Dask",
    "spark": "overscripted etl --engine spark",
    "study": "the study's algorithm on Spark",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--symbols", type=Path)
    parser.add_argument("--only", nargs="*", choices=list(CONTENDERS), default=list(CONTENDERS))
    parser.add_argument(
        "--study-calls", type=int, help="fewer for the study's algorithm: then a start is more of it"
    )
    parser.add_argument(
        "--crawls", type=int, default=1, help="so many times the calls: each crawl is of the same pages"
    )
    parser.add_argument("--work", type=Path, help="a folder kept for the next time")
    options = parser.parse_args()
    options.study_calls = options.study_calls or options.calls
    with tempfile.TemporaryDirectory(prefix="overscripted-bench-") as temporary:
        work = options.work or Path(temporary)
        prepare(work, options)
        results = {}
        for name in options.only:
            n = options.study_calls if name == "study" else options.calls * options.crawls
            results[name] = measure(name, work, n)
            show(name, results[name])
        compare(results, work)


def prepare(work: Path, options: argparse.Namespace) -> None:
    """Generate the data and import it, once."""
    extra = ["--symbols", str(options.symbols)] if options.symbols else []
    made = [sys.executable, str(HERE / "generate.py")]
    if not (work / "truth.json").exists():
        subprocess.run(
            [*made, str(work), "--calls", str(options.calls), *extra], check=True, stdout=subprocess.DEVNULL
        )
        run = [
            sys.executable,
            "-m",
            "overscripted",
            "import",
            "study",
            str(work / "parquet"),
            str(work / "run"),
        ]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
        crawl_again(work / "run" / "raw", options.crawls)
    if "study" in options.only and not (work / "few" / "truth.json").exists():
        few = ["--calls", str(options.study_calls), "--json", *extra]
        subprocess.run([*made, str(work / "few"), *few], check=True, stdout=subprocess.DEVNULL)


def crawl_again(raw: Path, crawls: int) -> None:
    """The same visits and calls as crawls of their own, with their own numbers."""
    if crawls > 1:
        with ProcessPoolExecutor() as processes:
            list(processes.map(_again, sorted(raw.rglob("*.parquet")), itertools.repeat(crawls)))


def _again(path: Path, crawls: int) -> None:
    rows = pq.read_table(path)
    at = rows.column_names.index("crawl_id")
    for crawl in range(2, crawls + 1):
        number = pa.repeat(pa.scalar(crawl, rows.schema.field(at).type), rows.num_rows)
        numbered = rows.set_column(at, rows.schema.field(at), number)
        pq.write_table(numbered, path.with_stem(f"{crawl}-{path.stem}"), compression="zstd")


def measure(name: str, work: Path, calls: int) -> dict[str, float]:
    """Run one contender in its own process: seconds, CPU seconds, peak bytes, bytes written."""
    out = work / "out" / name
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    command = [sys.executable, "-m", "bench.etl_peers", name, str(work.absolute()), str(out.absolute())]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", cwd=HERE.parent)
    watch = Watch(process.pid)
    watch.start()
    said, _ = process.communicate()
    elapsed = time.monotonic() - began
    watch.join()
    if process.returncode:
        raise SystemExit(f"{name} failed")
    found = json.loads(said.strip().splitlines()[-1])
    wall = found.get("seconds", elapsed)
    cpu = found.get("cpu", watch.cpu)
    size = sum(f.stat().st_size for f in (out / "calls").rglob("*.parquet"))
    return {
        "calls": calls,
        "s": wall,
        "cpu_s": cpu,
        "peak": watch.peak,
        "bytes": size,
        "valid": found["valid"],
    }


class Watch(threading.Thread):
    """Samples a process tree: CPU seconds and peak resident memory."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.root, self.cpu, self.peak = psutil.Process(pid), 0.0, 0

    def run(self) -> None:
        spent: dict[int, float] = {}
        while self.root.is_running():
            memory = 0
            try:
                tree = [self.root, *self.root.children(recursive=True)]
            except psutil.Error:
                break
            for process in tree:
                try:
                    memory += process.memory_info().rss
                    times = process.cpu_times()
                    spent[process.pid] = times.user + times.system
                except psutil.Error:
                    continue
            if not memory:
                break
            self.peak = max(self.peak, memory)
            self.cpu = sum(spent.values())
            time.sleep(0.1)


def show(name: str, found: dict[str, float]) -> None:
    per = found["bytes"] / found["valid"] if found["valid"] else 0
    print(
        f"{CONTENDERS[name]:34} {found['s']:8.1f} s {found['cpu_s']:8.1f} CPU s "
        f"{found['calls'] / found['s']:10.0f} calls/s {found['calls'] / found['cpu_s']:10.0f} calls/CPU s "
        f"{found['peak'] / 2**20:7.0f} MB peak {per:6.1f} bytes/call",
        flush=True,
    )


RATIOS = (
    ("study", "duckdb", "the study's algorithm on Spark / ours on DuckDB"),
    ("study", "spark", "the study's algorithm / ours on Spark (goal: at least 20)"),
    ("duckdb", "sql", "ours on DuckDB / hand-written SQL (goal: at most 1.2)"),
)


def compare(results: dict[str, dict[str, float]], work: Path) -> None:
    """The goals, as ratios of CPU and wall seconds per call. Other work changes wall seconds more."""
    for slower, faster, said in RATIOS:
        if {slower, faster} <= results.keys():
            one, other = results[slower], results[faster]
            cpu, clock = (one[by] / one["calls"] / (other[by] / other["calls"]) for by in ("cpu_s", "s"))
            print(f"{said}: {cpu:.2f} by CPU, {clock:.2f} by the clock")
    if "duckdb" in results:
        theirs = sum(f.stat().st_size for f in (work / "parquet").glob("*.parquet"))
        ours = results["duckdb"]["bytes"] / results["duckdb"]["valid"]
        n = json.loads((work / "truth.json").read_text("utf-8"))["calls"]
        print(
            f"our bytes a call / the study's snappy Parquet: {ours / (theirs / n):.2f} (goal: at most 0.33)"
        )


if __name__ == "__main__":
    main()

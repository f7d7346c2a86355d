"""The three headline analyses from our tables, compared with the same answers from a scan of `calls`.

    python bench/analyses_headlines.py [--calls 1000000] [--symbols CSV] [--times 1] [--repeat 3]
                                        [--against calls,pandas] [--work FOLDER | --run RUN]

"tables" runs our analyses on DuckDB, from the tables that the etl wrote. "calls" gives the same answers,
every figure and every table of the finding, by hand-written DuckDB SQL that scans `calls`
(bench/analyses_calls.py). "pandas" counts only the headlines, as the study's notebooks did
(bench/analyses_study.py). Each question runs in a process of its own. The best of several repetitions
counts.

It prints wall and CPU seconds from the open engine to the answer, peak memory, and ratios. Then it prints
the cost of the whole commands, which includes Python's start and the writing of the findings. It fails if
any figure or row differs, or if a count differs from what the generator planted.

Part of our time goes into building the queries, which takes the same time for any size. So the ratio grows
with the data. ``--times N`` makes N copies of the run's calls and references. Each copy has its own
document URLs, and every second copy has its own script URLs (a larger crawl meets new scripts, but fewer
than new documents). The etl makes the other tables from them.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
NAMES = ("session_replay", "dynamic_code", "cryptojacking")
PEERS = ("calls", "pandas")
GOAL = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--symbols", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--work", type=Path, help="a folder kept for the next time")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--run", type=Path, help="a run with tables, and no data is generated")
    parser.add_argument("--against", default=",".join(PEERS), help="peers, of " + ", ".join(PEERS))
    parser.add_argument("--contender", choices=("tables", *PEERS), help=argparse.SUPPRESS)
    parser.add_argument("--names", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        sys.path.insert(0, str(HERE.parent))
        names = options.names.split(",")
        print(json.dumps([CONTEND[options.contender](name, options.run, options.repeat) for name in names]))
        return
    with tempfile.TemporaryDirectory(prefix="overscripted-bench-") as temporary:
        work = options.work or Path(temporary)
        truth = None
        if not options.run:
            prepare(work, options)
            truth = json.loads((work / "truth.json").read_text("utf-8"))
        run = options.run or work / "run"
        if options.times > 1:
            run, truth = multiply(run, options.times, Path(temporary) / "times"), None
        peers = tuple(options.against.split(","))
        compare(run.absolute(), truth, options.repeat, peers)
        whole_commands(run.absolute(), Path(temporary) / "whole", options.repeat)


# What the questions read of each table; the copies have `location` and `script_url` of their own.
READ = {
    "calls": "script_loc_eval, location_host, location_domain, script_host, is_third_party",
    "invalid_calls": "",
    "script_refs": "* EXCLUDE (location, script_url)",
}


def multiply(run: Path, times: int, out: Path) -> Path:
    """Copy the run's tables ``times`` times, sorted. The etl makes documents, scripts and hosts."""
    sys.path.insert(0, str(HERE.parent))
    import duckdb

    from overscripted.engines import copy_options, open_engine
    from overscripted.etl.rollups import write_dimensions
    from overscripted.etl.workspace import ORDER, Workspace, row_group
    from overscripted.store import Store

    con = duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(out / "sorting")})
    for table, columns in READ.items():
        order = ", ".join(ORDER[table] if table == "script_refs" else ["location"])
        (out / "tables" / table).mkdir(parents=True)
        con.execute(
            f"COPY (SELECT location || '#' || copy AS location, "
            f"script_url || '#' || (copy // 2) AS script_url, {columns} "
            f"FROM read_parquet('{run}/tables/{table}/*.parquet'), range({times}) AS copies(copy) "
            f"ORDER BY {order}) TO '{out}/tables/{table}/part-0.parquet' "
            f"({copy_options(row_group(table))})"
        )
    (n,) = con.execute(f"SELECT count(*) FROM '{out}/tables/calls/*.parquet'").fetchone() or (0,)
    con.close()
    shutil.copy(run / "run.json", out)
    store = Store(out)
    with open_engine("duckdb") as engine:
        write_dimensions(Workspace(store, store, engine), engine.read(store, "tables/script_refs"))
    print(f"{times} copies: {n:,} calls")
    return out


def prepare(work: Path, options: argparse.Namespace) -> None:
    """Generate the data, import it and make its tables, once."""
    if (work / "ready").exists():
        return
    symbols = ["--symbols", str(options.symbols)] if options.symbols else []
    run = str(work / "run")
    commands: list[list[str]] = [
        [str(HERE / "generate.py"), str(work), "--calls", str(options.calls), *symbols],
        ["-m", "overscripted", "import", "study", str(work / "parquet"), run],
        ["-m", "overscripted", "etl", run],
    ]
    for command in commands:
        subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, cwd=HERE.parent)
    (work / "ready").touch()


def compare(run: Path, truth: dict[str, Any] | None, repeat: int, peers: tuple[str, ...]) -> None:
    """Give each question to each contender. Raises SystemExit if the answers differ."""
    total = dict.fromkeys(("tables", *peers), 0.0)
    print(f"{run}, best of {repeat}")
    for name in NAMES:
        found = {}
        for contender in total:
            (one,) = child(contender, [name], run, repeat)
            found[contender] = one
            total[contender] += one["cpu_s"]
            print(
                f"{name:15} from {contender:7} {one['s']:7.2f} s {one['cpu_s']:7.2f} CPU s "
                f"{one['peak'] / 2**20:6.0f} MB peak",
                flush=True,
            )
        ours = found["tables"]
        if "calls" in found:
            for part in ("figures", "tables"):
                for key, answer in ours[part].items():
                    if found["calls"][part][key] != answer:
                        raise SystemExit(f"{name}: {part[:-1]} {key} differs")
        if "pandas" in found:
            counts = found["pandas"]["counts"]
            if {figure: ours["figures"][figure][:2] for figure in counts} != counts:
                raise SystemExit(f"{name}: {counts} in pandas, ours differ")
        if truth:
            check(name, ours["figures"], truth)
        for peer in peers:
            ratios = [found[peer][what] / ours[what] for what in ("s", "cpu_s")]
            print(f"{name:15} {peer} / tables: {ratios[0]:.1f} wall, {ratios[1]:.1f} CPU", flush=True)
    for peer in peers:
        print(f"all three, CPU: {peer} / tables {total[peer] / total['tables']:.1f} (goal: at least {GOAL})")


def whole_commands(run: Path, copy: Path, repeat: int) -> None:
    """CPU seconds of whole processes that answer all three questions: `overscripted analyze`, and the SQL."""
    copy.mkdir()  # so that the run keeps its findings
    shutil.copy(run / "run.json", copy)
    os.symlink(run / "tables", copy / "tables")
    ours = [sys.executable, "-m", "overscripted", "analyze", str(copy), *NAMES]
    peers = command("calls", list(NAMES), run, 1)
    spent = []
    for line in (ours, peers):
        best = float("inf")
        for _ in range(repeat):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(
                line, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=HERE.parent
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            best = min(best, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
        spent.append(best)
    print(
        f"whole commands: analyze {spent[0]:.2f} CPU s, SQL on calls {spent[1]:.2f} CPU s, "
        f"{spent[1] / spent[0]:.1f}"
    )


def command(contender: str, names: list[str], run: Path, repeat: int) -> list[str]:
    """This script as one contender."""
    options = {"contender": contender, "names": ",".join(names), "run": run, "repeat": repeat}
    return [sys.executable, __file__, *(f"--{name}={value}" for name, value in options.items())]


def child(contender: str, names: list[str], run: Path, repeat: int) -> list[dict[str, Any]]:
    """The answers of one contender in a process of its own."""
    line = command(contender, names, run, repeat)
    done = subprocess.run(line, check=True, stdout=subprocess.PIPE, cwd=HERE.parent)
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def check(name: str, figures: dict[str, list[Any]], truth: dict[str, Any]) -> None:
    """Check that the headline counts are what the generator planted."""
    planted = {
        "session_replay": ("all_references", [truth["replay_refs"], truth["script_refs"]]),
        "dynamic_code": ("locations", [truth["dynamic_locations"], truth["locations"]]),
        "cryptojacking": ("references", [truth["mining_refs"], truth["script_refs_with_invalid"]]),
    }
    figure, expected = planted[name]
    if figures[figure][:2] != expected:
        raise SystemExit(f"{name}: found {figures[figure][:2]}, planted {expected}")


def tables(name: str, run: Path, repeat: int) -> dict[str, Any]:
    """One of our analyses: best seconds, peak bytes, every figure and table."""
    from overscripted.analyses.model import Inputs
    from overscripted.analyses.registry import analyses
    from overscripted.analyses.run import answer
    from overscripted.engines import open_engine
    from overscripted.lists.roles import choose
    from overscripted.store import Store

    lists, store = choose([]), Store(run)
    clock = Clock()
    for _ in range(repeat):
        with open_engine("duckdb") as engine:
            inputs = Inputs(engine, store, lists)
            with clock:
                finding = answer(analyses()[name], inputs)
    figures = {figure.name: (figure.n, figure.of, figure.interval) for figure in finding.figures}
    rows = {key: [tuple(row.values()) for row in table.to_pylist()] for key, table in finding.tables.items()}
    return clock.best | {"figures": rounded(figures), "tables": rows}


def calls(name: str, run: Path, repeat: int) -> dict[str, Any]:
    """The same by hand-written SQL on `calls`."""
    import analyses_calls

    clock = Clock()
    for _ in range(repeat):
        sql = analyses_calls.Sql(run)
        with clock:
            getattr(analyses_calls, name)(sql)
        sql.con.close()
    return clock.best | {"figures": rounded(sql.figures), "tables": sql.tables}


def pandas(name: str, run: Path, repeat: int) -> dict[str, Any]:
    """Get the headline counts in pandas."""
    import analyses_study

    clock = Clock()
    for _ in range(repeat):
        with clock:
            counts = getattr(analyses_study, name)(run)
    return clock.best | {"counts": counts}


CONTEND = {"tables": tables, "calls": calls, "pandas": pandas}


class Clock:
    """Best wall and CPU seconds of what ran within it, and the process's peak memory."""

    def __init__(self) -> None:
        self._best = {"s": float("inf"), "cpu_s": float("inf")}

    def __enter__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def __exit__(self, *error: object) -> None:
        wall, cpu = self._began
        took = {"s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        self._best = {what: min(self._best[what], took[what]) for what in took}

    @property
    def best(self) -> dict[str, Any]:
        """Seconds and peak resident bytes (not getrusage's, which remembers the parent's)."""
        status = Path("/proc/self/status").read_text("utf-8", "replace")
        return self._best | {"peak": int(status.partition("VmHWM:")[2].split()[0]) * 1024}


def rounded(figures: dict[str, Any]) -> dict[str, Any]:
    """Round intervals: they come from sums of floats, and the order of a sum changes its last digits."""
    return {
        name: (n, of, [round(bound, 9) for bound in interval] if interval else None)
        for name, (n, of, interval) in figures.items()
    }


if __name__ == "__main__":
    main()

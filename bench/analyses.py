"""Every analysis on a made-up crawl of any size: seconds, CPU seconds and peak memory, beside plain SQL.

    python bench/analyses.py [--calls 1000000] [--calls-per-visit 1400] [--names leaks,syncing]
                             [--limit 120] [--memory 2GB] [--work FOLDER | --run RUN]

bench/generate_crawl.py makes the data, and the etl its tables; ``--work`` keeps them for the next time. Each
analysis runs in a process of its own, on DuckDB with so much memory. Where bench/analyses_calls.py has a
function of its name, the same is asked by hand-written SQL on the rows themselves: on `calls`, or on
`requests` where the question is about requests. It must give the same figures. Some of these functions give
all figures and tables of a question, others the headlines alone: the ratio of the latter is a lower bound.
An analysis that reads a table of symbols is also asked without that table, which DuckDB then makes from
`calls` and `invalid_calls`. That is all its figures and tables, by the same SQL, on the rows themselves.

It names each analysis over the limit in seconds, and then ends with 1.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BY_SYMBOL = ("symbol_counts", "symbol_arguments")
sys.path.insert(0, str(HERE.parent))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--calls-per-visit", type=int, default=1_400)
    parser.add_argument("--names", default="", help="these analyses alone")
    parser.add_argument("--limit", type=float, default=120, help="seconds that an analysis may take")
    parser.add_argument("--memory", default="2GB", help="of DuckDB, which then uses its temporary folder")
    parser.add_argument("--work", type=Path, help="a folder kept for the next time")
    parser.add_argument("--run", type=Path, help="a run with tables, and no data is generated")
    parser.add_argument("--child", choices=sorted(ASK), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measured(ASK[options.child], options.names, options.run, options.memory)))
        return
    with tempfile.TemporaryDirectory(prefix="overscripted-bench-") as temporary:
        run = options.run or prepare(options.work or Path(temporary), options)
        slow = compare(run.absolute(), [name for name in options.names.split(",") if name], options)
    if slow:
        raise SystemExit(f"over {options.limit:g} s: {', '.join(slow)}")


def prepare(work: Path, options: argparse.Namespace) -> Path:
    """Generate the run and make its tables, once; its folder."""
    run = work / f"run-{options.calls}-{options.calls_per_visit}"
    if (run / "ready").exists():
        return run
    sizes = ["--calls", str(options.calls), "--calls-per-visit", str(options.calls_per_visit)]
    for command in (
        [str(HERE / "generate_crawl.py"), str(run), *sizes],
        ["-m", "overscripted", "etl", str(run)],
    ):
        began = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, cwd=HERE.parent)
        print(
            f"{Path(command[0]).stem if command[0] != '-m' else 'etl'}: {time.perf_counter() - began:.0f} s"
        )
    (run / "ready").touch()
    return run


def compare(run: Path, names: list[str], options: argparse.Namespace) -> list[str]:
    """Print what each analysis takes, and its peer; the analyses over the limit."""
    import analyses_calls

    from overscripted.analyses.registry import analyses

    slow = []
    print(f"{run}: DuckDB with {options.memory}\n{'':18}{'s':>8}{'CPU s':>8}{'MB peak':>9}   SQL: s, ratio")
    for name in names or analyses():
        ours = child("tables", name, run, options.memory)
        line = f"{name:18}{ours['s']:8.2f}{ours['cpu_s']:8.2f}{ours['peak'] / 2**20:9,.0f}"
        if hasattr(analyses_calls, name):
            line += f"   {against('sql', ours, name, run, options.memory)}"
        if any(table in analyses()[name].needs for table in BY_SYMBOL):
            line += f"   from calls: {against('calls', ours, name, run, options.memory)}"
        if ours["s"] > options.limit:
            slow.append(name)
            line += f"   over {options.limit:g} s"
        print(line + (f"   not answered: {ours['unsupported']}" if ours["unsupported"] else ""), flush=True)
    return slow


def against(kind: str, ours: dict[str, Any], name: str, run: Path, memory: str) -> str:
    """A peer's seconds, and how many times ours they are, in seconds and in CPU seconds."""
    peer = child(kind, name, run, memory)
    differ = {key for key, value in peer["figures"].items() if ours["figures"][key] != value}
    if differ:
        raise SystemExit(f"{name}: {', '.join(sorted(differ))} differ from those of {kind}")
    return f"{peer['s']:.2f}, {peer['s'] / ours['s']:.1f} ({peer['cpu_s'] / ours['cpu_s']:.1f} CPU)"


def child(kind: str, name: str, run: Path, memory: str) -> dict[str, Any]:
    """One analysis, or its SQL, in a process of its own."""
    line = [sys.executable, __file__, "--child", kind, "--names", name, "--run", str(run), "--memory", memory]
    done = subprocess.run(line, check=True, stdout=subprocess.PIPE, cwd=HERE.parent)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def measured(ask: Any, name: str, run: Path, memory: str) -> dict[str, Any]:
    """Seconds, CPU seconds and peak resident bytes of one answer, and its figures as [n, of]."""
    with ask(name, run, memory) as answer:
        wall, cpu = time.perf_counter(), time.process_time()
        found = answer()
        took = {"s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    # Not getrusage's peak, which remembers the parent's.
    status = Path("/proc/self/status").read_text("utf-8", "replace")
    took["peak"] = int(status.partition("VmHWM:")[2].split()[0]) * 1024
    return {**took, **found}


class Tables:
    """One of our analyses on the run's tables."""

    def __init__(self, name: str, run: Path, memory: str) -> None:
        from overscripted.analyses.registry import analyses
        from overscripted.engines import open_engine
        from overscripted.lists.roles import choose
        from overscripted.store import Store

        self._analysis, self._lists, self._store = analyses()[name], choose([]), Store(run)
        self._engine = open_engine("duckdb", conf={"memory_limit": memory}, alone=True)

    def __enter__(self) -> Any:
        return self._answer

    def _answer(self) -> dict[str, Any]:
        from overscripted.analyses.counted import counted
        from overscripted.analyses.model import Inputs
        from overscripted.analyses.run import answer

        groups, _order, group = counted(self._store, self._engine, {})
        inputs = Inputs(self._engine, self._store, self._lists, groups=groups, group=group)
        self._prepare(inputs)
        finding = answer(self._analysis, inputs)
        figures = {figure.name: [figure.n, figure.of] for figure in finding.figures}
        return {"figures": figures, "unsupported": finding.unsupported}

    def _prepare(self, inputs: Any) -> None:
        """The tables are there."""

    def __exit__(self, *error: object) -> None:
        self._engine.close()


class Calls(Tables):
    """The same on the calls: the tables by symbol are made on the way. `script_refs` is there."""

    def _prepare(self, inputs: Any) -> None:
        import ibis

        from overscripted.etl.transforms import symbol_arguments, symbol_counts, uses

        calls, refs = inputs.unfiltered("calls"), inputs.unfiltered("script_refs")
        used = ibis.union(uses.of_calls(calls), uses.of_invalid_calls(inputs.unfiltered("invalid_calls")))
        made = (symbol_counts.symbol_counts(used, refs), symbol_arguments.of_calls(calls))
        for name, table in zip(BY_SYMBOL, made, strict=True):
            if name in self._analysis.needs:
                inputs.known[name] = self._engine.keep(table)


class HandWritten:
    """The SQL of the same name."""

    def __init__(self, name: str, run: Path, memory: str) -> None:
        import analyses_calls

        self._question, self._sql = getattr(analyses_calls, name), analyses_calls.Sql(run)
        self._sql.con.execute(f"SET memory_limit = '{memory}'")

    def __enter__(self) -> Any:
        return self._answer

    def _answer(self) -> dict[str, Any]:
        self._question(self._sql)
        return {"figures": {name: [n, of] for name, (n, of, _interval) in self._sql.figures.items()}}

    def __exit__(self, *error: object) -> None:
        self._sql.con.close()


ASK = {"tables": Tables, "calls": Calls, "sql": HandWritten}

if __name__ == "__main__":
    main()

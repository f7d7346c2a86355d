"""The three headline analyses through our tables, and the same answers by scanning `calls`, side by side.

    python bench/analyses.py [--calls 1000000] [--symbols CSV] [--times 1]
                              [--repeat 3] [--work FOLDER | --run RUN]

The first two contenders run the very same analyses on DuckDB, on generated data or on a run that is
there; they differ in where `script_refs` and `pages` come from. Ours reads the roll-ups that the etl
wrote; "calls" makes them from `calls` and `invalid_calls` in the query itself, reading only the columns
it needs, and may use the hosts and domains that our `calls` already carries (the study's had none) and
our table `hosts`. The third, "pandas", counts the headlines alone, as the study's notebooks did
(bench/analyses_study.py). Each runs in a process of its own; the best of a few repetitions counts. Shown:
wall and CPU seconds, peak memory, ratios. It fails where any figure differs, or where the counts are not
those that the generator planted. A part of each time is the compilation of the queries, the same whatever
the size, so that the ratio grows with the data: ``--times N`` copies the run's tables N times, each time
with other document URLs.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
NAMES = ("session_replay", "dynamic_code", "cryptojacking")
CONTENDERS = ("tables", "calls", "pandas")
GOAL = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--symbols", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--work", type=Path, help="a folder kept for the next time")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--run", type=Path, help="a run with tables, and no data is generated")
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--name", choices=NAMES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        print(json.dumps(contend(options.contender, options.name, options.run, options.repeat)))
        return
    with tempfile.TemporaryDirectory(prefix="overscripted-bench-") as temporary:
        work = options.work or Path(temporary)
        truth = None
        if not options.run:
            prepare(work, options)
            truth = json.loads((work / "truth.json").read_text())
        run = options.run or work / "run"
        if options.times > 1:
            run, truth = multiply(run, options.times, Path(temporary) / "times"), None
        compare(run, truth, options.repeat)


# What the analyses read of each table; `location` is not among them because each copy has its own.
READ = {
    "calls": "script_url, script_loc_eval, location_host, location_domain, script_host, is_third_party",
    "invalid_calls": "script_url",
    "script_refs": "script_url, location_scheme, location_netloc, location_host, location_domain, "
    "script_scheme, script_host, is_third_party, n_valid, n_invalid, n_dynamic",
    "pages": "n_valid, n_dynamic",
}


def multiply(run: Path, times: int, out: Path) -> Path:
    """The run's tables copied ``times`` times, each with document URLs of its own, sorted as the etl does."""
    import duckdb

    con = duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(out / "sorting")})
    for table, columns in READ.items():
        (out / "tables" / table).mkdir(parents=True)
        con.execute(
            f"COPY (SELECT location || '#' || copy AS location, {columns} "
            f"FROM read_parquet('{run}/tables/{table}/*.parquet'), range({times}) AS copies(copy) "
            f"ORDER BY location) TO '{out}/tables/{table}/part-0.parquet' "
            "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 491520)"
        )
    shutil.copytree(run / "tables" / "hosts", out / "tables" / "hosts")
    (n,) = con.execute(f"SELECT count(*) FROM '{out}/tables/calls/*.parquet'").fetchone() or (0,)
    con.close()
    print(f"{times} copies: {n:,} calls")
    return out


def prepare(work: Path, options: argparse.Namespace) -> None:
    """Generate the data, import it, make its tables; once."""
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


def compare(run: Path, truth: dict[str, Any] | None, repeat: int) -> None:
    """Each analysis by both contenders; SystemExit where their answers differ."""
    total = dict.fromkeys(CONTENDERS, 0.0)
    print(f"{run}, best of {repeat}")
    for name in NAMES:
        found = {}
        for contender in total:
            command = [
                "--contender",
                contender,
                "--name",
                name,
                "--run",
                str(run.absolute()),
                "--repeat",
                str(repeat),
            ]
            done = subprocess.run(
                [sys.executable, __file__, *command], check=True, stdout=subprocess.PIPE, cwd=HERE.parent
            )
            found[contender] = one = json.loads(done.stdout)
            total[contender] += one["cpu_s"]
            print(
                f"{name:15} from {contender:7} {one['s']:7.2f} s {one['cpu_s']:7.2f} CPU s "
                f"{one['peak'] / 2**20:6.0f} MB peak",
                flush=True,
            )
        if found["tables"]["figures"] != found["calls"]["figures"]:
            raise SystemExit(f"{name}: the answers differ")
        ours = {figure["name"]: [figure["n"], figure["of"]] for figure in found["tables"]["figures"]}
        if {figure: ours[figure] for figure in found["pandas"]["counts"]} != found["pandas"]["counts"]:
            raise SystemExit(f"{name}: {found['pandas']['counts']} in pandas, ours differ")
        if truth:
            check(name, found["tables"]["figures"], truth)
        for peer in CONTENDERS[1:]:
            ratios = [found[peer][what] / found["tables"][what] for what in ("s", "cpu_s")]
            print(f"{name:15} {peer} / tables: {ratios[0]:.1f} wall, {ratios[1]:.1f} CPU", flush=True)
    for peer in CONTENDERS[1:]:
        print(f"all three, CPU: {peer} / tables {total[peer] / total['tables']:.1f} (goal: at least {GOAL})")


def check(name: str, figures: list[dict[str, Any]], truth: dict[str, Any]) -> None:
    """The headline counts are those planted."""
    counts = {figure["name"]: (figure["n"], figure["of"]) for figure in figures}
    planted = {
        "session_replay": ("all_references", (truth["replay_refs"], truth["script_refs"])),
        "dynamic_code": ("locations", (truth["dynamic_locations"], truth["locations"])),
        "cryptojacking": ("references", (truth["mining_refs"], truth["script_refs_with_invalid"])),
    }
    figure, expected = planted[name]
    if counts[figure] != expected:
        raise SystemExit(f"{name}: found {counts[figure]}, planted {expected}")


def contend(contender: str, name: str, run: Path, repeat: int) -> dict[str, Any]:
    """One analysis by one contender: best wall and CPU seconds, peak bytes, every figure and table size."""
    sys.path.insert(0, str(HERE.parent))
    from analyses.registry import analyses
    from analyses.run import answer
    from analyses.shapes import Inputs
    from lists.roles import choose
    from overscripted.engines import open_engine
    from overscripted.store import Store

    if contender == "pandas":
        return notebook(name, run, repeat)
    analysis, lists, store = analyses()[name], choose([]), Store(run)
    best: dict[str, Any] = {"s": float("inf"), "cpu_s": float("inf")}
    for _ in range(repeat):
        with open_engine("duckdb") as engine:
            inputs = Inputs(engine, store, lists) if contender == "tables" else scan(engine, store, lists)
            wall, cpu = time.perf_counter(), time.process_time()
            finding = answer(analysis, inputs)
            best["s"] = min(best["s"], time.perf_counter() - wall)
            best["cpu_s"] = min(best["cpu_s"], time.process_time() - cpu)
    figures = [asdict(figure) for figure in finding.figures]
    return {**best, "peak": peak(), "figures": [rounded(figure) for figure in figures]}


def notebook(name: str, run: Path, repeat: int) -> dict[str, Any]:
    """The headline counts in pandas: best wall and CPU seconds, peak bytes."""
    import analyses_study

    best: dict[str, Any] = {"s": float("inf"), "cpu_s": float("inf")}
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        counts = getattr(analyses_study, name)(run)
        best["s"] = min(best["s"], time.perf_counter() - wall)
        best["cpu_s"] = min(best["cpu_s"], time.process_time() - cpu)
    return {**best, "peak": peak(), "counts": counts}


def peak() -> int:
    """Peak resident bytes of this process (not getrusage, which remembers the parent's)."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def rounded(figure: dict[str, Any]) -> dict[str, Any]:
    """Intervals come from sums of floats, whose last digits depend on their order."""
    if figure["interval"]:
        figure["interval"] = [round(bound, 9) for bound in figure["interval"]]
    return figure


def scan(engine: Any, store: Any, lists: Any) -> Any:
    """Inputs whose `script_refs` and `pages` are made from `calls` while the question is answered."""
    import ibis
    from ibis import _

    from analyses.shapes import Inputs

    authority = "^[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)"

    def references(inputs: Inputs) -> Any:
        calls, hosts = Inputs.table(inputs, "calls"), Inputs.table(inputs, "hosts")
        valid = calls.group_by("location", "script_url").aggregate(
            location_host=_.location_host.max(),
            location_domain=_.location_domain.max(),
            script_host=_.script_host.max(),
            is_third_party=_.is_third_party.max(),
            n_valid=_.count(),
            n_invalid=ibis.literal(0, "int64"),
            n_dynamic=_.script_loc_eval.startswith("line").sum(),
        )
        broken = Inputs.table(inputs, "invalid_calls").group_by("location", "script_url")
        broken = broken.aggregate(n_invalid=_.count()).mutate(
            location_host=_.location.re_extract(authority, 1).lower(),
            script_host=_.script_url.re_extract(authority, 1).lower(),
        )
        domains = hosts.select(location_host=_.host, location_domain=_.domain)
        broken = broken.left_join(domains, "location_host").drop("location_host_right")
        broken = broken.mutate(
            location_domain=_.location_domain.fill_null(""),
            is_third_party=ibis.null("boolean"),
            n_valid=ibis.literal(0, "int64"),
            n_dynamic=ibis.literal(0, "int64"),
        ).select(valid.columns)
        return valid.union(broken).mutate(
            location_scheme=_.location.re_extract("^([A-Za-z][A-Za-z0-9+.-]*):", 1),
            script_scheme=_.script_url.re_extract("^([A-Za-z][A-Za-z0-9+.-]*):", 1),
            location_netloc=_.location.re_extract(authority, 1),
        )

    class Scan(Inputs):
        def table(self, name: str) -> Any:
            if name == "script_refs":
                return references(self)
            if name == "pages":
                calls = Inputs.table(self, "calls")
                return calls.group_by("location").aggregate(
                    n_valid=_.count(), n_dynamic=_.script_loc_eval.startswith("line").sum()
                )
            return Inputs.table(self, name)

    return Scan(engine, store, lists)


if __name__ == "__main__":
    main()

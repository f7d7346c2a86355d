"""``analyze --sample N``: the figures of a sample are those of a run with these visits alone."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from overscripted.analyses import sampling
from overscripted.analyses.command import analyze as command
from overscripted.analyses.run import analyze
from overscripted.errors import InputError
from overscripted.etl.run import run_etl
from overscripted.run import Run
from tests.analyses.planted import call, raw_run

ALL, SIZE = 30, 12
NAMES = ["overview", "dynamic_code", "session_replay"]
OWN, REPLAY = "https://a{}.com/own.js", "https://mc.yandex.ru/w.js"


def _made(folder: Path, numbers: list[int]) -> Run:
    """A run of these visits: each third has calls by dynamic code, each fifth a provider's script."""
    calls, visits = [], []
    for n in numbers:
        about = {"location": f"https://a{n}.com/", "visit_id": n}
        calls.append(call(script_url=OWN.format(n), n=n, dynamic=n if n % 3 == 0 else 0, **about))
        if n % 5 == 0:
            calls.append(call(script_url=REPLAY, n=2, **about))
        visits.append({"visit_id": n, "outcome": "complete", "site_url": about["location"], "n_calls": 1})
    run = raw_run(folder, calls, visits)
    run_etl(run)
    return run


def test_a_sample_is_counted_as_a_run_of_its_own(tmp_path: Path, engine: str) -> None:
    names = NAMES if engine == "duckdb" else ["dynamic_code"]  # Spark takes seconds for each
    run = _made(tmp_path / "all", [*range(1, ALL + 1)])
    whole = analyze(run, names)
    found = analyze(run, names, engine, sample=SIZE)
    (of,) = {row["of_sample"] for row in _rows(found["dynamic_code"]) if row["name"] == "locations"}
    assert of == SIZE
    drawn = [1, 4, 5, 10, 13, 14, 17, 18, 20, 21, 22, 30]  # by the seed, on either engine
    alone = analyze(_made(tmp_path / "alone", drawn), names)
    for name in names:
        expected = [(f.name, f.n, f.of) for f in alone[name].figures]
        assert [(r["name"], r["n_sample"], r["of_sample"]) for r in _rows(found[name])] == expected
        assert found[name].figures == whole[name].figures
    within = {row["name"]: row["within"] for row in _rows(found["dynamic_code"])}
    assert within["locations"] is True and within["few_calls"] is None


def _rows(finding: object) -> list[dict[str, object]]:
    return finding.tables[sampling.TABLE].to_pylist()  # type: ignore[attr-defined]


def test_the_command_says_both_and_refuses_what_is_no_sample(tmp_path: Path) -> None:
    run = _made(tmp_path / "run", [*range(1, 11)])
    done = CliRunner().invoke(command, [run.store.url, "dynamic_code", "--sample", "5"])
    assert "Documents with a call by dynamic code: of the sample" in done.output, done.output
    with pytest.raises(InputError, match="--sample 10: it must be smaller than the 10 counted visits"):
        analyze(run, NAMES, sample=10)
    assert CliRunner().invoke(command, [run.store.url, "--sample", "0"]).exit_code == 2

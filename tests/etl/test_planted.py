"""Generated data whose every count is known goes through import and etl to exactly those counts."""

from collections import Counter
from typing import Any

import pytest

from bench import generate
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.run import Run


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict[str, Any]]:
    """The run, imported, and the truth."""
    folder = tmp_path_factory.mktemp("planted")
    truth = generate.generate(folder, 30_000, seed=5)
    run = Run.open(folder / "run", create=True)
    import_data("study", str(folder / "parquet"), run)
    return run, truth


@pytest.mark.parametrize("name", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def test_every_planted_count_is_found(planted: tuple[Run, dict[str, Any]], name: str, spark: Any) -> None:
    run, truth = planted
    facts = run_etl(run, name, full=True)
    assert facts["raw_calls"] == truth["calls"]
    assert facts["calls"] == truth["valid"]
    invalid = run.store.read_table("tables/invalid_calls", ["errors"])["errors"].to_pylist()
    assert Counter(invalid) == {rule: n for rule, n in truth["invalid"].items() if n}
    refs = run.store.read_table("tables/script_refs").to_pylist()
    assert len(refs) == truth["script_refs_with_invalid"]
    assert sum(row["n_valid"] > 0 for row in refs) == truth["script_refs"]
    assert sum(row["n_calls"] for row in refs) == truth["calls"]
    assert sum(row["n_dynamic"] for row in refs) == truth["dynamic_calls"]
    pages = [row for row in run.store.read_table("tables/pages").to_pylist() if row["n_valid"]]
    assert len(pages) == truth["locations"]
    assert sum(row["n_dynamic"] > 0 for row in pages) == truth["dynamic_locations"]
    domains = Counter(row["script_domain"] for row in refs if row["n_valid"])
    replay = ("yandex.ru", "hotjar.com", "mouseflow.com", "fullstory.com")
    assert sum(domains[d] for d in replay) == truth["replay_refs"]
    assert domains["coinhive.com"] + domains["authedmine.com"] == truth["mining_refs"]
    counts = Counter[str]()
    for row in run.store.read_table("tables/symbol_counts").to_pylist():
        counts[row["symbol"]] += row["n_valid"]
    assert {symbol: n for symbol, n in counts.items() if n} == truth["symbols"]

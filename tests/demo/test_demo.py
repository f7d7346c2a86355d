"""The whole pipeline, once, on the demo web by real commands: its findings are the truth's."""

import json
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from overscripted.demo import check
from overscripted.precrawl.run import SeedOptions, combine
from overscripted.record_kinds import RECORD_KINDS
from overscripted.run import STAGES, Run
from overscripted.store import Store

# Tables whose rows no page of the demo plans. They follow from others, or say what the machine or --do did.
NOT_PLANTED = {"cookies", "console", "messages", "script_insertions", "script_loads", "visit_processes"}
NOT_PLANTED |= {"actions", "consents"}
WITHIN_S = 1800  # it takes two minutes; this is for a machine that does much else

pytestmark = [
    pytest.mark.firefox,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("firefox-esr") or shutil.which("firefox")) or not shutil.which("certutil"),
        reason="Firefox and certutil are not both installed",
    ),
]


class Finished:
    """A finished demo: its run, its truth, and what it said."""

    def __init__(self, folder: Path, output: str) -> None:
        self.store = Store(folder)
        self.run = Run.open(folder)
        self.truth: dict[str, Any] = self.store.read_json("demo/truth.json")
        self.output = output


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """`overscripted demo`, once."""
    folder = tmp_path_factory.mktemp("demo") / "demo-run"
    command = [sys.executable, "-m", "overscripted", "demo", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return Finished(folder, done.stdout)


def test_it_shows_each_command_and_ends_with_the_report(finished: Finished) -> None:
    lines = finished.output.splitlines()
    shown = [line.split()[2] for line in lines if line.startswith("$ overscripted ")]
    assert shown == ["precrawl", "crawl", "etl", "analyze", "report"]
    report = Path(lines[-1].removeprefix("report: "))
    assert report.read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html")


def test_every_stage_is_complete(finished: Finished) -> None:
    states = {name: finished.run.stage(name).get("status") for name in STAGES if name != "import"}
    assert states == dict.fromkeys(states, "complete")


def test_the_precrawl_found_each_sites_outcome(finished: Finished) -> None:
    assert check.sites(finished.store, finished.truth).wrong == []


def test_the_precrawl_found_each_vantage_points_links(finished: Finished) -> None:
    assert check.links(finished.store, finished.truth).wrong == []


def test_the_seeds_are_the_intersection(finished: Finished) -> None:
    assert check.seeds(finished.store, finished.truth).wrong == []


def test_other_quorums_give_their_seeds_and_the_overlap_is_counted(
    finished: Finished, tmp_path: Path
) -> None:
    copied = Path(shutil.copytree(finished.store.root, tmp_path / "run"))
    truth, n = finished.truth["precrawl"], len(finished.truth["vantages"])
    for quorum, expected in truth["seeds"].items():
        summary = combine(str(copied), SeedOptions(f"{quorum}/{n}"))
        seeds = Store(copied).read_table("precrawl/seeds.parquet")["seed"].to_pylist()
        assert sorted(seeds) == sorted(expected)
    assert (summary["union"], summary["intersection"]) == (truth["n_union"], len(truth["seeds"][str(n)]))
    seen: dict[str, set[str]] = defaultdict(set)
    for vantage in finished.truth["vantages"]:
        for link in finished.store.read_table(f"precrawl/{vantage}.parquet", ["link"])["link"].to_pylist():
            seen[link].add(vantage)
    assert set(truth["union"]) <= set(seen)
    overlap = Counter(frozenset(vantages) for vantages in seen.values())
    assert {frozenset(o["vantages"]): o["links"] for o in summary["overlap"]} == overlap


def test_every_seed_ended_in_exactly_one_outcome_the_right_one(finished: Finished) -> None:
    assert check.outcomes(finished.store, finished.truth).wrong == []


def test_every_frame_was_seen_on_its_page(finished: Finished) -> None:
    found = check.frames(finished.store, finished.truth)
    assert found.wrong == []
    assert found.facts >= 15


def test_every_planted_call_was_recorded_once(finished: Finished) -> None:
    found = check.calls(finished.store, finished.truth)
    assert found.wrong == []
    assert found.gaps == []
    assert found.facts > 300


def test_the_other_tables_have_the_rows_of_each_page(finished: Finished) -> None:
    found = check.records(finished.store, finished.truth)
    assert found.wrong == []
    planted = {table for page in finished.truth["pages"].values() for table in page["records"]}
    assert planted >= {kind.table.name for kind in RECORD_KINDS if not kind.option} - NOT_PLANTED
    assert check.computing_workers(finished.store, finished.truth).wrong == []


def test_calls_in_documents_without_an_address_count_with_whose_rights_they_have(finished: Finished) -> None:
    found = check.documents(finished.store, finished.truth)
    assert found.wrong == []
    assert found.facts > 250
    inherited = [n for page in finished.truth["pages"].values() for n in page["documents"].values() if n]
    assert len(inherited) >= 10
    assert finished.store.read_table("tables/invalid_calls").num_rows == 0


def test_no_page_was_broken(finished: Finished) -> None:
    assert check.errors(finished.store, finished.truth).wrong == []


def test_dynamic_calls_are_the_truths_page_by_page(finished: Finished) -> None:
    assert check.dynamic(finished.store, finished.truth).wrong == []


def test_replay_references_and_domains_are_the_truths(finished: Finished) -> None:
    found = check.references(finished.store, finished.truth, "replay", "session_replay", "domain")
    assert found.wrong == []
    assert found.facts > 25


def test_mining_references_and_hosts_are_the_truths(finished: Finished) -> None:
    found = check.references(finished.store, finished.truth, "mining", "cryptojacking", "host")
    assert found.wrong == []
    assert found.facts >= 6


def test_a_comparison_with_another_truth_fails(finished: Finished) -> None:
    """The comparison itself can fail: each of its parts notices a changed truth."""
    other = json.loads(json.dumps(finished.truth))
    seed = other["precrawl"]["seeds"][str(len(other["vantages"]))].pop()
    site = other["precrawl"]["sites"]["polderbericht.nl"]["tokyo"]
    site["outcome"] = "dns"
    site["links"].pop()
    for page in other["pages"].values():
        for call in page["calls"]:
            call["n"] += 1
        page["replay"] = page["mining"] = page["frames"] = []
        page["documents"] = {"https://nowhere.example/": 1}
        page["worker_cpu_s"] *= 1000
        for rows in page["records"].values():
            rows.append(dict.fromkeys(rows[0], "no such value") if rows else {"crawl_id": -1})
    wrong = {comparison.name: comparison.wrong for comparison in check.check(finished.store, other)}
    assert [name for name, lines in wrong.items() if not lines] == ["crawl: pages without script errors"]
    assert check.seeds(finished.store, other).wrong == [f"seed: {seed!r} too much (1)"]

"""The whole pipeline, once, on the demo web by real commands: its findings are the truth's."""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from overscripted.demo import check
from overscripted.demo.check_acted import check_acted
from overscripted.demo.check_findings import check_acted_findings, check_findings
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.export.formats import Wanted
from overscripted.export.run import export
from overscripted.precrawl.run import SeedOptions, combine
from overscripted.record_kinds import RECORD_KINDS
from overscripted.run import STAGES, Run
from overscripted.store import Store
from scripts.docs import notebooks
from tests.export.carried import CARRIED, carried
from tests.export.standards import CROISSANT, DATA_PACKAGE, HAR

# Tables whose rows no page of the first crawl plans. They follow from others, or say what the machine did.
NOT_PLANTED = {"cookies", "console", "messages", "script_insertions", "script_loads", "visit_processes"}
NOT_PLANTED |= {"actions", "consents"}  # of the second crawl
NOT_PLANTED |= {"replayed_requests"}  # of a replay
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
    """A finished demo: its run, its truth, what it said; ``acted``: the store of its second run."""

    def __init__(self, folder: Path, output: str) -> None:
        self.store = Store(folder)
        self.acted = Store(f"{folder}-behaviours")
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
    assert shown == ["precrawl", *["crawl", "etl", "analyze", "report"] * 2]
    for line, store in zip(lines[-2:], (finished.store, finished.acted), strict=True):
        assert line == f"report: {store.uri('report/index.html')}"
        report = Path(line.removeprefix("report: "))
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


def test_pages_that_fingerprint_are_the_truths(finished: Finished) -> None:
    found = check.fingerprints(finished.store, finished.truth)
    assert found.wrong == []
    assert found.facts >= 5


def test_each_analysis_finds_what_pages_were_made_for(finished: Finished) -> None:
    checks = check_findings(finished.store, finished.truth)
    assert [line for comparison in checks for line in comparison.wrong] == []
    assert all(comparison.facts for comparison in checks)
    acted = check_acted_findings(finished.acted, finished.truth["acted"])
    assert [line for comparison in acted for line in comparison.wrong] == []
    assert all(comparison.facts for comparison in acted)


def test_pages_that_wait_got_a_visitor_who_acts_and_told_what_they_learned(finished: Finished) -> None:
    checks = check_acted(finished.acted, finished.truth["acted"])
    assert [line for comparison in checks for line in comparison.wrong] == []
    assert all(comparison.facts >= 20 for comparison in checks)
    assert all(len(comparison.gaps) < comparison.facts / 2 for comparison in checks)  # of a busy machine


def test_what_openwpm_has_a_place_for_comes_back_the_same(finished: Finished, tmp_path: Path) -> None:
    export(finished.run, str(tmp_path / "crawl-data.sqlite"), Wanted("openwpm"))
    back = Run.open(tmp_path / "back", create=True)
    import_data("openwpm", str(tmp_path / "crawl-data.sqlite"), back)
    run_etl(back)
    for table, columns in CARRIED.items():
        assert carried(back, table, columns) == carried(finished.run, table, columns), table


def test_others_can_read_what_is_exported(finished: Finished, tmp_path: Path) -> None:
    export(finished.run, str(tmp_path / "har"), Wanted("har"))
    for file in (tmp_path / "har").iterdir():
        jsonschema.validate(json.loads(file.read_text("utf-8")), HAR)
    export(finished.run, str(tmp_path / "package"), Wanted("datapackage"))
    for name, schema in {"datapackage": DATA_PACKAGE, "croissant": CROISSANT}.items():
        jsonschema.validate(json.loads((tmp_path / "package" / f"{name}.json").read_text("utf-8")), schema)


def test_a_second_crawl_that_differs_in_anything_is_noticed(finished: Finished) -> None:
    other = json.loads(json.dumps(finished.truth["acted"]))
    for visit in other["visits"]:
        visit["told"].append("https://nowhere.example/")
        visit["actions"].pop()
    other["visits"].append({**other["visits"][0], "variant": "no such variant"})
    other["findings"] = {}
    for ways in other["returns"].values():
        ways["cookie"] = not ways["cookie"]
    assert all(comparison.wrong for comparison in check_acted(finished.acted, other))
    assert all(comparison.wrong for comparison in check_acted_findings(finished.acted, other))


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
        page["findings"] = {}
        page["documents"] = {"https://nowhere.example/": 1}
        page["worker_cpu_s"] *= 1000
        for rows in page["records"].values():
            rows.append(dict.fromkeys(rows[0], "no such value") if rows else {"crawl_id": -1})
    other["fingerprints"] = {}
    wrong = {comparison.name: comparison.wrong for comparison in check.check(finished.store, other)}
    assert [name for name, lines in wrong.items() if not lines] == ["crawl: pages without script errors"]
    assert all(comparison.wrong for comparison in check_findings(finished.store, other))
    assert check.seeds(finished.store, other).wrong == [f"seed: {seed!r} too much (1)"]


def test_every_notebook_runs_and_counts_as_the_analyses(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("IPython", reason="the extra `notebooks` is not installed")
    monkeypatch.setenv("JAVA_HOME", "/nowhere")  # Spark has a test of its own in tests/notebooks
    ran = {
        path.stem: notebooks.executed(path, finished.store.url)
        for path in sorted(notebooks.NOTEBOOKS.glob("*.ipynb"))
    }
    said = "".join(cell.text for cell in ran["05_fingerprinting"])
    counted = re.findall(r"^\d+ +(canvas|fonts by canvas|WebRTC|audio) +(\d+) +(\d+) +\d", said, re.M)
    names = {"canvas": "canvas", "fonts by canvas": "canvas_font", "WebRTC": "webrtc", "audio": "audio"}
    rules = finished.store.read_table("findings/fingerprinting/rules.parquet").to_pylist()
    sensor = {r["technique"]: (r["scripts"], r["pages"]) for r in rules if r["rule_set"] == "sensor2018"}
    assert {names[name]: (int(scripts), int(pages)) for name, scripts, pages in counted} == {
        technique: sensor[technique] for technique in names.values()
    }
    said = "".join(cell.text for cell in ran["02_session_replay"])
    summary = finished.store.read_json("findings/session_replay/summary.json")
    figure = next(figure for figure in summary["figures"] if figure["name"] == "all_references")
    assert re.search(rf"script references +{figure['n']} +{figure['of']} ", said)
    for name in ("06_identifiers_and_sharing", "08_compare"):  # twins and variants are in the other run
        notebooks.executed(notebooks.NOTEBOOKS / f"{name}.ipynb", finished.acted.url)

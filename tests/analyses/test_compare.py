"""Then and now over common seeds: what changed, what only seems to, and what is not counted."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from overscripted import urls
from overscripted.analyses.comparison.run import compare
from overscripted.analyses.comparison.sides import open_side
from overscripted.analyses.comparison.significance import difference, holm, mcnemar, p_of_difference
from overscripted.analyses.run import analyze
from overscripted.analyses.statistics import wilson
from overscripted.engines import open_engine
from overscripted.errors import InputError, StageMissing
from overscripted.etl.run import run_etl
from overscripted.report.run import report
from overscripted.run import Run
from tests.analyses.planted import call, planted_run, raw_run, write

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
REPLAY = "https://mc.yandex.ru/w.js"
SEEDS = 60
# On which seeds each run meets these hosts: all have the same seeds 0 to 59.
HOSTS: dict[str, dict[str, range]] = {
    "then": {"same.com": range(60), "old.com": range(20), "ad.com": range(5), "rare.com": range(3)},
    "now": {"same.com": range(60), "new.com": range(20), "ad.com": range(5, 13), "rare.com": range(4)},
    "noise": {"same.com": range(60), "new.com": range(20), "ad.com": range(0), "rare.com": range(4)},
}
RECORDED = {"then": range(5), "now": range(40), "noise": range(39)}  # by a recorder
RECORDED["noisy"], HOSTS["noisy"] = range(2), HOSTS["noise"]


def planted(folder: Path, name: str, common: bool = False) -> Run:
    """A run of the common seeds; a seed that only it has; one whose page only the first run has seen.

    ``common``: of the common seeds alone.
    """
    calls, requests, visits = [], [], []
    alone = f"https://only-{name}.com/"
    seeds = [*(f"https://s{n}.com/" for n in range(SEEDS)), "https://failed.com/", alone]
    seeds = seeds[:SEEDS] if common else seeds
    for number, seed in enumerate(seeds):
        visit = {"crawl_id": 7, "visit_id": number + 100 * len(name), "site_url": seed}
        failed = seed == "https://failed.com/" and name != "then"
        slow = timedelta(seconds=9 if number == 3 and name == "now" else 1)
        outcome = {"outcome": "challenge", "challenge": "wall"} if failed else {"outcome": "complete"}
        visits.append({**visit, **outcome, "error": "", "started": BEGAN, "loaded": BEGAN + slow})
        hosts = [host for host, on in HOSTS[name].items() if number in on]
        hosts += [f"extra{number}.com"] if number >= SEEDS and not failed else []
        for host in hosts:
            url = f"https://{host}/s.js"
            body = name if host == "same.com" and name != "noise" else "body"
            made = {**visit, "url": url, "resource_type": "script", "body_sha256": body}
            requests.append({**made, "host": host, "domain": urls.domain(url), "is_third_party": True})
        if failed:
            continue
        calls.append(call(seed, f"{seed}own.js", visit_id=visit["visit_id"]))
        if number in RECORDED[name] or number >= SEEDS:
            calls.append(call(seed, REPLAY, visit_id=visit["visit_id"], dynamic=number % 2))
    run = planted_run(folder, calls, visits)
    write(run, "requests", requests)
    analyze(run, ["session_replay"])
    return run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("compare")
    return {name: planted(folder / name, name) for name in RECORDED}


def rows(run: Run, table: str, name: str = "then") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run.store.read_table(f"comparisons/{name}/{table}.parquet").to_pylist()
    return found


def test_what_changed_is_named_and_noise_is_not(runs: dict[str, Run], engine: str) -> None:
    done = compare(runs["then"], runs["now"], noise=runs["noise"], only=["session_replay"], engine=engine)
    figures = {row["figure"]: row for row in rows(runs["now"], "figures")}
    share = figures["all_locations"]
    assert (share["then_n"], share["then_of"], share["now_n"], share["now_of"]) == (5, SEEDS, 40, SEEDS)
    assert share["verdict"] == "changed" and share["low"] > 0 and share["p_corrected"] < 0.001
    assert share["noise"] == pytest.approx(100 / SEEDS)
    assert figures["https_http"]["verdict"] in ("", "same")
    parties = {row["domain"]: row for row in rows(runs["now"], "parties")}
    assert {name: row["verdict"] for name, row in parties.items()} == {
        "new.com": "new",
        "old.com": "gone",
        "same.com": "same",
        "ad.com": "within noise",  # it changes as much between two crawls at the same time
        "rare.com": "not significant",
    }
    ad = parties["ad.com"]
    assert (ad["seeds_then"], ad["seeds_now"], ad["lost_on"], ad["gained_on"], ad["noise"]) == (5, 8, 5, 8, 8)
    assert [(r["then"], r["now"], r["seeds"]) for r in rows(runs["now"], "outcomes")] == [
        ("complete", "complete", SEEDS),
        ("complete", "challenge", 1),
    ]
    assert rows(runs["now"], "blocked")[0]["rule_now"] == "wall"
    slowest = rows(runs["now"], "slowest")[0]
    assert (slowest["seed"], slowest["load_s_then"], slowest["load_s_now"]) == ("https://s3.com/", 1, 9)
    scripts = {row["script_url"]: row["status"] for row in rows(runs["now"], "scripts")}
    assert scripts == {
        "https://same.com/s.js": "other body",
        "https://new.com/s.js": "new",
        "https://old.com/s.js": "gone",
    }
    told = {figure["name"]: (figure["n"], figure["of"]) for figure in done["figures"]}
    assert told["seeds"] == (SEEDS, SEEDS + 1)
    assert told["parties_new"] == told["parties_gone"] == (1, 5)
    assert told["scripts_new"] == told["scripts_gone"] == told["scripts_changed"] == (1, 5)


def test_a_difference_within_noise_is_no_change(runs: dict[str, Run]) -> None:
    compare(runs["then"], runs["now"], noise=runs["noisy"], only=["session_replay"], name="noisy")
    figures = {row["figure"]: row for row in rows(runs["now"], "figures", "noisy")}
    assert figures["all_locations"]["noise"] > figures["all_locations"]["change"]
    assert figures["all_locations"]["verdict"] == "within noise"


def test_common_seeds_count_as_in_a_run_of_their_own(runs: dict[str, Run], tmp_path: Path) -> None:
    names = ["overview", "session_replay", "dynamic_code", "cryptojacking"]
    compare(runs["then"], runs["now"], only=names, name="all")
    alone = analyze(planted(tmp_path / "alone", "then", common=True), names)
    measured = {(r["analysis"], r["figure"]): r for r in rows(runs["now"], "figures", "all")}
    figures = {(name, f.name): f for name in names for f in alone[name].figures}
    assert {*figures} == {*measured}
    for key, figure in figures.items():
        assert (measured[key]["then_n"], measured[key]["then_of"]) == (figure.n, figure.of), key


def test_waves_of_one_run_are_compared(tmp_path: Path) -> None:
    visits, calls = [], []
    for wave in (1, 2):
        for number in range(3 if wave == 1 else 2):
            visit, seed = 10 * wave + number, f"https://s{number}.com/"
            visits.append({"visit_id": visit, "wave": wave, "site_url": seed, "outcome": "complete"})
            calls.append(call(seed, REPLAY if wave == 1 else f"{seed}own.js", visit_id=visit))
    run = raw_run(tmp_path / "run", calls, [{**visit, "final_url": visit["site_url"]} for visit in visits])
    run_etl(run)
    analyze(run, ["session_replay"])
    compare(run, run, ["wave=1"], ["wave=2"], only=["session_replay"])
    figures = {row["figure"]: row for row in rows(run, "figures", "wave=1")}
    share = figures["all_locations"]
    assert (share["then_n"], share["then_of"], share["now_n"], share["now_of"]) == (2, 2, 0, 2)
    assert share["verdict"] == "not significant"  # two seeds say little
    (party,) = rows(run, "parties", "wave=1")
    assert (party["domain"], party["verdict"]) == ("yandex.ru", "gone")


def test_every_analysis_answers_for_a_group_and_compares_groups(tmp_path: Path) -> None:
    visits, calls = [], []
    for visit in range(7):  # three seeds in both waves, and one in the first alone
        seed = f"https://s{visit % 3 if visit < 6 else 6}.com/"
        page = {"site_url": seed, "final_url": seed, "wave": 1 + visit % 6 // 3}
        visits.append({**page, "visit_id": visit, "outcome": "complete"})
        for symbol in ("createOffer", "createDataChannel", "onicecandidate"):  # a script that fingerprints
            how = ("set", "FUNCTION") if symbol.startswith("on") else ("call", "")
            does = {"symbol": f"RTCPeerConnection.{symbol}", "operation": how[0], "value": how[1]}
            calls.append(call(seed, "https://fp.net/dye.js", visit_id=visit, **does))
        calls.append(call(seed, f"{seed}own.js", visit_id=visit, symbol="window.name"))
    run = raw_run(tmp_path / "run", calls, visits)
    run_etl(run)
    found = {figure.name: figure.n for figure in analyze(run)["similar"].figures}
    assert (found["near_23"], found["scripts_same"]) == (0, 0)
    done = compare(run, run, ["wave=1"], ["wave=2"])
    assert {"similar", "fingerprinting", "overview"} <= {row["analysis"] for row in done["rows"]}


def test_the_report_has_the_comparison(runs: dict[str, Run]) -> None:
    compare(runs["then"], runs["now"], only=["session_replay"])
    page = Path(report(runs["now"])).read_text()
    assert "Then and now: then" in page and "Nothing says how much two crawls" in page
    summary = json.loads(runs["now"].store.read("comparisons/then/summary.json"))
    assert summary["sentence"] in page.replace("\N{NO-BREAK SPACE}%", " %")


def test_bad_input_is_named(runs: dict[str, Run], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the same visits"):
        compare(runs["now"], runs["now"])
    with pytest.raises(InputError, match=r"--name \.\./x"):
        compare(runs["then"], runs["now"], name="../x")
    other = planted_run(tmp_path / "other", [call("https://z.com/", REPLAY)])
    with pytest.raises(StageMissing, match="analyze is not complete"):
        compare(other, runs["now"])
    analyze(other, ["session_replay"])
    with pytest.raises(InputError, match="no seed in common"):
        compare(other, runs["now"])


def test_the_interval_of_a_difference_is_newcombes() -> None:
    # Newcombe 1998, table II, case (a), method 10: 56 of 70 and 48 of 80 give 0.0524 to 0.3339.
    then, now = wilson(48, 80), wilson(56, 70)
    assert then and now
    found = difference(60.0, 80.0, then, now)
    assert found == pytest.approx((5.24, 33.39), abs=0.01)
    assert 0.005 < p_of_difference(60.0, 80.0, found) < 0.01
    assert p_of_difference(60.0, 60.0, (-5.0, 5.0)) == 1.0
    touching = difference(50.0, 50.5, (49.0, 51.0), (49.5, 51.5))
    assert touching[0] < 0 < touching[1] and p_of_difference(50.0, 50.5, touching) > 0.05


def test_seeds_that_changed_are_tested_in_pairs() -> None:
    assert mcnemar(1, 9) == pytest.approx(2 * 11 / 1024)
    assert mcnemar(0, 0) == mcnemar(5, 5) == mcnemar(5, 6) == 1.0
    assert mcnemar(600, 600) == 1.0 and mcnemar(500, 700) < 1e-7
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_without_options_the_first_variant_of_the_file_is_counted(tmp_path: Path) -> None:
    """As `analyze` counts, not the first one by name."""
    base = {"crawl_id": 7, "wave": 1, "reached_by": "seed", "outcome": "complete"}
    visits = [{**base, "visit_id": n, "variant": name} for n, name in enumerate(("again", "zebra"), 1)]
    run = planted_run(tmp_path, [call("https://a.com/", "https://a.com/a.js")], visits)
    order = [{"crawl_id": 7, "variant": name, "ordinal": n} for n, name in enumerate(("zebra", "again"))]
    write(run, "variants", order)
    with open_engine("duckdb", alone=True) as engine:
        group = open_side(run, engine, ()).group
    assert group and group.variant == "zebra"

"""Variants, waves, revisits and followed links are never counted together: each as in a run of its own."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from overscripted import segments
from overscripted.analyses.counted import variants
from overscripted.analyses.run import analyze
from overscripted.api.opened import open_run
from overscripted.engines import open_engine
from overscripted.errors import InputError
from overscripted.etl.run import run_etl
from overscripted.report.run import report
from overscripted.run import Run
from overscripted.schemas import RAW
from tests.analyses.planted import call, planted_run, raw_run, write

HOME, MORE = "https://a.com/", "https://a.com/more"
REPLAY, OWN = "https://mc.yandex.ru/w.js", "https://a.com/own.js"
# Visit -> its variant, wave, parent, URL, and the calls of its page.
VISITS: dict[int, tuple[str, int, int | None, str, list[dict[str, Any]]]] = {
    1: ("plain", 1, None, HOME, [{"script_url": REPLAY}, {"script_url": OWN, "n": 3}]),
    2: ("gpc", 1, None, HOME, [{"script_url": OWN, "n": 5, "invalid": 1}]),
    3: ("plain", 2, None, HOME, [{"script_url": REPLAY, "n": 2, "dynamic": 1}, {"script_url": OWN}]),
    4: ("gpc", 2, None, HOME, [{"script_url": OWN, "n": 7, "dynamic": 7}]),
    5: ("plain", 2, 3, MORE, [{"script_url": "https://coinhive.com/m.js", "n": 4}]),
    6: ("plain", 2, 3, HOME, [{"script_url": REPLAY, "n": 9}]),
    7: ("plain", 2, 5, HOME, [{"script_url": OWN, "n": 11}]),  # it followed a link back to the seed's page
    8: ("plain", 2, None, "https://b.com/", [{"script_url": REPLAY, "location": "https://b.com/", "n": 6}]),
}
NAMES = ("overview", "session_replay", "dynamic_code", "cryptojacking")  # the rest would only take time
GROUPS = {
    ("plain", 1, "seed"): [1],
    ("gpc", 1, "seed"): [2],
    ("plain", 2, "seed"): [3, 8],
    ("gpc", 2, "seed"): [4],
    ("plain", 2, "link"): [5, 7],
    ("plain", 2, "revisit"): [6],
}


def made(folder: Path, engine: str, numbers: list[int], together: bool) -> Run:
    """A run of these visits; ``together``: with their variants, waves and parents, else as a plain crawl."""
    calls = [
        call(**{"location": VISITS[n][3], "visit_id": n, **fields})
        for n in numbers
        for fields in VISITS[n][4]
    ]
    visits = [
        {"visit_id": n, "outcome": "complete", "site_url": VISITS[n][3], "n_calls": 1}
        | (
            {"variant": VISITS[n][0], "wave": VISITS[n][1], "parent_visit_id": VISITS[n][2]}
            if together
            else {}
        )
        for n in numbers
    ]
    run = raw_run(folder, calls, visits)
    if together:  # in the order of their file, which is not that of their names
        rows = [
            {"crawl_id": 7, "variant": name, "ordinal": n, "settings": "{}"}
            for n, name in enumerate(("plain", "gpc"))
        ]
        segments.write(
            run.store, "variants", pa.Table.from_pylist(rows, schema=RAW["variants"].schema), "test"
        )
    run_etl(run, engine)
    return run


def told(run: Run) -> dict[str, Any]:
    """What the findings say, without what names the visits."""
    found = {}
    for name in NAMES:
        summary = json.loads(run.store.read(f"findings/{name}/summary.json"))
        found[name] = {key: summary[key] for key in ("sentence", "unsupported", "figures")}
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Run:
    return made(tmp_path_factory.mktemp("groups") / "run", engine, [*VISITS], together=True)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int, str], dict[str, Any]]:
    """What the findings say of a run of each group alone; the same for both engines."""
    found = {}
    for values, visits in GROUPS.items():
        one = made(tmp_path_factory.mktemp("alone") / "run", "duckdb", visits, together=False)
        analyze(one, NAMES)
        found[values] = told(one)
    return found


def test_each_group_is_counted_as_in_a_run_of_its_own(
    run: Run, engine: str, alone: dict[tuple[str, int, str], dict[str, Any]]
) -> None:
    for values, visits in GROUPS.items():
        where = [
            f"{name}={value}" for name, value in zip(("variant", "wave", "reached_by"), values, strict=True)
        ]
        analyze(run, NAMES, engine, where=where)
        assert told(run) == alone[values], values
        summary = json.loads(run.store.read("findings/overview/summary.json"))
        assert summary["visits"] == dict(
            zip(("variant", "wave", "reached_by"), values, strict=True), n=len(visits), of=len(VISITS)
        )


def test_the_usual_visits_are_counted_and_named(run: Run, engine: str) -> None:
    findings = analyze(run, () if engine == "duckdb" else NAMES, engine)  # Spark takes a minute for all
    usual = "Counts 2 of 8 visits: variant plain, wave 2, reached by seed."
    assert [finding.notes[0] for finding in findings.values()] == [usual] * len(findings)
    assert findings["overview"].tables["visits_by_group"].drop(
        ["first_started", "last_ended"]
    ).to_pylist() == [
        {"variant": variant, "wave": wave, "reached_by": reached_by, "visits": len(visits)}
        for (variant, wave, reached_by), visits in sorted(GROUPS.items())
    ]
    if engine == "duckdb":
        page = Path(report(run)).read_text()
        assert page.count(usual) == sum(not finding.unsupported for finding in findings.values())


def test_groups_stand_beside_each_other(run: Run, engine: str) -> None:
    findings = analyze(run, ["session_replay", "dynamic_code"], engine=engine, by=["variant", "wave"])
    table = findings["session_replay"].tables["figures_by_variant_wave"]
    shares = {
        (row["variant"], row["wave"]): (row["n"], row["of"])
        for row in table.to_pylist()
        if row["name"] == "all_references"
    }
    expected = {("plain", 1): (1, 2), ("gpc", 1): (0, 1), ("plain", 2): (2, 3), ("gpc", 2): (0, 1)}
    assert shares == expected
    scripts = findings["dynamic_code"].tables["scripts_by_variant_wave"].to_pylist()
    assert sorted((row["variant"], row["wave"], row["script_url"], row["n_dynamic"]) for row in scripts) == [
        ("gpc", 2, OWN, 7),
        ("plain", 2, REPLAY, 1),
    ]
    by_way = analyze(run, ["cryptojacking"], engine=engine, by=["reached_by"])["cryptojacking"]
    rows = by_way.tables["figures_by_reached_by"].to_pylist()
    assert {row["reached_by"]: row["n"] for row in rows if row["name"] == "references"} == {
        "seed": 0, "link": 1, "revisit": 0,
    }  # fmt: skip


def test_tables_say_how_each_visit_reached_its_page(run: Run) -> None:
    rows = run.store.read_table("tables/visits").to_pylist()
    assert {row["visit_id"]: row["reached_by"] for row in rows} == {
        n: reached_by for (_variant, _wave, reached_by), visits in GROUPS.items() for n in visits
    }
    explored = open_run(run.store.url)
    assert {*explored.table("calls", variant="gpc").visit_id.execute()} == {2, 4}
    assert {*explored.table("pages", wave=2, reached_by="seed").visit_id.execute()} == {3, 4, 8}
    with pytest.raises(InputError, match="table calls: way is none of variant, wave, reached_by"):
        explored.table("calls", way="seed")
    documents = run.store.read_table("tables/documents").to_pylist()
    assert sum(row["n_calls"] for row in documents if row["location"] == HOME) == 4 + 6 + 3 + 7 + 9 + 11
    (host,) = [row for row in run.store.read_table("tables/hosts").to_pylist() if row["host"] == "a.com"]
    assert (host["n_locations"], host["n_scripts"]) == (2, 1)


def test_a_run_of_one_group_says_nothing_of_groups(tmp_path: Path) -> None:
    run = planted_run(tmp_path, [call(HOME, REPLAY)])
    finding = analyze(run)["overview"]
    assert not any("Counts" in note for note in finding.notes)
    assert "visits_by_group" not in finding.tables


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("variant=none", "--where variant=none: the run has no such visit; it has variant=gpc, plain"),
        ("wave=3", "--where wave=3: the run has no such visit; it has wave=1, 2"),
        ("wave=two", "--where wave=two: the number of a wave is a whole number, such as wave=2"),
        ("page=x", "--where page=x: write NAME=VALUE with one of the names variant, wave, reached_by"),
    ],
)
def test_a_wrong_condition_is_named(tmp_path: Path, where: str, message: str) -> None:
    visits = [
        {"visit_id": n, "outcome": "complete", "variant": variant, "wave": wave}
        for n, (variant, wave) in enumerate((v, w) for v in ("plain", "gpc") for w in (1, 2))
    ]
    run = planted_run(tmp_path, [call(HOME, REPLAY)], visits)
    with pytest.raises(InputError) as error:
        analyze(run, where=[where])
    assert str(error.value) == message
    assert not run.stage("analyze")


def test_damaged_settings_of_a_variant_count_as_none(tmp_path: Path, engine: str) -> None:
    """Those of an import can be anything."""
    texts = {"d": None, "c": "{", "b": "[" * 100_000, "a": '{"twin": "b"}'}
    rows = [
        {"crawl_id": 7, "variant": name, "ordinal": n, "settings": text}
        for n, (name, text) in enumerate(texts.items())
    ]
    run = Run.open(tmp_path / "run", create=True)
    write(run, "variants", rows)
    with open_engine(engine) as opened:
        found = variants(run.store, opened)
    assert list(found.items()) == [("d", {}), ("c", {}), ("b", {}), ("a", {"twin": "b"})]

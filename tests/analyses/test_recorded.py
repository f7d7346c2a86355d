"""What an import cannot know is not counted as 0: the analyses say that they cannot answer."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from overscripted import recorded
from overscripted.analyses import answerable
from overscripted.analyses.registry import analyses
from overscripted.analyses.run import analyze
from overscripted.cli import main
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.recorded import Recorded
from overscripted.run import Run
from overscripted.schemas import RAW
from tests.etl import har
from tests.etl.openwpm_eras import database, story
from tests.etl.test_import_blacklight import event, inspection
from tests.etl.test_import_study import published
from tests.etl.test_import_tracker_radar import request, site

PAGE, SCRIPT = "https://shop.example/home", "https://t.example/t.js"
KNOWN = Recorded("X", {"cookies": ["host"], "calls": ["symbol"]}, {"cookies": "some", "calls.symbol": "few"})


@pytest.mark.parametrize(
    ("needs", "lacking"),
    [
        (["cookies", "calls", "cookies.host"], []),
        (["requests"], ["requests"]),
        (["cookies.value"], ["cookies.value"]),
        (["cookies.value|cookies.host", "requests|calls"], []),
        (["cookies.value|stored_cookies"], ["cookies.value|stored_cookies"]),
        ([], []),
    ],
)
def test_what_is_lacking(needs: list[str], lacking: list[str]) -> None:
    assert KNOWN.lacking(needs) == lacking
    assert Recorded(**json.loads(json.dumps(KNOWN.to_json()))) == KNOWN


def test_why_and_notes_are_said() -> None:
    assert KNOWN.why(["requests", "cookies.value|stored_cookies", "cookies"]) == (
        "X has no requests, no cookies.value or stored_cookies"
    )
    assert KNOWN.why(["cookies"]) == ""
    assert KNOWN.notes(["cookies.host", "calls", "calls.symbol"]) == ["cookies: some", "calls.symbol: few"]
    assert KNOWN.without("script_edges") == "X has no callstacks"
    assert KNOWN.without("symbol_counts") == KNOWN.without("documents") == ""


def test_analyses_name_records_that_exist() -> None:
    for analysis in analyses().values():
        for name in (one for need in analysis.records for one in need.split("|")):
            table, _, column = name.partition(".")
            assert table in RAW and (not column or column in RAW[table].names), (analysis.name, name)


def test_a_run_without_limits_has_none(tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", create=True)
    assert recorded.of(run.store) is None and answerable.lines(run) == []


def _imported(kind: str, path: Path, folder: Path) -> Run:
    run = Run.open(folder / f"{kind}-run", create=True)
    import_data(kind, str(path), run)
    return run


def test_each_import_says_what_can_be_answered_and_the_answers_agree(tmp_path: Path) -> None:
    """An analysis answers, or says what the source lacks, exactly as the import's end foretold."""
    archive = har.written(
        tmp_path / "a.har",
        har.entry(PAGE, {"headers": [har.header("Set-Cookie", "id=abcdef0123; Max-Age=99999999")]}),
        har.entry(SCRIPT, har.content("f()", "text/javascript"), _resourceType="script"),
    )
    kept = {"source": SCRIPT, "description": "Document.cookie setter", "arguments": ["a=1"]}
    data = {"callStats": {SCRIPT: {"Navigator.prototype.userAgent": 3}}, "savedCalls": [kept]}
    (tmp_path / "t.json").write_text(
        json.dumps(site(requests=[request(PAGE, "Document"), request(SCRIPT)], apis=data)), encoding="utf-8"
    )
    text = {"symbol": "CanvasRenderingContext2D.fillText", "operation": "call", "arguments": ["a"]}
    cookie = event("Cookie.HTTP", [], stack=[{"fileName": PAGE}], raw="id=abcdef0123; Max-Age=99999999")
    events = inspection(tmp_path / "b", [event("JsInstrument.Function", text), cookie])
    never = {"dynamic_code", "mining", "evercookies", "leaks", "recorders", "provenance"}
    without_calls = {"overview", "session_replay", "cryptojacking", "fingerprinting", "similar"}
    without_requests = {"hygiene", "signals", "syncing", "evasion"}
    for kind, path, lacking in (
        ("har", archive, never | without_calls),
        ("tracker-radar", tmp_path / "t.json", never | {"fingerprinting"}),
        ("blacklight", events, never | without_requests),
    ):
        run = _imported(kind, path, tmp_path)
        known = recorded.of(run.store)
        assert known
        foretold = {name for name, one in analyses().items() if answerable.lacking(one, known)}
        assert foretold == lacking, kind
        run_etl(run)
        findings = analyze(run)
        assert {name for name, finding in findings.items() if finding.unsupported} == lacking, kind
        said = findings["dynamic_code"].unsupported
        assert said == f"{known.source} has no calls.script_loc_eval", kind
        if kind != "blacklight":
            notes = findings["identifiers"].notes
            assert "Known in part: cookies: only those that servers set." in notes


def test_databases_of_openwpm_and_the_study_say_what_they_lack(tmp_path: Path) -> None:
    """Neither recorded storages, workers or walls: no figure counts them as absent."""
    era = "2026-04"
    told = story(era)
    pq.write_table(pa.Table.from_pylist([published()]), tmp_path / "study.parquet")
    never = {"mining", "evercookies", "leaks", "provenance"}
    requests = {"evasion", "recorders", "hygiene", "signals", "identifiers", "syncing"}
    for kind, path, lacking in (
        ("openwpm", database(tmp_path / "x.sqlite", era, told), never),
        ("study", tmp_path / "study.parquet", never | requests),
    ):
        run = _imported(kind, path, tmp_path)
        known = recorded.of(run.store)
        assert known
        assert {name for name, one in analyses().items() if answerable.lacking(one, known)} == lacking, kind
        run_etl(run)
        findings = analyze(run)
        figures = {figure.name for finding in findings.values() for figure in finding.figures}
        walls_and_losses = {"visits_challenged", "challenged", "dropped", "starved", "retried", "realm"}
        storages = {"third_local_storage_en2016", "first_indexed_db_en2016"}
        assert figures.isdisjoint(walls_and_losses | storages), kind
        assert {"visits_complete", "lost"} <= figures, kind
        assert "bot wall" not in findings["quality"].sentence
        note = f"Some figures are missing: {known.source} has no visits.challenge."
        assert note in findings["overview"].notes, kind
        assert all(finding.unsupported for name, finding in findings.items() if name in lacking), kind


def test_cookies_that_were_not_recorded_are_not_0(tmp_path: Path) -> None:
    told = story("2014-05") | {"crawl_history": []}
    run = _imported("openwpm", database(tmp_path / "x.sqlite", "2014-05", told), tmp_path)
    run_etl(run)
    finding = analyze(run, ["signals"])["signals"]
    names = {figure.name for figure in finding.figures}
    assert "trackers_before" in names and "cookies_before" not in names
    assert "Some figures are missing: OpenWPM has no cookies." in finding.notes
    assert not any("cookie" in name for name in finding.tables["variants"].column_names)


def test_headers_that_are_not_kept_are_not_absent(tmp_path: Path) -> None:
    """tracker-radar-collector keeps few headers: no page "lacks" a policy in its data."""
    (tmp_path / "t.json").write_text(json.dumps(site(requests=[request(PAGE, "Document")])), encoding="utf-8")
    run = _imported("tracker-radar", tmp_path / "t.json", tmp_path)
    run_etl(run)
    finding = analyze(run, ["hygiene"])["hygiene"]
    assert finding.sentence == "1 page of 1 came over HTTPS (100 %)."
    assert "csp" not in {figure.name for figure in finding.figures}
    (lacking,) = [note for note in finding.notes if note.startswith("Some figures are missing")]
    assert "no requests.response_headers" in lacking and "no requests.request_headers" in lacking
    log = har.written(tmp_path / "a.har", har.entry(PAGE))
    other = _imported("har", log, tmp_path)
    run_etl(other)
    figures = analyze(other, ["hygiene"])["hygiene"].figures
    assert "csp" in {figure.name for figure in figures}, "an archive has all headers"


def test_the_command_ends_with_what_can_be_answered(tmp_path: Path) -> None:
    log = har.written(tmp_path / "a.har", har.entry(PAGE))
    said = CliRunner().invoke(main, ["import", "har", str(log), str(tmp_path / "run")]).output.splitlines()
    without_calls = "overview, session_replay, cryptojacking, fingerprinting, similar"
    assert f"cannot be answered: {without_calls} (HAR has no calls)" in said
    assert any(line.startswith("can be answered: entities") for line in said)
    assert "known in part: cookies: only those that servers set" in said
    assert said[-1] == f"next: overscripted etl {tmp_path / 'run'}"

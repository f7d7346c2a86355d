"""A run in other tools' formats: exactly its rows, read back by other readers and by our importer."""

import base64
import csv
import json
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest
from click.testing import CliRunner

from overscripted.cli import main
from overscripted.errors import InputError, StageMissing
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.export.formats import Wanted
from overscripted.export.openwpm import SCHEMA
from overscripted.export.openwpm_tables import TABLES as OPENWPM_TABLES
from overscripted.export.run import export
from overscripted.outcomes import Outcome
from overscripted.run import Run
from overscripted.schemas import TABLES
from tests.etl.conftest import OPENWPM, call, crawl_run, rows, visit
from tests.export.standards import HAR

PAGE, SCRIPT = "https://www.page.example.co.uk/", "https://cdn.tracker.com/t.js"
# What pages might write: quotes, line ends, formulas, NUL, markup, other scripts' text.
HOSTILE = '=cmd|"x"!A1,\r\n"\x00</script>\u2028é😀'
BINARY = b"\x00\xff\x89PNG"


def _raw() -> dict[str, list[dict[str, Any]]]:
    ids = {"crawl_id": 7, "visit_id": 1, "attempt": 1}
    sent = [["Referer", PAGE], ["Cookie", "a=1; b=x=y"]]
    received = [["Content-Type", "text/javascript"]]
    base = (
        ids
        | {"request_headers": "[]"}
        | {"document_url": PAGE, "top_level_url": PAGE, "frame_id": 0, "parent_frame_id": -1, "hop": 0}
    )
    begun = datetime(2026, 11, 21, 7, 0, 0, 100_000, tzinfo=UTC)
    timed = {"time_stamp": begun, "ended": begun + timedelta(milliseconds=250)}
    return {
        "calls": [
            call(ordinal=0, value=HOSTILE),
            call(
                ordinal=1,
                operation="call",
                symbol="window.fetch",
                arguments=json.dumps({"0": HOSTILE, "1": "2"}),
            ),
            call(ordinal=2, operation="set (failed)", symbol="window.Storage.length"),
        ],
        "visits": [
            visit(site_url=PAGE, final_url=PAGE, title=HOSTILE, worker_id="w"),
            visit(visit_id=2, site_url="https://gone.example/", outcome=Outcome.TIMEOUT, worker_id="v"),
        ],
        "requests": [
            {
                **base,
                **timed,
                "request_id": "5",
                "url": "http://cdn.tracker.com/t.js",
                "method": "GET",
                "status": 301,
            }
            | {"redirect_url": SCRIPT, "resource_type": "script"},
            {**base, **timed, "request_id": "5", "hop": 1, "url": SCRIPT, "method": "GET", "status": 200}
            | {
                "resource_type": "script",
                "body_sha256": "a",
                "size": 3,
                "response_headers": json.dumps(received),
            },
            {**base, **timed, "request_id": "6", "url": "https://api.tracker.com/p?q=%3D&r", "method": "POST"}
            | {"status": 204, "resource_type": "beacon", "request_headers": json.dumps(sent)},
            {**base, **timed, "request_id": "7", "url": "https://img.tracker.com/i.png", "method": "GET"}
            | {"error": "NS_ERROR_NET_RESET", "resource_type": "image"},
        ],
        "request_bodies": [
            {
                **ids,
                "request_id": "6",
                "hop": 0,
                "sha256": "b",
                "size": 5,
                "n_kept": 5,
                "content_type": "text/plain",
            }
        ],
        "response_bodies": [{**ids, "request_id": "7", "hop": 0, "sha256": "c", "size": len(BINARY)}],
        "callstacks": [{**ids, "request_id": "6", "call_stack": f"f@{SCRIPT}:1:2\n@{PAGE}:3:4"}],
        "contents": [
            {"sha256": "b", "size": 5, "content": b"body!"},
            {"sha256": "c", "size": len(BINARY), "content": BINARY},
        ],
        "scripts": [{"sha256": "a", "size": 3, "content": b"f()"}],
        "websocket_messages": [
            {**ids, "request_id": "6", "ordinal": 0, "direction": "sent", "opcode": "text", "data": HOSTILE},
            {
                **ids,
                "request_id": "6",
                "ordinal": 1,
                "direction": "received",
                "opcode": "binary",
                "bytes": BINARY,
            },
        ],
        "cookies": [{**ids, "host": ".tracker.com", "name": "id", "value": HOSTILE, "path": "/"}],
        "dns_names": [
            {**ids, "host": "cdn.tracker.com", "canonical_names": '["a.edge.net","b.edge.net"]'}
            | {"addresses": '["192.0.2.1","192.0.2.2"]', "source": "resolver"}
        ],
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = crawl_run(tmp_path_factory.mktemp("export") / "it's [a] run", **_raw())
    run_etl(made)
    return made


def _lines(file: Path) -> list[dict[str, Any]]:
    """What JSON lines hold; U+2028 ends no line."""
    return [json.loads(line) for line in file.read_text().rstrip("\n").split("\n")]


def _invoke(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["export", *words], standalone_mode=False)
    return done.exit_code, done.stdout


def test_csv_and_json_lines_have_every_row_of_every_table(run: Run, tmp_path: Path) -> None:
    for form in ("csv", "jsonl"):
        facts = export(run, str(tmp_path / form), Wanted(form))
        there = {
            name: len(rows(run, name)) for name in TABLES if run.store.files(f"tables/{name}", ".parquet")
        }
        assert facts == there
        assert {file.name for file in (tmp_path / form).iterdir()} == {f"{name}.{form}" for name in there}
    with (tmp_path / "csv" / "calls.csv").open(newline="") as file:
        first, *_ = csv.DictReader(file)
    ours = next(row for row in rows(run, "calls") if row["ordinal"] == 0)
    assert first["value"] == ours["value"] == HOSTILE
    assert first["time_stamp"] == "2026-11-21T07:00:00.123000Z"
    (first,) = [row for row in _lines(tmp_path / "jsonl" / "calls.jsonl") if row["ordinal"] == 0]
    assert first["value"] == HOSTILE
    lines = _lines(tmp_path / "jsonl" / "contents.jsonl")
    (content,) = [row["content"] for row in lines if row["sha256"] == "c"]
    assert base64.b64decode(content) == BINARY


def test_a_database_has_the_tables_that_were_asked_for(run: Run, tmp_path: Path) -> None:
    code, said = _invoke(run.store.url, str(tmp_path / "a.duckdb"), "--as", "duckdb", "--table", "calls")
    assert (code, said) == (0, "calls 3\n")
    assert [file.name for file in tmp_path.iterdir()] == ["a.duckdb"]
    with duckdb.connect(str(tmp_path / "a.duckdb"), read_only=True) as database:
        assert database.sql("FROM calls ORDER BY ordinal").to_arrow_table().to_pylist() == sorted(
            rows(run, "calls"), key=lambda row: row["ordinal"]
        )
        comment = database.sql(
            "SELECT comment FROM duckdb_columns() WHERE table_name = 'calls' AND column_name = 'symbol'"
        ).fetchall()
    assert comment == [("Name of the API",)]


def _sqlite(file: Path, query: str) -> list[dict[str, Any]]:
    with sqlite3.connect(file) as database:
        database.row_factory = sqlite3.Row
        found = [dict(row) for row in database.execute(query)]
    database.close()
    return found


def test_openwpm_has_our_records_in_its_words(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "crawl-data.sqlite"
    facts = export(run, str(file), Wanted("openwpm"))
    assert facts == {
        **{
            "task": 1,
            "crawl": 2,
            "site_visits": 2,
            "crawl_history": 2,
            "http_requests": 4,
            "http_responses": 2,
        },
        **{"http_redirects": 1, "javascript": 3, "javascript_cookies": 1, "navigations": 0, "callstacks": 1},
        **{"incomplete_visits": 1, "dns_responses": 1},
    }
    calls = _sqlite(file, "SELECT * FROM javascript ORDER BY event_ordinal")
    assert [(c["operation"], c["value"], c["arguments"]) for c in calls] == [
        ("get", HOSTILE, None),
        ("call", "Mozilla", json.dumps([HOSTILE, "2"], ensure_ascii=False, separators=(",", ":"))),
        ("set(failed)", "Mozilla", None),
    ]
    posted = _sqlite(file, "SELECT * FROM http_requests WHERE method = 'POST'")[0]
    assert json.loads(posted["post_body_raw"]) == [[None, base64.b64encode(b"body!").decode()]]
    assert (posted["referrer"], posted["request_id"], posted["browser_id"]) == (PAGE, 6, 2)
    (stack,) = _sqlite(file, "SELECT call_stack FROM callstacks")
    assert stack["call_stack"] == f"f@{SCRIPT}:1:2;null\nnull@{PAGE}:3:4;null"
    (moved,) = _sqlite(file, "SELECT * FROM http_redirects")
    assert (moved["old_request_id"], moved["new_request_url"]) == ("5", SCRIPT)
    history = _sqlite(file, "SELECT visit_id, command_status FROM crawl_history ORDER BY visit_id")
    assert [tuple(row.values()) for row in history] == [(1, "ok"), (2, "timeout")]
    (name,) = _sqlite(file, "SELECT * FROM dns_responses")
    assert (name["addresses"], name["canonical_name"]) == ("192.0.2.1,192.0.2.2", "b.edge.net")


_SAME = {
    "calls": "visit_id symbol operation value arguments location script_url script_line script_col func_name "
    "time_stamp frame_id is_third_party",
    "visits": "visit_id site_url outcome",
    "requests": "visit_id request_id hop url method status redirect_url resource_type request_headers "
    "request_body_size is_third_party call_stack",
    "cookies": "visit_id host name value path",
}


def _value(column: str, value: Any) -> str:
    return repr(json.loads(value) if column == "arguments" else value)


def _seen(run: Run) -> dict[str, list[tuple[str, ...]]]:
    return {
        name: sorted(
            tuple(_value(column, row[column]) for column in columns.split()) for row in rows(run, name)
        )
        for name, columns in _SAME.items()
    }


def test_what_openwpm_has_comes_back_the_same(run: Run, tmp_path: Path) -> None:
    export(run, str(tmp_path / "a.sqlite"), Wanted("openwpm"))
    back = Run.open(tmp_path / "back", create=True)
    import_data("openwpm", str(tmp_path / "a.sqlite"), back)
    run_etl(back)
    expected = _seen(run)
    found = _seen(back)
    for name in _SAME:
        assert found[name] == expected[name], name


@pytest.mark.skipif(not OPENWPM.exists(), reason="no OpenWPM database beside the checkout")
def test_a_real_database_of_openwpm_survives_both_ways(tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", create=True)
    import_data("openwpm", str(OPENWPM), run)
    run_etl(run)
    export(run, str(tmp_path / "again.sqlite"), Wanted("openwpm"))
    same = {
        "javascript": "visit_id, symbol, operation, value, script_url, script_line, script_col, time_stamp",
        "http_requests": "visit_id, url, method, headers, request_id, resource_type, time_stamp",
        "http_redirects": "visit_id, old_request_url, new_request_url, response_status",
        "javascript_cookies": "visit_id, host, name, value, path, expiry, is_secure, is_session",
        "site_visits": "visit_id, site_url",
        "callstacks": "visit_id, request_id, call_stack",
    }
    for table, columns in same.items():
        query = f"SELECT {columns} FROM {table} ORDER BY {columns}"
        assert _sqlite(tmp_path / "again.sqlite", query) == _sqlite(OPENWPM, query), table


def test_every_column_that_is_answered_is_one_of_openwpm() -> None:
    assert {table.name for table in OPENWPM_TABLES} == SCHEMA.keys()
    assert all(table.values.keys() <= SCHEMA[table.name].keys() for table in OPENWPM_TABLES)


def test_har_has_a_file_per_visit(run: Run, tmp_path: Path) -> None:
    assert export(run, str(tmp_path / "har"), Wanted("har")) == {"files": 2}
    assert {file.name for file in (tmp_path / "har").iterdir()} == {"7-1.har", "7-2.har"}
    log = json.loads((tmp_path / "har" / "7-1.har").read_text())["log"]
    assert json.loads((tmp_path / "har" / "7-2.har").read_text())["log"]["entries"] == []
    assert log["pages"][0]["title"] == HOSTILE
    moved, script, posted, failed = log["entries"]
    assert (moved["response"]["status"], moved["response"]["redirectURL"]) == (301, SCRIPT)
    assert script["response"]["content"] == {"size": 3, "mimeType": "text/javascript", "text": "f()"}
    assert posted["request"]["postData"] == {"mimeType": "text/plain", "params": [], "text": "body!"}
    assert posted["request"]["cookies"] == [{"name": "a", "value": "1"}, {"name": "b", "value": "x=y"}]
    assert posted["request"]["queryString"] == [{"name": "q", "value": "="}, {"name": "r", "value": ""}]
    assert (posted["time"], posted["timings"]) == (250.0, {"send": 0, "wait": 250.0, "receive": 0})
    assert [(m["type"], m["opcode"], m["data"]) for m in posted["_webSocketMessages"]] == [
        ("send", 1, HOSTILE),
        ("receive", 2, base64.b64encode(BINARY).decode()),
    ]
    assert failed["response"]["_error"] == "NS_ERROR_NET_RESET" and failed["response"]["status"] == 0
    assert failed["response"]["content"]["encoding"] == "base64"
    for visit_id in (1, 2):
        jsonschema.validate(json.loads((tmp_path / "har" / f"7-{visit_id}.har").read_text()), HAR)
    for spoilt in (
        _changed(log, version="1.1"),
        _changed(log, entries=[{key: value for key, value in moved.items() if key != "cache"}]),
        _changed(log, entries=[_changed(moved, startedDateTime="2026-11-21 07:00")]),
        _changed(log, entries=[_changed(moved, response=_changed(moved["response"], status="301"))]),
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"log": spoilt}, HAR)


def _changed(row: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {**row, **values}


def test_what_cannot_be_done_is_refused_with_the_remedy(run: Run, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "other.partial").mkdir()
    refused = {
        ("there", "csv"): "exists; name another path",
        ("no/where", "csv"): "no such folder",
        ("other", "csv"): "is no interrupted export",
    }
    for (out, form), why in refused.items():
        with pytest.raises(InputError, match=why):
            export(run, str(tmp_path / out), Wanted(form))
    with pytest.raises(InputError, match="inside the run"):
        export(run, f"{run.store.url}/csv", Wanted("csv"))
    with pytest.raises(InputError, match="--table nothing: no such table"):
        export(run, str(tmp_path / "a"), Wanted("csv", ("nothing",)))
    with pytest.raises(InputError, match="has tables of its own"):
        export(run, str(tmp_path / "a"), Wanted("har", ("calls",)))
    with pytest.raises(StageMissing):
        export(Run.open(tmp_path / "empty", create=True), str(tmp_path / "a"), Wanted("csv"))
    assert {file.name for file in tmp_path.iterdir()} == {"there", "other.partial", "empty"}


def _files(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


@pytest.mark.parametrize("form", ["csv", "duckdb", "openwpm", "har", "datapackage"])
def test_a_killed_export_goes_on_and_is_the_same(run: Run, tmp_path: Path, form: str) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    export(run, str(whole), Wanted(form))
    words = [sys.executable, "-m", "overscripted", "export", run.store.url, str(killed), "--as", form]
    mark = tmp_path / "killed.partial" / ".export.json"
    for after in (0, 0.05):  # seconds after it began to write, or to go on
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        begun = time.time()
        while process.poll() is None and not (mark.exists() and (after == 0 or time.time() - begun > 1)):
            time.sleep(0.005)
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        process.wait()
    if not killed.exists():
        assert _invoke(run.store.url, str(killed), "--as", form)[0] == 0
    assert not killed.with_name("killed.partial").exists()
    if whole.is_dir():
        assert _files(killed) == _files(whole)
    elif form == "openwpm":
        dump = [list(sqlite3.connect(file).iterdump()) for file in (whole, killed)]
        assert dump[0] == dump[1]
    else:
        for name in ("calls", "requests"):
            one, other = (
                duckdb.connect(str(file)).sql(f"FROM {name}").fetchall() for file in (whole, killed)
            )
            assert one == other

"""A run as HAR and back: the same requests, bodies, stacks and messages."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema

from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.export.formats import Wanted
from overscripted.export.run import export
from overscripted.run import Run
from tests.etl.conftest import by, crawl_run, rows, visit
from tests.export.standards import HAR
from tests.export.test_export import run as run

# HAR has no place for these. The planted run's hashes are no hashes, and its stack names no script.
_LOST = {"crawl_id", "visit_id", "upgraded_by", "body_sha256", "request_body_sha256", "script_url"}


def _compared(run: Run, table: str, *left_out: str) -> list[dict[str, Any]]:
    """The rows of a table. What is unknown in the run is an empty list or text in HAR."""
    found = [
        {name: value for name, value in row.items() if name not in (*_LOST, *left_out)}
        | {name: row[name] or "[]" for name in row if name.endswith("_headers") and row["status"]}
        | {name: row[name] or "" for name in row if name == "error"}
        for row in rows(run, table)
    ]
    return sorted(found, key=str)


def test_a_run_comes_back_with_the_same_requests(run: Run, tmp_path: Path) -> None:
    export(run, str(tmp_path / "har"), Wanted("har"))
    back = Run.open(tmp_path / "back", create=True)
    facts = import_data("har", str(tmp_path / "har"), back)
    assert "rows_left_out" not in facts and "files_left_out" not in facts
    run_etl(back)
    assert _compared(back, "requests") == _compared(run, "requests")
    for table in ("scripts", "contents"):
        known = {row["content"] for row in rows(run, table)}
        assert {row["content"] for row in rows(back, table)} == known
    outcomes = {(row["site_url"], row["outcome"]) for row in rows(run, "visits")}
    assert {(row["site_url"], row["outcome"]) for row in rows(back, "visits")} == outcomes
    unplanted = ("time_stamp", "url", "frame_id", "parent_frame_id", "top_level_url", "close_code", "size")
    messages = _compared(run, "websocket_messages", *unplanted)
    assert _compared(back, "websocket_messages", *unplanted) == messages


def test_what_is_unknown_stays_unknown(tmp_path: Path) -> None:
    """Times that a run lacks, which the format demands; and messages that are no text."""
    ids = {"crawl_id": 7, "visit_id": 1, "attempt": 1}
    begun = datetime(2026, 11, 21, 7, tzinfo=UTC)
    request = {**ids, "hop": 0, "url": "wss://page.example/", "method": "GET", "request_headers": "[]"}
    message = {**ids, "request_id": "1", "direction": "received"}
    made = crawl_run(
        tmp_path / "run",
        visits=[visit(started=None), visit(visit_id=2, started=begun, ended=begun)],
        requests=[
            {**request, "request_id": "1", "status": 101},
            {**request, "request_id": "2", "visit_id": 2, "time_stamp": begun},
            {**request, "request_id": "3", "visit_id": 2, "time_stamp": begun, "ended": begun},
        ],
        websocket_messages=[
            {**message, "ordinal": 0, "opcode": "ping", "bytes": b"p"},
            {**message, "ordinal": 1, "opcode": "pong", "bytes": b""},
            {**message, "ordinal": 2, "opcode": "close", "data": "bye", "time_stamp": begun},
        ],
    )
    run_etl(made)
    export(made, str(tmp_path / "har"), Wanted("har"))
    for file in (tmp_path / "har").iterdir():
        jsonschema.validate(json.loads(file.read_text()), HAR)
    back = Run.open(tmp_path / "back", create=True)
    import_data("har", str(tmp_path / "har"), back)
    run_etl(back)
    assert by(back, "requests", "request_id", "time_stamp", "ended") == [
        ("1", None, None),
        ("2", begun, None),
        ("3", begun, begun),
    ]
    assert {row["started"] for row in rows(back, "visits")} == {begun, None}
    assert by(back, "websocket_messages", "ordinal", "opcode", "data", "bytes", "time_stamp") == [
        (0, "ping", None, b"p", None),
        (1, "pong", None, b"", None),
        (2, "close", "bye", None, begun),
    ]

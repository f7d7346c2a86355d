"""``import tracker-radar``: each field in its column, uses of APIs counted, and damage named."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overscripted import recorded
from overscripted.errors import InputError
from overscripted.etl.importers.tracker_radar import import_tracker_radar
from overscripted.schemas import RAW
from tests.etl.any_json import JSON, paths, replaced
from tests.etl.imported import Imported

PAGE, SCRIPT = "https://shop.example/home", "https://t.example/t.js"
BEGAN = datetime(2026, 11, 21, 7, tzinfo=UTC)
HASH = "ab" * 32


def request(url: str, kind: str = "Script", **more: Any) -> dict[str, Any]:
    """A request as the collector writes it."""
    return {
        "url": url,
        "method": "GET",
        "type": kind,
        "status": 200,
        "size": 99,
        "remoteIPAddress": "[2001:db8::1]",
        "responseHeaders": {"set-cookie": "a=1; path=/\nb=2; domain=t.example"},
        "responseBodyHash": HASH,
        "initiators": [PAGE],
        "time": 0.5,
        **more,
    }


def site(**data: Any) -> dict[str, Any]:
    """The file of a site."""
    return {
        "initialUrl": "http://shop.example/",
        "finalUrl": PAGE,
        "timeout": False,
        "testStarted": BEGAN.timestamp() * 1000,
        "testFinished": BEGAN.timestamp() * 1000 + 2500,
        "data": data,
    }


def written(path: Path, whole: Any) -> Path:
    """A file with this JSON."""
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def test_requests_are_joined_by_their_redirects(tmp_path: Path) -> None:
    moved = request("http://shop.example/", "Document", status=301, redirectedTo=PAGE)
    landed = request(PAGE, "Document", redirectedFrom="http://shop.example/", responseHeaders=None)
    frame = request("https://f.example/", "Document", status=500)
    failed = request(
        "https://gone.example/x.png", "Image", failureReason="net::ERR_FAILED", responseHeaders={}
    )
    del failed["status"]
    run = Imported(
        import_tracker_radar,
        written(tmp_path / "a.json", site(requests=[moved, landed, frame, request(SCRIPT), failed])),
    )
    names = ("request_id", "hop", "resource_type", "frame_id", "status", "redirect_url", "body_sha256")
    assert run.columns("requests", *names) == [
        ("request 0", 0, "main_frame", 0, 301, PAGE, None),
        ("request 0", 1, "main_frame", 0, 200, None, None),
        ("request 1", 0, "sub_frame", None, 500, None, None),
        ("request 2", 0, "script", None, 200, None, HASH),
        ("request 3", 0, "image", None, None, None, None),
    ]
    assert {row["top_level_url"] for row in run.rows("requests")} == {PAGE}
    assert [row["error"] for row in run.rows("requests")] == [""] * 4 + ["net::ERR_FAILED"]
    assert {row["ip"] for row in run.rows("requests")} == {"2001:db8::1"}
    assert {row["size"] for row in run.rows("requests")} == {None}, (
        "the collector has the size before decoding"
    )
    assert run.columns("cookies", "host", "name", "value", "via")[:2] == [
        ("shop.example", "a", "1", "http"),
        (".t.example", "b", "2", "http"),
    ]
    names = ("site_url", "final_url", "outcome", "http_status", "started", "ended")
    ended = datetime(2026, 11, 21, 7, 0, 2, 500_000, UTC)
    assert run.columns("visits", *names) == [("http://shop.example/", PAGE, "complete", 200, BEGAN, ended)]


def test_uses_of_apis_are_counted_and_the_kept_calls_are_among_them(tmp_path: Path) -> None:
    setter = {"source": SCRIPT, "description": "Document.cookie setter", "arguments": ["a=1"]}
    counts = {
        SCRIPT: {
            "Document.cookie setter": 3,
            "Document.cookie getter": 2,
            "Navigator.prototype.userAgent": 5,
            'window.matchMedia("pointer")': 1,
            'window.matchMedia("color-gamut")': 2,
            "Unknown.prototype.api": 4,
            "Screen.prototype.width": "many",
        }
    }
    unknown = {"source": SCRIPT, "description": "Unknown.prototype.api", "arguments": []}
    data = {
        "callStats": counts,
        "savedCalls": [setter, {**setter, "arguments": ["b=2"]}, unknown, {"source": 1}],
    }
    run = Imported(import_tracker_radar, written(tmp_path / "a.json", site(apis=data)))
    assert sorted(run.columns("call_totals", "symbol", "operation", "n_calls", "n_recorded")) == [
        ("window.document.cookie", "get", 2, 0),
        ("window.document.cookie", "set", 3, 2),
        ("window.matchMedia", "call", 3, 0),
        ("window.navigator.userAgent", "get", 5, 0),
    ]
    names = (
        "ordinal",
        "symbol",
        "operation",
        "arguments",
        "script_url",
        "script_line",
        "location",
        "time_stamp",
    )
    known = ("window.document.cookie", "set")
    where = (SCRIPT, None, PAGE, None)
    assert run.columns("calls", *names) == [
        (0, *known, '{"0": "a=1"}', *where),
        (1, *known, '{"0": "b=2"}', *where),
    ]
    assert run.facts["left_out"] == (
        "1 of callStats: an unknown API (a.json, Unknown.prototype.api); "
        "1 of callStats: no number (a.json, Screen.prototype.width); "
        "1 of savedCalls: an unknown API (a.json, 3); 1 of savedCalls: without a script (a.json, 4)"
    )
    symbols = {row["symbol"] for row in run.rows("instruments")}
    assert {"window.navigator.userAgent", "window.document.cookie"} <= symbols
    assert "window.matchMedia" not in symbols, "the collector sees only some of its uses"


def test_a_fork_that_names_operations_is_read(tmp_path: Path) -> None:
    when = BEGAN.timestamp() * 1000 + 1
    call = {"source": SCRIPT, "description": "CanvasRenderingContext2D.fillStyle", "arguments": "red"}
    kept = {**call, "accessType": "set", "timeStamp": when}
    data = {"callStats": {SCRIPT: {"CanvasRenderingContext2D.fillStyle": 4}}, "savedCalls": [kept]}
    run = Imported(import_tracker_radar, written(tmp_path / "a.json", site(fingerprints=data)))
    assert run.columns("call_totals", "symbol", "operation", "n_calls", "n_recorded") == [
        ("CanvasRenderingContext2D.fillStyle", "set", 4, 1)
    ]
    assert run.columns("calls", "arguments", "time_stamp") == [('{"0": "red"}', "2026-11-21T07:00:00.001Z")]


def test_cookies_at_the_end_have_what_is_known(tmp_path: Path) -> None:
    kept = {"name": "a", "domain": ".t.example", "path": "/", "session": False, "expires": 1_800_000_000_000}
    session = {"name": "b", "domain": "t.example", "path": "/", "session": True, "sameSite": "None"}
    path = written(tmp_path / "a.json", site(cookies=[kept, session, {"domain": "x"}]))
    run = Imported(import_tracker_radar, path)
    names = ("host", "name", "value", "expiry", "is_secure", "same_site", "moment")
    assert run.columns("stored_cookies", *names) == [
        (".t.example", "a", None, datetime(2027, 1, 15, 8, tzinfo=UTC), None, "unspecified", "end"),
        ("t.example", "b", None, None, None, "no_restriction", "end"),
    ]
    known = recorded.Recorded(**run.facts["recorded"])
    assert known.lacking(["stored_cookies", "stored_cookies.value", "requests"]) == [
        "stored_cookies.value",
        "requests",
    ]
    fork = Imported(
        import_tracker_radar, written(path, site(cookies=[{**kept, "value": "v", "secure": True}]))
    )
    assert fork.columns("stored_cookies", "value", "is_secure") == [("v", True)]
    assert not recorded.Recorded(**fork.facts["recorded"]).lacking(["stored_cookies.value"])


@pytest.mark.parametrize(
    ("timeout", "status", "outcome"), [(True, 200, "timeout"), (False, 404, "http_error")]
)
def test_outcomes(tmp_path: Path, timeout: bool, status: int, outcome: str) -> None:
    whole = site(requests=[request(PAGE, "Document", status=status)]) | {"timeout": timeout}
    assert Imported(import_tracker_radar, written(tmp_path / "a.json", whole)).columns(
        "visits", "outcome"
    ) == [(outcome,)]


def test_a_document_that_failed_is_an_error_of_the_network(tmp_path: Path) -> None:
    failed = request(PAGE, "Document", status=None, failureReason="net::ERR_CONNECTION_REFUSED")
    run = Imported(import_tracker_radar, written(tmp_path / "a.json", site(requests=[failed])))
    assert run.columns("visits", "outcome", "error") == [("net_error", "net::ERR_CONNECTION_REFUSED")]


def test_sites_without_counts_of_apis_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "crawl"
    folder.mkdir()
    written(folder / "a.json", site(apis={"callStats": {}, "savedCalls": []}, requests=[request(PAGE)]))
    written(folder / "b.json", site(apis=None, requests=[request(PAGE)]))
    written(folder / "c.json", site(requests=[request(PAGE)]))
    known = recorded.Recorded(**Imported(import_tracker_radar, folder).facts["recorded"])
    assert known.notes(["calls", "call_totals", "requests"]) == [
        "calls: only those of a few APIs; all are counted by script; 2 of 3 sites have no data of apis",
        "call_totals: 2 of 3 sites have no data of apis",
    ]


def test_the_crawls_own_file_names_the_collectors(tmp_path: Path) -> None:
    """A collector that found nothing has recorded all the same."""
    folder = tmp_path / "crawl"
    folder.mkdir()
    written(folder / "shop.example_ab12.json", site(requests=[], cookies=[]))
    written(folder / "metadata.json", {"config": {"dataCollectors": ["requests", "cookies"]}})
    run = Imported(import_tracker_radar, folder)
    known = recorded.Recorded(**run.facts["recorded"])
    assert known.lacking(["requests", "stored_cookies", "calls"]) == ["calls"]
    assert "files_left_out" not in run.facts and len(run.rows("visits")) == 1


def test_damage_is_named_and_costs_what_is_damaged(tmp_path: Path) -> None:
    folder = tmp_path / "crawl"
    folder.mkdir()
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    written(
        folder / "a.json", site(requests=[request(SCRIPT), 7, {"url": ""}, {"deep": deep}, request(PAGE)])
    )
    (folder / "b.json").write_text(json.dumps(site(requests=[request(SCRIPT)]))[:-2], encoding="utf-8")
    written(folder / "c.json", {"something": "else"})
    (folder / "d.json").write_bytes(b"\x00")
    run = Imported(import_tracker_radar, folder)
    assert [row["url"] for row in run.rows("requests")] == [SCRIPT, PAGE, SCRIPT]
    assert run.facts["left_out"] == (
        "1 of requests: no object (a.json, 2); 1 of requests: too deep (a.json, 4); "
        "1 of requests: without a URL (a.json, 3)"
    )
    assert run.facts["files_left_out"] == 3
    assert "c.json: no site of tracker-radar-collector (no initialUrl)" in run.facts["left_out_files"]
    with pytest.raises(InputError, match="--strict"):
        Imported(import_tracker_radar, folder, strict=True)
    with pytest.raises(InputError, match="no file of tracker-radar-collector"):
        Imported(import_tracker_radar, folder / "c.json")


_WHOLE = site(
    requests=[request(PAGE, "Document", redirectedTo=SCRIPT)],
    cookies=[{"name": "a", "domain": "b", "expires": 1}],
    apis={
        "callStats": {SCRIPT: {"Screen.prototype.width": 1}},
        "savedCalls": [{"source": SCRIPT, "description": "Document.cookie setter", "arguments": ["a"]}],
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(paths(_WHOLE)), by=JSON)
def test_anything_in_place_of_a_field_costs_at_most_its_element(
    tmp_path: Path, path: tuple[Any, ...], by: Any
) -> None:
    folder = tmp_path / "crawl"
    folder.mkdir(exist_ok=True)
    written(folder / "a.json", site(requests=[request(SCRIPT)]))
    written(folder / "b.json", replaced(_WHOLE, path, by))
    run = Imported(import_tracker_radar, folder)
    assert run.columns("requests", "url")[0] == (SCRIPT,)
    assert run.facts["rows_read"] - run.facts["rows_kept"] == run.facts.get("rows_left_out", 0)
    for table in RAW:
        for row in run.rows(table):
            known = recorded.Recorded(**run.facts["recorded"])
            filled = {name for name, value in row.items() if value is not None}
            assert filled <= {*known.columns[table], *(key.partition(".")[2] for key in known.partly)} | {
                *("frame_id", "parent_frame_id", "top_level_url")
            }

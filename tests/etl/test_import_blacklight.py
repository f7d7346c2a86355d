"""``import blacklight``: calls of its instrument as ours, an inspection as a visit, and damage named."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overscripted import recorded
from overscripted.errors import InputError
from overscripted.etl.importers.blacklight import import_blacklight
from overscripted.schemas import RAW
from tests.etl.any_json import JSON, paths, replaced
from tests.etl.har import archive, entry, header
from tests.etl.imported import Imported, fill_the_disk_once

PAGE, NEXT, SCRIPT = "https://shop.example/", "https://shop.example/next", "https://t.example/t.js"
WHEN = "2026-11-21T07:00:00.000Z"
BEGAN = datetime(2026, 11, 21, 7, tzinfo=UTC)
INSTRUMENT = {"columnNumber": 42, "lineNumber": 252, "functionName": "set", "source": "at set (<anonymous>)"}
FRAME = {"columnNumber": 22, "lineNumber": 13, "fileName": SCRIPT, "functionName": "draw", "source": "…"}
REPORT: dict[str, Any] = {
    "uri_ins": "http://shop.example/",
    "uri_dest": PAGE,
    "page_title": "Shop",
    "config": {"emulateDevice": {"userAgent": "Phone/1"}},
    "browser": {"user_agent": "Headless/1"},
    "start_time": WHEN,
    "end_time": "2026-11-21T07:01:00.000Z",
    "browsing_history": [PAGE, NEXT],
}


def event(
    kind: str, data: Any, url: str = PAGE, stack: Any = (INSTRUMENT, FRAME), **more: Any
) -> dict[str, Any]:
    """A line of the log."""
    message = {"type": kind, "url": url, "stack": list(stack), "data": data, **more}
    return {"message": message, "level": "warn", "timestamp": WHEN}


def inspection(folder: Path, events: list[Any], **files: Any) -> Path:
    """A folder as Blacklight writes it. ``files``: report, cookies, requests."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"report": "inspection.json", "cookies": "browser-cookies.json", "requests": "requests.har"}
    lines = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in events)
    (folder / "inspection-log.ndjson").write_text(lines + "\n", encoding="utf-8")
    for name, content in files.items():
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / names[name]).write_bytes(data)
    return folder


def test_calls_are_ours_by_kind_of_event(tmp_path: Path) -> None:
    text = {
        "symbol": "CanvasRenderingContext2D.fillText",
        "operation": "call",
        "value": "",
        "arguments": ["a", 1],
    }
    listened = {"symbol": "document.addEventListener", "operation": "call", "value": '["click","f()"]'}
    events = [
        event("JsInstrument.Function", {**text, "arguments": ["a", 1]}),
        event(
            "JsInstrument.ObjectProperty", {"symbol": "window.name", "operation": "set(failed)", "value": "x"}
        ),
        event("JsInstrument.FunctionProxy", listened, url="https://frame.example/#a"),
        event(
            "JsInstrument.ObjectProperty", {"symbol": "window.name", "operation": "get"}, stack=[INSTRUMENT]
        ),
        {"level": "info", "message": f"browsing now to {NEXT}", "type": "Browser", "timestamp": WHEN},
        event(
            "JsInstrument.ObjectProperty", {"symbol": "window.name", "operation": "get"}, url=f"{NEXT}#top"
        ),
    ]
    run = Imported(import_blacklight, inspection(tmp_path / "a", events, report=REPORT))
    assert run.columns("calls", "symbol", "operation", "arguments", "value") == [
        ("CanvasRenderingContext2D.fillText", "call", '{"0": "a", "1": 1}', ""),
        ("window.name", "set (failed)", None, "x"),
        ("window.document.addEventListener", "call", '{"0": "click", "1": "f()"}', None),
        ("window.name", "get", None, None),
        ("window.name", "get", None, None),
    ]
    names = ("script_url", "script_line", "script_col", "func_name", "call_stack")
    known = (SCRIPT, "13", "22", "draw", f"draw@{SCRIPT}:13:22")
    assert run.columns("calls", *names) == [known, known, known, ("", "", "", "", ""), known]
    assert run.columns("calls", "location", "in_iframe", "top_level_url") == [
        (PAGE, "false", PAGE),
        (PAGE, "false", PAGE),
        ("https://frame.example/#a", "true", PAGE),
        (PAGE, "false", PAGE),
        (f"{NEXT}#top", "false", NEXT),
    ]
    names = ("site_url", "final_url", "outcome", "title", "started", "user_agent")
    assert run.columns("visits", *names) == [
        ("http://shop.example/", PAGE, "complete", "Shop", BEGAN, "Phone/1")
    ]
    symbols = {row["symbol"] for row in run.rows("instruments")}
    assert {"window.navigator.userAgent", "CanvasRenderingContext2D.*"} <= symbols
    assert "window.navigator.hardwareConcurrency" not in symbols


def test_other_files_of_an_inspection_are_read(tmp_path: Path) -> None:
    set_cookie = event(
        "Cookie.HTTP", [], stack=[{"fileName": PAGE}], raw="a=1; path=/\nb=2; domain=.shop.example"
    )
    kept = {"name": "a", "value": "1", "domain": "shop.example", "path": "/", "expires": -1, "session": True}
    kept |= {"secure": True, "httpOnly": False, "size": 2, "sameSite": "Lax"}
    har = archive(
        [
            entry(PAGE, {"status": 404, "headers": [header("set-cookie", "a=1")]}, _resourceType="document"),
            entry(SCRIPT, None, _resourceType="script", pageref="page_2"),
            {"request": {}},
        ]
    )
    files = {"report": REPORT, "cookies": {"browser_cookies": [kept, {"value": "x"}]}, "requests": har}
    run = Imported(import_blacklight, inspection(tmp_path / "a", [set_cookie], **files))
    assert run.columns("cookies", "host", "name", "value", "time_stamp") == [
        ("shop.example", "a", "1", BEGAN),
        (".shop.example", "b", "2", BEGAN),
    ], "those of the log; the archive has them again"
    names = ("host", "name", "value", "expiry", "is_secure", "is_http_only", "same_site", "size", "moment")
    assert run.columns("stored_cookies", *names) == [
        ("shop.example", "a", "1", None, True, False, "lax", 2, "end")
    ]
    visit = run.columns("visits", "visit_id", "http_status")
    assert [(v, 404) for v, _ in run.columns("requests", "visit_id", "url")][:1] == visit
    assert run.columns("requests", "url", "resource_type", "top_level_url") == [
        (PAGE, "main_frame", PAGE),
        (SCRIPT, "script", PAGE),
    ]
    assert "1 of browser_cookies: without a name" in run.facts["left_out"]
    assert "1 of entries: no request (requests.har, entry 3)" in run.facts["left_out"]
    known = recorded.Recorded(**run.facts["recorded"])
    assert known.lacking(
        ["calls", "requests", "stored_cookies.value", "calls.script_loc_eval", "frames"]
    ) == [*("calls.script_loc_eval", "frames")]


def test_a_file_can_be_imported_alone(tmp_path: Path) -> None:
    folder = inspection(
        tmp_path / "a", [event("JsInstrument.Function", {"symbol": "x.y", "operation": "call"})]
    )
    (folder / "inspection-log.ndjson").rename(tmp_path / "log.txt")
    run = Imported(import_blacklight, tmp_path / "log.txt")
    assert run.columns("visits", "site_url", "outcome") == [(PAGE, "complete")]
    assert recorded.Recorded(**run.facts["recorded"]).lacking(["calls", "requests"]) == ["requests"]
    (tmp_path / "report.json").write_text(json.dumps({**REPORT, "end_time": None}), encoding="utf-8")
    run = Imported(import_blacklight, tmp_path / "report.json")
    assert run.columns("visits", "site_url", "outcome") == [("http://shop.example/", "incomplete")]
    assert recorded.Recorded(**run.facts["recorded"]).lacking(["calls"]) == ["calls"], "no log, so no calls"


def test_damage_is_named_and_costs_what_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("overscripted.etl.importers.lines.IMPORT_LINE_BYTES", 1 << 20)
    good = event("JsInstrument.Function", {"symbol": "x.y", "operation": "call"})
    bad = [
        *("{", "7", '{"message": {"type": "JsInstrument.Function", "data": ' + "[" * 100_000, "9" * 6000),
        json.dumps(event("JsInstrument.Function", {"symbol": ""})),
        json.dumps(event("Cookie.HTTP", [], stack=[], raw="a=1")),
        json.dumps(good | {"x": "y" * 3_000_000}),
        json.dumps(event("TrackingRequest", {})),
    ]
    inspection(tmp_path / "all" / "a", [good, *bad, good], report=b'{"uri_ins": "http', cookies=b"\x00")
    inspection(tmp_path / "all" / "b", [good], report={"title": "something else"})
    run = Imported(import_blacklight, tmp_path / "all")
    assert len(run.rows("calls")) == 3 and len(run.rows("visits")) == 2
    out = run.facts["left_out"]
    for reason in ("no object", "no JSON", "too large", "without a symbol", "without a header or a URL"):
        assert f"of events: {reason} (a/inspection-log.ndjson, line " in out, reason
    assert run.facts["rows_left_out"] == 7
    assert run.facts["tables_ignored"] == "events TrackingRequest (1 row)"
    assert run.facts["files_left_out"] == 3
    assert "b/inspection.json: no report of Blacklight (no uri_ins)" in run.facts["left_out_files"]
    with pytest.raises(InputError, match="--strict"):
        Imported(import_blacklight, tmp_path / "all", strict=True)


def test_what_is_no_inspection_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "other.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"no file is named inspection-log\.ndjson"):
        Imported(import_blacklight, tmp_path / "x")
    with pytest.raises(InputError, match="no inspection of Blacklight"):
        Imported(import_blacklight, tmp_path / "x" / "other.json")


def test_a_text_of_something_else_is_no_inspection(tmp_path: Path) -> None:
    for n, text in enumerate(("any text\n", '{"type": "something", "message": {}}\n', '{"message": "x"}\n')):
        (tmp_path / f"{n}.txt").write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match="no inspection of Blacklight"):
            Imported(import_blacklight, tmp_path / f"{n}.txt")


def test_inspections_without_a_log_are_counted(tmp_path: Path) -> None:
    har = archive([entry(PAGE, {"headers": [header("set-cookie", "a=1")]})])
    good = event("JsInstrument.Function", {"symbol": "x.y", "operation": "call"})
    folder = tmp_path / "all"
    inspection(folder / "a", [good], report=REPORT)
    for name in ("b", "c"):
        (inspection(folder / name, [], requests=har, report=REPORT) / "inspection-log.ndjson").unlink()
    known = recorded.Recorded(**Imported(import_blacklight, folder).facts["recorded"])
    assert known.notes(["calls", "cookies", "requests", "visits"]) == [
        "calls: 2 of 3 inspections have no inspection-log.ndjson",
        "cookies: only those that servers set",
        "requests: 1 of 3 inspections have no requests.har",
    ]
    run = Imported(import_blacklight, folder / "b")
    assert run.columns("cookies", "name") == [("a",)]
    assert not recorded.Recorded(**run.facts["recorded"]).lacking(["cookies.name"])


def test_a_full_disk_is_no_damage_of_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_the_disk_once(monkeypatch)
    with pytest.raises(OSError, match="No space left"):
        Imported(import_blacklight, inspection(tmp_path / "a", [], requests=archive([entry(PAGE)])))


_EVENTS = [
    event(
        "JsInstrument.Function", {"symbol": "x.y", "operation": "call", "value": "", "arguments": ["a", 1]}
    ),
    event("Cookie.HTTP", [], raw="a=1"),
]
_COOKIES = {"browser_cookies": [{"name": "a", "expires": 1, "secure": True}]}
_WHOLE = {"events": _EVENTS, "report": REPORT, "cookies": _COOKIES}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from([path for path in paths(_WHOLE) if len(path) > 1]), by=JSON)
def test_anything_in_place_of_a_field_costs_at_most_its_element(
    tmp_path: Path, path: tuple[Any, ...], by: Any
) -> None:
    odd = replaced(_WHOLE, path, by)
    good = event("JsInstrument.Function", {"symbol": "last.one", "operation": "call"})
    folder = inspection(
        tmp_path / "a", [*map(json.dumps, odd["events"]), good], report=odd["report"], cookies=odd["cookies"]
    )
    run = Imported(import_blacklight, folder)
    assert run.columns("calls", "symbol")[-1] == ("last.one",)
    assert run.facts["rows_read"] - run.facts["rows_kept"] == run.facts.get("rows_left_out", 0)
    known = recorded.Recorded(**run.facts["recorded"])
    for table in RAW:
        for row in run.rows(table):
            filled = {name for name, value in row.items() if value is not None}
            assert filled <= set(known.columns[table]), table

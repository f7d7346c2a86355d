"""Quality: a run whose every loss was planted, with what nearly is one beside it."""

import json
from pathlib import Path
from typing import Any

import pytest

from overscripted.analyses.quality import known_gaps
from overscripted.analyses.quality.fields import FIELDS
from overscripted.analyses.run import analyze
from overscripted.analyses.settings import STARVED_S
from overscripted.crawl import settings as crawl_settings
from overscripted.crawl.instrument.protocol import Gap
from overscripted.run import Run
from overscripted.schemas import TABLES
from tests.analyses.planted import TIME, call, planted_run, write

PAGE, SCRIPT = "https://a.com/", "https://b.com/x.js"
SHOWN = {"final_url": PAGE, "http_status": 200, "loaded": TIME, "title": "A", "starved": 0.1, "cpu_s": 1.0}
SHOWN |= {"outcome": "complete", "n_attempts": 1, "n_calls": 10, "n_dropped": 0, "known_gaps": "{}"}
ERROR = "document not instrumented: Error: no such thing: x"
VISITS: list[dict[str, Any]] = [
    {**SHOWN, "known_gaps": json.dumps({ERROR: 1, "worklet": 2, "calls not whole": 1})},
    # A status of 404 is a page; a lag of exactly a second is not starved; an empty title is an empty field.
    {**SHOWN, "outcome": "http_error", "http_status": 404, "title": "", "starved": 1.0},
    {**SHOWN, "starved": 1.01, "n_dropped": 30, "known_gaps": '{"contents over the limit": 3}'},
    {**SHOWN, "n_attempts": 2, "known_gaps": '{"worker from url": 1, "call not recorded": 9}'},
    # What is no gap: zero times, a text, a number that no visit can have, no object.
    {**SHOWN, "starved": None, "known_gaps": json.dumps({"a": 0, "b": "x", "c": 10**30, "d": -1})},
    {**SHOWN, "known_gaps": "[" * 5000},
    # Visits without a page: their gaps, dropped calls and fields count in nothing.
    {"outcome": "timeout", "known_gaps": '{"worklet": 1}', "n_dropped": 5, "n_attempts": 2, "starved": 9.0},
    {"outcome": "net_error", "error": "dnsNotFound", "n_attempts": 1},
    {"outcome": "challenge", "challenge": "wall", "n_attempts": 1, "n_calls": 50},
    {"outcome": "challenge", "challenge": "other", "n_attempts": 1},
]
TRUTH = {
    "lost": (2, 10),
    "timeouts": (1, 10),
    "challenged": (2, 10),
    "without_page": (4, 10),
    "retried": (2, 10),
    "starved": (1, 5),
    "realm": (2, 6),
    "call": (1, 6),
    "content": (1, 6),
    "cap": (1, 6),
    "dropping": (1, 6),
    "documents": (3, 4),
    "workers": (3, 4),
    "dropped": (30, 90),
    "fields_empty": (4, 16),
    "damaged": (2, None),
    "unacknowledged": (7, 100),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    calls = [call(PAGE, SCRIPT, n=9, invalid=2), call(PAGE, "", n=1)]
    ids = [{"crawl_id": 7, "visit_id": number} for number, _visit in enumerate(VISITS)]
    run = planted_run(
        tmp_path_factory.mktemp("quality") / "run",
        calls,
        [numbers | visit for numbers, visit in zip(ids, VISITS, strict=True)],
    )
    one = ids[0]
    write(run, "frames", [one | {"url": PAGE, "kind": kind} for kind in ("top", "iframe", "iframe", "popup")])
    frames = run.store.read_table("tables/frames").to_pylist()
    write(run, "frames", [*frames, one | {"url": PAGE, "kind": "viewer"}])
    edges = [("worker", 2), ("shared worker", 1), ("service worker", 1), ("parser", 8)]
    write(
        run,
        "script_edges",
        [one | {"how": how, "n": n, "parent_url": None if how == "parser" else SCRIPT} for how, n in edges],
    )
    request = one | {"host": "b.com", "ended": TIME, "status": 200, "error": "", "from_cache": False}
    request |= {"ip": "192.0.2.1", "http_version": "h2", "resource_type": "image"}
    write(
        run,
        "requests",
        [
            *(request for _ in range(98)),
            request | {"from_cache": True, "ip": None, "http_version": None},  # no server answered
            request | {"status": None, "ip": None, "http_version": None, "error": "NS_ERROR_ABORT"},
            request | {"http_version": None},  # 1 of 99 that a server answered
            request | {"resource_type": "script", "body_sha256": None, "status": 304},  # it brought none
            request | {"resource_type": "script", "body_sha256": "a"},
            request | {"resource_type": "beacon", "script_url": ""},  # who sent it?
        ],
    )
    tall, short = "\U0001f600" * 3, "é" * 5  # six and five characters of JavaScript
    items = [(tall, 6), (short, 5), ("abc", 3), (None, 9), ("abc", None), (tall, 7), ("abc", 4)]
    write(run, "stored_items", [one | {"value": value, "value_len": length} for value, length in items])
    bodies = [(4, 9), (None, 9), (9, 9), (None, 0)]
    write(run, "request_bodies", [one | {"n_kept": kept, "size": size} for kept, size in bodies])
    write(run, "page_texts", [one | {"is_cut": cut} for cut in (True, False, False, None)])
    write(run, "scripts", [{"sha256": "a", "content": b"1"}, {"sha256": "b", "content": None}])
    run.finish("etl", facts={"raw_calls": 100, "calls_of_unacknowledged_attempts": 7}
               | {"damaged_segments": "2 damaged (raw/calls/x.parquet: no footer)"})  # fmt: skip
    return run


def test_every_loss_is_counted_once(run: Run, engine: str) -> None:
    finding = analyze(run, ["quality"], engine)["quality"]
    assert {figure.name: (figure.n, figure.of) for figure in finding.figures} == TRUTH
    tables = {name: table.to_pylist() for name, table in finding.tables.items()}
    assert [(row["outcome"], row["challenge"], row["visits"]) for row in tables["outcomes"]] == [
        ("complete", None, 5),
        ("challenge", "other", 1),
        ("challenge", "wall", 1),
        ("http_error", None, 1),
        ("net_error", None, 1),
        ("timeout", None, 1),
    ]
    assert [tuple(row.values()) for row in tables["gaps"]] == [
        ("call not recorded", "call", 9, 1),
        ("calls not whole", "content", 1, 1),
        ("contents over the limit", "cap", 3, 1),
        ("document not instrumented", "realm", 1, 1),
        ("worker from url", "realm", 1, 1),
        ("worklet", "realm", 2, 1),
    ]
    assert [(row["what"], row["cut"], row["of"]) for row in tables["caps"]] == [
        ("bodies of requests", 2, 4),
        ("bodies of scripts", 1, 2),
        ("calls", 30, 90),
        ("stored items", 2, 7),
        ("texts of pages", 1, 4),
        ("values of calls", 0, 10),
    ]
    often = [(row["table"], row["column"], row["rows"], row["empty"]) for row in tables["fields"]]
    assert often[:5] == [
        ("requests", "script_url", 1, 1),
        ("script_refs", "script_url", 2, 1),
        ("visits", "starved", 6, 1),
        ("visits", "title", 6, 1),
        ("requests", "http_version", 102, 1),
    ]
    assert {row[3] for row in often[5:]} == {0}
    assert [(row["rule"], row["calls"]) for row in tables["rules"]] == [("operation", 2), ("script_line", 2)]
    assert [row["visit_id"] for row in tables["evidence"]] == [8, 9, 0, 2, 3, 4, 5, 7, 6]
    assert "2 damaged" in " ".join(finding.notes)
    assert "no table cookies" in finding.notes[-1]


def test_a_run_of_earlier_times_says_what_it_lacks(tmp_path: Path, engine: str) -> None:
    finding = analyze(planted_run(tmp_path / "old", [call(PAGE, SCRIPT)]), ["quality"], engine)["quality"]
    counts = {figure.name: (figure.n, figure.of) for figure in finding.figures}
    assert (counts["lost"], counts["realm"], counts["damaged"]) == ((0, 1), (0, 0), (0, None))
    assert not {"documents", "workers"} & {*counts}
    assert "no table frames" in finding.notes[-1] and "no table script_edges" in finding.notes[-1]


def test_names_of_the_crawl_are_known() -> None:
    assert STARVED_S == crawl_settings.STARVED_S
    kinds = {name: known_gaps.kind_of(name) for name in Gap}
    names = {"realm": Gap.WORKLET, "call": Gap.CALL, "cap": Gap.BODY_SIZE, "content": Gap.BODY_UNREADABLE}
    assert {kind: kinds[gap] for kind, gap in names.items()} == {kind: kind for kind in names}
    assert known_gaps._NAMES.keys() <= {str(gap) for gap in Gap}
    made = (Gap.shortened("messages"), Gap.rows("frames"), Gap.cut("console"), Gap.late("stored_items"))
    assert [known_gaps.kind_of(name) for name in made] == ["cap", "cap", "cap", "content"]
    assert all(field.column in TABLES[field.table].names for field in FIELDS)

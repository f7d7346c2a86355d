"""The etl on whole runs: what counts, what is left out, what happens when things break."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from overscripted import segments
from overscripted.errors import DoubtfulData, InputError, OutsideError, SoftwareMissing, StageMissing
from overscripted.etl import raw_segments, settings
from overscripted.etl import run as door
from overscripted.etl.raw_data import RawData
from overscripted.etl.raw_segments import Segment
from overscripted.etl.reuse import outgrown
from overscripted.etl.run import run_etl
from overscripted.record_kinds import RECORD_KINDS, RecordKind
from overscripted.record_kinds.request_bodies import REQUEST_BODIES
from overscripted.run import Run
from overscripted.schemas import BOOL, BYTES, FLOAT, INT, STR, TABLES, TIME
from overscripted.store import Store
from tests.etl.batches import damaged_segment, nothing_stray
from tests.etl.conftest import by, call, crawl_run, one_more_visit, rows, table, visit


def _add(run: Run, name: str, made: list[dict[str, Any]]) -> str:
    return segments.write(run.store, name, table(name, made), "test")


def _content(run: Run) -> dict[str, list[dict[str, Any]]]:
    return {name: rows(run, name) for name in TABLES}


def test_only_the_highest_acknowledged_attempt_counts(tmp_path: Path) -> None:
    run = crawl_run(
        tmp_path / "run",
        calls=[
            *[call(visit_id=1, attempt=1, ordinal=n) for n in range(3)],  # acknowledged, but late
            *[call(visit_id=1, attempt=2, ordinal=n) for n in range(2)],  # this one
            *[call(visit_id=1, attempt=3, ordinal=n) for n in range(5)],  # died: no visits row
            call(visit_id=2, attempt=1),  # never acknowledged
        ],
        visits=[visit(attempt=1), visit(attempt=2)],
        frames=[{"crawl_id": 7, "visit_id": 1, "attempt": n, "url": f"https://f{n}/"} for n in (1, 2, 3)],
    )
    facts = run_etl(run)
    assert by(run, "calls", "visit_id", "ordinal") == [(1, 0), (1, 1)]
    assert by(run, "frames", "url") == [("https://f2/",)]
    assert by(run, "visits", "visit_id", "attempt", "n_attempts") == [(1, 2, 2)]
    assert facts["calls_of_unacknowledged_attempts"] == 9


def test_of_a_visit_that_followed_only_the_attempt_of_its_parent_counts(tmp_path: Path) -> None:
    followers = [
        visit(visit_id=2, attempt=1, parent_visit_id=1),  # also made at the parent's second attempt
        visit(visit_id=2, attempt=2, parent_visit_id=1),
        visit(visit_id=3, attempt=1, parent_visit_id=1),  # chosen at the parent's first attempt only
        visit(visit_id=5, attempt=1, parent_visit_id=4),
    ]
    calls = [call(visit_id=row["visit_id"], attempt=row["attempt"]) for row in followers]
    seeds = [visit(attempt=1), visit(attempt=2), visit(visit_id=4)]
    run = crawl_run(tmp_path / "run", calls=calls, visits=[*followers, *seeds])
    run_etl(run)
    kept = [(1, 2, None), (2, 2, 1), (4, 1, None), (5, 1, 4)]
    assert by(run, "visits", "visit_id", "attempt", "parent_visit_id") == kept
    assert by(run, "calls", "visit_id") == [(2,), (5,)]


def test_a_challenge_is_in_no_roll_up(tmp_path: Path) -> None:
    wall = {"location": "https://wall.example/", "context_url": "https://wall.example/"}
    totals = {
        "crawl_id": 7,
        "attempt": 1,
        "frame_id": 0,
        "parent_frame_id": -1,
        "symbol": "s",
        "operation": "get",
        "script_url": "https://wall.example/w.js",
        "n_calls": 9,
        "n_recorded": 2,
    }
    run = crawl_run(
        tmp_path / "run",
        calls=[call(ordinal=0), *[call(visit_id=2, ordinal=n, **wall) for n in range(2)]],
        call_totals=[{**totals, "visit_id": 2, **wall}],
        visits=[
            visit(),
            visit(visit_id=2, outcome="challenge", challenge="a rule", title="Just a moment..."),
        ],
    )
    run_etl(run)
    assert by(run, "calls", "visit_id", "ordinal") == [(1, 0), (2, 0), (2, 1)]
    for rolled_up in ("script_refs", "symbol_counts", "pages"):
        assert by(run, rolled_up, "visit_id") == [(1,)], rolled_up
    assert all(row["location"] != wall["location"] for row in rows(run, "documents"))
    assert by(run, "visits", "visit_id", "challenge") == [(1, None), (2, "a rule")]


def test_calls_that_caps_cut_are_counted_exactly(tmp_path: Path) -> None:
    total = {
        **{k: call()[k] for k in ("crawl_id", "visit_id", "attempt", "frame_id", "location", "script_url")},
        "symbol": "window.navigator.userAgent",
        "operation": "get",
    }
    run = crawl_run(
        tmp_path / "run",
        calls=[call(ordinal=0), call(ordinal=1), call(ordinal=2, symbol="")],
        call_totals=[
            {**total, "n_calls": 1000, "n_recorded": 2},
            {**total, "attempt": 2, "n_calls": 50, "n_recorded": 0},
            {**total, "script_url": "https://never.recorded/x.js", "n_calls": 5, "n_recorded": 0},
        ],
        visits=[visit()],
    )
    run_etl(run)
    assert by(run, "script_refs", "script_url", "n_calls", "n_valid", "n_invalid") == [
        ("https://cdn.tracker.com/t.js", 1001, 2, 1),
        ("https://never.recorded/x.js", 5, 0, 0),
    ]
    assert by(run, "pages", "n_scripts", "n_calls", "n_valid", "n_invalid") == [(2, 1006, 2, 1)]
    assert by(run, "symbol_counts", "symbol", "n_calls", "n_valid") == [
        ("", 1, 0),
        ("window.navigator.userAgent", 5, 0),
        ("window.navigator.userAgent", 1000, 2),
    ]


def test_uses_of_symbols_say_whose_they_are(tmp_path: Path) -> None:
    own = {"script_url": call()["location"]}
    made = [call(ordinal=0), call(ordinal=1, **own), call(ordinal=2, script_url="inline", symbol="window.x")]
    cut = {
        k: v
        for k, v in call(symbol="window.y").items()
        if k in ("crawl_id", "visit_id", "attempt", "location")
    }
    cut |= {"script_url": "https://a.cut.com/", "symbol": "window.y", "operation": "get", "frame_id": 0}
    totals = [{**cut, "n_calls": 5, "n_recorded": 0}]
    run = crawl_run(tmp_path / "run", calls=made, call_totals=totals, visits=[visit()])
    run_etl(run)
    found = by(run, "symbol_counts", "script_domain", "location_domain", "is_third_party", "n_calls")
    assert found == [
        ("", "example.co.uk", False, 1),
        ("cut.com", "example.co.uk", True, 5),
        ("example.co.uk", "example.co.uk", False, 1),
        ("tracker.com", "example.co.uk", True, 1),
    ]
    keys = by(run, "symbol_counts", *TABLES["symbol_counts"].key)
    assert len(keys) == len(set(keys)) == 4


TEXTS = ["", "\x00", "İ", "ß", "e\u0301", "Z", "a", "Ä", "👨‍👩‍👧", "\ufffd"]


def _rows_of(kind: RecordKind, ids: dict[str, int]) -> list[dict[str, Any]]:
    """Rows of a kind with the texts in each column, extreme numbers and times, and NULL."""
    values: dict[Any, list[Any]] = {
        STR: TEXTS,
        INT: [0, -1, 2**62],
        FLOAT: [0.5, -0.0, float("nan")],
        BOOL: [True, False],
        TIME: [1_700_000_000_000_001, 253402300799000000],
        BYTES: [b"", b"\x00\xff", b"text"],
    }
    filled = [
        {column.name: values[column.type][n % len(values[column.type])] for column in kind.table.columns}
        for n in range(len(TEXTS))
    ]
    return [row | ids for row in filled] + [ids]


def _bodies_of(kind: RecordKind, ids: dict[str, int]) -> list[dict[str, Any]]:
    """The bodies of every third request of `_rich_run`, and of another hop, attempt and request."""
    if kind != REQUEST_BODIES:
        return []
    return [
        {**ids, "request_id": str(n), "hop": 0, "sha256": t, "size": n, **of}
        for n, t in enumerate(TEXTS)
        for of in ({}, {"hop": 1}, {"attempt": 2}, {"request_id": ""})
        if n % 3 == 0
    ]


def _rich_run(folder: Path) -> Run:
    """Every raw table, with rows that engines may treat differently."""
    ids = {"crawl_id": 7, "visit_id": 1, "attempt": 1}
    when = 1_700_000_000_000_000
    run = crawl_run(
        folder,
        calls=[
            call(
                ordinal=n,
                value=t,
                func_name=t,
                symbol=f"window.{t}",
                location=f"https://www.{n % 3}.example.com:81/{t}",
                arguments=f'{{"0":"{t}"}}' if t != "\x00" else '{"0":"\\u0000"}',
                script_loc_eval="line 1 > eval" if n % 2 else "",
                time_stamp=f"2026-03-29T0{n % 10}:59:59.{n:03}Z",  # around a change of clocks
                script_col=None if n % 3 else str(2**53 + n),
                value_len=10**12 if n == 3 else None,
                receiver=2**60 + n if n % 2 else None,
                receiver_owner=n,
                canvas_width=2**31 if n % 3 else None,
                canvas_height=0,
            )
            for n, t in enumerate(TEXTS * 3)
        ]
        + [call(ordinal=102, visit_id=3, location="https://wall.example/")]
        + [call(ordinal=100, operation=None), call(ordinal=101, symbol=None, location=None, in_iframe=None)],
        visits=[
            visit(starved=float("nan"), dwell_s=-0.0),
            visit(visit_id=2, site_url=None, final_url=None),
            visit(visit_id=3, outcome="challenge"),
        ],
        frames=[{**ids, "frame_id": n, "url": t, "time_stamp": when + n} for n, t in enumerate(TEXTS)],
        requests=[
            {
                **ids,
                "request_id": str(n),
                "hop": 0,
                "url": f"https://r{n % 2}.tracker.com/{t}",
                "top_level_url": "https://www.page.example.co.uk/" if n % 2 else "",
                "resource_type": "main_frame" if n == 0 else "script",
                "time_stamp": when + n,
                "from_cache": None if n % 2 else True,
            }
            for n, t in enumerate(TEXTS)
        ],
        callstacks=[  # of every other request
            {**ids, "request_id": str(n), "call_stack": f"@{t}", "script_url": t}
            for n, t in enumerate(TEXTS)
            if n % 2
        ],
        **{kind.table.name: _rows_of(kind, ids) + _bodies_of(kind, ids) for kind in RECORD_KINDS},
        contents=[{"sha256": "c", "size": 2, "content": content} for content in (None, b"\x00\xff")],
        scripts=[
            {"sha256": "a", "size": 3, "content": b"\x00\xff\xfe"},
            {"sha256": "b", "size": 9, "content": None},
            {"sha256": "b", "size": 9, "content": b"123456789"},
        ],
    )
    _add(run, "scripts", [{"sha256": "a", "size": 3, "content": b"\x00\xff\xfe"}])
    return run


@pytest.mark.spark
def test_both_engines_make_the_same_tables_row_for_row(tmp_path: Path, spark: Any) -> None:
    one = _rich_run(tmp_path / "duckdb")
    shutil.copytree(tmp_path / "duckdb", tmp_path / "spark")
    other = Run.open(tmp_path / "spark")
    run_etl(one)
    run_etl(other, "spark")
    for name in TABLES:
        # repr: NaN equals itself, -0.0 differs from 0.0
        assert repr(rows(one, name)) == repr(rows(other, name)), name
        schemas = {run.store.read_table(f"tables/{name}").schema.remove_metadata() for run in (one, other)}
        for schema in schemas:
            assert list(zip(schema.names, schema.types, strict=True)) == list(
                zip(TABLES[name].schema.names, TABLES[name].schema.types, strict=True)
            ), name
    assert len(rows(one, "calls")) == 31 and len(rows(one, "invalid_calls")) == 2
    assert by(one, "requests", "request_id", "call_stack", "script_url") == [
        (str(n), f"@{t}", t) if n % 2 else (str(n), None, None) for n, t in enumerate(TEXTS)
    ]
    assert by(one, "requests", "request_id", "request_body_sha256", "request_body_size") == [
        (str(n), t, n) if n % 3 == 0 else (str(n), None, None) for n, t in enumerate(TEXTS)
    ]
    assert by(one, "scripts", "sha256", "content") == [("a", b"\x00\xff\xfe"), ("b", b"123456789")]


def test_an_etl_run_again_works_on_what_is_new_and_changes_nothing_else(tmp_path: Path) -> None:
    run = crawl_run(tmp_path / "run", calls=[call(ordinal=n) for n in range(4)], visits=[visit()])
    run_etl(run)
    (old,) = run.store.files("tables/calls")
    inode = os.stat(run.store.path(old)).st_ino
    _add(run, "calls", [call(visit_id=2, ordinal=0, script_url="https://new.com/n.js")])
    _add(run, "visits", [visit(visit_id=2)])
    facts = run_etl(run)
    assert facts["batches_reused"] == 1
    assert os.stat(run.store.path(old)).st_ino == inode  # the very file, not made again
    content = _content(run)
    run_etl(run, full=True)
    assert _content(run) == content
    assert by(run, "script_refs", "visit_id", "n_calls") == [(1, 4), (2, 1)]


def test_small_batches_are_made_again_with_what_is_new_where_that_is_as_much(tmp_path: Path) -> None:
    run = crawl_run(tmp_path / "run", calls=[call(ordinal=n) for n in range(4)], visits=[visit()])
    run_etl(run)
    _add(run, "calls", [call(visit_id=2, ordinal=n, symbol="x" * (n > 0)) for n in range(4)])
    _add(run, "visits", [visit(visit_id=2)])
    facts = run_etl(run)
    assert "batches_reused" not in facts and facts["raw_calls"] == 8
    assert len(run.store.files("tables/calls")) == len(run.store.files("tables/invalid_calls")) == 1
    nothing_stray(run)
    _add(run, "calls", [call(visit_id=3, ordinal=0)])
    _add(run, "visits", [visit(visit_id=3)])
    assert run_etl(run)["batches_reused"] == 1
    content = _content(run)
    assert (len(content["calls"]), len(content["invalid_calls"])) == (8, 1)
    assert len({Path(key).name for key in run.store.files("tables/calls")}) == 2
    run_etl(run, full=True)
    assert _content(run) == content


def _group(*rows: int, size: int = 1000) -> list[Segment]:
    return [Segment(f"raw/calls/{n}-{one}.parquet", one, size, "") for n, one in enumerate(rows)]


def test_a_call_is_made_again_only_where_its_batch_at_least_doubles() -> None:
    old = {"b1": _group(40, 60), "b2": _group(10), "b3": _group(30), "b4": _group(300_000)}
    assert outgrown(old, []) == set()
    assert outgrown(old, _group(9)) == set()
    assert outgrown(old, _group(10)) == {"b2"}
    assert outgrown(old, _group(20)) == {"b2", "b3"}
    assert outgrown(old, _group(60)) == {"b1", "b2", "b3"}
    assert outgrown(old, _group(10**6)) == {"b1", "b2", "b3"}  # the fourth is large enough
    assert outgrown({"b1": _group(10, size=10**9)}, _group(100)) == set()
    made = settings.SMALL_BATCH[0]
    batches, again = [], 0  # a thousand small etls
    for _ in range(1000):
        named = {str(n): _group(rows) for n, rows in enumerate(batches)}
        gone = outgrown(named, _group(1000))
        again += sum(batches[int(n)] for n in gone)
        kept = [rows for n, rows in enumerate(batches) if str(n) not in gone]
        batches = [*kept, 1000 + sum(batches[int(n)] for n in gone)]
    assert sum(batches) == 10**6 and len([rows for rows in batches if rows < made]) <= 9
    assert again <= 8 * 10**6


def test_a_batch_is_made_again_when_a_later_attempt_is_acknowledged(tmp_path: Path) -> None:
    run = crawl_run(tmp_path / "run", calls=[call(ordinal=0), call(visit_id=2, ordinal=0)], visits=[visit()])
    run_etl(run)
    assert by(run, "calls", "visit_id") == [(1,)]
    _add(run, "visits", [visit(visit_id=2)])  # what was left out counts now
    run_etl(run)
    assert by(run, "calls", "visit_id") == [(1,), (2,)]
    _add(run, "calls", [call(attempt=2, ordinal=0, value="second")])
    _add(run, "visits", [visit(attempt=2)])
    run_etl(run)
    assert by(run, "calls", "visit_id", "value") == [(1, "second"), (2, "Mozilla")]
    assert sum(count for (count,) in by(run, "script_refs", "n_calls")) == 2


def test_a_repaired_call_has_the_host_of_its_script(tmp_path: Path) -> None:
    stack = "f@https://cdn.example.org/npm/lib@1.2/x.js:10:20"
    broken = call(script_url="", script_line="https", script_col="//cdn.example/npm/lib", call_stack=stack)
    run = crawl_run(tmp_path / "run", calls=[broken], visits=[visit()])
    run_etl(run)
    assert by(run, "calls", "repaired", "script_host", "script_domain") == [
        (True, "cdn.example.org", "example.org")
    ]


def test_segments_of_other_versions_are_read_as_todays(tmp_path: Path) -> None:
    run = crawl_run(tmp_path / "run", calls=[call(ordinal=0, receiver=1)], visits=[visit()])
    new = [
        "value_len",
        "realm",
        "top_level_url",
        "receiver",
        "receiver_owner",
        "canvas_width",
        "canvas_height",
    ]
    old = table("calls", [call(ordinal=1)]).drop_columns(new)
    line = old.schema.get_field_index("script_line")
    old = old.set_column(line, "script_line", pa.array([12], pa.int32())).append_column(
        "since_removed", pa.array(["x"])
    )
    run.store.write_table("raw/calls/older.parquet", old)
    run_etl(run)
    assert by(run, "calls", "ordinal", "script_line", "realm", "top_level_url", "receiver") == [
        (0, 12, "window", "https://www.page.example.co.uk/", 1),
        (1, 12, "window", "", None),
    ]


@pytest.mark.parametrize("kind", ["truncated", "empty", "within"])
def test_a_damaged_segment_is_named_and_the_rest_is_processed(tmp_path: Path, kind: str) -> None:
    run = crawl_run(tmp_path / "run", calls=[call(ordinal=0)], visits=[visit(), visit(visit_id=2)])
    bad = damaged_segment(run, kind)
    facts = run_etl(run)
    assert bad in facts["damaged_segments"]
    assert by(run, "calls", "visit_id") == [(1,)]
    before = _content(run)
    with pytest.raises(InputError, match="--strict") as raised:
        run_etl(run, strict=True)
    assert bad in str(raised.value)
    assert _content(run) == before


def test_damage_that_looks_like_a_failing_disk_is_damage(tmp_path: Path) -> None:
    """A page whose header gives it more bytes than the file has."""
    run = crawl_run(tmp_path / "run", calls=[call(ordinal=0)], visits=[visit(), visit(visit_id=2)])
    bad = damaged_segment(run, "longer")
    with pytest.raises(duckdb.IOException):
        duckdb.read_parquet(run.store.path(bad)).fetchall()
    assert bad in run_etl(run)["damaged_segments"]
    assert by(run, "calls", "visit_id") == [(1,)]


def test_a_segment_out_of_reach_is_not_taken_for_damaged(tmp_path: Path) -> None:
    run = crawl_run(tmp_path / "run", calls=[call(ordinal=0)], visits=[visit()])
    run_etl(run)
    before = _content(run)
    (segment,) = run.store.files("raw/calls", ".parquet")
    path = Path(run.store.path(segment))
    path.rename(tmp_path / "away")
    path.symlink_to(path.name)  # as an unreachable one, an OSError with a number: too many links
    with pytest.raises(OutsideError, match="cannot be read"):
        run_etl(run, full=True)
    path.unlink()
    (tmp_path / "away").rename(path)
    assert _content(run) == before


def test_a_visit_that_ends_while_segments_are_listed_waits_for_its_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = crawl_run(tmp_path / "run", calls=[call()], visits=[visit()])
    run.begin("crawl", {})
    scan = raw_segments.scan

    def listed(store: Store, name: str) -> raw_segments.Scan:
        found = scan(store, name)
        if not store.files("raw/visits", ".parquet")[1:]:
            one_more_visit(run)
        return found

    monkeypatch.setattr(raw_segments, "scan", listed)
    run_etl(run, partial=True)
    assert by(run, "visits", "visit_id") == by(run, "calls", "visit_id") == [(1,)]
    run_etl(run, partial=True)
    assert by(run, "visits", "visit_id") == by(run, "calls", "visit_id") == [(1,), (2,)]


def test_a_file_system_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "link", refused)
    run = crawl_run(tmp_path / "run", calls=[call()], visits=[visit()])
    run_etl(run)
    one_more_visit(run)
    run_etl(run)
    assert by(run, "calls", "visit_id") == [(1,), (2,)]


def test_a_run_without_calls_gives_empty_tables(tmp_path: Path) -> None:
    run = crawl_run(tmp_path / "run", visits=[visit(outcome="net_error")])
    run_etl(run)
    assert {name: len(found) for name, found in _content(run).items() if found} == {"visits": 1}
    nothing = crawl_run(tmp_path / "nothing")
    run_etl(nothing)
    assert not any(_content(nothing).values())


def test_an_unfinished_crawl_is_refused_unless_asked_for(tmp_path: Path) -> None:
    run = crawl_run(tmp_path / "run", calls=[call()], visits=[visit()])
    run.interrupt("crawl")
    with pytest.raises(StageMissing, match="--partial"):
        run_etl(run)
    run_etl(run, partial=True)
    assert len(rows(run, "calls")) == 1


def test_killed_while_writing_the_old_tables_stay_and_the_next_etl_completes(tmp_path: Path) -> None:
    run = crawl_run(tmp_path / "run", calls=[call()], visits=[visit(), visit(visit_id=2)])
    run_etl(run)
    before = _content(run)
    many = [call(visit_id=2, ordinal=n, value=str(n) * 100) for n in range(30_000)]
    _add(run, "calls", many)
    command = [sys.executable, "-m", "overscripted", "etl", run.store.url]
    killed = 0
    for delay in (0.0, 0.2, 0.4):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        staged = Path(run.store.path(".staging"))
        while process.poll() is None and not list(staged.rglob("*.parquet")):
            time.sleep(0.01)
        time.sleep(delay)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.wait()
    assert killed
    if run.stage("etl") and Run.open(run.store.url).stage("etl")["status"] == "running":
        assert _content(run) == before
    run_etl(Run.open(run.store.url))
    assert len(rows(run, "calls")) == 30_001
    assert not run.store.files(".staging")


def test_an_etl_that_cannot_begin_leaves_the_earlier_one_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = crawl_run(tmp_path / "run", calls=[call()], visits=[visit()])
    run_etl(run)
    complete = Run.open(run.store.url).stage("etl")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "pyspark.sql", None)
        without.setenv("PATH", str(tmp_path))  # without Java
        without.delenv("JAVA_HOME", raising=False)
        with pytest.raises(SoftwareMissing):
            run_etl(Run.open(run.store.url), "spark")
    assert Run.open(run.store.url).stage("etl") == complete
    segment = run.store.files("raw/calls")[0]
    run.store.write("raw/calls/damaged.parquet", run.store.read(segment)[:100])
    with pytest.raises(InputError, match="--strict"):
        run_etl(Run.open(run.store.url), strict=True)
    assert Run.open(run.store.url).stage("etl") == complete


# Limits the size of files, as a full disk would, then runs the etl.
_FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
from overscripted.cli import entry
entry(["etl", sys.argv[1]])
"""


def test_a_full_disk_is_a_clear_message_and_nothing_half_written(tmp_path: Path) -> None:
    run = crawl_run(tmp_path / "run", calls=[call()], visits=[visit()])
    run_etl(run)
    before = _content(run)
    _add(run, "calls", [call(ordinal=n + 1, value=os.urandom(400).hex()) for n in range(2_000)])
    done = subprocess.run([sys.executable, "-c", _FULL, run.store.url], capture_output=True, text=True)
    assert done.returncode == OutsideError.exit_code, done.stderr
    assert "cannot be written" in done.stderr and "Traceback" not in done.stderr
    assert _content(run) == before
    run_etl(Run.open(run.store.url))
    assert len(rows(run, "calls")) == 2_001


def test_calls_split_in_batches_are_the_same_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = crawl_run(tmp_path / "run", visits=[visit()])
    for start in range(0, 60, 20):
        _add(run, "calls", [call(ordinal=start + n) for n in range(20)])
    run_etl(run)
    whole = _content(run)
    monkeypatch.setattr("overscripted.etl.settings.BATCH_ROWS", 25)
    run_etl(run, full=True)
    assert len(run.store.files("tables/calls")) == 3
    assert _content(run) == whole


def test_status_shows_what_the_etl_recorded(tmp_path: Path) -> None:
    run = crawl_run(tmp_path / "run", calls=[call(), call(ordinal=1, symbol="")], visits=[visit()])
    run_etl(run)
    entry = Run.open(run.store.url).stage("etl")
    assert entry["status"] == "complete"
    assert (entry["facts"]["calls"], entry["facts"]["invalid_calls"]) == (1, 1)
    assert door.OUTPUT == ("tables", "etl")


def _not_utf8(run: Run, name: str, made: list[dict[str, Any]], file: str = "zz-not-utf8") -> str:
    """A segment in whose texts the byte 0xFF stands for each ``~``; its key."""
    rows_ = table(name, made)
    for at, field in enumerate(rows_.schema):
        if field.type == pa.string():
            data = [v and v.encode().replace(b"~", b"\xff") for v in rows_[field.name].to_pylist()]
            chunk = pa.array(data, pa.binary())
            text = pa.Array.from_buffers(pa.string(), len(chunk), chunk.buffers())
            rows_ = rows_.set_column(at, field, text)
    key = f"raw/{name}/{file}.parquet"
    run.store.write_table(key, rows_)
    return key


@pytest.mark.parametrize("name", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def test_a_value_that_is_not_utf8_costs_that_value(
    request: pytest.FixtureRequest, tmp_path: Path, name: str
) -> None:
    if name == "spark":
        request.getfixturevalue("spark")
    run = crawl_run(tmp_path / "run", calls=[call()], visits=[visit()])
    urls = {"request_id": "1", "hop": 0, "url": "https://a.example/~", "method": "GET"}
    ids = {"crawl_id": 7, "visit_id": 2, "attempt": 1}
    keys = [
        _not_utf8(run, "calls", [call(visit_id=2, ordinal=0, value="a~b"), call(visit_id=2, ordinal=1)]),
        _not_utf8(run, "requests", [{**ids, **urls}]),
        _not_utf8(run, "visits", [visit(visit_id=2, error="~")]),
    ]
    before = [run.store.read(key) for key in keys]
    facts = run_etl(run, name)
    assert "damaged_segments" not in facts
    assert facts["values_not_utf8"] == 3
    assert by(run, "calls", "visit_id", "ordinal", "value") == [
        (1, 0, "Mozilla"),
        (2, 0, "a\ufffdb"),
        (2, 1, "Mozilla"),
    ]
    assert by(run, "requests", "url") == [("https://a.example/\ufffd",)]
    assert by(run, "visits", "visit_id", "error") == [(1, ""), (2, "\ufffd")]
    assert [run.store.read(key) for key in keys] == before  # raw records are never changed
    assert run.store.files(".staging") == []


@pytest.mark.parametrize("name", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def test_a_value_of_another_type_costs_that_value(
    request: pytest.FixtureRequest, tmp_path: Path, name: str
) -> None:
    if name == "spark":
        request.getfixturevalue("spark")
    run = crawl_run(tmp_path / "run", calls=[call(ordinal=0)], visits=[visit()])
    odd = table("calls", [call(ordinal=1), call(ordinal=2)])
    for column, values in {"frame_id": ["x", "7"], "func_name": [["f"], ["g"]]}.items():
        at = odd.schema.get_field_index(column)
        odd = odd.set_column(at, column, pa.array(values))
    run.store.write_table("raw/calls/odd.parquet", odd)
    run_etl(run, name)
    assert by(run, "calls", "ordinal", "frame_id", "func_name") == [(0, 0, "f"), (1, None, ""), (2, 7, "")]


@pytest.mark.parametrize("name", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def test_where_most_calls_are_invalid_the_rules_are_named(
    request: pytest.FixtureRequest, tmp_path: Path, name: str
) -> None:
    if name == "spark":
        request.getfixturevalue("spark")
    run = crawl_run(tmp_path / "run", calls=[call(ordinal=0), call(ordinal=1)], visits=[visit()])
    _add(run, "calls", [call(ordinal=2, time_stamp="soon"), call(ordinal=3, time_stamp="soon", in_iframe="")])
    assert "mostly_invalid" not in run_etl(run, name, strict=True)  # half is not most
    _add(run, "calls", [call(ordinal=4, script_url="", time_stamp="")])
    before = _content(run)
    with pytest.raises(DoubtfulData, match="time_stamp") as raised:
        run_etl(run, name, strict=True)
    assert raised.value.exit_code == 7
    assert _content(run) == before
    assert run_etl(run, name)["mostly_invalid"] == (
        "3 of 5 calls; rules broken: time_stamp (3), in_iframe (1), script_url (1)"
    )


def test_copies_of_segments_found_one_after_the_other_are_different_files(tmp_path: Path) -> None:
    run = crawl_run(tmp_path / "run", visits=[visit()])
    damaged_segment(run)
    keys = [_not_utf8(run, "calls", [call(value="a~")], "zz-1")]
    raw = RawData(run.store, Store(run.store.path(".staging/x")))
    raw.scan()
    assert raw.check_rows(trusted=set())
    keys.append(_not_utf8(run, "calls", [call(value="~b")], "zz-2"))
    raw.scan()
    assert raw.check_rows(trusted=set())
    sources = {segment.key: segment.source for segment in raw.segments("calls")}
    values = [run.store.read_table(sources[key])["value"].to_pylist() for key in keys]
    assert values == [["a\ufffd"], ["\ufffdb"]]
    assert not raw.check_rows(trusted=set())

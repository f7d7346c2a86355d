"""OpenWPM's data of every era: one synthetic data set an era, and a real database."""

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from overscripted import segments
from overscripted.errors import InputError
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.run import Run
from tests.etl.conftest import OPENWPM, by, rows

# The javascript table as it was, and one call in it.
ERAS: dict[str, tuple[str, dict[str, Any]]] = {
    "2017-10": (
        "id INTEGER PRIMARY KEY, crawl_id INTEGER, visit_id INTEGER, script_url TEXT, script_line TEXT, "
        "script_col TEXT, func_name TEXT, script_loc_eval TEXT, call_stack TEXT, symbol TEXT, "
        "operation TEXT, value TEXT, arguments TEXT, time_stamp TEXT",
        {"crawl_id": 1, "arguments": '{"0":"k","1":2}'},
    ),
    "2018-12": (
        "id INTEGER PRIMARY KEY, crawl_id INTEGER, visit_id INTEGER, script_url TEXT, script_line TEXT, "
        "script_col TEXT, func_name TEXT, script_loc_eval TEXT, document_url TEXT, top_level_url TEXT, "
        "call_stack TEXT, symbol TEXT, operation TEXT, value TEXT, arguments TEXT, time_stamp TEXT",
        {
            "crawl_id": 1,
            "document_url": "https://frame.example/",
            "top_level_url": "https://site.example/",
            "arguments": '{"0":"k","1":2}',
        },
    ),
    "today": (
        "id INTEGER PRIMARY KEY, incognito INTEGER, browser_id INTEGER, visit_id INTEGER, "
        "extension_session_uuid TEXT, event_ordinal INTEGER, page_scoped_event_ordinal INTEGER, "
        "window_id INTEGER, tab_id INTEGER, frame_id INTEGER, script_url TEXT, script_line TEXT, "
        "script_col TEXT, func_name TEXT, script_loc_eval TEXT, document_url TEXT, top_level_url TEXT, "
        "call_stack TEXT, symbol TEXT, operation TEXT, value TEXT, arguments TEXT, time_stamp TEXT",
        {
            "browser_id": 99,
            "frame_id": 4,
            "document_url": "https://frame.example/",
            "top_level_url": "https://site.example/",
            "arguments": '["k",2]',
        },
    ),
}
# With the interface of the receiver, as in OpenWPM's pull request 1154. It does not say which object it was.
ERAS["with receivers"] = (f"{ERAS['today'][0]}, receiver TEXT", ERAS["today"][1] | {"receiver": "Storage"})
BASE = {
    "visit_id": 1,
    "script_url": "https://s.example/x.js",
    "script_line": "4",
    "script_col": "5",
    "func_name": "f",
    "script_loc_eval": "",
    "call_stack": "",
    "symbol": "window.Storage.setItem",
    "operation": "set(failed)",
    "value": "v",
    "time_stamp": "2019-01-02T03:04:05.006Z",
}


def _database(path: Path, columns: str, made: list[dict[str, Any]], *others: str) -> Path:
    db = sqlite3.connect(path)
    db.execute(f"CREATE TABLE javascript ({columns})")
    db.execute("CREATE TABLE site_visits (visit_id INTEGER PRIMARY KEY, crawl_id INTEGER, site_url TEXT)")
    db.execute("INSERT INTO site_visits VALUES (1, 1, 'https://site.example/')")
    for row in made:
        names = ", ".join(row)
        db.execute(f"INSERT INTO javascript ({names}) VALUES ({', '.join('?' * len(row))})", [*row.values()])
    for statement in others:
        db.execute(statement)
    db.commit()
    db.close()
    return path


def _run(folder: Path, source: Path) -> Run:
    run = Run.open(folder / "run", create=True)
    import_data("openwpm", str(source), run)
    run_etl(run)
    return run


@pytest.mark.parametrize("era", ERAS)
def test_a_call_of_each_era_becomes_a_valid_call(tmp_path: Path, era: str) -> None:
    columns, fields = ERAS[era]
    run = _run(tmp_path, _database(tmp_path / "crawl.sqlite", columns, [BASE | fields]))
    (row,) = rows(run, "calls")
    in_frame = era != "2017-10"  # which did not keep the document
    assert row["location"] == ("https://frame.example/" if in_frame else "https://site.example/")
    assert row["top_level_url"] == ("https://site.example/" if in_frame else "")
    assert row["in_iframe"] is in_frame
    assert (row["operation"], row["argument_0"], row["argument_1"]) == ("set (failed)", "k", "2")
    assert row["time_stamp"].isoformat() == "2019-01-02T03:04:05.006000+00:00"
    assert (row["receiver"], row["receiver_owner"]) == (None, None)
    assert by(run, "visits", "visit_id", "site_url") == [(1, "https://site.example/")]


# Documents without a network address: what differs in their rows, and the origin document's address.
SITE, FRAME, INNER = "https://site.example/", "https://frame.example/", "https://inner.example/x"
OWNED: list[tuple[str, dict[str, Any], str]] = [
    # Frame 4 is in the top document, 5 in 4, 6 in 5, which has no address either; 7 is in none that is known.
    ("today", {"document_url": "about:blank", "frame_id": 4}, SITE),
    ("today", {"document_url": "about:srcdoc", "frame_id": 5}, FRAME),
    ("today", {"document_url": "about:blank", "frame_id": 6}, FRAME),
    ("today", {"document_url": "data:text/html,x", "frame_id": 7}, SITE),
    # The same numbers are other frames in another tab; without a top document the script is what is known.
    ("today", {"document_url": "about:blank", "frame_id": 5, "tab_id": 9}, SITE),
    (
        "today",
        {"document_url": "about:blank", "frame_id": 0, "tab_id": 9, "top_level_url": "about:blank"},
        "https://s.example/x.js",
    ),
    (
        "today",
        {"document_url": "about:blank", "frame_id": 0, "top_level_url": None, "script_url": "about:blank"},
        SITE,
    ),
    # A blob: document is its origin's.
    ("today", {"document_url": "blob:https://frame.example/1", "frame_id": 6}, FRAME),
    ("today", {"document_url": "blob:https://site.example/1", "frame_id": 5}, SITE),
    ("today", {"document_url": "blob:https://else.example:81/1", "frame_id": 5}, "https://else.example:81/"),
    ("today", {"document_url": "blob:null/1", "frame_id": 5}, FRAME),
    # Near misses: documents with an address are their own.
    ("today", {"document_url": INNER, "frame_id": 5}, INNER),
    ("2018-12", {"document_url": "about:blank"}, SITE),
    ("2018-12", {"document_url": "about:blank", "top_level_url": "about:blank"}, "https://s.example/x.js"),
    ("2018-12", {"document_url": INNER}, INNER),
    ("2017-10", {}, SITE),
]
NAVIGATIONS = (
    "CREATE TABLE navigations (visit_id INTEGER, tab_id INTEGER, frame_id INTEGER, parent_frame_id INTEGER, "
    "url TEXT, committed_time_stamp TEXT)",
    *(
        f"INSERT INTO navigations VALUES (1, 3, {frame}, {parent}, '{url}', '2019-01-02T03:04:05.006Z')"
        for frame, parent, url in [
            (0, -1, SITE),
            (4, 0, "about:blank"),
            (4, 0, FRAME),
            (5, 4, "about:srcdoc"),
            (6, 5, "about:blank"),
        ]
    ),
    "INSERT INTO navigations VALUES (2, 3, 5, 0, 'https://of-another-visit.example/', NULL)",
)


@pytest.mark.parametrize("era", ERAS)
def test_a_document_without_an_address_has_that_of_whose_rights_it_has(tmp_path: Path, era: str) -> None:
    columns, usual = ERAS[era]
    usual = usual | ({"tab_id": 3} if era == "today" else {})
    made = [(BASE | usual | fields, owner) for of, fields, owner in OWNED if of == era]
    path = _database(tmp_path / "c.sqlite", columns, [row for row, _ in made], *NAVIGATIONS)
    run = _run(tmp_path, path)
    assert rows(run, "invalid_calls") == []
    found = sorted(rows(run, "calls"), key=lambda row: row["ordinal"])
    assert [(row["location"], row["context_url"]) for row in found] == [
        (row.get("document_url", SITE), owner) for row, owner in made
    ]
    inherited = Counter(owner for row, owner in made if row.get("document_url", SITE) != owner)
    assert by(run, "documents", "location", "n_inherited") == sorted(
        (owner, inherited[owner]) for owner in {owner for _, owner in made}
    )
    assert by(run, "frames", "url", "context_url") == [
        ("about:blank", FRAME),
        ("about:blank", SITE),
        ("about:srcdoc", FRAME),
        (FRAME, FRAME),
        ("https://of-another-visit.example/", "https://of-another-visit.example/"),
        (SITE, SITE),
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {
                "script_line": "wasm-function[1]",
                "script_col": "0x2e",
                "script_loc_eval": "line 6 > WebAssembly.Module",
            },
            ("f", 6, 46, ""),
        ),
        (
            {"script_line": "wasm-function[1]", "script_col": "0x2e", "func_name": ""},
            ("wasm-function[1]", 1, 46, ""),
        ),
        ({"script_loc_eval": "line 9 > inlineScript"}, ("f", 4, 5, "")),
        ({"script_loc_eval": "line 9 > eval"}, ("f", 4, 5, "line 9 > eval")),
    ],
)
def test_frames_that_openwpms_parser_does_not_know_are_read_again(
    tmp_path: Path, fields: dict[str, str], expected: tuple[str, int, int, str]
) -> None:
    columns, usual = ERAS["today"]
    run = _run(tmp_path, _database(tmp_path / "c.sqlite", columns, [BASE | usual | fields]))
    assert by(run, "calls", "func_name", "script_line", "script_col", "script_loc_eval") == [expected]
    assert by(run, "calls", "script_url", "repaired") == [("https://s.example/x.js", False)]


def test_rows_of_parameters_of_2016_are_calls_again(tmp_path: Path) -> None:
    columns = (
        "id INTEGER PRIMARY KEY, crawl_id INTEGER, visit_id INTEGER, script_url TEXT, script_line TEXT, "
        "script_col TEXT, call_stack TEXT, symbol TEXT, operation TEXT, value TEXT, "
        "parameter_index INTEGER, parameter_value TEXT"
    )
    names = ("visit_id", "script_url", "script_line", "script_col", "symbol", "value")
    base = {n: BASE[n] for n in names} | {"operation": "call"}
    made = [
        base | {"parameter_index": 0, "parameter_value": "a"},
        base | {"parameter_index": 1, "parameter_value": "b"},
        base | {"parameter_index": 0, "parameter_value": "a"},  # the same call again
        base | {"operation": "get"},  # without parameters
    ]
    visits = (
        "CREATE TABLE CrawlHistory (crawl_id INTEGER, command TEXT, arguments TEXT, bool_success INTEGER, "
        "dtg DATETIME)",
        "INSERT INTO CrawlHistory VALUES (1, 'GET', 'https://site.example/', 1, '2016-06-01 10:00:00')",
    )
    run = _run(tmp_path, _database(tmp_path / "c.sqlite", columns, made, *visits))
    assert by(run, "calls", "ordinal", "operation", "arguments_n_keys", "argument_0", "argument_1") == [
        (0, "call", 2, "a", "b"),
        (1, "call", 1, "a", ""),
        (2, "get", 0, "", ""),
    ]
    # Calls of 2016 have no time: they take their visit's.
    assert {row["time_stamp"].isoformat() for row in rows(run, "calls")} == {"2016-06-01T10:00:00+00:00"}


def test_a_frame_split_at_its_at_sign_is_repaired(tmp_path: Path) -> None:
    columns, fields = ERAS["today"]
    broken = {
        "script_url": "",
        "script_line": "https",
        "script_col": "//cdn.example/npm/x",
        "call_stack": "f@https://cdn.example/npm/x@1.2/y.js:10:20;null",
    }
    fixed = broken | {"call_stack": "f@https://cdn.example/npm/x@1.2/y.js:10:20"}
    path = _database(tmp_path / "c.sqlite", columns, [BASE | fields | fixed])
    (row,) = rows(_run(tmp_path, path), "calls")
    assert (row["script_url"], row["script_line"], row["repaired"]) == (
        "https://cdn.example/npm/x@1.2/y.js",
        10,
        True,
    )


def test_parquet_with_visits_in_folder_names_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "visits" / "javascript" / "visit_id=53"
    folder.mkdir(parents=True)
    row = {**BASE, **ERAS["today"][1], "instance_id": 7}
    del row["visit_id"]
    pq.write_table(pa.Table.from_pylist([row]), folder / "x.parquet")
    visits = tmp_path / "data" / "visits" / "site_visits" / "instance_id=7"
    visits.mkdir(parents=True)
    pq.write_table(pa.table({"visit_id": [53], "site_url": ["https://site.example/"]}), visits / "y.parquet")
    run = _run(tmp_path, tmp_path / "data")
    assert by(run, "calls", "visit_id", "frame_id", "in_iframe") == [(53, 4, True)]
    assert by(run, "visits", "visit_id", "site_url") == [(53, "https://site.example/")]


def test_visits_of_several_databases_are_told_apart(tmp_path: Path) -> None:
    columns, fields = ERAS["2018-12"]
    (tmp_path / "many").mkdir()
    for name in ("a.sqlite", "b.sqlite"):
        _database(tmp_path / "many" / name, columns, [BASE | fields])
    run = _run(tmp_path, tmp_path / "many")
    assert len(rows(run, "calls")) == len(rows(run, "visits")) == 2
    assert len({row["visit_id"] for row in rows(run, "visits")}) == 2


def test_a_database_left_with_its_journal_is_read_and_not_touched(tmp_path: Path) -> None:
    columns, fields = ERAS["today"]
    path = _database(tmp_path / "c.sqlite", columns, [BASE | fields])
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("INSERT INTO javascript (visit_id, symbol) VALUES (2, 'late')")
    db.commit()
    assert Path(f"{path}-wal").stat().st_size > 0
    copy = tmp_path / "crashed" / "c.sqlite"
    copy.parent.mkdir()
    for end in ("", "-wal"):
        Path(f"{copy}{end}").write_bytes(Path(f"{path}{end}").read_bytes())
    db.close()
    before = {p.name: p.read_bytes() for p in copy.parent.iterdir()}
    run = _run(tmp_path, copy)
    assert run.stage("etl")["facts"]["raw_calls"] == 2
    assert {p.name: p.read_bytes() for p in copy.parent.iterdir()} == before


def test_a_database_without_javascript_gives_visits_and_requests(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    db = sqlite3.connect(path)
    db.executescript(
        """
        CREATE TABLE SITE_VISITS (visit_id INTEGER, site_url TEXT);
        INSERT INTO SITE_VISITS VALUES (5, 'https://a.example/'), (6, 'https://b.example/');
        CREATE TABLE crawl_history (visit_id INTEGER, command TEXT, command_status TEXT, error TEXT);
        INSERT INTO crawl_history VALUES (5, 'GetCommand', 'neterror', 'dnsNotFound');
        CREATE TABLE incomplete_visits (visit_id INTEGER);
        INSERT INTO incomplete_visits VALUES (6);
        CREATE TABLE http_requests (visit_id INTEGER, request_id INTEGER, url TEXT, top_level_url TEXT);
        INSERT INTO http_requests VALUES (5, 1, 'http://a.example/', 'http://a.example/'),
                                         (5, 1, 'https://a.example/', 'https://a.example/');
        CREATE TABLE http_redirects (visit_id INTEGER, old_request_id TEXT, old_request_url TEXT,
                                     new_request_url TEXT, response_status INTEGER);
        INSERT INTO http_redirects VALUES (5, '1', 'http://a.example/', 'https://a.example/', 301);
        CREATE TABLE callstacks (request_id INTEGER, visit_id INTEGER, call_stack TEXT);
        INSERT INTO callstacks VALUES
            (1, 5, 'f@https://b.example/x.js:1:2;a' || char(10) || 'null@c:3:4;null'),
            (1, 5, 'of the same request'),
            (1, 6, 'of another visit');
        """
    )
    db.close()
    run = _run(tmp_path, path)
    assert by(run, "visits", "visit_id", "outcome", "error") == [
        (5, "net_error", "dnsNotFound"),
        (6, "incomplete", ""),
    ]
    assert by(run, "requests", "hop", "status", "redirect_url", "script_url") == [
        (0, 301, "https://a.example/", "https://b.example/x.js"),
        (1, None, None, "https://b.example/x.js"),
    ]
    assert {row["call_stack"] for row in rows(run, "requests")} == {"f@https://b.example/x.js:1:2\n@c:3:4"}
    assert "javascript" in run.stage("import")["facts"]["tables_absent"]


def test_odd_values_come_as_text_or_not_at_all(tmp_path: Path) -> None:
    """Half an emoji, numbers for names, bytes for text, times without end: as pages and eras left them."""
    columns, fields = ERAS["today"]
    made = [BASE | fields | {"arguments": '["\\ud83d", 1]', "value": b"\xff\x00", "time_stamp": "inf"}]
    others = (
        "CREATE TABLE http_requests (visit_id INT, request_id INT, url TEXT, content_policy_type INT)",
        "INSERT INTO http_requests VALUES (1, 1, 'https://a.example/', 2)",
        "CREATE TABLE javascript_cookies (visit_id INTEGER, host TEXT, name TEXT, value BLOB, expiry REAL)",
        "INSERT INTO javascript_cookies VALUES (1, 'a.example', 5, x'ff41', 9e999)",
    )
    run = _run(tmp_path, _database(tmp_path / "c.sqlite", columns, made, *others))
    (row,) = rows(run, "invalid_calls")
    assert (row["arguments"], row["value"], row["errors"]) == (
        '{"0": "\ufffd", "1": 1}',
        "\ufffd\0",
        "time_stamp",
    )
    assert by(run, "requests", "resource_type") == [("script",)]
    assert by(run, "cookies", "name", "value", "expiry") == [("5", "\ufffdA", None)]


def test_an_import_that_fails_leaves_the_earlier_one(tmp_path: Path) -> None:
    columns, fields = ERAS["today"]
    run = _run(tmp_path, _database(tmp_path / "c.sqlite", columns, [BASE | fields]))
    (tmp_path / "bad.sqlite").write_bytes(b"no database")
    with pytest.raises(InputError, match=r"bad\.sqlite"):
        import_data("openwpm", str(tmp_path / "bad.sqlite"), run)
    assert run_etl(run)["calls"] == 1


def test_stacks_of_older_versions_are_a_column_of_requests(tmp_path: Path) -> None:
    columns, fields = ERAS["2018-12"]
    requests = (
        "CREATE TABLE http_requests (visit_id INTEGER, channel_id TEXT, url TEXT, req_call_stack TEXT)",
        "INSERT INTO http_requests VALUES (1, '{a}', 'https://a.example/', 'f@https://b.example/x.js:1:2;null')",
        "INSERT INTO http_requests VALUES (1, NULL, 'https://c.example/', 'of a request without a number')",
        "INSERT INTO http_requests VALUES (1, '{b}', 'https://d.example/', NULL)",
    )
    run = _run(tmp_path, _database(tmp_path / "c.sqlite", columns, [BASE | fields], *requests))
    assert by(run, "requests", "url", "script_url") == [
        ("https://a.example/", "https://b.example/x.js"),
        ("https://c.example/", None),
        ("https://d.example/", None),
    ]


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00 cut"])
def test_what_is_no_openwpm_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.sqlite"
    path.write_bytes(content)
    run = Run.open(tmp_path / "run", create=True)
    with pytest.raises(InputError, match=r"c\.sqlite"):
        import_data("openwpm", str(path), run)
    assert not segments.keys(run.store, "calls")
    assert run.stage("import")["status"] == "interrupted"


@pytest.mark.skipif(not OPENWPM.exists(), reason=f"OpenWPM's database is not at {OPENWPM}")
def test_the_real_database_comes_whole(tmp_path: Path) -> None:
    run = _run(tmp_path, OPENWPM)
    facts = run.stage("etl")["facts"]
    wanted = {"calls": 170, "visits": 7, "requests": 194, "cookies": 12, "frames": 14}
    assert {name: facts[name] for name in wanted} == wanted
    db = sqlite3.connect(f"file:{OPENWPM}?mode=ro", uri=True)
    theirs = db.execute("SELECT arguments FROM javascript WHERE arguments IS NOT NULL").fetchall()
    first = sorted(str(json.loads(text)[0]) for (text,) in theirs)
    assert sorted(r["argument_0"] for r in rows(run, "calls") if r["arguments_n_keys"]) == first
    assert sum(r["status"] is not None for r in rows(run, "requests")) >= 190
    told = "SELECT DISTINCT visit_id, hostname FROM dns_responses ORDER BY 1, 2"
    assert sorted((r["visit_id"], r["host"]) for r in rows(run, "dns_names")) == db.execute(told).fetchall()
    assert {r["ip"] for r in rows(run, "requests") if r["url"].startswith("http://www.example.com/")} == {
        "93.184.216.34"
    }
    (stacks,) = db.execute("SELECT count(*) FROM callstacks").fetchone()
    assert sum(r["call_stack"] is not None for r in rows(run, "requests")) == stacks == 39

"""OpenWPM's data as it is found: among other files, in odd tables, with values of odd types."""

import json
import os
import resource
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from overscripted.errors import InputError
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.foreign import ids
from overscripted.run import Run
from tests.etl.conftest import by
from tests.etl.openwpm_eras import database, story
from tests.etl.test_import_openwpm_eras import VISITS, imported

ERA = "2020-09"


def _crawl(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    return database(path, ERA, story(ERA))


def _outcomes(raw: dict[str, list[dict[str, Any]]]) -> dict[int, str]:
    return {row["visit_id"]: row["outcome"] for row in raw["visits"]}


def _altered(path: Path, *statements: str) -> Path:
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()
    return path


def test_foreign_and_damaged_databases_of_a_folder_are_left_out_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    good = _crawl(folder / "crawl.sqlite")
    _altered(folder / "cookies.sqlite", "CREATE TABLE moz_cookies (id INTEGER)")
    (folder / "cert8.db").write_bytes(b"\x00\x06\x15\x61" + bytes(100))
    (folder / "cut.sqlite").write_bytes(good.read_bytes()[:9000])
    (folder / "prefs.js").write_text("// of a profile")
    raw, facts = imported(tmp_path, folder)
    assert _outcomes(raw) == VISITS
    assert (facts["data_sets"], facts["files_left_out"]) == (1, 3)
    for name, why in (
        ("cert8.db", "no readable SQLite"),
        ("cookies.sqlite", "no OpenWPM"),
        ("cut.sqlite", ""),
    ):
        assert f"{name}: {why}" in facts["left_out_files"]
    run = Run.open(tmp_path / "run")
    before = run.store.files("raw")
    with pytest.raises(InputError, match=r"--strict: .*cert8\.db"):
        import_data("openwpm", str(folder), run, strict=True)
    assert run.store.files("raw") == before


def test_more_databases_than_files_may_be_open(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    for n in range(60):
        _crawl(folder / f"{n}.sqlite")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 30, hard))
    try:
        raw, facts = imported(tmp_path, folder)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (facts["data_sets"], len(raw["visits"])) == (60, 60 * len(VISITS))
    assert "files_left_out" not in facts


def test_nothing_of_a_database_that_is_damaged_within_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its damage is met when a part of it has been written."""
    monkeypatch.setattr("overscripted.etl.importers.writer.IMPORT_SEGMENT_ROWS", 1)
    folder = tmp_path / "two"
    _crawl(folder / "a.sqlite")
    bad = _crawl(folder / "b.sqlite")
    db = sqlite3.connect(bad)
    ((page,),) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'navigations'")
    ((size,),) = db.execute("PRAGMA page_size")
    db.close()
    data = bytearray(bad.read_bytes())
    data[(page - 1) * size : page * size] = b"\xff" * size
    bad.write_bytes(data)
    raw, facts = imported(tmp_path, folder)
    assert facts["left_out_files"].startswith("b.sqlite: table navigations is damaged")
    assert len(raw["calls"]) == facts["calls"] == 2
    assert len(raw["visits"]) == len(VISITS)
    with pytest.raises(InputError, match=r"b\.sqlite: table navigations is damaged"):
        import_data("openwpm", str(bad), Run.open(tmp_path / "alone", create=True))


def test_a_table_without_row_numbers_and_a_view_are_read(tmp_path: Path) -> None:
    path = _altered(
        _crawl(tmp_path / "crawl.sqlite"),
        "ALTER TABLE javascript RENAME TO own",
        "CREATE VIEW javascript AS SELECT * FROM own WHERE visit_id = 1",
        "CREATE TABLE other (request_id, url, visit_id, PRIMARY KEY (request_id, url)) WITHOUT ROWID",
        "INSERT INTO other SELECT request_id, url, visit_id FROM http_requests",
        "DROP TABLE http_requests",
        "ALTER TABLE other RENAME TO http_requests",
        'CREATE TABLE "my ""notes""" (x)',
    )
    raw, facts = imported(tmp_path, path)
    assert (len(raw["calls"]), len(raw["requests"])) == (2, 3)
    assert [row["status"] for row in raw["requests"]] == [302, 200, 404]
    assert facts["tables_ignored"] == 'my "notes" (0 rows), own (2 rows)'


@pytest.mark.parametrize(
    ("own", "number"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("7.0", 7),
        (7.0, 7),
        (b"7", 7),
        (2**53, 2**53),
        (str(2**62 + 1), 2**62 + 1),
        ("abc", ids.visit_id("abc")),
        (7.5, ids.visit_id("7.5")),
        ("9" * 20, ids.visit_id("9" * 20)),
        (1e20, ids.visit_id("1e+20")),
        (None, 0),
    ],
)
def test_a_visits_number_of_any_type_is_one_visit(tmp_path: Path, own: object, number: int) -> None:
    path = _crawl(tmp_path / "crawl.sqlite")
    db = sqlite3.connect(path)
    for table in ("site_visits", "crawl_history", "http_requests", "http_responses", "javascript"):
        db.execute(f"CREATE TABLE untyped AS SELECT CAST(visit_id AS BLOB) AS was, * FROM {table}")
        names = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] != "visit_id"]
        db.execute(f"DROP TABLE {table}")
        db.execute(f"CREATE TABLE {table} ({', '.join(names)}, visit_id)")
        db.execute(f"INSERT INTO {table} SELECT {', '.join(names)}, visit_id FROM untyped WHERE visit_id = 1")
        db.execute("DROP TABLE untyped")
    db.execute("UPDATE site_visits SET visit_id = ?", [own])
    db.execute("UPDATE http_requests SET visit_id = ?", [own])
    db.execute("UPDATE javascript SET visit_id = ?", [str(own) if isinstance(own, float) else own])
    db.execute("UPDATE crawl_history SET visit_id = ?", [own])
    db.commit()
    db.close()
    raw, _ = imported(tmp_path, path)
    for table, n in (("calls", 2), ("requests", 2)):
        assert [row["visit_id"] for row in raw[table]] == [number] * n
    mine = [row for row in raw["visits"] if row["visit_id"] == number]
    assert [(row["site_url"], row["n_calls"]) for row in mine] == [("https://a.example/", 2)]


def _parquet(folder: Path, **tables: pa.Table) -> Path:
    for name, made in tables.items():
        (folder / name).mkdir(parents=True)
        pq.write_table(made, folder / name / "x.parquet")
    return folder


VISIT = pa.table({"visit_id": ["1"], "site_url": ["https://a.example/"]})
CALL = {
    "visit_id": pa.array([1]),
    "symbol": pa.array(["window.name"]),
    "operation": pa.array(["get"]),
    "script_line": pa.array([4.0]),
    "document_url": pa.array(["https://a.example/"]),
}


def _bytes_as_text(*values: bytes) -> pa.Array:
    held = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(held), held.buffers())


@pytest.mark.parametrize(
    ("column", "values", "wanted"),
    [
        ("value", _bytes_as_text(b"a\xff"), "a\ufffd"),
        ("value", pa.array([b"a\xff"]), "a\ufffd"),
        ("value", pa.array(["é"]).dictionary_encode(), "é"),
        ("value", pa.array([4.0]), "4"),
        ("value", pa.array([float("nan")]), None),
        ("value", pa.array([[1, None]]), "[1, null]"),
        ("value", pa.array([True]), "true"),
        ("value", pa.ListArray.from_arrays([0, 1], _bytes_as_text(b"\xff")), '["\ufffd"]'),
        ("arguments", pa.array([["k", "v"]]), '{"0": "k", "1": "v"}'),
        ("frame_id", pa.array([[1]]), None),
        ("frame_id", pa.array(["3"]), 3),
        ("frame_id", pa.array([2.5]), None),
        ("frame_id", pa.array([2**63], pa.uint64()), None),
        ("time_stamp", pa.array([1_513_386_123_004_001_999], pa.timestamp("ns")), "2017-12-16T01:02:03.004Z"),
        (
            "time_stamp",
            pa.array([1_513_386_123], pa.timestamp("s", "Asia/Tokyo")),
            "2017-12-16T01:02:03.000Z",
        ),
    ],
)
def test_a_value_of_any_type_is_text_or_a_number_or_nothing(
    tmp_path: Path, column: str, values: pa.Array, wanted: object
) -> None:
    made = pa.table(CALL | {column: values})
    raw, facts = imported(tmp_path, _parquet(tmp_path / "data", javascript=made, site_visits=VISIT))
    (row,) = raw["calls"]
    assert (row[column], row["script_line"], row["visit_id"]) == (wanted, "4", 1)
    assert len(raw["visits"]) == 1
    assert facts["rows_kept"] == 2


def test_what_pandas_made_of_absent_values_is_absent(tmp_path: Path) -> None:
    """NaN for the status that older rows have under another name, a folder's name for a NULL."""
    history = pa.table(
        {
            "visit_id": [1.0, 2.0],
            "command": ["GET", "GET"],
            "command_status": [float("nan"), None],
            "bool_success": [-1.0, 1.0],
        }
    )
    folder = _parquet(tmp_path / "data", crawl_history=history)
    hidden = folder / "http_requests" / "visit_id=__HIVE_DEFAULT_PARTITION__"
    hidden.mkdir(parents=True)
    pq.write_table(pa.table({"url": ["https://a.example/"]}), hidden / "x.parquet")
    raw, facts = imported(tmp_path, folder)
    assert _outcomes(raw) == {1: "timeout", 2: "complete", 0: "incomplete"}
    assert facts["rows_of_no_visit"] == 1


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    twice = pa.table(CALL).append_column("Symbol", pa.array(["window.x"]))
    folder = _parquet(tmp_path / "data", javascript=twice, site_visits=VISIT)
    with pytest.raises(InputError, match=r"javascript/x\.parquet: column symbol is there twice"):
        imported(tmp_path, folder)


def test_parquet_beside_a_foreign_database_is_read_and_other_folders_are_named(tmp_path: Path) -> None:
    folder = _parquet(tmp_path / "data", javascript=pa.table(CALL), site_visits=VISIT, mine=VISIT)
    _altered(folder / "cookies.sqlite", "CREATE TABLE moz_cookies (id INTEGER)")
    raw, facts = imported(tmp_path, folder)
    assert len(raw["calls"]) == 1
    assert facts["tables_ignored"] == "mine (1 row)"
    assert facts["left_out_files"].startswith("cookies.sqlite: no OpenWPM database")


def test_rows_of_no_visit_are_kept_and_counted(tmp_path: Path) -> None:
    path = _altered(
        _crawl(tmp_path / "crawl.sqlite"),
        "UPDATE http_requests SET visit_id = NULL",
        "UPDATE http_responses SET visit_id = NULL",
    )
    raw, facts = imported(tmp_path, path)
    assert {row["visit_id"] for row in raw["requests"]} == {0}
    assert 0 in _outcomes(raw)
    assert facts["rows_of_no_visit"] == 3


def test_what_was_instrumented_comes_from_the_browsers_parameters(tmp_path: Path) -> None:
    log = {"propertiesToInstrument": [], "excludedProperties": [], "nonExistingPropertiesToInstrument": []}
    settings = [
        {"instrumentedName": "window.Storage", "logSettings": log | {"excludedProperties": ["length"]}},
        {"instrumentedName": "window", "logSettings": log | {"propertiesToInstrument": ["name"]}},
        {"instrumentedName": "nothing", "logSettings": log | {"propertiesToInstrument": None}},
        {"instrumentedName": 5},
    ]
    params = json.dumps({"js_instrument": True, "cleaned_js_instrument_settings": settings})
    told = story(ERA)
    told["crawl"] = [
        {"browser_id": n, "browser_params": text} for n, text in ((1, params), (2, "{"), (3, params))
    ]
    run = Run.open(tmp_path / "run", create=True)
    import_data("openwpm", str(database(tmp_path / "crawl.sqlite", ERA, told)), run)
    run_etl(run)
    assert by(run, "instruments", "symbol", "excluded") == [
        ("window.Storage.*", '["length"]'),
        ("window.name", None),
    ]

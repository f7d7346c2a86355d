"""The SQL box: answers of the run's tables, and nothing else, whatever the SQL is."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from overscripted.api.relations import relations
from overscripted.explore.sql import box as boxes
from overscripted.explore.sql import process
from overscripted.explore.sql.box import SqlBox
from overscripted.explore.sql.examples import Example, examples
from overscripted.explore.sql.statement import Refused, tables_of
from overscripted.run import Run
from overscripted.schemas import TABLES as TABLE_NAMES
from overscripted.store import Store
from tests import services

SECRET = "root:x:0:0"
TITLES = ["a", "<script>alert(1)</script>", "'; DROP TABLE visits"]
VISITS = pa.table({"visit_id": [1, 2, 3], "title": TITLES})
TABLES = {"visits": ["tables/visits/part-0.parquet"], "calls": ["tables/calls/part-0.parquet"]}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    # The folder's name is a pattern, a quote and a command.
    folder = tmp_path_factory.mktemp("runs") / "it's [a]* run"
    made = Store(folder)
    made.write_table(TABLES["visits"][0], VISITS)
    made.write_table(TABLES["calls"][0], pa.table({"visit_id": [1], "symbol": ["window.name"]}))
    made.write("secret.csv", f"{SECRET}\n".encode())
    made.write_table("raw/other.parquet", pa.table({"secret": [SECRET]}))
    os.symlink(made.path("raw/other.parquet"), made.path("tables/visits/link.parquet"))
    return made


@pytest.fixture(scope="module")
def box() -> Iterator[SqlBox]:
    made = SqlBox()
    yield made
    made.close()


def test_answers_a_query_of_the_tables(box: SqlBox, store: Store) -> None:
    sql = "WITH v AS (FROM visits) SELECT title, symbol FROM v JOIN calls USING (visit_id)"
    answer = box.ask(store, TABLES, sql)
    assert not answer.error
    assert answer.rows.to_pylist() == [{"title": "a", "symbol": "window.name"}]
    assert answer.cut == ""


def test_says_what_it_left_out(box: SqlBox, store: Store) -> None:
    answer = box.ask(store, TABLES, "FROM range(10001)")
    assert (answer.rows.num_rows, answer.cut) == (10_000, "the first 10,000 rows")
    assert not box.ask(store, TABLES, "FROM range(10000)").cut
    answer = box.ask(store, TABLES, "SELECT repeat('x', 30000) FROM range(2000)")
    assert answer.cut == "the rows that take up to 20,000,000 bytes"
    assert 600 < answer.rows.num_rows < 667  # of 30,000 bytes each
    answer = box.ask(store, TABLES, "SELECT repeat('x', 30000000)")
    assert answer.error.startswith("One row of the answer has over 20,000,000 bytes.")


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        (
            "SELECT titles\nFROM visits",
            "\n\nLINE 1: SELECT titles\n               ^^^^^^",
        ),
        ("SELECT CAST(title AS INT) FROM visits", "Conversion Error: Could not convert string 'a' to INT32"),
        ("SELECT array_agg(range) FROM range(1000000000)", "needs more memory than 1,000,000,000 bytes."),
    ],
)
def test_says_why_a_query_failed(box: SqlBox, store: Store, sql: str, sentence: str) -> None:
    assert sentence in box.ask(store, TABLES, sql).error


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM a) SELECT count(*) FROM a",
        "SELECT sum(a.range * b.range) FROM range(3000000) a, range(300000) b",
        "SELECT list_reduce(range(100000000), lambda a, b: (a + b) % 7)",
    ],
)
def test_ends_what_does_not_end(box: SqlBox, store: Store, monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    monkeypatch.setattr(boxes, "SQL_SECONDS", 1.0)
    ended: list[Any] = []
    end = boxes._end
    monkeypatch.setattr(boxes, "_end", lambda process: (end(process), ended.append(process)))
    answer = box.ask(store, TABLES, sql)
    assert answer.error == "The query took longer than 1 s and was ended. Ask for less."
    assert ended[0].returncode == -9


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("\ud800", "Parser Error"),
        ("SELECT * FROM " + "(SELECT * FROM " * 400 + "visits" + ")" * 400, "nested too deeply"),
    ],
)
def test_odd_texts_are_answered(box: SqlBox, store: Store, sql: str, said: str) -> None:
    assert said in box.ask(store, TABLES, sql).error


def test_a_process_that_dies_costs_one_query(
    box: SqlBox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boxes.pickle, "dumps", lambda value: b"no request")
    assert box.ask(store, TABLES, "FROM visits").error.startswith("The query ended its process")
    monkeypatch.undo()
    assert box.ask(store, TABLES, "FROM visits").rows.num_rows == 3


REFUSED = [
    ("FROM '/etc/passwd'", "no table '/etc/passwd'"),
    ("FROM 'https://example.com/a.parquet'", "no table 'https://example.com/a.parquet'"),
    ("FROM read_csv('/etc/passwd')", "no table function 'read_csv'"),
    ("FROM main.read_csv('/etc/passwd')", "no table function 'read_csv'"),
    ("FROM READ_TEXT('/etc/passwd')", "no table function 'read_text'"),
    ("SELECT (SELECT content FROM read_blob('/etc/passwd'))", "no table function 'read_blob'"),
    ("SELECT 1 WHERE 1 IN (SELECT 1 FROM glob('/*'))", "no table function 'glob'"),
    ("WITH a AS (FROM read_parquet('x')) FROM a", "no table function 'read_parquet'"),
    ("SELECT * FROM visits, LATERAL (FROM read_json('x'))", "no table function 'read_json'"),
    ("SELECT 1 UNION ALL (FROM sniff_csv('x'))", "no table function 'sniff_csv'"),
    ("FROM query('FROM visits')", "no table function 'query'"),
    ("FROM query_table('visits')", "no table function 'query_table'"),
    ("FROM json_execute_serialized_sql('{}')", "no table function 'json_execute_serialized_sql'"),
    ("FROM arrow_scan(1, 2, 3)", "no table function 'arrow_scan'"),
    ("FROM duckdb_settings()", "no table function 'duckdb_settings'"),
    ("FROM duckdb_secrets()", "no table function 'duckdb_secrets'"),
    ("FROM enable_logging()", "no table function 'enable_logging'"),
    ("FROM information_schema.tables", "no table 'information_schema.tables'"),
    ("FROM other.visits", "no table 'other.visits'"),
    ("FROM requests", "no table 'requests'"),
    ("SHOW TABLES", "no SHOW"),
    ("SELECT getenv('HOME')", "no function getenv"),
    ("SELECT visit_id FROM visits ORDER BY current_setting('home_directory')", "no function current_setting"),
    ("SELECT list_transform([1], lambda x: getvariable('x'))", "no function getvariable"),
    ("SELECT ?", "A parameter has no value"),
    ("COPY visits TO '/tmp/x.csv'", "COPY writes files"),
    ("EXPORT DATABASE '/tmp/x'", "EXPORT writes files"),
    ("ATTACH '/tmp/x.db'", "ATTACH opens other databases"),
    ("INSTALL httpfs", "INSTALL and LOAD bring programs"),
    ("LOAD httpfs", "INSTALL and LOAD bring programs"),
    ("PRAGMA database_list", "PRAGMA"),
    ("SET threads = 99", "SET changes settings"),
    ("SET VARIABLE x = 1", "SET changes settings"),
    ("CREATE SECRET s (TYPE s3)", "runs one SELECT"),
    ("CREATE TABLE x AS FROM visits", "runs one SELECT"),
    ("DROP VIEW visits", "runs one SELECT"),
    ("PREPARE x AS FROM visits", "runs one SELECT"),
    ("CALL pragma_version()", "runs one SELECT"),
    ("EXPLAIN FROM visits", "runs one SELECT"),
    ("PIVOT visits ON title", "A PIVOT needs its values here"),
    ("FROM visits; DROP VIEW visits", "There are 2 statements"),
    ("WITH a AS (COPY visits TO '/tmp/x.csv') FROM a", "a WITH that holds COPY"),
    ("SELECT (WITH a AS (COPY visits TO '/tmp/x.csv' (use_tmp_file false)) SELECT 1)", "holds COPY"),
    ("WITH a AS (INSERT INTO visits VALUES (1) RETURNING *) FROM a", "holds INSERT"),
    ("WITH a AS (UPDATE visits SET title = '' RETURNING *) FROM a", "holds UPDATE"),
    ("FROM visits WHERE EXISTS (WITH a AS (DELETE FROM visits RETURNING *) FROM a)", "holds DELETE"),
    (" -- nothing", "There is no SQL to run"),
]


@pytest.mark.parametrize(("sql", "sentence"), REFUSED)
def test_refuses_what_looks_outside_the_tables(sql: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence.replace("(", r"\(").replace("/", "/")):
        tables_of(sql, TABLES)


def test_points_at_the_part_that_it_refuses() -> None:
    with pytest.raises(Refused) as refusal:
        tables_of("SELECT 'é',\n 'é' || getenv('HOME')\nFROM visits", TABLES)
    assert str(refusal.value).splitlines()[-2:] == ["LINE 2:  'é' || getenv('HOME')", " " * 16 + "^"]


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("FROM visits", ["visits"]),
        ("SELECT * FROM Calls JOIN visits USING (visit_id)", ["calls", "visits"]),
        ("WITH requests AS (FROM visits) FROM requests", ["visits"]),
        ("SUMMARIZE visits", ["visits"]),
        ("DESCRIBE SELECT * FROM calls", ["calls"]),
        ("FROM (PIVOT visits ON title IN ('a') USING count(*))", ["visits"]),
        ("SELECT x FROM range(3) t(x), unnest([1, 2])", []),
        ("SELECT 'FROM read_csv(''/etc/passwd'')'", []),
    ],
)
def test_names_the_tables_of_a_query(sql: str, tables: list[str]) -> None:
    assert sorted(tables_of(sql, TABLES)) == tables


@pytest.fixture(scope="module")
def closed(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return process.closed(store, TABLES, str(tmp_path_factory.mktemp("spill")))


SECRETS = ["secret.csv", "raw/other.parquet", "tables/visits/link.parquet", "tables/visits/*.parquet"]
READERS = ["read_csv", "read_text", "read_blob", "read_parquet", "glob", "sniff_csv", "read_json"]


@pytest.mark.parametrize("key", SECRETS)
@pytest.mark.parametrize("reader", READERS)
def test_duckdb_reads_no_other_file(closed: Any, store: Store, reader: str, key: str) -> None:
    """The second wall, behind the check of the statement."""
    file = f"{store.root}/{key}".replace("'", "''")
    with pytest.raises(duckdb.Error, match="operations are disabled by configuration"):
        closed.execute(f"FROM {reader}('{file}')").fetchall()


@pytest.mark.parametrize(
    "sql",
    [
        "FROM '/etc/passwd'",
        "FROM 'https://example.com/a.parquet'",
        "COPY visits TO '{folder}/x.csv'",
        "EXPORT DATABASE '{folder}/x'",
        "ATTACH '{folder}/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CREATE PERSISTENT SECRET s (TYPE s3)",
        "SELECT getenv('HOME')",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET allowed_paths",
        "SET temp_directory = '{folder}'",
        "PRAGMA enable_profiling; SET profiling_output = '{folder}/x.json'",
        "CALL enable_logging(storage := 'file', storage_path := '{folder}/x')",
    ],
)
def test_duckdb_itself_is_closed(closed: Any, sql: str, tmp_path: Path) -> None:
    with pytest.raises(duckdb.Error):
        closed.execute(sql.format(folder=tmp_path)).fetchall()
    assert not list(tmp_path.iterdir())
    assert closed.execute("SELECT count(*) FROM visits").fetchall() == [(3,)]


def test_a_run_on_object_storage_is_asked(box: SqlBox, s3: services.S3) -> None:
    there = Store(f"{s3.make_bucket('sql')}/a run", **s3.options)
    there.write_table(TABLES["visits"][0], VISITS)
    assert box.ask(there, TABLES, "SELECT max(visit_id) AS n FROM visits").rows.to_pylist() == [{"n": 3}]


@pytest.mark.parametrize("example", examples(TABLE_NAMES), ids=lambda example: example.question)
def test_examples_answer(example: Example, run: Run, tmp_path: Path) -> None:
    known = relations(run.store)
    connection = process.closed(
        run.store, {name: known[name] for name in tables_of(example.sql, known)}, str(tmp_path)
    )
    connection.execute(example.sql).fetchall()

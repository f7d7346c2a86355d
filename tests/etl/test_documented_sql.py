"""The SQL and the joins of docs/reference/tables.md, on a run's own tables."""

import re
from pathlib import Path

import duckdb
import pytest

from overscripted.dictionary import JOINS, document
from overscripted.etl.run import run_etl
from overscripted.record_kinds import RECORD_KINDS
from overscripted.run import Run
from overscripted.schemas import TABLES
from tests.etl.conftest import call, crawl_run, visit

COOKIE = {"symbol": "window.document.cookie", "operation": "get"}
# What each query of the page finds in the run below, in the page's order.
FOUND = (
    [("tracker.com", 1, 2)],
    [("complete", 1, 4), ("net_error", 1, 0)],
    [("tracker.com", 1, 1)],
    [("https://cdn.tracker.com/t.js", 3, b"f()")],
    [("https://cdn.tracker.com/t.js", "POST", 9, "é")],
)
# What the row of each kind has of these columns.
ROW = {"request_id": "1", "hop": 0, "size": 9, "sha256": "c"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    ids = {"crawl_id": 7, "visit_id": 1, "attempt": 1}
    made = crawl_run(
        tmp_path_factory.mktemp("sql") / "run",
        calls=[
            *(call(ordinal=n, **COOKIE) for n in range(2)),
            call(ordinal=2, symbol="CanvasRenderingContext2D.fillText", operation="call"),
            call(ordinal=3, script_url=call()["location"], **COOKIE),
        ],
        visits=[visit(), visit(visit_id=2, outcome="net_error")],
        requests=[
            {**ids, "request_id": "1", "hop": 0, "url": call()["script_url"], "body_sha256": "a"}
            | {"method": "POST", "top_level_url": call()["location"]}
        ],
        **{
            kind.table.name: [ids | {name: ROW[name] for name in kind.table.names if name in ROW}]
            for kind in RECORD_KINDS
        },
        contents=[{"sha256": "c", "size": 2, "content": "é".encode()}],
        scripts=[{"sha256": "a", "size": 3, "content": b"f()"}, {"sha256": "b", "size": 9, "content": None}],
        frames=[{**ids, "frame_id": 0, "url": call()["location"]}],
        instruments=[{"crawl_id": 7, "symbol": "window.document.cookie"}],
    )
    run_etl(made)
    return made


def test_every_query_of_the_page_answers(run: Run) -> None:
    queries = re.findall(r"```sql\n(.*?)```", document(), re.DOTALL)
    answers = [duckdb.sql(query.replace("RUN/", f"{run.store.url}/")).fetchall() for query in queries]
    assert answers == list(FOUND)


@pytest.mark.parametrize("join", JOINS, ids=lambda join: f"{join[0]}-{join[1]}")
def test_every_row_belongs_to_one_row_of_the_other_table(
    run: Run, join: tuple[str, str, tuple[tuple[str, str], ...]]
) -> None:
    left, right, columns = join
    assert {b for _, b in columns} <= set(TABLES[right].names)
    a, b = (f"'{Path(run.store.path(f'tables/{name}'))}/*.parquet'" for name in (left, right))
    on = " AND ".join(f"a.{x} = b.{y}" for x, y in columns)
    counted = f"SELECT count(*), (SELECT count(*) FROM {a}) FROM {a} a JOIN {b} b ON {on}"
    ((joined, rows),) = duckdb.sql(counted).fetchall()
    if left == "symbol_counts" and right == "instruments":
        assert 0 < joined < rows  # of the symbols that it names
    else:
        assert joined == rows
        assert rows > 0 or left == "invalid_calls"

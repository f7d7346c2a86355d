"""What the etl's tests share: engines (Spark started once), raw rows from a base row, small runs."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from overscripted import segments
from overscripted.engines import Engine, open_engine
from overscripted.run import Run
from overscripted.schemas import RAW, TABLES

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
STUDY = SHARED / "overscripted_2017_sample.parquet"
OPENWPM = SHARED / "openwpm" / "crawl-data-2020-11.sqlite"

# A valid raw call of a crawl; a test names only what matters to it.
CALL: dict[str, Any] = {
    "crawl_id": 7,
    "visit_id": 1,
    "attempt": 1,
    "frame_id": 0,
    "parent_frame_id": -1,
    "top_level_url": "https://www.page.example.co.uk/",
    "file_name": "7_x.json",
    "row": 0,
    "ordinal": 0,
    "location": "https://www.page.example.co.uk/",
    "in_iframe": "false",
    "realm": "window",
    "symbol": "window.navigator.userAgent",
    "operation": "get",
    "arguments": None,
    "value": "Mozilla",
    "script_url": "https://cdn.tracker.com/t.js",
    "script_line": "12",
    "script_col": "34",
    "func_name": "f",
    "script_loc_eval": "",
    "call_stack": "",
    "time_stamp": "2026-11-21T07:00:00.123Z",
}


@pytest.fixture(scope="session", params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine in turn."""
    if request.param == "spark":
        yield request.getfixturevalue("spark")
    else:
        with open_engine("duckdb") as opened:
            yield opened


@pytest.fixture(scope="session", autouse=True)
def _one_session(request: pytest.FixtureRequest) -> None:
    """Start Spark before the first test that runs the etl on it."""
    wanted = any(item.get_closest_marker("spark") for item in request.session.items)
    if wanted and shutil.which("java"):
        request.getfixturevalue("spark")


@pytest.fixture(autouse=True)
def _spark_sql(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spark's own SQL makes the roll-ups of tests on Spark, however small."""
    if request.node.get_closest_marker("spark"):
        monkeypatch.setattr("overscripted.etl.settings.SPARK_SQL_ROWS", 0)


def call(**changes: Any) -> dict[str, Any]:
    """A raw call: the base row and the fields that matter."""
    return {**CALL, **changes}


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Raw rows as a table; fields that are not named are NULL."""
    return pa.Table.from_pylist(rows, schema=RAW[name].schema)


def visit(**changes: Any) -> dict[str, Any]:
    """A raw visit that acknowledges attempt 1 of visit 1."""
    base = {
        "crawl_id": 7,
        "visit_id": 1,
        "attempt": 1,
        "site_url": "https://page.example.co.uk/",
        "outcome": "complete",
        "error": "",
        "final_url": "https://www.page.example.co.uk/",
    }
    return {**base, **changes}


def crawl_run(url: Path | str, options: dict[str, Any] | None = None, **tables: list[dict[str, Any]]) -> Run:
    """A run whose crawl has ended, with raw rows by table. ``options`` are the store's."""
    run = Run.open(url, create=True, **(options or {}))
    run.begin("crawl", {})
    for name, rows in tables.items():
        segments.write(run.store, name, table(name, rows), "test")
    run.finish("crawl")
    return run


def one_more_visit(run: Run) -> None:
    """Segments of a visit that came after an etl."""
    segments.write(run.store, "calls", table("calls", [call(visit_id=2, ordinal=0)]), "test")
    segments.write(run.store, "visits", table("visits", [visit(visit_id=2)]), "test")


def same_tables(run: Run, other: Run) -> None:
    """Every table of both runs has the same rows."""
    for name in TABLES:
        assert rows(run, name) == rows(other, name), name


def rows(run: Run, name: str) -> list[dict[str, Any]]:
    """A table of a run, sorted by all its columns."""
    found = run.store.read_table(f"tables/{name}").to_pylist()
    return sorted(found, key=lambda row: [(v is not None, str(v)) for v in row.values()])


def by(run: Run, name: str, *columns: str) -> list[Any]:
    """Some columns of a table, sorted."""
    return sorted(tuple(row[c] for c in columns) for row in rows(run, name))

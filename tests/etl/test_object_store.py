"""The etl on an S3-compatible server: the same tables as in a folder, and only new work done again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.run import run_etl
from overscripted import segments
from overscripted.run import Run
from overscripted.schemas import TABLES
from tests import services
from tests.etl.conftest import call, crawl_run, rows, table, visit


@pytest.fixture(scope="module")
def server() -> Iterator[services.S3]:
    try:
        with services.s3() as running:
            yield running
    except ImportError as missing:
        pytest.skip(f"no S3-compatible server here: {missing}")


def test_tables_on_s3_are_those_of_a_folder(server: services.S3, tmp_path: Path) -> None:
    calls = [call(ordinal=n, value="é" * n) for n in range(50)] + [call(ordinal=50, symbol="")]
    here = crawl_run(tmp_path / "run", calls=calls, visits=[visit()])
    run_etl(here)
    url = f"{server.make_bucket('etl')}/some/run"
    there = Run.open(url, create=True, **server.options)
    there.begin("crawl", {})
    segments.write(there.store, "calls", table("calls", calls), "test")
    segments.write(there.store, "visits", table("visits", [visit()]), "test")
    there.finish("crawl")
    run_etl(there)
    for name in TABLES:
        assert rows(there, name) == rows(here, name), name
    more = [call(visit_id=2, ordinal=0)]
    for run in (here, there):
        segments.write(run.store, "calls", table("calls", more), "test")
        segments.write(run.store, "visits", table("visits", [visit(visit_id=2)]), "test")
        assert run_etl(run)["batches_reused"] == 1
    for name in TABLES:
        assert rows(there, name) == rows(here, name), name
    assert not there.store.files(".staging")

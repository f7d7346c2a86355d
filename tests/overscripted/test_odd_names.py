"""A folder may be called anything: no name is taken for a pattern, a URL, SQL or an option."""

import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings

from overscripted.crawl.frontier.queue import Frontier
from overscripted.crawl.run import _own_frontier
from overscripted.engines import Engine, open_engine
from overscripted.run import Run
from overscripted.store import Store
from tests.overscripted.odd_names import ALL, NAMES, beside


def numbers(engine: Engine, store: Store, key: str = "tables/calls") -> list[int]:
    return sorted(engine.to_arrow(engine.read(store, key))["n"].to_pylist())


def filled(folder: Path, start: int) -> Store:
    store = Store(str(folder))
    for n in (start, start + 1):
        store.write_table(f"tables/calls/{n}.parquet", pa.table({"n": [n]}))
    return store


@pytest.fixture(scope="module")
def duckdb() -> Engine:
    return open_engine("duckdb")


@settings(max_examples=30)
@given(name=NAMES)
def test_a_store_and_duckdb_read_and_write_their_own_folder_alone(duckdb: Engine, name: str) -> None:
    with tempfile.TemporaryDirectory(prefix="odd[1]") as above:
        others = [filled(Path(above) / other, 10) for other in beside(name)]
        store = filled(Path(above) / name, 1)
        assert numbers(duckdb, store) == [1, 2]
        with store.replace("tables/calls", "tables/gone") as staged:
            rows = duckdb.read(store, "tables/calls")
            duckdb.write(rows.mutate(n=rows.n + 2), staged, "tables/calls")
        assert numbers(duckdb, store) == [3, 4]
        store.delete("tables")
        assert store.files() == []
        assert [numbers(duckdb, other) for other in others] == [[10, 11]] * len(others)


@settings(max_examples=15)
@given(name=NAMES)
def test_each_run_has_a_frontier_of_its_own(name: str) -> None:
    with tempfile.TemporaryDirectory() as above:
        for one in (name, *beside(name)):
            run = Run.open(Path(above) / one, create=True)
            for url in (_own_frontier(run), f"sqlite:///{run.store.path('another')}"):
                frontier = Frontier(url, 1)
                assert frontier.add([f"http://a.example/{len(one)}"]) == 1
                frontier.close()
            found = sorted(path.name for path in Path(run.store.root).iterdir())
            assert found == ["another", "frontier.sqlite", "run.json"]
        assert sorted(path.name for path in Path(above).iterdir()) == sorted({name, *beside(name)})


@pytest.mark.spark
@pytest.mark.parametrize("name", [*ALL, "nov[1]", "a:b", "it's {x}"])
def test_spark_reads_and_writes_its_own_folder_alone(spark: Engine, tmp_path: Path, name: str) -> None:
    others = [filled(tmp_path / other, 10) for other in beside(name)]
    store = filled(tmp_path / name, 1)
    rows = spark.read(store, "tables/calls")
    assert sorted(spark.to_arrow(rows)["n"].to_pylist()) == [1, 2]
    assert spark.write(rows, store, "tables/more")
    assert numbers(spark, store, "tables/more") == [1, 2]
    assert [numbers(spark, other) for other in others] == [[10, 11]] * len(others)

"""DuckDB engines side by side and one after the other."""

from pathlib import Path

import ibis
import pyarrow as pa
import pytest
from ibis.common.exceptions import IbisError

from overscripted import engines
from overscripted.engines import Engine, open_engine
from overscripted.store import Store


def doubled(engine: Engine, store: Store, key: str) -> list[int]:
    table = engine.read(store, key)
    found = engine.to_arrow(table.mutate(twice=table.n * 2).order_by("twice"))
    return [int(n) for n in found["twice"].to_pylist()]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    it = Store(str(tmp_path))
    for name, numbers in (("one", [1, 2]), ("two", [7])):
        it.write_table(f"{name}/x.parquet", pa.table({"n": numbers}))
    return it


def test_what_one_has_compiled_serves_the_next_on_its_own_rows(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_COMPILED", {})
    with open_engine("duckdb", alone=True) as first:
        assert doubled(first, store, "one") == [2, 4]
    known = len(engines._COMPILED)
    assert known > 0
    with open_engine("duckdb", alone=True) as second:
        assert doubled(second, store, "two") == [14]
    assert len(engines._COMPILED) == known


def test_tables_of_two_that_may_meet_are_never_taken_for_each_other(store: Store) -> None:
    """As in a notebook, where somebody explores two runs."""
    with open_engine("duckdb") as first, open_engine("duckdb") as second:
        ones, twos = first.read(store, "one"), second.read(store, "two")
        with pytest.raises(IbisError):
            ibis.union(ones, twos).to_pyarrow()
        assert (ones.n.sum().execute(), twos.n.sum().execute()) == (3, 7)

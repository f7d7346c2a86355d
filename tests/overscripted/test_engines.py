"""DuckDB engines side by side and one after the other."""

import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pytest
from ibis.common.exceptions import IbisError

from overscripted import engines
from overscripted.engines import Engine, open_engine
from overscripted.errors import InputError
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


def test_moments_of_a_table_come_as_pythons_own(tmp_path: Path) -> None:
    """DuckDB needs a library for that which it does not ask for."""
    store, when = Store(str(tmp_path)), datetime(2026, 3, 29, 1, 2, 3, 4000, tzinfo=UTC)
    store.write_table("t/x.parquet", pa.table({"time_stamp": pa.array([when], pa.timestamp("us", "UTC"))}))
    found = duckdb.sql(f"SELECT time_stamp FROM '{store.path('t/x.parquet')}'").fetchall()
    assert [moment.astimezone(UTC) for (moment,) in found] == [when]


@pytest.mark.parametrize("name", ["a\\b", "a\\"])
def test_a_temporary_folder_that_duckdb_would_look_for_elsewhere_is_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    with pytest.raises(InputError, match=r"backslash.*--conf temp_directory"):
        open_engine("duckdb", conf={"temp_directory": str(folder)})
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(InputError, match=r"backslash.*TMPDIR"):
        open_engine("duckdb")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["[x]*?{a,b}", "q'uo\"te", "%41 #é\n"])
def test_other_odd_temporary_folders_hold_what_finds_no_room(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with open_engine("duckdb", conf={"memory_limit": "40MB", "threads": "1"}) as engine:
        numbers = engine.table(pa.table({"n": pa.array(range(1_000_000))}))
        kept = engine.keep(numbers.mutate(text=numbers.n.cast("string").repeat(8)))
        assert any(path.suffix == ".tmp" for path in folder.rglob("*"))
        assert engine.to_arrow(kept.aggregate(rows=kept.count())).to_pylist() == [{"rows": 1_000_000}]
    assert list(folder.iterdir()) == []


def test_no_table_has_a_name_that_ibis_gives_subqueries() -> None:
    """A shared subquery called t3 would hide a table of that name: `signals` could not be compiled."""
    with open_engine(alone=True) as engine:
        named = [engine.table(pa.table({"n": [1]})), engine.keep(ibis.memtable({"n": [1]}))]
        assert not [table for table in named if re.fullmatch(r"t\d+", table.get_name())]


@pytest.mark.spark
def test_spark_reads_the_fractions_that_duckdb_wrote(tmp_path: Path, spark: Engine) -> None:
    """Visits have some. So many different ones are not written as a dictionary."""
    store = Store(str(tmp_path))
    numbers = [n / 7 for n in range(5000)]
    with open_engine("duckdb", alone=True) as engine:
        rows = engine.table(pa.table({"n": numbers, "text": ["a"] * 5000}))
        engine.write(rows, store, "t", sort=["n"])
    assert sorted(spark.to_arrow(spark.read(store, "t"))["n"].to_pylist()) == numbers


@pytest.mark.spark
def test_spark_makes_the_rows_of_a_kept_table_once_and_forgets_how(tmp_path: Path, spark: Engine) -> None:
    store = Store(str(tmp_path))
    store.write_table("t/part-0.parquet", pa.table({"n": [1, 2, 3]}))
    kept = spark.keep(spark.read(store, "t").mutate(chance=ibis.random()))
    store.delete("t")
    first, again = (sorted(spark.to_arrow(kept)["chance"].to_pylist()) for _ in range(2))
    assert first == again and len({*first}) == 3
    spark.drop(kept)
    with pytest.raises(Exception, match="TABLE_OR_VIEW_NOT_FOUND"):
        spark.to_arrow(kept)

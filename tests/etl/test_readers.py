"""The study's notebooks' way of reading works on our calls: pandas, Dask and Spark on the folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from overscripted import segments
from overscripted.etl.run import run_etl
from overscripted.run import Run
from tests.etl.conftest import call, crawl_run, table, visit

# The 30 columns as the study published them, and what pandas and Spark made of them.
TEXTS = [
    *(f"argument_{i}" for i in range(9)),
    *("arguments call_id call_stack file_name func_name location operation script_loc_eval".split()),
    *("script_url symbol value value_1000 errors".split()),
]
NUMBERS = ["arguments_n_keys", "crawl_id", "script_col", "script_line", "value_len"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A run whose calls are in two files, one of them without a NULL."""
    first = [call(ordinal=n, script_col=None) for n in range(3)]
    made = crawl_run(tmp_path_factory.mktemp("readers") / "run", calls=first, visits=[visit()])
    run_etl(made)
    fewer = table("calls", [call(ordinal=3)])  # so that they stay a batch of their own
    segments.write(made.store, "calls", fewer, "test")
    run_etl(made)
    assert len(made.store.files("tables/calls")) == 2
    yield made


def test_pandas_reads_the_folder(run: Run) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet(run.store.path("tables/calls"))
    assert len(frame) == 4
    assert set(TEXTS + NUMBERS + ["in_iframe", "time_stamp", "valid"]) <= set(frame.columns)
    assert str(frame.time_stamp.dtype) == "datetime64[us, UTC]"
    assert frame.in_iframe.dtype == bool and frame.valid.dtype == bool
    assert frame[frame.symbol == "window.navigator.userAgent"].location.nunique() == 1


def test_dask_reads_the_folder_and_some_columns(run: Run) -> None:
    dataframe = pytest.importorskip("dask.dataframe")
    frame = dataframe.read_parquet(run.store.path("tables/calls"), columns=["location", "script_url"])
    assert len(frame.drop_duplicates().compute()) == 1
    whole = dataframe.read_parquet(run.store.path("tables/calls"), engine="pyarrow")
    assert whole.script_col.count().compute() == 1


@pytest.mark.spark
def test_spark_reads_the_folder(run: Run, spark: Any) -> None:
    frame = spark.session.read.parquet(run.store.path("tables/calls"))
    types = dict(frame.dtypes)
    assert frame.count() == 4
    assert {types[name] for name in TEXTS} == {"string"}
    assert {types[name] for name in NUMBERS} == {"bigint"}
    assert (types["time_stamp"], types["in_iframe"], types["valid"]) == ("timestamp", "boolean", "boolean")
    assert Path(run.store.path("tables/calls")).is_dir()

"""What the analyses' tests share: the engines, Spark started once."""

from collections.abc import Iterator

import pytest

from overscripted.engines import open_engine
from overscripted.errors import SoftwareMissing

ENGINES = ["duckdb", pytest.param("spark", marks=pytest.mark.spark)]


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of each engine in turn; with Spark's session open, which `analyze` is then given."""
    if request.param == "duckdb":
        yield "duckdb"
        return
    try:
        opened = open_engine("spark", "local[2]", {"spark.sql.shuffle.partitions": "2"})
    except SoftwareMissing as missing:
        pytest.skip(str(missing))
    with opened:
        yield "spark"

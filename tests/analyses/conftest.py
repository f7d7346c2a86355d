"""What the analyses' tests share: the engines."""

from collections.abc import Iterator

import pytest

ENGINES = ["duckdb", pytest.param("spark", marks=pytest.mark.spark)]


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of each engine in turn; with Spark's session open, which `analyze` is then given."""
    if request.param == "spark":
        request.getfixturevalue("spark")
    yield request.param

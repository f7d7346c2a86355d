"""The servers that tests of several stages ask for, started once a file."""

from collections.abc import Iterator

import pytest

from tests import services


@pytest.fixture(scope="module")
def postgres() -> Iterator[services.Postgres]:
    try:
        with services.postgres() as server:
            yield server
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def s3() -> Iterator[services.S3]:
    try:
        with services.s3() as server:
            yield server
    except ImportError:
        pytest.skip("s3fs is not installed (pip install 'overscripted[s3]')")

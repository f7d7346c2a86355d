"""What tests of several stages ask for: servers, started once a file, and Spark, once a process."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from overscripted.engines import Engine, open_engine
from overscripted.errors import SoftwareMissing
from tests import services

# How long an example takes says how busy the machine is.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# For Spark's JVM, here and in the commands that tests run. So short a life as a test's does not earn back the
# optimising compiler, a third of its CPU. The rest saves another tenth: room for all compiled code and for
# more rows before the first collections, and trust in Spark's classes.
_JVM = (
    *("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:ReservedCodeCacheSize=240m"),
    *("-Xms512m", "-Xmn256m", "-XX:+UnlockDiagnosticVMOptions", "-XX:-BytecodeVerificationRemote"),
)
os.environ.setdefault("SPARK_SUBMIT_OPTS", " ".join(_JVM))

# Tests of the virtual display ask for it. Others need none, and headless Firefox takes less CPU.
os.environ.setdefault("OVERSCRIPTED_CRAWL_DISPLAY", "headless")


# Files that take most of a minute or more, the longest first. They begin first, so that none is left alone
# at the end while other processes have nothing to do.
LONG_FILES = (
    "tests/demo/test_demo.py",
    "tests/crawl/behaviours/test_consent.py",
    "tests/crawl/test_durability.py",
    "tests/analyses/test_libraries.py",
    "tests/precrawl/test_responses_firefox.py",
    "tests/crawl/instrument/test_hostile.py",
    "tests/crawl/test_hostile.py",
    "tests/crawl/test_crowd.py",
    "tests/crawl/test_drawing.py",
    "tests/crawl/behaviours/test_forms.py",
    "tests/crawl/behaviours/test_input.py",
    "tests/demo/test_truth.py",
    "tests/precrawl/test_memory.py",
    "tests/crawl/kept/test_kept.py",
    "tests/precrawl/test_faults.py",
    "tests/etl/test_spread.py",
    "tests/etl/test_clusters.py",
    "tests/analyses/test_groups.py",
    "tests/etl/test_spark_s3.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: n for n, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: order.get(item.nodeid.partition("::")[0], len(order)))


@pytest.fixture(scope="session")
def spark() -> Iterator[Engine]:
    """One Spark for all tests of the process; whatever opens Spark is given the same session."""
    try:
        opened = open_engine("spark", "local[2]", {"spark.sql.shuffle.partitions": "2"})
    except SoftwareMissing as missing:
        pytest.skip(str(missing))
    with opened:
        yield opened


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

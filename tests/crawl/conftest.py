"""What crawl tests share: a small web, a real Firefox, a virtual display."""

import shutil
from collections.abc import Iterator

import pytest

from tests import services
from tests.crawl.web import Web


@pytest.fixture(scope="session")
def small_web() -> Iterator[Web]:
    with Web() as web:
        yield web


@pytest.fixture(scope="session")
def firefox() -> None:
    if not (shutil.which("firefox-esr") or shutil.which("firefox")):
        pytest.skip("Firefox is not installed (Debian: apt install firefox-esr)")


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """The name of a virtual display of 1920 x 1080, for DISPLAY, started once a process."""
    try:
        with services.display() as name:
            yield name
    except FileNotFoundError as missing:
        pytest.skip(str(missing))

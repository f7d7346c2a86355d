"""What crawl tests share: a small web, and a real Firefox."""

import shutil
from collections.abc import Iterator

import pytest

from tests.crawl.web import Web


@pytest.fixture(scope="session")
def small_web() -> Iterator[Web]:
    with Web() as web:
        yield web


@pytest.fixture(scope="session")
def firefox() -> None:
    if not (shutil.which("firefox-esr") or shutil.which("firefox")):
        pytest.skip("Firefox is not installed (Debian: apt install firefox-esr)")

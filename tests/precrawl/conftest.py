"""Every test of the precrawl may have a run of its own."""

from pathlib import Path

import pytest

from tests.precrawl.crawling import Crawl


@pytest.fixture
def crawl(tmp_path: Path) -> Crawl:
    """A new run."""
    return Crawl(tmp_path / "run")

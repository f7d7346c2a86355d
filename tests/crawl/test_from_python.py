"""`overscripted.crawl(…)` before any page is visited; tests/demo/test_saving.py crawls with it."""

import asyncio
import pickle
import threading
from pathlib import Path

import pytest

import overscripted
from overscripted.crawl.browser import Browser
from overscripted.crawl.browser_pool import BrowserPool
from overscripted.errors import InputError
from tests.crawl.web import Web


def test_the_package_is_the_function_and_stays_a_package(tmp_path: Path) -> None:
    import overscripted.crawl.run

    assert callable(overscripted.crawl) and overscripted.crawl.run.STAGE == "crawl"
    with pytest.raises(InputError, match="no seeds in it"):
        overscripted.crawl(tmp_path / "run", [])
    assert not (tmp_path / "run").exists()


def test_a_function_that_names_the_package_goes_to_workers() -> None:
    cloudpickle = pytest.importorskip("pyspark.cloudpickle", reason="PySpark is not installed")
    package = overscripted.crawl
    assert pickle.loads(cloudpickle.dumps(lambda: package))() is overscripted.crawl


def test_it_runs_beside_the_loop_of_a_notebook(tmp_path: Path) -> None:
    async def cell() -> None:
        overscripted.crawl(tmp_path / "run", [])

    with pytest.raises(InputError, match="no seeds in it"):
        asyncio.run(cell())


@pytest.mark.firefox
def test_a_crawl_that_is_ended_while_firefox_starts_makes_no_visit(
    small_web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by two interrupts at that time: the visit that was to begin is given up."""
    stop, get = threading.Event(), BrowserPool.get

    async def get_late(pool: BrowserPool) -> Browser:
        browser = await get(pool)
        stop.set()
        await asyncio.sleep(1)
        return browser

    monkeypatch.setattr(BrowserPool, "get", get_late)
    options = {"dwell_s": 3.0, "allow_private": True, "stop": stop}
    facts = overscripted.crawl(tmp_path / "run", [small_web.page(1)], **options)
    assert (facts["seeds"], facts["left"]) == (1, 1)


def test_wrong_arguments_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"crawl: dwell is no option; there are dwell_s, "):
        overscripted.crawl(tmp_path / "run", ["https://a.example/"], dwell=3)
    with pytest.raises(InputError, match="seeds are a list of URLs or a Path, not the text 'https://a"):
        overscripted.crawl(tmp_path / "run", "https://a.example/")
    with pytest.raises(InputError, match=r"absent\.txt: no such file"):
        overscripted.crawl(tmp_path / "run", tmp_path / "absent.txt")

"""A page sees and does among others what it sees and does alone, also in what it opens and comes late."""

from pathlib import Path

import pytest

from bench.likeness import Calls, Crawled, difference, marked
from overscripted.run import Run
from tests.crawl.company import told
from tests.crawl.crawling import crawl
from tests.crawl.web import HELD_S, Web

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

DWELL_S = 1  # what a page opens comes after it
# What a page sees of the focus: it comes once, also to the input that asks for it, and stays.
FOCUS = [f"focus of {target}, with focus, visible" for target in ("#document", "window", "INPUT")]
VISITS = 2  # of each page in the crowd


def pages(web: Web) -> list[str]:
    return [*(web.page(n) for n in range(4)), *(web.opens(n) for n in range(2))]


def crawled(web: Web, folder: Path, visits: int, windows: int) -> dict[str, list[Calls]]:
    """Calls of each visit of each page."""
    folder.mkdir()
    seeds = [marked(url, n) for n in range(visits) for url in pages(web)]
    options = (
        "--windows",
        str(windows),
        "--dwell",
        str(DWELL_S),
        "--allow-private",
        "--per-domain",
        "0",
        "--popups",
        "allow",
    )
    crawl(folder / "run", *options, "--instrument", "fingerprinting", seeds=seeds, folder=folder)
    found = Crawled(Run.open(folder / "run")).by_page()
    assert {url: len(calls) for url, calls in found.items()} == {url: visits for url in pages(web)}
    return found


@pytest.fixture(scope="module")
def alone(small_web: Web, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Calls]]:
    return crawled(small_web, tmp_path_factory.mktemp("crowd") / "alone", 1, 1)


def test_what_a_page_opens_is_seen_though_it_comes_after_the_dwell(
    small_web: Web, alone: dict[str, list[Calls]]
) -> None:
    assert HELD_S > DWELL_S
    for n in range(2):
        (calls,) = alone[small_web.opens(n)]
        seen = {key[0] for key in calls}
        assert seen == {small_web.opens(n), *(f"{small_web.other}/held/{k}/{n}" for k in ("popup", "frame"))}


def test_the_same_calls_among_others_as_alone(
    small_web: Web, alone: dict[str, list[Calls]], tmp_path: Path
) -> None:
    crowd = crawled(small_web, tmp_path / "crowd", VISITS, 12)
    for url in pages(small_web):
        for calls in crowd[url]:
            assert difference(calls, alone[url][0]) == [], url


def test_a_page_sees_nothing_of_the_others(small_web: Web, tmp_path: Path) -> None:
    (alone,) = told(small_web, tmp_path / "alone", "alone", 1, 1)
    assert alone["beginning"] == ["with focus, visible", False]
    assert alone["events"] == FOCUS
    assert (alone["unfocused"], alone["hidden"], alone["inactive"]) == (False, False, False)
    assert alone["devices"] == "gives "
    for crowd in told(small_web, tmp_path / "crowd", "crowd", 8, 8):
        assert crowd == alone


def test_a_page_sees_nothing_of_the_others_on_a_display(
    small_web: Web, tmp_path: Path, display: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", display)
    (alone,) = told(small_web, tmp_path / "alone", "shown-alone", 1, 1, "--display", "desktop")
    assert alone["beginning"] == ["with focus, visible", False]
    assert alone["events"] == FOCUS
    for crowd in told(small_web, tmp_path / "crowd", "shown-crowd", 4, 4, "--display", "desktop"):
        assert crowd == alone

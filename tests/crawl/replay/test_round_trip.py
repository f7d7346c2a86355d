"""A crawl that was recorded, replayed without its web: the same pages, calls, bodies and pictures."""

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image, ImageChops

from overscripted import layout
from overscripted.crawl.firefox import process
from tests.crawl.crawling import crawl
from tests.crawl.raw import Raw, table
from tests.crawl.web import Web

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

PICTURED = "/pages/pictured.html"
OPTIONS = ("--dwell", "2", "--windows", "3", "--retries", "2", "--save", "screenshot=viewport+page")
PAGES = ("/page/1", "/page/5", "/redirect?to=/page/3", "/absent", PICTURED)


@dataclass
class RoundTrip:
    crawled: Raw
    replayed: Raw
    again: Raw
    asked: int  # requests that the web got during the replays
    seeds: list[str]


@pytest.fixture(scope="module")
def trip(firefox: None, small_web: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoundTrip]:
    folder = tmp_path_factory.mktemp("trip")
    seeds = [f"{small_web.base}{page}" for page in PAGES]
    crawl(folder / "crawl", "--record", "--allow-private", *OPTIONS, seeds=seeds, folder=folder)
    small_web.asked.clear()
    archive = str(folder / "crawl" / layout.ARCHIVE)
    other = folder / "another-firefox"
    other.symlink_to(process.find())
    for name, more in (("replay", ()), ("again", ("--firefox", str(other)))):
        crawl(folder / name, "--replay", archive, *more, *OPTIONS, folder=folder)
    runs = [Raw(str(folder / name)) for name in ("crawl", "replay", "again")]
    yield RoundTrip(*runs, small_web.asked.total(), seeds)


def calls(raw: Raw, seed: str) -> Counter[tuple[Any, ...]]:
    # A value may be that of a frame which was the first by chance.
    names = ("script_url", "symbol", "operation")
    return Counter(tuple(call[name] for name in names) for call in raw.of("calls", seed))


def requests(raw: Raw, seed: str) -> Counter[tuple[Any, ...]]:
    names = ("url", "method", "status", "resource_type", "body_sha256", "redirect_url")
    return Counter(tuple(request[name] for name in names) for request in raw.of("requests", seed))


def test_a_replay_needs_no_web(trip: RoundTrip) -> None:
    assert trip.asked == 0


def test_each_replay_is_like_the_crawl(trip: RoundTrip) -> None:
    for replay in (trip.replayed, trip.again):
        assert replay.outcomes() == trip.crawled.outcomes()
        for seed in trip.seeds:
            assert calls(replay, seed) == calls(trip.crawled, seed)
            assert requests(replay, seed) == requests(trip.crawled, seed)
    assert sum(calls(trip.crawled, seed).total() for seed in trip.seeds) > 10


def test_another_firefox_can_replay_and_the_run_says_which(trip: RoundTrip) -> None:
    replayed, again = (raw.run.stage("crawl") for raw in (trip.replayed, trip.again))
    assert replayed["options"]["firefox"] is None
    assert again["options"]["firefox"].endswith("/another-firefox")
    assert replayed["firefox"] == again["firefox"] != ""


def test_every_request_is_answered_by_its_own_capture(trip: RoundTrip) -> None:
    rows = [row for seed in trip.seeds for row in trip.replayed.of("replayed_requests", seed)]
    assert {(row["rule"], row["of_page"], row["is_repeated"]) for row in rows} == {("exact", True, False)}


def pictures(raw: Raw, seed: str) -> dict[str, tuple[bytes, Image.Image]]:
    """The pictures of a page by their kind: as they were stored, and decoded."""
    contents = {row["sha256"]: row["content"] for row in table(raw.run, "contents")}
    stored = {row["kind"]: contents[row["sha256"]] for row in raw.of("screenshots", seed)}
    return {kind: (data, Image.open(io.BytesIO(data)).convert("RGB")) for kind, data in stored.items()}


def test_a_replayed_page_looks_like_the_page_of_the_crawl(trip: RoundTrip) -> None:
    seed = next(seed for seed in trip.seeds if seed.endswith(PICTURED))
    crawled = pictures(trip.crawled, seed)
    assert {*crawled} == {"viewport", "page"}
    for replay in (trip.replayed, trip.again):
        replayed = pictures(replay, seed)
        for kind, (data, shown) in crawled.items():
            again, shown_again = replayed[kind]
            assert ImageChops.difference(shown, shown_again).getbbox() is None, kind
            assert data == again
    shown = crawled["page"][1]
    assert shown.height > 1500
    assert len(shown.getcolors(2**24) or ()) > 1000  # it is no empty page that looks like itself

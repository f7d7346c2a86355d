"""--replay-clock and --replay-random in a real Firefox: in every realm of a page, and what stays."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.crawl.crawling import Crawl, crawl
from tests.crawl.raw import Raw
from tests.crawl.replay.archives import DATE, Warc

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

A, B, C = (f"https://{name}.example/" for name in "abc")
OPTIONS = ("--dwell", "8", "--windows", "3", "--retries", "2")
PAGES = Path(__file__).parent / "pages"
FRAME = (
    "<script src='https://a.example/repeatable.js'></script>"
    "<script>parent.postMessage({ name: 'elsewhere', found: look() }, '*')</script>"
)
WORKER = "importScripts('/repeatable.js'); postMessage(look());"
SHARED = "importScripts('/repeatable.js'); onconnect = ({ ports: [port] }) => port.postMessage(look());"
SERVICE = "importScripts('/repeatable.js'); onmessage = ({ source }) => source.postMessage(look());"
FRAMES = ("page", "written", "sandboxed", "elsewhere")
WITH_CODE = (*FRAMES, "worker", "again", "blob", "nested", "shared", "service")
REALMS = (*WITH_CODE, "empty", "gone")  # these two have no code of the page: a new frame, and one removed
SOUND = {
    "refusal": "TypeMismatchError true",
    "inherits": True,
    "constructor": True,
    "dates": "0,2020,1577836800000,1577836800000",
    "shape": "Date,7,now,0,1",
    "text": True,
    "range": True,
    "version": True,
}


@dataclass
class Replays:
    first: Raw
    second: Raw
    plain: Raw
    archive: Path
    folder: Path

    def found(self, raw: Raw, seed: str) -> dict[str, Any]:
        """What a page found."""
        (url,) = [row["url"] for row in raw.of("replayed_requests", seed) if "/said?" in row["url"]]
        return dict(json.loads(unquote(url.partition("?")[2])))


def add_differences(warc: Warc) -> None:
    """The page of differences, as one day's crawl captured it."""
    warc.page("3", C, attempt=1)
    warc.answer(C, (PAGES / "differences.html").read_text("utf-8"), page="3")
    for path in (
        "daily/2026-01-02",
        "report?on=2026-01-02&of=all",
        "campaign",
        "moment/1767323045000",
        "busted?t=1767323045000",
        "drawn?among=123&of=all",
        "pixel/123",
        "session/4c2e0c39-2a30-4bd7-9d8c-1f6a1c3c4f11",
        "variant/a",
        "variant/b",
    ):
        warc.answer(f"{C}{path}", "ok", "text/plain", page="3")


def rules(raw: Raw) -> dict[str, str]:
    """The rule of each request of the page of differences, by the first part of its path."""
    rows = raw.of("replayed_requests", C)
    return {row["url"].removeprefix(C).partition("/")[0].partition("?")[0]: row["rule"] for row in rows}


@pytest.fixture(scope="module")
def replays(firefox: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replays]:
    folder = tmp_path_factory.mktemp("repeatable")
    archive = folder / "archive.warc.gz"
    code = (PAGES / "repeatable.js").read_text("utf-8")
    with Warc(archive) as warc:
        for page, seed in (("1", A), ("2", B)):
            warc.page(page, seed, attempt=1)
            warc.answer(seed, (PAGES / "repeatable.html").read_text("utf-8"), page=page)
            for path, text in (
                ("repeatable.js", code),
                ("worker.js", WORKER),
                ("shared.js", SHARED),
                ("service.js", SERVICE),
            ):
                warc.answer(f"{seed}{path}", text, "text/javascript", page=page)
            if seed != A:
                warc.answer(f"{A}repeatable.js", code, "text/javascript", page=page)
            warc.answer("https://other.example/frame", FRAME, page=page)
        add_differences(warc)
    both = ("--replay-clock", "--replay-random")
    for name, options in (("first", both), ("second", both), ("plain", ())):
        crawl(folder / name, "--replay", str(archive), *options, *OPTIONS, folder=folder)
    runs = [Raw(str(folder / name)) for name in ("first", "second", "plain")]
    yield Replays(*runs, archive, folder)


def test_each_realm_of_a_page_has_the_same_numbers_in_each_replay(replays: Replays) -> None:
    for seed in (A, B):
        first, second, plain = (
            {realm: replays.found(raw, seed)[realm]["random"] for realm in REALMS}
            for raw in (replays.first, replays.second, replays.plain)
        )
        assert first == second
        assert all(first[realm] != plain[realm] for realm in REALMS)


def test_no_two_realms_or_visits_have_the_same_numbers(replays: Replays) -> None:
    numbers = [replays.found(replays.first, seed)[realm]["random"][0] for seed in (A, B) for realm in REALMS]
    assert len({*numbers}) == len(numbers)


def test_every_clock_of_a_page_begins_when_its_visit_was_captured_and_goes_on(replays: Replays) -> None:
    began = datetime.fromisoformat(DATE).timestamp() * 1000
    for seed in (A, B):
        found = replays.found(replays.first, seed)
        for realm in REALMS:
            clocks = [clock - began for clock in found[realm]["clocks"]]
            assert min(clocks) >= 0, (realm, clocks)
            assert max(clocks) < 600_000, (realm, clocks)
        assert 100 <= found["passed"] < 600_000


def test_without_the_options_the_time_is_that_of_the_replay(replays: Replays) -> None:
    now = datetime.now(UTC)
    found = replays.found(replays.plain, A)
    clocks = [clock for realm in REALMS for clock in found[realm]["clocks"]]
    assert (now - timedelta(days=1)).timestamp() * 1000 < min(clocks)
    assert max(clocks) <= now.timestamp() * 1000


def test_what_is_replaced_works_as_before(replays: Replays) -> None:
    for raw in (replays.first, replays.plain):
        found = replays.found(raw, A)
        assert {realm: found[realm]["sound"] for realm in WITH_CODE} == dict.fromkeys(WITH_CODE, SOUND)
        assert found["drawn"] == 70


def test_cookies_live_as_long_as_the_page_says_by_its_own_clock(replays: Replays) -> None:
    for raw in (replays.first, replays.plain):
        found = replays.found(raw, A)
        assert (found["cookie"], found["stored"]) == ("kept=1", "1")


def test_calls_are_recorded_as_before_with_the_value_that_the_page_got(replays: Replays) -> None:
    began = datetime.fromisoformat(DATE)

    def origins(raw: Raw) -> dict[str, set[tuple[str, datetime]]]:
        found: dict[str, set[tuple[str, datetime]]] = {}
        for call in raw.of("calls", A):
            if call["symbol"].endswith("Performance.timeOrigin"):
                moment = datetime.fromtimestamp(float(call["value"]) / 1000, UTC)
                found.setdefault(call["realm"], set()).add((call["script_url"], moment))
        return found

    moved, plain = origins(replays.first), origins(replays.plain)
    assert {realm: {url for url, _ in calls} for realm, calls in moved.items()} == {
        realm: {url for url, _ in calls} for realm, calls in plain.items()
    }
    assert {*moved} >= {"window", "worker", "sharedworker"}
    assert all(abs(moment - began) < timedelta(minutes=10) for calls in moved.values() for _, moment in calls)
    assert replays.first.visits[A]["known_gaps"] == "{}"


def test_a_page_asks_for_what_it_asked_for_on_its_day(replays: Replays) -> None:
    moved, plain = rules(replays.first), rules(replays.plain)
    assert (moved["daily"], moved["report"], moved["campaign"]) == ("exact", "exact", "exact")
    assert (plain["daily"], plain["report"], "campaign" in plain) == ("miss", "values", False)
    for rule in (moved, plain):  # the archive has the numbers of its own day, which nobody seeded
        assert (rule["moment"], rule["busted"]) == ("miss", "cache_buster")
        assert (rule["drawn"], rule["pixel"], rule["session"]) == ("values", "miss", "miss")


def test_two_replays_of_a_page_draw_and_store_the_same(replays: Replays) -> None:
    def drawn(raw: Raw) -> tuple[list[str], str]:
        urls = [row["url"] for row in raw.of("replayed_requests", C)]
        words = ("drawn", "pixel", "session", "variant")
        chosen = [url for url in urls if any(word in url for word in words)]
        return sorted(chosen), str(raw.visits[C]["title"])

    assert drawn(replays.first) == drawn(replays.second)
    assert len(drawn(replays.first)[0]) == 4
    assert drawn(replays.first)[1].startswith("2026-01-02,seen_2026-01-02=1; id_")
    assert drawn(replays.first) != drawn(replays.plain)


def test_the_run_says_which_options_it_had_and_goes_on_with_no_others(replays: Replays) -> None:
    for raw, wanted in ((replays.first, True), (replays.plain, False)):
        options = raw.run.stage("crawl")["options"]
        assert (options["replay_clock"], options["replay_random"]) == (wanted, wanted)
    archive = ("--replay", str(replays.archive))
    again = Crawl(replays.folder / "first", *archive, "--replay-clock", *OPTIONS, folder=replays.folder)
    assert again.wait() == 3
    assert "--replay-random: the run was begun with it and cannot go on without it" in again.said


@pytest.mark.parametrize("option", ["--replay-clock", "--replay-random"])
def test_without_an_archive_the_options_are_refused(option: str, tmp_path: Path) -> None:
    one = Crawl(tmp_path / "run", option, seeds=[A], folder=tmp_path)
    assert one.wait() == 3
    assert f"{option}: give --replay ARCHIVE with it, or leave it out" in one.said
    assert not (tmp_path / "run").exists()

"""Every call belongs to the visit, frame and document that made it, with twenty windows at once."""

import json
from typing import Any

import pytest

from tests.crawl.crawling import crawl
from tests.crawl.raw import Raw
from tests.crawl.web import Web

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

PAGES = 20


@pytest.fixture(scope="module")
def raw(small_web: Web, tmp_path_factory: pytest.TempPathFactory) -> Raw:
    folder = tmp_path_factory.mktemp("attribution")
    seeds = [small_web.page(n) for n in range(PAGES)]
    # Not again where they starve, as twenty on two cores do: what they record is theirs all the same.
    options = ("--windows", "20", "--dwell", "2", "--load-timeout", "200", "--retries", "0")
    rest = ("--allow-private", "--per-domain", "0", "--instrument", "fingerprinting")
    crawl(folder / "run", *options, *rest, seeds=seeds, folder=folder)
    return Raw(str(folder / "run"))


def marks(calls: list[dict[str, Any]]) -> dict[tuple[str, str], list[int]]:
    """(location, mark) of the calls that set a mark, with their ordinals."""
    found: dict[tuple[str, str], list[int]] = {}
    for call in calls:
        if call["symbol"].endswith("Storage.setItem"):
            mark = json.loads(call["arguments"])["1"]
            found.setdefault((call["location"], mark), []).append(call["ordinal"])
    return found


def test_every_seed_ends_complete_with_its_calls_numbered_without_a_gap(raw: Raw, small_web: Web) -> None:
    assert raw.outcomes() == {small_web.page(n): "complete" for n in range(PAGES)}
    raw.check()


def test_each_document_has_its_own_marks_and_nobody_elses(raw: Raw, small_web: Web) -> None:
    for n in range(PAGES):
        seed = small_web.page(n)
        documents = {
            "top": seed,
            "own": f"{small_web.base}/frame/own/{n}",
            "other": f"{small_web.other}/frame/other/{n}",
        }
        expected = {(url, f"{kind}-{n}{late}") for kind, url in documents.items() for late in ("", "-late")}
        found = marks(raw.of("calls", seed))
        assert set(found) == expected
        assert all(len(ordinals) == 1 for ordinals in found.values())


def test_the_same_calls_are_recorded_of_each_page(raw: Raw, small_web: Web) -> None:
    for n in range(PAGES):
        calls = raw.of("calls", small_web.page(n))
        agents = [c["location"] for c in calls if c["symbol"] == "window.navigator.userAgent"]
        assert len(agents) == 3 * (n % 7 + 1)
        assert {agents.count(url) for url in set(agents)} == {n % 7 + 1}


def test_frames_are_told_apart_and_know_their_page(raw: Raw, small_web: Web) -> None:
    for n in range(PAGES):
        seed = small_web.page(n)
        places = {
            (c["location"], c["frame_id"], c["parent_frame_id"], c["in_iframe"], c["top_level_url"])
            for c in raw.of("calls", seed)
        }
        assert len(places) == 3
        for location, frame, parent, in_iframe, top in places:
            assert top == seed
            assert (frame == 0) == (location == seed)
            assert parent == (-1 if location == seed else 0)
            assert in_iframe == ("false" if location == seed else "true")
        assert len({frame for _, frame, *_ in places}) == 3


def test_ordinals_rise_with_time_within_a_frame(raw: Raw, small_web: Web) -> None:
    for n in range(PAGES):
        by_frame: dict[int, list[tuple[int, str]]] = {}
        for call in raw.of("calls", small_web.page(n)):
            by_frame.setdefault(call["frame_id"], []).append((call["ordinal"], call["time_stamp"]))
        for calls in by_frame.values():
            times = [time for _, time in sorted(calls)]
            assert times == sorted(times)


def test_a_visit_is_watched_for_the_dwell_and_knows_its_page(raw: Raw, small_web: Web) -> None:
    for n in range(PAGES):
        visit = raw.visits[small_web.page(n)]
        assert visit["dwell_s"] >= 2.0
        assert visit["http_status"] == 200
        assert visit["final_url"] == small_web.page(n)
        assert visit["started"] < visit["loaded"] < visit["ended"]


def test_requests_belong_to_the_visit_that_made_them(raw: Raw, small_web: Web) -> None:
    for n in range(PAGES):
        urls = {request["url"] for request in raw.of("requests", small_web.page(n))}
        own = {small_web.page(n), f"{small_web.base}/frame/own/{n}", f"{small_web.other}/frame/other/{n}"}
        assert own <= urls
        assert all(f"/{n}" in url or url.endswith(("favicon.ico", f"-{n}")) for url in urls)


def test_each_visit_has_the_processes_of_its_own_sites(raw: Raw, small_web: Web) -> None:
    seen: set[int] = set()
    for n in range(PAGES):
        seed = small_web.page(n)
        rows, visit = raw.of("visit_processes", seed), raw.visits[seed]
        pids = {row["pid"] for row in rows}
        assert len(pids) == len(rows) and not pids & seen  # no process has pages of two visits
        seen |= pids
        assert {row["site"] for row in rows} - {""} == {
            base.rpartition(":")[0] for base in (small_web.base, small_web.other)
        }
        assert visit["cpu_s"] == pytest.approx(sum(row["cpu_s"] for row in rows))
        assert all(row["cpu_s"] > 0 and row["worker_cpu_s"] == 0 for row in rows)
        assert max(row["peak_memory"] for row in rows) <= visit["peak_memory"]

"""Each seed in each variant at the same time: exactly the differences that the file asks for."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from overscripted.crawl.frontier.queue import Frontier, Lease
from overscripted.etl.run import run_etl
from overscripted.outcomes import Outcome
from overscripted.run import Run
from tests.crawl.crawling import Crawl
from tests.crawl.raw import acknowledged, table
from tests.crawl.web import Web

PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0"
FILE = f"""
[plain]

[german]
locale = "de-DE"
timezone = "Europe/Berlin"
headers = {{ X-Study = "1" }}

[phone]
user_agent = "{PHONE}"
screen = {{ width = 412, height = 915, pixel_ratio = 2.5 }}
touch = true

[private]
gpc = true
dnt = true
cookies = "reject"

[clicked]
decorate = "gclid=test-1"
do = "wait=0.1"

[blocker]
extension = "blocker"

[german-again]
twin = "german"
"""
MANIFEST = {
    "manifest_version": 2,
    "name": "blocker",
    "version": "1",
    "permissions": ["webRequest", "webRequestBlocking", "<all_urls>"],
    "background": {"scripts": ["blocker.js"]},
    "browser_specific_settings": {"gecko": {"id": "blocker@test.example"}},
}
BLOCKER = """browser.webRequest.onBeforeRequest.addListener(
  () => ({ cancel: true }), { urls: ["*://*/blocked*"] }, ["blocking"]);"""
NAMES = ["plain", "german", "phone", "private", "clicked", "blocker", "german-again"]
ENGLISH = ["en-US", "en-US,en", "en-US", "UTC"]
SCREEN = [1920, 1080]


@pytest.fixture(scope="module")
def crawled(small_web: Web, firefox: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("variants")
    (folder / "blocker").mkdir()
    (folder / "blocker" / "manifest.json").write_text(json.dumps(MANIFEST))
    (folder / "blocker" / "blocker.js").write_text(BLOCKER)
    (folder / "variants.toml").write_text(FILE)
    options = ("--allow-private", "--dwell", "2", "--retries", "0", "--windows", "7", "--variants")
    seeds = [f"{small_web.base}/device?{number}" for number in range(2)]
    one = Crawl(folder / "run", *options, str(folder / "variants.toml"), seeds=seeds, folder=folder)
    assert one.wait() == 0, one.said
    assert "14 pages done" in one.said
    yield Run.open(folder / "run")
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def found(crawled: Run) -> dict[str, dict[str, Any]]:
    """What the page found in each variant, the same for both seeds."""
    variant_of = {row["visit_id"]: row["variant"] for row in acknowledged(crawled, "visits")}
    pages: dict[str, list[dict[str, Any]]] = {}
    for call in acknowledged(crawled, "calls"):
        if call["symbol"] == "window.Storage.setItem" or call["symbol"].endswith("Storage.setItem"):
            arguments = json.loads(call["arguments"])
            if arguments["0"] == "found":
                pages.setdefault(variant_of[call["visit_id"]], []).append(json.loads(arguments["1"]))
    for both in pages.values():
        searches = [page.pop("search") for page in both]
        assert len(both) == 2
        assert both[0] == both[1]
        both[0]["searches"] = sorted(searches)
    return {name: both[0] for name, both in pages.items()}


def test_each_seed_is_visited_once_in_each_variant(crawled: Run) -> None:
    visits = acknowledged(crawled, "visits")
    assert sorted((row["site_url"][-1], row["variant"]) for row in visits) == sorted(
        (number, name) for number in "01" for name in NAMES
    )
    assert {row["outcome"] for row in visits} == {"complete"}
    assert {row["variant"] for row in visits if row["behaviours"]} == {"clicked"}
    starts = [row["started"] for row in visits]
    assert len({row["visit_id"] for row in visits}) == len(visits) and min(starts) <= max(starts)
    settings = {row["variant"]: json.loads(row["settings"]) for row in table(crawled, "variants")}
    assert list(settings) == NAMES
    assert settings["plain"] == {} and settings["private"] == {"gpc": True, "dnt": True, "cookies": "reject"}
    assert settings["german-again"] == {**settings["german"], "twin": "german"}


def test_pages_differ_as_the_file_says_and_in_nothing_else(found: dict[str, dict[str, Any]]) -> None:
    """Also in workers, and in frames of another origin (device-frame.html)."""
    for pages in found.values():
        assert pages.pop("frame") == pages["page"]
    plain = found["plain"]
    own_agent = plain["page"][4]
    assert plain["page"] == plain["worker"] == [*ENGLISH, own_agent, False]
    assert plain["screen"][:2] == SCREEN and plain["screen"][4:] == [1, "landscape-primary"]
    assert plain["touch"] == [0, False, False] and plain["dnt"] == "unspecified"
    assert plain["contradictions"] == []
    assert plain["searches"] == ["?0", "?1"] and plain["before"] is None
    german = ["de-DE", "de-DE", "de-DE", "Europe/Berlin", own_agent, False]
    assert found["german"] == found["german-again"] == {**plain, "page": german, "worker": german}
    phone = [*ENGLISH, PHONE, False]
    assert found["phone"] == {
        **plain,
        "page": phone,
        "worker": phone,
        "screen": [412, 915, 412, 830, 2.5, "portrait-primary"],
        "touch": [5, True, True],
        "contradictions": ["window and screen"],
    }
    private = [*ENGLISH, own_agent, True]
    assert found["private"] == {**plain, "page": private, "worker": private, "dnt": "1"}
    assert found["clicked"] == {**plain, "searches": ["?0&gclid=test-1", "?1&gclid=test-1"]}
    assert found["blocker"] == plain


def test_requests_differ_as_the_file_says(crawled: Run) -> None:
    variant_of = {row["visit_id"]: row["variant"] for row in acknowledged(crawled, "visits")}
    languages, sent, again, blocked = {}, {}, {}, {}
    for row in acknowledged(crawled, "requests"):
        name = variant_of[row["visit_id"]]
        headers = {key.lower(): value for key, value in json.loads(row["request_headers"])}
        if "/device" in row["url"]:
            languages[name] = (headers["accept-language"], "Mobile" in headers["user-agent"])
            sent[name] = [headers.get(key) for key in ("x-study", "sec-gpc", "dnt")]
        elif row["url"].endswith("/cookie?again"):
            again[name] = headers.get("cookie")
        elif row["url"].endswith("/blocked"):
            blocked[name] = row["status"]
    english = ("en-US,en;q=0.9", False)
    assert languages == dict.fromkeys(NAMES, english) | {
        "german": ("de-DE", False),
        "german-again": ("de-DE", False),
        "phone": ("en-US,en;q=0.9", True),
    }
    nothing = [None, None, None]
    assert sent == dict.fromkeys(NAMES, nothing) | {
        "german": ["1", None, None],
        "german-again": ["1", None, None],
        "private": [None, "1", "1"],
    }
    assert again == dict.fromkeys(NAMES, "seen=1") | {"private": None}
    assert blocked == dict.fromkeys(NAMES, 200) | {"blocker": None}


def test_the_tables_say_the_variant(crawled: Run) -> None:
    run_etl(crawled)
    store = crawled.store
    import duckdb

    def rows(query: str) -> list[Any]:
        return duckdb.sql(query.replace("RUN", store.url)).fetchall()

    assert rows("SELECT count(DISTINCT variant), count(*) FROM 'RUN/tables/visits/*.parquet'") == [(7, 14)]
    assert sorted(rows("SELECT variant FROM 'RUN/tables/variants/*.parquet'")) == sorted((n,) for n in NAMES)


@pytest.mark.usefixtures("firefox")
def test_a_variant_may_come_back(small_web: Web, tmp_path: Path) -> None:
    (tmp_path / "variants.yaml").write_text("once:\nagain: {state: revisit, after: 0.2}\n")
    options = ("--allow-private", "--dwell", "1", "--variants", str(tmp_path / "variants.yaml"))
    one = Crawl(tmp_path / "run", *options, seeds=[f"{small_web.base}/device"], folder=tmp_path)
    assert one.wait() == 0, one.said
    run = Run.open(tmp_path / "run")
    visits = {row["visit_id"]: row for row in table(run, "visits")}
    came = sorted((visit["variant"], visit["parent_visit_id"] is not None) for visit in visits.values())
    assert came == [("again", False), ("again", True), ("once", False)]
    stored = [
        (visits[call["visit_id"]]["parent_visit_id"] is not None, json.loads(arguments["1"])["before"])
        for call in table(run, "calls")
        if call["symbol"].endswith("Storage.setItem")
        and (arguments := json.loads(call["arguments"]))["0"] == "found"
    ]
    assert sorted(stored, key=str) == [(False, None), (False, None), (True, "1")]


@pytest.mark.usefixtures("firefox")
def test_a_setting_that_firefox_refuses_ends_the_crawl_with_its_name(small_web: Web, tmp_path: Path) -> None:
    (tmp_path / "variants.toml").write_text("[odd]\ntimezone = 'Factory'\n")
    options = ("--allow-private", "--dwell", "0.2", "--variants", str(tmp_path / "variants.toml"))
    one = Crawl(tmp_path / "run", *options, seeds=[small_web.page(1)], folder=tmp_path)
    assert one.wait() == 3, one.said
    assert '--variants: odd: Firefox refuses {"timezone": "Factory"}' in one.said
    assert "start another run" in one.said and "Traceback" not in one.said


def test_another_file_for_the_same_run_is_refused(crawled: Run, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[plain]\n")
    for options in ((), ("--variants", str(tmp_path / "other.toml"))):
        one = Crawl(crawled.store.path(""), "--allow-private", *options, folder=tmp_path)
        assert one.wait() == 3
        assert "was crawled with other variants" in one.said and "give the same file" in one.said


def test_a_kept_variant_keeps_to_the_limits_of_a_domain(tmp_path: Path) -> None:
    frontier = Frontier(f"sqlite:///{tmp_path}/frontier.sqlite", 1)
    frontier.add(["http://a.com/1", "http://a.com/2"], variants=["fresh", "kept"])
    frontier.in_order = ("kept",)
    frontier.workers.beat("w", "here", 1, {})
    (fresh,) = frontier.lease("w", 1, per_domain=1)
    assert frontier.lease_in_order("w", "kept", per_domain=1)[0] is None  # the domain has its visit
    assert frontier.end("w", fresh, Outcome.COMPLETE, 1)
    kept, before = frontier.lease_in_order("w", "kept", per_domain=1, pace_s=3600)
    assert kept and before == []
    assert frontier.lease("w", 1, per_domain=1) == []
    assert frontier.end("w", kept, Outcome.COMPLETE, 1)
    # The next start in the domain waits for the pace, in either way.
    assert frontier.lease_in_order("w", "kept", per_domain=1, pace_s=3600)[0] is None
    assert frontier.lease("w", 1, per_domain=1, pace_s=3600) == []
    frontier.close()


def test_variants_of_a_seed_are_leased_together_and_end_alone(tmp_path: Path) -> None:
    frontier = Frontier(f"sqlite:///{tmp_path}/frontier.sqlite", 1)
    names = ["a", "b", "c"]
    frontier.add([f"http://site{n}.com/{m}" for n in range(3) for m in range(2)], variants=names)
    frontier.workers.beat("w", "here", 1, {})

    def lease(n: int) -> list[Lease]:
        return frontier.lease("w", n, per_domain=1, together=True)

    first = lease(2)  # two seeds of two domains, each in all its variants: more visits than a domain may have
    assert sorted(lease.variant for lease in first) == sorted(2 * names)
    assert len({lease.seed for lease in first}) == len({lease.domain for lease in first}) == 2
    second = lease(5)  # of the third domain alone: the others have their visits
    assert len(second) == 3 and {lease.domain for lease in second}.isdisjoint({it.domain for it in first})
    assert lease(5) == []
    for n, one in enumerate(first + second):
        assert frontier.retry("w", one, 0.0) if n == 0 else frontier.end("w", one, "complete", 1)
    again = lease(9)
    assert sorted(len([x for x in again if x.seed == seed]) for seed in {x.seed for x in again})[-1] == 3
    assert {one.attempt for one in again if one.visit_id == first[0].visit_id} <= {2}
    frontier.close()

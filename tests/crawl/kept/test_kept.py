"""A kept profile: each visit finds exactly what those before it left, whatever is killed meanwhile."""

from pathlib import Path

import pytest

from overscripted.crawl.frontier.queue import Seed
from tests.crawl import state
from tests.crawl.crawling import Crawl
from tests.crawl.crawling import crawl as crawl_command
from tests.crawl.instrument.hosts import hosted
from tests.crawl.raw import Raw, table
from tests.crawl.test_following import counting, crawl
from tests.crawl.web import Web

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

# Of the ways of `state`, those that outlive Firefox.
MARKS = {
    *("cookie", "session cookie", "cookie by HTTP", "cookie of a third party", "local storage", "database"),
    *("cache of scripts", "private file", "service worker"),
}


async def test_a_visit_finds_what_the_one_before_it_left(tmp_path: Path) -> None:
    urls = [f"https://{state.SITE}/state?{n}" for n in range(3)]
    async with hosted(tmp_path) as (hosts, prefs, authority):
        reported = state.serve(hosts)
        run, counts = await crawl(
            tmp_path,
            [Seed(url) for url in urls],
            windows=20,
            retries=0,
            profile=("keep",),
            load_timeout_s=120.0,
            proxy=f"http://127.0.0.1:{prefs['network.proxy.http_port']}",
            authorities=(str(authority),),
        )
    assert counts == {"ended complete": 3}
    first, *later = reported.reports
    assert len(later) == 2
    assert first["ways"] == {"HTTPS alone": "https"}  # the page's own address
    for before, report in zip(reported.reports, later, strict=False):
        assert report["ways"] == {**dict.fromkeys(MARKS, before["mark"]), "HTTPS alone": "https"}
    rows = sorted(table(run, "visits"), key=lambda row: row["started"])
    assert all(rows[n]["ended"] <= rows[n + 1]["started"] for n in range(2))
    place = {row["site_url"]: row["visit_id"] % (2**31 - 1) for row in rows}
    assert [row["site_url"] for row in rows] == sorted(urls, key=place.__getitem__)


def titles(run: Path) -> list[str]:
    """What the visits of a run found, in order."""
    last = {row["visit_id"]: row for row in sorted(Raw(str(run)).attempts, key=lambda row: row["attempt"])}
    visits = sorted(last.values(), key=lambda row: row["started"])
    assert {row["outcome"] for row in visits} == {"complete"}
    return [row["title"] for row in visits]


def test_a_profile_outlives_kill_9_and_goes_to_another_run_by_a_file(small_web: Web, tmp_path: Path) -> None:
    seeds = [counting(small_web, f"kept {n}") for n in range(3)]
    options = ("--dwell", "1.5", "--allow-private", "--per-domain", "0", "--retries", "0")
    kept = (*options, "--profile", "keep")
    run, file = tmp_path / "run", tmp_path / "week.profile"
    one = Crawl(run, *kept, seeds=seeds, folder=tmp_path)
    one.until(lambda: (run / "raw" / "visits").exists())
    one.until_firefox()  # of the next visit, which is cut short
    one.until(lambda: bool(one.pages()))
    one.kill()
    crawl_command(run, *kept, "--profile", f"save={file}", folder=tmp_path)
    raw = Raw(str(run))
    assert sorted(raw.visits) == sorted(seeds)
    assert titles(run) == ["1", "2", "3"]
    assert sorted(row["attempt"] for row in raw.visits.values()) == [1, 1, 2]
    assert len(list((run / "kept").iterdir())) == 1
    # It goes on elsewhere, at the same time as here in the next wave: neither finds anything of the other.
    elsewhere = (*kept, "--profile", f"load={file}", "--visits-per-browser", "1")
    other = Crawl(tmp_path / "next", *elsewhere, seeds=seeds[:1], folder=tmp_path)
    crawl_command(run, *kept, "--next-wave", folder=tmp_path)
    assert other.wait() == 0, other.said
    assert titles(tmp_path / "next") == ["4"] and titles(run) == ["1", "2", "3", "4", "5", "6"]
    refused = {
        ("--profile", f"load={file}"): "has a profile already",
        (): "was begun with --profile and cannot go on without it",
        ("--profile", f"load={tmp_path / 'seeds.txt'}"): "damaged",
    }
    for more, said in refused.items():
        wrong = Crawl(run, *options, *more, folder=tmp_path)
        assert wrong.wait() == 3 and said in wrong.said, (more, wrong.said)


VARIANTS = """
[plain]
[first]
state = "kept"
[second]
state = "kept"
locale = "de-DE"
"""


def test_kept_variants_have_profiles_of_their_own_beside_fresh_ones(small_web: Web, tmp_path: Path) -> None:
    (tmp_path / "variants.toml").write_text(VARIANTS)
    seeds = [counting(small_web, f"variant {n}") for n in range(3)]
    options = ("--dwell", "1.5", "--allow-private", "--per-domain", "0", "--retries", "0", "--windows", "20")
    options += ("--visits-per-browser", "1", "--variants", str(tmp_path / "variants.toml"))
    run = tmp_path / "run"
    one = Crawl(run, *options, seeds=seeds, folder=tmp_path)
    one.until(lambda: (run / "kept" / "second").exists() and (run / "kept" / "first").exists())
    one.kill()
    crawl_command(run, *options, folder=tmp_path)
    last = {row["visit_id"]: row for row in sorted(Raw(str(run)).attempts, key=lambda row: row["attempt"])}
    found: dict[str, list[str]] = {}
    for row in sorted(last.values(), key=lambda row: row["started"]):
        found.setdefault(row["variant"], []).append(row["title"])
    assert found == {"plain": ["1"] * 3, "first": ["1", "2", "3"], "second": ["1", "2", "3"]}
    assert [sorted(path.name for path in (run / "kept").iterdir())] == [["first", "second"]]
    wrong = Crawl(run, *options, "--profile", "keep", folder=tmp_path)
    assert wrong.wait() == 3 and "not possible with --variants" in wrong.said

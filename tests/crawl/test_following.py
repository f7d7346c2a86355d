"""Visits that follow a seed's own in its container: what they find, their numbers, their attempts."""

import os
import signal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from overscripted.crawl import behaviours
from overscripted.crawl.behaviours.behaviour import Behaviour
from overscripted.crawl.behaviours.page import Page
from overscripted.crawl.frontier.queue import Frontier, Seed, visit_id
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.link import Link
from overscripted.crawl.settings import Options
from overscripted.crawl.worker import Worker
from overscripted.etl.run import run_etl
from overscripted.progress import Work
from overscripted.run import Run
from tests.crawl.crawling import Crawl
from tests.crawl.crawling import crawl as crawl_command
from tests.crawl.raw import table
from tests.crawl.web import Web

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

# Counts the visits of its container in the title.
COUNTS = "<script>localStorage.n = +(localStorage.n ?? 0) + 1; document.title = localStorage.n</script>"
PLAN = "choose,wait=0.1"


class Choice:
    """A behaviour that chooses the pages to visit next; ``pages`` of each attempt at the seed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *pages: list[str]) -> None:
        self.pages = list(pages)
        monkeypatch.setitem(behaviours.BEHAVIOURS, "choose", Behaviour("choose", self.run, 9.0, follows=True))

    async def run(self, page: Page, _: str) -> None:
        for url in self.pages.pop(0):
            page.follow(Link(url))


def counting(web: Web, name: str) -> str:
    """A page whose title says how often its container has visited such a page."""
    return f"{web.base}/shows?html={quote(COUNTS + f'<p>{name}')}"


async def crawl(folder: Path, seeds: list[Seed], **more: Any) -> tuple[Run, dict[str, int]]:
    """The run of a crawl, and how its seeds ended."""
    run = Run.open(folder / "run", create=True)
    frontier = Frontier(f"sqlite:///{folder}/frontier.sqlite", run.crawl_id)
    frontier.add(seeds)
    options = Options(**{"dwell_s": 2.5, "windows": 3, "allow_private": True, **more})
    with Work("crawl", len(seeds)) as work:
        await Worker(run.store, frontier, options, instrument_settings.resolve("default"), work).run()
    counts = frontier.report.counts()
    frontier.close()
    return run, counts


async def test_visits_that_follow_find_what_those_before_left_and_name_their_parent(
    small_web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third, alone, wrong = (counting(small_web, name) for name in "abcde")
    gone = f"{small_web.base.replace('127.0.0.1', '127.0.0.3')}/"
    Choice(monkeypatch, [second, gone, third])
    seeds = [Seed(first, PLAN), Seed(alone), Seed(wrong)]
    run, counts = await crawl(tmp_path, seeds, retries=1)
    assert counts == {"ended complete": 3}
    parent = visit_id(run.crawl_id, first)
    rows = {row["visit_id"]: row for row in table(run, "visits")}
    assert [
        (
            row["site_url"],
            row["title"],
            row["parent_visit_id"],
            row["behaviours"],
            row["outcome"],
            row["attempt"],
        )
        for row in (rows.pop(visit_id(run.crawl_id, first, follow=n)) for n in range(4))
    ] == [
        (first, "1", None, PLAN, "complete", 1),
        (second, "2", parent, "wait=0.1", "complete", 1),
        (gone, "", parent, "wait=0.1", "net_error", 1),
        (third, "3", parent, "wait=0.1", "complete", 1),
    ]
    assert sorted((row["site_url"], row["title"], row["parent_visit_id"]) for row in rows.values()) == [
        (alone, "1", None),
        (wrong, "1", None),
    ]


async def test_a_lease_is_made_again_as_a_whole_and_the_etl_keeps_its_last_attempt(
    small_web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third, fourth = (counting(small_web, name) for name in "abcd")
    Choice(monkeypatch, [second, third, fourth], [third])

    async def kill(page: Page, _: str) -> None:
        """Kill Firefox when it shows the fourth page."""
        if await page.evaluate("() => document.title") == "4":
            os.kill(workers[0].browsers.browsers[0].firefox.pid, signal.SIGKILL)

    workers: list[Worker] = []
    real = Worker.run

    async def run_worker(worker: Worker) -> None:
        workers.append(worker)
        await real(worker)

    monkeypatch.setattr(Worker, "run", run_worker)
    monkeypatch.setitem(behaviours.BEHAVIOURS, "kill", Behaviour("kill", kill, 9.0))
    run, counts = await crawl(tmp_path, [Seed(first, "choose,kill")], retries=2)
    assert counts == {"ended complete": 1}
    numbers = {visit_id(run.crawl_id, first, follow=n): n for n in range(4)}
    rows = [
        (row["attempt"], numbers[row["visit_id"]], row["site_url"], row["title"], row["outcome"])
        for row in table(run, "visits")
    ]
    assert sorted(rows) == [
        (1, 0, first, "1", "complete"),
        (1, 1, second, "2", "complete"),
        (1, 2, third, "3", "complete"),
        (1, 3, fourth, "", "crashed"),
        (2, 0, first, "1", "complete"),
        (2, 1, third, "2", "complete"),
    ]
    run_etl(run, partial=True)
    visits = run.store.read_table("tables/visits").to_pylist()
    assert sorted((row["attempt"], row["site_url"], row["title"]) for row in visits) == [
        (2, first, "1"),
        (2, third, "2"),
    ]


def pairs(run: Run, seeds: list[str]) -> dict[str, list[tuple[str, bool]]]:
    """The visits of each seed in the tables, in order: titles, and whether each one names the first."""
    rows = run.store.read_table("tables/visits").to_pylist()
    first = {row["site_url"]: row for row in rows if row["parent_visit_id"] is None}
    assert all(row["attempt"] == first[row["site_url"]]["attempt"] for row in rows)
    for row in rows:
        row["names"] = row["parent_visit_id"] in (None, first[row["site_url"]]["visit_id"])
    ordered = sorted(rows, key=lambda row: row["started"])
    return {
        seed: [(row["title"], row["names"]) for row in ordered if row["site_url"] == seed] for seed in seeds
    }


async def test_a_page_is_visited_once_more_after_a_time_while_others_are_visited(
    small_web: Web, tmp_path: Path
) -> None:
    seeds = [counting(small_web, str(n)) for n in range(2)]
    after = 5.0
    run, counts = await crawl(tmp_path, [Seed(url) for url in seeds], windows=1, revisit_s=after, retries=0)
    assert counts == {"ended complete": len(seeds)}
    run_etl(run, partial=True)
    assert pairs(run, seeds) == {seed: [("1", True), ("2", True)] for seed in seeds}
    rows = sorted(table(run, "visits"), key=lambda row: row["started"])
    assert [row["title"] for row in rows] == ["1", "1", "2", "2"]  # no window was kept for a page that waits
    for seed in seeds:
        first, second = (row for row in rows if row["site_url"] == seed)
        assert (second["started"] - first["ended"]).total_seconds() >= after
    assert all(rows[n]["ended"] <= rows[n + 1]["started"] for n in range(3))  # one window


def test_a_worker_that_is_killed_between_two_visits_of_a_page_makes_both_again(
    small_web: Web, tmp_path: Path
) -> None:
    seeds = [counting(small_web, f"killed {n}") for n in range(3)]
    options = ("--revisit", "5", "--dwell", "1", "--windows", "3", "--segment-age", "1", "--allow-private")
    options += ("--per-domain", "0", "--visits-per-browser", "1")
    one = Crawl(tmp_path / "run", *options, seeds=seeds, folder=tmp_path)
    one.until(lambda: (tmp_path / "run" / "raw" / "visits").exists())
    one.kill()
    run = Run.open(tmp_path / "run")
    assert all(row["parent_visit_id"] is None for row in table(run, "visits"))
    said = crawl_command(tmp_path / "run", *options, folder=tmp_path)
    assert "complete 3" in said
    run = Run.open(tmp_path / "run")
    run_etl(run)
    assert pairs(run, seeds) == {seed: [("1", True), ("2", True)] for seed in seeds}

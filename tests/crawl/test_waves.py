"""Waves: the same seeds visited again later, on both databases and in a real crawl."""

import json
import threading
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from overscripted import segments
from overscripted.cli import entry
from overscripted.crawl.frontier import progress
from overscripted.crawl.frontier.queue import Frontier, Seed, visit_id
from overscripted.run import Run
from tests.crawl.crawling import Crawl, crawl
from tests.crawl.test_frontier import beat, frontier, url  # noqa: F401
from tests.crawl.web import Web

OPTIONS = ("--allow-private", "--dwell", "0.2", "--windows", "4", "--per-domain", "0")


def end_all(
    opened: Frontier, outcome: str = "complete", calls: int = 3
) -> list[tuple[str, str, int, str, int]]:
    beat(opened, "w1")
    leases = opened.lease("w1", 1000, per_domain=0)
    for lease in leases:
        assert opened.end("w1", lease, outcome, calls)  # type: ignore[arg-type]
    return sorted((lease.seed, lease.variant, lease.wave, lease.do, lease.attempt) for lease in leases)


def test_a_wave_has_all_seeds_once_more_and_counts_of_its_own(frontier: Frontier) -> None:  # noqa: F811
    frontier.waves.begin_first({"dwell_s": 1})
    assert not frontier.waves.begin_next({}), "there is nothing to visit again"
    frontier.add([Seed("http://a.com/", "wait=1"), Seed("http://b.a.com/")])
    frontier.add(["http://a.com/"], variants=["gpc"])
    frontier.waves.begin_first({"dwell_s": 7})
    assert not frontier.waves.begin_next({}), "seeds wait"
    first = end_all(frontier)
    assert frontier.waves.begin_next({"dwell_s": 2})
    assert not frontier.waves.begin_next({}), "seeds of the second wave wait"
    facts = progress.facts(frontier)
    assert (facts["wave"], facts["seeds"], facts["left"], facts["calls"]) == (2, 3, 3, 0)
    frontier.add(["http://new.com/"], wave=frontier.waves.present().number)
    second = end_all(frontier, "timeout", 5)
    assert first == [
        ("http://a.com/", "", 1, "wait=1", 1),
        ("http://a.com/", "gpc", 1, "", 1),
        ("http://b.a.com/", "", 1, "", 1),
    ]
    again = [(seed, variant, 2, do, attempt) for seed, variant, _wave, do, attempt in first]
    assert second == [*again, ("http://new.com/", "", 2, "", 1)]
    facts = progress.facts(frontier)
    assert {**facts, "held_back_s": {}} == {
        "wave": 2, "seeds": 4, "left": 0, "timeout": 4, "calls": 20, "held_back_s": {},
    }  # fmt: skip
    waves = progress.waves(frontier)
    assert [(w["wave"], w.get("complete"), w.get("timeout"), w["calls"]) for w in waves] == [
        (1, 3, None, 9),
        (2, None, 4, 20),
    ]
    assert [wave["options"] for wave in waves] == [{"dwell_s": 1}, {"dwell_s": 2}]
    times = [wave[key] for wave in waves for key in ("started", "ended")]
    assert times == sorted(times)


def test_many_workers_that_ask_for_the_next_wave_begin_it_once(url: str) -> None:  # noqa: F811
    opened = Frontier(url, 900)
    seeds = [f"http://site{n}.com/{k}" for n in range(100) for k in range(3)]
    opened.add(seeds)
    while end_all(opened):
        pass
    began: list[bool] = []

    def ask() -> None:
        own = Frontier(url, 900)
        began.append(own.waves.begin_next({}))
        own.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(began) == [False, False, False, True]
    assert opened.report.counts() == {"waiting": 300, "ended complete": 300}
    seen: list[str] = []
    while ended := end_all(opened):
        seen += [row[0] for row in ended]
    assert sorted(seen) == sorted(seeds)
    opened.close()


def test_a_crawl_of_an_earlier_version_has_a_first_wave_without_a_time(tmp_path: Path) -> None:
    opened = Frontier(f"sqlite:///{tmp_path}/frontier.sqlite", 1)
    opened.add(["http://a.com/"])
    with opened._database.begin() as db:
        db.execute(sa.text("DROP TABLE overscripted_waves"))
    opened.close()
    opened = Frontier(f"sqlite:///{tmp_path}/frontier.sqlite", 1)
    opened.waves.begin_first({})
    end_all(opened)
    assert opened.waves.begin_next({})
    assert [(wave["wave"], wave["started"] is None) for wave in progress.waves(opened)] == [
        (1, True),
        (2, False),
    ]
    opened.close()


@pytest.mark.usefixtures("firefox")
def test_a_run_of_two_waves_has_the_visits_of_both(
    tmp_path: Path, small_web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    run, seeds = tmp_path / "run", [small_web.page(n) for n in (901, 902, 903)]
    crawl(run, *OPTIONS, seeds=seeds, folder=tmp_path)
    assert "waves" not in Run.open(run).stage("crawl")
    before = sorted(path.name for path in (run / "raw" / "visits").iterdir())
    assert "complete 3" in crawl(run, *OPTIONS, folder=tmp_path), (
        "without the option nothing is visited again"
    )
    assert sorted(path.name for path in (run / "raw" / "visits").iterdir()) == before

    killed = Crawl(run, *OPTIONS, "--next-wave", folder=tmp_path)
    killed.until_firefox()
    killed.kill()
    said = crawl(run, *OPTIONS, "--next-wave", folder=tmp_path)
    assert "crawl: wave 2, seeds 3, left 0, complete 3" in said, said
    opened = Run.open(run)
    rows = [row for part in segments.read(opened.store, "visits") for row in part.to_pylist()]
    assert Counter((row["site_url"], row["wave"]) for row in rows) == Counter(
        {(seed, wave): 1 for seed in seeds for wave in (1, 2)}
    )
    assert {row["visit_id"] for row in rows} == {
        visit_id(opened.crawl_id, seed, "", wave) for seed in seeds for wave in (1, 2)
    }
    waves = json.loads((run / "run.json").read_text())["stages"]["crawl"]["waves"]
    assert [(wave["wave"], wave["complete"]) for wave in waves] == [(1, 3), (2, 3)]
    ends = {wave: max(row["ended"].isoformat() for row in rows if row["wave"] == wave) for wave in (1, 2)}
    assert waves[0]["started"] < ends[1] < waves[1]["started"] < ends[2]
    entry(["status", str(run)])
    assert "wave 2, seeds 3" in capsys.readouterr().out

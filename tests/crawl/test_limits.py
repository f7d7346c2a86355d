"""A crawl says what holds it back: each limit, reached for real."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from overscripted.cli import entry
from overscripted.crawl import limits, settings
from overscripted.crawl.concurrency import ConcurrencyLimit
from overscripted.crawl.frontier.queue import Frontier
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.limits import Limit, LimitClock, Reached
from overscripted.crawl.settings import Options
from overscripted.crawl.worker import Worker
from overscripted.progress import Work
from overscripted.run import Run
from overscripted.store import Store
from tests import services
from tests.crawl.crawling import LIMIT_S, Crawl, crawl, numbers
from tests.crawl.web import Web

OPTIONS = ("--allow-private", "--dwell", "1", "--instrument", "fingerprinting", "--retries", "0")
needs_firefox = pytest.mark.usefixtures("firefox")


class Clock:
    """Seconds, moved on by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def reached(limit: Limit) -> Reached:
    return Reached(limit, "why")


def test_each_limit_has_its_time_and_the_present_one_is_told() -> None:
    clock = Clock()
    held = LimitClock(clock)
    clock.now += 3
    held.reach(limits.per_domain(6))
    clock.now += 120
    assert held.seconds() == {"per_domain": 120.0, "start": 3.0}
    assert held.line() == (
        "held back by --per-domain 6 for 2 min: all waiting seeds belong to domains that have 6 visits "
        "in progress, or ended and not yet written; raise --per-domain"
    )
    held.reach(limits.SEEDS)
    clock.now += 2
    assert held.present.limit is Limit.PER_DOMAIN  # of most of the last six seconds
    clock.now += 2
    assert (held.present.limit, held.since_s) == (Limit.SEEDS, 4.0)
    assert held.seconds() == {"per_domain": 120.0, "seeds": 4.0, "start": 3.0}


def test_limits_that_take_turns_are_told_by_their_share() -> None:
    clock = Clock()
    held = LimitClock(clock)
    for _ in range(60):
        held.reach(reached(Limit.CPU))
        clock.now += 0.7
        held.reach(reached(Limit.WINDOWS))
        clock.now += 0.3
    assert held.present.limit is Limit.CPU
    assert held.since_s > 50
    assert held.seconds() == {"cpu": 42.0, "windows": 18.0}


def test_the_words_of_a_limit_are_the_latest_ones() -> None:
    clock = Clock()
    held = LimitClock(clock)
    for error in ("first", "second\nline \x1b[31m"):
        held.reach(limits.store("s3://x", error))
        clock.now += 20
    assert held.line() == "held back by the store for 40 s: s3://x: it cannot be written (second line  [31m)"


@pytest.mark.parametrize(
    ("fixed", "busy", "free", "starved", "expected", "after"),
    [
        (None, 0.30, 0.80, 0.0, "--windows auto", 8),
        (None, 0.89, 0.25, 0.0, "--windows auto", 8),
        (None, 0.90, 0.80, 0.0, "the CPU", 6),
        (None, 0.30, 0.80, 1.1, "the CPU", 4),
        (None, 0.30, 0.24, 0.0, "memory", 6),
        (None, 0.30, 0.11, 0.0, "memory", 4),
        (None, 0.99, 0.11, 9.0, "memory", 4),
        (6, 0.30, 0.80, 0.0, "--windows 6", 6),
        (6, 0.95, 0.80, 0.0, "the CPU", 6),  # more windows would not help
        (6, 0.30, 0.10, 0.0, "memory", 6),
    ],
)
def test_the_machine_or_the_number_of_windows_is_the_limit(
    fixed: int | None, busy: float, free: float, starved: float, expected: str, after: int
) -> None:
    windows = ConcurrencyLimit(fixed)
    windows.record_lag(starved)
    windows._previous_max_lag_s, windows._max_lag_s = windows._max_lag_s, 0.0
    windows.decide(active=6, cpu_used=busy, memory_free=free)
    assert (windows.reached.by, windows.limit) == (expected, after)


def test_what_keeps_windows_from_being_added_is_told_of_several_looks() -> None:
    windows = ConcurrencyLimit(None)
    assert windows.reached.by == "--windows auto"
    for busy, told in ((0.95, Limit.CPU), (0.95, Limit.CPU), (0.5, Limit.CPU), (0.5, Limit.WINDOWS)):
        windows.decide(active=windows.limit, cpu_used=busy, memory_free=0.8)
        assert windows.reached.limit is told
    assert f"all {windows.limit} are in use" in windows.reached.why


def test_the_most_windows_of_auto_are_named() -> None:
    windows = ConcurrencyLimit(None)
    windows.limit = settings.MAX_WINDOWS
    windows.decide(active=windows.limit, cpu_used=0.1, memory_free=0.9)
    assert windows.limit == settings.MAX_WINDOWS
    assert "the most" in windows.reached.why


# -- with the real command ----------------------------------------------------------------------


def held_back(run: str | Path, **options: object) -> dict[str, int]:
    """What run.json says in the end: seconds by limit."""
    return dict(Run.open(run, **options).stage("crawl")["facts"]["held_back_s"])


def shown(run: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What `overscripted status` says, as one line."""
    with contextlib.suppress(SystemExit):
        entry(["status", str(run)])
    return " ".join(capsys.readouterr().out.split())


@needs_firefox
def test_few_visits_to_a_domain_are_named_everywhere(
    small_web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the numbers for Prometheus, `status`, the progress line, the last line and run.json."""
    run, port = tmp_path / "run", services.free_port()
    options = (*OPTIONS, "--windows", "4", "--per-domain", "1", "--segment-age", "1", "--metrics", str(port))
    one = Crawl(run, *options, seeds=[small_web.page(n) for n in range(14)], folder=tmp_path)
    one.until_limit(port, Limit.PER_DOMAIN)
    assert '\noverscripted_crawl_limit_s{limit="per_domain"} ' in numbers(port)
    one.until(lambda: "held back by --per-domain 1 for" in shown(run, capsys))
    assert one.wait() == 0, one.said
    assert "pages/s; held back by --per-domain 1 for " in one.said
    assert "raise --per-domain" in one.said
    assert "crawl: held back by --per-domain " in one.said.splitlines()[-1]
    found = held_back(run)
    assert next(iter(found)) == "per_domain"
    assert f"held back s: per domain {found['per_domain']}" in shown(run, capsys)


@needs_firefox
def test_the_pace_and_the_end_of_the_seeds_are_named(small_web: Web, tmp_path: Path) -> None:
    options = (*OPTIONS, "--windows", "6", "--per-domain", "0", "--pace", "8", "--dwell", "3")
    crawl(tmp_path / "run", *options, seeds=[small_web.page(n) for n in range(3)], folder=tmp_path)
    found = held_back(tmp_path / "run")
    assert found["pace"] >= 6  # but for a moment, the pace before the last seed: Firefox has started by then
    assert found["seeds"] >= 2
    assert not {"per_domain", "windows", "cpu", "memory", "proxy"} & set(found)


@needs_firefox
def test_windows_are_named_or_the_machine_where_it_has_no_room(small_web: Web, tmp_path: Path) -> None:
    options = (*OPTIONS, "--windows", "1", "--per-domain", "0")
    said = crawl(tmp_path / "run", *options, seeds=[small_web.page(n) for n in range(4)], folder=tmp_path)
    found = held_back(tmp_path / "run")
    machine = sum(found.get(limit, 0) for limit in ("windows", "cpu", "memory"))
    assert machine >= 3, said  # the dwell of all but the last
    assert not {"per_domain", "pace", "proxy"} & set(found)


@needs_firefox
def test_a_store_and_a_database_that_are_away_are_named(
    small_web: Web, tmp_path: Path, postgres: services.Postgres, s3: services.S3
) -> None:
    run, port = s3.make_bucket("limits") + "/crawl", services.free_port()
    fast = ("--windows", "1", "--per-domain", "1", "--segment-age", "1", "--metrics", str(port))
    options = (*OPTIONS, *fast, "--frontier", postgres.url)
    seeds = [small_web.page(n) for n in range(12)]
    one = Crawl(run, *options, seeds=seeds, folder=tmp_path, environment=s3.environment)
    one.until(lambda: bool(numbers(port)))  # it has begun
    s3.kill()
    one.until_limit(port, Limit.STORE)
    s3.start()
    postgres.kill()
    one.until_limit(port, Limit.FRONTIER)
    postgres.start()
    assert one.wait() == 0, one.said
    assert {"store", "frontier"} <= set(held_back(run, **s3.options))


@needs_firefox
async def test_a_disk_that_is_full_is_named_with_its_room(
    small_web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frontier = Frontier(f"sqlite:///{tmp_path}/frontier.sqlite", 1)
    frontier.add([small_web.page(0)])
    monkeypatch.setattr(settings, "MIN_FREE_BYTES", 2**60)
    options = Options(dwell_s=1.0, windows=2, allow_private=True, retries=0)
    with Work("crawl", 1) as work:
        worker = Worker(
            Store(tmp_path / "run"), frontier, options, instrument_settings.resolve("fingerprinting"), work
        )
        working = asyncio.create_task(worker.run())
        async with asyncio.timeout(LIMIT_S):
            while worker.limits.present.limit is not Limit.STORE:
                assert not working.done(), await working
                await asyncio.sleep(0.1)
        assert "MB free" in worker.limits.line()
        monkeypatch.setattr(settings, "MIN_FREE_BYTES", 0)
        await working
    assert frontier.report.counts() == {"ended complete": 1}
    frontier.close()

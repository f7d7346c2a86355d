"""The frontier, on SQLite and on a real PostgreSQL server: one suite for both."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from overscripted.crawl import settings
from overscripted.crawl.frontier.queue import Frontier, Lease, Seed, visit_id
from overscripted.crawl.frontier.tables import DOMAINS, SEEDS
from overscripted.crawl.frontier.visit_ids import place_of
from overscripted.crawl.limits import Limit
from overscripted.errors import InputError, OutsideError
from tests import services

CRAWL = 7


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/frontier.sqlite"
    server: services.Postgres = request.getfixturevalue("postgres")
    return server.url


_crawls = iter(range(1000, 10_000))


@pytest.fixture
def frontier(url: str) -> Iterator[Frontier]:
    # Crawls share a database: each test is a crawl of its own.
    opened = Frontier(url, next(_crawls))
    yield opened
    opened.close()


def beat(frontier: Frontier, worker: str, pid: int = 1) -> None:
    frontier.workers.beat(worker, "here", pid, {})


def test_a_seed_is_leased_once_and_ends_once(frontier: Frontier) -> None:
    assert frontier.add(["http://a.com/", "http://b.com/", "http://a.com/"]) == 2
    assert frontier.add(["http://a.com/"]) == 0
    assert frontier.report.waits()
    beat(frontier, "w1")
    leases = frontier.lease("w1", 10, per_domain=0)
    assert not frontier.report.waits()
    assert sorted(lease.seed for lease in leases) == ["http://a.com/", "http://b.com/"]
    assert [lease.attempt for lease in leases] == [1, 1]
    assert frontier.lease("w2", 10, per_domain=0) == []
    assert frontier.end("w1", leases[0], "complete", 5)
    assert not frontier.end("w1", leases[0], "complete", 5)
    assert frontier.report.left()
    assert frontier.end("w1", leases[1], "net_error")
    assert not frontier.report.left()
    assert frontier.report.counts() == {"ended complete": 1, "ended net_error": 1}
    assert frontier.report.calls() == 5


def test_a_dead_workers_seed_goes_to_another_and_its_late_report_is_refused(
    frontier: Frontier, monkeypatch: pytest.MonkeyPatch
) -> None:
    frontier.add(["http://a.com/"])
    monkeypatch.setattr(settings, "LEASE_S", -1.0)
    beat(frontier, "w1")
    (first,) = frontier.lease("w1", 1, per_domain=0)
    monkeypatch.setattr(settings, "LEASE_S", 60.0)
    beat(frontier, "w2")
    assert frontier.reap() == 1
    (second,) = frontier.lease("w2", 1, per_domain=0)
    assert (first.attempt, second.attempt) == (1, 2)
    assert not frontier.end("w1", first, "complete")
    assert not frontier.retry("w1", first, 0.0)
    assert frontier.end("w2", second, "timeout")
    assert frontier.report.counts() == {"ended timeout": 1}


def test_a_live_workers_seeds_are_not_reaped(frontier: Frontier) -> None:
    frontier.add(["http://a.com/"])
    beat(frontier, "w1")
    frontier.lease("w1", 1, per_domain=0)
    assert frontier.reap() == 0


def test_workers_of_this_host_that_are_gone_are_buried_at_once(frontier: Frontier) -> None:
    frontier.add(["http://a.com/", "http://b.com/"])
    beat(frontier, "dead", pid=11)
    beat(frontier, "alive", pid=12)
    frontier.lease("dead", 1, per_domain=0)
    frontier.lease("alive", 1, per_domain=0)
    assert sorted(frontier.workers.pids("here")) == [11, 12]
    frontier.workers.mark_dead("here", [12])
    assert frontier.reap() == 1
    assert len(frontier.lease("new", 5, per_domain=0)) == 1


def test_leaving_frees_what_is_still_held(frontier: Frontier) -> None:
    frontier.add(["http://a.com/"])
    beat(frontier, "w1")
    frontier.lease("w1", 1, per_domain=0)
    frontier.leave("w1")
    beat(frontier, "w2")
    assert [lease.attempt for lease in frontier.lease("w2", 1, per_domain=0)] == [2]


def test_what_keeps_waiting_seeds_from_being_leased_is_named(frontier: Frontier) -> None:
    assert frontier.report.obstacle(1) is Limit.SEEDS
    frontier.add(["http://a.com/1", "http://a.com/2"])
    beat(frontier, "w1")
    (first,) = frontier.lease("w1", 9, per_domain=1, pace_s=60)
    assert frontier.report.obstacle(1) is Limit.PER_DOMAIN
    assert frontier.report.obstacle(2) is Limit.PACE
    assert frontier.report.obstacle(0) is Limit.PACE
    frontier.retry("w1", first, 60.0)
    assert frontier.report.obstacle(1) is Limit.PACE


def test_seeds_that_wait_for_their_next_attempt_are_told_from_those_of_busy_domains(
    frontier: Frontier,
) -> None:
    frontier.add(["http://a.com/", "http://b.com/1", "http://b.com/2"])
    beat(frontier, "w1")
    again, *_ = sorted(frontier.lease("w1", 9, per_domain=1), key=lambda lease: lease.domain)
    frontier.retry("w1", again, 60.0)
    assert frontier.report.obstacle(1) is Limit.PER_DOMAIN
    assert [lease.domain for lease in frontier.lease("w1", 9, per_domain=0)] == ["b.com"]
    assert frontier.report.obstacle(0) is Limit.RETRIES
    assert frontier.report.obstacle(1) is Limit.RETRIES  # b.com has two visits, but no seed that waits


def test_no_domain_has_more_visits_than_allowed(frontier: Frontier) -> None:
    frontier.add([f"http://www{n}.same.co.uk/" for n in range(9)] + ["http://other.com/"])
    beat(frontier, "w1")
    held = []
    for _ in range(4):
        held += frontier.lease("w1", 10, per_domain=3)
    assert sorted(lease.domain for lease in held) == ["other.com", "same.co.uk", "same.co.uk", "same.co.uk"]
    one = next(lease for lease in held if lease.domain == "same.co.uk")
    frontier.end("w1", one, "complete")
    assert [lease.domain for lease in frontier.lease("w2", 10, per_domain=3)] == ["same.co.uk"]


def test_a_pace_spaces_the_visits_to_a_domain(frontier: Frontier) -> None:
    frontier.add(["http://a.com/1", "http://a.com/2"])
    beat(frontier, "w1")
    assert len(frontier.lease("w1", 10, per_domain=5, pace_s=600)) == 1
    assert frontier.lease("w1", 10, per_domain=5, pace_s=600) == []


def test_a_mass_of_seeds_that_must_wait_does_not_hide_the_others(
    frontier: Frontier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LEASE_LOOKS", 4)
    frontier.add([f"http://big.com/{n}" for n in range(200)], priority=1)
    frontier.add([f"http://small{n}.com/" for n in range(3)])
    beat(frontier, "w1")
    held = [lease for _ in range(3) for lease in frontier.lease("w1", 5, per_domain=2)]
    found = sorted(lease.domain for lease in held)
    assert found == ["big.com", "big.com", "small0.com", "small1.com", "small2.com"]


def test_the_numbers_kept_are_those_of_the_seeds(url: str) -> None:
    """Seeds are leased, ended, tried again and reaped in any order: the counts are those of the rows."""
    crawl, dice = next(_crawls), random.Random(3)
    frontier = Frontier(url, crawl)
    frontier.add([f"http://s{n % 9}.com/{n}" for n in range(60)])
    held: list[tuple[str, Lease]] = []
    for step in range(120):
        worker = dice.choice(["w1", "w2", "w3"])
        beat(frontier, worker)
        held += [(worker, lease) for lease in frontier.lease(worker, dice.randint(1, 4), per_domain=3)]
        dice.shuffle(held)
        for name, lease in held[: len(held) // 3]:
            end = dice.choice(["end", "end", "retry"])
            arguments = {"end": ("complete", step), "retry": (0.0,)}[end]
            getattr(frontier, end)(name, lease, *arguments)
        held = held[len(held) // 3 :]
        if step % 17 == 0:
            frontier.leave(worker)
            frontier.add([f"http://s{step % 9}.com/{n}" for n in range(50, 70)])
    query = sa.select(SEEDS.c.state, SEEDS.c.outcome, SEEDS.c.domain, SEEDS.c.calls)
    with frontier._database.begin() as db:
        rows = db.execute(query.where(SEEDS.c.crawl_id == crawl)).all()
        domains = db.execute(sa.select(DOMAINS).where(DOMAINS.c.crawl_id == crawl)).all()
    said = Counter("ended complete" if row.state == "ended" else row.state for row in rows)
    assert said["ended complete"] > 20
    assert frontier.report.counts() == dict(said)
    assert frontier.report.calls() == sum(row.calls for row in rows)
    for one in domains:
        here = Counter(row.state for row in rows if row.domain == one.domain)
        assert (one.waiting, one.active) == (here["waiting"], here["leased"])
    frontier.close()


def test_priorities_come_first(frontier: Frontier) -> None:
    frontier.add([f"http://a{n}.com/" for n in range(50)])
    frontier.add(["http://urgent.com/"], priority=5)
    beat(frontier, "w1")
    assert [lease.seed for lease in frontier.lease("w1", 1, per_domain=0)] == ["http://urgent.com/"]


def test_a_retry_waits_and_counts_as_an_attempt(frontier: Frontier) -> None:
    frontier.add(["http://a.com/"])
    beat(frontier, "w1")
    (first,) = frontier.lease("w1", 1, per_domain=1)
    assert frontier.retry("w1", first, 600.0)
    assert frontier.lease("w1", 1, per_domain=1) == []
    assert frontier.report.left()


def test_threads_never_share_a_seed(url: str) -> None:
    crawl = next(_crawls)
    opened = Frontier(url, crawl)
    opened.add([f"http://s{n % 40}.com/{n}" for n in range(300)])
    taken: list[tuple[int, int]] = []
    most: list[int] = []

    def work(name: str) -> None:
        frontier = Frontier(url, crawl)
        beat(frontier, name)
        while frontier.report.left():
            leases = frontier.lease(name, 7, per_domain=2)
            per_domain: dict[str, int] = {}
            for lease in leases:
                per_domain[lease.domain] = per_domain.get(lease.domain, 0) + 1
            most.append(max(per_domain.values(), default=0))
            for lease in leases:
                taken.append((lease.visit_id, lease.attempt))
                assert frontier.end(name, lease, "complete", 1)
        frontier.close()

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(taken) == len(set(taken)) == 300
    assert max(most) <= 2
    assert opened.report.counts() == {"ended complete": 300}
    opened.close()


def test_seeds_in_order_are_leased_one_by_one(frontier: Frontier) -> None:
    """Other variants of the same seeds, and other leases, do not disturb the order."""
    seeds = [f"http://s{n}.com/" for n in range(4)]
    frontier.in_order = ("kept",)
    frontier.add(seeds, variants=("kept", "fresh"))
    frontier.add(["http://again.com/"], variants=("kept",), wave=2, priority=9)  # a wave comes after another
    order = [*sorted(seeds, key=lambda seed: place_of(frontier.crawl_id, seed)), "http://again.com/"]
    for worker in ("w1", "w2"):
        beat(frontier, worker)
    assert {lease.variant for lease in frontier.lease("w2", 99, per_domain=0)} == {"fresh"}
    ended: list[tuple[int, int]] = []
    for number, seed in enumerate(order):
        lease, before = frontier.lease_in_order("w1", "kept")
        assert lease and (lease.seed, lease.variant, lease.attempt) == (seed, "kept", 1)
        assert before == frontier.visits_in_order("kept") == ended[::-1]
        assert frontier.lease_in_order("w2", "kept") == (None, before)  # while it is visited
        if number == 1:  # it is tried again before the next one
            assert frontier.retry("w1", lease, 0.0)
            again, _ = frontier.lease_in_order("w2", "kept")
            assert again and (again.seed, again.attempt) == (seed, 2)
            frontier.leave("w2")
            lease, _ = frontier.lease_in_order("w1", "kept")
            assert lease and (lease.seed, lease.attempt) == (seed, 3)
        assert frontier.end("w1", lease, "complete")
        ended.append((lease.visit_id, lease.attempt))
    assert frontier.lease_in_order("w1", "kept") == (None, ended[::-1])


def test_a_seed_that_waits_for_its_next_attempt_holds_up_those_after_it(frontier: Frontier) -> None:
    frontier.add(["http://a.com/", "http://b.com/"])
    beat(frontier, "w1")
    first, _ = frontier.lease_in_order("w1")
    assert first and frontier.retry("w1", first, 600.0)
    assert frontier.lease_in_order("w1") == (None, [])


def test_workers_that_share_an_order_keep_it(url: str) -> None:
    """However they meet, one seed is visited at a time, and each worker knows those before."""
    crawl, seeds = next(_crawls), [f"http://s{n}.com/" for n in range(30)]
    opened = Frontier(url, crawl)
    opened.add(seeds)
    visited: list[tuple[str, int]] = []  # each seed, and how many were before it

    def work(name: str) -> None:
        frontier = Frontier(url, crawl)
        beat(frontier, name)
        while frontier.report.left():
            lease, before = frontier.lease_in_order(name)
            if lease:
                visited.append((lease.seed, len(before)))
                assert frontier.end(name, lease, "complete")
        frontier.close()

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    ordered = sorted(seeds, key=lambda seed: place_of(crawl, seed))
    assert visited == [(seed, number) for number, seed in enumerate(ordered)]
    opened.close()


def test_two_crawls_in_one_database_do_not_meet(url: str) -> None:
    one, two = Frontier(url, next(_crawls)), Frontier(url, next(_crawls))
    one.add(["http://a.com/"])
    assert not two.report.left()
    assert two.report.counts() == {}
    one.close()
    two.close()


def test_a_visit_id_is_53_bits_and_depends_on_crawl_and_seed() -> None:
    ids = {visit_id(crawl, f"http://a.com/{n}") for crawl in (1, 2) for n in range(500)}
    assert len(ids) == 1000
    assert max(ids) < 2**53
    assert visit_id(1, "http://a.com/") == visit_id(1, "http://a.com/")


def test_hostile_seeds_are_stored(frontier: Frontier) -> None:
    frontier.add(["http://a.com/\0", "http://b.com/\ud800", "x' OR 1=1 --", ""])
    beat(frontier, "w1")
    assert len(frontier.lease("w1", 10, per_domain=0)) == 4


@pytest.mark.parametrize("url", ["mysql://a/b", "nonsense", "postgresql://127.0.0.1:1/x"])
def test_a_frontier_that_cannot_be_is_said_in_one_line(url: str) -> None:
    with pytest.raises((InputError, OutsideError), match="--frontier"):
        Frontier(url, CRAWL)


def test_variants_and_waves_of_a_seed_are_visits_of_their_own_at_one_place(frontier: Frontier) -> None:
    seeds = [Seed("http://a.com/", "wait=1"), "http://b.com/"]
    assert [frontier.add(seeds, variants=[name]) for name in ("", "gpc", "gpc")] == [2, 2, 0]
    assert frontier.add(seeds, variants=["gpc"], wave=2) == 2
    beat(frontier, "w1")
    leases = frontier.lease("w1", 10, per_domain=0)
    assert len({lease.visit_id for lease in leases}) == 6
    found = sorted((lease.seed, lease.variant, lease.wave, lease.do) for lease in leases)
    assert found == [
        (seed, variant, wave, do)
        for seed, do in (("http://a.com/", "wait=1"), ("http://b.com/", ""))
        for variant, wave in (("", 1), ("gpc", 1), ("gpc", 2))
    ]
    numbers = {
        visit_id(1, "s", variant, wave, follow)
        for variant in ("", "1")
        for wave in (1, 2)
        for follow in (0, 1)
    }
    assert len(numbers) == 8 and visit_id(1, "s") in numbers


def test_a_database_of_an_earlier_version_gets_the_columns_that_it_lacks(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/frontier.sqlite"
    Frontier(url, 1).close()
    engine = sa.create_engine(url)
    with engine.begin() as db:
        for column in ("variant", "do", "wave"):
            db.execute(sa.text(f"ALTER TABLE overscripted_seeds DROP COLUMN {column}"))
        db.execute(
            sa.text(
                "INSERT INTO overscripted_seeds (crawl_id, visit_id, seed, domain, priority, place, state,"
                " attempts, not_before) VALUES (1, 5, 'http://a.com/', 'a.com', 0, 1, 'waiting', 0, 0)"
            )
        )
        db.execute(sa.text("INSERT INTO overscripted_domains VALUES (1, 'a.com', 1, 0, 0)"))
    engine.dispose()
    opened = Frontier(url, 1)
    beat(opened, "w1")
    assert opened.lease("w1", 1, per_domain=0) == [Lease(5, "http://a.com/", "a.com", 1)]
    opened.close()

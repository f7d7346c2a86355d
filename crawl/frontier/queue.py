"""The frontier: which seeds wait, which are leased to a worker, and how each one ended.

A seed is ``waiting``, ``leased`` to a worker that is alive, or ``ended`` in one outcome. Leases of a dead
worker become free again. Each lease is an attempt with a number of its own; a late report of an earlier
attempt is refused.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import sqlalchemy as sa

from overscripted.crawl import settings
from overscripted.crawl.frontier.database import Clock, Database
from overscripted.crawl.frontier.in_order import InOrder
from overscripted.crawl.frontier.report import Report
from overscripted.crawl.frontier.tables import (
    DOMAINS,
    ENDED,
    HAS_WAITING,
    LEASED,
    ORDER,
    SEEDS,
    WAITING,
    WORKERS,
)
from overscripted.crawl.frontier.visit_ids import place_of
from overscripted.crawl.frontier.visit_ids import visit_id as visit_id
from overscripted.crawl.frontier.waves import Waves
from overscripted.crawl.frontier.workers import Workers
from overscripted.crawl.link import Link
from overscripted.outcomes import Outcome
from overscripted.text import clean
from overscripted.urls import domain

_CHUNK = 5000  # seeds added in one transaction


@dataclass(frozen=True)
class Seed:
    """A URL to visit. ``do`` is the plan for its page (`behaviours.plan`); empty: the crawl's plan."""

    url: str
    do: str = ""


@dataclass(frozen=True)
class Lease:
    """One attempt at one seed, in one variant and wave. For ``do`` see `Seed`.

    ``parent_visit_id`` and ``link`` are set for visits that follow the seed's own, see `following`.
    ``decorate`` is a query that a variant adds to the seed.
    """

    visit_id: int
    seed: str
    domain: str
    attempt: int
    variant: str = ""
    wave: int = 1
    do: str = ""
    parent_visit_id: int | None = None
    link: Link | None = None
    decorate: str = ""

    @property
    def url(self) -> str:
        """The URL to visit: the seed, with what its variant adds to its query."""
        if not self.decorate:
            return self.seed
        address, hash_mark, fragment = self.seed.partition("#")
        return f"{address}{'&' if '?' in address else '?'}{self.decorate}{hash_mark}{fragment}"

    def following(self, crawl_id: int, number: int, link: Link, do: str) -> "Lease":
        """Visit ``number``, from 1, of those that follow the seed's own in its container."""
        follower = visit_id(crawl_id, self.seed, self.variant, self.wave, number)
        decorate = self.decorate if link.url == self.seed else ""
        follows = replace(self, visit_id=follower, parent_visit_id=self.visit_id, link=link)
        return replace(follows, seed=link.url, do=do, decorate=decorate)


class Frontier:
    """Seeds of a crawl, its ``workers``, ``waves`` and ``report``. Methods block; one thread at a time."""

    def __init__(self, url: str | sa.URL, crawl_id: int) -> None:
        """Open the database; see `Database` for ``url`` and errors."""
        self.crawl_id = crawl_id
        self._database = Database(url)
        self.workers = Workers(self._database, crawl_id)
        self.waves = Waves(self._database, crawl_id)
        self.report = Report(self._database, crawl_id)
        self.in_order: tuple[str, ...] = ()  # variants whose seeds `lease` leaves to `lease_in_order`
        self._in_order = InOrder(self._database, crawl_id)

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    # -- seeds ------------------------------------------------------------------------------

    def add(
        self,
        seeds: Iterable[str | Seed],
        priority: int = 0,
        variants: Sequence[str] = ("",),
        wave: int = 1,
    ) -> int:
        """Add seeds that are not there yet, once for each variant; returns the number of these visits.

        ``seeds`` is a stream of any length.
        """
        added, stream = 0, iter(seeds)
        while chunk := list(islice(stream, _CHUNK)):
            given = [seed if isinstance(seed, Seed) else Seed(seed) for seed in chunk]
            added += sum(self._add(given, priority, variant, wave) for variant in variants)
        return added

    def _add(self, chunk: list[Seed], priority: int, variant: str, wave: int) -> int:
        rows = {}
        for item in chunk:
            seed = clean(item.url).replace("\0", "\ufffd")  # PostgreSQL's text has no NUL, nor has a URL
            number = visit_id(self.crawl_id, seed, variant, wave)
            rows[number] = {
                "crawl_id": self.crawl_id,
                "visit_id": number,
                "seed": seed,
                "variant": variant,
                "wave": wave,
                "do": item.do,
                "domain": domain(seed),
                "priority": priority,
                # Variants of a seed have the same place, so they are visited at about the same time.
                "place": place_of(self.crawl_id, seed),
                "state": "waiting",
                "attempts": 0,
                "not_before": 0.0,
            }
        insert = self._database.insert(SEEDS).on_conflict_do_nothing().returning(SEEDS.c.domain)
        with self._database.begin() as db:
            added = Counter(db.scalars(insert, [rows[number] for number in sorted(rows)]))
            if added:
                self._count_added(db, added)
        return added.total()

    def _count_added(self, db: sa.Connection, added: Counter[str]) -> None:
        """Count seeds that were added, by domain."""
        upsert = self._database.insert(DOMAINS)
        more = {"waiting": DOMAINS.c.waiting + upsert.excluded.waiting}
        fixed = {"crawl_id": self.crawl_id, "active": 0, "next_at": 0.0}
        db.execute(
            upsert.on_conflict_do_update(index_elements=["crawl_id", "domain"], set_=more),
            [{**fixed, "domain": name, "waiting": n} for name, n in sorted(added.items())],
        )

    # -- leases -----------------------------------------------------------------------------

    def lease(
        self, worker: str, n: int, per_domain: int, pace_s: float = 0.0, together: bool = False
    ) -> list[Lease]:
        """Up to ``n`` seeds for this worker. The fleet holds at most ``per_domain`` of a domain (0: any).

        ``pace_s`` is the least time between the starts of two visits to a domain. With ``together`` each of
        these seeds comes with all its variants that wait, so that they are visited at the same time: a domain
        that may have one more visit may have them all, and they are one start.
        """
        now = self._database.clock
        with self._database.begin() as db:
            batch = _Batch(n, per_domain, pace_s, together)
            for start in (random.randrange(2**31), 0):
                if batch.missing:
                    batch.add(self._next(db, start, batch.missing, now, per_domain))
            if batch.missing:  # most seeds that come next belong to domains that may have no more visits
                for name in self._free_domains(db, batch.missing, now, per_domain):
                    batch.add(self._of_domain(db, name, batch.missing, now))
            if together and batch.leases:
                batch.complete(self._variants_of(db, [lease.seed for lease in batch.leases], now))
            if batch.leases:
                self._mark_leased(db, worker, batch, now + pace_s)
            return batch.leases

    def lease_in_order(
        self, worker: str, variant: str = "", per_domain: int = 0, pace_s: float = 0.0
    ) -> tuple[Lease | None, list[tuple[int, int]]]:
        """The seed of a variant whose turn it is, or None while it cannot be leased; the visits before it.

        For these see `Next`, for ``per_domain`` and ``pace_s`` `lease`.
        """
        now = self._database.clock
        with self._database.begin() as db:
            turn = self._in_order.next(db, variant)
            if turn.visit_id is None:
                return None, turn.before
            query = _LEASABLE.where(SEEDS.c.crawl_id == self.crawl_id, SEEDS.c.visit_id == turn.visit_id)
            query = query.where(*_free(now, per_domain))
            batch = _Batch(1, per_domain, pace_s, together=False)
            batch.add(db.execute(query.with_for_update(of=DOMAINS)))
            if not batch.leases:
                return None, turn.before
            self._mark_leased(db, worker, batch, now + pace_s)
            return batch.leases[0], turn.before

    def visits_in_order(self, variant: str = "") -> list[tuple[int, int]]:
        """The visits of a variant that have ended, see `Next`."""
        with self._database.begin() as db:
            return self._in_order.before(db, variant)

    def _ready(self, now: Clock) -> list[sa.ColumnElement[bool]]:
        """A seed waits and may be leased now, if its domain allows it."""
        ready = [SEEDS.c.crawl_id == self.crawl_id, WAITING, SEEDS.c.not_before <= now]
        return [*ready, SEEDS.c.variant.not_in(self.in_order)] if self.in_order else ready

    def _next(self, db: sa.Connection, start: int, n: int, now: Clock, per_domain: int) -> list[Any]:
        """Up to ``n`` of the next waiting seeds whose domain is free, from position ``start`` on."""
        ready = self._ready(now)
        next_seeds = sa.select(SEEDS.c.visit_id, SEEDS.c.priority, SEEDS.c.place).where(*ready)
        if start:  # workers begin at different positions of the top priority: no queue for its first seeds
            top = sa.select(sa.func.max(SEEDS.c.priority)).where(*ready).scalar_subquery()
            next_seeds = next_seeds.where(SEEDS.c.priority == top, SEEDS.c.place >= start)
        # A lease looks at this many seeds, however many wait for their domain to be free.
        candidates = next_seeds.order_by(*ORDER).limit(settings.LEASE_LOOKS).subquery()
        query = (
            _LEASABLE.join(candidates, candidates.c.visit_id == SEEDS.c.visit_id)
            .where(*ready, *_free(now, per_domain))
            .order_by(candidates.c.priority.desc(), candidates.c.place)
            .limit(n)
        )
        return list(db.execute(query.with_for_update(of=[SEEDS, DOMAINS], skip_locked=True)))

    def _free_domains(self, db: sa.Connection, n: int, now: Clock, per_domain: int) -> list[str]:
        """Up to ``n`` domains that have waiting seeds and may have another visit."""
        query = (
            sa.select(DOMAINS.c.domain)
            .where(DOMAINS.c.crawl_id == self.crawl_id, HAS_WAITING, *_free(now, per_domain))
            .order_by(DOMAINS.c.domain)
            .limit(n)
        )
        return list(db.scalars(query.with_for_update(skip_locked=True)))

    def _of_domain(self, db: sa.Connection, name: str, n: int, now: Clock) -> list[Any]:
        """Up to ``n`` of a domain's waiting seeds."""
        query = (
            _LEASABLE.where(*self._ready(now))
            .where(SEEDS.c.domain == name)
            .order_by(SEEDS.c.priority.desc())
            .limit(n)
        )
        return list(db.execute(query.with_for_update(of=SEEDS, skip_locked=True)))

    def _variants_of(self, db: sa.Connection, seeds: list[str], now: Clock) -> list[Any]:
        """The waiting visits of these seeds, in all variants."""
        query = (
            _LEASABLE.where(*self._ready(now))
            .where(SEEDS.c.place.in_({place_of(self.crawl_id, seed) for seed in seeds}))
            .where(SEEDS.c.seed.in_(seeds))
        )
        return list(db.execute(query.with_for_update(of=SEEDS, skip_locked=True)))

    def _mark_leased(self, db: sa.Connection, worker: str, batch: "_Batch", next_at: Clock) -> None:
        db.execute(
            sa.update(SEEDS)
            .where(SEEDS.c.crawl_id == self.crawl_id)
            .where(SEEDS.c.visit_id.in_([lease.visit_id for lease in batch.leases]))
            .values(state="leased", worker=worker, attempts=SEEDS.c.attempts + 1)
        )
        for name, n in Counter(lease.domain for lease in batch.leases).items():
            self._count_domain(db, name, waiting=-n, active=n, next_at=next_at)

    def _count_domain(self, db: sa.Connection, name: str, **changes: Any) -> None:
        """Add ``waiting`` and ``active`` to the counts of a domain, set its ``next_at``."""
        values = {key: n if key == "next_at" else DOMAINS.c[key] + n for key, n in changes.items()}
        db.execute(
            sa.update(DOMAINS)
            .where(DOMAINS.c.crawl_id == self.crawl_id, DOMAINS.c.domain == name)
            .values(values)
        )

    def end(self, worker: str, lease: Lease, outcome: Outcome, calls: int = 0) -> bool:
        """The seed has ended; its records are durable. False if this is not its latest lease."""
        return self._close(worker, lease, {"state": "ended", "outcome": outcome, "calls": calls})

    def retry(self, worker: str, lease: Lease, delay_s: float) -> bool:
        """The seed waits for another attempt, for at least ``delay_s``. False as for `end`."""
        return self._close(worker, lease, {"state": "waiting"}, delay_s)

    def _close(self, worker: str, lease: Lease, values: dict[str, Any], delay_s: float = 0.0) -> bool:
        now = self._database.clock
        with self._database.begin() as db:
            updated = db.execute(
                sa.update(SEEDS)
                .where(
                    SEEDS.c.crawl_id == self.crawl_id,
                    SEEDS.c.visit_id == lease.visit_id,
                    SEEDS.c.attempts == lease.attempt,
                    SEEDS.c.worker == worker,
                    LEASED,
                )
                .values(worker=None, ended=now, not_before=now + delay_s if delay_s else 0.0, **values)
            )
            if updated.rowcount:
                self._count_domain(db, lease.domain, active=-1, waiting=int(values["state"] == "waiting"))
                if values["state"] == "ended":
                    self._count_ended(db, worker, values["outcome"], values["calls"])
            return bool(updated.rowcount)

    def _count_ended(self, db: sa.Connection, worker: str, outcome: str, calls: int) -> None:
        row = {"crawl_id": self.crawl_id, "worker": worker, "outcome": outcome, "seeds": 1, "calls": calls}
        insert = self._database.insert(ENDED).values(row)
        more = {"seeds": ENDED.c.seeds + 1, "calls": ENDED.c.calls + calls}
        db.execute(insert.on_conflict_do_update(index_elements=["crawl_id", "worker", "outcome"], set_=more))

    # -- seeds of workers that are gone -------------------------------------------------------

    def leave(self, worker: str) -> None:
        """This worker takes part no more: seeds that it still holds are free."""
        self.workers.leave(worker)
        self.reap()

    def reap(self) -> int:
        """Free the seeds of dead workers; returns their number. Their attempts count."""
        with self._database.begin() as db:
            dead = sa.select(WORKERS.c.worker).where(
                WORKERS.c.crawl_id == self.crawl_id, WORKERS.c.alive_until <= self._database.now(db)
            )
            query = sa.select(SEEDS.c.visit_id, SEEDS.c.domain).where(
                SEEDS.c.crawl_id == self.crawl_id, LEASED, SEEDS.c.worker.in_(dead)
            )
            found = list(db.execute(query.with_for_update(skip_locked=True)))
            if not found:
                return 0
            db.execute(
                sa.update(SEEDS)
                .where(
                    SEEDS.c.crawl_id == self.crawl_id, SEEDS.c.visit_id.in_([row.visit_id for row in found])
                )
                .values(state="waiting", worker=None)
            )
            for name, n in sorted(Counter(row.domain for row in found).items()):
                self._count_domain(db, name, waiting=n, active=-n)
            return len(found)


_LEASABLE = sa.select(
    SEEDS.c.visit_id,
    SEEDS.c.seed,
    SEEDS.c.domain,
    SEEDS.c.attempts,
    SEEDS.c.variant,
    SEEDS.c.wave,
    SEEDS.c.do,
    DOMAINS.c.active,
).join(DOMAINS, (DOMAINS.c.crawl_id == SEEDS.c.crawl_id) & (DOMAINS.c.domain == SEEDS.c.domain))


def _free(now: Clock, per_domain: int) -> list[sa.ColumnElement[bool]]:
    """A domain may have another visit."""
    return [DOMAINS.c.next_at <= now, *([DOMAINS.c.active < per_domain] if per_domain else [])]


class _Batch:
    """Leases made together: no domain has more visits than allowed, or visits faster than its pace."""

    def __init__(self, n: int, per_domain: int, pace_s: float, together: bool) -> None:
        self.leases: list[Lease] = []
        self._together = together
        self._n, self._per_domain, self._paced = n, per_domain, pace_s > 0
        self._active: dict[str, int] = {}  # visits in progress by domain, these leases included
        self._seen: set[int | str] = set()

    @property
    def missing(self) -> int:
        """How many more leases are wanted."""
        return self._n - len(self.leases)

    def add(self, rows: Iterable[Any]) -> None:
        """Add leases of those seeds whose domains allow it."""
        for row in rows:
            active = self._active.get(row.domain, row.active)
            full = bool(self._per_domain) and active >= self._per_domain
            key = row.seed if self._together else row.visit_id
            if key in self._seen or full or (self._paced and row.domain in self._active):
                continue
            self._seen.add(key)
            self._active[row.domain] = active + 1
            self.leases.append(_lease(row))

    def complete(self, rows: Iterable[Any]) -> None:
        """Add the other variants of the seeds that are there."""
        there = {lease.visit_id for lease in self.leases}
        self.leases += [_lease(row) for row in rows if row.visit_id not in there]


def _lease(row: Any) -> Lease:
    return Lease(row.visit_id, row.seed, row.domain, row.attempts + 1, row.variant, row.wave, row.do)

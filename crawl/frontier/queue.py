"""The frontier: which seeds wait, which are leased to a worker, and how each one ended.

SQLite for one machine, PostgreSQL for a fleet, the same SQLAlchemy code. A seed is ``waiting``,
``leased`` to a worker that is alive, or ``ended`` in one outcome. A worker is alive until a time
that its heartbeat moves on; the leases of a dead one are free again. Each lease is an attempt with
a number of its own; what an earlier attempt reports late is refused.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from overscripted.crawl import settings
from overscripted.crawl.frontier.tables import (
    DOMAINS,
    ENDED,
    HAS_WAITING,
    LEASED,
    META,
    ORDER,
    SEEDS,
    WAITING,
    WORKERS,
)
from overscripted.crawl.limits import Limit
from overscripted.errors import InputError, OutsideError, SoftwareMissing
from overscripted.text import clean
from overscripted.urls import domain

# One clock for the whole fleet: the database's, in seconds since 1970.
Clock: TypeAlias = sa.ColumnElement[float]
_CLOCKS: dict[str, Clock] = {
    "postgresql": sa.literal_column("extract(epoch FROM statement_timestamp())::float8", sa.Float),
    "sqlite": sa.literal_column("((julianday('now') - 2440587.5) * 86400.0)", sa.Float),
}


@dataclass(frozen=True)
class Lease:
    """One attempt at one seed."""

    visit_id: int
    seed: str
    domain: str
    attempt: int


def visit_id(crawl_id: int, seed: str) -> int:
    """Number of the visit of a seed: 53 bits, so that every language reads it exactly."""
    digest = hashlib.sha256(f"{crawl_id} {seed}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 11


class Frontier:
    """The seeds of one crawl. Its methods block; one thread at a time may call them."""

    def __init__(self, url: str | sa.URL, crawl_id: int) -> None:
        """Open, and make the tables where they are missing. ``url`` as SQLAlchemy writes it, or of `file`."""
        self.crawl_id = crawl_id
        self._engine = _engine(url)
        self._postgres = self._engine.dialect.name == "postgresql"
        self._clock = _CLOCKS[self._engine.dialect.name]
        try:
            with self._engine.begin() as db:
                if self._postgres:  # several workers start at once
                    db.execute(sa.text("SELECT pg_advisory_xact_lock(797573)"))
                META.create_all(db)
        except sa.exc.SQLAlchemyError as error:
            raise OutsideError(
                f"--frontier {_without_password(url)}: cannot be opened: {_said(error)}"
            ) from error

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    # -- seeds ------------------------------------------------------------------------------

    def add(self, seeds: Iterable[str], priority: int = 0) -> int:
        """Add seeds that are not there yet; how many more there are. A stream of any length."""
        added, stream = 0, iter(seeds)
        while chunk := list(islice(stream, 5000)):
            added += self._add(chunk, priority)
        return added

    def _add(self, chunk: list[str], priority: int) -> int:
        rows = {}
        for seed in map(clean, chunk):
            seed = seed.replace("\0", "\ufffd")  # PostgreSQL's text has no NUL, nor has a URL
            number = visit_id(self.crawl_id, seed)
            rows[number] = {
                "crawl_id": self.crawl_id,
                "visit_id": number,
                "seed": seed,
                "domain": domain(seed),
                "priority": priority,
                "place": number % (2**31 - 1),
                "state": "waiting",
                "attempts": 0,
                "not_before": 0.0,
            }
        insert = self._insert(SEEDS).on_conflict_do_nothing().returning(SEEDS.c.domain)
        with self._begin() as db:
            fresh = Counter(db.scalars(insert, [rows[number] for number in sorted(rows)]))
            if fresh:
                self._expect(db, fresh)
        return fresh.total()

    def _expect(self, db: sa.Connection, fresh: Counter[str]) -> None:
        """So many more seeds of these domains wait."""
        upsert = self._insert(DOMAINS)
        more = {"waiting": DOMAINS.c.waiting + upsert.excluded.waiting}
        fixed = {"crawl_id": self.crawl_id, "active": 0, "next_at": 0.0}
        db.execute(
            upsert.on_conflict_do_update(index_elements=["crawl_id", "domain"], set_=more),
            [{**fixed, "domain": name, "waiting": n} for name, n in sorted(fresh.items())],
        )

    # -- leases -----------------------------------------------------------------------------

    def lease(self, worker: str, n: int, per_domain: int, pace_s: float = 0.0) -> list[Lease]:
        """Up to ``n`` seeds for this worker, no domain with more than ``per_domain`` in the fleet (0: any).

        ``pace_s`` is the time between two visits to a domain.
        """
        now = self._clock
        with self._begin() as db:
            batch = _Batch(n, per_domain, pace_s)
            for start in (random.randrange(2**31), 0):
                if batch.missing:
                    batch.take(self._next(db, start, batch.missing, now, per_domain))
            if batch.missing:  # most of what comes next belongs to domains that may have no more
                for name in self._free(db, batch.missing, now, per_domain):
                    batch.take(self._of_domain(db, name, batch.missing, now))
            if batch.taken:
                self._take(db, worker, batch, now + pace_s)
            return batch.taken

    def _next(self, db: sa.Connection, start: int, n: int, now: Clock, per_domain: int) -> list[Any]:
        """Up to ``n`` of the next waiting seeds whose domain is free, from a place in the order on."""
        ready = (SEEDS.c.crawl_id == self.crawl_id, WAITING, SEEDS.c.not_before <= now)
        near = sa.select(SEEDS.c.visit_id, SEEDS.c.priority, SEEDS.c.place).where(*ready)
        if start:  # most workers begin at a place of their own in the top priority: no queue for its head
            top = sa.select(sa.func.max(SEEDS.c.priority)).where(*ready).scalar_subquery()
            near = near.where(SEEDS.c.priority == top, SEEDS.c.place >= start)
        # However many seeds wait for a domain to be free, a lease looks at so many.
        window = near.order_by(*ORDER).limit(settings.LEASE_LOOKS).subquery()
        query = (
            _LEASABLE.join(window, window.c.visit_id == SEEDS.c.visit_id)
            .where(*ready, *_free(now, per_domain))
            .order_by(window.c.priority.desc(), window.c.place)
            .limit(n)
        )
        return list(db.execute(query.with_for_update(of=[SEEDS, DOMAINS], skip_locked=True)))

    def _free(self, db: sa.Connection, n: int, now: Clock, per_domain: int) -> list[str]:
        """Up to ``n`` domains that have seeds waiting and are free for a visit."""
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
            _LEASABLE.where(SEEDS.c.crawl_id == self.crawl_id, WAITING, SEEDS.c.not_before <= now)
            .where(SEEDS.c.domain == name)
            .order_by(SEEDS.c.priority.desc())
            .limit(n)
        )
        return list(db.execute(query.with_for_update(of=SEEDS, skip_locked=True)))

    def _take(self, db: sa.Connection, worker: str, batch: "_Batch", next_at: Clock) -> None:
        db.execute(
            sa.update(SEEDS)
            .where(SEEDS.c.crawl_id == self.crawl_id)
            .where(SEEDS.c.visit_id.in_([lease.visit_id for lease in batch.taken]))
            .values(state="leased", worker=worker, attempts=SEEDS.c.attempts + 1)
        )
        for name, n in Counter(lease.domain for lease in batch.taken).items():
            self._move(db, name, waiting=-n, active=n, next_at=next_at)

    def _move(self, db: sa.Connection, name: str, **changes: Any) -> None:
        """Seeds of a domain went from one state to another."""
        values = {key: n if key == "next_at" else DOMAINS.c[key] + n for key, n in changes.items()}
        db.execute(
            sa.update(DOMAINS)
            .where(DOMAINS.c.crawl_id == self.crawl_id, DOMAINS.c.domain == name)
            .values(values)
        )

    def end(self, worker: str, lease: Lease, outcome: str, calls: int = 0) -> bool:
        """The seed has ended; its records are durable. False where the lease is no longer this one."""
        return self._close(worker, lease, {"state": "ended", "outcome": outcome, "calls": calls})

    def retry(self, worker: str, lease: Lease, delay_s: float) -> bool:
        """The seed waits for another attempt, not before ``delay_s``."""
        return self._close(worker, lease, {"state": "waiting"}, delay_s)

    def release(self, worker: str, lease: Lease) -> bool:
        """The attempt was not made: the seed waits again and the attempt does not count."""
        return self._close(worker, lease, {"state": "waiting", "attempts": lease.attempt - 1})

    def _close(self, worker: str, lease: Lease, values: dict[str, Any], delay_s: float = 0.0) -> bool:
        now = self._clock
        with self._begin() as db:
            done = db.execute(
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
            if done.rowcount:
                self._move(db, lease.domain, active=-1, waiting=int(values["state"] == "waiting"))
                if values["state"] == "ended":
                    self._count(db, worker, values["outcome"], values["calls"])
            return bool(done.rowcount)

    def _count(self, db: sa.Connection, worker: str, outcome: str, calls: int) -> None:
        row = {"crawl_id": self.crawl_id, "worker": worker, "outcome": outcome, "seeds": 1, "calls": calls}
        insert = self._insert(ENDED).values(row)
        more = {"seeds": ENDED.c.seeds + 1, "calls": ENDED.c.calls + calls}
        db.execute(insert.on_conflict_do_update(index_elements=["crawl_id", "worker", "outcome"], set_=more))

    # -- workers ----------------------------------------------------------------------------

    def beat(self, worker: str, host: str, pid: int, facts: dict[str, Any]) -> None:
        """This worker is alive; ``facts`` are for `status`."""
        with self._begin() as db:
            now = self._now(db)
            row = {
                "host": host,
                "pid": pid,
                "seen": now,
                "alive_until": now + settings.LEASE_S,
                "facts": facts,
            }
            key = {"crawl_id": self.crawl_id, "worker": worker}
            insert = self._insert(WORKERS).values(**key, **row, started=now)
            db.execute(insert.on_conflict_do_update(index_elements=["crawl_id", "worker"], set_=row))

    def leads(self, worker: str) -> bool:
        """Whether this worker is the one that has been alive longest: it speaks for all."""
        with self._begin() as db:
            query = (
                sa.select(WORKERS.c.worker)
                .where(WORKERS.c.crawl_id == self.crawl_id, WORKERS.c.alive_until > self._now(db))
                .order_by(WORKERS.c.started, WORKERS.c.worker)
                .limit(1)
            )
            return db.scalar(query) == worker

    def leave(self, worker: str) -> None:
        """This worker ends in order: what it still holds is free."""
        with self._begin() as db:
            db.execute(
                sa.update(WORKERS)
                .where(WORKERS.c.crawl_id == self.crawl_id, WORKERS.c.worker == worker)
                .values(alive_until=0.0)
            )
        self.reap()

    def bury(self, host: str, alive: Iterable[int]) -> None:
        """The workers of this host whose process is not among ``alive`` are dead now, not at lease end."""
        with self._begin() as db:
            db.execute(
                sa.update(WORKERS)
                .where(
                    WORKERS.c.crawl_id == self.crawl_id,
                    WORKERS.c.host == host,
                    WORKERS.c.pid.not_in(list(alive)),
                )
                .values(alive_until=0.0)
            )

    def pids(self, host: str) -> list[int]:
        """Processes of the workers of a host that are taken for alive."""
        with self._begin() as db:
            query = sa.select(WORKERS.c.pid).where(
                WORKERS.c.crawl_id == self.crawl_id, WORKERS.c.host == host, WORKERS.c.alive_until > 0
            )
            return list(db.scalars(query))

    def reap(self) -> int:
        """Free the seeds of workers that are dead; how many. Their attempts count."""
        with self._begin() as db:
            now = self._now(db)
            dead = sa.select(WORKERS.c.worker).where(
                WORKERS.c.crawl_id == self.crawl_id, WORKERS.c.alive_until <= now
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
                self._move(db, name, waiting=n, active=-n)
            return len(found)

    # -- what there is ------------------------------------------------------------------------

    def counts(self) -> dict[str, int]:
        """Seeds by state, and those that ended by outcome: ``{"waiting": 5, "ended complete": 9}``."""
        waits = sa.select(sa.literal("waiting"), sa.func.sum(DOMAINS.c.waiting))
        leased = sa.select(sa.literal("leased"), sa.func.sum(DOMAINS.c.active))
        ended = sa.select(sa.literal("ended ") + ENDED.c.outcome, sa.func.sum(ENDED.c.seeds))
        here = DOMAINS.c.crawl_id == self.crawl_id
        query = sa.union_all(  # one query, so that no seed is counted twice or not at all
            waits.where(here, HAS_WAITING),
            leased.where(here, DOMAINS.c.active > 0),
            ended.where(ENDED.c.crawl_id == self.crawl_id).group_by(ENDED.c.outcome),
        )
        with self._begin() as db:
            return {name: int(n) for name, n in db.execute(query) if n}

    def calls(self) -> int:
        """Calls recorded in the seeds that ended."""
        query = sa.select(sa.func.sum(ENDED.c.calls)).where(ENDED.c.crawl_id == self.crawl_id)
        with self._begin() as db:
            return int(db.scalar(query) or 0)

    def left(self) -> bool:
        """Whether any seed waits or is leased."""
        return self._any(WAITING, LEASED)

    def waits(self) -> bool:
        """Whether any seed waits, be it for its domain or its next attempt."""
        return self._any(WAITING)

    def obstacle(self, per_domain: int) -> Limit:
        """Why no more seeds can be leased now than were: what their domains may have, or that none waits."""
        here = (DOMAINS.c.crawl_id == self.crawl_id, HAS_WAITING)
        full = DOMAINS.c.active >= per_domain if per_domain else sa.false()
        paced = DOMAINS.c.next_at > self._clock
        found = [sa.exists().where(*here, *more) for more in ((), (full,), (paced,))]
        with self._begin() as db:
            waiting, at_most, too_soon = tuple(db.execute(sa.select(*found)).one())
        if not waiting:
            return Limit.SEEDS
        if at_most:
            return Limit.PER_DOMAIN
        return Limit.PACE if too_soon else Limit.RETRIES

    def _any(self, *states: sa.ColumnElement[bool]) -> bool:
        one = sa.select(SEEDS.c.visit_id).where(SEEDS.c.crawl_id == self.crawl_id)
        with self._begin() as db:
            return any(db.execute(one.where(state).limit(1)).first() for state in states)

    def workers(self) -> list[dict[str, Any]]:
        """The workers that ever took part, with what each last said."""
        with self._begin() as db:
            now = self._now(db)
            rows = db.execute(sa.select(WORKERS).where(WORKERS.c.crawl_id == self.crawl_id)).mappings()
            return [{**row, "alive": row["alive_until"] > now, "silent_s": now - row["seen"]} for row in rows]

    # -- the engine's ways --------------------------------------------------------------------

    @contextmanager
    def _begin(self) -> Iterator[sa.Connection]:
        """A transaction; on PostgreSQL it is tried by the caller again when it raises OutsideError."""
        try:
            with self._engine.begin() as db:
                yield db
        except sa.exc.OperationalError as error:
            raise OutsideError(f"the frontier cannot be reached: {_said(error)}") from error

    def _now(self, db: sa.Connection) -> float:
        return float(db.scalar(sa.select(self._clock)) or 0.0)

    def _insert(self, table: sa.Table) -> Any:
        return postgresql.insert(table) if self._postgres else sqlite.insert(table)


_LEASABLE = sa.select(
    SEEDS.c.visit_id, SEEDS.c.seed, SEEDS.c.domain, SEEDS.c.attempts, DOMAINS.c.active
).join(DOMAINS, (DOMAINS.c.crawl_id == SEEDS.c.crawl_id) & (DOMAINS.c.domain == SEEDS.c.domain))


def _free(now: Clock, per_domain: int) -> list[sa.ColumnElement[bool]]:
    """A domain may have a visit more."""
    return [DOMAINS.c.next_at <= now, *([DOMAINS.c.active < per_domain] if per_domain else [])]


class _Batch:
    """Leases taken together: no domain with more visits than allowed, nor faster than its pace."""

    def __init__(self, n: int, per_domain: int, pace_s: float) -> None:
        self.taken: list[Lease] = []
        self._n, self._most, self._paced = n, per_domain, pace_s > 0
        self._active: dict[str, int] = {}
        self._seen: set[int] = set()

    @property
    def missing(self) -> int:
        """How many more are wanted."""
        return self._n - len(self.taken)

    def take(self, rows: Iterable[Any]) -> None:
        """Take those of the rows that may be had."""
        for row in rows:
            active = self._active.get(row.domain, row.active)
            full = bool(self._most) and active >= self._most
            if row.visit_id in self._seen or full or (self._paced and row.domain in self._active):
                continue
            self._seen.add(row.visit_id)
            self._active[row.domain] = active + 1
            self.taken.append(Lease(row.visit_id, row.seed, row.domain, row.attempts + 1))


def file(path: str) -> sa.URL:
    """The URL of a SQLite frontier in a file, whatever the characters of its path mean in a URL."""
    return sa.URL.create("sqlite", database=path)


def _engine(url: str | sa.URL) -> sa.Engine:
    if isinstance(url, str) and url.startswith("sqlite:///"):
        url = file(url.removeprefix("sqlite:///"))
    elif isinstance(url, str) and url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.partition("://")[2]
    try:
        made = sa.engine.make_url(url)
        if made.get_backend_name() not in ("sqlite", "postgresql"):
            raise InputError(f"--frontier {_without_password(url)}: use sqlite:///FILE or postgresql://…")
        if made.get_backend_name() == "postgresql":
            return sa.create_engine(
                made, pool_pre_ping=True, pool_size=2, connect_args={"connect_timeout": 10}
            )
        engine = sa.create_engine(made, connect_args={"timeout": 60, "check_same_thread": False})
    except sa.exc.ArgumentError as error:
        raise InputError(
            f"--frontier {url}: not a database URL; use postgresql://… or sqlite:///FILE"
        ) from error
    except ImportError as error:
        raise SoftwareMissing(
            "--frontier postgresql://… needs psycopg; install it: pip install 'overscripted[postgres]'"
        ) from error
    sa.event.listen(engine, "connect", _sqlite_connect)
    sa.event.listen(engine, "begin", lambda db: db.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _sqlite_connect(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _said(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


def _without_password(url: str | sa.URL) -> str:
    try:
        return sa.engine.make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return str(url)

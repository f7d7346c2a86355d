"""The workers of a crawl. A worker is alive until a time that each of its heartbeats puts off."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from overscripted.crawl import settings
from overscripted.crawl.frontier.database import Database
from overscripted.crawl.frontier.tables import WORKERS


class Workers:
    """The workers that ever took part in one crawl. Its methods block."""

    def __init__(self, database: Database, crawl_id: int) -> None:
        self._database, self._crawl_id = database, crawl_id
        self._here = WORKERS.c.crawl_id == crawl_id

    def beat(self, worker: str, host: str, pid: int, facts: dict[str, Any]) -> None:
        """Note that this worker is alive. ``facts`` are shown by `overscripted status`."""
        with self._database.begin() as db:
            now = self._database.now(db)
            row = {
                "host": host,
                "pid": pid,
                "seen": now,
                "alive_until": now + settings.LEASE_S,
                "facts": facts,
            }
            key = {"crawl_id": self._crawl_id, "worker": worker}
            insert = self._database.insert(WORKERS).values(**key, **row, started=now)
            db.execute(insert.on_conflict_do_update(index_elements=["crawl_id", "worker"], set_=row))

    def leads(self, worker: str) -> bool:
        """Whether this worker has been alive longest: it writes the status of the crawl for all."""
        with self._database.begin() as db:
            query = (
                sa.select(WORKERS.c.worker)
                .where(self._here, WORKERS.c.alive_until > self._database.now(db))
                .order_by(WORKERS.c.started, WORKERS.c.worker)
                .limit(1)
            )
            return db.scalar(query) == worker

    def leave(self, worker: str) -> None:
        """Note that this worker takes part no more."""
        with self._database.begin() as db:
            db.execute(
                sa.update(WORKERS).where(self._here, WORKERS.c.worker == worker).values(alive_until=0.0)
            )

    def mark_dead(self, host: str, running: Iterable[int]) -> None:
        """Take workers of this host for dead at once, unless their process id is among ``running``."""
        with self._database.begin() as db:
            db.execute(
                sa.update(WORKERS)
                .where(self._here, WORKERS.c.host == host, WORKERS.c.pid.not_in(list(running)))
                .values(alive_until=0.0)
            )

    def pids(self, host: str) -> list[int]:
        """Process ids of the workers of a host that did not leave and are not known to be dead."""
        query = sa.select(WORKERS.c.pid).where(self._here, WORKERS.c.host == host, WORKERS.c.alive_until > 0)
        with self._database.begin() as db:
            return list(db.scalars(query))

    def all(self) -> list[dict[str, Any]]:
        """Every worker that ever took part, with the facts of its last heartbeat."""
        with self._database.begin() as db:
            now = self._database.now(db)
            rows = db.execute(sa.select(WORKERS).where(self._here)).mappings()
            return [{**row, "alive": row["alive_until"] > now, "silent_s": now - row["seen"]} for row in rows]

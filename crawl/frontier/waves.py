"""The waves of a crawl: the same seeds, visited again later. One wave ends before the next one begins."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from overscripted.crawl.frontier.database import Database
from overscripted.crawl.frontier.tables import DOMAINS, ENDED, LEASED, SEEDS, WAITING, WAVES
from overscripted.crawl.frontier.visit_ids import visit_id

_CHUNK = 5000  # seeds copied at a time


@dataclass(frozen=True)
class Wave:
    """One wave. Times are seconds since 1970, ``request`` the options with which it began.

    ``ended_before`` and ``calls_before`` count what had ended and been recorded when it began: seeds by
    outcome, and calls.
    """

    number: int = 1
    started: float | None = None
    request: dict[str, Any] = field(default_factory=dict)
    ended_before: Counter[str] = field(default_factory=Counter)
    calls_before: int = 0


class Waves:
    """The waves of one crawl. Its methods block."""

    def __init__(self, database: Database, crawl_id: int) -> None:
        self._database, self._crawl_id = database, crawl_id

    def all(self) -> list[Wave]:
        """Every wave that began, in order. A crawl of an earlier version has a first one without a time."""
        with self._database.begin() as db:
            return self._all(db)

    def present(self) -> Wave:
        """The wave that began last."""
        return self.all()[-1]

    def begin_first(self, request: dict[str, Any]) -> None:
        """Note that the crawl begins, unless it has begun."""
        with self._database.begin() as db:
            if self._all(db) == [Wave()] and not self._any(db, sa.true()):
                self._insert(db, 1, request)

    def begin_next(self, request: dict[str, Any]) -> bool:
        """Add the seeds of the present wave once more, as the next one, if all of them have ended.

        Otherwise, and where there are none, False. All or nothing, whatever is killed; of several workers
        that ask for the same wave one begins it.
        """
        with self._database.begin() as db:
            # First the number: a wave that another worker begins from now on makes ours a conflict, and one
            # that began before has seeds that wait.
            number = self._all(db)[-1].number
            if self._any(db, WAITING) or self._any(db, LEASED) or not self._any(db, sa.true()):
                return False
            if not self._insert(db, number + 1, request):
                return False
            self._copy_seeds(db, number)
            return True

    def last_end(self, number: int) -> float | None:
        """When the last seed of a wave ended; None where none has."""
        of_wave = sa.select(sa.func.max(SEEDS.c.ended)).where(
            SEEDS.c.crawl_id == self._crawl_id, SEEDS.c.wave == number, SEEDS.c.state == "ended"
        )
        with self._database.begin() as db:
            found: float | None = db.scalar(of_wave)
            return found

    def _all(self, db: sa.Connection) -> list[Wave]:
        query = sa.select(WAVES).where(WAVES.c.crawl_id == self._crawl_id).order_by(WAVES.c.wave)
        found = [
            Wave(row.wave, row.started, row.request, Counter(row.ended_before), row.calls_before)
            for row in db.execute(query)
        ]
        return found if found and found[0].number == 1 else [Wave(), *found]

    def _any(self, db: sa.Connection, state: sa.ColumnElement[bool]) -> bool:
        seed = sa.select(SEEDS.c.visit_id).where(SEEDS.c.crawl_id == self._crawl_id, state)
        return db.execute(seed.limit(1)).first() is not None

    def _insert(self, db: sa.Connection, number: int, request: dict[str, Any]) -> bool:
        """Note that a wave begins; False where another worker has begun it meanwhile."""
        query = sa.select(ENDED.c.outcome, sa.func.sum(ENDED.c.seeds), sa.func.sum(ENDED.c.calls))
        rows = list(db.execute(query.where(ENDED.c.crawl_id == self._crawl_id).group_by(ENDED.c.outcome)))
        insert = self._database.insert(WAVES).values(
            crawl_id=self._crawl_id,
            wave=number,
            started=self._database.now(db),
            request=request,
            ended_before={outcome: int(seeds) for outcome, seeds, _calls in rows},
            calls_before=sum(int(calls) for _outcome, _seeds, calls in rows),
        )
        return db.scalar(insert.on_conflict_do_nothing().returning(WAVES.c.wave)) is not None

    def _copy_seeds(self, db: sa.Connection, number: int) -> None:
        """Add every seed of a wave as a seed of the next one that waits."""
        here = (SEEDS.c.crawl_id == self._crawl_id, SEEDS.c.wave == number)
        last = -1
        while True:
            query = sa.select(SEEDS).where(*here, SEEDS.c.visit_id > last).order_by(SEEDS.c.visit_id)
            rows = list(db.execute(query.limit(_CHUNK)).mappings())
            if not rows:
                break
            db.execute(sa.insert(SEEDS), [self._once_more(dict(row), number + 1) for row in rows])
            last = rows[-1]["visit_id"]
        here_waiting = sa.select(sa.func.count()).where(
            SEEDS.c.crawl_id == DOMAINS.c.crawl_id, SEEDS.c.domain == DOMAINS.c.domain, WAITING
        )
        db.execute(
            sa.update(DOMAINS)
            .where(DOMAINS.c.crawl_id == self._crawl_id)
            .values(waiting=here_waiting.scalar_subquery())
        )

    def _once_more(self, row: dict[str, Any], number: int) -> dict[str, Any]:
        fresh = {"state": "waiting", "attempts": 0, "not_before": 0.0, "calls": 0}
        cleared = dict.fromkeys(("worker", "outcome", "ended"))
        new_id = visit_id(self._crawl_id, row["seed"], row["variant"], number)
        return {**row, **fresh, **cleared, "wave": number, "visit_id": new_id}

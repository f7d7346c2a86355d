"""What the frontier holds: seeds by state and outcome, and what keeps the next seed from being leased."""

import sqlalchemy as sa

from overscripted.crawl.frontier.database import Database
from overscripted.crawl.frontier.tables import DOMAINS, ENDED, HAS_WAITING, LEASED, SEEDS, WAITING
from overscripted.crawl.limits import Limit


class Report:
    """Answers about the seeds of one crawl. Its methods block."""

    def __init__(self, database: Database, crawl_id: int) -> None:
        self._database, self._crawl_id = database, crawl_id

    def counts(self) -> dict[str, int]:
        """Seeds by state, and those that ended by outcome: ``{"waiting": 5, "ended complete": 9}``."""
        waiting = sa.select(sa.literal("waiting"), sa.func.sum(DOMAINS.c.waiting))
        leased = sa.select(sa.literal("leased"), sa.func.sum(DOMAINS.c.active))
        ended = sa.select(sa.literal("ended ") + ENDED.c.outcome, sa.func.sum(ENDED.c.seeds))
        here = DOMAINS.c.crawl_id == self._crawl_id
        query = sa.union_all(  # one query, so that no seed is counted twice or not at all
            waiting.where(here, HAS_WAITING),
            leased.where(here, DOMAINS.c.active > 0),
            ended.where(ENDED.c.crawl_id == self._crawl_id).group_by(ENDED.c.outcome),
        )
        with self._database.begin() as db:
            return {name: int(n) for name, n in db.execute(query) if n}

    def calls(self) -> int:
        """Calls recorded in visits of the seeds that ended."""
        query = sa.select(sa.func.sum(ENDED.c.calls)).where(ENDED.c.crawl_id == self._crawl_id)
        with self._database.begin() as db:
            return int(db.scalar(query) or 0)

    def left(self) -> bool:
        """Whether any seed waits or is leased."""
        return self._any(WAITING, LEASED)

    def waits(self) -> bool:
        """Whether any seed waits, even if only for its domain or for its next attempt."""
        return self._any(WAITING)

    def obstacle(self, per_domain: int) -> Limit:
        """Why no more seeds can be leased now: none waits, or what the domains of those that wait allow."""
        here = (DOMAINS.c.crawl_id == self._crawl_id, HAS_WAITING)
        full = DOMAINS.c.active >= per_domain if per_domain else sa.false()
        paced = DOMAINS.c.next_at > self._database.clock
        found = [sa.exists().where(*here, *more) for more in ((), (full,), (paced,))]
        with self._database.begin() as db:
            waiting, at_most, too_soon = tuple(db.execute(sa.select(*found)).one())
        if not waiting:
            return Limit.SEEDS
        if at_most:
            return Limit.PER_DOMAIN
        return Limit.PACE if too_soon else Limit.RETRIES

    def _any(self, *states: sa.ColumnElement[bool]) -> bool:
        seed = sa.select(SEEDS.c.visit_id).where(SEEDS.c.crawl_id == self._crawl_id)
        with self._database.begin() as db:
            return any(db.execute(seed.where(state).limit(1)).first() for state in states)

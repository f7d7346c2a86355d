"""Seeds of a variant with a kept profile: leased one by one, in a fixed order, over all workers."""

from dataclasses import dataclass

import sqlalchemy as sa

from overscripted.crawl.frontier.database import Database
from overscripted.crawl.frontier.tables import ORDER, SEEDS

_BEFORE = 100  # visits before a seed that are named: those without a state of the profile are passed over


@dataclass(frozen=True)
class Next:
    """The seed whose turn it is, by its ``visit_id``, if it may be leased now.

    ``before`` has the visits before it, the latest first, each with the attempt that counts.
    """

    visit_id: int | None
    before: list[tuple[int, int]]


class InOrder:
    """The order of one crawl's seeds: by wave, then as the crawl visits them."""

    def __init__(self, database: Database, crawl_id: int) -> None:
        self._database, self._crawl_id = database, crawl_id

    def next(self, db: sa.Connection, variant: str) -> Next:
        """The first seed of a variant that has not ended, locked until the transaction ends."""
        query = (
            sa.select(SEEDS.c.visit_id, SEEDS.c.state, SEEDS.c.not_before)
            .where(SEEDS.c.crawl_id == self._crawl_id, SEEDS.c.variant == variant)
            .where(SEEDS.c.state != "ended")
            .order_by(SEEDS.c.wave, *ORDER, SEEDS.c.visit_id)
            .limit(1)
        )
        row = db.execute(query.with_for_update()).first()
        free = row is not None and row.state == "waiting" and row.not_before <= self._database.now(db)
        return Next(row.visit_id if row is not None and free else None, self.before(db, variant))

    def before(self, db: sa.Connection, variant: str) -> list[tuple[int, int]]:
        """The visits of a variant that have ended, the latest first."""
        query = (
            sa.select(SEEDS.c.visit_id, SEEDS.c.attempts)
            .where(SEEDS.c.crawl_id == self._crawl_id, SEEDS.c.variant == variant)
            .where(SEEDS.c.state == "ended")
            .order_by(SEEDS.c.ended.desc())
            .limit(_BEFORE)
        )
        return [(row.visit_id, row.attempts) for row in db.execute(query)]

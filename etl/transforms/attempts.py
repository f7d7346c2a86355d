"""Which attempt of a visit counts: the last one that has a row in raw visits, which is written last.

Of a visit that followed another one in its container, only the attempt that belongs to the parent's counts:
an attempt makes all visits of a seed again, and may then choose other pages to follow.
"""

import ibis.expr.types as ir

VISIT = ["crawl_id", "visit_id"]
ATTEMPT = [*VISIT, "attempt"]


def acknowledged(visits: ir.Table) -> ir.Table:
    """The attempt that counts of each visit: the highest with a row. Columns of `ATTEMPT`."""
    last = visits.group_by(VISIT).agg(
        attempt=visits.attempt.max(), parent_visit_id=visits.parent_visit_id.max()
    )
    parents = last.select("crawl_id", parent_visit_id=last.visit_id, parent_attempt=last.attempt)
    rows = last.left_join(parents, ["crawl_id", "parent_visit_id"])
    return rows.filter(rows.parent_visit_id.isnull() | (rows.attempt == rows.parent_attempt)).select(*ATTEMPT)


def kept(rows: ir.Table, attempts: ir.Table) -> ir.Table:
    """Rows of the attempts that count, without those of attempts that died or that came late."""
    return rows.semi_join(attempts, ATTEMPT)


def seen(rows: ir.Table) -> ir.Table:
    """The attempts that rows belong to, and how many rows each has."""
    return rows.group_by(ATTEMPT).agg(n_rows=rows.count())

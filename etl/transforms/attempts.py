"""Which attempt of a visit counts: the last one that has a row in raw visits, which is written last."""

import ibis.expr.types as ir

VISIT = ["crawl_id", "visit_id"]
ATTEMPT = [*VISIT, "attempt"]


def acknowledged(visits: ir.Table) -> ir.Table:
    """The attempt that counts of each visit: the highest with a row. Columns of `ATTEMPT`."""
    return visits.group_by(VISIT).agg(attempt=visits.attempt.max())


def kept(rows: ir.Table, attempts: ir.Table) -> ir.Table:
    """Rows of the attempts that count, without those of attempts that died or that came late."""
    return rows.semi_join(attempts, ATTEMPT)


def seen(rows: ir.Table) -> ir.Table:
    """The attempts that rows belong to, and how many rows each has."""
    return rows.group_by(ATTEMPT).agg(n_rows=rows.count())

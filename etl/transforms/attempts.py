"""Acknowledged attempts: only an attempt with a row in raw visits (written last) counts."""

import ibis.expr.types as ir

VISIT = ["crawl_id", "visit_id"]
ATTEMPT = [*VISIT, "attempt"]


def acknowledged(visits: ir.Table) -> ir.Table:
    """The attempt kept of each visit: the highest that was acknowledged. Columns of `ATTEMPT`."""
    return visits.group_by(VISIT).agg(attempt=visits.attempt.max())


def kept(rows: ir.Table, attempts: ir.Table) -> ir.Table:
    """Rows of the attempts that count; those of attempts that died or came late are left out."""
    return rows.semi_join(attempts, ATTEMPT)


def seen(rows: ir.Table) -> ir.Table:
    """The attempts that rows belong to, and how many rows each has."""
    return rows.group_by(ATTEMPT).agg(n_rows=rows.count())

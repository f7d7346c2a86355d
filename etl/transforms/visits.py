"""``visits``: the attempt that counts of each seed, with the number of attempts."""

import ibis.expr.types as ir

from overscripted.etl.transforms import visit_groups
from overscripted.etl.transforms.attempts import VISIT, kept
from overscripted.etl.transforms.origins import with_hosts
from overscripted.schemas import TABLES


def visits(raw: ir.Table, attempts: ir.Table, origins: ir.Table) -> ir.Table:
    """Raw visits of the attempts that count."""
    numbers = raw.group_by(VISIT).agg(n_attempts=raw.attempt.nunique())
    rows = visit_groups.with_way(kept(raw, attempts)).left_join(numbers, VISIT)
    rows = rows.drop("crawl_id_right", "visit_id_right")
    rows = with_hosts(rows, origins, site="site_url", final="final_url")
    return rows.select(*TABLES["visits"].names)

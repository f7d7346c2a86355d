"""The group of each visit: its variant and wave, and how it reached its page."""

import ibis
import ibis.expr.types as ir

from overscripted.engines import Engine
from overscripted.etl.transforms.attempts import VISIT
from overscripted.group_names import DIMENSIONS, LINK, REVISIT, SEED
from overscripted.visit_groups import with_values


def with_way(visits: ir.Table) -> ir.Table:
    """Raw visits, one attempt of each, with ``reached_by``: seed, link or revisit.

    A visit that begins where its parent began is a revisit.
    """
    parents = visits.select(
        crawl_id="crawl_id", parent_visit_id="visit_id", parent_site=visits.site_url.fill_null("")
    )
    rows = visits.left_join(parents, ["crawl_id", "parent_visit_id"])
    way = ibis.cases(
        (rows.parent_visit_id.isnull(), SEED), (rows.site_url == rows.parent_site, REVISIT), else_=LINK
    )
    return rows.mutate(reached_by=way).drop(
        *(name for name in rows.columns if name.endswith("_right") or name == "parent_site")
    )


def with_groups(rows: ir.Table, visits: ir.Table, engine: Engine) -> ir.Table:
    """Rows of visits with the group of each; ``visits`` are raw visits, one attempt of each.

    In a run of one group, as most are, nothing is joined.
    """
    groups = with_values(with_way(visits)).select(*VISIT, *DIMENSIONS)
    distinct = engine.to_arrow(groups.select(*DIMENSIONS).distinct()).to_pylist()
    if len(distinct) <= 1:
        (values,) = distinct or [DIMENSIONS]
        return rows.mutate(**{name: ibis.literal(value) for name, value in values.items()})
    joined = rows.left_join(groups, VISIT)
    return joined.drop(*(f"{name}_right" for name in VISIT if f"{name}_right" in joined.columns))

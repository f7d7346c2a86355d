"""The closure of links from the visited page: what each visit reached, after how many links, through whom.

Level by level, as in breadth-first search, so that each node has its shortest chain. A node is reached once,
so cycles end. `MAX_LEVELS` bounds a chain that a page made long on purpose.
"""

from typing import NamedTuple

import ibis
import ibis.expr.types as ir

from overscripted.analyses.settings import MAX_LEVELS
from overscripted.engines import Engine
from overscripted.visit_groups import VISIT

_NODE = (*VISIT, "node", "level", "actor", "parent", "how")


class Reached(NamedTuple):
    """``rows``: crawl_id, visit_id, node, level, actor (the domain that answers for it), parent and how.

    Level 0 are the visited documents. ``cut``: whether chains go on beyond `MAX_LEVELS`. ``kept``: the
    engine's tables below ``rows``, to be dropped after use.
    """

    rows: ir.Table
    cut: bool
    kept: list[ir.Table]


def reached(engine: Engine, roots: ir.Table, inner: ir.Table) -> Reached:
    """All nodes that links of ``inner`` reach from ``roots``, each with its shortest chain.

    Of several parents in the level before, the first by name counts.
    """
    first = roots.group_by(*VISIT, "node").agg(actor=roots.site.min())
    part = first.mutate(level=ibis.literal(0, "int64"), parent=ibis.literal(""), how=ibis.literal("page"))
    kept = [engine.keep_step(part.select(*_NODE))]
    for level in range(1, MAX_LEVELS + 1):
        part = engine.keep_step(_next(kept, inner, level))
        if not engine.to_arrow(part.limit(1)).num_rows:
            engine.drop(part)
            return Reached(_together(kept), False, kept)
        kept.append(part)
    beyond = engine.to_arrow(_next(kept, inner, MAX_LEVELS + 1).limit(1)).num_rows
    return Reached(_together(kept), bool(beyond), kept)


def _next(kept: list[ir.Table], inner: ir.Table, level: int) -> ir.Table:
    """The nodes that links of the last level reach first."""
    last = kept[-1].select(*VISIT, parent="node", by="actor")
    found = last.inner_join(inner, [*VISIT, "parent"])
    new = found.group_by(*VISIT, node=found.child).agg(
        parent=found.parent.min(),
        how=found.how.argmin(found.parent),
        by=found.by.argmin(found.parent),
        domain=found.domain.max(),
    )
    new = new.anti_join(_together(kept).select(*VISIT, "node"), [*VISIT, "node"])
    actor = ibis.ifelse(new.domain == "", new.by, new.domain)
    return new.mutate(actor=actor, level=ibis.literal(level, "int64")).select(*_NODE)


def _together(kept: list[ir.Table]) -> ir.Table:
    return ibis.union(*kept) if len(kept) > 1 else kept[0]

"""``frames``: documents in frames, each with its origin document."""

import ibis
import ibis.expr.types as ir

from overscripted.etl.transforms.context import on_network


def frames(kept: ir.Table) -> ir.Table:
    """Raw frames of attempts that count. Of older crawls, frame or top document is the origin document."""
    fallback = ibis.cases(
        (on_network(kept.url), kept.url), (on_network(kept.top_level_url), kept.top_level_url), else_=""
    )
    return kept.mutate(context_url=kept.context_url.nullif("").fill_null(fallback))

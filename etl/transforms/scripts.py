"""``scripts``: every distinct script body once, whichever segments hold it."""

import ibis.expr.types as ir


def scripts(raw: ir.Table) -> ir.Table:
    """One row a SHA-256; a body is kept where any segment has it."""
    return raw.group_by("sha256").agg(size=raw["size"].max(), content=raw.content.max())

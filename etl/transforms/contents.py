"""``scripts`` and ``contents``: every distinct content once, however many segments hold it."""

import ibis.expr.types as ir


def distinct(raw: ir.Table) -> ir.Table:
    """One row per SHA-256, with the content where any segment has it."""
    return raw.group_by("sha256").agg(size=raw["size"].max(), content=raw.content.max())

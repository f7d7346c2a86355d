"""``documents``: one row per group of visits and location. Analyses take their denominators from it."""

import ibis.expr.types as ir

from overscripted.references import by_location
from overscripted.schemas import TABLES


def documents(references: ir.Table) -> ir.Table:
    """Distinct locations, from `references`."""
    return by_location(references).select(*TABLES["documents"].names)

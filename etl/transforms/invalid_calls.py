"""``invalid_calls``: the raw rows that broke a rule, unchanged, with the names of these rules."""

import ibis
import ibis.expr.types as ir

from overscripted.etl.transforms.calls import call_id
from overscripted.etl.transforms.rules import errors, valid
from overscripted.schemas import TABLES


def invalid_calls(repaired: ir.Table) -> ir.Table:
    """Invalid calls. ``repaired`` are raw calls after `repair`; what it could not repair is unchanged."""
    rows = repaired.filter(~valid(repaired))
    rows = rows.mutate(call_id=call_id(rows), valid=ibis.literal(False), errors=errors(rows))
    return rows.select(*TABLES["invalid_calls"].names)

"""Registrable domains of host names that the tables have without one."""

import ibis.expr.types as ir
import pyarrow as pa

from overscripted.analyses.model import Inputs
from overscripted.urls import registrable_domain


def with_domain(inputs: Inputs, rows: ir.Table, host: str, domain: str) -> ir.Table:
    """Rows with a further column: the registrable domain of their column ``host``; rows without a host go.

    Only the distinct hosts leave the engine.
    """
    known = rows.filter(rows[host].fill_null("") != "")
    hosts = inputs.arrow(known.select(host).distinct())[host].to_pylist()
    names = {
        host: pa.array(hosts, pa.string()),
        domain: pa.array([registrable_domain(name.lstrip(".")) for name in hosts], pa.string()),
    }
    return known.inner_join(inputs.engine.table(pa.table(names)), host)

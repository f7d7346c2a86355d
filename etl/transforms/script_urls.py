"""``script_urls``: one row per group of visits and script URL: a rule about URLs is applied once to each."""

import ibis
import ibis.expr.types as ir

from overscripted.group_names import DIMENSIONS
from overscripted.references import by_script
from overscripted.schemas import TABLES

KEY = [*DIMENSIONS, "script_url"]


def script_urls(references: ir.Table, hosts: ir.Table) -> ir.Table:
    """Distinct script URLs, from `references`; ``hosts`` has ``host`` and ``suffix`` of all hosts in them."""
    rows = by_script(references).left_join(_dynamic(references, hosts), KEY)
    return rows.mutate(
        n_dynamic_documents=rows.n_dynamic_documents.fill_null(0),
        dynamic_third_party=rows.dynamic_third_party.fill_null(False),
        dynamic_other_label=rows.dynamic_other_label.fill_null(False),
    ).select(*TABLES["script_urls"].names)


def _dynamic(references: ir.Table, hosts: ir.Table) -> ir.Table:
    """Scripts with dynamic calls: on how many documents, and whether on one of another domain or label."""
    locations = hosts.select(location_host="host", location_suffix="suffix")
    scripts = hosts.select(script_host="host", script_suffix="suffix")
    rows = references.filter(references.n_dynamic > 0)
    rows = rows.left_join(locations, "location_host").left_join(scripts, "script_host")
    differs = (rows.script_host != "") & (
        _label(rows.location_domain, rows.location_suffix) != _label(rows.script_domain, rows.script_suffix)
    )
    return rows.group_by(*KEY).agg(
        n_dynamic_documents=rows.count(),
        dynamic_third_party=rows.is_dynamic_third_party.max(),
        dynamic_other_label=differs.fill_null(False).max(),
    )


def _label(domain: ir.StringValue, suffix: ir.StringValue) -> ir.StringValue:
    """The first label of a domain; NULL where the host is no name, which then differs from nothing."""
    return ibis.cases(
        (suffix.isnull(), ibis.null("string")), (suffix == "", domain), else_=domain.re_extract("^[^.]*", 0)
    )

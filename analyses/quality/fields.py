"""Fields that should have a value in certain rows, and how often they have none."""

from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from overscripted.analyses.model import Inputs
from overscripted.outcomes import GOOD

_Condition = Callable[[ir.Table], ir.BooleanValue]


@dataclass(frozen=True)
class Field:
    """A column of a table that should have a value ``where`` a row is as ``when`` says."""

    table: str
    column: str
    when: str
    where: _Condition


def _always(rows: ir.Table) -> ir.BooleanValue:
    return rows.visit_id.notnull()


def _shows_page(visits: ir.Table) -> ir.BooleanValue:
    return visits.outcome.isin(GOOD)


def _answered(requests: ir.Table) -> ir.BooleanValue:
    return requests.status.notnull() & ~requests.from_cache.fill_null(False)


def _by_script(requests: ir.Table) -> ir.BooleanValue:
    return requests.resource_type.isin(("xmlhttprequest", "beacon", "websocket"))


def _script_came(requests: ir.Table) -> ir.BooleanValue:
    return (requests.resource_type == "script") & (requests.status == 200)


def _no_error(rows: ir.Table) -> ir.BooleanValue:
    return rows.error.fill_null("") == ""


# Columns on which denominators or other analyses depend. Columns of long texts are left out: reading them
# costs more than the answer is worth.
FIELDS = (
    Field("visits", "final_url", "the visit shows its page", _shows_page),
    Field("visits", "http_status", "the visit shows its page", _shows_page),
    Field("visits", "loaded", "the visit shows its page", _shows_page),
    Field("visits", "title", "the visit shows its page", _shows_page),
    Field("visits", "starved", "the visit shows its page", _shows_page),
    Field("visits", "cpu_s", "the visit shows its page", _shows_page),
    Field("frames", "url", "always", _always),
    Field("requests", "host", "always", _always),
    Field("requests", "ended", "always", _always),
    Field("requests", "status", "it ended without an error", lambda t: t.ended.notnull() & _no_error(t)),
    Field("requests", "ip", "a server answered", _answered),
    Field("requests", "http_version", "a server answered", _answered),
    Field("requests", "script_url", "its kind is one that scripts make", _by_script),
    Field("requests", "body_sha256", "it brought a script with status 200", _script_came),
    Field("script_refs", "script_url", "always", _always),
    Field("script_edges", "parent_url", "not the parser brought the script", lambda t: t.how != "parser"),
    Field("cookies", "via", "the cookie was set", lambda t: t.record_type != "deleted"),
    Field("navigations", "cause", "always", _always),
    Field("tls_connections", "tls_version", "the connection succeeded", _no_error),
    Field("tls_connections", "certificate_sha256", "the connection succeeded", _no_error),
    Field("certificates", "not_after", "always", _always),
)

_SCHEMA = pa.schema(
    [
        ("table", pa.string()),
        ("column", pa.string()),
        ("when", pa.string()),
        ("rows", pa.int64()),
        ("empty", pa.int64()),
        ("percent", pa.float64()),
    ]
)


def empty_fields(inputs: Inputs) -> tuple[pa.Table, list[str]]:
    """A row per field of `FIELDS`: its rows, and how many are NULL or ""; then what the run lacks."""
    found, lacking = [], []
    for table in dict.fromkeys(field.table for field in FIELDS):
        if lack := inputs.missing(table):
            lacking.append(lack)
            continue
        fields = [field for field in FIELDS if field.table == table]
        counts = inputs.totals(_counts(inputs.table(table), fields))
        for field in fields:
            rows, empty = counts[f"{field.column}_rows"], counts[f"{field.column}_empty"]
            if rows:
                row = (table, field.column, field.when, rows, empty, 100 * empty / rows)
                found.append(dict(zip(_SCHEMA.names, row, strict=True)))
    found.sort(key=lambda row: (-row["percent"], row["table"], row["column"]))
    return pa.Table.from_pylist(found, schema=_SCHEMA), lacking


def _counts(rows: ir.Table, fields: list[Field]) -> ir.Table:
    counts = {}
    for field in fields:
        column, concerned = rows[field.column], field.where(rows)
        empty = column.isnull()
        if column.type().is_string():
            empty = empty | (column == "")
        counts[f"{field.column}_rows"] = concerned.sum()
        counts[f"{field.column}_empty"] = ibis.and_(concerned, empty).sum()
    return rows.aggregate(**counts)

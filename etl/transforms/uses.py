"""Uses: a batch's calls rolled up to (document, script, symbol, operation).

Every column adds up across batches. So the other tables are made from these few rows, not from the calls.
"""

import ibis
import ibis.expr.types as ir

from overscripted.conform import conform
from overscripted.etl.transforms.context import on_network, with_context
from overscripted.schemas import BOOL, INT, STR, TIME, Column, Table

USES = Table(
    "uses",
    "one symbol's use on one document by one script, in one batch",
    (
        Column("crawl_id", INT, "Number of the run"),
        Column("visit_id", INT, "The visit"),
        Column("location", STR, "URL of the document that it counts with: context_url of calls"),
        Column("script_url", STR, "Script"),
        Column("symbol", STR, "Name of the API"),
        Column("operation", STR, "As in calls"),
        Column("top_level_url", STR, "As in calls, where it is on the network; else empty"),
        Column("in_iframe", BOOL, "The document was in a frame at all of them"),
        Column("n_cut", INT, "Counted by the crawl, not recorded", "calls"),
        Column("n_valid", INT, "Rows in calls", "calls"),
        Column("n_invalid", INT, "Rows in invalid_calls", "calls"),
        Column("n_dynamic", INT, "Valid ones by dynamic code", "calls"),
        Column(
            "n_inherited", INT, "Of all, made in documents and workers without a network address", "calls"
        ),
        Column("eval_depth_max", INT, "Deepest dynamic code", "levels"),
        Column("first_time", TIME, "First valid call"),
        Column("last_time", TIME, "Last valid call"),
    ),
)
KEY = ["crawl_id", "visit_id", "location", "script_url", "symbol", "operation"]


def of_calls(calls: ir.Table) -> ir.Table:
    """Uses of valid calls."""
    dynamic = calls.script_loc_eval.startswith("line")
    calls = calls.mutate(_inherited=calls.location != calls.context_url, location=calls.context_url)
    rolled = calls.group_by(KEY).agg(
        top_level_url=_top(calls).max(),
        in_iframe=calls.context_in_iframe.all(),
        n_cut=ibis.literal(0, "int64"),
        n_valid=calls.count(),
        n_invalid=ibis.literal(0, "int64"),
        n_dynamic=dynamic.ifelse(1, 0).sum().cast("int64"),
        n_inherited=calls._inherited.ifelse(1, 0).sum().cast("int64"),
        eval_depth_max=calls.eval_depth.max(),
        first_time=calls.time_stamp.min(),
        last_time=calls.time_stamp.max(),
    )
    return conform(rolled, USES)


def of_invalid_calls(calls: ir.Table) -> ir.Table:
    """Uses of invalid calls; NULL counts as empty."""
    return _only_counts(calls.mutate(n_invalid=ibis.literal(1, "int64"), n_cut=ibis.literal(0, "int64")))


def of_totals(totals: ir.Table) -> ir.Table:
    """Uses that the caps cut, from raw call_totals: all calls of a script, less the recorded ones."""
    rows = totals.mutate(
        n_cut=(totals.n_calls - totals.n_recorded).fill_null(0),
        n_invalid=ibis.literal(0, "int64"),
        in_iframe=ibis.ifelse(totals.parent_frame_id.fill_null(totals.frame_id - 1) < 0, "false", "true"),
    )
    return _only_counts(rows.filter(rows.n_cut > 0))


def _top(rows: ir.Table) -> ir.StringValue:
    return ibis.ifelse(on_network(rows.top_level_url), rows.top_level_url, "")


def _only_counts(rows: ir.Table) -> ir.Table:
    texts = ("location", "script_url", "symbol", "operation", "top_level_url")
    rows = with_context(rows.mutate(**{name: rows[name].fill_null("") for name in texts}))
    n_calls = rows.n_cut + rows.n_invalid
    rows = rows.mutate(_inherited=ibis.ifelse(rows.location == rows.context_url, 0, n_calls))
    rows = rows.mutate(location=rows.context_url)
    rolled = rows.group_by(KEY).agg(
        top_level_url=_top(rows).max(),
        in_iframe=rows.context_in_iframe.all(),
        n_cut=rows.n_cut.sum(),
        n_valid=ibis.literal(0, "int64"),
        n_invalid=rows.n_invalid.sum(),
        n_dynamic=ibis.literal(0, "int64"),
        n_inherited=rows._inherited.sum(),
        eval_depth_max=ibis.literal(0, "int64"),
    )
    return conform(rolled, USES)

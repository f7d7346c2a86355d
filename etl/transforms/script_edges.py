"""``script_edges``: who inserted, imported or made each script, from requests, insertions and calls.

- A request of a script that has a stack was asked for by a script: by an inserted element, ``import()`` or
  ``document.write``. Insertions and calls of ``document.write`` have the same place as the stack.
- A request without a stack is the parser's, or an import of a module, which names the importing module as its
  referrer, or that of a worker.
- Calls make code from text: ``eval``, ``Function`` and its kin, ``javascript:`` URLs and handlers.
"""

import ibis
import ibis.expr.types as ir

from overscripted.conform import conform
from overscripted.etl.transforms.attempts import ATTEMPT
from overscripted.etl.transforms.repair import first_line, frame_parts
from overscripted.etl.transforms.rules import moment
from overscripted.schemas import TABLES, TIME, Column, Table

_HANDLER = "Element.setAttribute"
# Symbols of calls that make code from text -> how the edge says that.
_CODE = {
    "window.eval": "eval",
    "window.Function": "Function",
    "AsyncFunction": "AsyncFunction",
    "GeneratorFunction": "GeneratorFunction",
    "AsyncGeneratorFunction": "AsyncGeneratorFunction",
    "javascript:": "javascript:",
    _HANDLER: "handler",
}
_WRITES = ("Document.write", "Document.writeln")
SYMBOLS = (*_CODE, *_WRITES)
_EXCHANGE = [*ATTEMPT, "request_id"]
_PARENT = ["parent_url", "parent_loc_eval", "parent_line", "parent_col"]
_PLACE = [*ATTEMPT, "frame_id", "parent_url", "parent_line", "parent_col"]
_KEY = ["script_url", "script_loc_eval", "how", "parent_url", "parent_loc_eval", "parent_line", "parent_col"]
_EDGE = [*ATTEMPT, "frame_id", *_KEY, "time"]
_EDGES = Table(
    "edges",
    "one edge, once",
    (*TABLES["script_edges"].columns[:-2], Column("time", TIME, "When")),
)
_WORKERS = {"sharedworker": "shared worker", "serviceworker": "service worker"}


def inputs(
    requests: ir.Table, loads: ir.Table, callstacks: ir.Table, insertions: ir.Table, calls: ir.Table
) -> tuple[ir.Table, ...]:
    """What `script_edges` needs of raw rows of the attempts that count."""
    return (
        requests.filter((requests.resource_type == "script") & (requests.hop == 0)).select(
            *_EXCHANGE, "frame_id", "url", "document_url", "time_stamp"
        ),
        loads.select(*_EXCHANGE, "loaded_as", "by_parser", "referrer"),
        _parent_of_frame(callstacks, first_line(callstacks.call_stack)).select(*_EXCHANGE, *_PARENT),
        _insertions(insertions),
        _with_place(calls.filter(calls.symbol.isin(SYMBOLS))).select(
            *ATTEMPT,
            "frame_id",
            "location",
            "symbol",
            "script_url",
            "time_stamp",
            *_PARENT,
            is_handler=_is_handler(calls),
        ),
    )


def script_edges(
    requests: ir.Table, loads: ir.Table, stacks: ir.Table, inserted: ir.Table, code: ir.Table
) -> ir.Table:
    """Edges, each with the number of times and the first time, from `inputs`."""
    writes = code.filter(code.symbol.isin(_WRITES)).select(_PLACE).distinct()
    parts = (_requests(requests, loads, stacks, inserted, writes), inserted, _code(code))
    edges = ibis.union(*(conform(part, _EDGES) for part in parts))
    rolled = edges.group_by(_EDGE[:-1]).agg(n=edges.count(), first_time=edges.time.min())
    return rolled.select(*TABLES["script_edges"].names)


def _insertions(rows: ir.Table) -> ir.Table:
    """Script elements and workers that scripts made."""
    rows = _parent_of_frame(rows, rows.caller)
    level = "line " + rows.parent_line.cast("string") + " > injectedScript"
    return rows.mutate(
        script_loc_eval=ibis.ifelse(rows.is_inline & rows.parent_line.notnull(), level, ""),
        time=rows.time_stamp,
    ).select(_EDGE)


def _requests(
    requests: ir.Table, loads: ir.Table, stacks: ir.Table, inserted: ir.Table, writes: ir.Table
) -> ir.Table:
    """Requests of scripts that no insertion tells of already."""
    rows = _joined(_joined(requests, loads), stacks)
    rows = rows.mutate(
        loaded_as=rows.loaded_as.fill_null("script"),
        by_parser=rows.by_parser.fill_null(False),
        parent_loc_eval=rows.parent_loc_eval.fill_null(""),
        script_url=rows.url,
    )
    rows = rows.anti_join(inserted, [*_PLACE, "script_url"])
    made = inserted.filter(inserted.how == "worker").select(*ATTEMPT, "frame_id", "script_url").distinct()
    others = rows.filter(rows.loaded_as != "worker")
    workers = rows.filter(rows.loaded_as == "worker").anti_join(made, [*ATTEMPT, "frame_id", "script_url"])
    return _of_requests(ibis.union(others, workers), writes)


def _of_requests(rows: ir.Table, writes: ir.Table) -> ir.Table:
    rows = rows.left_join(writes.mutate(written=ibis.literal(True)), _PLACE)
    asked = rows.parent_url.notnull()
    imported = (rows.loaded_as == "module") & ~rows.by_parser
    scripts = rows.loaded_as == "importScripts"
    how = ibis.cases(
        (rows.loaded_as.isin(list(_WORKERS)), rows.loaded_as.replace("worker", " worker")),
        (rows.loaded_as.isin(["worker", "importScripts"]), rows.loaded_as),
        (asked & rows.written.fill_null(False), "document.write"),
        (imported, "import"),
        (asked, "inserted"),
        else_="parser",
    )
    parent = ibis.cases(
        (asked, rows.parent_url),
        (scripts, rows.document_url.nullif("")),
        (imported, rows.referrer),
        else_=ibis.null("string"),
    )
    return rows.mutate(
        how=how, parent_url=parent, script_loc_eval=ibis.literal(""), time=rows.time_stamp
    ).select(_EDGE)


def _code(rows: ir.Table) -> ir.Table:
    """Code that calls made from text."""
    rows = rows.filter(rows.symbol.isin(list(_CODE)) & (rows.is_handler | (rows.symbol != _HANDLER)))
    how = ibis.cases(*((rows.symbol == symbol, how) for symbol, how in _CODE.items()), else_="")
    apart = how.isin(["handler", "javascript:"]) | rows.parent_line.isnull()
    level = "line " + rows.parent_line.cast("string") + " > " + how
    return rows.mutate(
        how=how,
        script_url=ibis.ifelse(how.isin(["handler", "javascript:"]), rows.location, rows.script_url),
        script_loc_eval=ibis.ifelse(apart, "", (rows.parent_loc_eval + " " + level).strip()),
        time=moment(rows.time_stamp),
    ).select(_EDGE)


def _is_handler(calls: ir.Table) -> ir.BooleanValue:
    """Whether a call of `setAttribute` sets a handler."""
    return calls.arguments.fill_null("").lower().startswith('{"0":"on')


def _with_place(calls: ir.Table) -> ir.Table:
    """Calls with the place of the calling code as that of a parent."""
    return calls.mutate(
        parent_url=calls.script_url.nullif(""),
        parent_line=calls.script_line.try_cast("int64"),
        parent_col=calls.script_col.try_cast("int64"),
        parent_loc_eval=calls.script_loc_eval.fill_null(""),
    )


def _parent_of_frame(rows: ir.Table, frame: ir.StringValue) -> ir.Table:
    """Rows with the place in a stack frame as that of the parent; without one NULL."""
    rows = rows.mutate(_parts=frame_parts(frame))
    url, line, column, levels = (rows._parts[i] for i in range(1, 5))
    return rows.mutate(
        parent_url=url.nullif(""),
        parent_line=line.nullif("").try_cast("int64"),
        parent_col=column.nullif("").try_cast("int64"),
        parent_loc_eval=levels.fill_null(""),
    ).drop("_parts")


def _joined(rows: ir.Table, more: ir.Table) -> ir.Table:
    return rows.left_join(more, _EXCHANGE).drop(*(f"{name}_right" for name in _EXCHANGE))

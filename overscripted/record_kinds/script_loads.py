"""Requests of scripts."""

from overscripted.columns import BOOL, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

SCRIPT_LOADS = RecordKind(
    Table(
        "script_loads",
        "one request of a script, with what it becomes",
        (
            *VISIT,
            Column("request_id", STR, "As in requests"),
            Column(
                "loaded_as",
                STR,
                "script, module, worker, sharedworker, serviceworker or importScripts",
            ),
            Column("by_parser", BOOL, "Whether the parser of the document found it before any script asked"),
            Column(
                "referrer",
                STR,
                "URL of the document, module or worker that asked, whatever a server was told; NULL if there "
                "is none",
            ),
            Column("time_stamp", TIME, "When it was requested"),
        ),
    ),
    kept="one request of a script in an acknowledged visit",
    message="script_load",
    by_realm=False,
    order=("crawl_id", "visit_id", "time_stamp", "request_id"),
)

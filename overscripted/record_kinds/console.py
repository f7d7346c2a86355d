"""Messages of consoles."""

from overscripted.columns import INT, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

CONSOLE = RecordKind(
    Table(
        "console",
        "an uncaught error, or an error or warning that a script wrote on its console",
        (
            *VISIT,
            Column("level", STR, "error or warning"),
            Column("message", STR, "Text of the message"),
            Column("url", STR, "URL of the script or document"),
            Column("line", INT, "Line, where known"),
            Column("time_stamp", TIME, "Time of the message"),
        ),
    ),
    kept="one console message of an acknowledged visit",
    message="console",
    order=("crawl_id", "visit_id", "time_stamp"),
    personal=("message",),
)

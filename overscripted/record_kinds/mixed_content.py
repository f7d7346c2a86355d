"""What documents with an https URL asked for by http."""

from overscripted.columns import FRAME, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

MIXED_CONTENT = RecordKind(
    Table(
        "mixed_content",
        "one insecure URL that a secure document asked for and the browser blocked, or loaded all the same",
        (
            *VISIT,
            *FRAME,
            Column("location", STR, "URL of the document"),
            Column("url", STR, "The insecure URL, or its beginning"),
            Column(
                "action", STR, "blocked or loaded; what was upgraded to https has upgraded_by in requests"
            ),
            Column("time_stamp", TIME, "When the browser reported it"),
        ),
    ),
    kept="one report of mixed content in an acknowledged visit",
    message="mixed_content",
    rows="reports",
    order=("crawl_id", "visit_id", "time_stamp", "frame_id"),
)

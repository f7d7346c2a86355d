"""Script elements and workers that scripts make."""

from overscripted.columns import BOOL, FRAME, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

SCRIPT_INSERTIONS = RecordKind(
    Table(
        "script_insertions",
        "one script element that a script inserted, or one worker that a script made",
        (
            *VISIT,
            *FRAME,
            Column("location", STR, "URL of the document or worker in which the inserting script ran"),
            Column("how", STR, "inserted (a script element) or worker"),
            Column(
                "script_url",
                STR,
                "URL of the inserted script or of the worker's script; for an inline script, the document's",
            ),
            Column("is_inline", BOOL, "Whether the element's own text is the script"),
            Column("caller", STR, "Stack frame of the inserting script, as Firefox writes it; empty: none"),
            Column("time_stamp", TIME, "When it was inserted or made"),
        ),
    ),
    kept="one inserted script element, or one worker that a script made, of an acknowledged visit",
    message="script_insertions",
    rows="insertions",
    order=("crawl_id", "visit_id", "time_stamp", "frame_id", "script_url"),
)

"""Messages that windows receive by ``postMessage``."""

from overscripted.columns import FRAME, INT, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

MESSAGES = RecordKind(
    Table(
        "messages",
        "one message that a window received by postMessage, from another window or from itself",
        (
            *VISIT,
            *FRAME,
            Column("location", STR, "URL of the document that received it"),
            Column("origin", STR, "Origin of the sender; 'null' if the sender has none"),
            Column(
                "sender_frame_id",
                INT,
                "Number of the frame that sent it; NULL if that frame is in another window or is gone",
            ),
            Column("data", STR, "Data that was sent, written like the values of calls, or its beginning"),
            Column("time_stamp", TIME, "When it arrived"),
        ),
    ),
    kept="one message to a window of an acknowledged visit",
    message="messages",
    rows="messages",
    frames={"sender": "sender_frame_id"},
    order=("crawl_id", "visit_id", "time_stamp", "frame_id"),
    personal=("data",),
)

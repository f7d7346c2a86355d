"""Events that EventSources receive."""

from overscripted.columns import FRAME, INT, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

SERVER_SENT_EVENTS = RecordKind(
    Table(
        "server_sent_events",
        "one event that an EventSource received",
        (
            *VISIT,
            *FRAME,
            Column("request_id", STR, "Request of the connection, as in requests"),
            Column("url", STR, "URL of the connection"),
            Column("ordinal", INT, "Number of the event within its connection, from 0"),
            Column("event", STR, "Name of the event: message, if the server gave none"),
            Column("event_id", STR, "Last id that the server gave; empty if it gave none"),
            Column("data", STR, "Data of the event, or its beginning"),
            Column("data_len", INT, "Length of the whole data", "characters"),
            Column(
                "time_stamp",
                TIME,
                "When the browser had read it; NULL in a shared or service worker",
            ),
        ),
    ),
    kept="one event of an EventSource in an acknowledged visit",
    message="server_sent_events",
    by_realm=False,
    rows="events",
    shared=("request_id", "url"),
    order=("crawl_id", "visit_id", "request_id", "ordinal"),
    personal=("event_id", "data"),
)

"""Messages of WebSockets, both ways."""

from overscripted.columns import BYTES, FRAME, INT, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

WEBSOCKET_MESSAGES = RecordKind(
    Table(
        "websocket_messages",
        "one message of a WebSocket, sent or received, as it was before compression and fragmentation",
        (
            *VISIT,
            *FRAME,
            Column("request_id", STR, "Request that opened the socket, as in requests"),
            Column("url", STR, "URL of the socket"),
            Column("ordinal", INT, "Number of the message within its socket, from 0"),
            Column("direction", STR, "sent (by the page or browser) or received"),
            Column("opcode", STR, "text, binary, close, ping or pong"),
            Column("size", INT, "Length of the whole payload", "bytes"),
            Column("data", STR, "Text of a text message, or its beginning; the reason of a close"),
            Column("bytes", BYTES, "Payload of a binary, ping or pong message, or its beginning"),
            Column("close_code", INT, "Code of a close; NULL if it has none"),
            Column("time_stamp", TIME, "When the browser sent it to the network, or had read all of it"),
        ),
    ),
    kept="one WebSocket message of an acknowledged visit",
    message="websocket_messages",
    by_realm=False,
    rows="messages",
    shared=("request_id", "url"),
    order=("crawl_id", "visit_id", "request_id", "ordinal"),
    personal=("data",),
)

"""Bodies of requests: what pages send."""

from overscripted.columns import INT, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

REQUEST_BODIES = RecordKind(
    Table(
        "request_bodies",
        "the body of one hop of a request, of any method and initiator; its bytes are in contents",
        (
            *VISIT,
            Column("request_id", STR, "As in requests"),
            Column("hop", INT, "As in requests; a redirect by 307 or 308 sends the body again"),
            Column("content_type", STR, "Content-Type of the request; empty if it has none"),
            Column("size", INT, "Length of the whole body", "bytes"),
            Column(
                "n_kept",
                INT,
                "How many bytes are kept: all, or the beginning up to a cap; NULL in imports whose bytes are "
                "not known to be those that were sent",
                "bytes",
            ),
            Column(
                "sha256",
                STR,
                "SHA-256 of the bytes kept, hexadecimal, the key of the table contents; NULL if none are",
            ),
            Column("time_stamp", TIME, "When the request began"),
        ),
    ),
    kept="the body of one hop of a request in an acknowledged visit",
    message="request_bodies",
    by_realm=False,
    has_content=True,
    order=("crawl_id", "visit_id", "time_stamp", "request_id", "hop"),
)

"""Requests of a visit that an archive answered, or did not (`crawl --replay`)."""

from overscripted.columns import BOOL, INT, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

REPLAYED_REQUESTS = RecordKind(
    Table(
        "replayed_requests",
        "one request of a replay, with the capture that answered it",
        (
            *VISIT,
            Column("ordinal", INT, "Number of the request within its visit, from 0"),
            Column("time_stamp", TIME, "When it was answered"),
            Column("method", STR, "Its method; CONNECT for a connection that was refused"),
            Column("url", STR, "Its URL, without fragment; of a refused connection the origin"),
            Column(
                "rule",
                STR,
                "How the capture was found: exact, head, order, cache_buster, body, values, path, scheme, "
                "preflight, websocket; failure where it failed as before, miss where nothing answered. "
                "docs/guide/replay.md has the rules",
            ),
            Column("reason", STR, "Why nothing answered; empty where a capture did"),
            Column(
                "of_page",
                BOOL,
                "Whether the capture is one of the page that the archive has for this visit; NULL for a miss",
            ),
            Column(
                "is_repeated", BOOL, "Whether the capture had answered in this visit before; NULL for a miss"
            ),
            Column("is_whole", BOOL, "Whether the archive has the whole body; NULL for a miss"),
            Column("status", INT, "Status of the answer; NULL without one"),
            Column("size", INT, "Length of the body of the answer, without encodings", "bytes"),
            Column("captured_url", STR, "URL of the capture; empty for a miss"),
            Column("captured", STR, "When it was captured, as its archive writes it; empty for a miss"),
            Column("archive", STR, "Name of the file with the capture; empty for a miss"),
        ),
    ),
    kept="one request of an acknowledged visit of a replay",
    message="",
    by_realm=False,
    order=("crawl_id", "visit_id", "ordinal"),
)

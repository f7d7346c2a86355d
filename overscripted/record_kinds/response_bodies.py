"""Bodies of responses other than scripts: pages, style sheets, pictures and the like."""

from overscripted.columns import INT, STR, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

RESPONSE_BODIES = RecordKind(
    Table(
        "response_bodies",
        "the body of a response that is not a script, decoded; its bytes are in contents",
        (
            *VISIT,
            Column("request_id", STR, "As in requests"),
            Column("hop", INT, "As in requests; of a redirect only the last hop has a body"),
            Column("content_type", STR, "MIME type as Firefox understands it, without parameters"),
            Column("encoding", STR, "Content-Encoding in which the body came; empty: none; NULL in imports"),
            Column("size", INT, "Length of the decoded body", "bytes"),
            Column("sha256", STR, "SHA-256 of the decoded body, hexadecimal, the key of the table contents"),
        ),
    ),
    kept="the body of a response, not a script's, in an acknowledged visit",
    message="response_bodies",
    by_realm=False,
    has_content=True,
    option="bodies",
    # What asked for a response: html: tabs, frames, objects; fetch: also XMLHttpRequest; other: what has no
    # word. json: a response of that MIME type, whatever asked for it.
    arguments=("css", "fetch", "font", "html", "image", "json", "media", "other"),
    order=("crawl_id", "visit_id", "request_id", "hop"),
)

"""Cookies at the end of a visit."""

from overscripted.columns import BOOL, INT, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

STORED_COOKIES = RecordKind(
    Table(
        "stored_cookies",
        "one cookie that a visit's container had at the visit's end",
        (
            *VISIT,
            Column("host", STR, "Domain of the cookie"),
            Column("name", STR, "Name"),
            Column("value", STR, "Value"),
            Column("path", STR, "Path"),
            Column("expiry", TIME, "When it expires; NULL for a session cookie"),
            Column("created", TIME, "When it was created"),
            Column("last_accessed", TIME, "When it was last sent or read, to about a minute"),
            Column("is_secure", BOOL, "Secure"),
            Column("is_http_only", BOOL, "HttpOnly"),
            Column("is_host_only", BOOL, "Without Domain: sent to this host only"),
            Column("is_partitioned", BOOL, "Partitioned (CHIPS)"),
            Column("same_site", STR, "strict, lax, no_restriction, unspecified"),
            Column("first_party_domain", STR, "Partition's top-level site; empty if unpartitioned"),
            Column("schemes", STR, "Schemes of the addresses that set it, comma-separated"),
            Column("size", INT, "Name and value as UTF-8", "bytes"),
            Column("moment", STR, "When it was read: end"),
        ),
    ),
    kept="one cookie at the end of an acknowledged visit",
    message="stored_cookie",
    by_realm=False,
    order=("crawl_id", "visit_id", "host", "name", "path", "first_party_domain"),
    personal=("value",),
)

"""Changes of cookies."""

from overscripted.columns import BOOL, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

COOKIES = RecordKind(
    Table(
        "cookies",
        "one change of a cookie, over HTTP or by script",
        (
            *VISIT,
            Column("host", STR, "Domain of the cookie"),
            Column("name", STR, "Name"),
            Column("value", STR, "Value"),
            Column("path", STR, "Path"),
            Column("expiry", TIME, "When it expires; NULL for a session cookie"),
            Column("is_secure", BOOL, "Secure"),
            Column("is_http_only", BOOL, "HttpOnly"),
            Column("same_site", STR, "strict, lax, no_restriction, unspecified"),
            Column("first_party_domain", STR, "Partition's top-level site; empty if unpartitioned"),
            Column("record_type", STR, "added-or-changed or deleted"),
            Column("change_cause", STR, "explicit, overwrite, expired, …"),
            Column("via", STR, "http or script, where known"),
            Column("time_stamp", TIME, "Time of the change"),
        ),
    ),
    kept="one change of a cookie in an acknowledged visit",
    message="cookie",
    by_realm=False,
    order=("crawl_id", "visit_id", "time_stamp", "host", "name"),
    personal=("value",),
)

"""The names and addresses of the hosts that a visit asked."""

from overscripted.columns import STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

DNS_NAMES = RecordKind(
    Table(
        "dns_names",
        "one host that a visit sent requests to, with its canonical names and addresses",
        (
            *VISIT,
            Column("host", STR, "Name of the host, as in the URLs of its requests"),
            Column(
                "canonical_names",
                STR,
                "JSON list of the names that CNAME records lead to, in order, without the host; the last is "
                "the canonical name. [] if there are none; NULL if they are unknown. From firefox only the "
                "last one",
            ),
            Column("addresses", STR, "JSON list of the host's IP addresses; NULL if none is known"),
            Column(
                "used_address",
                STR,
                "IP address of a connection of this visit to the host; NULL if there was none, or a proxy "
                "connected",
            ),
            Column("error", STR, "Why the host has no address, or was refused; empty if there is no error"),
            Column(
                "names_error",
                STR,
                "Why canonical_names are unknown or not whole: no answer, a loop, …; empty if they are whole",
            ),
            Column(
                "source",
                STR,
                "Who told: resolver (the crawl's own, which also connects), resolver_beside_proxy (the "
                "same, but a proxy resolves the name again and connects), firefox, proxy (only the proxy "
                "knows: all are NULL), openwpm (import), openwpm_trr (the same, from DNS over HTTPS)",
            ),
            Column(
                "time_stamp", TIME, "When the addresses were found; resolver answers are reused for a while"
            ),
        ),
    ),
    kept="one host that an acknowledged visit sent requests to",
    message="dns_names",
    by_realm=False,
    order=("crawl_id", "visit_id", "host", "time_stamp"),
)

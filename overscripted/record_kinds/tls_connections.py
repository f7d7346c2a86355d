"""The TLS connections of a visit."""

from overscripted.columns import BOOL, INT, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

TLS_CONNECTIONS = RecordKind(
    Table(
        "tls_connections",
        "one kind of TLS connection of a visit to a host: those that are alike in all columns are one row",
        (
            *VISIT,
            Column("host", STR, "Name of the host"),
            Column("port", INT, "Port of the host"),
            Column("address", STR, "IP address of the peer, as ip in requests"),
            Column("tls_version", STR, "TLS 1.2, TLS 1.3, …; NULL if the connection failed"),
            Column("cipher_suite", STR, "Name of the cipher suite, e.g. TLS_AES_128_GCM_SHA256"),
            Column("key_exchange", STR, "Group of the key exchange, e.g. x25519"),
            Column("signature_scheme", STR, "Scheme of the server's signature, e.g. ECDSA-P256-SHA256"),
            Column("alpn", STR, "Protocol that was agreed on (ALPN), e.g. h2; empty if none was"),
            Column("has_ech", BOOL, "Whether the server's name was encrypted (ECH)"),
            Column(
                "certificate_sha256",
                STR,
                "SHA-256 of the server's certificate, as sha256 in certificates; NULL if there is none",
            ),
            Column(
                "is_built_in_root",
                BOOL,
                "Whether the certificate leads to a root that the browser ships; NULL if it was refused",
            ),
            Column(
                "is_ev",
                BOOL,
                "Whether the certificate has extended validation; NULL if it was refused",
            ),
            Column(
                "certificate_transparency",
                STR,
                "compliant, not enough timestamps, timestamps not diverse; NULL if the browser did not "
                "check it, as for roots that it does not ship",
            ),
            Column(
                "error",
                STR,
                "Why the connection failed, e.g. SEC_ERROR_UNKNOWN_ISSUER; empty if it did not",
            ),
            Column("time_stamp", TIME, "When the first of these connections was seen"),
        ),
    ),
    kept="one kind of TLS connection of an acknowledged visit to a host",
    message="tls_connections",
    by_realm=False,
    order=("crawl_id", "visit_id", "host", "time_stamp"),
)

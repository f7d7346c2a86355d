"""The certificates of the servers of a visit."""

from overscripted.columns import INT, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

CERTIFICATES = RecordKind(
    Table(
        "certificates",
        "one certificate that a server showed a visit, refused or not; those of its issuers are not kept",
        (
            *VISIT,
            Column(
                "sha256", STR, "SHA-256 of the certificate (DER), hexadecimal, the key of the table contents"
            ),
            Column("size", INT, "Length of the certificate", "bytes"),
            Column("subject", STR, "Name of its owner, or the beginning; the server wrote it"),
            Column("issuer", STR, "Name of its issuer, or the beginning"),
            Column("serial_number", STR, "Serial number, hexadecimal, or the beginning"),
            Column("not_before", TIME, "Beginning of its validity; NULL if no calendar has it"),
            Column("not_after", TIME, "End of its validity; NULL if no calendar has it"),
            Column(
                "names",
                STR,
                "JSON list of the hosts that it is for (subjectAltName), or of the first; NULL if unreadable",
            ),
            Column("n_names", INT, "Number of these hosts; NULL if unreadable", "names"),
        ),
    ),
    kept="one certificate that a server showed an acknowledged visit",
    message="certificates",
    by_realm=False,
    has_content=True,
    order=("crawl_id", "visit_id", "sha256"),
)

"""The documents of a visit as markup."""

from overscripted.columns import BOOL, FRAME, INT, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

SAVED_DOCUMENTS = RecordKind(
    Table(
        "saved_documents",
        "one document at the end of a visit as markup; `contents` has it under its SHA-256",
        (
            *VISIT,
            *FRAME,
            Column("url", STR, "URL of the document"),
            Column("mime_type", STR, "Type of the document, such as text/html or image/svg+xml"),
            Column("encoding", STR, "Encoding in which it was sent; the content is UTF-8"),
            Column(
                "n_shadow_roots",
                INT,
                "Shadow roots in the content, as `template` elements with `shadowrootmode`",
            ),
            Column("is_cut", BOOL, "The document is longer than a content may be; its beginning is kept"),
            Column("sha256", STR, "SHA-256 of the content, hexadecimal, the key of the table contents"),
            Column("size", INT, "Length of the content", "bytes"),
            Column("time_stamp", TIME, "When it was written"),
        ),
    ),
    kept="one document at the end of an acknowledged visit",
    message="saved_documents",
    by_realm=False,
    order=("crawl_id", "visit_id", "frame_id"),
    option="html",
    has_content=True,
)

"""The visible text of the documents of a visit."""

from overscripted.columns import BOOL, FRAME, INT, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

PAGE_TEXTS = RecordKind(
    Table(
        "page_texts",
        "the visible text of one document at the end of a visit; `contents` has it under its SHA-256",
        (
            *VISIT,
            *FRAME,
            Column("url", STR, "URL of the document"),
            Column("mime_type", STR, "Type of the document, such as text/html or image/svg+xml"),
            Column("language", STR, "Language of the text, such as en; NULL if it is not known"),
            Column(
                "language_source",
                STR,
                "detected: by Firefox's detector (CLD2) from the text; declared: by the document, where the "
                "detector is not sure; NULL if neither",
            ),
            Column("declared_language", STR, "Attribute `lang` of the root element; NULL if it has none"),
            Column("n_characters", INT, "Length of the text", "characters"),
            Column("is_cut", BOOL, "The text is longer than a content may be; its beginning is kept"),
            Column("sha256", STR, "SHA-256 of the text in UTF-8, hexadecimal, the key of the table contents"),
            Column("size", INT, "Length of the text in UTF-8", "bytes"),
            Column("time_stamp", TIME, "When it was read"),
        ),
    ),
    kept="the visible text of one document at the end of an acknowledged visit",
    message="page_texts",
    by_realm=False,
    order=("crawl_id", "visit_id", "frame_id"),
    option="text",
    has_content=True,
)

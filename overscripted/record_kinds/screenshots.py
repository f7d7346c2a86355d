"""Pictures of the pages of a visit."""

from overscripted.columns import BOOL, FRAME, INT, STR, TIME, VISIT, Column, Table
from overscripted.record_kinds.kind import RecordKind

SCREENSHOTS = RecordKind(
    Table(
        "screenshots",
        "one picture of a page or pop-up; `contents` has the picture under its SHA-256",
        (
            *VISIT,
            *FRAME,
            Column("url", STR, "URL of the document"),
            Column("moment", STR, "When it was taken: end, which is the end of the visit; NULL in imports"),
            Column("kind", STR, "viewport: what the window showed; page: the whole page; NULL in imports"),
            Column("mime_type", STR, "Type of the picture: image/webp; in imports image/png"),
            Column("width", INT, "Width of the picture", "pixels"),
            Column("height", INT, "Height of the picture", "pixels"),
            Column("is_cut", BOOL, "The page is larger than a picture may be; its upper left part is shown"),
            Column("sha256", STR, "SHA-256 of the picture, hexadecimal, the key of the table contents"),
            Column("size", INT, "Length of the picture", "bytes"),
            Column("time_stamp", TIME, "When it was complete"),
        ),
    ),
    kept="one picture of a page or pop-up of an acknowledged visit",
    message="screenshots",
    by_realm=False,
    order=("crawl_id", "visit_id", "frame_id", "kind"),
    option="screenshot",
    arguments=("viewport", "page"),
    has_content=True,
)

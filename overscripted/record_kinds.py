"""Kinds of records: each is one declaration, and Firefox sends its rows as messages.

From the declaration follow the message (`crawl.instrument.protocol`), its rows in ``raw/`` (`crawl.records`)
and the table in ``tables/`` with its order and redaction. The etl copies the rows to that table. A new kind
also needs the JavaScript that sends the message. For documents it is a file in
``crawl/instrument/js/document/records/``.
"""

from dataclasses import dataclass, field

from overscripted.columns import BOOL, FRAME, INT, STR, TIME, VISIT, Column, Table


@dataclass(frozen=True)
class RecordKind:
    """A kind of record.

    ``table`` is its raw table. ``kept`` says what a row of the etl's table is. ``message`` is the type of the
    message. A message has the columns of one row as its members, or its member ``rows`` is a list of such
    rows. Then ``cut`` is the number of rows that were left out.
    """

    table: Table
    kept: str
    message: str
    order: tuple[str, ...]  # of rows within the files of the etl's table
    by_realm: bool = True  # a document or worker sends the message, else Firefox's parent process
    rows: str = ""
    frames: dict[str, str] = field(default_factory=dict)  # member that holds a frame's number -> its column
    personal: tuple[str, ...] = ()  # columns that are redacted in published samples

    @property
    def in_frame(self) -> bool:
        """Whether rows have the number of their frame."""
        return "frame_id" in self.table.names


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

CONSOLE = RecordKind(
    Table(
        "console",
        "an uncaught error, or an error or warning that a script wrote on its console",
        (
            *VISIT,
            Column("level", STR, "error or warning"),
            Column("message", STR, "Text of the message"),
            Column("url", STR, "URL of the script or document"),
            Column("line", INT, "Line, where known"),
            Column("time_stamp", TIME, "Time of the message"),
        ),
    ),
    kept="one console message of an acknowledged visit",
    message="console",
    order=("crawl_id", "visit_id", "time_stamp"),
)

MESSAGES = RecordKind(
    Table(
        "messages",
        "one message that a window received by postMessage, from another window or from itself",
        (
            *VISIT,
            *FRAME,
            Column("location", STR, "URL of the document that received it"),
            Column("origin", STR, "Origin of the sender; 'null' if the sender has none"),
            Column(
                "sender_frame_id",
                INT,
                "Number of the frame that sent it; NULL if that frame is in another window or is gone",
            ),
            Column("data", STR, "Data that was sent, written like the values of calls, or its beginning"),
            Column("time_stamp", TIME, "When it arrived"),
        ),
    ),
    kept="one message to a window of an acknowledged visit",
    message="messages",
    rows="messages",
    frames={"sender": "sender_frame_id"},
    order=("crawl_id", "visit_id", "time_stamp", "frame_id"),
)

RECORD_KINDS = (COOKIES, CONSOLE, MESSAGES)

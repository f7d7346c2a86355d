"""Kinds of records whose rows are what a message of Firefox says: each is one declaration.

A declaration makes the message (`crawl.instrument.protocol`), its rows in ``raw/`` (`crawl.records`), and the
table in ``tables/`` that the etl copies them to, with its order and redaction. What is left for a new kind is
the JavaScript that says the message, for documents a file of ``crawl/instrument/js/document/records/``.
"""

from dataclasses import dataclass, field

from overscripted.columns import BOOL, FRAME, INT, STR, TIME, VISIT, Column, Table


@dataclass(frozen=True)
class RecordKind:
    """A kind of record.

    ``table`` is its raw table, ``kept`` says what a row of the etl's table is, ``message`` is the type of the
    message. A message has a row's columns by their names, or a list of such rows as its member ``rows``, and
    then ``cut``: how many more there were.
    """

    table: Table
    kept: str
    message: str
    order: tuple[str, ...]  # of the rows within files of the etl's table
    by_realm: bool = True  # a document or worker says the message, else Firefox's parent process
    rows: str = ""
    frames: dict[str, str] = field(default_factory=dict)  # member, a number of a frame -> its column
    personal: tuple[str, ...] = ()  # columns whose values published samples redact

    @property
    def in_frame(self) -> bool:
        """Whether rows say in which frame they belong."""
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
            Column("time_stamp", TIME, "When"),
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
            Column("message", STR, "Text"),
            Column("url", STR, "Script or document"),
            Column("line", INT, "Line, where known"),
            Column("time_stamp", TIME, "When"),
        ),
    ),
    kept="one console message of an acknowledged visit",
    message="console",
    order=("crawl_id", "visit_id", "time_stamp"),
)

MESSAGES = RecordKind(
    Table(
        "messages",
        "one message that a window was sent by postMessage, from another or from itself, as it arrived",
        (
            *VISIT,
            *FRAME,
            Column("location", STR, "URL of the document that was sent it"),
            Column("origin", STR, "Origin of the sender; 'null' for one without"),
            Column("sender_frame_id", INT, "Frame that sent it; NULL: one of another window, or gone"),
            Column("data", STR, "What was sent, as values of calls are written, or its beginning"),
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

"""What a kind of record is."""

from dataclasses import dataclass, field

from overscripted.columns import Table


@dataclass(frozen=True)
class RecordKind:
    """A kind of record.

    ``table`` is its raw table. ``kept`` says what a row of the etl's table is. ``message`` is the type of the
    message; empty if the crawl's worker makes the rows itself. A message has the columns of one row as its
    members, or its member ``rows`` is a list of such rows. Then ``cut`` is the number of rows that were left
    out, and the message has the ``shared`` columns once for all its rows.

    A kind with an ``option`` is recorded only with ``crawl --save OPTION``. ``arguments`` lists what may come
    after ``=`` there. A kind without an option is always recorded.

    A row of a kind that ``has_content`` names bytes that are stored once in the table ``contents``. Its
    message names the file with the bytes in its member ``file``. The worker fills the row's columns
    ``sha256`` and, unless the message has it, ``size``. Only Firefox's parent process may do so.
    """

    table: Table
    kept: str
    message: str
    order: tuple[str, ...]  # of rows within the files of the etl's table
    by_realm: bool = True  # a document or worker sends the message, else Firefox's parent process
    rows: str = ""
    shared: tuple[str, ...] = ()
    frames: dict[str, str] = field(default_factory=dict)  # member that holds a frame's number -> its column
    personal: tuple[str, ...] = ()  # columns that are redacted in published samples
    option: str = ""
    arguments: tuple[str, ...] = ()
    has_content: bool = False

    @property
    def in_frame(self) -> bool:
        """Whether rows have the number of their frame."""
        return "frame_id" in self.table.names

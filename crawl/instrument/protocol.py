"""The messages that Firefox sends to the crawl's worker.

Each message is one JSON object in text. Messages come over the WebDriver BiDi session that drives the
browser, several at once, one per line. A *realm* is a document or a worker of a page. Its content process
sends its messages to Firefox's parent process, which passes them on.

The bundler writes the constant ``PROTOCOL`` at the head of each script. It gives JavaScript the numbers and
names of this file. `scripts/docs/protocol.py` makes the reference page and the JavaScript types from it.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Annotated, Any, NotRequired, TypedDict

from overscripted.described import Described
from overscripted.record_kinds import RECORD_KINDS, RecordKind
from overscripted.schemas import RAW, Table

# A message as it comes. A page may have taken over the process that sent it, so nothing about it is certain.
Message = dict[str, Any]


class Operation(IntEnum):
    """What a page does with an instrumented member. Messages and tables have its ``label``."""

    label: str

    def __new__(cls, number: int, label: str) -> "Operation":
        member = int.__new__(cls, number)
        member._value_, member.label = number, label
        return member

    GET = 0, "get"
    SET = 1, "set"
    CALL = 2, "call"
    SET_FAILED = 3, "set (failed)"


class Gap(Described):
    """What could not be recorded, by the names in the column ``known_gaps``. ``meaning`` says when it counts.

    A name that ends in `…` stands for that name with the error after a colon.
    """

    WORKER_FROM_URL = "worker from url", "a worker that could not be watched"
    WORKER_FROM_BLOB = "worker from blob", "the same, of a blob: URL"
    WORKER_FROM_DATA = "worker from data", "the same, of a data: URL"
    WORKER_TASK = "worker task not watched to its end", "a task of a worker that computes"
    WORKER_DEPTH = "worker not watched after deep recursion", "a worker whose functions nest deep"
    WORKER_CALL = "worker call not recorded", "a call in a worker where our code failed; its error follows"
    CALL = "call not recorded", "a call in a document where our code failed; its error follows"
    WORKLET = "worklet", "a worklet got a module: its code is not seen"
    WEBSOCKET = "websocket not watched", "a WebSocket whose messages are not seen"
    WEBSOCKETS_COUNT = (
        "websocket messages no longer counted",
        "after 100,000 WebSocket messages of a visit, or 256 MiB, no more are recorded or counted",
    )
    EVENT_SOURCE = (
        "event source not watched",
        "a compressed or long stream of an EventSource of a shared or service worker, or one of many",
    )
    DOCUMENT = "document not instrumented", "a document where our code failed; its error follows"
    REPEATABLE = (
        "not repeatable",
        "with --replay-clock or --replay-random: a document or worker where our code failed; its error "
        "follows",
    )
    DOCUMENT_IN_NO_VISIT = "document in a process of no visit", "Firefox had a document in an odd process"
    WORKER_IN_NO_VISIT = "worker in a process of no visit", "Firefox had a worker in an odd process"
    DYNAMIC_CODE = (
        "code made from text in a window that has gone",
        "Firefox reported it after the window's recorder had ended",
    )
    VIEWER = "document of a viewer of the browser", "a PDF, picture, film or JSON: no page"
    CUT_SHORT = "document cut short", "the visited page's document ended before its length"
    SHARED_STATE = (
        "visit shares HSTS and permissions with others",
        "a Firefox that is too old to keep them apart",
    )
    EARLIER_VISIT = (
        "message of an earlier visit",
        "the visit before in the container did something as its tab was closed, such as sending a beacon",
    )
    CONSOLE = "console messages over the limit of a document", "a document wrote more than are kept"
    MESSAGE_SIZE = "message over the limit", "a realm sent a message that is too long for the session"
    BODY_SIZE = "script body over the limit", "a script that is too large to keep"
    BODY_CUT_SHORT = "script body cut short", "a script whose encoding ends early: its beginning is kept"
    BODY_UNREADABLE = "script body unreadable", "a script whose encoding is broken"
    BODIES_SIZE = (
        "script bodies over the limit",
        "a script beyond the bytes of a visit: only its hash is kept",
    )
    REQUEST_BODY_SIZE = "request body over the limit", "only the beginning of a request's body is kept"
    REQUEST_BODIES_SIZE = (
        "request bodies over the limit",
        "a request's body beyond those of a visit: only its length is kept",
    )
    REQUEST_BODY_UNREADABLE = (
        "request body unreadable",
        "Firefox could not copy or read it: only its length is kept",
    )
    RESPONSE_BODY_SIZE = "response body over the limit", "a body, not a script's, that is too large to keep"
    RESPONSE_BODIES_SIZE = (
        "response bodies over the limit",
        "a body, not a script's, beyond the bytes of a visit",
    )
    RESPONSE_BODY_CUT_SHORT = (
        "response body cut short",
        "a body, not a script's, whose encoding ends early: its beginning is kept",
    )
    RESPONSE_BODY_UNREADABLE = (
        "response body unreadable",
        "a body, not a script's, whose encoding is broken",
    )
    ARCHIVE_SIZE = (
        "archived bodies over the limit",
        "with --record: a body that grows too large without its encoding, or is beyond the bytes of a visit",
    )
    ARCHIVE_REQUESTS = (
        "archived requests over the limit",
        "with --record: a request beyond the number or the bytes of a visit, or with too long an address",
    )
    ARCHIVE_FAILED = (
        "archived request not written",
        "with --record: a request of which our code could make no records",
    )
    ARCHIVE_FRAMES = (
        "archived websocket messages over the limit",
        "with --record: a message of a WebSocket beyond the bytes of a visit",
    )
    CONTENTS_SIZE = (
        "contents over the limit",
        "a body, page or picture beyond the bytes of a visit: only its hash is kept",
    )
    CONTENT_LOST = (
        "content not handed over",
        "the worker could not read a content from its file: its row, or the body of a script, is missing",
    )
    FILES_LATE = (
        "contents written too late",
        "some seconds after the visit's end a content was still being written: it is missing, as above",
    )
    WASM_SIZE = (
        "webassembly module over the limit",
        "a module that is too large to keep, or beyond the bytes of a visit: only its row is kept",
    )
    WASM_ROWS = "webassembly modules over the limit", "compilations beyond those of one document or worker"
    WASM_UNKNOWN = (
        "webassembly module without its bytes",
        "a module whose bytes could not be read, or could have been changed while they were read",
    )
    MALFORMED = "malformed message", "a message that our JavaScript cannot have sent"
    TOTALS_LIMIT = "call totals over the limit", "counts of a script and symbol beyond the rows of a visit"
    STORED_ITEMS = (
        "stored items over the limit",
        "items that the visit's pages had stored at its end, beyond those of a visit",
    )
    STORED_VALUES = (
        "stored values over the limit",
        "stored items without their values: beyond the characters of a visit, or in too large databases",
    )
    STORED_TIME = (
        "storage not read in time",
        "a database, or the rest of a visit's storage, that took too long",
    )
    STORED_UNREAD = "storage not read", "storage that Firefox did not read; its error follows"
    STORED_FILES = "files of an origin not read", "an origin with files of its own (navigator.storage)"
    FRAMES = "frames over the limit", "frames beyond those of a visit that get numbers of their own"
    RECEIVERS = "receivers over the limit", "calls whose receivers get no number in the visit any more"

    @staticmethod
    def late(table: str) -> str:
        """The gap for rows of a table that took too long to find at the end of a visit."""
        return f"{table} not whole"

    @staticmethod
    def shortened(table: str) -> str:
        """The gap for contents that a table names and of which only the beginning is kept."""
        return f"{table} cut"

    @staticmethod
    def rows(table: str) -> str:
        """The gap for rows of a table that exceed the limit of a visit."""
        return f"{table} over the limit"

    @staticmethod
    def cut(table: str) -> str:
        """The gap for rows of a table that exceed the limit of a document."""
        return f"{table} over the limit of a document"


class MessageType(StrEnum):
    """The member ``type`` of a message. Each declared kind of record (`RECORD_KINDS`) adds one."""

    REQUEST = "request"
    BODY = "body"
    ARCHIVE_BODY = "archive_body"
    CALLSTACK = "callstack"
    FRAME = "frame"
    CALLS = "calls"
    GAP = "gap"
    LOST = "lost"
    FLUSHED = "flushed"


class OfVisit(TypedDict):
    """The visit of a message."""

    container_id: Annotated[str, "cookie store id of the visit's container, e.g. `firefox-container-7`"]


class InFrame(OfVisit):
    """The frame of a message within the visit, by the numbers that Firefox's extensions know."""

    tab: Annotated[int, "tab; -1: none"]
    frame: Annotated[int, "frame, 0 for a tab's top document; -1: none, as of shared and service workers"]
    parent: Annotated[int, "parent frame; -1: none"]
    top: Annotated[str, 'URL of the tab\'s top document; "" where there is none']


class Rights(TypedDict):
    """Whose rights a document or worker has, by Firefox's principals and the windows around it at its start.

    A worker that a worker made has the rights of its maker. A document with a network address of its own does
    not need these members: it is its own origin document.
    """

    context: NotRequired[
        Annotated[str, 'URL of the nearest document with a network address and the same origin; "": none']
    ]
    framed: NotRequired[Annotated[bool, "whether that document is in a frame"]]
    origin: NotRequired[Annotated[str, 'the origin whose rights they are; "": nobody\'s']]


class Realm(InFrame, Rights):
    """The members that Firefox's parent process adds to each message of a realm."""


class Request(InFrame):
    """One hop of a request, sent when it ends or the visit ends. Columns of `raw/requests`."""

    completed: NotRequired[Annotated[bool, "whether the whole response has arrived"]]


class Body(OfVisit):
    """The body of a script as the server sent it."""

    request_id: Annotated[str, "as in `request`"]
    hop: Annotated[int, "as in `request`"]
    encoding: Annotated[str, "the Content-Encoding that is still applied"]
    file: Annotated[str, "name of a file in the folder for bodies; the worker deletes it"]


class BodyRead(Body):
    """The same with the content of the file, for the worker's own code."""

    content: bytes


class ArchiveBody(OfVisit):
    """The body of a response, as the server sent it, that only the archive of `--record` keeps."""

    request_id: Annotated[str, "as in `request`"]
    hop: Annotated[int, "as in `request`"]
    encoding: Annotated[str, "the Content-Encoding that is still applied"]
    cut: Annotated[bool, "whether the visit ended before the body did"]
    file: NotRequired[Annotated[str, "as in `body`; absent: the body is over a cap"]]


class ArchiveBodyRead(ArchiveBody):
    """The same with the content of the file, for the worker's own code."""

    content: NotRequired[bytes]


class CallStack(OfVisit):
    """The script that started a request."""

    request_id: Annotated[str, "as in `request`"]
    call_stack: Annotated[str, "frames as Firefox writes them, innermost first, one per line"]


class Frame(Realm):
    """A document has begun."""

    url: Annotated[str, "address of the document"]
    kind: Annotated[str, "element around the document; `viewer`: Firefox shows something other than a page"]
    time: Annotated[float, "time of the message"]


class Call(TypedDict):
    """One recorded call, get or set."""

    time: Annotated[int, "time of the call"]
    symbol: Annotated[str, "name of the API, e.g. `window.navigator.userAgent`"]
    operation: Annotated[str, "label of an operation; the reference instrument also has its own labels"]
    arguments: NotRequired[Annotated[str, "a JSON object in text; absent: none"]]
    value: Annotated[str, "value read or written, as text"]
    value_len: NotRequired[Annotated[int, "length of the whole value if only its beginning is kept"]]
    caller: Annotated[
        str,
        "innermost frame of the page's code as Firefox writes it, on one line, without our own frames; with "
        "`by_browser` the frame of the script that bound the native, known in workers alone, else empty",
    ]
    by_browser: NotRequired[Annotated[bool, "Firefox's own code made the call: no script was on the stack"]]
    call_stack: NotRequired[Annotated[str, "the whole stack, if the settings ask for it"]]
    receiver: NotRequired[
        Annotated[int, "number of the object called, from 1, see `receivers`; absent: not numbered"]
    ]
    receiver_owner: NotRequired[Annotated[int, "number of a context's canvas, or an audio node's context"]]
    canvas_width: NotRequired[Annotated[int, "width of the canvas that the call reads, in pixels"]]
    canvas_height: NotRequired[Annotated[int, "its height"]]


class Total(TypedDict):
    """How often one script used one symbol, if not all calls are kept. The last total of a realm counts."""

    script_url: Annotated[str, 'the script, as cut from a caller; "": Firefox\'s own code made the calls']
    symbol: Annotated[str, "as in a call"]
    operation: Annotated[str, "as in a call"]
    n_calls: Annotated[int, "calls made so far in this realm"]
    n_recorded: Annotated[int, "how many of them are kept"]


class Calls(Realm):
    """Calls of one realm since its last message, and the totals that have changed since then."""

    doc: Annotated[str, "random id of the document or worker"]
    location: Annotated[str, "address of the document or worker"]
    realm: Annotated[str, "`window`, `worker`, `sharedworker` or `serviceworker`"]
    receivers: NotRequired[
        Annotated[str, "random id of the numbers of receivers, which documents of one principal share"]
    ]
    calls: list[Call]
    totals: list[Total]


class GapMessage(OfVisit, Rights):
    """Something could not be recorded. A gap of a realm also names its frame."""

    name: Annotated[str, "name of a gap, or such a name, a colon and an error"]
    n: Annotated[int, "how often this happened since the last message"]
    tab: NotRequired[int]
    frame: NotRequired[int]
    parent: NotRequired[int]
    top: NotRequired[str]


class Lost(TypedDict):
    """The process of the reference instrument's extension has ended: no calls are recorded any more."""


class Flushed(TypedDict):
    """All that was recorded before a flush has been sent."""

    id: Annotated[int, "number of the flush"]
    title: Annotated[str, "title of the visited page"]
    starved: Annotated[
        float | None,
        "longest time that a content process of the visit took to answer a ping, in ms; null: none answered",
    ]


class Item(TypedDict):
    """One item of the instrument settings, see `--instrument`."""

    object: Annotated[str, "path of the object from the global one"]
    name: Annotated[str, "beginning of its symbols"]
    properties: NotRequired[Annotated[list[str], "only these; absent: all"]]
    excluded: NotRequired[Annotated[list[str], "all but these"]]
    stack: NotRequired[Annotated[bool, "record whole stacks"]]
    functions: NotRequired[Annotated[bool, "write functions as their source"]]
    bytes: NotRequired[Annotated[bool, "write arguments of bytes as their length and SHA-256"]]
    onlyInWorkers: NotRequired[Annotated[bool, "record in workers, not in documents"]]
    setsFonts: NotRequired[Annotated[bool, "a call or set sets a font: boxes read after it are recorded"]]
    when: NotRequired[Annotated[str | list[str], "record a call only if its first argument matches"]]


class Settings(TypedDict):
    """The settings of recorders, in the constant ``OVERSCRIPTED``."""

    mark: Annotated[str, "a host that no page knows; a policy that names it is ours"]
    instruments: list[Item]
    reference: NotRequired[
        Annotated[str, "`openwpm`: OpenWPM's content script records instead of our recorder"]
    ]
    caps: NotRequired[Annotated[dict[str, int], "caps that replace those of our scripts"]]


@dataclass(frozen=True)
class Kind:
    """A kind of message: its senders, its members, and the raw table whose columns it may have as members.

    ``record`` is the declared kind of record. Its message has the columns, or a list of rows with them.
    """

    senders: tuple[str, ...]
    members: Any  # a TypedDict
    columns: Table | None = None
    record: RecordKind | None = None


REALM, PARENT_PROCESS = "realm", "parent process"

KINDS: dict[str, Kind] = {
    MessageType.REQUEST: Kind((PARENT_PROCESS,), Request, RAW["requests"]),
    MessageType.BODY: Kind((PARENT_PROCESS,), Body),
    MessageType.ARCHIVE_BODY: Kind((PARENT_PROCESS,), ArchiveBody),
    MessageType.CALLSTACK: Kind((PARENT_PROCESS,), CallStack),
    MessageType.FRAME: Kind((REALM,), Frame),
    MessageType.CALLS: Kind((REALM,), Calls),
    **{
        kind.message: Kind(
            (REALM if kind.by_realm else PARENT_PROCESS,),
            Realm if kind.by_realm else InFrame if kind.in_frame else OfVisit,
            kind.table,
            kind,
        )
        for kind in RECORD_KINDS
        if kind.message
    },
    MessageType.GAP: Kind((REALM, PARENT_PROCESS), GapMessage),
    MessageType.LOST: Kind((PARENT_PROCESS,), Lost),
    MessageType.FLUSHED: Kind((PARENT_PROCESS,), Flushed),
}


def constants() -> dict[str, Any]:
    """The constant ``PROTOCOL`` of our scripts."""
    return {
        "operation": {operation.name: int(operation) for operation in Operation},
        "labels": [operation.label for operation in Operation],
        "gap": {gap.name: str(gap) for gap in Gap},
        "message": {name.upper(): str(name) for name in KINDS},
        "ofRealms": [str(name) for name, kind in KINDS.items() if REALM in kind.senders],
    }

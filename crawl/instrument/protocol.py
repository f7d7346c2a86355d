"""The messages in which Firefox tells the worker what a visit did.

Every message is one JSON object in text. They come over the session of WebDriver BiDi that drives the
browser, several at once, one per line. A *realm* is a document or a worker of a page; its messages come from
its content process by way of Firefox's parent process.

JavaScript finds the numbers and names of this file in the constant ``PROTOCOL``, which the bundler writes at
the head of each script. `scripts/docs/protocol.py` makes a page of this, and types for JavaScript.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Annotated, Any, NotRequired, TypedDict

from overscripted.record_kinds import RECORD_KINDS, RecordKind
from overscripted.schemas import RAW, Table

Message = dict[
    str, Any
]  # one as it comes, from processes that a page may have taken over: nothing is sure of it


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


class Gap(StrEnum):
    """What could not be recorded, as ``known_gaps`` of a visit names it. ``meaning`` says when it is counted.

    A name that ends in `…` stands for that name with the error after a colon.
    """

    meaning: str

    def __new__(cls, name: str, meaning: str) -> "Gap":
        member = str.__new__(cls, name)
        member._value_, member.meaning = name, meaning
        return member

    WORKER_FROM_URL = "worker from url", "a worker that could not be watched"
    WORKER_FROM_BLOB = "worker from blob", "the same, of a blob: URL"
    WORKER_FROM_DATA = "worker from data", "the same, of a data: URL"
    WORKER_TASK = "worker task not watched to its end", "a task of a worker that computes"
    WORKER_DEPTH = "worker not watched after deep recursion", "a worker whose functions nest deep"
    WORKER_CALL = "worker call not recorded", "a call in a worker where our code failed; its error follows"
    CALL = "call not recorded", "a call in a document where our code failed; its error follows"
    WORKLET = "worklet", "a worklet got a module: its code is not seen"
    DOCUMENT = "document not instrumented", "a document where our code failed; its error follows"
    DOCUMENT_IN_NO_VISIT = "document in a process of no visit", "Firefox had a document in an odd process"
    WORKER_IN_NO_VISIT = "worker in a process of no visit", "Firefox had a worker in an odd process"
    DYNAMIC_CODE = (
        "code made from text in a window that has gone",
        "Firefox told of it after the window's recorder had ended",
    )
    VIEWER = "document of a viewer of the browser", "a PDF, picture, film or JSON: no page"
    CUT_SHORT = "document cut short", "the visited page's document ended before its length"
    SHARED_STATE = (
        "visit shares HSTS and permissions with others",
        "a Firefox that is too old to keep them apart",
    )
    CONSOLE = "console messages over the limit of a document", "a document wrote more than are kept"
    MESSAGE_SIZE = "message over the limit", "a realm said more at once than a session bears"
    BODY_SIZE = "script body over the limit", "a script that is too large to keep"
    BODY_CUT_SHORT = "script body cut short", "a script whose encoding ends early: its beginning is kept"
    BODY_UNREADABLE = "script body unreadable", "a script whose encoding is broken"
    BODIES_SIZE = (
        "script bodies over the limit",
        "a script beyond the bytes of a visit: only its hash is kept",
    )
    MALFORMED = "malformed message", "a message that no code of ours can have sent"
    TOTALS_LIMIT = "call totals over the limit", "counts of a script and symbol beyond the rows of a visit"
    FRAMES = "frames over the limit", "frames beyond those of a visit that are told apart"

    @staticmethod
    def rows(table: str) -> str:
        """The gap that rows of a table leave which are beyond those of a visit."""
        return f"{table} over the limit"

    @staticmethod
    def cut(table: str) -> str:
        """The gap that rows of a table leave which are beyond those of a document."""
        return f"{table} over the limit of a document"


class MessageType(StrEnum):
    """The member ``type`` of a message. Declared kinds of records (`RECORD_KINDS`) have others besides."""

    REQUEST = "request"
    BODY = "body"
    CALLSTACK = "callstack"
    FRAME = "frame"
    CALLS = "calls"
    GAP = "gap"
    LOST = "lost"
    FLUSHED = "flushed"


class OfVisit(TypedDict):
    """Which visit it is about."""

    container_id: Annotated[str, "cookie store id of the visit's container, e.g. `firefox-container-7`"]


class InFrame(OfVisit):
    """Where in a visit it happened, by the numbers that Firefox's extensions know."""

    tab: Annotated[int, "tab; -1: none"]
    frame: Annotated[int, "frame, 0 for a tab's top document; -1: none, as of shared and service workers"]
    parent: Annotated[int, "the frame around that; -1: none"]
    top: Annotated[str, 'URL of the tab\'s top document; "" where there is none']


class Rights(TypedDict):
    """Whose rights a document or worker has, by principals and the windows around when it began.

    A worker that a worker made has that one's. Of a document with a network address of its own they say
    nothing: it is its own.
    """

    context: NotRequired[
        Annotated[str, 'URL of the nearest document with a network address and the same origin; "": none']
    ]
    framed: NotRequired[Annotated[bool, "whether that document is in a frame"]]
    origin: NotRequired[Annotated[str, 'the origin whose rights they are; "": nobody\'s']]


class Realm(InFrame, Rights):
    """What Firefox's parent process adds to each message of a realm."""


class Request(InFrame):
    """One hop of a request: when it is answered, has failed, or the visit ends. Columns of `raw/requests`."""

    completed: NotRequired[Annotated[bool, "the whole response has come"]]


class Body(OfVisit):
    """The body of a script's request as it was sent."""

    request_id: Annotated[str, "as in `request`"]
    encoding: Annotated[str, "the Content-Encoding that is still on it"]
    file: Annotated[str, "name of a file in the folder that the worker named; the worker deletes it"]


class BodyRead(Body):
    """The same as it goes on in the worker, which has read the file."""

    content: bytes


class CallStack(OfVisit):
    """The script that asked for a request."""

    request_id: Annotated[str, "as in `request`"]
    call_stack: Annotated[str, "frames as Firefox writes them, innermost first, one per line"]


class Frame(Realm):
    """A document is there."""

    url: Annotated[str, "its address"]
    kind: Annotated[str, "the element around it; `viewer`: Firefox shows what is no page"]
    time: Annotated[float, "when"]


class Call(TypedDict):
    """One recorded call, get or set."""

    time: Annotated[int, "when"]
    symbol: Annotated[str, "name of the API, e.g. `window.navigator.userAgent`"]
    operation: Annotated[str, "label of an operation; the reference instrument has words of its own, too"]
    arguments: NotRequired[Annotated[str, "a JSON object in text; absent: none"]]
    value: Annotated[str, "value read or written, as text"]
    value_len: NotRequired[Annotated[int, "length of the whole value where only its beginning is kept"]]
    caller: Annotated[
        str,
        "innermost frame of the page's code as Firefox writes it, on one line, without our own frames; with "
        "`by_browser` the frame of the script that bound the native, known in workers alone, else empty",
    ]
    by_browser: NotRequired[
        Annotated[bool, "the browser's own code called: no script's frame was on the stack"]
    ]
    call_stack: NotRequired[Annotated[str, "the whole stack, where the settings ask for it"]]


class Total(TypedDict):
    """How often one script used one symbol, where not all calls are kept. The last one of a realm counts."""

    script_url: Annotated[str, 'the script, as cut from a caller; "": the browser\'s own code called']
    symbol: Annotated[str, "as in a call"]
    operation: Annotated[str, "as in a call"]
    n_calls: Annotated[int, "calls made so far in this realm"]
    n_recorded: Annotated[int, "calls kept of them"]


class Calls(Realm):
    """Calls of one realm since the last message, and the totals that have changed since."""

    doc: Annotated[str, "random id of the document or worker"]
    location: Annotated[str, "its address"]
    realm: Annotated[str, "`window`, `worker`, `sharedworker` or `serviceworker`"]
    calls: list[Call]
    totals: list[Total]


class GapMessage(OfVisit, Rights):
    """Something could not be recorded. Of a realm it also says where."""

    name: Annotated[str, "one of the gaps, or such a name, a colon and an error"]
    n: Annotated[int, "how often it happened since the last message"]
    tab: NotRequired[int]
    frame: NotRequired[int]
    parent: NotRequired[int]
    top: NotRequired[str]


class Lost(TypedDict):
    """The process of the reference instrument's extension has ended: no calls come any more."""


class Flushed(TypedDict):
    """All that was recorded before a flush has been sent."""

    id: Annotated[int, "number of the flush"]
    starved: Annotated[
        float | None, "longest that a content process of the visit took to answer; null: none did"
    ]


class Item(TypedDict):
    """One item of what is instrumented, see `--instrument`."""

    object: Annotated[str, "path of the object from the global one"]
    name: Annotated[str, "what its symbols begin with"]
    properties: NotRequired[Annotated[list[str], "these alone; absent: all"]]
    excluded: NotRequired[Annotated[list[str], "all but these"]]
    stack: NotRequired[Annotated[bool, "record whole stacks"]]
    functions: NotRequired[Annotated[bool, "write functions as their source"]]
    bytes: NotRequired[Annotated[bool, "write arguments of bytes as their length and SHA-256"]]
    when: NotRequired[Annotated[str | list[str], "record a call only where its first argument is so"]]


class Settings(TypedDict):
    """What recorders are told, as the constant ``OVERSCRIPTED``."""

    mark: Annotated[str, "a host that no page knows: a policy that names it is ours"]
    instruments: list[Item]
    reference: NotRequired[Annotated[str, "`openwpm`: OpenWPM's content script records in the place of ours"]]
    caps: NotRequired[Annotated[dict[str, int], "other caps than those in `js/shared/recorder.js`"]]


@dataclass(frozen=True)
class Kind:
    """A kind of message: who sends it, what it has, and of which raw table it may have columns besides.

    With ``record`` a declared kind of record: its message has the columns, or a list of rows with them.
    """

    senders: tuple[str, ...]
    members: Any  # a TypedDict
    columns: Table | None = None
    record: RecordKind | None = None


REALM, PARENT_PROCESS = "realm", "parent process"

KINDS: dict[str, Kind] = {
    MessageType.REQUEST: Kind((PARENT_PROCESS,), Request, RAW["requests"]),
    MessageType.BODY: Kind((PARENT_PROCESS,), Body),
    MessageType.CALLSTACK: Kind((PARENT_PROCESS,), CallStack),
    MessageType.FRAME: Kind((REALM,), Frame),
    MessageType.CALLS: Kind((REALM,), Calls),
    **{
        kind.message: Kind(
            (REALM if kind.by_realm else PARENT_PROCESS,),
            Realm if kind.by_realm else OfVisit,
            kind.table,
            kind,
        )
        for kind in RECORD_KINDS
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

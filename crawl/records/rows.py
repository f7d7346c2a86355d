"""The messages of one visit, made into rows of the raw tables.

Recorders send what a hostile page gave them. So sizes are capped and text is made valid Unicode. What is cut
is counted. What is malformed is dropped and counted.
"""

import binascii
import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

from overscripted.addresses import is_address
from overscripted.crawl.instrument import protocol
from overscripted.crawl.instrument.protocol import Gap, Message, MessageType
from overscripted.crawl.records import certificate
from overscripted.crawl.records.recording import Recording
from overscripted.crawl.records.script_body import TooLarge, decode
from overscripted.crawl.records.writer import Writer
from overscripted.crawl.replay.answers import VisitReplay
from overscripted.crawl.settings import Limits
from overscripted.encodings import EncodingError
from overscripted.lists.challenges import SeenPage
from overscripted.record_kinds import RECORD_KINDS, RecordKind
from overscripted.record_kinds.request_bodies import REQUEST_BODIES
from overscripted.record_kinds.response_bodies import RESPONSE_BODIES
from overscripted.record_kinds.websocket_messages import WEBSOCKET_MESSAGES
from overscripted.schemas import BOOL, BYTES, FLOAT, INT, RAW, STR, TIME
from overscripted.stacks import innermost, of_page, parse_frame
from overscripted.text import clean
from overscripted.urls import host, on_network, origin

_Key = tuple[int, str, str, str, str, str]  # frame, location, its context_url, script, symbol, operation

NO_FRAME = -1  # of a worker or request that belongs to no document
# The key of all calls that are lost after a visit has used up its rows.
_OTHERS: _Key = (NO_FRAME, "", "", "(others)", "(others)", "(others)")
_DOCUMENT_COLUMNS = ("parent_frame_id", "top_level_url", "context_in_iframe")  # of a total, beside its key
_MAX_ID = 2**62
_MOST_GAPS = 100  # names of gaps of a visit with an error of their own
_NUMBERS = 10**9  # numbers of receivers that one numbering may have
_MAX_CALLS = 2**45  # a year of calls; the sum over a visit still fits into an integer column


class Records:
    """The rows of one attempt. They go to the writer as they come. The counts are complete at the end."""

    def __init__(
        self,
        writer: Writer,
        crawl_id: int,
        visit_id: int,
        attempt: int,
        limits: Limits,
        saved: Mapping[str, list[str]] | None = None,
        recording: Recording | None = None,
    ) -> None:
        """``saved`` are the kinds that are recorded on request, see `record_kinds.saving`.

        ``recording`` gets what belongs into the archive of a crawl with ``--record``.
        """
        self.recording = recording
        if recording:
            writer.watch(recording)
        self._writer, self._limits, self.saved = writer, limits, dict(saved or {})
        self.visit = {"crawl_id": crawl_id, "visit_id": visit_id, "attempt": attempt}
        self.replay: VisitReplay | None = None  # what answers its requests in a replay
        self.began = datetime.now(UTC)
        self.tab = -2  # the visited page's tab; set by `Browser.bind`
        self.first_tab = 0  # tabs below are those of earlier visits of the same container
        self.n_calls = self.n_dropped = 0
        self.n_unread = 0  # calls that were dropped before they could become rows
        self.gaps: Counter[str] = Counter()
        self.status: int | None = None  # HTTP status of the visited page's latest document
        self.final_url = ""
        # Of the visited page's document at the end; set by `_Visit`. None: not known
        self.title: str | None = ""
        self.viewer = False  # Firefox shows something other than a page, such as a PDF, in its own viewer
        self.host = ""  # host of the visited page's latest request
        self._headers: dict[str, str] = {}  # of the response that brought the visited page's document
        self._framed: set[str] = set()  # addresses of frames in that document
        self.hosts: dict[str, str | None] = {}  # that requests were sent to, with the address of the peer
        self._size = 0  # bytes of messages
        self._content_size = (
            0  # bytes of the contents that are kept; a content that finds no room costs no row
        )
        self._rows: Counter[str] = Counter()
        self._frames: dict[tuple[int, int], int] = {}
        self._numberings: dict[str, int] = {}  # id of the numbers of receivers -> its place in the visit
        self._recorded: Counter[_Key] = Counter()
        self._lost: Counter[_Key] = Counter()
        # Counter of a document -> key, calls made, calls kept.
        self._totals: dict[tuple[Any, ...], tuple[_Key, int, int]] = {}
        self._documents: dict[_Key, dict[str, Any]] = {}  # key -> document columns
        self._waiting: dict[str, dict[str, Any]] = {}  # request id -> row that waits for its body
        self._bodies: dict[str, dict[str, Any]] = {}  # request id -> body columns that wait for their row

    def handle(self, message: Message, size: int) -> None:
        """Handle one message of ``size`` bytes, without the contents of files that it names.

        Counts a malformed message as a gap and never raises.
        """
        self._size += size
        try:
            if 0 <= int(message.get("tab", NO_FRAME)) < self.first_tab:
                self.gaps[Gap.EARLIER_VISIT] += 1
            elif handle := _HANDLERS.get(message["type"]):
                handle(self, message)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError, RecursionError):
            self.gaps[Gap.MALFORMED] += 1

    def finish(self) -> None:
        """Write the rows that wait and the totals of cut calls. Call it before the visit's row is made."""
        for row in self._waiting.values():
            self._write("requests", row)
        self._waiting.clear()
        self._size = 0  # totals get the same room again, for they count the calls that found none
        cut: Counter[_Key] = Counter(self._lost)
        for key, made, kept in self._totals.values():
            cut[key] += max(made - kept, 0)
        for key, n in cut.items():
            frame, location, context, script, symbol, operation = key
            row = {
                **self._documents[key],
                "frame_id": frame,
                "location": location,
                "context_url": context,
                "script_url": script,
                "symbol": symbol,
                "operation": operation,
                "n_calls": self._recorded[key] + n,
                "n_recorded": self._recorded[key],
            }
            self._write("call_totals", row)
        self.n_dropped = cut.total() + self.n_unread

    def seen_page(self) -> SeenPage:
        """The visited page as the rules for challenges look at it."""
        return SeenPage(self.status, self._headers, self.final_url, self.title or "", sorted(self._framed))

    # -- calls --------------------------------------------------------------------------------

    def _calls(self, message: protocol.Calls) -> None:
        document = self._frame_columns(message)
        location = self._text(message["location"])
        # Shared and service workers have no top document of their own.
        document["top_level_url"] = document["top_level_url"] or self.final_url
        document |= self._context(message, location, document)
        context = document["context_url"]
        common = {
            **self.visit,
            **document,
            "file_name": _file_name(self.visit["crawl_id"], location),
            "location": location,
            "in_iframe": "false" if document["parent_frame_id"] < 0 else "true",
            "realm": str(message.get("realm") or "window")[:30],
        }
        numbering = str(message.get("receivers") or "")[:64]
        for call in message.get("calls") or ():
            self._call(common, call, numbering)
        for total in message.get("totals") or ():
            names = [self._text(total[name]) for name in ("script_url", "symbol", "operation")]
            key = (document["frame_id"], location, context, names[0] or context, names[1], names[2])
            # A document counts from its beginning, even if its address has changed since.
            counter = (str(message.get("doc", ""))[:64], key[0], *names)
            known = self._totals.get(counter)
            key = known[0] if known else key
            made, kept = _count(total["n_calls"]), _count(total["n_recorded"])
            if known is None and len(self._totals) >= self._limits.rows:
                self.gaps[Gap.TOTALS_LIMIT] += 1
                continue
            self._documents.setdefault(key, {name: document[name] for name in _DOCUMENT_COLUMNS})
            self._totals[counter] = (key, made, kept)

    def _call(self, common: dict[str, Any], call: protocol.Call, numbering: str) -> None:
        text, by_browser = self._text(call.get("caller") or ""), call.get("by_browser") is True
        frame, context = parse_frame(text), common["context_url"]
        # WebAssembly that Firefox's own code has made has no script either.
        script = frame.script_url or (context or common["location"] if by_browser or text else "")
        symbol, operation = self._text(call["symbol"]), self._text(call["operation"])
        key = (common["frame_id"], common["location"], context, script, symbol, operation)
        if self.n_calls >= self._limits.calls or self._size >= self._limits.size:
            if key not in self._lost and len(self._lost) >= self._limits.rows:
                key = _OTHERS
            self._lost[key] += 1
            self._documents.setdefault(key, {name: common[name] for name in _DOCUMENT_COLUMNS})
            return
        value = None if call.get("value") is None else clean(str(call["value"]))
        whole = len(value) if value is not None else 0
        arguments = None if call.get("arguments") is None else self._text(call["arguments"])
        stack = self._text(call.get("call_stack") or "")
        receiver = self._receiver(numbering, call.get("receiver"))
        owner = None if receiver is None else self._receiver(numbering, call.get("receiver_owner"))
        row = {
            **common,
            "row": self.n_calls,
            "ordinal": self.n_calls,
            "symbol": symbol,
            "operation": operation,
            "arguments": arguments,
            "value": value if value is None else value[: self._limits.text],
            "value_len": whole if whole > self._limits.text else _integer(call.get("value_len"), 0),
            "script_url": script,
            "by_browser": by_browser,
            "script_line": frame.script_line,
            "script_col": frame.script_col,
            "func_name": frame.func_name,
            "script_loc_eval": frame.script_loc_eval,
            "call_stack": stack,
            "time_stamp": _iso(float(call["time"])),
            "receiver": receiver,
            "receiver_owner": owner,
            "canvas_width": _integer(call.get("canvas_width"), 0),
            "canvas_height": _integer(call.get("canvas_height"), 0),
        }
        self._recorded[key] += 1
        self.n_calls += 1
        size = 400 + whole + len(arguments or "") + len(stack)
        self._writer.add("calls", tuple([row[name] for name in _CALLS]), size)

    def _receiver(self, numbering: str, number: Any) -> int | None:
        """The number of an object within the visit, from its number within a numbering; None: no number."""
        if type(number) is not int or not 0 < number < _NUMBERS:
            return None
        at = self._numberings.get(numbering)
        if at is None:
            if len(self._numberings) >= self._limits.frames:
                self.gaps[Gap.RECEIVERS] += 1
                return None
            at = self._numberings[numbering] = len(self._numberings)
        return at * _NUMBERS + number

    # -- the other tables -----------------------------------------------------------------------

    def _frame(self, message: protocol.Frame) -> None:
        row = {**_columns("frames", message, self._limits.text), **self._frame_columns(message)}
        row |= self._context(message, row.get("url", ""), row)
        row["time_stamp"] = _moment(message.get("time"))
        viewer = row.get("kind") == "viewer"
        if row["frame_id"] == 0:
            self.final_url = row["url"]
            self.viewer = viewer
            self._framed.clear()
        elif row["parent_frame_id"] == 0 and len(self._framed) < self._limits.challenge_frames:
            self._framed.add(row["url"])
        if viewer:
            self.gaps[Gap.VIEWER] += 1
        elif message.get("frame") == 0:
            row["kind"] = "top" if row["frame_id"] == 0 else "popup"
        self._write("frames", row)

    def _request(self, message: protocol.Request) -> None:
        row = {**_columns("requests", message, self._limits.text), **self._frame_columns(message)}
        answered = row["status"] is not None or "ended" in row  # else the visit ended first
        if row.get("resource_type") == "main_frame" and row["frame_id"] == 0 and answered:
            self.status = row["status"]
            self._headers = _headers(row.get("response_headers"))
            self.host = host(row.get("redirect_url") or row["url"])
        self._note_host(row, answered)
        if self.recording:
            self.recording.request(row)
        name = row.get("request_id", "")
        script = row.get("resource_type") == "script" and message.get("completed")
        if script and name in self._bodies:
            self._write("requests", row | self._bodies.pop(name))
        elif script and name not in self._waiting and len(self._waiting) < self._limits.rows:
            self._waiting[name] = row
        else:
            self._write("requests", row)

    def _note_host(self, row: Mapping[str, Any], answered: bool) -> None:
        """Note the host of a request, unless the cache, a service worker or Firefox itself answered.

        An address as host has no name.
        """
        peer, name = row.get("ip"), host(row["url"])
        if row.get("from_cache") or not (peer or row.get("error") or not answered):
            return
        if is_address(name.strip("[]")):
            return
        if name in self.hosts or len(self.hosts) < self._limits.rows:
            self.hosts[name] = peer or self.hosts.get(name)

    def _callstack(self, message: protocol.CallStack) -> None:
        if not (stack := self._text(of_page(message["call_stack"]))):
            return
        name, script = str(message["request_id"])[:64], innermost(stack).script_url
        self._write("callstacks", {"request_id": name, "call_stack": stack, "script_url": script})

    def _record(self, message: Message, kind: RecordKind) -> None:
        """The rows of a message of a declared kind."""
        frame_columns = self._frame_columns(message) if kind.in_frame else {}
        once = {name: message[name] for name in kind.shared}
        common = _columns(kind.table.name, once, self._limits.text) | frame_columns
        for record in message[kind.rows] if kind.rows else (message,):
            row = _columns(kind.table.name, record, self._limits.text) | common
            for member, column in kind.frames.items():
                number = int(record[member])
                row[column] = None if number < 0 else self._frame_id(int(message["tab"]), number)
            if "call_stack" in row and "script_url" in kind.table.names:
                row["call_stack"] = of_page(row["call_stack"])
                row["script_url"] = innermost(row["call_stack"]).script_url
            self.add(kind, row, record.get("content"))
        if cut := _count(message["cut"]) if kind.rows else 0:
            self.gaps[Gap.cut(kind.table.name)] += cut

    def add(self, kind: RecordKind, row: Mapping[str, Any], content: bytes | None = None) -> None:
        """Add a row of a declared kind, with the columns of its table but those of the visit.

        ``content``, where the row names one, is stored once in the table ``contents``.
        """
        if self.recording and kind is REQUEST_BODIES:
            self.recording.sent(row, content)
        elif self.recording and kind is WEBSOCKET_MESSAGES:
            self.recording.frame(row)
        if content is not None:
            read = _READ.get(kind.table.name)
            row = self._with_content({**row, **(read(content) if read else {})}, content)
        self._write(kind.table.name, {**row})

    def _with_content(self, row: Mapping[str, Any], content: bytes) -> dict[str, Any]:
        return {"size": len(content), **row, "sha256": self._keep("contents", content, Gap.CONTENTS_SIZE)}

    def _keep(self, table: str, content: bytes, over: Gap) -> str:
        """Store a content, or its SHA-256 alone where the visit has no room for it; returns its SHA-256."""
        sha256, size = hashlib.sha256(content).hexdigest(), len(content)
        fits = self._size + self._content_size + size <= self._limits.size
        if fits:
            self._content_size += size
        else:
            self.gaps[over] += 1
        self._writer.add_content(table, sha256, size, content if fits else None)
        return sha256

    def _body(self, message: protocol.BodyRead) -> None:
        """The body of a script. It comes shortly before the request's last message, or after it."""
        content = self._decoded(message, (Gap.BODY_SIZE, Gap.BODY_UNREADABLE, Gap.BODY_CUT_SHORT))
        if content is None:
            return
        found = {"body_sha256": self._keep("scripts", content, Gap.BODIES_SIZE), "size": len(content)}
        name = str(message["request_id"])[:64]
        if name in self._waiting:
            self._write("requests", self._waiting.pop(name) | found)
        elif len(self._bodies) < self._limits.rows:
            self._bodies[name] = found

    def _response_body(self, message: protocol.BodyRead) -> None:
        """The body of a response that is not a script."""
        gaps = (Gap.RESPONSE_BODY_SIZE, Gap.RESPONSE_BODY_UNREADABLE, Gap.RESPONSE_BODY_CUT_SHORT)
        content = self._decoded(message, gaps)
        if content is not None:
            row = _columns(RESPONSE_BODIES.table.name, message, self._limits.text)
            self.add(RESPONSE_BODIES, row, content)

    def _decoded(self, message: protocol.BodyRead, gaps: tuple[Gap, Gap, Gap]) -> bytes | None:
        """The decoded body of a message; None if there is none.

        ``gaps`` are those of a body that is too large, unreadable, or cut short.
        """
        too_large, unreadable, cut_short = gaps
        encoding = str(message.get("encoding") or "")
        try:
            content, whole = decode(message["content"], encoding)
        except (TooLarge, EncodingError) as error:
            self.gaps[too_large if isinstance(error, TooLarge) else unreadable] += 1
            if self.recording:
                self.recording.received(message, message["content"], encoding)
            return None
        if self.recording:
            self.recording.received(message, content, "", whole)  # the same bytes as in the tables
        if not whole:
            self.gaps[cut_short] += 1
        return content

    def _archive_body(self, message: protocol.ArchiveBodyRead) -> None:
        """The body of a response that only the archive keeps."""
        if self.recording:
            self.recording.received(message, message.get("content"), str(message.get("encoding") or ""))

    def _gap(self, message: protocol.GapMessage) -> None:
        name, n = self._text(message["name"])[:200], int(message["n"])
        if name not in self.gaps and len(self.gaps) >= _MOST_GAPS:
            name = name.partition(":")[0]  # a page may cause errors of many names
        if name in self.gaps or len(self.gaps) < 2 * _MOST_GAPS:
            self.gaps[name] += n

    # -- parts --------------------------------------------------------------------------------

    def _frame_columns(self, message: Mapping[str, Any]) -> dict[str, Any]:
        tab, frame, parent = (int(message.get(name, NO_FRAME)) for name in ("tab", "frame", "parent"))
        return {
            "frame_id": self._frame_id(tab, frame),
            "parent_frame_id": -1 if parent < 0 else self._frame_id(tab, parent),
            "top_level_url": self._text(message.get("top") or ""),
        }

    def _context(self, message: protocol.Rights, location: str, frame: dict[str, Any]) -> dict[str, Any]:
        """The columns of the origin document: its address (``""``: unknown) and whether it is in a frame."""
        framed = frame["parent_frame_id"] >= 0
        if on_network(location):
            return {"context_url": location, "context_in_iframe": framed}
        if on_network(context := self._text(message.get("context") or "")):
            return {"context_url": context, "context_in_iframe": message.get("framed") is True}
        if on_network(rights := self._text(message.get("origin") or "")):
            page = rights == origin(self.final_url)  # then the visited page is the best guess
            context = self.final_url if page else f"{rights}/"
            return {"context_url": context, "context_in_iframe": framed and not page}
        top = frame["top_level_url"]
        return {"context_url": top if on_network(top) else "", "context_in_iframe": False}

    def _frame_id(self, tab: int, frame: int) -> int:
        """A frame's number in the visit: 0 for the visited page, then 1, 2, … as frames appear."""
        if tab == self.tab and frame == 0:
            return 0
        if tab < 0 or frame < 0:
            return NO_FRAME
        known = self._frames.get((tab, frame))
        if known is None:
            if len(self._frames) >= self._limits.frames:
                self.gaps[Gap.FRAMES] += 1
                return NO_FRAME
            known = self._frames[tab, frame] = len(self._frames) + 1
        return known

    def _text(self, value: Any) -> str:
        return clean(str(value))[: self._limits.text]

    def _write(self, table: str, row: dict[str, Any]) -> None:
        self._rows[table] += 1
        if self._rows[table] > self._limits.rows or self._size >= self._limits.size:
            self.gaps[Gap.rows(table)] += 1
            return
        row = {**row, **self.visit}
        size = 200 + sum(len(value) for value in row.values() if isinstance(value, str | bytes))
        self._writer.add(table, tuple([row.get(name) for name in RAW[table].names]), size)


_HANDLERS: dict[str, Callable[[Records, Any], None]] = {
    MessageType.CALLS: Records._calls,
    MessageType.FRAME: Records._frame,
    MessageType.REQUEST: Records._request,
    MessageType.CALLSTACK: Records._callstack,
    MessageType.BODY: Records._body,
    MessageType.GAP: Records._gap,
    **{kind.message: partial(Records._record, kind=kind) for kind in RECORD_KINDS if kind.message},
    RESPONSE_BODIES.message: Records._response_body,
    MessageType.ARCHIVE_BODY: Records._archive_body,
}
_CALLS = tuple(RAW["calls"].names)
# Kinds of which columns are read from the content.
_READ: dict[str, Callable[[bytes], dict[str, Any]]] = {"certificates": certificate.columns}


def _columns(table: str, message: Mapping[str, Any], most: int) -> dict[str, Any]:
    """The columns of a table that a message has, each cast to its type or NULL."""
    return {
        column.name: _CASTS[column.type](message[column.name], most)
        for column in RAW[table].columns
        if message.get(column.name) is not None
    } | ({} if table != "requests" else {"status": _integer(message.get("status"), 0)})


def _headers(text: str | None) -> dict[str, str]:
    """Headers by their names in lower case; of several with one name the last."""
    try:
        return {str(name).lower(): str(value) for name, value in json.loads(text or "[]")}
    except (ValueError, TypeError):
        return {}


def _string(value: Any, most: int) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return clean(text)[:most]


def _integer(value: Any, _: int) -> int | None:
    return int(value) if isinstance(value, int | float) and abs(value) < _MAX_ID else None


def _count(value: Any) -> int:
    """A number of calls in one document. Raises ValueError for a number that no document can reach."""
    if not isinstance(value, int) or not 0 <= value < _MAX_CALLS:
        raise ValueError(value)
    return value


def _number(value: Any, _: int) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _bytes(value: Any, most: int) -> bytes:
    """Bytes that a message has as base64. Raises ValueError for other text."""
    return binascii.a2b_base64(value, strict_mode=True)[:most]


def _truth(value: Any, _: int) -> bool:
    return bool(value)


def _moment(value: Any, _: int = 0) -> datetime | None:
    """Milliseconds since 1970 as a time; None if no calendar has it."""
    try:
        return datetime.fromtimestamp(float(value) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


_CASTS: dict[Any, Callable[[Any, int], Any]] = {
    STR: _string,
    INT: _integer,
    FLOAT: _number,
    BOOL: _truth,
    TIME: _moment,
    BYTES: _bytes,
}


def _iso(milliseconds: float) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


@lru_cache(maxsize=4096)
def _file_name(crawl_id: int, location: str) -> str:
    return f"{crawl_id}_{hashlib.sha224(location.encode()).hexdigest()}.json"

"""The archive's records of one visit: its requests and responses as the browser sent and got them.

A hop is made into records of WARC as soon as its headers and bodies are known, in another thread. The records
of the visit are handed over together at its end. docs/guide/record.md says what they hold.
"""

import asyncio
import base64
import logging
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from overscripted import __version__
from overscripted.crawl import settings
from overscripted.crawl.instrument.protocol import Gap
from overscripted.crawl.records import exchange
from overscripted.crawl.records.exchange import Body, Exchange
from overscripted.crawl.settings import Options
from overscripted.warc import writing

log = logging.getLogger("overscripted.crawl.recording")

FORMAT = {
    "software": f"Overscripted {__version__}",
    "format": "WARC File Format 1.1",
    "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
}
_Key = tuple[str, int]  # request_id and hop
_LONGEST_URL = 100_000  # characters; parent_process/requests.js cuts a longer address


@dataclass
class _Hop:
    """What is known of a hop so far."""

    row: Mapping[str, Any] | None = None
    sent: Body | None = None
    received: Body | None = None


@dataclass
class _Made:
    """What the other thread has made of a visit. It alone writes here until the visit ends."""

    known: dict[str, exchange.Known] = field(default_factory=dict)  # digest of a body -> where it was first
    left: int = settings.ARCHIVE_VISIT_BYTES
    size: int = 0  # bytes of the records
    taken: int = 0  # bytes of the bodies from which they were made
    gaps: Counter[str] = field(default_factory=Counter)


def warcinfo(crawl_id: int, options: Options) -> dict[str, str]:
    """What each file of the archive says of itself."""
    robots = "obey" if options.respect_robots else "ignore"
    return {
        **FORMAT,
        "isPartOf": f"crawl {crawl_id}",
        "robots": robots,
        "operator": options.contact or "not given",
    }


class Recording:
    """Gathers the exchanges of one attempt at a visit. ``executor`` runs one task at a time, in order."""

    def __init__(self, visit: Mapping[str, int], most: int, executor: Executor) -> None:
        """``most`` is the number of hops that are kept."""
        self._visit, self._most, self._executor = dict(visit), most, executor
        self._hops: dict[_Key, _Hop] = {}
        self._n = 0
        self._records: list[Future[bytes]] = []
        self._made = _Made()
        self._given = 0  # bytes of bodies that the other thread has or will get
        self._released = False
        self._frames: dict[tuple[str, str], list[dict[str, Any]]] = {}  # of sockets, by request_id and URL
        self._frames_left = self._frames_most = settings.ARCHIVE_FRAMES_BYTES
        self.gaps: Counter[str] = Counter()

    def request(self, row: Mapping[str, Any]) -> None:
        """A hop is over: its row of ``requests``."""
        hop = self._hop(row)
        hop.row = dict(row)
        if hop.received or not exchange.expects_body(row):
            self._make(_key(row))

    def sent(self, row: Mapping[str, Any], content: bytes | None) -> None:
        """The body of a request: its row of ``request_bodies`` and what is kept of it."""
        size = row.get("size") or 0
        whole = content is not None and len(content) >= size
        self._given += len(content or b"")
        self._hop(row).sent = Body(content or b"", "", "" if whole else "length")

    def received(
        self, message: Mapping[str, Any], content: bytes | None, encoding: str, whole: bool = True
    ) -> None:
        """The body of a response and the Content-Encoding that it still has; None: it was over a cap.

        ``whole`` is false where its encoding is broken: ``content`` is what stands before the fault.
        """
        hop = self._hop(message)
        cut = (
            "length" if content is None else "time" if message.get("cut") else "" if whole else "unspecified"
        )
        self._given += len(content or b"")
        hop.received = Body(content or b"", encoding, cut)
        if hop.row is not None:
            self._make(_key(message))

    def frame(self, row: Mapping[str, Any]) -> None:
        """A message of a WebSocket: its row of ``websocket_messages``."""
        payload: bytes = row.get("bytes") or b""
        self._frames_left -= len(payload) + len(row.get("data") or "") + 100
        if self._frames_left < 0:
            self.gaps[Gap.ARCHIVE_FRAMES] += 1
            return
        found = {name: row.get(name) for name in ("direction", "opcode", "size", "data", "close_code")}
        moment = row.get("time_stamp")
        time_ms = round(moment.timestamp() * 1000) if isinstance(moment, datetime) else None
        binary = {"base64": base64.b64encode(payload).decode()} if payload else {}
        key = str(row.get("request_id")), str(row.get("url") or "")
        self._frames.setdefault(key, []).append({"time_ms": time_ms, **found, **binary})

    @property
    def held(self) -> int:
        """Bytes that the visit holds in memory, roughly; 0 once the writer has its records."""
        if self._released:
            return 0
        frames = self._frames_most - max(self._frames_left, 0)
        return self._given - self._made.taken + self._made.size + frames

    def release(self) -> None:
        """The writer has the records, and counts their bytes from now on."""
        self._released = True

    async def finish(self) -> list[bytes]:
        """The records of the visit, in the order in which they were made. Its gaps are complete then."""
        for key, hop in list(self._hops.items()):
            if hop.row is not None:
                self._make(key)
            else:
                self._given -= _bytes(hop)
        self._hops.clear()
        made = [await asyncio.wrap_future(record) for record in self._records]
        self.gaps += self._made.gaps
        frames, self._frames = self._frames, {}
        return made + [self._socket(*key, messages) for key, messages in frames.items()]

    def metadata(self, facts: Mapping[str, Any]) -> bytes:
        """The record that says which visit the others belong to."""
        about = {**self._visit, **facts}
        return self._about(str(facts.get("site_url") or ""), about)

    def _socket(self, request_id: str, url: str, messages: list[dict[str, Any]]) -> bytes:
        about = {"request_id": request_id, "websocket_messages": messages}
        return self._about(url, about, request_id=request_id)

    def _about(self, url: str, content: Mapping[str, Any], **more: str) -> bytes:
        fields = {
            "WARC-Record-ID": writing.new_id(),
            "WARC-Date": writing.date(datetime.now(UTC)),
            "WARC-Page-ID": str(self._visit["visit_id"]),
            "WARC-JSON-Metadata": writing.as_json({"attempt": self._visit["attempt"], **more}),
        }
        return writing.record("metadata", url, fields, "application/json", writing.as_json(content).encode())

    def _hop(self, named: Mapping[str, Any]) -> _Hop:
        return self._hops.setdefault(_key(named), _Hop())

    def _make(self, key: _Key) -> None:
        hop = self._hops.pop(key)
        if hop.row is None:
            return
        self._n += 1
        if self._n > self._most or len(hop.row["url"]) >= _LONGEST_URL:
            self.gaps[Gap.ARCHIVE_REQUESTS] += 1
            self._given -= _bytes(hop)
            return
        done = Exchange(self._visit, hop.row, hop.sent, hop.received)
        self._records.append(self._executor.submit(_records, done, self._made))


def _key(named: Mapping[str, Any]) -> _Key:
    return str(named.get("request_id")), int(named.get("hop") or 0)


def _bytes(hop: _Hop | Exchange) -> int:
    return sum(len(body.content) for body in (hop.sent, hop.received) if body)


def _records(done: Exchange, made: _Made) -> bytes:
    """The records of a hop. Runs in the other thread."""
    made.taken += _bytes(done)
    if made.size >= settings.ARCHIVE_RECORDS_BYTES:
        made.gaps[Gap.ARCHIVE_REQUESTS] += 1
        return b""
    try:
        found, size, gap = exchange.records(done, made.known, made.left)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):  # costs one hop, no visit
        log.exception("a hop of a request could not be archived")
        made.gaps[Gap.ARCHIVE_FAILED] += 1
        return b""
    made.left -= size
    made.size += len(found)
    if gap:
        made.gaps[gap] += 1
    return found

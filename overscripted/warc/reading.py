"""Reads the records of a WARC file, compressed by record or not. A damaged record costs one record.

warcio reads. This adds limits, since the file may come from anywhere, and goes on after a damaged record.
"""

import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from warcio.archiveiterator import WARCIterator
from warcio.bufferedreaders import DecompressingBufferedReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord

from overscripted.warc.payload import MAX_BODY, Damaged, Unreadable, decoded, plain

MAX_HEADERS = 2 * 2**20  # bytes of a record's headers, with those of HTTP: Firefox takes 0.4 MB of a server
MAX_RECORD = 4 * 2**30  # bytes of a record without its compression, which a file of 4 MB can hold
MOST_DAMAGED = 10_000  # damaged records of one file; then the rest of the file is left out
_PIECE = 2**16
_GZIP = b"\x1f\x8b\x08"
_BEGINNING = re.compile(re.escape(_GZIP) + rb"|WARC/[01]\.\d{1,2}\r?\n")
_ENOUGH = 200  # bytes by which the beginning of a record is known for one


@dataclass
class Damage:
    """What could not be read: ``records`` by reason, and the first few of them with file and offset."""

    records: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def note(self, name: str, offset: int | None, reason: str) -> None:
        """Count a damaged record. ``offset`` is where it begins in its file, None without such a place."""
        self.records[reason] += 1
        if len(self.examples) < 20:
            place = name if offset is None else f"{name}, byte {offset:,}"
            self.examples.append(f"{place}: {reason}")


@dataclass(frozen=True)
class Http:
    """The beginning of a message of HTTP.

    ``first`` is the first line without the version: ``GET /path`` or ``200 OK``. Names of headers are as
    written.
    """

    first: str
    headers: tuple[tuple[str, str], ...]

    @property
    def status(self) -> int | None:
        """Of a response; None where the first line has no number."""
        word = self.first.partition(" ")[0]
        return int(word) if word.isascii() and word.isdigit() and len(word) == 3 else None

    @property
    def method(self) -> str:
        """Of a request; ``""`` where a tool wrote the first line of a response."""
        word = self.first.partition(" ")[0]
        return "" if word.startswith("HTTP/") else word

    def get(self, name: str) -> str:
        """The first header of this name; ``""`` if there is none."""
        return _get(self.headers, name)


@dataclass(frozen=True)
class Record:
    """A record of a WARC file. Its content can be read until the next record is asked for.

    ``kind`` is its WARC-Type. ``offset`` is where it begins in its file, in bytes, for `record_at`.
    """

    kind: str
    headers: tuple[tuple[str, str], ...]
    http: Http | None
    offset: int
    _record: ArcWarcRecord = field(repr=False, compare=False)
    _ends: "_Iterator" = field(repr=False, compare=False)

    def get(self, name: str) -> str:
        """The WARC header of this name; ``""`` if there is none."""
        return _get(self.headers, name)

    @property
    def url(self) -> str:
        """The WARC-Target-URI."""
        return self.get("WARC-Target-URI").strip("<>")

    @property
    def length(self) -> int:
        """Bytes of the record in its file. Reads the rest of its content. Raises Damaged."""
        for _ in self.pieces():
            pass
        return int(self._ends.get_record_length())

    def content(self, most: int = MAX_BODY) -> bytes:
        """The content: of a message of HTTP its body as it was stored. Raises as `body` does."""
        return plain(self.pieces(), most)

    def body(self, most: int = MAX_BODY) -> bytes:
        """The body of a message of HTTP without its transfer and content encodings.

        Raises Unreadable for a body of more than ``most`` bytes, or that is not what its headers say; Damaged
        where the record is damaged, which `records` counts itself.
        """
        http = self.http or Http("", ())
        return decoded(self.pieces(), http.get("Transfer-Encoding"), http.get("Content-Encoding"), most)

    def pieces(self) -> Iterator[bytes]:
        """The content, in pieces of at most 64 KiB. Raises Damaged."""
        try:
            while piece := self._record.raw_stream.read(2**16):
                yield piece
            self._ends.finish()
        except _ERRORS as error:
            raise Damaged(_reason(error)) from error


class _Reader(DecompressingBufferedReader):  # type: ignore[misc]  # warcio has no types
    """Decompresses. Headers have a limit, and damage is an error; warcio would print it and go on."""

    left: int | None = None  # bytes of headers that may still come; None: no headers are being read

    def readline(self, length: int | None = None) -> bytes:
        most = length if self.left is None else min(length or self.left + 1, self.left + 1)
        line: bytes = super().readline(most)
        if self.left is not None:
            self.left -= len(line)
            if self.left < 0:
                raise ArchiveLoadFailed("its headers are too long")
        return line

    def _decompress(self, data: bytes) -> bytes:
        if self.decompressor and data and self.num_block_read:
            try:
                return bytes(self.decompressor.decompress(data))
            except zlib.error as error:
                raise ArchiveLoadFailed("its compressed bytes are damaged") from error
        return bytes(super()._decompress(data))

    @property
    def ended(self) -> bool:
        """Whether the member of gzip that was read is whole; True without compression."""
        return self.decompressor is None or bool(self.decompressor.eof)


class _Iterator(WARCIterator):  # type: ignore[misc]
    INC_RECORD = ""  # it would be printed

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self.reader = _Reader(self.fh)

    def _next_record(self, next_line: bytes | None) -> ArcWarcRecord:
        self.reader.left = MAX_HEADERS
        try:
            return super()._next_record(next_line)
        finally:
            self.reader.left = None

    def _consume_blanklines(self) -> tuple[bytes | None, int]:
        # After a record come two empty lines. What else comes is not read line by line: a line may be long.
        self.reader.left = MAX_HEADERS
        try:
            found: tuple[bytes | None, int] = super()._consume_blanklines()
        finally:
            self.reader.left = None
        return found

    def finish(self) -> None:
        """Read the rest of the present record. Raises ArchiveLoadFailed where it is not whole."""
        self.read_to_end()
        if self.record.raw_stream.limit > 0 or not self.reader.ended:
            raise ArchiveLoadFailed("it is cut short")
        if self.err_count:
            raise ArchiveLoadFailed("it is longer than it says")


def records(file: IO[bytes], damage: Damage, name: str = "", offset: int = 0) -> Iterator[Record]:
    """The records of a file, from ``offset`` on. What is damaged is left out and counted in ``damage``.

    A file whose compression spans records, which warcio's ``recompress`` mends, gives its first record only.
    """
    place = _Place(offset)
    for damaged in range(MOST_DAMAGED):
        try:
            yield from _whole(file, place)
            return
        except _ERRORS as error:
            damage.note(name, place.offset, _reason(error))
        if damaged == MOST_DAMAGED - 1:
            reason = f"{MOST_DAMAGED:,} records are damaged; the rest of the file is left out"
            damage.note(name, place.offset, reason)
        elif (found := _next_beginning(file, place.offset + 1)) is None:
            return
        else:
            place.offset = found


def record_at(file: IO[bytes], offset: int) -> Record:
    """The record that begins at a byte of a file. Raises Unreadable if none does."""
    try:
        for record in _whole(file, _Place(offset)):
            return record
    except _ERRORS as error:
        raise Unreadable(_reason(error)) from error
    raise Unreadable("there is no record")


_ERRORS = (ArchiveLoadFailed, ValueError, EOFError, AttributeError, TypeError, zlib.error)  # of warcio


@dataclass
class _Place:
    """Where in a file the record begins that is read now."""

    offset: int


def _whole(file: IO[bytes], place: _Place) -> Iterator[Record]:
    """Records until the first damaged one. Raises one of `_ERRORS` then."""
    file.seek(place.offset)
    iterator = _Iterator(file)
    for found in iterator:
        yield _record(found, iterator)
        iterator.finish()
        if iterator.next_line and iterator.reader.decompressor:
            raise ArchiveLoadFailed("its compression spans records; `warcio recompress` mends such a file")
        place.offset = iterator.offset
    file.seek(place.offset)
    if file.read(_PIECE).strip():  # for warcio a member of gzip without content is the end
        raise ArchiveLoadFailed("it is no record of WARC")


def _record(found: ArcWarcRecord, iterator: _Iterator) -> Record:
    headers = tuple(found.rec_headers.headers)
    if not found.rec_type or found.length is None:
        raise ArchiveLoadFailed("it lacks WARC-Type or Content-Length")
    if found.length > MAX_RECORD:
        raise ArchiveLoadFailed(f"it is longer than {MAX_RECORD:,} bytes")
    http = None if found.http_headers is None else _http(found)
    return Record(found.rec_type, headers, http, iterator.offset, found, iterator)


def _http(found: ArcWarcRecord) -> Http:
    beginning: Any = found.http_headers
    request = found.rec_type == "request"
    first = f"{beginning.protocol} {beginning.statusline}" if request else beginning.statusline
    return Http(first, tuple(beginning.headers))


def _get(headers: tuple[tuple[str, str], ...], name: str) -> str:
    return next((value for key, value in headers if key.lower() == name.lower()), "")


def _reason(error: Exception) -> str:
    text = str(error).strip().partition("\n")[0][:100]
    known = isinstance(error, ArchiveLoadFailed) and text.startswith("it")
    return text if known else "it is no record of WARC"


def _next_beginning(file: IO[bytes], offset: int) -> int | None:
    """Where the next record begins at or after a byte of a file, compressed or not; None: nowhere."""
    file.seek(offset)
    at, held = offset, b""
    while True:
        piece = file.read(_PIECE)
        held += piece
        sure = len(held) - (_ENOUGH if piece else 0)
        for found in _BEGINNING.finditer(held):
            if found.start() >= sure:
                break
            if _begins(held[found.start() : found.start() + _ENOUGH]):
                return at + found.start()
        if not piece:
            return None
        cut = max(sure, 0)
        at, held = at + cut, held[cut:]


def _begins(piece: bytes) -> bool:
    if not piece.startswith(_GZIP):
        return True
    try:
        return zlib.decompressobj(31).decompress(piece, 5) == b"WARC/"
    except zlib.error:
        return False

"""The bodies of HTTP messages in archives, stored with the encodings in which they came, or without."""

import io
from collections.abc import Iterator
from itertools import chain

from warcio.bufferedreaders import ChunkedDataException, ChunkedDataReader

from overscripted import encodings

MAX_BODY = 256 * 2**20  # bytes of a body without its encodings; archives have films


class Unreadable(ValueError):
    """A content that is damaged or too long."""


class Damaged(Unreadable):
    """A content that is not in its file as it was written."""


def plain(pieces: Iterator[bytes], most: int) -> bytes:
    """Pieces as one. Raises Unreadable where they are longer than ``most`` bytes."""
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > most:
            raise Unreadable(f"longer than {most:,} bytes")
    return bytes(body)


def decoded(pieces: Iterator[bytes], transfer: str, content: str, most: int) -> bytes:
    """A body without its encodings. ``transfer`` and ``content`` are the headers that name them.

    Tools differ in what they keep: a body that is said to be in chunks or compressed, and does not begin so,
    counts as a body as it is, as in pywb and ReplayWeb.page. Raises Unreadable for a body that is damaged, or
    longer than ``most`` bytes.
    """
    if "chunked" in transfer.lower():
        pieces = _joined(_limited(pieces, most))
    try:
        for name in reversed(encodings.names(content)):
            pieces = _undone(pieces, name)
        return plain(pieces, most)
    except encodings.EncodingError as error:
        raise Unreadable(str(error)) from error


# How a content begins that has an encoding; br and deflate have no such mark.
_MARKS = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}


def _undone(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Pieces with one encoding removed, or as they are where they never had it."""
    first = next((piece for piece in pieces if piece), b"")
    pieces = chain([first], pieces)
    mark = _MARKS.get(name, b"")
    if first[: len(mark)] != mark[: len(first)]:
        return pieces
    if not mark:
        try:
            next(encodings.decoded(iter([first]), name), None)
        except encodings.CutShort:
            pass
        except encodings.EncodingError:
            return pieces
    return encodings.decoded(pieces, name)


class _Stream(io.RawIOBase):
    """Pieces as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._held = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._held:
            self._held = next(self._pieces, b"")
        part, self._held = self._held[: len(buffer)], self._held[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def _limited(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    left = most
    for piece in pieces:
        if (left := left - len(piece)) < 0:
            raise Unreadable(f"longer than {most:,} bytes")
        yield piece


def _joined(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks of a body as one body."""
    reader = ChunkedDataReader(io.BufferedReader(_Stream(pieces)))
    try:
        while piece := reader.read(encodings.PIECE):
            yield piece
    except (ChunkedDataException, ValueError) as error:
        raise Unreadable(f"its chunks are damaged ({type(error).__name__})") from error

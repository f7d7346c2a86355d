"""Decode the Content-Encodings of HTTP (RFC 9110) piece by piece, so that no body can fill the memory."""

import os
import re
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Any

import brotli
import zstandard

PIECE = 65536  # bytes decoded at a time
# Bytes of the window of zstd; browsers accept no larger one (RFC 9659). The decoder needs as much memory.
MAX_WINDOW = 8 * 1024 * 1024
MAX_ENCODINGS = 3  # of one body
KNOWN = ("gzip", "x-gzip", "deflate", "br", "zstd")


class EncodingError(ValueError):
    """A body that is not what its Content-Encoding says or is cut short, or an encoding that is unknown."""


class CutShort(EncodingError):
    """A body that ends before its encoding does."""


def names(header: str) -> list[str]:
    """The encodings of a Content-Encoding header, in the order in which the server applied them.

    Words that are no encoding, such as ``none`` or ``UTF-8``, are ignored, as browsers do. Raises
    EncodingError for more than `MAX_ENCODINGS`.
    """
    found = [name for name in re.split(r"[,\s]+", header.lower()) if name in KNOWN]
    if len(found) > MAX_ENCODINGS:
        raise EncodingError(f"{len(found)} Content-Encodings")
    return found


def decoded(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The pieces of a body with one encoding removed. Raises EncodingError."""
    try:
        if name == "zstd":
            yield from _zstd(pieces)
        elif decoder := _decoder(name):
            any_piece = False
            for piece in pieces:
                any_piece = any_piece or bool(piece)
                yield from decoder.feed(piece)
            if any_piece and not decoder.complete():
                raise CutShort(f"{name}: ends before its end")
        else:
            raise EncodingError(f"Content-Encoding {name[:40]!r}")
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise EncodingError(f"{name}: {error}") from error


def _decoder(name: str) -> "_Zlib | _Brotli | None":
    if name in ("gzip", "x-gzip"):
        return _Zlib(31)
    if name == "deflate":
        return _Zlib(15)
    return _Brotli() if name == "br" else None


class _Zlib:
    """gzip (all members) and deflate (with or without zlib's header, as servers differ)."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._inflate = zlib.decompressobj(bits)
        self._began = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        while piece:
            if self._inflate.eof:
                if self._bits != 31 or not piece.startswith(b"\x1f\x8b"):
                    return  # padding after the end; browsers ignore it, too
                self._inflate = zlib.decompressobj(self._bits)
            try:
                out = self._inflate.decompress(piece, PIECE)
            except zlib.error:
                if self._began or self._bits != 15:
                    raise
                self._bits = -15
                self._inflate = zlib.decompressobj(-15)
                out = self._inflate.decompress(piece, PIECE)
            self._began = True
            if out:
                yield out
            piece = self._inflate.unconsumed_tail or self._inflate.unused_data
        while not self._inflate.eof and (out := self._inflate.decompress(b"", PIECE)):
            yield out

    def complete(self) -> bool:
        return self._inflate.eof


class _Brotli:
    def __init__(self) -> None:
        self._inflate = brotli.Decompressor()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        if self._inflate.is_finished():
            return
        out = self._inflate.process(piece, output_buffer_limit=PIECE)
        # The decoder may accept more input while it still holds output. Only an empty answer is the end.
        while out or not (self._inflate.can_accept_more_data() or self._inflate.is_finished()):
            yield out
            out = self._inflate.process(b"", output_buffer_limit=PIECE)

    def complete(self) -> bool:
        return bool(self._inflate.is_finished())


# The reader of zstd does not tell whether its last frame was whole. So one more frame, with a random mark
# that no server knows, follows the body. If the mark comes out last, the body was whole; if the body's last
# frame was cut short, the reader takes the frame of the mark for its rest.
_MARK = os.urandom(16)
_MARK_FRAME = zstandard.compress(_MARK)


class _Source:
    """The pieces, then the mark, as a file for the zstd reader."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = chain(pieces, [_MARK_FRAME])

    def read(self, _: int = -1) -> bytes:
        return next((piece for piece in self._pieces if piece), b"")


def _zstd(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """All frames. Both the size of a read and the window are bounded."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
    source: Any = _Source(pieces)
    reader = decompressor.stream_reader(source, read_size=PIECE, read_across_frames=True)
    held = b""
    while piece := reader.read(PIECE):
        held += piece
        yield held[: -len(_MARK)]
        held = held[-len(_MARK) :]
    if held != _MARK:
        raise CutShort("zstd: ends before its end")

"""Content-Encodings of HTTP (RFC 9110), taken off piece by piece, so that no body fills memory unasked."""

import os
import re
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Any

import brotli
import zstandard

PIECE = 65536  # bytes decoded at a time
# What browsers decode at most (RFC 9659); a larger window needs as much memory.
MAX_WINDOW = 8 * 1024 * 1024
MAX_ENCODINGS = 3  # on top of each other
KNOWN = ("gzip", "x-gzip", "deflate", "br", "zstd")


class EncodingError(ValueError):
    """A body that is not what its Content-Encoding says, is cut short, or has one that nobody knows."""


def names(header: str) -> list[str]:
    """The encodings of a Content-Encoding header, in the order in which they were put on.

    What is none, such as ``none`` or ``UTF-8``, says nothing, as to browsers. Raises EncodingError for more
    than `MAX_ENCODINGS`.
    """
    found = [name for name in re.split(r"[,\s]+", header.lower()) if name in KNOWN]
    if len(found) > MAX_ENCODINGS:
        raise EncodingError(f"{len(found)} Content-Encodings")
    return found


def decoded(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The pieces of a body without one encoding. Raises EncodingError."""
    try:
        if name == "zstd":
            yield from _zstd(pieces)
        elif decoder := _decoder(name):
            any_piece = False
            for piece in pieces:
                any_piece = any_piece or bool(piece)
                yield from decoder.feed(piece)
            if any_piece and not decoder.complete():
                raise EncodingError(f"{name}: ends before its end")
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
                    return  # padding after the end, as browsers ignore it
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
        # It may say that it can accept more while it still holds output: only an empty answer is the end.
        while out or not (self._inflate.can_accept_more_data() or self._inflate.is_finished()):
            yield out
            out = self._inflate.process(b"", output_buffer_limit=PIECE)

    def complete(self) -> bool:
        return bool(self._inflate.is_finished())


# The reader does not tell whether its last frame was whole. One more frame after the body does: it comes
# out as what no server can know, unless it was taken for the rest of a frame cut short.
_MARK = os.urandom(16)
_MARK_FRAME = zstandard.compress(_MARK)


class _Source:
    """Pieces as a file, for the zstd reader, and the mark behind them."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = chain(pieces, [_MARK_FRAME])

    def read(self, _: int = -1) -> bytes:
        return next((piece for piece in self._pieces if piece), b"")


def _zstd(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """All frames, pulled: what one read returns is bounded, and so is the window."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
    source: Any = _Source(pieces)
    reader = decompressor.stream_reader(source, read_size=PIECE, read_across_frames=True)
    held = b""
    while piece := reader.read(PIECE):
        held += piece
        yield held[: -len(_MARK)]
        held = held[-len(_MARK) :]
    if held != _MARK:
        raise EncodingError("zstd: ends before its end")

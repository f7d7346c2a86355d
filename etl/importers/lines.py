"""The lines of a text file, which may be compressed (``.gz``, ``.zst``), each within a limit."""

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, cast

import pyarrow as pa

from overscripted.etl.settings import IMPORT_LINE_BYTES, IMPORT_TEXT_BYTES
from overscripted.store import Store

COMPRESSED = (".gz", ".zst")
_DAMAGE = (EOFError, zlib.error, pa.ArrowException, OSError)


class Damaged(Exception):
    """A file cannot be read to its end; the message tells why."""


class Line(NamedTuple):
    """A line without its end. ``data`` is None if it is over the limit; ``ended``: a line end follows."""

    data: bytes | None
    ended: bool


def plain_name(name: str) -> str:
    """A file's name without the ending of its compression."""
    for ending in COMPRESSED:
        name = name.removesuffix(ending)
    return name


def lines(store: Store, key: str) -> Iterator[Line]:
    """The lines of a file, one at a time. Raises Damaged, which may be after some lines."""
    left = IMPORT_TEXT_BYTES
    with store.fs.open(store.path(key), "rb") as file:
        stream = _opened(file, key or store.root)
        try:
            while data := stream.readline(IMPORT_LINE_BYTES + 1):
                size, over = len(data), False
                while len(data) > IMPORT_LINE_BYTES and not data.endswith(b"\n"):
                    over, data = True, stream.readline(IMPORT_LINE_BYTES + 1)
                    size += len(data)
                    if size > left:
                        break
                left -= size
                if left < 0:
                    raise Damaged(f"larger than {IMPORT_TEXT_BYTES >> 30} GB")
                yield Line(None if over else data.removesuffix(b"\n"), data.endswith(b"\n"))
        except _DAMAGE as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the storage's, not the file's
            raise Damaged((str(error) or type(error).__name__).splitlines()[0]) from error


def _opened(file: BinaryIO, name: str) -> io.BufferedReader:
    if name.endswith(".gz"):
        return io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=file)))
    if name.endswith(".zst"):
        return io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(file), "zstd"))
    return io.BufferedReader(cast(io.RawIOBase, file))

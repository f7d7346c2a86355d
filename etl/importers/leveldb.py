"""Reads a LevelDB folder without LevelDB, which would lock the folder and write to it.

Reads sorted tables (``.ldb``, formerly ``.sst``) and logs as https://github.com/google/leveldb/tree/main/doc
describes them. Where a file has a key twice, the later value counts. The order of files is not compared,
because OpenWPM's keys are hashes of their values. Checksums are not checked.
"""

import posixpath
import re
import struct
import tempfile
from collections.abc import Iterator
from functools import lru_cache

import pyarrow as pa

from overscripted.store import Store

_FOOTER = 48  # bytes; the last 8 are:
_MAGIC = 0xDB4775248B80FB57
_PLAIN, _SNAPPY, _ZSTD = 0, 1, 2
_LOG_BLOCK, _LOG_HEADER = 32768, 7
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_PUT = 1
# The fields of an entry in the database's list of files, by the entry's first number.
_DELETED_FILE, _NEW_FILE = 6, 7
_EDITS = {
    1: ("text",),
    2: ("number",),
    3: ("number",),
    4: ("number",),
    5: ("number", "text"),
    _DELETED_FILE: ("number", "number"),
    _NEW_FILE: ("number", "number", "number", "text", "text"),
    9: ("number",),
}
_NAME = re.compile(r"0*([0-9]+)\.[a-z]+")
_DAMAGE = (ValueError, IndexError, struct.error, pa.ArrowException, OSError, OverflowError)


class LevelDB:
    """The values of a folder by key. ``damaged`` names files that could not be read to their end."""

    def __init__(self, store: Store, folder: str) -> None:
        self._store = store
        self._blocks: dict[bytes, tuple[str, int, int]] = {}  # file, offset and size of the block
        self._logged: dict[bytes, tuple[int, int]] = {}
        self._spool = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close
        self.damaged: list[str] = []
        live = _live(store, folder)
        for key in store.files(folder):
            number, end = _NAME.sub(r"\1", posixpath.basename(key)), key[-4:]
            read = {".ldb": self._table, ".sst": self._table, ".log": self._log}.get(end)
            # A table that is not live was replaced by others, or was not finished.
            if read is None or (live and end != ".log" and number not in live):
                continue
            try:
                read(key)
            except _DAMAGE:
                self.damaged.append(key)
        self._entries = lru_cache(maxsize=4)(self._entries_of)

    def __len__(self) -> int:
        return len(self._blocks.keys() | self._logged.keys())

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""
        if key in self._logged:
            start, size = self._logged[key]
            self._spool.seek(start)
            return self._spool.read(size)
        return self._entries(self._blocks[key]).get(key) if key in self._blocks else None

    def close(self) -> None:
        """Release files."""
        self._spool.close()

    def _table(self, key: str) -> None:
        with self._store.fs.open(self._store.path(key), "rb") as file:
            data = file.read()
        (magic,) = struct.unpack("<Q", data[-8:])
        if magic != _MAGIC:
            raise ValueError("no sorted table")
        footer = memoryview(data)[-_FOOTER:]
        _, at = _handle(footer, 0)
        index, _ = _handle(footer, at)
        for _, value in _entries(_block(data, *index)):
            location, _ = _handle(value, 0)
            for name, _ in _entries(_block(data, *location)):
                self._blocks[name[:-8]] = (key, *location)

    def _entries_of(self, location: tuple[str, int, int]) -> dict[bytes, bytes]:
        key, offset, size = location
        with self._store.fs.open(self._store.path(key), "rb") as file:
            file.seek(offset)
            data = file.read(size + 1)
        # The newest of a key comes first.
        return {name[:-8]: bytes(value) for name, value in reversed(list(_entries(_block(data, 0, size))))}

    def _log(self, key: str) -> None:
        with self._store.fs.open(self._store.path(key), "rb") as file:
            for batch in _batches(file.read()):
                at, (n,) = 12, struct.unpack_from("<I", batch, 8)
                for _ in range(n):
                    put = batch[at] == _PUT
                    name, at = _slice(batch, at + 1)
                    if put:
                        value, at = _slice(batch, at)
                        self._logged[bytes(name)] = (self._spool.seek(0, 2), len(value))
                        self._spool.write(value)


def _live(store: Store, folder: str) -> set[str]:
    """Numbers of the live tables, from the database's list of files; empty where the list is not whole."""
    live: set[str] = set()
    try:
        current = store.read(f"{folder}/CURRENT").decode().strip()
        for edit in _batches(store.read(f"{folder}/{current}"), least=1):
            at = 0
            while at < len(edit):
                tag, at = _varint(edit, at)
                if tag not in _EDITS:
                    return set()
                values: list[int] = []
                for part in _EDITS[tag]:
                    if part == "text":
                        _, at = _slice(edit, at)
                    else:
                        value, at = _varint(edit, at)
                        values.append(value)
                if tag == _NEW_FILE:
                    live.add(str(values[1]))
                elif tag == _DELETED_FILE:
                    live.discard(str(values[1]))
    except (*_DAMAGE, UnicodeDecodeError):
        return set()
    return live


def _batches(data: bytes, least: int = 12) -> Iterator[bytes]:
    """The records of a log, joined from their parts, without an unfinished one at the end."""
    record = b""
    for start in range(0, len(data), _LOG_BLOCK):
        block, at = data[start : start + _LOG_BLOCK], 0
        while at + _LOG_HEADER <= len(block):
            size, kind = struct.unpack_from("<HB", block, at + 4)
            part = block[at + _LOG_HEADER : at + _LOG_HEADER + size]
            at += _LOG_HEADER + size
            if kind not in (_FULL, _FIRST, _MIDDLE, _LAST) or len(part) < size:
                break
            record = part if kind in (_FULL, _FIRST) else record + part
            if kind in (_FULL, _LAST) and len(record) >= least:
                yield record


def _block(data: bytes, offset: int, size: int) -> bytes:
    """A block, decompressed."""
    raw, kind = data[offset : offset + size], data[offset + size]
    if kind == _PLAIN:
        return raw
    if kind == _SNAPPY:
        whole, _ = _varint(raw, 0)
        return bytes(pa.Codec("snappy").decompress(raw, whole))
    if kind == _ZSTD:
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj().decompress(raw)
    raise ValueError(f"a block's compression {kind} is unknown")


def _entries(block: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Keys and values of a block. A key is stored as what differs from the key before it."""
    (restarts,) = struct.unpack("<I", block[-4:])
    end, at, key = len(block) - 4 - 4 * restarts, 0, b""
    view = memoryview(block)
    while at < end:
        shared, at = _varint(block, at)
        rest, at = _varint(block, at)
        size, at = _varint(block, at)
        if at + rest + size > end or shared > len(key):
            raise ValueError("an entry beyond its block")
        key = key[:shared] + block[at : at + rest]
        yield key, view[at + rest : at + rest + size]
        at += rest + size


def _handle(data: bytes | memoryview, at: int) -> tuple[tuple[int, int], int]:
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return (offset, size), at


def _slice(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = _varint(data, at)
    if at + size > len(data):
        raise ValueError("a value beyond its record")
    return data[at : at + size], at + size


def _varint(data: bytes | memoryview, at: int) -> tuple[int, int]:
    found = shift = 0
    while shift < 64:
        byte = data[at]
        at += 1
        found |= (byte & 127) << shift
        if byte < 128:
            return found, at
        shift += 7
    raise ValueError("a number without an end")

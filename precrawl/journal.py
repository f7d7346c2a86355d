"""Results are written at once: to a local append-only journal, which then becomes a part of the run.

A record is a length, a checksum and JSON. A killed writer leaves at most one incomplete record, at the
end, which is ignored. A journal becomes one part: ``<name>.links.parquet``, then
``<name>.outcomes.parquet``. The part is complete if the second file exists; then the journal is deleted.
"""

import contextlib
import itertools
import json
import os
import struct
import threading
import time
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from overscripted.precrawl.settings import JOURNAL_AGE_S, JOURNAL_BYTES, SYNC_S
from overscripted.schemas import INT, PRECRAWL
from overscripted.store import Store

_HEAD = struct.Struct("<II")
_BATCH = 200  # records turned into rows at a time
LINKS = PRECRAWL["links"].schema
NUMBER = pa.field("n", INT)  # of the row in the plan; parts alone have this column


class Journal:
    """Appends the records of one process. Safe for many threads."""

    def __init__(self, folder: Path, store: Store, parts: str, table: str, shard: int) -> None:
        self._shard = shard
        self._folder, self._store, self._parts, self._table = folder, store, parts, table
        self._lock = threading.Lock()
        self._size, self._began, self._synced = 0, 0.0, 0.0
        self._open()

    def append(self, number: int, row: dict[str, Any], links: list[tuple[int, str]]) -> None:
        """Write one result: its row, and its links as (position, URL). A killed process does not lose it."""
        data = json.dumps([number, row, links], separators=(",", ":")).encode()
        with self._lock:
            self._file.write(_HEAD.pack(len(data), zlib.crc32(data)) + data)
            self._size += len(data)
            now = time.monotonic()
            if now - self._synced >= SYNC_S:
                os.fsync(self._file.fileno())
                self._synced = now
            old = not self._store.local and now - self._began >= JOURNAL_AGE_S
            if self._size >= JOURNAL_BYTES or old:
                self._roll()
                self._open()

    def close(self) -> None:
        """Turn the journal into a part."""
        with self._lock:
            self._roll()

    def _open(self) -> None:
        self._path = self._folder / f"{self._shard}-{uuid.uuid4().hex}.journal"
        self._file = open(self._path, "wb", buffering=0)  # noqa: SIM115
        self._size = 0
        self._began = self._synced = time.monotonic()

    def _roll(self) -> None:
        os.fsync(self._file.fileno())
        self._file.close()
        to_part(self._path, self._store, self._parts, self._table)


def recover(folder: Path, store: Store, parts: str, table: str, shard: int | None = None) -> None:
    """Turn the journals of killed processes (of one shard, or all) into parts."""
    for path in sorted(folder.glob(f"{'*' if shard is None else shard}-*.journal")):
        to_part(path, store, parts, table)


def to_part(path: Path, store: Store, parts: str, table: str) -> None:
    """Turn a journal into a part and delete it. Can be repeated after a crash at any point."""
    links_key, rows_key = (f"{parts}/{path.stem}.{kind}.parquet" for kind in ("links", "outcomes"))
    if not store.exists(rows_key):
        _write(store, links_key, rows_key, table, _read(path))
    path.unlink(missing_ok=True)


def _write(store: Store, links_key: str, rows_key: str, table: str, records: Iterator[Any]) -> None:
    schema = PRECRAWL[table].schema.insert(0, NUMBER)
    batches: list[pa.RecordBatch] = []
    with contextlib.ExitStack() as stack:
        writer = None
        while batch := list(itertools.islice(records, _BATCH)):
            batches.append(pa.RecordBatch.from_pylist([{"n": n, **row} for n, row, _ in batch], schema))
            if table == "outcomes":
                if writer is None:
                    file = stack.enter_context(store.fs.open(_path(store, links_key), "wb"))
                    writer = stack.enter_context(pq.ParquetWriter(file, LINKS, compression="zstd"))
                writer.write_batch(_links(batch))
    if batches:
        store.write_table(rows_key, pa.Table.from_batches(batches, schema))


def _links(batch: list[Any]) -> pa.RecordBatch:
    columns: list[list[Any]] = [[], [], [], [], []]
    for _, row, links in batch:
        for column, name in zip(columns, ("site", "rank", "page"), strict=False):
            column += [row[name]] * len(links)
        columns[3] += [url for _, url in links]
        columns[4] += [position for position, _ in links]
    return pa.record_batch(
        [pa.array(values, f.type) for values, f in zip(columns, LINKS, strict=True)], schema=LINKS
    )


def _path(store: Store, key: str) -> str:
    store.make_folder(key.rpartition("/")[0])
    return store.path(key)


def _read(path: Path) -> Iterator[Any]:
    """The complete records of a journal, in order; of each site the first. Ends at an incomplete record."""
    seen: set[int] = set()
    with open(path, "rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length, checksum = _HEAD.unpack(head)
            data = file.read(length)
            if len(data) < length or zlib.crc32(data) != checksum:
                return
            record = json.loads(data)
            if record[0] not in seen:
                seen.add(record[0])
                yield record

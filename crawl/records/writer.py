"""Writes rows in memory to durable segments, in order, and reports each visit only after that.

Rows of all tables are gathered in one batch. A batch that is large or old enough is sealed and written:
first the archive's records, then every table but ``visits``, then ``visits``. Then ``done`` of each visit is
called. So the row of a visit is in the store only when all its records are, and a seed ends only when its row
is there. A write that fails is repeated under the same name until the store is back.
"""

import asyncio
import contextlib
import logging
import math
import shutil
import time
import uuid
import weakref
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pyarrow as pa

from overscripted import layout, segments
from overscripted.crawl import settings
from overscripted.crawl.records.recording import Recording
from overscripted.errors import OutsideError
from overscripted.schemas import RAW
from overscripted.store import Store
from overscripted.warc import writing

log = logging.getLogger("overscripted.crawl.writer")

Row = tuple[Any, ...]
Done = Callable[[], Awaitable[None]]


class NoSpace(OSError):
    """A local disk has too little free space. Waiting seldom changes that."""


class _Batch:
    """Rows that are written together."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {name: [] for name in RAW}
        self.archive: list[bytes] = []  # records of WARC
        self.done: list[Done] = []
        self.contents: set[tuple[str, str]] = set()  # table and SHA-256
        self.size = 0
        self.began = time.monotonic()
        self.sealed = math.inf  # time of `time.monotonic`
        self.names = {name: uuid.uuid4().hex for name in (*RAW, layout.ARCHIVE)}


class Writer:
    """Gathers rows and writes segments. An async context manager: at its end everything is written."""

    def __init__(
        self,
        store: Store,
        worker: str,
        segment_bytes: int,
        segment_age_s: float,
        warcinfo: Mapping[str, str] | None = None,
    ) -> None:
        """``warcinfo`` is what each file of the archive says of itself."""
        self._warcinfo = dict(warcinfo or {})
        self.store, self.worker = store, worker
        self.segment_bytes, self.segment_age_s = segment_bytes, segment_age_s
        self._batch = _Batch()
        self._sealed: list[_Batch] = []
        self._recordings: weakref.WeakSet[Recording] = weakref.WeakSet()  # each as long as its visit
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._ending = False
        self._abandoned = asyncio.Event()
        self.failing = ""  # the store's last error, while it fails
        self._stopping = self._no_space = False
        self.written_bytes = 0

    def add(self, table: str, row: Row, size: int = 200) -> None:
        """Add a row, its columns in the order of the schema; ``size`` in bytes, roughly."""
        self._batch.rows[table].append(row)
        self._batch.size += size
        if self._batch.size >= self.segment_bytes:
            self._seal()

    def add_content(self, table: str, sha256: str, size: int, content: bytes | None) -> None:
        """Add a content to ``scripts`` or ``contents``, unless this batch has it. ``None``: over a cap."""
        if (table, sha256) not in self._batch.contents:
            self._batch.contents.add((table, sha256))
            self.add(table, (sha256, size, content), len(content or b"") + 100)

    def watch(self, recording: Recording) -> None:
        """Count what the recording of a visit holds until `add_archive` gets its records."""
        self._recordings.add(recording)

    def add_archive(self, records: list[bytes]) -> None:
        """Add records of WARC of one visit to the archive. They stay together."""
        size = sum(map(len, records))
        self._batch.archive += records
        self._batch.size += size
        if self._batch.size >= self.segment_bytes:
            self._seal()

    def end_visit(self, row: Row, done: Done) -> None:
        """Add the row of a visit, after all its records. ``done`` is called once the row is durable."""
        self._batch.done.append(done)
        self.add("visits", row)

    def flush(self) -> None:
        """Write what is gathered now."""
        if self._batch.done or self._batch.size:
            self._seal()

    @property
    def pending(self) -> int:
        """Visits that have ended and are not yet durable."""
        return self.gathering + sum(len(batch.done) for batch in self._sealed)

    @property
    def gathering(self) -> int:
        """Visits that have ended and wait for more rows before they are written."""
        return len(self._batch.done)

    @property
    def buffered(self) -> int:
        """Bytes in memory, roughly, with those of recordings whose visits are not over."""
        recorded = sum(recording.held for recording in self._recordings)
        return self._batch.size + sum(batch.size for batch in self._sealed) + recorded

    @property
    def full(self) -> bool:
        """Whether no visit should start, because the store is slow or away or recordings are large."""
        return self.buffered >= settings.BUFFER_BYTES

    @property
    def late(self) -> bool:
        """Whether the store takes longer for a write than it should, or is away."""
        return bool(self._sealed) and time.monotonic() - self._sealed[0].sealed > settings.STORE_LATE_S

    def stop(self) -> None:
        """The worker stops: wait for a store that is away, but not for space on a disk."""
        self._stopping = True
        if self.failing and self._no_space:
            self.abandon()

    def abandon(self) -> None:
        """Do not wait for a store that is away. Visits that are not durable are made again."""
        self._abandoned.set()

    @property
    def abandoned(self) -> bool:
        """Whether `abandon` was called."""
        return self._abandoned.is_set()

    async def drained(self) -> None:
        """Wait until everything that has been sealed is durable and acknowledged."""
        await self._idle.wait()

    async def __aenter__(self) -> "Writer":
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        if kind is None or issubclass(kind, asyncio.CancelledError):
            self.flush()
            self._ending = True
            self._wake.set()
            await self._task
        else:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, OutsideError):
                await self._task

    def check(self) -> None:
        """Raise the error that made the writer give up."""
        if self._task.done() and not self._ending:
            self._task.result()

    def _seal(self) -> None:
        self._batch.sealed = time.monotonic()
        self._sealed.append(self._batch)
        self._batch = _Batch()
        self._idle.clear()
        self._wake.set()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            while self._sealed:
                await self._write(self._sealed[0])
                self._sealed.pop(0)
            self._idle.set()
            if self._ending:
                return
            left = self._batch.began + self.segment_age_s - time.monotonic()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), max(left, 0.05))
            if time.monotonic() - self._batch.began >= self.segment_age_s:
                if self._batch.done:
                    self._seal()
                else:
                    self._batch.began = time.monotonic()

    async def _write(self, batch: _Batch) -> None:
        if batch.archive:
            write = partial(self._write_archive, batch.archive, batch.names[layout.ARCHIVE])
            await self._persist(layout.ARCHIVE, write)
            batch.archive = []
        order = [name for name in RAW if name != "visits"] + ["visits"]
        for table in order:
            if batch.rows[table]:
                write = partial(self._write_table, table, batch.rows[table], batch.names[table])
                await self._persist(table, write)
                batch.rows[table] = []
        for done in batch.done:
            await done()

    async def _persist(self, what: str, write: Callable[[], None]) -> None:
        """Write something, again and again until the store takes it."""
        began = time.monotonic()
        pauses = list(settings.STORE_RETRY_S)
        while True:
            try:
                await asyncio.to_thread(write)
                self.failing = ""
                return
            except Exception as error:  # whatever a file system or S3 library raises
                self.failing = str(error)
                self._no_space = isinstance(error, NoSpace)
                if self._stopping and self._no_space:
                    self.abandon()
                log.warning("store: cannot write %s: %s; trying again", what, error)
                if self.abandoned or time.monotonic() - began > settings.STORE_GIVE_UP_S:
                    raise OutsideError(f"{self.store.url}: cannot be written: {error}") from error
                await self.pause(pauses.pop(0) if len(pauses) > 1 else pauses[0])

    async def pause(self, seconds: float) -> None:
        """Wait this long, or until `abandon` is called."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._abandoned.wait(), seconds)

    def _write_archive(self, records: list[bytes], name: str) -> None:
        self._check_disk()
        key = layout.archive_file(self.worker, name)
        head = writing.warcinfo(key.rpartition("/")[2], datetime.now(UTC), self._warcinfo)
        data = b"".join((head, *records))
        self.store.write(key, data)
        if (size := self.store.size(key)) != len(data):
            raise OutsideError(f"{self.store.uri(key)}: only a part was stored; check the storage")
        self.written_bytes += size

    def _write_table(self, table: str, rows: list[Row], name: str) -> None:
        self._check_disk()
        schema = RAW[table].schema
        columns = zip(zip(*rows, strict=True), schema, strict=True)
        arrays = [pa.array(column, field.type) for column, field in columns]
        whole = pa.Table.from_arrays(arrays, schema=schema)
        key = segments.write(self.store, table, whole, self.worker, name)
        self.written_bytes += self.store.size(key)

    def _check_disk(self) -> None:
        check_space(self.store)


def check_space(store: Store) -> None:
    """Raise NoSpace where a local disk has too little free space."""
    if store.local:
        free = shutil.disk_usage(store.make_folder("")).free
        if free < settings.MIN_FREE_BYTES:
            raise NoSpace(f"only {free >> 20} MB free, {settings.MIN_FREE_BYTES >> 20} MB are kept")


def require_space(store: Store) -> None:
    """Raise OutsideError where a local disk has too little free space to start."""
    try:
        check_space(store)
    except NoSpace as error:
        raise OutsideError(f"{store.url}: {error}; free space or name another RUN") from error

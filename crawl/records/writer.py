"""Writes rows in memory to durable segments, in order, and reports each visit only after that.

Rows of all tables are gathered in one batch. A batch that is large or old enough is sealed and written:
first every table but ``visits``, then ``visits``. Then ``done`` of each visit is called. So the row of a
visit is in the store only when all its records are, and a seed ends only when its row is there. A write that
fails is repeated under the same name until the store is back.
"""

import asyncio
import contextlib
import logging
import math
import shutil
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pyarrow as pa

from overscripted import segments
from overscripted.crawl import settings
from overscripted.errors import OutsideError
from overscripted.schemas import RAW
from overscripted.store import Store

log = logging.getLogger("overscripted.crawl.writer")

Row = tuple[Any, ...]
Done = Callable[[], Awaitable[None]]


class NoSpace(OSError):
    """A local disk has too little free space. Waiting seldom changes that."""


class _Batch:
    """Rows that are written together."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {name: [] for name in RAW}
        self.done: list[Done] = []
        self.contents: set[tuple[str, str]] = set()  # table and SHA-256
        self.size = 0
        self.began = time.monotonic()
        self.sealed = math.inf  # time of `time.monotonic`
        self.names = {name: uuid.uuid4().hex for name in RAW}


class Writer:
    """Gathers rows and writes segments. An async context manager: at its end everything is written."""

    def __init__(self, store: Store, worker: str, segment_bytes: int, segment_age_s: float) -> None:
        self.store, self.worker = store, worker
        self.segment_bytes, self.segment_age_s = segment_bytes, segment_age_s
        self._batch = _Batch()
        self._sealed: list[_Batch] = []
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
        """Bytes in memory, roughly."""
        return self._batch.size + sum(batch.size for batch in self._sealed)

    @property
    def full(self) -> bool:
        """Whether no visit should start, because the store is slow or away."""
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
        order = [name for name in RAW if name != "visits"] + ["visits"]
        for table in order:
            if batch.rows[table]:
                await self._write_table(table, batch.rows[table], batch.names[table])
                batch.rows[table] = []
        for done in batch.done:
            await done()

    async def _write_table(self, table: str, rows: list[Row], name: str) -> None:
        began = time.monotonic()
        pauses = list(settings.STORE_RETRY_S)
        while True:
            try:
                await asyncio.to_thread(self._write_once, table, rows, name)
                self.failing = ""
                return
            except Exception as error:  # whatever a file system or S3 library raises
                self.failing = str(error)
                self._no_space = isinstance(error, NoSpace)
                if self._stopping and self._no_space:
                    self.abandon()
                log.warning("store: cannot write %s: %s; trying again", table, error)
                if self.abandoned or time.monotonic() - began > settings.STORE_GIVE_UP_S:
                    raise OutsideError(f"{self.store.url}: cannot be written: {error}") from error
                await self.pause(pauses.pop(0) if len(pauses) > 1 else pauses[0])

    async def pause(self, seconds: float) -> None:
        """Wait this long, or until `abandon` is called."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._abandoned.wait(), seconds)

    def _write_once(self, table: str, rows: list[Row], name: str) -> None:
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

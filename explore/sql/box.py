"""Ask a query of a run's tables and get a bounded answer, whatever the query does."""

import io
import json
import pickle
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from overscripted import children
from overscripted.explore.settings import SQL_AT_ONCE, SQL_CHARACTERS, SQL_SECONDS
from overscripted.store import Store
from overscripted.text import clean

_EMPTY = pa.table({})


@dataclass(frozen=True)
class Answer:
    """The rows of a query; or ``error``, which says where in the query, if that is known.

    ``cut`` says which rows these are, if there were more. ``seconds`` is the time of the query.
    """

    rows: pa.Table = field(default_factory=lambda: _EMPTY)
    cut: str = ""
    seconds: float = 0.0
    error: str = ""


class SqlBox:
    """Runs each query in a process of its own, and keeps one process ready for the next."""

    def __init__(self) -> None:
        self._slots = threading.BoundedSemaphore(SQL_AT_ONCE)
        self._lock = threading.Lock()
        self._ready: subprocess.Popen[bytes] | None = None
        self._closed = False

    def prepare(self) -> None:
        """Start the process of the next query, so that it is there when the query comes."""
        with self._lock:
            if self._ready is None and not self._closed:
                self._ready = _started()

    def ask(self, store: Store, tables: Mapping[str, Sequence[str]], sql: str) -> Answer:
        """The answer to a query of ``tables``: their names with the keys of their files in the store."""
        sql = clean(sql)
        if len(sql) > SQL_CHARACTERS:
            return Answer(
                error=f"The query has {len(sql):,} characters; the box takes up to {SQL_CHARACTERS:,}."
            )
        if not self._slots.acquire(timeout=SQL_SECONDS):
            return Answer(error=f"{SQL_AT_ONCE} queries run already. Ask again when one has ended.")
        try:
            with tempfile.TemporaryDirectory(prefix="overscripted-sql-") as folder:
                request = {
                    "sql": sql,
                    "tables": {name: list(keys) for name, keys in tables.items()},
                    "url": store.url,
                    "options": store.options,
                    "folder": folder,
                }
                return self._answer(pickle.dumps(request))
        finally:
            self._slots.release()
            self.prepare()

    def close(self) -> None:
        """End the process that waits."""
        with self._lock:
            self._closed = True
            process, self._ready = self._ready, None
        if process is not None:
            _end(process)

    def _answer(self, request: bytes) -> Answer:
        with self._lock:
            process, self._ready = self._ready, None
        if process is None or process.poll() is not None:
            process = _started()
        try:
            output, _ = process.communicate(request, timeout=SQL_SECONDS)
        except subprocess.TimeoutExpired:
            return Answer(
                error=f"The query took longer than {SQL_SECONDS:.0f} s and was ended. Ask for less."
            )
        finally:
            _end(process)
        if not output:
            return Answer(error="The query ended its process, likely for its memory. Ask for less.")
        head, _, stream = output.partition(b"\n")
        found: dict[str, Any] = json.loads(head)
        rows = pa.ipc.open_stream(io.BytesIO(stream)).read_all() if "error" not in found else _EMPTY
        return Answer(rows, **found)


def _started() -> "subprocess.Popen[bytes]":
    return children.start(
        "overscripted.explore.sql.process", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.communicate()

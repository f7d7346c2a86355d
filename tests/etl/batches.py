"""Runs whose batches take a while, and what must hold when one of them is interrupted."""

import contextlib
import itertools
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from overscripted import segments
from overscripted.etl.build import BATCH_TABLES
from overscripted.run import Run
from tests.etl.conftest import call, table


def many(run: Run, n: int, **changes: Any) -> None:
    """A segment of calls that take DuckDB a second or more to write."""
    made = [call(ordinal=k, value=os.urandom(400).hex(), **changes) for k in range(n)]
    segments.write(run.store, "calls", table("calls", made), "test")


def nothing_stray(run: Run) -> None:
    """Exactly the files that the manifest names are there, and no attempt's of a batch that was lost."""
    noted = run.store.read_json("etl/manifest.json")["batches"]
    named = {key for batch in noted for keys in batch["files"].values() for key in keys}
    there = {key for key in run.store.files("etl") if key != "etl/manifest.json"}
    there |= {key for name in BATCH_TABLES for key in run.store.files(f"tables/{name}")}
    assert there == named


def two_attempts(run: Run) -> None:
    """Three segments, 63 calls: half of the first 60 are of an attempt that does not count."""
    for start in range(0, 60, 20):
        made = [
            call(
                attempt=1 + n % 2, ordinal=start + n, arguments=json.dumps({"0": n, "1": "é"}), value="ß" * n
            )
            for n in range(20)
        ]
        segments.write(run.store, "calls", table("calls", [*made, call(attempt=2, symbol="")]), "test")


def damaged_segment(run: Run, kind: str = "within") -> str:
    """A segment of the second visit's calls: truncated, empty, or spoilt in a page or its header; its key."""
    made = table("calls", [call(visit_id=2, ordinal=n, value=f"v{n}" * 50) for n in range(500)])
    key = segments.write(run.store, "calls", made, "test")
    path = Path(run.store.path(key))
    data = bytearray(path.read_bytes())
    if kind == "truncated":
        del data[len(data) // 2 :]
    elif kind == "empty":
        data.clear()
    elif kind == "longer":
        _longer(path, data)
        return key
    else:
        start = pq.ParquetFile(path).metadata.row_group(0).column(9).data_page_offset
        data[start : start + 40] = b"\xff" * 40
    path.write_bytes(data)
    return key


def _longer(path: Path, data: bytearray) -> None:
    """Change a byte of a page's header so that the page seems to be longer than the file."""
    file = pq.ParquetFile(path)
    column = file.metadata.row_group(0).column(file.schema_arrow.names.index("ordinal"))
    start = min(column.dictionary_page_offset or column.data_page_offset, column.data_page_offset)
    for at, bit in itertools.product(range(start, start + 20), range(8)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
        try:
            duckdb.read_parquet(str(path)).fetchall()
        except duckdb.IOException:
            return
        except duckdb.Error:
            continue
    raise AssertionError("no such byte")


@contextlib.contextmanager
def when_a_batch_is_begun(run: Run, then: Callable[[], Any]) -> Iterator[None]:
    """Within this block, call ``then`` once another process has written its first file."""
    ended = threading.Event()

    def watch() -> None:
        staging = Path(run.store.path(".staging"))
        while not ended.wait(0.01):
            if list(staging.glob("*/etl/attempts/b*-????????-0.parquet")):
                then()
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()

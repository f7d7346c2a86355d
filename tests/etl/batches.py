"""Runs whose batches take a while, and what must hold when one of them is interrupted."""

import os
import threading
from pathlib import Path
from typing import Any

from overscripted import segments
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
    there |= {key for name in ("calls", "invalid_calls") for key in run.store.files(f"tables/{name}")}
    assert there == named


def damage(path: Path) -> None:
    """Spoil a segment within: its footer stays whole."""
    import pyarrow.parquet as pq

    data = bytearray(path.read_bytes())
    start = pq.ParquetFile(path).metadata.row_group(0).column(9).data_page_offset
    data[start : start + 40] = b"\xff" * 40
    path.write_bytes(data)


def when_a_batch_is_begun(run: Run, then: Any, ended: threading.Event) -> threading.Thread:
    """Call ``then`` once another process has written its first file."""

    def watch() -> None:
        staging = Path(run.store.path(".staging"))
        while not ended.wait(0.01):
            if list(staging.glob("*/etl/attempts/b*-????????-0.parquet")):
                then()
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread

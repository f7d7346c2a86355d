"""What another process, a Spark worker or one of ours, does with a batch: DuckDB makes it, as here."""

import contextlib
import os
import pickle
import shutil
import sys
import threading
import traceback
import uuid
from dataclasses import asdict, dataclass
from queue import SimpleQueue
from typing import Any, BinaryIO

from overscripted.engines import DUCKDB_MEMORY_PERCENT, open_engine
from overscripted.errors import InputError
from overscripted.etl.batch import make_batch
from overscripted.etl.intake import Segment
from overscripted.etl.workspace import Workspace
from overscripted.store import Store


@dataclass(frozen=True)
class Terms:
    """What all tasks of an etl share, in types that pickle needs no code of ours for.

    ``at_once`` is how many tasks share the memory of a machine; 0 for as many as it has cores. ``conf`` are
    DuckDB's settings where they are known; else they follow from the machine that the task finds itself on.
    """

    store: str
    staged: str
    options: dict[str, Any]
    environment: dict[str, str]
    acknowledged: list[str]
    threads: int = 1
    at_once: int = 0
    conf: dict[str, str] | None = None


def make(terms: dict[str, Any], name: str, segments: list[tuple[Any, ...]]) -> dict[str, Any]:
    """Make a batch; the manifest's entry, as a dictionary. Raises UserError."""
    asked = Terms(**terms)
    os.environ.update(asked.environment)
    store, staged = (Store(url, **asked.options) for url in (asked.store, asked.staged))
    if store.local and not store.exists():
        raise InputError(f"{store.url}: not there for a worker; use a folder that all share, or s3://")
    with open_engine("duckdb", conf=_limits(asked), alone=True) as engine:
        at = Workspace(store, staged, engine)
        group = [Segment(*segment) for segment in segments]
        # Spark may run a task again, or twice at a time: no attempt writes what another one does.
        batch = make_batch(at, name, group, asked.acknowledged, mark=f"-{uuid.uuid4().hex[:8]}")
    return asdict(batch)


def _limits(asked: Terms) -> dict[str, str]:
    """DuckDB's settings; where they are not given, a share of the machine that it finds itself on."""
    if asked.conf:
        spill = asked.conf["temp_directory"]  # which two DuckDBs cannot share
        return {**asked.conf, "temp_directory": os.path.join(spill, uuid.uuid4().hex) if spill else ""}
    megabytes = os.environ.get("PYSPARK_EXECUTOR_MEMORY_MB")  # a task's part of spark.executor.pyspark.memory
    if megabytes:
        memory = f"{int(megabytes) * DUCKDB_MEMORY_PERCENT // 100}MiB"
    else:
        memory = f"{DUCKDB_MEMORY_PERCENT / (asked.at_once or os.cpu_count() or 1):.2f}%"
    limits = {"threads": str(asked.threads), "memory_limit": memory}
    folders = os.environ.get("SPARK_LOCAL_DIRS")  # Spark deletes what a killed task leaves there
    if folders:
        limits["temp_directory"] = os.path.join(folders.split(",")[0], f"duckdb-{uuid.uuid4().hex}")
    return limits


def serve(answers: BinaryIO) -> None:
    """Make the batches that come on standard input, until it ends; ``answers`` takes how that went.

    Both are pickled, by and for the etl that started this process (`overscripted.etl.pool`).
    """
    asked: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    while True:
        answers.write(_answer(*asked.get()))
        answers.flush()


def _listen(asked: SimpleQueue[tuple[Any, ...]]) -> None:
    """End with the etl, also in the middle of a batch."""
    spill = ""
    try:
        while True:
            one = pickle.load(sys.stdin.buffer)
            spill = one[0]["conf"]["temp_directory"]
            asked.put(one)
    except EOFError:
        pass
    except BaseException:
        traceback.print_exc()
    if spill:
        shutil.rmtree(spill, ignore_errors=True)
    os._exit(1)


def _answer(terms: dict[str, Any], name: str, segments: list[tuple[Any, ...]]) -> bytes:
    try:
        return pickle.dumps(make(terms, name, segments))
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)))  # which pickle leaves out
        with contextlib.suppress(Exception):
            text = pickle.dumps(error)
            pickle.loads(text)  # some cannot be read again
            return text
        return pickle.dumps(RuntimeError("".join(traceback.format_exception(error))))


if __name__ == "__main__":
    serve(os.fdopen(int(sys.argv[1]), "wb"))

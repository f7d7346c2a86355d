"""Runs in another process, one of ours or a worker of Spark: makes one batch with a DuckDB of its own."""

import os
import pickle
import shutil
import sys
import threading
import traceback
import uuid
from dataclasses import asdict, astuple, dataclass
from queue import SimpleQueue
from typing import Any, BinaryIO

from overscripted import children, without_pandas
from overscripted.engines import DUCKDB_MEMORY_PERCENT, open_engine
from overscripted.errors import InputError
from overscripted.etl.executors.batch import make_batch
from overscripted.etl.executors.executor import BatchPlan
from overscripted.etl.raw_segments import Segment
from overscripted.etl.workspace import Workspace
from overscripted.store import Store

# A batch plan in plain types: its name, and each segment as a tuple.
PackedPlan = tuple[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class TaskOptions:
    """What all tasks of an etl share, in types that pickle needs no code of ours for.

    ``tasks_per_machine`` share the memory of a machine; 0 stands for one task per core. ``conf`` are
    DuckDB's settings where the etl knows them; else they follow from the machine that runs the task.
    """

    store: str
    staged: str
    options: dict[str, Any]
    environment: dict[str, str]
    acknowledged: list[str]
    threads: int = 1
    tasks_per_machine: int = 0
    conf: dict[str, str] | None = None


def pack(plan: BatchPlan) -> PackedPlan:
    """A plan in types that pickle needs no code of ours for."""
    return plan.name, [astuple(segment) for segment in plan.segments]


def run_task(options: dict[str, Any], name: str, segments: list[tuple[Any, ...]]) -> dict[str, Any]:
    """Make a batch; its entry in the manifest, as a dictionary. Raises UserError.

    ``options`` are the fields of `TaskOptions`; ``name`` and ``segments`` come from `pack`.
    """
    task = TaskOptions(**options)
    os.environ.update(task.environment)
    store, staged = (Store(url, **task.options) for url in (task.store, task.staged))
    if store.local and not store.exists():
        raise InputError(f"{store.url}: a worker cannot see this folder; use a shared one, or s3://")
    with open_engine("duckdb", conf=_duckdb_settings(task), alone=True) as engine:
        workspace = Workspace(store, staged, engine)
        # Spark may run a task again, or twice at the same time: each try writes files of its own.
        suffix = f"-{uuid.uuid4().hex[:8]}"
        batch = make_batch(
            workspace, name, [Segment(*segment) for segment in segments], task.acknowledged, suffix
        )
    return asdict(batch)


def _duckdb_settings(task: TaskOptions) -> dict[str, str]:
    """DuckDB's settings: those given, or a share of the machine that runs the task."""
    if task.conf:
        folder = task.conf["temp_directory"]  # two DuckDBs cannot share one
        return {**task.conf, "temp_directory": os.path.join(folder, uuid.uuid4().hex) if folder else ""}
    megabytes = os.environ.get("PYSPARK_EXECUTOR_MEMORY_MB")  # a task's part of spark.executor.pyspark.memory
    if megabytes:
        memory = f"{int(megabytes) * DUCKDB_MEMORY_PERCENT // 100}MiB"
    else:
        memory = f"{DUCKDB_MEMORY_PERCENT / (task.tasks_per_machine or os.cpu_count() or 1):.2f}%"
    found = {"threads": str(task.threads), "memory_limit": memory}
    folders = os.environ.get("SPARK_LOCAL_DIRS")  # Spark deletes what a killed task leaves there
    if folders:
        found["temp_directory"] = os.path.join(folders.split(",")[0], f"duckdb-{uuid.uuid4().hex}")
    return found


def serve(answers: BinaryIO) -> None:
    """Make the batches that come on standard input until it ends; write each result to ``answers``.

    Requests and results are pickled. Only the etl that started this process exchanges them with it
    (`overscripted.etl.executors.processes`).
    """
    without_pandas.hide()
    requests: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
    threading.Thread(target=_receive, args=(requests,), daemon=True).start()
    while True:
        answers.write(children.answer(run_task, *requests.get()))
        answers.flush()


def _receive(requests: SimpleQueue[tuple[Any, ...]]) -> None:
    """Queue the requests of the etl. When it ends, end this process, also in the middle of a batch."""
    spill = ""
    try:
        while True:
            request = pickle.load(sys.stdin.buffer)
            spill = request[0]["conf"]["temp_directory"]
            requests.put(request)
    except EOFError:
        pass
    except BaseException:
        traceback.print_exc()
    if spill:
        shutil.rmtree(spill, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    serve(os.fdopen(int(sys.argv[1]), "wb"))

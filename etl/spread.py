"""Spreads batches over Spark's workers: a task a batch; Spark places them and retries the lost ones."""

import json
import os
import re
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import astuple
from pathlib import Path
from typing import Any

import overscripted
from overscripted import __version__, errors
from overscripted.engines import DuckDB, Spark, open_engine
from overscripted.etl import settings
from overscripted.etl.intake import Segment
from overscripted.etl.manifest import Batch
from overscripted.etl.workspace import Workspace
from overscripted.progress import Work

# How a task says what a user can mend, in the text of the exception that Spark passes on.
_SAID = "overscripted says: "
_REMEDY = (
    "workers need this Python and overscripted: pack it with `venv-pack -o env.tar.gz`, then "
    "`--conf spark.archives=env.tar.gz#env --conf spark.pyspark.python=./env/bin/python` "
    "(docs/guide/cluster.md)"
)
# What Spark says of workers, the kind of error that this is, and its remedy.
_WORKERS = (
    ("PYTHON_VERSION_MISMATCH", errors.SoftwareMissing, f"--engine spark: another Python there; {_REMEDY}"),
    ("Cannot run program", errors.SoftwareMissing, f"--engine spark: no such Python there; {_REMEDY}"),
    (
        r"Cannot allocate memory|can't start new thread|\bMemoryError",
        errors.OutsideError,
        "--engine spark: Python has too little memory there; more, or no limit of its own (--conf "
        "spark.executor.pyspark.memory=8g); tables are unchanged",
    ),
    (
        "Python worker exited unexpectedly|ExecutorLostFailure",
        errors.OutsideError,
        "--engine spark: a worker was killed, likely for its memory; fewer tasks at once (--master local[2], "
        "--conf spark.executor.cores=2) or more memory (--conf spark.executor.memoryOverhead=4g); tables are "
        "unchanged",
    ),
)
# Workers reach the run's store as the driver does; Spark's own client is told the same (see engines).
_STORE_ENVIRONMENT = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"),
)


def slots(spark: Spark) -> int:
    """How many batches can be made side by side, as far as Spark knows its cluster."""
    return max(1, int(spark.session.sparkContext.defaultParallelism) // _cpus(spark))


def task_memory(spark: Spark) -> int:
    """Bytes that a task's DuckDB may use: on this machine its part, elsewhere a guess."""
    if not _on_this_machine(spark.session.sparkContext):
        return settings.TASK_MEMORY
    with open_engine("duckdb") as engine:
        assert isinstance(engine, DuckDB)
        return engine.limits()[1] // slots(spark)


def spread_batches(
    spark: Spark,
    at: Workspace,
    asked: Sequence[tuple[str, list[Segment]]],
    acknowledged: list[str],
    work: Work,
) -> list[Batch]:
    """Make batches, given by name and segments, as tasks of one Spark job; those that Spark says are done.

    Raises what `batch.make_batch` does; SoftwareMissing and OutsideError where workers cannot work.
    """
    if not asked:
        return []
    session, context = spark.session, spark.session.sparkContext
    rows = context.accumulator(0)
    plain = [(name, [astuple(segment) for segment in group]) for name, group in asked]
    task = _task(_terms(spark, at, len(asked), acknowledged), _path(context), rows)
    made = _wait(session, context.parallelize(plain, len(plain)).map(task).collect, rows, work)
    return [Batch(**batch) for batch in made]


def _task(terms: dict[str, Any], path: list[str], rows: Any) -> Callable[[Any], dict[str, Any]]:
    """A task. Its inner function travels whole, so that it can say what is missing where it arrives."""
    said, version, remedy = _SAID, __version__, _REMEDY

    def task(asked: tuple[str, list[tuple[Any, ...]]]) -> dict[str, Any]:
        import json
        import sys

        sys.path[:0] = [folder for folder in path if folder not in sys.path]
        try:
            from overscripted import __version__
            from overscripted.errors import UserError
            from overscripted.etl.task import make

            if __version__ != version:
                raise ImportError(f"overscripted {__version__} there, {version} here")
        except ImportError as error:
            kind, message = "SoftwareMissing", f"--engine spark: {error}; {remedy}"
        else:
            try:
                batch = make(terms, *asked)
                rows.add(sum(segment[1] for segment in asked[1]))
                return batch
            except UserError as error:
                kind, message = type(error).__name__, str(error)
        raise RuntimeError(said + json.dumps([kind, message]))

    return task


def _terms(spark: Spark, at: Workspace, n: int, acknowledged: list[str]) -> dict[str, Any]:
    """`task.Terms` for ``n`` tasks, as a dictionary."""
    context, cpus, free = spark.session.sparkContext, _cpus(spark), slots(spark)
    if _on_this_machine(context):  # fewer tasks have more of it each
        threads, at_once = cpus * max(1, free // n), min(free, n)
    else:
        threads, at_once = cpus, int(context.getConf().get("spark.executor.cores", "0")) // cpus
    return {
        "store": at.store.url,
        "staged": at.staged.url,
        "options": at.store.options,
        "environment": {k: os.environ[k] for k in _STORE_ENVIRONMENT if k in os.environ},
        "acknowledged": acknowledged,
        "threads": threads,
        "at_once": at_once,
    }


def _cpus(spark: Spark) -> int:
    """Cores of one task."""
    return int(spark.session.sparkContext.getConf().get("spark.task.cpus", "1"))


def _path(context: Any) -> list[str]:
    """Where this very code is, for workers on the same machine; others have it installed."""
    return [str(Path(overscripted.__file__).resolve().parents[1])] if _on_this_machine(context) else []


def _on_this_machine(context: Any) -> bool:
    return str(context.master).startswith("local")


def _wait(session: Any, job: Callable[[], Any], rows: Any, work: Work) -> Any:
    """Run a Spark job in a thread, show its progress, cancel it where this process is interrupted."""
    from pyspark import inheritable_thread_target

    context, group = session.sparkContext, f"overscripted-{uuid.uuid4().hex}"

    def run() -> Any:
        context.setJobGroup(group, "overscripted etl: calls", interruptOnCancel=True)
        return job()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(inheritable_thread_target(session)(run))
        try:
            while not wait([running], settings.SPARK_POLL_S).done:
                work.add(rows.value - work.done)
        except BaseException:
            context.cancelJobGroup(group)
            raise
    try:
        made = running.result()
    except Exception as error:
        raise _understood(error) from error
    work.add(rows.value - work.done)
    return made


def _understood(error: Exception) -> Exception:
    """What the user can mend of a failed job; else the failure itself."""
    text = str(error)
    if found := re.search(rf"{_SAID}(\[.*\])", text):
        kind, message = json.loads(found[1])
        said: errors.UserError = getattr(errors, kind)(message)
        return said
    for sign, kind, message in _WORKERS:
        if re.search(sign, text):
            return kind(message)
    return error

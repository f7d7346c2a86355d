"""Batches in Spark's workers: one task per batch. Spark places the tasks and runs lost ones again."""

import json
import os
import re
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import overscripted
from overscripted import __version__, errors
from overscripted.engines import Engine
from overscripted.etl import settings
from overscripted.etl.executors.executor import BatchPlan, Executor
from overscripted.etl.executors.grouping import limits_for
from overscripted.etl.executors.task import PackedPlan, TaskOptions, pack
from overscripted.etl.manifest import Batch
from overscripted.etl.workspace import Workspace
from overscripted.progress import Work

# Marks an error that the user can fix, in the text of the exception that Spark passes on.
_MARK = "overscripted says: "
_REMEDY = (
    "workers need this Python and overscripted: pack it with `venv-pack -o env.tar.gz`, then "
    "`--conf spark.archives=env.tar.gz#env --conf spark.pyspark.python=./env/bin/python` "
    "(docs/guide/cluster.md)"
)
# Patterns of what Spark reports about its workers, with the kind of error and the remedy.
_WORKER_FAILURES = (
    ("PYTHON_VERSION_MISMATCH", errors.SoftwareMissing, f"--engine spark: another Python there; {_REMEDY}"),
    ("Cannot run program", errors.SoftwareMissing, f"--engine spark: no such Python there; {_REMEDY}"),
    (
        r"Cannot allocate memory|can't start new thread|\bMemoryError",
        errors.OutsideError,
        "--engine spark: Python has too little memory there; give it more or remove its limit (--conf "
        "spark.executor.pyspark.memory=8g); tables are unchanged",
    ),
    (
        "Python worker exited unexpectedly|ExecutorLostFailure",
        errors.OutsideError,
        "--engine spark: a worker was killed, likely for its memory; run fewer tasks at the same time "
        "(--master local[2], --conf spark.executor.cores=2) or give more memory (--conf "
        "spark.executor.memoryOverhead=4g); tables are unchanged",
    ),
)
# Workers reach the run's store with the same variables as the driver; `engines` tells Spark's own client.
_STORE_ENVIRONMENT = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"),
)


class SparkExecutor(Executor):
    """Makes batches as tasks of one Spark job. Files of tasks that Spark does not count are left over."""

    def __init__(self, engine: Engine, workspace: Workspace, acknowledged: Sequence[str], work: Work) -> None:
        slots, memory = engine.capacity()
        per_task = settings.TASK_MEMORY if memory is None else memory // slots
        super().__init__(workspace, acknowledged, work, limits_for(per_task), slots)
        self._session, self._context = engine.session, engine.session.sparkContext

    def run(self, plans: Sequence[BatchPlan]) -> list[Batch]:
        if not plans:
            return []
        rows = self._context.accumulator(0)
        packed = [pack(plan) for plan in plans]
        task = _task(self._options(len(plans)), self._code_folders(), rows)
        job = self._context.parallelize(packed, len(packed)).map(task).collect
        return [Batch(**batch) for batch in self._wait(job, rows)]

    def _options(self, n: int) -> dict[str, Any]:
        """`TaskOptions` for ``n`` tasks, as a dictionary."""
        conf = self._context.getConf()
        cpus = int(conf.get("spark.task.cpus", "1"))
        if self._is_local():  # fewer tasks have a larger share each
            threads, tasks_per_machine = cpus * max(1, self.slots // n), min(self.slots, n)
        else:
            threads, tasks_per_machine = cpus, int(conf.get("spark.executor.cores", "0")) // cpus
        return vars(
            TaskOptions(
                store=self.workspace.store.url,
                staged=self.workspace.staged.url,
                options=self.workspace.store.options,
                environment={name: os.environ[name] for name in _STORE_ENVIRONMENT if name in os.environ},
                acknowledged=self.acknowledged,
                threads=threads,
                tasks_per_machine=tasks_per_machine,
            )
        )

    def _code_folders(self) -> list[str]:
        """Where this code is, for workers on the same machine; other machines have it installed."""
        return [str(Path(overscripted.__file__).resolve().parents[1])] if self._is_local() else []

    def _is_local(self) -> bool:
        """Whether the workers are on this machine."""
        return str(self._context.master).startswith("local")

    def _wait(self, job: Callable[[], Any], rows: Any) -> Any:
        """Run a Spark job in a thread and show its progress; cancel it where this process is interrupted."""
        from pyspark import inheritable_thread_target

        group = f"overscripted-{uuid.uuid4().hex}"

        def run() -> Any:
            self._context.setJobGroup(group, "overscripted etl: calls", interruptOnCancel=True)
            return job()

        with ThreadPoolExecutor(1) as thread:
            future = thread.submit(inheritable_thread_target(self._session)(run))
            try:
                while not wait([future], settings.SPARK_POLL_S).done:
                    self.work.add(rows.value - self.work.done)
            except BaseException:
                self._context.cancelJobGroup(group)
                raise
        try:
            result = future.result()
        except Exception as error:
            raise _user_error(error) from error
        self.work.add(rows.value - self.work.done)
        return result


def _task(options: dict[str, Any], folders: list[str], rows: Any) -> Callable[[PackedPlan], dict[str, Any]]:
    """The function that a worker runs. It is pickled whole, so that it can report a missing package there.

    ``folders`` are added to the worker's ``sys.path``; ``rows`` is Spark's counter of finished raw calls.
    """
    mark, version, remedy = _MARK, __version__, _REMEDY

    def task(plan: PackedPlan) -> dict[str, Any]:
        import json
        import sys

        sys.path[:0] = [folder for folder in folders if folder not in sys.path]
        try:
            from overscripted import __version__
            from overscripted.errors import UserError
            from overscripted.etl.executors.task import run_task

            if __version__ != version:
                raise ImportError(f"overscripted {__version__} there, {version} here")
        except ImportError as error:
            kind, message = "SoftwareMissing", f"--engine spark: {error}; {remedy}"
        else:
            try:
                batch = run_task(options, *plan)
                rows.add(sum(segment[1] for segment in plan[1]))
                return batch
            except UserError as error:
                kind, message = type(error).__name__, str(error)
        raise RuntimeError(mark + json.dumps([kind, message]))

    return task


def _user_error(error: Exception) -> Exception:
    """The error that tells the user what to fix about a failed job, or the failure itself."""
    text = str(error)
    if found := re.search(rf"{_MARK}(\[.*\])", text):
        kind, message = json.loads(found[1])
        user_error: errors.UserError = getattr(errors, kind)(message)
        return user_error
    for pattern, worker_error, message in _WORKER_FAILURES:
        if re.search(pattern, text):
            return worker_error(message)
    return error

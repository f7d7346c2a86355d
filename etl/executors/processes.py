"""Batches in several processes of this machine: a DuckDB that writes a batch uses little more than a core."""

import contextlib
import os
import pickle
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from queue import SimpleQueue
from typing import Any

from overscripted import children
from overscripted.errors import OutsideError
from overscripted.etl import settings
from overscripted.etl.executors import task
from overscripted.etl.executors.executor import BatchPlan, Executor
from overscripted.etl.executors.grouping import limits_for
from overscripted.etl.manifest import Batch
from overscripted.etl.raw_segments import Segment
from overscripted.etl.workspace import Workspace
from overscripted.progress import Work
from overscripted.store import Store


def worthwhile(workspace: Workspace, segments: Sequence[Segment]) -> int:
    """How many processes are worth their start, as far as cores, memory and segments allow; at least 1."""
    engine = workspace.engine
    slots, memory = engine.capacity()
    enough_rows = sum(segment.rows for segment in segments) // settings.MIN_ROWS_PER_PROCESS
    smallest = settings.BATCH_LIMITS[-1][0]
    n = min(slots, (memory or 0) // smallest, enough_rows, len(segments))
    possible = n > 1 and engine.divided(n) is not None and _reachable(workspace.store) and sys.executable
    return n if possible else 1


class ProcessExecutor(Executor):
    """Makes batches in ``n`` processes, each with a DuckDB that has its part of cores and memory."""

    def __init__(self, workspace: Workspace, acknowledged: Sequence[str], work: Work, n: int) -> None:
        """Raises ValueError where the engine cannot be divided (`worthwhile` is then 1)."""
        divided = workspace.engine.divided(n)
        if divided is None:
            raise ValueError(f"{workspace.engine.name}: other processes cannot share its settings")
        _, memory = workspace.engine.capacity()
        super().__init__(workspace, acknowledged, work, limits_for((memory or 0) // n), n)
        self._conf = divided

    def run(self, plans: Sequence[BatchPlan]) -> list[Batch]:
        # On the way out the processes end first: a thread gets no answer from a process that has ended.
        with (
            _spill_folder(self._conf["temp_directory"]) as spill,
            ThreadPoolExecutor(self.slots) as threads,
            _processes(self.slots) as free,
        ):
            options = asdict(self._options(spill))

            def make(plan: BatchPlan) -> Batch:
                process = free.get()
                try:
                    return process.make(options, plan)
                finally:
                    free.put(process)

            futures = {threads.submit(make, plan): plan for plan in plans}
            try:
                for future in as_completed(futures):
                    future.result()
                    self.work.add(futures[future].rows)
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                raise
            return [future.result() for future in futures]

    def _options(self, spill: str) -> task.TaskOptions:
        return task.TaskOptions(
            store=self.workspace.store.url,
            staged=self.workspace.staged.url,
            options=self.workspace.store.options,
            environment={},
            acknowledged=self.acknowledged,
            conf={**self._conf, "temp_directory": spill},
        )


def _reachable(store: Store) -> bool:
    """Whether another process can open the store with the same options."""
    protocols = store.fs.protocol
    if "memory" in ((protocols,) if isinstance(protocols, str) else protocols):
        return False
    try:
        return b"__main__" not in pickle.dumps(store.options)  # __main__ is another module there
    except Exception:  # options may hold a session or client of the caller
        return False


@contextlib.contextmanager
def _spill_folder(parent: str) -> Iterator[str]:
    """A new folder in ``parent`` for what does not fit memory; "" where ``parent`` is "": nothing spills."""
    if not parent:
        yield ""
        return
    os.makedirs(parent, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="overscripted-pool-", dir=parent) as folder:
        yield folder


@contextlib.contextmanager
def _processes(n: int) -> Iterator[SimpleQueue["_Process"]]:
    """A queue of free processes. They end with this block, also in the middle of a batch."""
    free: SimpleQueue[_Process] = SimpleQueue()
    processes = []
    try:
        for _ in range(n):
            processes.append(_Process())
            free.put(processes[-1])
        yield free
    finally:
        for process in processes:
            process.kill()  # all of them, before the first is waited for
        for process in processes:
            process.close()


class _Process:
    """A process that makes batches (`task.serve`)."""

    def __init__(self) -> None:
        answers, child_end = os.pipe()
        try:
            # Its output goes to standard error: libraries may print there.
            self._process = children.start(
                "overscripted.etl.executors.task", str(child_end), stdout=2, pass_fds=(child_end,)
            )
        except BaseException:
            os.close(answers)
            raise
        finally:
            os.close(child_end)
        self._answers = os.fdopen(answers, "rb")

    def make(self, options: dict[str, Any], plan: BatchPlan) -> Batch:
        """Make a batch there. Raises what that process raises, and OutsideError where it is killed."""
        assert self._process.stdin
        try:
            pickle.dump((options, *task.pack(plan)), self._process.stdin)
            self._process.stdin.flush()
            answer = pickle.load(self._answers)
        except Exception as error:
            self.kill()
            code = self._process.wait()
            reason = "was killed, likely for its memory" if code < 0 else "ended: see its messages above"
            raise OutsideError(
                f"a process of the etl {reason}; tables are unchanged; try fewer (--conf threads=1) or less "
                "memory (--conf memory_limit=4GB)"
            ) from error
        if isinstance(answer, BaseException):
            raise answer
        return Batch(**answer)

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def close(self) -> None:
        """Wait for the end of the process."""
        self._process.wait()
        assert self._process.stdin
        with contextlib.suppress(OSError):  # bytes that it has not read
            self._process.stdin.close()
        self._answers.close()

"""Batches side by side in processes of this machine: one DuckDB writes a batch on little more than a core."""

import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, astuple
from queue import SimpleQueue
from typing import Any

from overscripted.engines import DuckDB
from overscripted.errors import OutsideError
from overscripted.etl import intake, settings, task
from overscripted.etl.intake import Segment
from overscripted.etl.manifest import Batch
from overscripted.etl.workspace import Workspace
from overscripted.progress import Work


def plan(at: Workspace, waiting: Sequence[Segment]) -> tuple[int, int, int]:
    """How many processes are worth their start; rows and bytes of a batch that each sorts in memory."""
    threads, memory = _duckdb(at).limits()
    worth = sum(s.rows for s in waiting) // settings.POOL_WORTH_ROWS
    n = min(threads, memory // settings.SIDE_BY_SIDE[-1][0], worth, len(waiting))
    if n < 2 or not _elsewhere(at):
        return 1, settings.BATCH_ROWS, settings.BATCH_BYTES
    return n, *intake.limits(memory // n)


def pool_batches(
    at: Workspace,
    n: int,
    asked: Sequence[tuple[str, list[Segment]]],
    acknowledged: list[str],
    work: Work,
) -> list[Batch]:
    """Make batches, given by name and segments, in ``n`` processes.

    Raises what `batch.make_batch` does, and OutsideError where a process is killed.
    """
    # Processes end before threads are waited for, which then have no answer to wait for.
    with _spill(at) as spill, ThreadPoolExecutor(n) as threads, _processes(n) as free:
        terms = asdict(_terms(at, n, acknowledged, spill))

        def make(name: str, group: list[Segment]) -> Batch:
            process = free.get()
            try:
                return process.make(terms, name, group)
            finally:
                free.put(process)

        futures = {threads.submit(make, *one): one[1] for one in asked}
        try:
            for future in as_completed(futures):
                future.result()
                work.add(sum(s.rows for s in futures[future]))
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
        return [future.result() for future in futures]


def _duckdb(at: Workspace) -> DuckDB:
    assert isinstance(at.engine, DuckDB)
    return at.engine


# Of DuckDB's settings, those that several of them cannot share, or that would count for each.
_ALONE = {"database", "max_temp_directory_size"}


def _elsewhere(at: Workspace) -> bool:
    """Whether other processes can work on the store with the engine's settings."""
    protocols = at.store.fs.protocol
    if "memory" in ((protocols,) if isinstance(protocols, str) else protocols):
        return False
    if _ALONE & _duckdb(at).settings.keys() or not sys.executable:
        return False
    try:
        return b"__main__" not in pickle.dumps(at.store.options)  # that is another module there
    except Exception:  # a session or client of the caller's
        return False


def _terms(at: Workspace, n: int, acknowledged: list[str], spill: str) -> task.Terms:
    engine = _duckdb(at)
    threads, memory = engine.limits()
    own = {"threads": str(threads // n), "memory_limit": f"{memory // n}B", "temp_directory": spill}
    return task.Terms(
        store=at.store.url,
        staged=at.staged.url,
        options=at.store.options,
        environment={},
        acknowledged=acknowledged,
        conf={**engine.settings, **own},
    )


@contextlib.contextmanager
def _spill(at: Workspace) -> Iterator[str]:
    """A folder below the engine's own for what does not fit memory; "" where nothing may be spilled."""
    above = _duckdb(at).settings["temp_directory"]
    if not above:
        yield ""
        return
    os.makedirs(above, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="overscripted-pool-", dir=above) as folder:
        yield folder


@contextlib.contextmanager
def _processes(n: int) -> Iterator[SimpleQueue["_Process"]]:
    """Processes, all free; they end with this block, whatever they are at."""
    free: SimpleQueue[_Process] = SimpleQueue()
    every = []
    try:
        for _ in range(n):
            every.append(_Process())
            free.put(every[-1])
        yield free
    finally:
        for one in every:
            one.kill()  # all of them, before any is waited for
        for one in every:
            one.close()


class _Process:
    """A process that makes batches (`task.serve`)."""

    def __init__(self) -> None:
        # Not of multiprocessing, whose children run the caller's script once more. -P: no folder that happens
        # to be here and has the name of a package of ours.
        answers, there = os.pipe()
        try:
            self._it = subprocess.Popen(
                [sys.executable, "-P", "-m", "overscripted.etl.task", str(there)],
                stdin=subprocess.PIPE,
                stdout=2,  # what libraries print
                pass_fds=(there,),
                env={**os.environ, "PYTHONPATH": _path()},
                start_new_session=True,  # Ctrl-C is the parent's to heed
            )
        except BaseException:
            os.close(answers)
            raise
        finally:
            os.close(there)
        self._answers = os.fdopen(answers, "rb")

    def make(self, terms: dict[str, Any], name: str, group: list[Segment]) -> Batch:
        """Have a batch made. Raises what goes wrong there, and OutsideError where the process is killed."""
        assert self._it.stdin
        try:
            pickle.dump((terms, name, [astuple(segment) for segment in group]), self._it.stdin)
            self._it.stdin.flush()
            made = pickle.load(self._answers)
        except Exception as error:
            self.kill()
            code = self._it.wait()
            why = "was killed, likely for its memory" if code < 0 else "ended: see what it said above"
            raise OutsideError(
                f"a process of the etl {why}; tables are unchanged; try fewer (--conf threads=1) or less "
                "(--conf memory_limit=4GB)"
            ) from error
        if isinstance(made, BaseException):
            raise made
        return Batch(**made)

    def kill(self) -> None:
        """End it at once."""
        self._it.kill()

    def close(self) -> None:
        """Wait for its end."""
        self._it.wait()
        assert self._it.stdin
        with contextlib.suppress(OSError):  # what it had not read yet
            self._it.stdin.close()
        self._answers.close()


def _path() -> str:
    """Where this process finds its code, for another one."""
    return os.pathsep.join(path or os.getcwd() for path in sys.path if isinstance(path, str))

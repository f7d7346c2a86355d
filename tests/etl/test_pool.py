"""Batches in processes of this machine: the same tables as in one, whatever happens to them meanwhile."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from overscripted.engines import DuckDB
from overscripted.errors import OutsideError
from overscripted.etl import settings
from overscripted.etl.executors.choose import choose_executor
from overscripted.etl.executors.executor import Executor
from overscripted.etl.executors.processes import ProcessExecutor
from overscripted.etl.raw_segments import Segment
from overscripted.etl.run import run_etl
from overscripted.etl.workspace import Workspace
from overscripted.progress import Work
from overscripted.run import Run
from overscripted.schemas import TABLES
from overscripted.store import Store
from tests.etl.batches import damaged_segment, many, nothing_stray, two_attempts, when_a_batch_is_begun
from tests.etl.conftest import call, crawl_run, rows, same_tables, visit

TWO = ("threads=2", "memory_limit=4GB")
ONE = ("threads=1",)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty-five rows are worth a process."""
    monkeypatch.setattr("overscripted.etl.settings.MIN_ROWS_PER_PROCESS", 25)
    monkeypatch.setattr("overscripted.etl.settings.BATCH_LIMITS", [(10**9, 25, 10**6)])


def _workers() -> list[psutil.Process]:
    """Processes of a pool below this one."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if (
                "overscripted.etl.executors.task" in process.cmdline()
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process)
    return found


def test_batches_in_processes_are_those_of_one(tmp_path: Path, small: None) -> None:
    one = crawl_run(tmp_path / "one", visits=[visit(), visit(attempt=2)])
    two_attempts(one)
    shutil.copytree(tmp_path / "one", tmp_path / "other")
    other = Run.open(tmp_path / "other")
    assert run_etl(one, conf=ONE)["calls_of_unacknowledged_attempts"] == 30
    assert run_etl(other, conf=TWO)["calls_of_unacknowledged_attempts"] == 30
    same_tables(one, other)
    assert (len(one.store.files("tables/calls")), len(other.store.files("tables/calls"))) == (1, 3)
    nothing_stray(other)
    assert _workers() == []


def _stopped(run: Run, stop: Callable[[], None], error: type[BaseException], says: str) -> None:
    """An etl in processes that is stopped once they work."""
    with when_a_batch_is_begun(run, stop), pytest.raises(error, match=says):
        run_etl(run, conf=TWO)
    assert _workers() == []


def test_interrupted_or_a_process_killed_the_tables_stay_and_it_goes_on(tmp_path: Path, small: None) -> None:
    run = crawl_run(tmp_path / "run", calls=[call()], visits=[visit(), visit(visit_id=2)])
    run_etl(run)
    before = {name: rows(run, name) for name in TABLES}
    for _ in range(2):
        many(run, 5_000, visit_id=2)
    _stopped(run, lambda: os.kill(os.getpid(), signal.SIGINT), KeyboardInterrupt, "^$")
    _stopped(run, lambda: _workers()[0].kill(), OutsideError, "a process of the etl was killed")
    assert {name: rows(run, name) for name in TABLES} == before
    assert Run.open(run.store.url).stage("etl")["status"] == "complete"
    run_etl(run, conf=TWO)
    assert len(rows(run, "calls")) == 10_001
    nothing_stray(run)


# The code under test, for scripts that are not in its folder.
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
# In a process of its own, with a pool for little.
_ETL = """
from overscripted.etl import settings
from overscripted.etl.run import run_etl
from overscripted.run import Run
import sys
settings.MIN_ROWS_PER_PROCESS = 25
run_etl(Run.open(sys.argv[1]), conf=("threads=2", "memory_limit=4GB", "temp_directory=" + sys.argv[2]))
"""


def _gone(processes: list[psutil.Process]) -> None:
    """They end. Where nobody asks for their end they stay as names."""
    deadline = time.monotonic() + 60
    while any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_what_a_user_can_fix_comes_out_of_a_process_as_such(tmp_path: Path, small: None) -> None:
    run = crawl_run(tmp_path / "run", visits=[visit()])
    for _ in range(2):
        many(run, 2_000)
    script = tmp_path / "one.py"
    script.write_text(
        "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n" + _ETL
    )
    command = [sys.executable, str(script), run.store.url, str(tmp_path / "spill")]
    done = subprocess.run(command, capture_output=True, text=True, env=_ENVIRONMENT)
    assert "WriteError" in done.stderr and "cannot be written" in done.stderr
    assert "etl/executors/processes.py" in done.stderr  # where the error arrived, and where it came from
    assert "etl/executors/task.py" in done.stderr
    assert not run.store.exists("tables")


def test_without_their_parent_processes_end(tmp_path: Path) -> None:
    run = crawl_run(tmp_path / "run", visits=[visit()])
    for _ in range(2):
        many(run, 5_000)
    script = tmp_path / "one.py"
    script.write_text(_ETL)
    met: list[psutil.Process] = []
    command = [sys.executable, str(script), run.store.url, str(tmp_path / "spill")]
    parent = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=_ENVIRONMENT)

    def kill() -> None:
        met.extend(_workers())
        parent.kill()

    with when_a_batch_is_begun(run, kill):
        parent.wait(300)
    assert len(met) >= 2
    _gone(met)
    assert list((tmp_path / "spill").iterdir()) == []
    assert not run.store.exists("tables")


def test_a_segment_damaged_within_is_found_after_its_process_failed(
    tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = crawl_run(tmp_path / "run", calls=[call(ordinal=0)], visits=[visit(), visit(visit_id=2)])
    bad = damaged_segment(run)
    runs = []
    run_batches = ProcessExecutor.run
    monkeypatch.setattr(
        ProcessExecutor, "run", lambda executor, plans: runs.append(plans) or run_batches(executor, plans)
    )
    assert bad in run_etl(run, conf=TWO)["damaged_segments"]
    assert len(runs) == 1  # the second time there is but one segment
    assert [row["visit_id"] for row in rows(run, "calls")] == [1]
    nothing_stray(run)


def _executor(engine: DuckDB, url: Path | str, segments: list[Segment]) -> Executor:
    """The executor chosen for batches of these segments."""
    workspace = Workspace(Store(url), Store(url), engine)
    return choose_executor(engine, workspace, segments, [], Work("etl", None))


@pytest.mark.parametrize(
    ("conf", "segments_of", "expected"),
    [
        ({"threads": "2", "memory_limit": "16GB"}, [250_000] * 8, (2, 1_000_000)),
        ({"threads": "4", "memory_limit": "16GB"}, [250_000] * 8, (4, 500_000)),
        ({"threads": "8", "memory_limit": "16GB"}, [250_000] * 8, (8, 250_000)),
        ({"threads": "8", "memory_limit": "5GB"}, [250_000] * 8, (3, 250_000)),
        ({"threads": "8", "memory_limit": "1GB"}, [250_000] * 8, (1, settings.BATCH_ROWS)),
        ({"threads": "1", "memory_limit": "16GB"}, [250_000] * 8, (1, settings.BATCH_ROWS)),
        ({"threads": "4", "memory_limit": "16GB"}, [10_000] * 8, (1, settings.BATCH_ROWS)),
        ({"threads": "4", "memory_limit": "16GB"}, [3_000_000], (1, settings.BATCH_ROWS)),
        ({"threads": "4", "memory_limit": "16GB"}, [], (1, settings.BATCH_ROWS)),
    ],
)
def test_as_many_processes_as_cores_memory_and_work_allow(
    tmp_path: Path, conf: dict[str, str], segments_of: list[int], expected: tuple[int, int]
) -> None:
    waiting = [Segment(f"s{n}", rows, 1_000, "") for n, rows in enumerate(segments_of)]
    with DuckDB(conf) as engine:
        executor = _executor(engine, tmp_path, waiting)
        assert (executor.slots, executor.limits.rows) == expected


@pytest.mark.parametrize("setting", ["database", "Max_temp_directory_size"])
def test_settings_that_cannot_be_shared_keep_it_in_one_process(tmp_path: Path, setting: str) -> None:
    waiting = [Segment(f"s{n}", 250_000, 1_000, "") for n in range(8)]
    value = str(tmp_path / "own.duckdb") if setting == "database" else "1GB"
    with DuckDB({"threads": "4", "memory_limit": "16GB", setting: value}) as engine:
        assert _executor(engine, tmp_path, waiting).slots == 1


def test_a_store_in_memory_keeps_it_in_one_process(tmp_path: Path) -> None:
    waiting = [Segment(f"s{n}", 250_000, 1_000, "") for n in range(8)]
    with DuckDB({"threads": "4", "memory_limit": "16GB"}) as engine:
        for url, n in (("memory://pool/run", 1), (str(tmp_path), 4)):
            assert _executor(engine, url, waiting).slots == n


def test_sizes_are_read_as_duckdb_writes_them() -> None:
    for asked, least in (("1GB", 0.9e9), ("100MB", 0.9e8), ("3.5TiB", 3.4 * 2**40), ("900KiB", 8e5)):
        with DuckDB({"memory_limit": asked}) as engine:
            assert least < engine.capacity().memory <= least * 1.2

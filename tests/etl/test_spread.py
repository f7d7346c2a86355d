"""Batches as tasks of Spark: the same tables as DuckDB's, whatever happens to the workers meanwhile."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from overscripted.errors import OutsideError, SoftwareMissing
from overscripted.etl.executors import task
from overscripted.etl.executors.grouping import Limits, group
from overscripted.etl.executors.spark import _task, _user_error
from overscripted.etl.raw_segments import Segment
from overscripted.etl.run import run_etl
from overscripted.run import Run
from overscripted.schemas import TABLES
from tests.etl.batches import damaged_segment, many, nothing_stray, two_attempts, when_a_batch_is_begun
from tests.etl.conftest import call, crawl_run, one_more_visit, rows, same_tables, visit

pytestmark = pytest.mark.spark


@pytest.fixture(autouse=True)
def _roll_ups_in_the_driver(_spark_sql: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for any run of this size: what Spark's workers do is looked at here."""
    monkeypatch.setattr("overscripted.etl.settings.SPARK_SQL_ROWS", 1_000_000)


def _tree() -> Iterator[psutil.Process]:
    """Spark's processes below this one."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.name() == "java" or "pyspark.daemon" in process.cmdline():
                yield process


def _kill_workers() -> None:
    """End, as the system does where memory is short, every Python worker; not the daemon that forks them."""
    for process in _tree():
        with contextlib.suppress(psutil.Error):
            if process.name() != "java" and process.parent().name() != "java":
                process.kill()


def test_batches_on_spark_are_duckdbs_whichever_made_the_earlier_ones(
    tmp_path: Path, spark: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr("overscripted.etl.settings.BATCH_ROWS", 25)
    monkeypatch.setattr("overscripted.etl.settings.BATCH_LIMITS", [(1, 25, 10**6)])
    one = crawl_run(tmp_path / "one", visits=[visit(), visit(attempt=2)])
    two_attempts(one)
    shutil.copytree(tmp_path / "one", tmp_path / "other")
    other = Run.open(tmp_path / "other")
    assert run_etl(one)["calls_of_unacknowledged_attempts"] == 30
    assert "etl: 63 calls done, 0 left" in capsys.readouterr().err
    assert run_etl(other, "spark")["calls_of_unacknowledged_attempts"] == 30
    assert "etl: 63 calls done, 0 left" in capsys.readouterr().err
    same_tables(one, other)
    assert len(one.store.files("tables/calls")) == len(other.store.files("tables/calls")) == 3
    one_more_visit(one)
    for key in one.store.files("raw"):
        if not other.store.exists(key):
            other.store.write(key, one.store.read(key))
    assert run_etl(one, "spark")["batches_reused"] == 3
    assert run_etl(other)["batches_reused"] == 3
    same_tables(one, other)
    for run in (one, other):
        nothing_stray(run)


def test_a_batch_whose_worker_is_killed_is_made_again_and_each_row_is_there_once(tmp_path: Path) -> None:
    run = crawl_run(tmp_path / "run", visits=[visit()])
    many(run, 8_000)
    killed = []

    def kill() -> None:
        _kill_workers()
        killed.append(True)

    command = [sys.executable, "-m", "overscripted", "etl", run.store.url, "--engine", "spark"]
    with when_a_batch_is_begun(run, kill):
        done = subprocess.run([*command, "--master", "local[2,4]"], capture_output=True, text=True)
    assert killed and done.returncode == 0, done.stderr[-3000:]
    assert sorted(row["ordinal"] for row in rows(run, "calls")) == list(range(8_000))
    assert [row["n_calls"] for row in rows(run, "script_refs")] == [8_000]
    nothing_stray(run)


def test_a_killed_worker_is_a_clear_message_and_the_tables_stay(tmp_path: Path, spark: Any) -> None:
    run = crawl_run(tmp_path / "run", calls=[call()], visits=[visit(), visit(visit_id=2)])
    run_etl(run)
    before = {name: rows(run, name) for name in TABLES}
    many(run, 8_000, visit_id=2)
    with when_a_batch_is_begun(run, _kill_workers), pytest.raises(OutsideError, match="worker was killed"):
        run_etl(run, "spark")
    assert {name: rows(run, name) for name in TABLES} == before
    assert Run.open(run.store.url).stage("etl")["status"] == "complete"
    run_etl(run, "spark")  # the same session goes on
    assert len(rows(run, "calls")) == 8_001


@contextlib.contextmanager
def _small_files(size: int) -> Iterator[None]:
    """Spark's processes cannot write larger files, as on a full disk; those that they start neither."""
    limited = [(p, p.rlimit(psutil.RLIMIT_FSIZE)) for p in _tree()]
    for process, (_, hard) in limited:
        process.rlimit(psutil.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        for process in _tree():
            with contextlib.suppress(psutil.NoSuchProcess):  # a worker whose task has failed ends
                process.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))


def test_an_error_that_a_user_can_fix_comes_out_of_a_task_as_such(tmp_path: Path, spark: Any) -> None:
    run = crawl_run(tmp_path / "run", visits=[visit()])
    many(run, 2_000)
    with (
        _small_files(200_000),
        pytest.raises(OutsideError, match=r"tables/calls: cannot be written: .*space"),
    ):
        run_etl(run, "spark")
    assert not run.store.exists("tables")
    run_etl(run, "spark")
    assert len(rows(run, "calls")) == 2_000


def test_a_segment_damaged_within_is_found_after_its_task_failed(tmp_path: Path, spark: Any) -> None:
    run = crawl_run(tmp_path / "run", calls=[call(ordinal=0)], visits=[visit(), visit(visit_id=2)])
    bad = damaged_segment(run)
    assert bad in run_etl(run, "spark")["damaged_segments"]
    assert [row["visit_id"] for row in rows(run, "calls")] == [1]
    nothing_stray(run)


def test_workers_without_the_package_are_told_from_bugs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "overscripted.etl.executors.task", None)
    with pytest.raises(RuntimeError) as raised:
        _task({}, [], None)(("b00000", []))
    said = _user_error(raised.value)
    assert isinstance(said, SoftwareMissing) and "venv-pack" in str(said)
    monkeypatch.undo()
    monkeypatch.setattr("overscripted.etl.executors.spark.__version__", "0.0")
    with pytest.raises(RuntimeError, match=r"0\.0 here"):
        _task({}, [], None)(("b00000", []))


def test_a_worker_without_memory_says_which_setting_gives_it_more() -> None:
    said = _user_error(RuntimeError("PythonException: …\nOSError: [Errno 12] Cannot allocate memory\n"))
    assert isinstance(said, OutsideError) and "spark.executor.pyspark.memory" in str(said)
    of_java = RuntimeError("java.lang.OutOfMemoryError: Java heap space")  # which that setting does not fix
    assert _user_error(of_java) is of_java


def test_a_task_takes_its_share_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    options = task.TaskOptions("run", "staged", {}, {}, [], threads=2, tasks_per_machine=4)
    monkeypatch.delenv("PYSPARK_EXECUTOR_MEMORY_MB", raising=False)
    assert task._duckdb_settings(options)["memory_limit"] == "15.00%"
    monkeypatch.setenv("PYSPARK_EXECUTOR_MEMORY_MB", "1000")
    monkeypatch.setenv("SPARK_LOCAL_DIRS", "/scratch/a,/scratch/b")
    limits = task._duckdb_settings(options)
    assert (limits["memory_limit"], limits["threads"]) == ("600MiB", "2")
    assert limits["temp_directory"].startswith("/scratch/a/")


def test_segments_are_grouped_evenly_and_keep_every_slot_busy() -> None:
    few = [Segment(f"s{n}", 100 - n % 2, 1_000, "") for n in range(6)]

    def sizes(rows: int, size: int, slots: int = 1) -> list[int]:
        return [len(members) for members in group(few, Limits(rows, size), slots)]

    assert sizes(1_000, 10**6) == [6]
    assert sizes(1_000, 10**6, slots=3) == [2, 2, 2]
    assert sizes(1_000, 10**6, slots=50) == [1] * 6
    assert sizes(200, 10**6) == [2, 2, 2]
    assert sizes(1_000, 3_000) == [3, 3]
    assert group([], Limits(10, 10), slots=4) == []

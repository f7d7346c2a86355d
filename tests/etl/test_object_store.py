"""The etl on an S3-compatible server: the same tables as in a folder, and only new work done again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from overscripted.errors import OutsideError
from overscripted.etl.run import run_etl
from overscripted.run import Run
from tests import services
from tests.etl.conftest import call, crawl_run, one_more_visit, same_tables, visit


def the_same_twice(s3: services.S3, folder: Path, bucket: str) -> tuple[Run, Run, str]:
    """A run in a folder, with its tables, and one of the same records on S3, and where."""
    calls = [call(ordinal=n, value="é" * n) for n in range(50)] + [call(ordinal=50, symbol="")]
    here = crawl_run(folder / "run", calls=calls, visits=[visit()])
    run_etl(here)
    url = f"{s3.make_bucket(bucket)}/some/run"
    return here, crawl_run(url, s3.options, calls=calls, visits=[visit()]), url


def test_tables_on_s3_are_those_of_a_folder(s3: services.S3, tmp_path: Path) -> None:
    here, there, _ = the_same_twice(s3, tmp_path, "etl")
    run_etl(there)
    same_tables(there, here)
    for run in (here, there):
        one_more_visit(run)
        assert run_etl(run)["batches_reused"] == 1
    same_tables(there, here)
    assert not there.store.files(".staging")


@pytest.mark.spark
def test_sparks_tasks_reach_s3_as_the_driver_does(s3: services.S3, tmp_path: Path) -> None:
    """Without Spark's own S3 client: what is small needs no Spark SQL (test_spark_s3.py has both)."""
    here, there, url = the_same_twice(s3, tmp_path, "spark")
    command = [sys.executable, "-m", "overscripted", "etl", url, "--engine", "spark", "--master", "local[2]"]
    done = subprocess.run(
        [*command, "--conf", "spark.jars="],
        env={**os.environ, **s3.environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    same_tables(there, here)
    assert not there.store.files(".staging") and not there.store.files("etl/acknowledged")


def test_a_bucket_that_is_not_there_is_named(s3: services.S3) -> None:
    with pytest.raises(OutsideError, match="s3://nowhere/run: no such bucket"):
        Run.open("s3://nowhere/run", create=True, **s3.options)

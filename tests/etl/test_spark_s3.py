"""Spark reads and writes a run on an S3-compatible server (S3A). Opt-in: its client is 560 MB.

    OVERSCRIPTED_S3A_JARS=/folder/of/jars pytest tests/etl/test_spark_s3.py

The folder holds ``hadoop-aws`` of Spark's Hadoop version and the AWS SDK's ``bundle`` it asks for; with
Internet, ``spark.jars.packages`` fetches both (docs/guide/cluster.md).
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from overscripted.etl.run import run_etl
from tests import services
from tests.etl.conftest import call, crawl_run, one_more_visit, same_tables, visit

JARS = os.environ.get("OVERSCRIPTED_S3A_JARS")
pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(not JARS, reason="OVERSCRIPTED_S3A_JARS names no folder with Spark's S3 client"),
]
ROOT = Path(__file__).resolve().parents[2]


def etl_on_spark(s3: services.S3, url: str) -> str:
    """The command, in a process of its own: the tests' own Spark has no S3 client."""
    jars = ",".join(str(path) for path in sorted(Path(str(JARS)).glob("*.jar")))
    command = [sys.executable, "-m", "overscripted", "etl", url, "--engine", "spark", "--master", "local[2]"]
    done = subprocess.run(
        [*command, "--conf", f"spark.jars={jars}"],
        env={**os.environ, **s3.environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_spark_on_s3_makes_the_tables_of_a_folder(s3: services.S3, tmp_path: Path) -> None:
    calls = [call(ordinal=n, value="é" * n, arguments=json.dumps({"0": n})) for n in range(50)]
    calls.append(call(ordinal=50, symbol=""))
    here = crawl_run(tmp_path / "run", calls=calls, visits=[visit()])
    run_etl(here)
    url = f"{s3.make_bucket('etl')}/some/run"
    there = crawl_run(url, s3.options, calls=calls, visits=[visit()])
    etl_on_spark(s3, url)
    same_tables(there, here)
    for run in (here, there):
        one_more_visit(run)
    run_etl(here)
    assert "batches_reused 1" in etl_on_spark(s3, url)
    same_tables(there, here)
    assert not there.store.files(".staging")

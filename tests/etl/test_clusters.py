"""The etl submitted to real clusters with spark-submit: Spark's own (stand-alone) and, opt-in, YARN.

    OVERSCRIPTED_YARN_JARS=/folder/of/jars pytest tests/etl/test_clusters.py

The folder holds ``hadoop-client-minicluster`` of Spark's Hadoop version, what that forgets
(``bcpkix-jdk18on``, ``jaxb-api`` 2.3, ``jaxb-runtime`` 2.3), and what these depend on
(``mvn dependency:copy-dependencies``): a resource manager and a node manager in one process, which start
containers as those of a data centre do.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import overscripted.__main__
from overscripted.etl.run import run_etl
from overscripted.run import Run
from tests import services
from tests.etl.batches import two_attempts
from tests.etl.conftest import crawl_run, same_tables, visit

YARN = os.environ.get("OVERSCRIPTED_YARN_JARS")
pytestmark = pytest.mark.spark
SPARK = Path(pytest.importorskip("pyspark").__file__).parent
SUBMITTED = overscripted.__main__.__file__
HERE = {"SPARK_HOME": str(SPARK), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}


@contextlib.contextmanager
def running(log: Path, *command: str, until: str) -> Iterator[None]:
    """A server of Java, once its log says ``until``."""
    with log.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env={**os.environ, **HERE}, cwd=log.parent
        )
    try:
        services.started(f"{command[1]} ({log})", process, lambda: until in log.read_text())
        yield
    finally:
        process.terminate()
        process.wait()


def submit(*arguments: str, **environment: str) -> None:
    """``spark-submit`` of the command line, as docs/guide/cluster.md has it."""
    command = [str(SPARK / "bin" / "spark-submit"), "--conf", f"spark.pyspark.python={sys.executable}"]
    done = subprocess.run(
        [*command, *arguments], env={**os.environ, **HERE, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


@pytest.fixture
def here(tmp_path: Path) -> Run:
    """A run whose two segments are two tasks, and its tables made by DuckDB."""
    run = crawl_run(tmp_path / "here", visits=[visit()])
    two_attempts(run)
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    run_etl(run)
    return run


def test_etl_on_sparks_own_cluster(here: Run, tmp_path: Path) -> None:
    master = f"spark://127.0.0.1:{(port := services.free_port())}"
    classes, at = "org.apache.spark.deploy", ("--host", "127.0.0.1", "--webui-port", "0")
    java = str(SPARK / "bin" / "spark-class")
    log, work = tmp_path / "master.log", str(tmp_path / "work")
    with (
        running(log, java, f"{classes}.master.Master", *at, "--port", str(port), until="ALIVE"),
        running(
            tmp_path / "worker.log",
            *(java, f"{classes}.worker.Worker", *at, "--cores", "2", "--memory", "1g", "-d", work, master),
            until="Successfully registered",
        ),
    ):
        submit("--master", master, SUBMITTED, "etl", str(tmp_path / "there"), "--engine", "spark")
        assert "Registered app overscripted" in log.read_text()
    same_tables(Run.open(tmp_path / "there"), here)


_YARN = {
    "yarn.resourcemanager.scheduler.class": (
        "org.apache.hadoop.yarn.server.resourcemanager.scheduler.fifo.FifoScheduler"
    ),
    "yarn.nodemanager.vmem-check-enabled": "false",
    "yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage": "100",
}


@contextlib.contextmanager
def yarn(folder: Path) -> Iterator[Path]:
    """A resource manager and a node manager; the folder of their configuration."""
    from py4j.java_gateway import JavaGateway

    folder.mkdir()
    opened = ["--add-opens=java.base/java.lang=ALL-UNNAMED", f"-Dtest.build.data={folder}"]
    gateway = JavaGateway.launch_gateway(
        classpath=f"{YARN}/*:{SPARK}/jars/*", javaopts=opened, die_on_exit=True
    )
    java = gateway.jvm
    try:
        wished = java.org.apache.hadoop.yarn.conf.YarnConfiguration()
        for name, value in _YARN.items():
            wished.set(name, value)
        cluster = java.org.apache.hadoop.yarn.server.MiniYARNCluster("overscripted", 1, 1, 1)
        cluster.init(wished)
        cluster.start()
        file = java.java.io.FileOutputStream(str(folder / "yarn-site.xml"))
        cluster.getConfig().writeXml(file)
        file.close()
        yield folder
        cluster.stop()
    finally:
        gateway.shutdown()


@pytest.mark.skipif(not YARN, reason="OVERSCRIPTED_YARN_JARS names no folder with Hadoop's small cluster")
@pytest.mark.parametrize("mode", ["client", "cluster"])
def test_etl_on_yarn(here: Run, tmp_path: Path, mode: str) -> None:
    with yarn(tmp_path / "yarn") as settings:
        submit(
            *("--master", "yarn", "--deploy-mode", mode, "--executor-memory", "512m"),
            *(SUBMITTED, "etl", str(tmp_path / "there"), "--engine", "spark"),
            HADOOP_CONF_DIR=str(settings),
        )
    same_tables(Run.open(tmp_path / "there"), here)

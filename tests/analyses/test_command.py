"""The commands of the analyses and the report: their help is fast and needs no engine."""

import subprocess
import sys
from typing import Any

import click
import pyarrow as pa
import pytest

from overscripted.analyses import command as analyze_command
from overscripted.analyses.command import analyze
from overscripted.engine_names import ENGINES
from overscripted.engines import open_engine
from overscripted.report import command as report_command


@pytest.mark.parametrize("module", [analyze_command.__name__, report_command.__name__])
def test_a_command_loads_no_engine(module: str) -> None:
    code = f"import sys, {module}; print(*({{'ibis', 'duckdb', 'jinja2', 'matplotlib'}} & {{*sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.spark
def test_each_engine_that_can_be_named_can_be_opened(spark: object) -> None:
    (option,) = (option for option in analyze.params if option.name == "engine")
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == ENGINES
    for name in ENGINES:
        with open_engine(name) as engine:
            assert engine.name == name


@pytest.mark.spark
def test_a_session_that_others_began_goes_on(spark: Any) -> None:
    # As after Python's thread got another thread of the JVM, which knows of no active session.
    spark._session._jvm.org.apache.spark.sql.SparkSession.clearActiveSession()
    with open_engine("spark"):
        pass
    assert spark.to_arrow(spark.table(pa.table({"n": [1, 2]})).n.sum().as_table()).to_pylist() == [
        {"Sum(n)": 3}
    ]

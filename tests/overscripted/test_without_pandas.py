"""Our commands do not load pandas, and what is loaded later works with it."""

import subprocess
import sys
from pathlib import Path

from tests.etl.conftest import call, crawl_run, visit

LATER = """
import sys
import pyarrow as pa
from overscripted import without_pandas
without_pandas.hide()
finders = len(sys.meta_path)
assert pa.array(["x"]).to_pylist() == ["x"] and "pandas" not in sys.modules
frame = pa.table({"a": [1, None]}).to_pandas()
assert pa.table(frame)["a"].null_count == 1
import pandas
assert pa.array(pandas.Series([1.0, None])).null_count == 1
without_pandas.hide()
assert pa.table(frame)["a"].null_count == 1 and len(sys.meta_path) == finders
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done


def test_pandas_is_hidden_only_until_it_is_wanted() -> None:
    python("-c", LATER)


def test_an_etl_does_not_load_pandas(tmp_path: Path) -> None:
    run = crawl_run(tmp_path / "run", calls=[call()], visits=[visit()])
    loaded = python("-X", "importtime", "-m", "overscripted", "etl", run.store.url).stderr
    names = {line.rpartition("|")[2].strip() for line in loaded.splitlines()}
    assert "pyarrow" in names and "pandas.core" not in names

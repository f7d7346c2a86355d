"""Test files are shared out so that those with Firefox are never behind the others."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import sharing

ROOT = Path(__file__).parents[1]
_TELL = """
import json, os, pathlib
def test_it():
    (pathlib.Path(__file__).with_suffix(".json")).write_text(json.dumps(os.nice(0)))
"""


def test_files_with_firefox_run_at_the_usual_priority_and_others_behind_them(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        for folder, text in (
            ("crawl", f"import pytest\npytestmark = pytest.mark.firefox{_TELL}"),
            ("etl", f"# engine{_TELL}"),
            ("lists", _TELL),
        ):
            file = tmp_path / "tests" / folder / f"test_{name}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    options = "-n 4 --no-loadscope-reorder -p tests.sharing -p no:cacheprovider --rootdir".split()
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV"))}
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--import-mode=importlib", *options, str(tmp_path), "tests"],
        cwd=tmp_path,
        env={**own, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    niceness: dict[str, list[int]] = {"crawl": [], "etl": [], "lists": []}
    for told in (tmp_path / "tests").rglob("*.json"):
        niceness[told.parent.name].append(json.loads(told.read_text(encoding="utf-8")))
    usual = os.nice(0)
    assert niceness["crawl"] == [usual] * 3
    assert len(niceness["etl"]) == len(niceness["lists"]) == 3
    assert min(usual + sharing.NICENESS, 19) in niceness["etl"]


def test_each_test_with_firefox_is_seen_in_its_file(request: pytest.FixtureRequest) -> None:
    """In a run of the whole suite, of all its tests."""
    for item in request.session.items:
        asks = "firefox" in getattr(item, "fixturenames", ())
        if asks or item.get_closest_marker("firefox"):
            assert sharing.kind(ROOT / item.nodeid.partition("::")[0]) == "firefox", item.nodeid

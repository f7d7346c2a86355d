"""Measures which lines of the product the tests run: ``pytest -p tests.measured``, for the whole suite.

SlipCover puts a probe into each line of the product as it is imported, and takes it out once it has run. On
Python 3.11 coverage.py would have Python call a function at each line of all code, libraries' too: tests of
analyses and the etl took 62 % more CPU with it; with probes they take 2 % more. coverage.py keeps the lines
and writes the table. pyproject.toml says what is measured, and the limit.
"""

import copyreg
import os
from pathlib import Path
from typing import Any

import coverage
import pytest
import slipcover
from slipcover import probe

ROOT = Path(__file__).parents[1]
DATA = str(ROOT / ".coverage")
TABLE = ROOT / "build" / "coverage.md"

# The processes that run tests thus load this before they import anything.
os.environ["PYTEST_PLUGINS"] = __name__


def _folders() -> list[Path]:
    names: Any = coverage.Coverage(data_file=None).get_option("run:source")
    return [ROOT / name for name in names]


_UNREAD = slipcover.Slipcover()


def _no_probe() -> Any:
    """What code that is sent to Spark's workers has in place of a probe: nobody reads what it sees there."""
    return probe.new(_UNREAD, "", 0, _UNREAD.d_miss_threshold)


class Measured:
    """In a process that runs tests: the lines of the product that have run."""

    def __init__(self) -> None:
        self.lines = slipcover.Slipcover()
        files = slipcover.FileMatcher(sources=[str(folder) for folder in _folders()])
        slipcover.ImportManager(self.lines, files).__enter__()
        copyreg.pickle(type(_no_probe()), lambda _probe: (_no_probe, ()))

    def pytest_sessionfinish(self) -> None:
        self.lines.get_coverage()  # takes in the last lines
        found = {str(Path(name).resolve()): lines for name, lines in self.lines.all_seen.items()}
        data = coverage.CoverageData(DATA, suffix=str(os.getpid()))
        data.add_lines(found)
        data.write()


class Reported:
    """In the process that ends last: the table of all processes, and the limit."""

    percent, limit = 0.0, 0.0

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        whole = coverage.Coverage(data_file=DATA)
        whole.combine()
        whole.get_data().touch_files([str(file) for folder in _folders() for file in folder.rglob("*.py")])
        TABLE.parent.mkdir(exist_ok=True)
        with TABLE.open("w", encoding="utf-8") as table:
            self.percent = whole.report(file=table, output_format="markdown")
        limit: Any = whole.get_option("report:fail_under")
        self.limit = float(limit)
        if self.percent < self.limit and not session.exitstatus:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        said = f"coverage: {self.percent:.2f} % of the lines, of which {self.limit:g} % must run; see {TABLE}"
        terminalreporter.write_line(said, red=self.percent < self.limit)


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    worker = "PYTEST_XDIST_WORKER" in os.environ
    if worker or not early_config.known_args_namespace.numprocesses:
        early_config.pluginmanager.register(Measured())
    if not worker:
        coverage.CoverageData(DATA).erase(parallel=True)
        early_config.pluginmanager.register(Reported())

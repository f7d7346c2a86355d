"""Writes what each test file cost to build/costs.md: ``pytest -n 3 -p tests.costs``, for the whole suite.

A file with many seconds and little CPU waits: for pages, or for a CPU that other processes had. CPU seconds
are those of the process that runs tests and of all that it started, Firefox and Spark too.
"""

import contextlib
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

TABLE = Path("build", "costs.md")
KEY = "costs"


class Cost(NamedTuple):
    """Of a file: the process that ran it, seconds, CPU seconds."""

    file: str
    process: str
    wall_s: float
    cpu_s: float


def cpu_s() -> float:
    """CPU seconds of this process, of those that it started and that they started."""
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):  # children that have ended
        used = resource.getrusage(who)
        total += used.ru_utime + used.ru_stime
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            total += sum(child.cpu_times()[:4])  # its own and those of its children that have ended
    return total


class Costs:
    """In a process that runs tests: the costs of its files."""

    def __init__(self, process: str) -> None:
        self.process = process
        self.files: list[Cost] = []
        self.began: tuple[float, float] | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
        if self.began is None:
            self.began = time.monotonic(), cpu_s()
        result = yield
        file = _file(item)
        if nextitem is None or _file(nextitem) != file:
            wall, cpu = self.began
            self.files.append(Cost(file, self.process, time.monotonic() - wall, cpu_s() - cpu))
            self.began = None
        return result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output: dict[str, Any] = session.config.workeroutput  # type: ignore[attr-defined]
        output[KEY] = [tuple(cost) for cost in self.files]


class Reported:
    """In the process that ends last: the table of all files, the most expensive first."""

    def __init__(self, folder: Path) -> None:
        self.table = folder / TABLE
        self.files: list[Cost] = []

    def pytest_testnodedown(self, node: Any) -> None:
        self.files += [Cost(*cost) for cost in getattr(node, "workeroutput", {}).get(KEY, [])]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        self.table.parent.mkdir(exist_ok=True)
        self.table.write_text(_table(self.files), encoding="utf-8")
        for process in sorted({cost.process for cost in self.files}):
            ran = [cost for cost in self.files if cost.process == process]
            wall, cpu = sum(cost.wall_s for cost in ran), sum(cost.cpu_s for cost in ran)
            terminalreporter.write_line(f"{process}: {len(ran)} files, {wall:.0f} s, {cpu:.0f} CPU s")
        terminalreporter.write_line(f"costs: {self.table}")


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _table(files: list[Cost]) -> str:
    lines = ["| file | process | s | CPU s |", "| --- | --- | ---: | ---: |"]
    lines += [
        f"| {cost.file} | {cost.process} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} |"
        for cost in sorted(files, key=lambda cost: cost.wall_s, reverse=True)
    ]
    return "\n".join(lines) + "\n"


def pytest_configure(config: pytest.Config) -> None:
    if worker := getattr(config, "workerinput", None):
        config.pluginmanager.register(Costs(worker["workerid"]))
    elif config.option.numprocesses:
        config.pluginmanager.register(Reported(config.rootpath))

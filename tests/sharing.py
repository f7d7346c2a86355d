"""Shares the test files out to four processes on two cores: ``pytest -n 4 -p tests.sharing``.

A page is watched for seconds in which nothing computes: tests with Firefox use a third of a core. A third
Firefox at once would leave pages too little CPU when they do compute. So two processes take the files with
Firefox first. The others take none of them, and run at a low priority: they use what CPU the two leave. They
take the files with Spark first, so that the two seldom start a Spark of their own. Each file runs in one
process; files of a kind begin in the order of tests/conftest.py.
"""

import functools
import os
import re
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

BEHIND = "behind"  # of the process that runs at a low priority
BEFORE = 2  # processes that are not behind
NICENESS = 10  # a tenth of the CPU of the others where all want it

# How a test says that it needs Firefox: by the marker or by the fixture. Spark: most often by the fixture.
FIREFOX = re.compile(r"""mark\.firefox|usefixtures\("firefox"|\bfirefox: None""")
SPARK = re.compile(r"\b(spark|engine)\b")
ORDER, ORDER_BEHIND = ("firefox", "other", "spark"), ("spark", "other")


@functools.cache
def kind(file: Path) -> str:
    """What a test of this file needs: ``firefox``, ``spark`` or ``other``."""
    text = file.read_text(encoding="utf-8")
    return "firefox" if FIREFOX.search(text) else "spark" if SPARK.search(text) else "other"


class Sharing(LoadFileScheduling):
    """Gives a process the next file of the first kind that it takes and that is left."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        kinds = {file: kind(self.config.rootpath / file) for file in self.workqueue}
        order = ORDER_BEHIND if node.workerinput.get(BEHIND) else ORDER
        wanted = sorted((file for file in kinds if kinds[file] in order), key=lambda f: order.index(kinds[f]))
        if not wanted:
            node.shutdown()
            return
        self.workqueue.move_to_end(wanted[0], last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Sharing:
    return Sharing(config, log)


def pytest_configure_node(node: WorkerController) -> None:
    """Of the processes that begin, the first two are not behind. One that stands in for a dead one is not."""
    n = node.config.option.numprocesses or 0
    node.workerinput[BEHIND] = node.gateway.id in {f"gw{number}" for number in range(BEFORE, n)}


def pytest_configure(config: pytest.Config) -> None:
    if getattr(config, "workerinput", {}).get(BEHIND):
        os.nice(NICENESS)

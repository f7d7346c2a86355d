"""The Python of pages of the documentation that open a run, on a run."""

import re
from pathlib import Path

import pytest

from overscripted.engines import Engine
from overscripted.run import Run

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: Path) -> list[str]:
    """The blocks of Python of a page that opens a run with "RUN"."""
    found = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    return found if any('open_run("RUN"' in block for block in found) else []


PAGES = [page for page in sorted(DOCS.rglob("*.md")) if blocks(page)]


def executed(code: list[str], made: Run) -> None:
    names: dict[str, object] = {}
    for block in code:
        exec(compile(block.replace('"RUN"', repr(made.store.url)), block, "exec"), names)


def test_the_guide_is_among_them() -> None:
    assert {"python.md", "explore.md", "records.md"} <= {page.name for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_line_runs(made: Run, page: Path) -> None:
    executed([block for block in blocks(page) if 'engine="spark"' not in block], made)


@pytest.mark.spark
def test_each_line_about_spark_runs(made: Run, spark: Engine) -> None:
    code = [block for page in PAGES for block in blocks(page) if 'engine="spark"' in block]
    assert code
    executed(["import overscripted", *code], made)

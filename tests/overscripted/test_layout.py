"""The layout of a run: each key is written in one module, and the keys are those that were published."""

import ast
import re
from collections.abc import Iterator

import pytest

from overscripted import layout
from tests.product import python_files

FOLDERS = "precrawl|crawl|dwell|kept|raw|tables|etl|findings|report|demo"
KEY = re.compile(rf"run\.json|frontier\.sqlite|({FOLDERS})/[\w.{{}}-]*")


def keys_in(source: str) -> Iterator[str]:
    """The keys of a run that Python code writes as texts, docstrings and messages left out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):  # f"raw/{table}"
            first = node.values[0] if node.values else None
            text = str(first.value) + "{}" if isinstance(first, ast.Constant) else ""
        else:
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if KEY.match(text) and " " not in text:
            yield text


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('read(store, "tables/calls")', ["tables/calls"]),
        ('store.files(f"raw/{table}", ".parquet")', ["raw/{}", "raw/"]),
        ('"run.json"', ["run.json"]),
        ('"""Reads tables/calls of a run."""', []),
        ('InputError("raw/calls is damaged; look there")', []),
        ('layout.table("calls")', []),
        ('"application/report"', []),
    ],
)
def test_a_key_that_is_written_as_a_text_is_found(source: str, found: list[str]) -> None:
    assert list(keys_in(source)) == found


def test_no_stage_writes_a_key_of_a_run_itself() -> None:
    files = [path for path in python_files() if path.name != "layout.py"]
    assert len(files) > 150
    written = {path: found for path in files if (found := [*keys_in(path.read_text())])}
    assert not written


def test_the_keys_are_those_that_other_programs_know() -> None:
    assert layout.RECORD == "run.json"
    assert layout.SEEDS == "precrawl/seeds.parquet"
    assert layout.vantage_links("home") == "precrawl/home.parquet"
    assert layout.vantage_outcomes("home") == "precrawl/home.outcomes.parquet"
    assert layout.raw("calls") == "raw/calls"
    assert layout.table("calls") == "tables/calls"
    assert layout.finding_summary("overview") == "findings/overview/summary.json"
    assert layout.finding_table("overview", "gaps") == "findings/overview/gaps.parquet"
    assert layout.REPORT == "report/index.html"


def test_findings_are_known_by_their_summary() -> None:
    keys = [
        "findings/a/figure.svg",
        "findings/b/summary.json",
        "findings/b/c/summary.json",
        "x/d/summary.json",
    ]
    assert layout.finding_names(keys) == ["b"]

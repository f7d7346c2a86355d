"""`overscripted demo` touches nothing that is not a demo, and its comparison finds what differs."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from overscripted import layout
from overscripted.demo.check import Check
from overscripted.demo.command import _judge, _make_room, demo
from overscripted.errors import InputError, OutsideError
from overscripted.run import Run


def test_a_folder_that_is_no_demo_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("ten years of work")
    result = CliRunner().invoke(demo, [str(tmp_path)])
    assert isinstance(result.exception, InputError)
    assert "not a demo" in str(result.exception)
    assert (tmp_path / "thesis.txt").read_text() == "ten years of work"


def test_nothing_is_deleted_where_the_second_run_has_no_room(tmp_path: Path) -> None:
    Run.open(tmp_path / "run", create=True).store.write_json(layout.DEMO_TRUTH, {})
    (tmp_path / "run-behaviours").mkdir()
    (tmp_path / "run-behaviours" / "thesis.txt").write_text("ten years of work")
    result = CliRunner().invoke(demo, [str(tmp_path / "run")])
    assert isinstance(result.exception, InputError)
    assert "run-behaviours: holds something that is not a demo" in str(result.exception)
    assert (tmp_path / "run" / layout.DEMO_TRUTH).exists()


def test_an_earlier_demo_makes_room_for_the_next(tmp_path: Path) -> None:
    earlier = Run.open(tmp_path, create=True)
    earlier.store.write_json(layout.DEMO_TRUTH, {})
    earlier.store.write("raw/calls/old.parquet", b"")
    earlier.store.write("notebooks/mine.ipynb", b"my own")
    (store,) = _make_room(str(tmp_path))
    later = Run.open(store.url, create=True)
    assert later.store.files() == ["notebooks/mine.ipynb", "run.json"]
    assert later.crawl_id != earlier.crawl_id


def test_npm_asked_for_and_missing_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    result = CliRunner().invoke(demo, [str(tmp_path / "run"), "--libraries", "npm"])
    assert isinstance(result.exception, InputError)
    assert "npm is not installed" in str(result.exception)
    assert not (tmp_path / "run" / layout.DEMO_TRUTH).exists()


def test_the_comparison_names_what_is_missing_doubled_or_different() -> None:
    comparison = Check("seeds")
    comparison.same_items("seed", ["a", "b", "b"], ["a", "b", "c"])
    comparison.same("outcome of a", "timeout", "complete")
    assert comparison.facts == 4
    assert comparison.wrong == [
        "seed: 'c' missing (1)",
        "seed: 'b' too much (1)",
        "outcome of a: found 'timeout', expected 'complete'",
    ]


def test_a_demo_that_differs_from_its_truth_fails() -> None:
    right, wrong = Check("seeds"), Check("outcomes")
    right.same("a", 1, 1)
    wrong.same("a", 1, 2)
    _judge([right], "demo-run")
    with pytest.raises(OutsideError, match="1 of 2 comparisons differ"):
        _judge([right, wrong], "demo-run")

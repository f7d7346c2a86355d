"""A run's record, and what is refused."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from overscripted.errors import InputError, StageMissing
from overscripted.run import FORMAT_VERSION, Run
from overscripted.status import status


def test_a_new_run_is_recorded_and_opened_again(tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", create=True)
    run.begin("crawl", {"dwell": 10})
    run.finish("crawl", facts={"seeds": 3})
    again = Run.open(tmp_path / "run")
    assert again.crawl_id == run.crawl_id > 1
    assert again.stage("crawl")["status"] == "complete"
    assert again.stage("crawl")["options"] == {"dwell": 10}
    assert again.stage("crawl")["facts"] == {"seeds": 3}


def test_two_processes_record_two_stages(tmp_path: Path) -> None:
    first = Run.open(tmp_path, create=True)
    second = Run.open(tmp_path)
    first.begin("crawl", {})
    second.begin("etl", {})
    assert set(Run.open(tmp_path).record["stages"]) == {"crawl", "etl"}


def test_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run here"):
        Run.open(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_a_folder_with_other_things_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("years of work")
    with pytest.raises(InputError, match="not empty and not a run"):
        Run.open(tmp_path, create=True)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.doc"]


def test_another_format_is_refused_by_name(tmp_path: Path) -> None:
    run = Run.open(tmp_path, create=True)
    run.store.write_json("run.json", {**run.record, "format_version": FORMAT_VERSION + 1})
    before = (tmp_path / "run.json").read_bytes()
    with pytest.raises(InputError, match="written in run format"):
        Run.open(tmp_path, create=True)
    assert (tmp_path / "run.json").read_bytes() == before


def test_a_missing_stage_names_the_command_that_makes_it(tmp_path: Path) -> None:
    run = Run.open(tmp_path, create=True)
    with pytest.raises(StageMissing, match=r"overscripted crawl .* or `overscripted import study"):
        run.require("crawl", "import")


def test_status_of_an_empty_run_says_what_is_next(tmp_path: Path) -> None:
    Run.open(tmp_path, create=True)
    shown = CliRunner().invoke(status, [str(tmp_path)])
    assert shown.exit_code == 0
    assert "precrawl" in shown.output and "missing" in shown.output and "next:" in shown.output


def test_status_is_readable_on_a_narrow_terminal(tmp_path: Path) -> None:
    run = Run.open(tmp_path, create=True)
    run.begin("import", {})
    run.finish("import", facts={"files": 11, "raw_calls": 414262, "source": "a [b]text[/b] \x1b[31m\u202e"})
    shown = CliRunner(env={"COLUMNS": "80"}).invoke(status, [str(tmp_path)])
    assert shown.exception is None
    lines = shown.output.splitlines()
    assert all(len(line) <= 80 for line in lines if str(tmp_path) not in line)
    assert any("files 11, raw calls 414,262" in line for line in lines)
    assert "source: a [b]text[/b]" in shown.output
    assert "\x1b" not in shown.output and "\u202e" not in shown.output
    assert f"next: overscripted etl {tmp_path}" in shown.output

"""``overscripted import`` as a user has it: what it says, what it leaves, what the next commands say."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from overscripted.cli import main
from overscripted.errors import InputError, StageMissing, UserError
from overscripted.run import Run
from overscripted.status import state_of
from tests.etl.openwpm_eras import database, story


def _said(*arguments: object) -> Result:
    found = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert found.exception is None or isinstance(found.exception, UserError), found.output
    return found


def _crawl(path: Path) -> Path:
    return database(path, "2019-08", story("2019-08"))


def test_an_import_ends_with_what_it_read_and_what_not(tmp_path: Path) -> None:
    told = story("2019-08")
    told["http_responses"].append(told["http_responses"][0] | {"url": "https://nobody.example/"})
    folder = tmp_path / "data"
    folder.mkdir()
    database(folder / "crawl.sqlite", "2019-08", told)
    (folder / "\x1b[31mcert8.db").write_bytes(bytes(100) + b"x")
    lines = _said("import", "openwpm", folder, tmp_path / "run").output.splitlines()
    (counts,) = [line for line in lines if "rows read" in line]
    assert "rows read 20, rows kept 19, rows left out 1, files left out 1" in counts
    assert "left out: 1 of http_responses: of no request that was kept" in lines
    assert any(line.startswith("left out files: \ufffd[31mcert8.db: no readable SQLite") for line in lines)
    assert lines[-1] == f"next: overscripted etl {tmp_path / 'run'}"


@pytest.mark.parametrize("strict", [False, True])
def test_an_import_that_fails_leaves_no_run_where_there_was_none(tmp_path: Path, strict: bool) -> None:
    (tmp_path / "x.sqlite").write_bytes(b"no database")
    (tmp_path / "there").mkdir()
    for folder in ("new", "there"):
        found = _said(
            "import", "openwpm", tmp_path / "x.sqlite", tmp_path / folder, *["--strict"][: int(strict)]
        )
        assert isinstance(found.exception, InputError)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["there", "x.sqlite"]
    assert isinstance(_said("etl", tmp_path / "new").exception, InputError)


def test_an_import_that_fails_leaves_the_run_that_was_there(tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", create=True)
    (tmp_path / "x.sqlite").write_bytes(b"no database")
    assert _said("import", "openwpm", tmp_path / "x.sqlite", run.store.url).exception
    following = _said("etl", run.store.url).exception
    assert isinstance(following, StageMissing)
    assert f"`overscripted import openwpm {tmp_path / 'x.sqlite'} {run.store.url}`" in str(following)


def test_findings_of_a_replaced_import_are_not_reported(tmp_path: Path) -> None:
    first, run = _crawl(tmp_path / "a.sqlite"), tmp_path / "run"
    for command in (["import", "openwpm", first], ["etl"], ["analyze"], ["report"]):
        assert _said(*command, run).exception is None
    told = story("2019-08")
    told["site_visits"] = told["site_visits"][:1]
    assert _said("import", "openwpm", database(tmp_path / "b.sqlite", "2019-08", told), run).exception is None
    for command in ("analyze", "report", "sample"):
        more = [tmp_path / "out"] if command == "sample" else []
        found = _said(command, run, *more).exception
        assert isinstance(found, StageMissing) and "run `overscripted etl" in str(found)
    assert "out of date" in _said("status", run).output
    assert _said("etl", run).exception is None
    # One question is answered anew, the others not yet: the report would show both.
    assert _said("analyze", run, "overview").exception is None
    assert state_of(Run.open(run), "analyze") == "out of date"
    found = _said("report", run).exception
    assert isinstance(found, StageMissing) and f"run `overscripted analyze {run}`" in str(found)
    assert _said("analyze", run).exception is None
    assert _said("report", run).exception is None
    assert "every stage complete" in _said("status", run).output

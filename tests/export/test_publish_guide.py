"""docs/guide/publish.md: its commands from the tables to a reader's run, and its SQL.

What needs Firefox (the crawl and its archive) has tests of its own.
"""

import re
import shlex
import subprocess
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from overscripted.cli import main
from overscripted.run import Run
from tests.etl.conftest import by, call, crawl_run, rows, visit

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "publish.md"
SECRET = "me@example.com"
# The commands that are run, by their beginnings. Others need Firefox, or what another command made.
RUN = (
    *("overscripted export", "overscripted sample runs/mine", "overscripted etl runs/mine", "(cd public"),
    *("overscripted import datapackage", "overscripted etl runs/theirs", "overscripted analyze runs/theirs"),
)


def test_the_guides_commands_make_what_a_reader_uses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = crawl_run(
        tmp_path / "runs" / "mine",
        calls=[call(ordinal=n, value=f"{SECRET} {n}") for n in range(3)],
        visits=[visit(), visit(visit_id=2, outcome="net_error")],
    )
    (tmp_path / "public").mkdir()
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    chosen = [line for line in lines if line.startswith(RUN)]
    assert len(chosen) == len(RUN), chosen
    monkeypatch.chdir(tmp_path)
    for line in chosen:
        if line.startswith("overscripted "):
            done = CliRunner().invoke(main, shlex.split(line)[1:], standalone_mode=False)
            assert done.exit_code == 0, (line, done.output, done.exception)
        else:
            subprocess.run(["bash", "-ec", line], check=True, timeout=60)
    theirs = Run.open(tmp_path / "runs" / "theirs")
    assert by(theirs, "calls", "visit_id", "ordinal", "value") == [(1, n, f"[e-mail] {n}") for n in range(3)]
    assert rows(theirs, "pages") == rows(mine, "pages")
    (query,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    query = query.replace("'public/", f"'{tmp_path}/public/")
    assert sorted(duckdb.sql(query).fetchall()) == [("complete", 1), ("net_error", 1)]

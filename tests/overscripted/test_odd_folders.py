"""Every stage works in a folder that may be called anything."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from overscripted.store import Store
from tests.overscripted.odd_names import ALL
from tests.precrawl.web import Web, page


@pytest.mark.firefox
@pytest.mark.skipif(not shutil.which("firefox-esr"), reason="Firefox (firefox-esr) is not installed")
def test_every_stage_works_in_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run, its list and what lies outside of it, such as temporary files, are all in such folders."""
    # DuckDB takes a backslash in the name of a folder of its own for a slash.
    home, name = tmp_path / ALL[0].replace("\\", ""), ALL[0] + ALL[1]
    for variable in ("TMPDIR", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        (home / variable).mkdir(parents=True)
        monkeypatch.setenv(variable, str(home / variable))
    sites, run = home / "[s]ites?.txt", home / name

    def stage(command: str, *options: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "overscripted", command, str(run), *options],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr[-3000:])

    with Web(lambda request: page(f"http://localhost:{web.port}/other")) as web:
        sites.write_text(f"127.0.0.1:{web.port}\n")
        stage("precrawl", "--sites", str(sites), "--vantage", "home", "--allow-private")
        stage("crawl", "--allow-private", "--dwell", "0.1", "--windows", "1")
    for command in ("etl", "analyze", "report", "status"):
        stage(command)
    assert (run / "report/index.html").stat().st_size > 1000
    (row,) = Store(str(run)).read_table("tables/visits").to_pylist()
    assert (row["site_url"], row["outcome"]) == (f"http://localhost:{web.port}/other", "complete")
    assert [path.name for path in tmp_path.iterdir()] == [home.name]
    assert len(list(home.iterdir())) == 5

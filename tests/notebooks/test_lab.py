"""`overscripted lab`: a real JupyterLab on a run, and what it does to a user's own notebooks."""

import importlib.util
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from overscripted.errors import InputError, SoftwareMissing, StageMissing
from overscripted.notebooks.command import FIRST, copy_notebooks, lab
from overscripted.run import Run
from tests.analyses.planted import call, planted_run

jupyterlab = pytest.mark.skipif(
    importlib.util.find_spec("jupyterlab") is None, reason="the extra `notebooks` is not installed"
)
STARTS_WITHIN_S = 120


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return planted_run(tmp_path / "run", [call("https://a.com/", "https://b.com/x.js")])


@pytest.fixture
def address(run: Run) -> Iterator[str]:
    """Where a JupyterLab that our command started listens; with its token."""
    options = ["--no-browser", "--ip", "127.0.0.1", "--port", "0"]
    command = [sys.executable, "-m", "overscripted", "lab", run.store.url, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    killer = threading.Timer(STARTS_WITHIN_S, process.kill)
    killer.start()
    output = ""
    try:
        assert process.stdout
        for line in process.stdout:
            output += line
            if found := re.search(r"http://127\.0\.0\.1:\d+/lab\S*", line):
                # Its further words go nowhere, or it would wait for us to read them.
                threading.Thread(target=process.stdout.read, daemon=True).start()
                yield found.group(0)
                break
        else:
            pytest.fail(output)
    finally:
        killer.cancel()
        process.terminate()
        process.wait(30)


@jupyterlab
def test_jupyterlab_opens_on_our_notebook(run: Run, address: str) -> None:
    base, _, token = address.partition("/lab")
    session = requests.Session()
    session.trust_env = False
    # It says its address a moment before it listens.
    session.mount(base, HTTPAdapter(max_retries=Retry(connect=12, backoff_factor=0.1)))
    url = f"{base}/api/contents/{FIRST}"
    assert session.get(url, timeout=30).status_code == 403  # without the token
    answer = session.get(url, params={"token": token.partition("token=")[2]}, timeout=30)
    assert answer.json()["type"] == "notebook"
    assert Path(run.store.path("notebooks"), FIRST).is_file()


def test_a_users_notebook_is_never_overwritten(tmp_path: Path) -> None:
    assert FIRST in copy_notebooks(tmp_path)
    (tmp_path / FIRST).write_text("my own")
    assert copy_notebooks(tmp_path) == []
    assert (tmp_path / FIRST).read_text() == "my own"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="name another --folder"):
        copy_notebooks(tmp_path / "file" / "below")


def test_no_run_no_tables_no_jupyter_no_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def error(*arguments: str) -> BaseException | None:
        return CliRunner().invoke(lab, arguments).exception

    assert isinstance(error(str(tmp_path / "nowhere")), InputError)
    Run.open(tmp_path / "empty", create=True)
    assert isinstance(error(str(tmp_path / "empty")), StageMissing)
    remote = Run.open("memory://lab", create=True)
    remote.begin("etl", {})
    remote.finish("etl")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert "--folder" in str(error("memory://lab"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    missing = error(run.store.url)
    assert isinstance(missing, SoftwareMissing) and "overscripted[notebooks]" in str(missing)
    assert not run.store.exists("notebooks")

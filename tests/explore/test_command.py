"""`overscripted explore` prints its address, serves it, ends by Ctrl-C, and explains mistakes."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from overscripted.cli import main
from overscripted.errors import InputError
from overscripted.explore.server import guarded, named
from overscripted.run import Run


def test_it_serves_the_address_that_it_prints_until_it_is_interrupted(run: Run) -> None:
    command = [sys.executable, "-m", "overscripted", "explore", run.store.url, "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout and server.stderr
        address = server.stdout.readline().split()[-1]
        answer = requests.Session().get(address)
        assert (answer.status_code, "<h1>run</h1>" in answer.text) == (200, True)
        assert address.startswith("http://127.0.0.1:") and "token" not in answer.url
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0
        assert server.stderr.read() == ""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "example.com"], "an IP address is expected"),
        (["--host", "203.0.113.1", "--port", "80"], "name another port"),
        (["--export", "."], "no earlier export"),
    ],
)
def test_a_mistake_is_explained(run: Run, options: list[str], words: str) -> None:
    done = CliRunner().invoke(main, ["explore", run.store.url, "--no-browser", *options])
    assert isinstance(done.exception, InputError) and words in str(done.exception)


def test_a_run_without_tables_is_refused(tmp_path: Path) -> None:
    Run.open(tmp_path / "new", create=True)
    done = CliRunner().invoke(main, ["explore", str(tmp_path / "new")])
    assert "overscripted etl" in str(done.exception)


def test_runs_of_one_name_have_addresses_of_their_own(run: Run) -> None:
    data = named([run, run])
    assert list(data) == ["run", "run-2"]
    assert {one.name for one in data.values()} == set(data)
    guarded(data, "0.0.0.0", 80)
    for one in data.values():
        one.close()

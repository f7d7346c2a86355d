"""The command line: every command has help with an example, errors are one line with an exit code."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from overscripted.cli import COMMANDS, main


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    shown = CliRunner().invoke(main, [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert "Example" in shown.output


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["status", "nowhere"], 3, "no run here"),
        (["etl", "nowhere"], 3, "no run here"),
        (["analyze", "nowhere"], 3, "no run here"),
        (["report", "nowhere"], 3, "no run here"),
        (["precrawl", "new", "--sites", "absent.csv", "--vantage", "home"], 3, "absent.csv"),
        (["nonsense"], 2, "nonsense"),
        (["etl"], 2, "RUN"),
    ],
)
def test_a_user_mistake_is_one_line_and_an_exit_code(
    tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "overscripted", *arguments], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/proc/no-such/run", "file/run"])
@pytest.mark.parametrize("stage", ["precrawl", "crawl", "import"])
def test_a_place_where_no_run_can_be_is_named(tmp_path: Path, stage: str, place: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "sites.txt").write_text("a.example\n")
    (tmp_path / "seeds.txt").write_text("http://a.example/\n")
    (tmp_path / "data.json").write_text("{}")
    words = {
        "precrawl": ["precrawl", place, "--sites", "sites.txt", "--vantage", "home"],
        "crawl": ["crawl", place, "--seeds", "seeds.txt"],
        "import": ["import", "study", "data.json", place],
    }
    done = subprocess.run(
        [sys.executable, "-m", "overscripted", *words[stage]], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode in (3, 5), done.stderr  # 5: no Firefox here
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert place.partition("/run")[0] in done.stderr or done.returncode == 5

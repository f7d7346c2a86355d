"""What is installed: one import name, whatever lies in the folder that a command is run in."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAGES = [link.name for link in (ROOT / "overscripted").iterdir() if link.is_symlink()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the files in a wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--quiet", "--disable-pip-version-check", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", str(ROOT), *options], check=True)
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_a_wheel_installs_one_import_name(wheel: set[str]) -> None:
    top = {name.partition("/")[0] for name in wheel}
    assert {name for name in top if not name.endswith(".dist-info")} == {"overscripted"}


def test_a_wheel_holds_every_file_of_every_stage(wheel: set[str]) -> None:
    assert {"precrawl", "crawl", "etl", "analyses", "lists", "notebooks"} <= set(STAGES)
    tracked = subprocess.run(
        ["git", "ls-files", *STAGES], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    pages = {f"overscripted/{name}" for name in tracked if not name.endswith(".md")}
    assert len(pages) > 100
    assert pages - wheel == set()


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """A folder of a user's, with folders of the names of our stages; importing one of them fails."""
    for name in STAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('the user\\'s own')\n")
    return tmp_path


def ran(folder: Path, *command: str) -> str:
    """What a command prints that is run in a folder, in the project's environment."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_a_folder_with_the_names_of_stages_is_no_hindrance(crowded: Path) -> None:
    (crowded / "sites.txt").write_text("127.0.0.1:9\n", "utf-8")
    script = str(Path(sys.executable).parent / "overscripted")
    for command in ([script], [sys.executable, "-m", "overscripted"]):
        run = str(crowded / f"run-{len(command)}")
        sites = ["--sites", "sites.txt", "--vantage", "here", "--allow-private"]
        ran(crowded, *command, "precrawl", run, *sites)
        for words in (
            ["status", run],
            ["lists"],
            ["import", "--help"],
            ["crawl", "--help"],
            ["lab", "--help"],
        ):
            assert ran(crowded, *command, *words)


def test_a_notebook_in_such_a_folder_opens_a_run(crowded: Path) -> None:
    code = (
        "from overscripted import open_run;import overscripted.etl.run, overscripted.crawl.run; print('fine')"
    )
    assert ran(crowded, sys.executable, "-c", code) == "fine\n"

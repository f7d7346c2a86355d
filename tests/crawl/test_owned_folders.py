"""Temporary folders: what a killed process left is found, what others use is not."""

import subprocess
import sys
from pathlib import Path

import pytest

from overscripted.crawl import owned_folders
from overscripted.crawl.replay.opening import PREFIX, opened
from overscripted.errors import InputError

MAKE = "from overscripted.crawl import owned_folders; print(owned_folders.make({!r}), flush=True); input()"


def test_the_folder_of_a_killed_process_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    own = owned_folders.make(PREFIX)
    owned_folders.make("another-")
    (tmp_path / f"{PREFIX}of-no-process").mkdir()
    command = [sys.executable, "-c", MAKE.format(PREFIX)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        theirs = Path(other.stdout.readline().strip())
        unnamed = tmp_path / f"{PREFIX}of-no-process"
        assert theirs.is_dir() and owned_folders.left(PREFIX) == [unnamed]
        other.kill()
        other.wait()
        assert sorted(owned_folders.left(PREFIX)) == sorted([theirs, unnamed])
    # A replay removes it, also one that finds no archive.
    with pytest.raises(InputError, match="no such file"), opened((str(tmp_path / "nothing.warc"),)):
        pass
    assert list(tmp_path.glob(f"{PREFIX}*")) == [own]

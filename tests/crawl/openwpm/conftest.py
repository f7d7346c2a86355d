"""A stand-in for an installed OpenWPM: its interfaces with a Python of its own, which has nothing of ours."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawl.openwpm.installation import Installation

_CHECKOUT = Path(__file__).parent / "checkout"
_BROWSER = """#!/bin/sh
# A browser: a process, and one in a session of its own as Xvfb is.
setsid sleep 600 &
exec sleep 600
"""
_FIREFOX = """#!/bin/sh
echo "Mozilla Firefox 152.0"
"""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout, with an environment in its folder `venv`."""
    checkout = tmp_path_factory.mktemp("openwpm") / "OpenWPM"
    shutil.copytree(_CHECKOUT, checkout, ignore=shutil.ignore_patterns("__pycache__"))
    programs = checkout / "venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(Path(sys.executable).resolve())
    for path, text in ((programs / "geckodriver", _BROWSER), (checkout / "firefox", _FIREFOX)):
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    return checkout


@pytest.fixture
def openwpm(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """The installation, for the crawls of one test. It must have left no process and no file."""
    short = Path("/tmp") / f"wpm-{tmp_path.name[-20:]}"  # a socket's path is short
    shutil.rmtree(short, ignore_errors=True)
    short.mkdir()
    monkeypatch.setenv("TMPDIR", str(short))
    monkeypatch.setattr("tempfile.tempdir", str(short))
    yield Installation(installed, tmp_path, short)
    left = [path.name for path in short.glob("overscripted-openwpm-*")]
    shutil.rmtree(short, ignore_errors=True)
    assert not left

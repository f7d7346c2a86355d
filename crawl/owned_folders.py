"""Temporary folders named after the process that made them, so that what a killed one left is found."""

import os
import tempfile
from pathlib import Path

from overscripted.crawl import processes


def make(prefix: str) -> Path:
    """A new folder of this process that only this user can enter."""
    own = os.getpid()
    return Path(tempfile.mkdtemp(prefix=f"{prefix}{own}-{processes.start_time(own)}-"))


def left(prefix: str) -> list[Path]:
    """The folders of processes that have ended."""
    folders = Path(tempfile.gettempdir()).glob(f"{prefix}*")
    return [folder for folder in folders if not _owner_runs(folder.name.removeprefix(prefix))]


def _owner_runs(name: str) -> bool:
    pid, _, rest = name.partition("-")
    started = rest.partition("-")[0]
    return pid.isdecimal() and started.isdecimal() and processes.runs(int(pid), int(started))

"""The folder of one OpenWPM, and the processes that belong to it: also those whose parents were killed.

OpenWPM starts processes that start others (geckodriver, Firefox, Xvfb), some in sessions of their own. All of
them inherit an environment variable whose value is the folder.
"""

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

import psutil

from overscripted.crawl import owned_folders
from overscripted.crawl.openwpm.remote import overscripted_wire as wire
from overscripted.crawl.openwpm.settings import KILL_LOOKS
from overscripted.errors import InputError

PREFIX = "overscripted-openwpm-"
_MOST_PATH = 100  # bytes of a Unix socket's path, on every system
_REST_S = 0.2  # between two looks at what still runs


def make() -> Path:
    """A new folder that only this user can enter. Raises InputError where its path is too long."""
    folder = owned_folders.make(PREFIX)
    if len(os.fsencode(folder / wire.SOCKET)) > _MOST_PATH:
        folder.rmdir()
        raise InputError(f"TMPDIR {tempfile.gettempdir()}: is too long for the path of a socket; set another")
    return folder


def belonging(folder: Path) -> list[psutil.Process]:
    """The processes that were started for a folder, but for this one, and their children."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # of others, or gone
            if process.environ().get(wire.MARK) == str(folder):
                found[process.pid] = process
                found |= {child.pid: child for child in process.children(recursive=True)}
    found.pop(os.getpid(), None)
    return list(found.values())


def end_processes(folder: Path) -> None:
    """Kill the processes of a folder."""
    for _ in range(KILL_LOOKS):
        left = belonging(folder)
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=_REST_S * 10)
        if not left:
            break
        time.sleep(_REST_S)


def end(folder: Path) -> None:
    """Kill the processes of a folder, and remove it."""
    end_processes(folder)
    shutil.rmtree(folder, ignore_errors=True)


def clean() -> int:
    """End and remove what workers have left that were killed; returns how many folders."""
    left = owned_folders.left(PREFIX)
    for folder in left:
        end(folder)
    return len(left)

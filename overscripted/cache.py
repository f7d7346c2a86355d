"""Folders of this user for all runs: the cache of fetched files, and results on their way to a remote run."""

import os
import tempfile
from pathlib import Path

from overscripted.errors import InputError


def folder() -> Path:
    """``$XDG_CACHE_HOME/overscripted``, by default below ``~/.cache`` (XDG Base Directory Specification)."""
    return _own("XDG_CACHE_HOME", ".cache")


def state() -> Path:
    """``$XDG_STATE_HOME/overscripted``, by default below ``~/.local/state``."""
    return _own("XDG_STATE_HOME", ".local/state")


def _own(variable: str, default: str) -> Path:
    if asked := os.environ.get(variable):
        return Path(asked) / "overscripted"
    try:
        found = Path.home() / default / "overscripted"
    except RuntimeError:  # a user without a home, as in containers
        return _temporary(default)
    there = next((path for path in (found, *found.parents) if path.exists()), found)
    return found if os.access(there, os.W_OK) else _temporary(default)


def _temporary(default: str) -> Path:
    """A folder for a user without a home.

    Raises InputError where another user owns it or may write to it: that user may have filled it.
    """
    found = Path(tempfile.gettempdir()) / f"overscripted-{os.getuid()}"
    found.mkdir(mode=0o700, exist_ok=True)
    about = found.lstat()
    if about.st_uid != os.getuid() or about.st_mode & 0o022 or found.is_symlink():
        raise InputError(f"{found}: not this user's own; set HOME, or XDG_CACHE_HOME and XDG_STATE_HOME")
    return found / default.strip(".").replace("/", "-")

"""Where what was fetched is kept, for every run of this user."""

import os
from pathlib import Path


def folder() -> Path:
    """``$XDG_CACHE_HOME/overscripted``, by default below ``~/.cache`` (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "overscripted"

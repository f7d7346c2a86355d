"""What Firefox compiles of its own scripts at its first start, kept for the next: a third of a start's CPU.

One archive for each Firefox of this user, in the cache folder. A Firefox of another build throws what it is
given away, and what it has made instead takes the place. Nothing in it is a page's.
"""

import contextlib
import hashlib
import io
import os
import zipfile
from pathlib import Path

from overscripted import cache
from overscripted.store import Store

# By whose build and in which folder the rest was made: without it Firefox begins anew.
_BUILD = "compatibility.ini"
_SCRIPTS = "startupCache/scriptCache.bin"  # most of it; a Firefox that was given it calls it otherwise
_COMPILED = ("startupCache/startupCache.*", "startupCache/scriptCache*.bin")


def into(profile: Path, binary: str) -> None:
    """Give a new profile what is kept for the Firefox at ``binary``; nothing where nothing (readable) is."""
    with _unavailing():
        archive = _archive(binary)
        try:
            with zipfile.ZipFile(archive) as kept:
                kept.extractall(profile)
        except zipfile.BadZipFile:
            archive.unlink()


def keep(profile: Path, binary: str) -> None:
    """Keep what a Firefox that has ended leaves in its profile, unless its build's is there already."""
    with _unavailing():
        build = (profile / _BUILD).read_bytes()
        archive = _archive(binary)
        if build == _build(archive) or not (profile / _SCRIPTS).exists():
            return
        Store(archive.parent).write(archive.name, _packed(profile))


def _unavailing() -> contextlib.AbstractContextManager[None]:
    """Where files cannot be had or written, or the user has no home: Firefox starts without all this."""
    return contextlib.suppress(OSError, RuntimeError)


def _archive(binary: str) -> Path:
    name = hashlib.sha256(os.path.realpath(binary).encode()).hexdigest()[:16]
    return cache.folder() / "firefox" / f"{name}.zip"


def _build(archive: Path) -> bytes | None:
    with contextlib.suppress(OSError, KeyError, zipfile.BadZipFile), zipfile.ZipFile(archive) as kept:
        return kept.read(_BUILD)
    return None


def _packed(profile: Path) -> bytes:
    compiled = [file for pattern in _COMPILED for file in profile.glob(pattern)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in (*compiled, profile / _BUILD):  # the build last: it comes out only after all others
            archive.write(file, file.relative_to(profile))
    return packed.getvalue()

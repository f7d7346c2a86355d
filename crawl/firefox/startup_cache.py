"""Keeps what Firefox compiles of its own scripts at its first start: it saves a third of the next one's CPU.

The cache folder has one archive per Firefox of this user. A Firefox of another build ignores the archive and
compiles again; the result replaces the archive. Nothing in it comes from a page.
"""

import contextlib
import hashlib
import io
import os
import zipfile
from pathlib import Path

from overscripted import cache
from overscripted.store import Store

# Names the build and the folder of the rest: without it Firefox compiles again.
_BUILD = "compatibility.ini"
_SCRIPTS = "startupCache/scriptCache.bin"  # most of it; after a start from an archive it has another name
_COMPILED = ("startupCache/startupCache.*", "startupCache/scriptCache*.bin")


def into(profile: Path, binary: str) -> None:
    """Unpack the archive of the Firefox at ``binary`` into a new profile, if there is a readable one."""
    with _optional():
        archive = _archive(binary)
        try:
            with zipfile.ZipFile(archive) as kept:
                kept.extractall(profile)
        except zipfile.BadZipFile:
            archive.unlink()


def keep(profile: Path, binary: str) -> None:
    """Archive what a Firefox that has ended left in its profile, unless there is an archive of its build."""
    with _optional():
        build = (profile / _BUILD).read_bytes()
        archive = _archive(binary)
        if build == _build(archive) or not (profile / _SCRIPTS).exists():
            return
        Store(archive.parent).write(archive.name, _packed(profile))


def _optional() -> contextlib.AbstractContextManager[None]:
    """Ignore files that cannot be read or written, and a user without a home: Firefox starts without."""
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
        for file in (*compiled, profile / _BUILD):  # the build last: it is unpacked after all others
            archive.write(file, file.relative_to(profile))
    return packed.getvalue()

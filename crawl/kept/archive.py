"""The archive of a kept profile: the files of a Firefox profile that hold what pages left, as a tar.gz.

An archive may come from anyone. It is unpacked within bounds, and only to the names that are listed here.
"""

import gzip
import io
import json
import tarfile
import zlib
from pathlib import Path, PurePosixPath

FORMAT = 1
MOST_BYTES = 512 * 2**20  # of an archive's files together; all visits of a profile carry them
MOST_FILES = 50_000
# Kilobytes that the pages of a kept profile may store, so that its archive stays within its bound.
STORED_KB = MOST_BYTES // 2 >> 10
SESSION_COOKIES = "session-cookies.json"  # which Firefox itself does not write to its profile
_MOST_COOKIES = 16 * 2**20  # bytes of them; Firefox keeps 180 of a site and 3,000 of all
_ABOUT = "overscripted-profile.json"
_STORAGE = PurePosixPath("storage/default")
_DATABASES = ("cookies.sqlite", "storage.sqlite")
_FILES = {
    *(_ABOUT, SESSION_COOKIES, "containers.json", "serviceworker.txt"),
    *_DATABASES,
    *(f"{name}-wal" for name in _DATABASES),
}
_DAMAGED = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, OSError, ValueError)


class Unusable(Exception):
    """The archive is damaged, too large, or no kept profile. The message says which."""


def pack(profile: Path) -> bytes:
    """The archive of the profile of a Firefox that has ended. Raises Unusable where it is too large."""
    (profile / _ABOUT).write_text(json.dumps({"format": FORMAT}), "utf-8")
    found = [profile / name for name in sorted(_FILES) if (profile / name).is_file()]
    stored = profile / _STORAGE
    found += sorted(path for path in stored.rglob("*") if path.is_file() and not path.is_symlink())
    if len(found) > MOST_FILES or sum(path.stat().st_size for path in found) > MOST_BYTES:
        raise Unusable(f"what pages stored takes more than {MOST_BYTES >> 20} MB or {MOST_FILES:,} files")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        for path in found:
            archive.add(path, path.relative_to(profile).as_posix(), recursive=False)
    return packed.getvalue()


def unpack(packed: bytes, profile: Path) -> None:
    """Write the files of an archive into a new profile. Raises Unusable; then some may be written."""
    try:
        _unpack(packed, profile)
    except _DAMAGED as error:
        raise Unusable(f"damaged ({type(error).__name__})") from error


def _unpack(packed: bytes, profile: Path) -> None:
    with gzip.open(io.BytesIO(packed)) as stream:
        # A file of the bound, and the heads of as many files as are allowed. A bomb is not read to its end.
        most = MOST_BYTES + MOST_FILES * 2048
        content = stream.read(most + 1)
    if len(content) > most:
        raise Unusable(f"larger than {MOST_BYTES >> 20} MB")
    about = None
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        for number, member in enumerate(archive):
            path = _checked(member)
            if number >= MOST_FILES:
                raise Unusable(f"more than {MOST_FILES:,} files")
            file = archive.extractfile(member)
            data = file.read() if file else b""
            if member.name == _ABOUT:
                about = json.loads(data)
            target = profile / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as written:  # a name that comes twice is refused
                written.write(data)
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise Unusable("not a profile that `--profile save=` wrote, or one of another version")
    cookies = profile / SESSION_COOKIES
    if not cookies.is_file() or cookies.stat().st_size > _MOST_COOKIES:
        raise Unusable(f"without {SESSION_COOKIES}, or with one over {_MOST_COOKIES >> 20} MB")
    if not isinstance(json.loads(cookies.read_text("utf-8")), list):
        raise Unusable(f"{SESSION_COOKIES} is no list")


def _checked(member: tarfile.TarInfo) -> PurePosixPath:
    """The path of a member below the profile."""
    path = PurePosixPath(member.name)
    plain = (
        member.isreg()
        and path.as_posix() == member.name
        and ".." not in path.parts
        and "\0" not in member.name
    )
    if plain and (member.name in _FILES or (_STORAGE in path.parents and not path.is_absolute())):
        return path
    raise Unusable(f"it holds {member.name[:200]!r}, which is no file of a kept profile")

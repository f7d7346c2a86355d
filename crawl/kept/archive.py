"""The archive of a kept profile: the files of a Firefox profile that hold what pages left, as a tar.gz.

An archive may come from anyone. It is unpacked within bounds, and only to the names that are listed here.
"""

import gzip
import io
import itertools
import json
import re
import tarfile
import zlib
from pathlib import Path, PurePosixPath

FORMAT = 1
MOST_BYTES = 512 * 2**20  # of an archive's files together; all visits of a profile carry them
MOST_FILES = 50_000
# Kilobytes that the pages of a kept profile may store, so that its archive stays within its bound.
STORED_KB = MOST_BYTES // 2 >> 10
CACHED_KB = MOST_BYTES // 8 >> 10  # kilobytes of its HTTP cache
_MOST_CACHED = 10_000  # files of the cache, the newest: pages can make far more small ones
SESSION_COOKIES = "session-cookies.json"  # which Firefox itself does not write to its profile
HOSTS = "https-alone.json"  # which Firefox forgets as remote control ends
PERMISSIONS = "permissions.json"  # Firefox's own file could permit what no page can get
_ABOUT = "overscripted-profile.json"
_STORAGE, _CACHE = PurePosixPath("storage/default"), PurePosixPath("cache2/entries")
_CACHED = re.compile(r"[0-9A-F]{40}")  # the SHA-1 of an entry's key
_DATABASES = ("cookies.sqlite", "storage.sqlite")
_MOST_OF = {  # file -> most bytes
    **dict.fromkeys((_ABOUT, "containers.json", "serviceworker.txt"), MOST_BYTES),
    **dict.fromkeys((*_DATABASES, *(f"{name}-wal" for name in _DATABASES)), MOST_BYTES),
    SESSION_COOKIES: 16 * 2**20,  # Firefox keeps 180 of a site and 3,000 of all
    HOSTS: 2**20,
    PERMISSIONS: 8 * 2**20,
}
_DAMAGED = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, OSError, ValueError)


class Unusable(Exception):
    """The archive is damaged, too large, or no kept profile. The message says which."""


def pack(profile: Path) -> bytes:
    """The archive of the profile of a Firefox that has ended. Raises Unusable where it is too large."""
    (profile / _ABOUT).write_text(json.dumps({"format": FORMAT}), "utf-8")
    found = [profile / name for name in sorted(_MOST_OF) if (profile / name).is_file()]
    for path in found:
        _check_size(path.relative_to(profile).as_posix(), path.stat().st_size)
    stored = profile / _STORAGE
    found += sorted(path for path in stored.rglob("*") if path.is_file() and not path.is_symlink())
    found += _cached(profile / _CACHE)
    if len(found) > MOST_FILES or sum(path.stat().st_size for path in found) > MOST_BYTES:
        raise Unusable(f"what pages stored takes more than {MOST_BYTES >> 20} MB or {MOST_FILES:,} files")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        for path in found:
            archive.add(path, path.relative_to(profile).as_posix(), recursive=False)
    return packed.getvalue()


def _cached(folder: Path) -> list[Path]:
    """The newest files of the HTTP cache, within its bound. Firefox may be over it for a moment."""
    files = [path for path in folder.glob("*") if _CACHED.fullmatch(path.name) and path.is_file()]
    newest = sorted(files, key=lambda path: path.stat().st_mtime_ns, reverse=True)[:_MOST_CACHED]
    sums = itertools.accumulate(path.stat().st_size for path in newest)
    return [path for path, total in zip(newest, sums, strict=True) if total <= CACHED_KB << 10]


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
            _check_size(member.name, member.size)
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
    if not (profile / SESSION_COOKIES).is_file():
        raise Unusable(f"without {SESSION_COOKIES}")
    for name in (SESSION_COOKIES, HOSTS, PERMISSIONS):
        text = profile / name
        if text.is_file() and not isinstance(json.loads(text.read_text("utf-8")), list):
            raise Unusable(f"{name} is no list")


def _check_size(name: str, size: int) -> None:
    most = _MOST_OF.get(name, MOST_BYTES)
    if size > most:
        raise Unusable(f"its {name} is larger than {most >> 20} MB")


def _checked(member: tarfile.TarInfo) -> PurePosixPath:
    """The path of a member below the profile."""
    path = PurePosixPath(member.name)
    plain = (
        member.isreg()
        and path.as_posix() == member.name
        and ".." not in path.parts
        and "\0" not in member.name
    )
    stored = _STORAGE in path.parents and not path.is_absolute()
    cached = path.parent == _CACHE and _CACHED.fullmatch(path.name)
    if plain and (member.name in _MOST_OF or stored or cached):
        return path
    raise Unusable(f"it holds {member.name[:200]!r}, which is no file of a kept profile")

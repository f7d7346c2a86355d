"""Finds the WARC files of an archive: a WARC file, a WACZ file, a folder of both, or a folder of a store."""

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from overscripted.errors import InputError
from overscripted.files import Files

SUFFIXES = (".warc", ".warc.gz")
WACZ = ".wacz"
# What zipfile raises for a file or member that is damaged, encrypted, or packed in a way that it cannot undo.
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, ValueError)
MAX_FILES = 100_000  # WARC files of one archive; a large crawl of Browsertrix has some hundreds


class Source(Protocol):
    """A WARC file."""

    @property
    def name(self) -> str:
        """Its path within its archive, with ``/``."""

    @property
    def size(self) -> int:
        """In bytes."""

    def open(self) -> AbstractContextManager[IO[bytes]]:
        """Open it for reading. The file can seek."""


@dataclass(frozen=True)
class StoreFile:
    """A WARC file of a store."""

    files: Files
    name: str  # its key
    size: int

    def open(self) -> AbstractContextManager[IO[bytes]]:
        """Open it for reading."""
        opened: AbstractContextManager[IO[bytes]] = self.files.fs.open(self.files.path(self.name), "rb")
        return opened


@dataclass(frozen=True)
class WaczMember:
    """A WARC file in a WACZ file."""

    wacz: "Source"
    member: str
    size: int

    @property
    def name(self) -> str:
        """The path of the WACZ file, then that of the member in it."""
        return f"{self.wacz.name}/{self.member}"

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open it for reading. Raises InputError for a member that cannot be unpacked."""
        with self.wacz.open() as file, zipfile.ZipFile(file) as packed:
            try:
                member = packed.open(self.member)
            except ZIP_ERRORS as error:
                raise InputError(f"{self.name}: cannot be unpacked ({error})") from error
            with member:
                yield member


def of_path(path: Path | str) -> list[Source]:
    """The WARC files of a file or folder, in the order of their names.

    Raises InputError where there is none, or a WACZ file is no zip file.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    if path.is_dir():
        return of_files(Files(path))
    if not path.name.lower().endswith((*SUFFIXES, WACZ)):
        raise InputError(f"{path}: is no archive; an archive is a file {', '.join(SUFFIXES)} or {WACZ}")
    return _opened(StoreFile(Files(path.parent), path.name, path.stat().st_size))


def of_files(files: Files, prefix: str = "") -> list[Source]:
    """The WARC files below a folder of a store, by their keys. Raises InputError as `of_path`."""
    found: list[Source] = []
    for key, size in files.sizes(prefix).items():
        if key.lower().endswith((*SUFFIXES, WACZ)):
            found += _opened(StoreFile(files, key, size))
    if not found:
        where = files.uri(prefix)
        raise InputError(f"{where}: holds no archive, that is no file {', '.join(SUFFIXES)} or {WACZ}")
    return found


def _opened(file: Source) -> list[Source]:
    """The file itself, or the WARC files of a WACZ file."""
    if not file.name.lower().endswith(WACZ):
        return [file]
    try:
        with file.open() as opened, zipfile.ZipFile(opened) as packed:
            members = packed.infolist()
    except ZIP_ERRORS as error:
        raise InputError(f"{file.name}: is no WACZ file, which is a zip file ({error})") from error
    found = [m for m in members if m.filename.lower().endswith(SUFFIXES)]
    if len(found) > MAX_FILES:
        raise InputError(f"{file.name}: has {len(found):,} WARC files; at most {MAX_FILES:,} are read")
    return [WaczMember(file, member.filename, member.file_size) for member in found]

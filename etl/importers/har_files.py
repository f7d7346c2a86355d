"""Finds and opens HAR files: plain, gzip, and Playwright's zip, which has bodies in files of their own."""

import gzip
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from overscripted.etl.importers.found_files import files_at
from overscripted.etl.importers.json_elements import Damaged, Readable, raise_of_storage
from overscripted.foreign.settings import IMPORT_BODY_BYTES
from overscripted.store import Store

_HAR = re.compile(r".*\.har(\.gz)?", re.IGNORECASE)
_NAMES = re.compile(r".*\.(har|har\.gz|zip)", re.IGNORECASE)
# The name that Playwright gives a body beside a HAR file, in its folder or one below: a hash. Other names are
# not read, as the data would choose which file of the user's is read.
_BESIDE = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]{0,100}/)?[0-9a-f]{32,40}(\.[A-Za-z0-9]{1,10})?")
_GZIP, _ZIPPED = b"\x1f\x8b", b"PK"
_ERRORS = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError)


@dataclass
class HarFile:
    """One HAR file: its ``name`` for messages and ids, and where it is. ``member``: its name in a zip."""

    store: Store
    key: str
    name: str
    member: str = ""

    @contextmanager
    def opened(self) -> Iterator[Readable]:
        """Its JSON, decompressed. Raises Damaged where it cannot be opened; `elements` tells of its damage.

        An error of the code that reads it stays what it is: a full disk is no damage of this file.
        """
        with ExitStack() as stack:
            try:
                file = self._open(stack)
            except _ERRORS as error:
                raise_of_storage(error)
                raise Damaged(_reason(error)) from error
            yield file

    def _open(self, stack: ExitStack) -> Readable:
        raw = stack.enter_context(self.store.fs.open(self.store.path(self.key), "rb"))
        if self.member:
            archive = stack.enter_context(zipfile.ZipFile(raw))
            return stack.enter_context(archive.open(self.member))
        start = raw.read(2)
        raw.seek(0)
        return gzip.GzipFile(fileobj=raw) if start == _GZIP else raw

    def attached(self, name: str) -> bytes | None:
        """A body of its own file; None where it is missing, damaged, or larger than `IMPORT_BODY_BYTES`."""
        try:
            if self.member:
                return self._of_archive(name)
            if not _BESIDE.fullmatch(name):
                return None
            key = posixpath.join(posixpath.dirname(self.key), name)
            with self.store.fs.open(self.store.path(key), "rb") as file:
                body: bytes = file.read(IMPORT_BODY_BYTES + 1)
        except (KeyError, *_ERRORS):
            return None
        return body if len(body) <= IMPORT_BODY_BYTES else None

    def _of_archive(self, name: str) -> bytes | None:
        with (
            self.store.fs.open(self.store.path(self.key), "rb") as raw,
            zipfile.ZipFile(raw) as archive,
            archive.open(posixpath.join(posixpath.dirname(self.member), name)) as member,
        ):
            body = member.read(IMPORT_BODY_BYTES + 1)
        return body if len(body) <= IMPORT_BODY_BYTES else None


def har_files(source: Store) -> tuple[list[HarFile], dict[str, str]]:
    """The HAR files at a path, and files that cannot be used with the reason.

    A file that is named is read whatever its name. In a folder, those that end in .har, .har.gz and .zip.
    Raises InputError where there is none.
    """
    unfit: dict[str, str] = {}
    store, keys = files_at(source, _NAMES.fullmatch, "ends in .har, .har.gz or .zip")
    found: list[HarFile] = []
    for key in sorted(keys):
        try:
            found += _of_key(store, key)
        except (Damaged, *_ERRORS) as error:
            unfit[key] = _reason(error)
    return found, unfit


def _of_key(store: Store, key: str) -> list[HarFile]:
    with store.fs.open(store.path(key), "rb") as raw:
        if raw.read(2) != _ZIPPED:
            return [HarFile(store, key, key)]
        raw.seek(0)
        with zipfile.ZipFile(raw) as archive:
            members = [name for name in archive.namelist() if _HAR.fullmatch(name)]
    if not members:
        raise Damaged("a zip without a file that ends in .har")
    return [HarFile(store, key, f"{key}/{member}", member) for member in members]


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]

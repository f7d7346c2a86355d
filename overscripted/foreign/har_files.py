"""Finds and opens HAR files: plain, gzip, and Playwright's zip, which has bodies in files of their own."""

import gzip
import hashlib
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from overscripted.files import Files
from overscripted.foreign.json_elements import Damaged, Readable, raise_of_storage
from overscripted.foreign.settings import IMPORT_BODY_BYTES, IMPORT_JSON_BYTES

_HAR = re.compile(r".*\.har(\.gz)?", re.IGNORECASE)
NAMES = re.compile(r".*\.(har|har\.gz|zip)", re.IGNORECASE)  # of files that may hold some
# The name that Playwright gives a body beside a HAR file, in its folder or one below: a hash. Other names are
# not read, as the data would choose which file of the user's is read.
_BESIDE = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]{0,100}/)?[0-9a-f]{32,40}(\.[A-Za-z0-9]{1,10})?")
_PIECE = 2**20
_GZIP, _ZIPPED = b"\x1f\x8b", b"PK"
# What a file raises that is no gzip, no zip, or damaged.
ERRORS = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError)


@dataclass
class HarFile:
    """One HAR file: its ``name`` for messages and ids, and where it is. ``member``: its name in a zip."""

    store: Files
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
            except ERRORS as error:
                raise_of_storage(error)
                raise Damaged(reason(error)) from error
            yield file

    def sha256(self) -> str:
        """Of its JSON, decompressed, as a.har.gz may be a copy of a.har. Raises as `opened` and `read` do."""
        digest, left = hashlib.sha256(), IMPORT_JSON_BYTES
        with self.opened() as file:
            while left > 0 and (piece := file.read(_PIECE)):
                digest.update(piece)
                left -= len(piece)
        return digest.hexdigest()

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
        except (KeyError, *ERRORS):
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


def of_key(store: Files, key: str) -> list[HarFile]:
    """The HAR files of a file: itself, or those in a zip. Raises Damaged, and `ERRORS`."""
    with store.fs.open(store.path(key), "rb") as raw:
        if raw.read(2) != _ZIPPED:
            return [HarFile(store, key, key)]
        raw.seek(0)
        with zipfile.ZipFile(raw) as archive:
            members = [name for name in archive.namelist() if _HAR.fullmatch(name)]
    if not members:
        raise Damaged("a zip without a file that ends in .har")
    return [HarFile(store, key, f"{key}/{member}", member) for member in members]


def reason(error: Exception) -> str:
    """What an error says, in a line."""
    return (str(error) or type(error).__name__).splitlines()[0]


def without_copies(files: Iterable[HarFile]) -> tuple[list[HarFile], dict[str, str]]:
    """Files without those that hold what an earlier one holds, and these by name with the reason."""
    first: dict[str, str] = {}
    kept: list[HarFile] = []
    copies: dict[str, str] = {}
    for file in files:
        try:
            digest = file.sha256()
        except (Damaged, *ERRORS) as error:
            raise_of_storage(error)
            digest = f"damaged {file.name}"  # reading it tells how
        if first.setdefault(digest, file.name) == file.name:
            kept.append(file)
        else:
            copies[file.name] = f"not read: {first[digest]} has the same content"
    return kept, copies

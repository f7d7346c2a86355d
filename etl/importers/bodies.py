"""Bodies that OpenWPM kept beside its database, by the hash that names them.

OpenWPM kept them in LevelDB (``content.ldb``, until 2018 ``javascript.ldb``), or one per file: ``<hash>.gz``
in ``content/`` of an object store, ``<hash>.zip`` (which holds gzip), or plain. The hash was Python's own in
2015, MurmurHash until 2016, MD5 until 2018, and SHA-256 since.
"""

import gzip
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator

from overscripted.etl.importers.leveldb import LevelDB
from overscripted.foreign.settings import IMPORT_BODY_BYTES
from overscripted.store import Store

_FILE = re.compile(r"(-?[0-9]{5,20}|[0-9a-f]{32}|[0-9a-f]{64})(\.gz|\.zip)?")
_PACKED = (".gz", ".zip")
_FOLDERS = ("content", "javascript_files")
_TABLES = "visits"  # the folder of Parquet beside ``content``
_LEVELDB = ".ldb"


class Bodies:
    """The bodies beside data sets. ``damaged`` names files that could not be read, with the reason."""

    def __init__(self, source: Store) -> None:
        """``source`` is the import's: a folder, or the file of a database, whose folder is searched."""
        self.damaged: dict[str, str] = {}
        self._files: dict[str, tuple[Store, str]] = {}
        self._databases: list[LevelDB] = []
        for store, keys in _beside(source):
            folders = {key.rpartition("/")[0] for key in keys}
            for folder in sorted(folder for folder in folders if folder.endswith(_LEVELDB)):
                self._databases.append(LevelDB(store, folder))
                self.damaged |= dict.fromkeys(self._databases[-1].damaged, "damaged LevelDB")
            for key in keys:
                if found := _FILE.fullmatch(posixpath.basename(key)):
                    self._files[found[1]] = store, key

    def __bool__(self) -> bool:
        return bool(self._files or any(map(len, self._databases)))

    def get(self, content_hash: str) -> bytes | None:
        """The body of a hash; None where it is missing, damaged, or larger than `IMPORT_BODY_BYTES`."""
        for database in self._databases:
            body = database.get(content_hash.encode())
            if body is not None:
                return body if len(body) <= IMPORT_BODY_BYTES else None
        if content_hash not in self._files:
            return None
        store, key = self._files[content_hash]
        try:
            with store.fs.open(store.path(key), "rb") as file:
                return _opened(file.read(IMPORT_BODY_BYTES + 1), key)
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
            self.damaged[key] = (str(error) or type(error).__name__).splitlines()[0]
            return None

    def close(self) -> None:
        """Release files."""
        for database in self._databases:
            database.close()


def _opened(data: bytes, key: str) -> bytes | None:
    """The body in a file; the end of its name and its first bytes tell how it is compressed."""
    if key.endswith(_PACKED) and data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(archive.namelist()[0]) as file:
            body = file.read(IMPORT_BODY_BYTES + 1)
    elif key.endswith(_PACKED):
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            body = file.read(IMPORT_BODY_BYTES + 1)
    else:
        body = data
    return body if len(body) <= IMPORT_BODY_BYTES else None


def _beside(source: Store) -> Iterator[tuple[Store, list[str]]]:
    """Files that may hold bodies: all in a folder; of a file, those beside it and in some folders there."""
    parent = Store(source.url.rpartition("/")[0], **source.options)
    if not source.fs.isfile(source.root):
        yield source, source.files()
        if posixpath.basename(source.url) != _TABLES:
            return
    yield parent, [key for name in _listed(parent) for key in _below(parent, name)]


def _listed(store: Store) -> list[str]:
    store.fs.invalidate_cache()
    return sorted(posixpath.basename(path.rstrip("/")) for path in store.fs.ls(store.path(), detail=False))


def _below(store: Store, name: str) -> list[str]:
    if name.endswith(_LEVELDB) or name in _FOLDERS:
        return store.files(name)
    return [name] if _FILE.fullmatch(name) else []

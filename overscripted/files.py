"""Files below a root: a local folder or an object-store prefix, behind one small interface.

Keys are relative, ``/``-separated paths below the root. A file appears whole or not at all.
"""

import io
import json
import os
import posixpath
import re
import shutil
import uuid
from contextlib import suppress
from functools import lru_cache
from glob import has_magic
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

from overscripted.errors import InputError, OutsideError

STAGING = ".staging"  # what is being replaced, see `overscripted.exchange`; not part of the files


@lru_cache(maxsize=1)
def _forget_clients(kind: type[AbstractFileSystem], environment: frozenset[tuple[str, str]]) -> None:
    """Let new clients be made where the environment has changed: fsspec shares one by its options alone."""
    kind.clear_instance_cache()


@lru_cache
def _retry_torn_reads() -> None:
    """A file that is replaced while it is read may come with the new file's checksum. Read it again then."""
    from botocore.exceptions import FlexibleChecksumError
    from s3fs.core import add_retryable_error

    add_retryable_error(FlexibleChecksumError)


class Files:
    """The files of a root. ``url`` is a folder or ``s3://bucket/prefix``.

    Options of fsspec's file system (for example ``endpoint_url`` for s3) go in ``options``; those
    of S3 may also come from the usual AWS environment variables.
    """

    def __init__(self, url: str | os.PathLike[str], **options: Any) -> None:
        text = os.fspath(url)
        if "://" not in text:
            with suppress(RuntimeError):  # no home, or no such user: the folder's name begins with ~
                text = str(Path(text).expanduser())
            text = str(Path(text).absolute())
        _check_address(text)
        try:
            self.fs, root = _file_system(text, options)
        except (ImportError, ValueError) as error:
            raise InputError(f"{text}: cannot open this kind of storage: {error}") from error
        self.root: str = root.rstrip("/")
        self.url = text.rstrip("/")
        self.options = options
        self.local = isinstance(self.fs, LocalFileSystem)
        if text.startswith("s3://"):
            _retry_torn_reads()

    def path(self, key: str = "") -> str:
        """The file system's own path of a key, checked to stay below the root."""
        clean = posixpath.normpath(key) if key else ""
        if clean.startswith(("/", "..")):
            raise InputError(f"{key!r}: a path inside a run must stay inside it")
        return posixpath.join(self.root, clean) if clean and clean != "." else self.root

    def uri(self, key: str = "") -> str:
        """What a reader outside this program opens: a local path or an ``s3://`` URL."""
        return self.path(key) if self.local else str(self.fs.unstrip_protocol(self.path(key)))

    def exists(self, key: str = "") -> bool:
        """Whether a file or folder is there."""
        self.fs.invalidate_cache()
        return bool(self.fs.exists(self.path(key)))

    def files(self, prefix: str = "", suffix: str = "") -> list[str]:
        """Keys of all files below a folder, sorted. Files that are staged or half written are left out."""
        self.fs.invalidate_cache()
        if not self.fs.exists(self.path(prefix)):
            return []
        found = (self.key_of(path) for path in self.fs.find(self.path(prefix)))
        return sorted(
            k for k in found if k.endswith(suffix) and not k.startswith(STAGING) and not _is_part(k)
        )

    def sizes(self, prefix: str = "", suffix: str = "") -> dict[str, int]:
        """Bytes of all files below a folder by their keys, as `files` lists them."""
        keys = set(self.files(prefix, suffix))
        found = self.fs.find(self.path(prefix), detail=True) if keys else {}
        sizes = {self.key_of(path): int(facts["size"]) for path, facts in found.items()}
        return {key: sizes[key] for key in sorted(keys) if key in sizes}

    def size(self, key: str) -> int:
        """Bytes of a file."""
        return int(self.fs.size(self.path(key)))

    def read(self, key: str) -> bytes:
        """A file's bytes. Raises FileNotFoundError."""
        data = self.fs.cat_file(self.path(key))
        return bytes(data)

    def read_json(self, key: str) -> Any:
        """A JSON file. InputError names the file if it is not JSON; FileNotFoundError if absent."""
        data = self.read(key)
        try:
            return json.loads(data)
        except ValueError as error:
            raise InputError(f"{self.uri(key)}: not valid JSON ({error}); restore or delete it") from error

    def write(self, key: str, data: bytes) -> None:
        """Write a file, whole or not at all; durable on return. OutsideError if there is no bucket."""
        path = self.path(key)
        if not self.local:
            try:
                self.fs.pipe_file(path, data)
            except FileNotFoundError as error:  # only the bucket can be missing
                raise OutsideError(
                    f"{self.url}: no such bucket ({error}); make it or name another"
                ) from error
            return
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # Hidden: a reader of the folder must not take the rest of a killed writer for data.
        part = str(Path(path).parent / f".{Path(path).name}.{uuid.uuid4().hex[:8]}.part")
        # Opened first: once a journal is written, another process may complete it and delete its folder.
        folder = os.open(Path(path).parent, os.O_RDONLY)
        try:
            with open(part, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
            os.fsync(folder)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
        finally:
            os.close(folder)

    def write_json(self, key: str, value: Any) -> None:
        """A JSON file with sorted, readable layout."""
        text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
        self.write(key, text.encode() + b"\n")

    def read_table(self, key: str, columns: list[str] | None = None) -> pa.Table:
        """A Parquet file, or all those below a folder, as one table."""
        keys = self.files(key, ".parquet") if not key.endswith(".parquet") else [key]
        if not keys:
            raise FileNotFoundError(self.uri(key))
        tables = []
        for name in keys:
            with self.fs.open(self.path(name), "rb") as file:
                # Arrow reads Python's files without its threads: a thread that frees a buffer of Python's
                # while the interpreter ends aborts the process.
                tables.append(pq.ParquetFile(file).read(columns=columns, use_threads=False))
        return pa.concat_tables(tables)

    def write_table(self, key: str, table: pa.Table, **options: Any) -> None:
        """A table as one Parquet file (zstd), whole or not at all."""
        buffer = io.BytesIO()
        pq.write_table(table, buffer, **{"compression": "zstd", **options})
        self.write(key, buffer.getvalue())

    def make_folder(self, key: str) -> str:
        """Make a folder for engines, which take a path; its path. Object stores have no folders to make."""
        if self.local:
            Path(self.path(key)).mkdir(parents=True, exist_ok=True)
        return self.path(key)

    def delete(self, key: str) -> None:
        """Delete a file or a whole folder, if it exists."""
        self.fs.invalidate_cache()
        with suppress(FileNotFoundError):  # another process may have deleted it
            if self.fs.exists(self.path(key)):
                self._remove(self.path(key))

    def _remove(self, path: str) -> None:
        if self.local or not has_magic(path):
            self.fs.rm(path, recursive=True)
            return
        for file in self.fs.find(path):  # `rm` would read the path as a pattern
            self.fs.rm_file(file)

    def move(self, source: str, target: str) -> None:
        """Move a file to another key."""
        if self.local:
            self.fs.mv(self.path(source), self.path(target))
            return
        self.copy([source], [target])
        self.delete(source)

    def upload(self, file: Path, key: str) -> None:
        """Copy a file of this machine to a key."""
        with open(file, "rb") as source, self.fs.open(self.path(key), "wb") as copy:
            shutil.copyfileobj(source, copy)

    def copy(self, sources: list[str], targets: list[str]) -> None:
        """Copy files within an object store, many at the same time."""
        self.fs.copy([self.path(key) for key in sources], [self.path(key) for key in targets])

    def key_of(self, path: str) -> str:
        """The key of a path of the file system, the reverse of `path`."""
        return str(path)[len(self.root) :].lstrip("/")

    def check(self) -> None:
        """Raise OutsideError now if the root cannot be listed (wrong bucket, no rights, no network)."""
        try:
            self.fs.invalidate_cache()
            self.fs.exists(self.root)
        except Exception as error:
            raise OutsideError(f"{self.url}: cannot be reached: {error}") from error


# A name that S3 accepts for a bucket or an access point.
_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}|arn:.*")
_VERSION = "?versionId="  # for the S3 client, what follows is not a part of the key


def _check_address(url: str) -> None:
    """Raise InputError for an ``s3://`` URL that can name no run."""
    protocol, _, rest = url.partition("://")
    if protocol not in ("s3", "s3a"):
        return
    if _VERSION in rest:
        raise InputError(f"{url}: a version of an object is no run; leave out `{_VERSION}…`")
    if not _BUCKET.fullmatch(rest.partition("/")[0]):
        raise InputError(f"{url}: names no bucket; give s3://bucket/prefix")


def _file_system(url: str, options: dict[str, Any]) -> tuple[AbstractFileSystem, str]:
    """The file system of a path or URL, and the root in it.

    Names are taken literally. `fsspec.url_to_fs` would give `::` a meaning.
    """
    protocol, is_url, _ = url.partition("://")
    if not is_url:
        return fsspec.filesystem("file", **options), url
    kind = fsspec.get_filesystem_class(protocol)
    _forget_clients(kind, frozenset(item for item in os.environ.items() if item[0].startswith("AWS_")))
    return fsspec.filesystem(protocol, **{**kind._get_kwargs_from_urls(url), **options}), str(
        kind._strip_protocol(url)
    )


def _is_part(key: str) -> bool:
    name = key.rpartition("/")[2]
    return name.startswith(".") and name.endswith(".part")

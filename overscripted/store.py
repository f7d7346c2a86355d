"""Where a run lives: a local folder or an object-store prefix, behind one small interface.

Keys are relative, ``/``-separated paths below the root. A file appears whole or not at all, and a
group of folders is replaced as a whole or not at all (`Store.replace`).
"""

import fcntl
import hashlib
import io
import json
import os
import posixpath
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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

STAGING = ".staging"
_JOURNAL = ".journal.json"
_BEGUN = ".begun"


@lru_cache
def _read_torn_again() -> None:
    """One that was replaced meanwhile may come with the checksum of the other: it is read again."""
    from botocore.exceptions import FlexibleChecksumError
    from s3fs.core import add_retryable_error

    add_retryable_error(FlexibleChecksumError)


class Store:
    """A root that holds a run. ``url`` is a folder or ``s3://bucket/prefix``.

    Options of fsspec's file system (for example ``endpoint_url`` for s3) go in ``options``; those
    of S3 may also come from the usual AWS environment variables.
    """

    def __init__(self, url: str | os.PathLike[str], **options: Any) -> None:
        text = os.fspath(url)
        if "://" not in text:
            with suppress(RuntimeError):  # no home, or none of this name: a folder that is called so
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
            _read_torn_again()

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
        """Keys of all files below a folder, sorted; without those being staged or written."""
        self.fs.invalidate_cache()
        if not self.fs.exists(self.path(prefix)):
            return []
        found = (self._key(path) for path in self.fs.find(self.path(prefix)))
        return sorted(
            k for k in found if k.endswith(suffix) and not k.startswith(STAGING) and not _is_part(k)
        )

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
        """A file, whole or not at all, durable when this returns. Raises OutsideError where no bucket is."""
        path = self.path(key)
        if not self.local:
            try:
                self.fs.pipe_file(path, data)
            except FileNotFoundError as error:  # what else could not be found?
                raise OutsideError(
                    f"{self.url}: no such bucket ({error}); make it or name another"
                ) from error
            return
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # Hidden, so that no reader of the folder takes what a killed writer left for data.
        part = str(Path(path).parent / f".{Path(path).name}.{uuid.uuid4().hex[:8]}.part")
        # Opened before: a journal that is in its place can be completed, with its folder, by another process.
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
                tables.append(pq.ParquetFile(file).read(columns=columns))
        return pa.concat_tables(tables)

    def write_table(self, key: str, table: pa.Table, **options: Any) -> None:
        """A table as one Parquet file (zstd), whole or not at all."""
        buffer = io.BytesIO()
        pq.write_table(table, buffer, **{"compression": "zstd", **options})
        self.write(key, buffer.getvalue())

    def make_folder(self, key: str) -> str:
        """A folder for writers that take a path (engines); its path. Object stores need none."""
        if self.local:
            Path(self.path(key)).mkdir(parents=True, exist_ok=True)
        return self.path(key)

    def delete(self, key: str) -> None:
        """A file or a whole folder, if there."""
        self.fs.invalidate_cache()
        with suppress(FileNotFoundError):  # another process may delete it, too
            if self.fs.exists(self.path(key)):
                self._remove(self.path(key))

    def _remove(self, path: str) -> None:
        if self.local or not has_magic(path):
            self.fs.rm(path, recursive=True)
            return
        for file in self.fs.find(path):  # `rm` would take the path for a pattern
            self.fs.rm_file(file)

    def move(self, source: str, target: str) -> None:
        """Give a file another key."""
        if self.local:
            self.fs.mv(self.path(source), self.path(target))
            return
        self._copy([source], [target])
        self.delete(source)

    def upload(self, file: Path, key: str) -> None:
        """A file of this machine as a file of the run."""
        with open(file, "rb") as source, self.fs.open(self.path(key), "wb") as copy:
            shutil.copyfileobj(source, copy)

    @contextmanager
    def replace(self, *keys: str) -> Iterator["Store"]:
        """Replace folders or files as a whole, or not at all.

        Gives a store to write the same keys into. When the block ends without an error, each key
        takes its new content (a key that was not written is deleted). A crash before that leaves
        everything as it was; a crash during the exchange is completed by the next `recover`, which
        opening a run calls. The same keys staged again replace what an interrupted run left.

        Several processes and machines may replace different keys of one store at the same time. Raises
        OutsideError where another one staged the same keys meanwhile.
        """
        same = f"{STAGING}/{hashlib.sha256(json.dumps(keys).encode()).hexdigest()[:12]}-"
        token = f"{same}{uuid.uuid4().hex[:8]}"
        meanwhile = f"{self.url}: another process replaced {', '.join(keys)} meanwhile; run again"
        self.make_folder("")
        with self._alone():
            self._complete()
            for left in self._tokens():
                if left.startswith(same):
                    self._discard(left)
            self.write(f"{token}/{_BEGUN}", b"")
        staged = Store(f"{self.url}/{token}", **self.options)
        try:
            yield staged
        except BaseException as error:
            taken = not self.exists(f"{token}/{_BEGUN}")
            self._discard(token)
            if taken and isinstance(error, Exception):
                raise OutsideError(meanwhile) from error
            raise
        with self._alone():
            if not self.exists(f"{token}/{_BEGUN}"):
                self._discard(token)
                raise OutsideError(meanwhile)
            plan = {key: staged.files(key) if staged.exists(key) else None for key in keys}
            self.write_json(f"{token}/{_JOURNAL}", plan)
            self._exchange(token)

    def recover(self) -> None:
        """Complete exchanges that were interrupted after everything had been staged."""
        if self._journals():
            with self._alone():
                self._complete()

    def _complete(self) -> None:
        for token in self._journals():
            self._exchange(token)

    def _journals(self) -> list[str]:
        """Keys of what only waits to be given its place."""
        return [token for token in self._tokens() if self.fs.exists(self.path(f"{token}/{_JOURNAL}"))]

    def _tokens(self) -> list[str]:
        """Keys of what is being replaced, or was when its process died."""
        self.fs.invalidate_cache()
        try:
            return [self._key(path) for path in self.fs.ls(self.path(STAGING), detail=False)]
        except FileNotFoundError:
            return []

    def _discard(self, token: str) -> None:
        """Delete what was staged; out of reach first of a process that still writes there."""
        if self.local:
            with suppress(FileNotFoundError):
                os.rename(self.path(token), self.path(f"{token}.gone"))
            token = f"{token}.gone"
        self.delete(token)

    def _exchange(self, token: str) -> None:
        # Every step can be repeated, after a crash or, where there are no locks, by another process, too.
        # The journal goes only when all is in its place, the staged files after it.
        try:
            plan = self.read_json(f"{token}/{_JOURNAL}")
            for key, files in plan.items():
                self._place(token, key, files)
        except FileNotFoundError:
            if self.exists(f"{token}/{_JOURNAL}"):
                raise
            return  # another process has completed it
        self.delete(f"{token}/{_JOURNAL}")
        self.delete(token)

    def _place(self, token: str, key: str, files: list[str] | None) -> None:
        """Give a key its staged content: ``files``, or none."""
        if files is None:
            self.delete(key)
        elif not self.local:
            self._copy([f"{token}/{file}" for file in files], files)
            for old in set(self.files(key)).difference(files):
                self.delete(old)
        elif os.path.exists(source := self.path(f"{token}/{key}")):  # or else it has been renamed already
            self.delete(key)
            Path(self.path(key)).parent.mkdir(parents=True, exist_ok=True)
            os.rename(source, self.path(key))

    def _copy(self, sources: list[str], targets: list[str]) -> None:
        """Within an object store, side by side."""
        self.fs.copy([self.path(key) for key in sources], [self.path(key) for key in targets])

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process exchanges in this folder. Object stores have no locks; their steps can overlap."""
        if not self.local:
            yield
            return
        folder = os.open(self.root, os.O_RDONLY)
        try:
            with suppress(OSError):  # some network file systems have no locks either
                fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _key(self, path: str) -> str:
        return str(path)[len(self.root) :].lstrip("/")

    def check(self) -> None:
        """Raise OutsideError now if the root cannot be listed (wrong bucket, no rights, no network)."""
        try:
            self.fs.invalidate_cache()
            self.fs.exists(self.root)
        except Exception as error:
            raise OutsideError(f"{self.url}: cannot be reached: {error}") from error


# What S3 takes for the name of a bucket, or of an access point.
_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}|arn:.*")
_VERSION = "?versionId="  # what follows is no part of a key to the client of S3


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
    """The file system of a path or URL, and the root in it. Nothing in a name has a meaning, as `::` has for
    fsspec's own way."""
    protocol, is_url, _ = url.partition("://")
    if not is_url:
        return fsspec.filesystem("file", **options), url
    kind = fsspec.get_filesystem_class(protocol)
    return fsspec.filesystem(protocol, **{**kind._get_kwargs_from_urls(url), **options}), str(
        kind._strip_protocol(url)
    )


def _is_part(key: str) -> bool:
    name = key.rpartition("/")[2]
    return name.startswith(".") and name.endswith(".part")

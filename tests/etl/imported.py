"""The raw tables that an importer writes, without a run around them."""

import errno
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from overscripted import segments
from overscripted.store import Store


class Imported:
    """The raw tables and the facts of an import of ``path``."""

    def __init__(
        self, load: Callable[[Store, Store, bool], dict[str, Any]], path: Path, strict: bool = False
    ) -> None:
        self.store = Store(path.parent / f"{path.name}-staged")
        self.store.delete("")
        self.facts = load(Store(path), self.store, strict)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a raw table; none where it was not written."""
        if not self.store.exists(f"raw/{table}"):
            return []
        found: list[dict[str, Any]] = self.store.read_table(f"raw/{table}").to_pylist()
        return found

    def columns(self, table: str, *names: str) -> list[tuple[Any, ...]]:
        """Some columns of a raw table."""
        return [tuple(row[name] for name in names) for row in self.rows(table)]


def fill_the_disk_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first segment of an import, of one row, meet a full disk."""
    write, errors = segments.write, [OSError(errno.ENOSPC, "No space left on device")]

    def full_once(*arguments: Any) -> str:
        if errors:
            raise errors.pop()
        return write(*arguments)

    monkeypatch.setattr(segments, "write", full_once)
    monkeypatch.setattr("overscripted.etl.importers.writer.IMPORT_SEGMENT_ROWS", 1)
    monkeypatch.setattr("overscripted.etl.importers.writer.IMPORT_BATCH_ROWS", 1)


def packed(path: Path, data: bytes) -> Path:
    """A file with this data, compressed as its name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        data = gzip.compress(data)
    elif path.suffix == ".zst":
        data = pa.Codec("zstd").compress(data, asbytes=True)
    path.write_bytes(data)
    return path

"""The segments of a raw table: which there are, and which can be read."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from overscripted import segments
from overscripted.errors import OutsideError
from overscripted.store import Store
from overscripted.text import readable

# Footers read at the same time: an object store answers each in tens of milliseconds.
_READERS = 16


@dataclass(frozen=True)
class Segment:
    """A segment: its key, its rows, its ``size`` in bytes.

    ``shape`` is its columns with their types, as text to compare. Where its text is not UTF-8, ``copy``
    is the key of a readable copy.
    """

    key: str
    rows: int
    size: int
    shape: str
    copy: str = ""

    @property
    def source(self) -> str:
        """The key of the file to read: the copy where there is one."""
        return self.copy or self.key


@dataclass
class Scan:
    """The good segments of a table in order, and the damaged ones by key with the reason."""

    good: list[Segment]
    damaged: dict[str, str]


def scan(store: Store, table: str) -> Scan:
    """Read the footer of every segment of a raw table."""
    keys = segments.keys(store, table)
    with ThreadPoolExecutor(_READERS) as pool:
        results = list(pool.map(lambda key: _read_footer(store, key), keys))
    good = [result for result in results if isinstance(result, Segment)]
    damaged = {key: result for key, result in zip(keys, results, strict=True) if isinstance(result, str)}
    return Scan(good, damaged)


def _read_footer(store: Store, key: str) -> Segment | str:
    """The segment, or why it cannot be read."""
    try:
        with store.fs.open(store.path(key), "rb") as file:
            parquet = pq.ParquetFile(file)
            shape = " ".join(f"{field.name}:{field.type}" for field in parquet.schema_arrow)
            return Segment(key, parquet.metadata.num_rows, store.size(key), shape)
    except (pa.ArrowException, OSError, ValueError) as error:
        return _reason(store, key, error)


def verify(store: Store, key: str) -> str | None:
    """Read a whole segment. Returns why it cannot be read, or None where it can."""
    try:
        with store.fs.open(store.path(key), "rb") as file:
            for batch in pq.ParquetFile(file).iter_batches(use_threads=False):
                batch.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        return _reason(store, key, error)
    return None


def readable_copy(store: Store, key: str, target: Store, name: str) -> int:
    """Write a copy of a segment with valid UTF-8 to ``target``; returns how many values were changed.

    Returns 0 and writes no copy where its text is valid, or where more than its text is damaged.
    """
    changed = 0
    try:
        with store.fs.open(store.path(key), "rb") as file, io.BytesIO() as buffer:
            parquet = pq.ParquetFile(file)
            with pq.ParquetWriter(buffer, parquet.schema_arrow, compression="zstd") as writer:
                for batch in parquet.iter_batches(use_threads=False):
                    rows, n = readable(pa.table(batch))
                    rows.validate(full=True)
                    writer.write_table(rows)
                    changed += n
            if changed:
                target.write(name, buffer.getvalue())
    except (pa.ArrowException, OSError, ValueError):
        return 0
    return changed


def _reason(store: Store, key: str, error: Exception) -> str:
    """Why a segment cannot be read. Raises OutsideError where the storage failed, not the segment."""
    reason = (str(error) or type(error).__name__).splitlines()[0][:200]
    if isinstance(error, OSError) and error.errno is not None:  # Arrow sets no errno
        raise OutsideError(
            f"{store.uri(key)}: cannot be read ({reason}); fix its permissions or the storage, "
            "then run the command again"
        ) from error
    return reason

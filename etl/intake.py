"""Which raw segments there are, which can be read, and how they are grouped into batches."""

import io
import math
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from overscripted import segments
from overscripted.errors import OutsideError
from overscripted.etl import settings
from overscripted.store import Store
from overscripted.text import readable

_READERS = 16  # footers are read side by side: an object store answers each in tens of ms


@dataclass(frozen=True)
class Segment:
    """A segment: its key, rows, bytes, and its columns with their types, as text to compare.

    ``copy`` is the key of a copy that is read in its place, where its own text is not UTF-8.
    """

    key: str
    rows: int
    size: int
    shape: str
    copy: str = ""

    @property
    def source(self) -> str:
        """The key of what is read."""
        return self.copy or self.key


@dataclass
class Intake:
    """The good segments of a table in order, and the damaged ones with the reason."""

    good: list[Segment]
    damaged: dict[str, str]


def look(store: Store, table: str) -> Intake:
    """Read the footer of every segment of a raw table."""
    keys = segments.keys(store, table)
    with ThreadPoolExecutor(_READERS) as pool:
        found = list(pool.map(lambda key: _footer(store, key), keys))
    good = [one for one in found if isinstance(one, Segment)]
    damaged = {key: one for key, one in zip(keys, found, strict=True) if isinstance(one, str)}
    return Intake(good, damaged)


def _footer(store: Store, key: str) -> Segment | str:
    try:
        with store.fs.open(store.path(key), "rb") as file:
            parquet = pq.ParquetFile(file)
            shape = " ".join(f"{field.name}:{field.type}" for field in parquet.schema_arrow)
            return Segment(key, parquet.metadata.num_rows, store.size(key), shape)
    except (pa.ArrowException, OSError, ValueError) as error:
        return _damage(store, key, error)


def verify(store: Store, key: str) -> str | None:
    """Read a whole segment; why it cannot be read, or None where it can."""
    try:
        with store.fs.open(store.path(key), "rb") as file:
            for batch in pq.ParquetFile(file).iter_batches():
                batch.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        return _damage(store, key, error)
    return None


def readable_copy(store: Store, key: str, target: Store, name: str) -> int:
    """Write a segment with valid text as ``name`` of another store; how many values it changed.

    0: nothing is wrong with its text, or more than that, and there is no copy.
    """
    changed = 0
    try:
        with (
            store.fs.open(store.path(key), "rb") as file,
            io.BytesIO() as buffer,
        ):
            parquet = pq.ParquetFile(file)
            with pq.ParquetWriter(buffer, parquet.schema_arrow, compression="zstd") as writer:
                for batch in parquet.iter_batches():
                    rows, n = readable(pa.table(batch))
                    rows.validate(full=True)
                    writer.write_table(rows)
                    changed += n
            if changed:
                target.write(name, buffer.getvalue())
    except (pa.ArrowException, OSError, ValueError):
        return 0
    return changed


def _damage(store: Store, key: str, error: Exception) -> str:
    """What is wrong with a segment. Raises OutsideError where it was the storage that could not give it."""
    reason = (str(error) or type(error).__name__).splitlines()[0][:200]
    if isinstance(error, OSError) and error.errno is not None:  # Arrow's own have none
        raise OutsideError(
            f"{store.uri(key)}: cannot be read ({reason}); mend its rights or the storage, and run again"
        ) from error
    return reason


def limits(memory: int) -> tuple[int, int]:
    """Rows and bytes of a batch that so many bytes of memory sort without spilling, or of the smallest."""
    for least, rows, size in settings.SIDE_BY_SIDE:
        if memory >= least:
            return rows, size
    return settings.SIDE_BY_SIDE[-1][1:]


def batches(waiting: list[Segment], rows: int, size: int, slots: int = 1) -> list[list[Segment]]:
    """Segments in consecutive groups of like size: about so many rows or bytes at most in each.

    Where there are enough segments, there are as many groups as ``slots``, which work side by side, or a
    multiple of that.
    """
    shares = [max(s.rows / rows, s.size / size) for s in waiting]  # of a full batch
    total = sum(shares)
    n = min(math.ceil(math.ceil(total) / slots) * slots, len(waiting)) if slots > 1 else math.ceil(total)
    groups: list[list[Segment]] = [[] for _ in range(n)]
    before = 0.0
    for segment, share in zip(waiting, shares, strict=True):
        groups[int(n * (before + share / 2) / total)].append(segment)  # where its middle falls
        before += share
    return [group for group in groups if group]


def outgrown(old: Mapping[str, list[Segment]], new: Iterable[Segment]) -> set[str]:
    """Names of old batches to be made again with what is new: small ones, of no more rows than the rest.

    So many small etls leave few files, and a call is made again only where its batch at least doubles.
    """
    rows, size = settings.SMALL_BATCH
    small = {
        name: sum(s.rows for s in group) for name, group in old.items() if sum(s.size for s in group) < size
    }
    made = sum(s.rows for s in new)
    found = set()
    for name in sorted(small, key=lambda it: small[it]):
        if small[name] >= rows or small[name] > made:
            break
        found.add(name)
        made += small[name]
    return found

"""The sites to visit, in order, read as a stream; and which of them are done."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

_BATCH = 2_000  # rows held at a time


@dataclass(frozen=True)
class Site:
    """One row of a plan. ``n``: its number, from 0. ``site``: a host, or a URL in a load check."""

    n: int
    site: str
    rank: int
    domain: str


def stream(path: Path | str, done: bytes, shard: int, shards: int) -> Iterator[Site]:
    """The rows of one shard that are not done. All sites of a registrable domain are in one shard."""
    n = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH, columns=["site", "rank", "domain"], use_threads=False):
            columns = [batch.column(i).to_pylist() for i in range(3)]
            for site, rank, domain in zip(*columns, strict=True):
                if not done[n >> 3] >> (n & 7) & 1 and zlib.crc32(domain.encode()) % shards == shard:
                    yield Site(n, site, rank, domain)
                n += 1


def pick(path: Path | str, numbers: set[int]) -> Iterator[Site]:
    """The rows with these numbers."""
    none_done = bytes((pq.ParquetFile(path).metadata.num_rows >> 3) + 1)
    return (site for site in stream(path, none_done, 0, 1) if site.n in numbers)


class Done:
    """A bit per row of a plan: whether the row has an outcome."""

    def __init__(self, rows: int) -> None:
        self.bits = bytearray((rows >> 3) + 1)
        self.count = 0

    @classmethod
    def of(cls, bits: bytes, more: tuple[int, ...]) -> "Done":
        """These rows and ``more``."""
        done = cls(0)
        done.bits = bytearray(bits)
        for n in more:
            done.add(n)
        return done

    def add(self, n: int) -> bool:
        """Mark a row as done. False if it was already."""
        bit = 1 << (n & 7)
        if self.bits[n >> 3] & bit:
            return False
        self.bits[n >> 3] |= bit
        self.count += 1
        return True

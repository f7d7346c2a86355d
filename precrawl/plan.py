"""What is to be visited, in order, read as a stream; and which of it is done."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

_BATCH = 2_000  # rows held at a time


@dataclass(frozen=True)
class Site:
    """One row of a plan; ``n`` is its number, from 0."""

    n: int
    site: str
    rank: int
    domain: str


def stream(path: Path | str, done: bytes, shard: int, shards: int) -> Iterator[Site]:
    """The rows that are not done, of one shard: all sites of a registrable domain are in one."""
    n = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH, columns=["site", "rank", "domain"]):
            columns = [batch.column(i).to_pylist() for i in range(3)]
            for site, rank, domain in zip(*columns, strict=True):
                if not done[n >> 3] >> (n & 7) & 1 and zlib.crc32(domain.encode()) % shards == shard:
                    yield Site(n, site, rank, domain)
                n += 1


def pick(path: Path | str, numbers: set[int]) -> Iterator[Site]:
    """The rows with these numbers."""
    everything = bytes((pq.ParquetFile(path).metadata.num_rows >> 3) + 1)
    return (site for site in stream(path, everything, 0, 1) if site.n in numbers)


class Done:
    """A bit for each row of a plan."""

    def __init__(self, rows: int) -> None:
        self.bits = bytearray((rows >> 3) + 1)
        self.count = 0

    @classmethod
    def of(cls, bits: bytes, more: tuple[int, ...]) -> "Done":
        """These rows and a few more."""
        done = cls(0)
        done.bits = bytearray(bits)
        for n in more:
            done.add(n)
        return done

    def add(self, n: int) -> bool:
        """Mark a row as done; whether it was not yet."""
        bit = 1 << (n & 7)
        if self.bits[n >> 3] & bit:
            return False
        self.bits[n >> 3] |= bit
        self.count += 1
        return True

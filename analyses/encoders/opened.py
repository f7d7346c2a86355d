"""Texts, with what is decoded from them, to be searched."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import NamedTuple

import pyarrow as pa

from overscripted.analyses.encoders.decoding import Decoded, decoded

BATCH = 16 * 1024 * 1024  # bytes of decoded texts that are searched together


class Texts:
    """Texts one after another in one buffer: text n is ``data[starts[n]:starts[n + 1]]``."""

    def __init__(self, data: bytes | memoryview, starts: Sequence[int]) -> None:
        self.data, self.starts = memoryview(data).cast("B"), starts

    @classmethod
    def of_column(cls, column: pa.Array) -> "Texts":
        """The values of an array without a copy; NULL as an empty text."""
        values = column.cast(pa.large_binary()).fill_null(b"")
        _, starts, data = values.buffers()
        if not len(values) or data is None:
            return cls(b"", [0] * (len(values) + 1))
        of_values = memoryview(starts).cast("q")[values.offset : values.offset + len(values) + 1]
        return cls(memoryview(data), of_values)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, n: int) -> bytes:
        return bytes(self.data[self.starts[n] : self.starts[n + 1]])

    def whole(self) -> memoryview:
        """All the texts."""
        return self.data[self.starts[0] : self.starts[-1]]


class Batch(NamedTuple):
    """Texts that were decoded, what is known of each, and the number of the text it was made from."""

    texts: Texts
    of: list[tuple[int, Decoded]]


class Opened:
    """Texts, and what is left of them with up to ``depth`` layers undone; for one search."""

    def __init__(self, texts: Texts, depth: int) -> None:
        self.texts = texts
        batches = _batches(texts, depth)
        self._first = next(batches, None)
        self.batches = chain([self._first] if self._first else [], batches)

    def buffers(self, most: int) -> list[memoryview] | None:
        """All texts, decoded or not; None where they have more than ``most`` bytes, at most `BATCH`."""
        found = [self.texts.whole()]
        if self._first:
            found.append(self._first.texts.whole())
        return found if sum(map(len, found)) <= most else None


def _batches(texts: Texts, depth: int) -> Iterator[Batch]:
    waiting: list[tuple[int, Decoded]] = []
    size = 0
    for row in range(len(texts)):
        for one in decoded(texts[row], depth):
            waiting.append((row, one))
            size += len(one.data)
        if size > BATCH:
            yield _batch(waiting)
            waiting, size = [], 0
    if waiting:
        yield _batch(waiting)


def _batch(waiting: list[tuple[int, Decoded]]) -> Batch:
    starts = list(accumulate((len(one.data) for _, one in waiting), initial=0))
    return Batch(Texts(b"".join(one.data for _, one in waiting), starts), waiting)

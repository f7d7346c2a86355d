"""How segments are grouped into batches."""

import math
from dataclasses import dataclass

from overscripted.etl import settings
from overscripted.etl.raw_segments import Segment


@dataclass(frozen=True)
class Limits:
    """The most rows and bytes of one batch."""

    rows: int
    size: int


def limits_for(memory: int) -> Limits:
    """The largest batch that so many bytes of memory sort without spilling, or the smallest there is."""
    for needed, rows, size in settings.BATCH_LIMITS:
        if memory >= needed:
            return Limits(rows, size)
    return Limits(*settings.BATCH_LIMITS[-1][1:])


def group(segments: list[Segment], limits: Limits, slots: int = 1) -> list[list[Segment]]:
    """Segments in consecutive groups of like size, each about as large as ``limits`` allow at most.

    ``slots`` is how many batches are made at the same time. Where there are enough segments, the number
    of groups is a multiple of it.
    """
    shares = [max(segment.rows / limits.rows, segment.size / limits.size) for segment in segments]
    total = sum(shares)  # in full batches
    n = math.ceil(total)
    if slots > 1:
        n = min(math.ceil(n / slots) * slots, len(segments))
    groups: list[list[Segment]] = [[] for _ in range(n)]
    before = 0.0
    for segment, share in zip(segments, shares, strict=True):
        groups[int(n * (before + share / 2) / total)].append(segment)  # where its middle falls
        before += share
    return [members for members in groups if members]

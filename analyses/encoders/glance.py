"""A glance at texts, which tells what cannot stand in them: most of what a pool would look for."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from overscripted.analyses.encoders.layers import Layer
from overscripted.analyses.encoders.patterns import Pattern

KEY = 8  # bytes that begin a pattern: one number of numpy
_BITS = 20  # of the hash of a key; the table of those that occur takes 1 MB
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # 2^64 by the golden ratio (Knuth, TAOCP 3, 6.4): it spreads numbers


class Glance:
    """The longest runs of each alphabet, and the sequences of `KEY` bytes, in buffers that hold texts.

    What it says to be absent is absent. It may take for present what is not there, such as what the end of a
    text and the beginning of the next one give together.
    """

    def __init__(self, buffers: Sequence[bytes | memoryview]) -> None:
        self._buffers = [np.frombuffer(buffer, np.uint8) for buffer in buffers if len(buffer)]
        self._longest: dict[bytes, int] = {}
        self._keys = np.zeros(1 << _BITS, np.bool_)
        for buffer in buffers:
            if len(buffer) >= KEY:
                self._keys[_hashed(np.ndarray((len(buffer) - KEY + 1,), "<u8", buffer, strides=(1,)))] = True

    def possible(self, patterns: Sequence[Pattern]) -> Iterator[Pattern]:
        """The patterns that may stand in the texts."""
        keys = b"".join(one.text[:KEY].ljust(KEY, b"\0") for one in patterns)
        there = self._keys[_hashed(np.frombuffer(keys, "<u8"))].tolist() if keys else []
        return (one for one, known in zip(patterns, there, strict=True) if known or len(one.text) < KEY)

    def among(self, layers: tuple[Layer, ...], n: int) -> tuple[Layer, ...]:
        """The layers whose outputs for ``n`` bytes may stand in the texts."""
        return tuple(layer for layer in layers if self._may_hold(layer, n))

    def _may_hold(self, layer: Layer, n: int) -> bool:
        if layer.run is None:
            return True
        least = layer.run.least(n)
        return any(self._longest_of(alphabet) >= least for alphabet in layer.run.alphabets)

    def _longest_of(self, alphabet: bytes) -> int:
        if alphabet not in self._longest:
            other = np.ones(256, np.bool_)
            other[list(alphabet)] = False
            self._longest[alphabet] = max((_longest_gap(other[one]) for one in self._buffers), default=0)
        return self._longest[alphabet]


def _hashed(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    return keys * _FACTOR >> np.uint64(64 - _BITS)


def _longest_gap(marks: npt.NDArray[np.bool_]) -> int:
    """The most places in a row without a mark."""
    places = np.flatnonzero(marks)
    if not len(places):
        return len(marks)
    between = int(np.diff(places).max(initial=1)) - 1
    return max(between, int(places[0]), len(marks) - 1 - int(places[-1]))

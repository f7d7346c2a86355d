"""Lengths, variety and repetition of the study's texts, measured on its published sample.

Medians and tails of lengths (characters) come from the sample's 414,204 valid calls. Beyond the 99th
percentile, values of storage reach 3.4 million characters. A text that a page reads again is the same text.
"""

import json
from collections.abc import Callable
from functools import lru_cache

import numpy as np

FUNCTIONS = ("", "t", "n.get", "r/<", "init")
NEW_SYMBOL = 0.56  # share of calls whose symbol is not the one before in that script

# Log-normal: share, median, sigma; the long ones apart. Then the most there may be.
COOKIE = ((1.0, 251, 1.26), (0.0, 1, 0.0), 4_000)
LOCAL = ((0.93, 150, 1.7), (0.07, 60_000, 1.3), 3_400_000)
SESSION = ((0.96, 87, 1.8), (0.04, 12_000, 1.2), 950_000)
STORED = ((0.97, 60, 1.3), (0.03, 30_000, 1.2), 1_000_000)
FRAMES = ((1.0, 9, 0.6), (0.0, 1, 0.0), 90)
# Calls of a page after which a text is another: 15 % of cookies read are distinct, 12 % of storages,
# 44 % of stacks, half of what is stored.
COOKIE_CALLS, STORAGE_CALLS, STACK_CALLS, STORED_CALLS = 32, 32, 8, 8


def position(script: np.ndarray, symbol: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Line and column where a script uses a symbol: always the same; half are on the first ten lines."""
    mixed = (
        np.asarray(script, np.uint64) * np.uint64(2654435761) + np.asarray(symbol, np.uint64)
    ) * np.uint64(0x9E3779B97F4A7C15)
    first = (mixed >> np.uint64(40)).astype(np.float64) / 2**24
    second = ((mixed >> np.uint64(16)) & np.uint64(0xFFFFFF)).astype(np.float64) / 2**24
    return (1 + first**5 * 400).astype(np.int64), (1 + second**5 * 90_000).astype(np.int64)


class Texts:
    """Texts drawn by key, so that the same key gives the same text."""

    def __init__(self, frames: Callable[[np.ndarray, np.ndarray], list[str]]) -> None:
        self._frames = frames
        self._stack = lru_cache(20_000)(self._stack_of)
        self._text = lru_cache(20_000)(_text)

    def stack(self, ref: int, row: int) -> str:
        """A call stack, innermost frame first."""
        return self._stack(int(ref), int(row) // STACK_CALLS)

    def _stack_of(self, ref: int, version: int) -> str:
        rng = np.random.default_rng([1, ref, version])
        depth = max(1, _length(rng, FRAMES))
        return "\n".join(self._frames(ref + rng.integers(0, 3, depth), rng.integers(0, 50, depth)))

    def value(self, symbol: str, operation: str, place: int, site: int, row: int) -> str:
        """The value that was read or written."""
        if symbol == "window.document.cookie":
            if operation == "set":
                return (
                    f"_s{row % 9}={site * 7919 + row}; path=/; expires=Sat, 16 Dec 2017 {row % 24:02}:00 GMT"
                )
            return self._text("cookie", int(place), int(row) // COOKIE_CALLS)
        if symbol in ("window.localStorage", "window.sessionStorage"):
            return self._text(symbol, int(site), int(row) // STORAGE_CALLS)
        return f"value of {symbol}"

    def arguments(self, symbol: str, site: int, row: int) -> list[str]:
        """A call's arguments."""
        key = f"key{(site * 31 + row // 4) % 5000}"
        if symbol.endswith("setItem"):
            return [key, self._text("stored", int(site), int(row) // STORED_CALLS)]
        return [key] if symbol.startswith("window.Storage") else [key, str(row % 7)]


def _length(rng: np.random.Generator, shape: tuple[tuple[float, float, float], ...]) -> int:
    (share, median, sigma), long, most = shape  # type: ignore[misc]
    if rng.random() >= share:
        _, median, sigma = long
    return int(min(most, median * np.exp(sigma * rng.standard_normal())))


_SHAPES = {
    "cookie": COOKIE,
    "window.localStorage": LOCAL,
    "window.sessionStorage": SESSION,
    "stored": STORED,
}


def _text(kind: str, owner: int, version: int) -> str:
    """A cookie string, or JSON as pages store it: records of the same form with different numbers."""
    # Its form is its owner's; what changes from version to version are numbers.
    form = np.random.default_rng([2, len(kind), owner])
    rng = np.random.default_rng([3, len(kind), owner, version])
    size = _length(form, _SHAPES[kind])
    if kind == "cookie":
        names = form.integers(0, 200, 1 + size // 30).tolist()
        numbers = form.integers(10**8, 10**9, 2 * len(names)).tolist()
        numbers[:2] = rng.integers(10**8, 10**9, 2).tolist()  # from one version to the next little changes
        text = "; ".join(f"_c{n}=GA1.2.%d.%d" for n in names) % tuple(numbers)
        return text[:size]
    words = [f"field{w}" for w in form.choice(400, 6, replace=False).tolist()]
    record = json.dumps({w: "%d" if i % 2 else f"text {w} of owner" for i, w in enumerate(words)})
    count = 1 + size // len(record)
    numbers = rng.integers(0, 10**9, 3 * count).tolist()
    return ("[" + ", ".join([record] * count) % tuple(numbers) + "]")[: max(2, size)]

"""Who may visit a registrable domain now: one visit at a time, then a rest. Shared by a vantage's processes.

A table in a mapped file, one number a slot: the time until which the domain rests, or, negative, the
time until which it is held. Domains that fall into one slot wait for each other, which harms nobody.
Times are of the monotonic clock, which all processes of a machine share.
"""

import fcntl
import mmap
import struct
import threading
import time
import zlib
from pathlib import Path

SLOTS = 2**20  # 8 MiB, sparse; at 300 visits a second 0.03 % wait a second for a stranger
HELD_POLL_S = 0.05  # until a held domain is asked for again
_NUMBER = struct.Struct("d")


class Gate:
    """Opened by path in every process of a vantage. ``lease_s`` frees what a dead process held."""

    def __init__(self, path: Path, pace_s: float, lease_s: float) -> None:
        self._pace, self._lease = pace_s, lease_s
        self._lock = threading.Lock()
        self._file = open(path, "r+b")  # noqa: SIM115 (kept open as long as the map)
        self._map = mmap.mmap(self._file.fileno(), SLOTS * _NUMBER.size)

    @staticmethod
    def create(path: Path) -> None:
        """An open gate for every domain."""
        with open(path, "wb") as file:
            file.truncate(SLOTS * _NUMBER.size)

    def enter(self, domain: str) -> float | None:
        """None when the domain is ours now; else the (monotonic) time to ask again."""
        at = zlib.crc32(domain.encode()) % SLOTS * _NUMBER.size
        with self._lock:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                now = time.monotonic()
                (value,) = _NUMBER.unpack_from(self._map, at)
                if -value > now:
                    return now + HELD_POLL_S
                if value > now:
                    return float(value)
                _NUMBER.pack_into(self._map, at, -(now + self._lease))
                return None
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)

    def leave(self, domain: str, rest_s: float = 0.0) -> None:
        """The domain rests for the pace, or longer if its server asked for that."""
        at = zlib.crc32(domain.encode()) % SLOTS * _NUMBER.size
        _NUMBER.pack_into(self._map, at, time.monotonic() + max(self._pace, rest_s))

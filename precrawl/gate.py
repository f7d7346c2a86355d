"""Who may visit a registrable domain now: one visit at a time, then a rest. Shared by a vantage's processes.

Two tables in a mapped file. One number a slot: the time until which the domain rests, or, negative,
the time until which it is held. One byte a slot: the process that holds it, from 1. Domains that fall
into one slot wait for each other, which harms nobody. Times are of the monotonic clock, which all
processes of a machine share.
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
    """Opened by path in every process of a vantage; ``holder`` is the process's number, below 255.

    ``lease_s`` frees what was held by a process whose end nobody noticed.
    """

    def __init__(self, path: Path, pace_s: float, lease_s: float, holder: int) -> None:
        self._pace, self._lease, self._holder = pace_s, lease_s, holder + 1
        self._lock = threading.Lock()
        self._file = open(path, "r+b")  # noqa: SIM115 (kept open as long as the map)
        self._map = mmap.mmap(self._file.fileno(), SLOTS * (_NUMBER.size + 1))

    @staticmethod
    def create(path: Path) -> None:
        """An open gate for every domain."""
        with open(path, "wb") as file:
            file.truncate(SLOTS * (_NUMBER.size + 1))

    @staticmethod
    def free(path: Path, holder: int) -> None:
        """End what a dead process held."""
        with open(path, "r+b") as file, mmap.mmap(file.fileno(), SLOTS * (_NUMBER.size + 1)) as table:
            at = SLOTS * _NUMBER.size - 1
            while (at := table.find(bytes([holder + 1]), at + 1)) != -1:
                slot = at - SLOTS * _NUMBER.size
                _NUMBER.pack_into(table, slot * _NUMBER.size, 0.0)
                table[at] = 0

    def enter(self, domain: str) -> float | None:
        """None when the domain is ours now; else the (monotonic) time to ask again."""
        slot = zlib.crc32(domain.encode()) % SLOTS
        at = slot * _NUMBER.size
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
                self._map[SLOTS * _NUMBER.size + slot] = self._holder
                return None
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)

    def leave(self, domain: str, rest_s: float = 0.0) -> None:
        """The domain rests for the pace, or longer if its server asked for that."""
        slot = zlib.crc32(domain.encode()) % SLOTS
        self._map[SLOTS * _NUMBER.size + slot] = 0
        _NUMBER.pack_into(self._map, slot * _NUMBER.size, time.monotonic() + max(self._pace, rest_s))

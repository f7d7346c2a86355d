"""The sites that a process is visiting, in a file that outlives it."""

import os
from pathlib import Path

_WIDTH = 12  # bytes per thread


class UnderWay:
    """One line per thread: the number of its site in the plan. What ended the process is among them."""

    def __init__(self, path: Path, threads: int) -> None:
        self._path = path
        self._file = open(path, "wb", buffering=0)  # noqa: SIM115
        for thread in range(threads):
            self.set(thread, -1)

    def set(self, thread: int, number: int) -> None:
        """This thread visits this site; -1 for none."""
        os.pwrite(self._file.fileno(), f"{number:>{_WIDTH - 1}}\n".encode(), thread * _WIDTH)

    def close(self) -> None:
        """Delete the file: the process ends as it should."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    @staticmethod
    def path(folder: Path, shard: int) -> Path:
        """Where a process keeps its file."""
        return folder / f"{shard}.under-way"

    @staticmethod
    def read(path: Path) -> list[int]:
        """The sites that were under way when the process died, in order."""
        try:
            return sorted({int(n) for n in path.read_text("utf-8").split() if int(n) >= 0})
        except FileNotFoundError:
            return []

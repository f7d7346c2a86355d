"""How long Firefox has been drawing: WebGL of all its pages is drawn in software by the same few threads.

One page may keep them busy for minutes. Whatever else draws then waits, and cannot hand over its records.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

_THREADS = "llvmpipe"  # as Mesa names them
_BUSY = 0.25  # of a core


class Drawing:
    """The threads of one Firefox that draw. On Linux; elsewhere nothing is known of them."""

    def __init__(self, pid: int) -> None:
        self._tasks = Path(f"/proc/{pid}/task")
        self._used, self._looked = 0.0, time.monotonic()
        self.busy_s = 0.0  # seconds without a rest until the last look

    def look(self) -> None:
        """See what they did since the last look. Call it every so often."""
        threads = list(self._threads())
        used, now = sum(cpu_s for _, cpu_s in threads), time.monotonic()
        passed = now - self._looked
        # On a busy machine they wait for the CPU.
        busy = used - self._used >= _BUSY * passed or any(state == "R" for state, _ in threads)
        self.busy_s = self.busy_s + passed if busy else 0.0
        self._used, self._looked = used, now

    def _threads(self) -> Iterator[tuple[str, float]]:
        """Of each its state, ``R`` where it runs or would, and the seconds of CPU that it has used."""
        with contextlib.suppress(OSError):
            for task in self._tasks.iterdir():
                with contextlib.suppress(OSError):  # it has ended
                    name, _, rest = (task / "stat").read_text("utf-8", "replace").rpartition(")")
                    if _THREADS in name:
                        fields = rest.split()
                        yield fields[0], (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

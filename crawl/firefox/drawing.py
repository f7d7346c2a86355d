"""How long Firefox has been drawing. A few threads draw WebGL of all its pages in software.

One page can keep them busy for minutes. Other pages that draw then wait, and cannot send their records.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

_THREADS = "llvmpipe"  # Mesa's name of them
_BUSY = 0.25  # of a core


class Drawing:
    """The threads of one Firefox that draw. On Linux; elsewhere none is found."""

    def __init__(self, pid: int) -> None:
        self._tasks = Path(f"/proc/{pid}/task")
        self._used, self._looked = 0.0, time.monotonic()
        self.busy_s = 0.0  # seconds of drawing without a pause until the last look

    def look(self) -> None:
        """Look how busy the threads were since the last look. Call it often."""
        threads = list(self._threads())
        used, now = sum(cpu_s for _, cpu_s in threads), time.monotonic()
        passed = now - self._looked
        # On a busy machine the threads wait for the CPU (state R).
        busy = used - self._used >= _BUSY * passed or any(state == "R" for state, _ in threads)
        self.busy_s = self.busy_s + passed if busy else 0.0
        self._used, self._looked = used, now

    def _threads(self) -> Iterator[tuple[str, float]]:
        """State of each thread, ``R`` where it runs or waits for the CPU, and the CPU seconds it has used."""
        with contextlib.suppress(OSError):
            for task in self._tasks.iterdir():
                with contextlib.suppress(OSError):  # the thread has ended
                    name, _, rest = (task / "stat").read_text("utf-8", "replace").rpartition(")")
                    if _THREADS in name:
                        fields = rest.split()
                        yield fields[0], (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

"""Why the process of a page died: what Firefox writes about it, and whether the machine had memory left."""

import asyncio
import contextlib
import re
import signal
from collections import deque
from pathlib import Path

from overscripted.crawl import settings

# What Firefox's parent process writes at the end of a process, and what a dying process writes before.
_EXIT = re.compile(r"process (\d+) exited (on signal|with status) (\d+)")
_REASON = re.compile(r"out of memory: .*|Hit MOZ_CRASH\(.*|.*ABORT: .*")
_UNKNOWN = "nothing is known of its end"
_NO_MEMORY = re.compile(r"out of memory|\boom\b")


class Deaths:
    """The ends of the processes of one Firefox. `handle_line` gets each line that Firefox writes."""

    def __init__(self) -> None:
        self._ends: dict[int, str] = {}  # by process id
        self._reasons: deque[str] = deque(maxlen=3)  # written since the last end
        self._changed = asyncio.Event()
        self.ended_for = ""  # why we have ended Firefox itself
        self._killed = self._killed_before = oom_kills()  # at the last look, and at the look before

    def handle_line(self, line: str) -> None:
        """Handle a line that Firefox or one of its processes wrote on standard error."""
        if match := _EXIT.search(line):
            pid, how, number = int(match[1]), match[2], int(match[3])
            end = _signal(number) if how == "on signal" else f"status {number}"
            self._ends[pid] = ": ".join([end, *self._reasons])
            self._reasons.clear()
            self._changed.set()
        elif match := _REASON.search(line):
            self._reasons.append(match[0][:300])

    def look(self) -> None:
        """Count what the kernel has killed. Deaths are reported late, so the count before is kept too."""
        self._killed_before, self._killed = self._killed, oom_kills()

    async def why(self, pid: int, memory: int) -> str:
        """Why a process died. ``memory``: its bytes at the last look; 0 where that is not known."""
        if not pid:
            return "the page's process did not start"
        killed = self._killed_before
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(settings.DEATH_S):
                while pid not in self._ends:
                    self._changed.clear()
                    await self._changed.wait()
        end = self._ends.get(pid, _UNKNOWN)
        return "; ".join(
            [
                f"the page's process died: {end}{_by_kernel(end, killed)}",
                *([f"it had {memory >> 20:,} MB of memory when last looked at"] if memory else []),
                *([f"it may hold {settings.DATA_BYTES >> 20:,} MB"] if _NO_MEMORY.search(end) else []),
            ]
        )

    async def of_browser(self, process: asyncio.subprocess.Process) -> str:
        """Why Firefox itself ended; ``process`` is its parent process."""
        if self.ended_for:
            return self.ended_for
        killed = self._killed_before
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(settings.DEATH_S):
                await process.wait()
        code = process.returncode
        if code is None:
            return "it does not answer any more"
        end = _signal(-code) if code < 0 else f"status {code}"
        return end + _by_kernel(end, killed)


def _by_kernel(end: str, killed: int) -> str:
    if end.startswith((_UNKNOWN, _signal(signal.SIGKILL))) and oom_kills() > killed:
        return ", when the machine was out of memory and the kernel ended processes"
    return ""


def prefer_over_parent(pid: int, parent: int) -> None:
    """Have the kernel kill this process before its parent, where the machine has no memory left.

    Otherwise it may kill the parent process, which has the largest address space and which all pages need.
    """
    with contextlib.suppress(OSError, ValueError):
        rank = int(_rank_of(parent).read_text("ascii")) + settings.OOM_RANK
        _rank_of(pid).write_text(str(min(rank, 1000)), "ascii")


def _rank_of(pid: int) -> Path:
    return Path(f"/proc/{pid}/oom_score_adj")


def oom_kills() -> int:
    """Processes that the kernel has killed for lack of memory since its start; 0 where it does not say."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text("utf-8", "replace").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


def _signal(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"

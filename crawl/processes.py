"""Processes of this machine: which run, how to kill them, how to let others use the CPU first."""

import contextlib
import os
import signal
from pathlib import Path

_LAST = 19  # the lowest priority (niceness) that a process can have


def runs(pid: int, started: int = 0) -> bool:
    """Whether the process runs. With ``started`` (see `start_time`), a later process of this number does not
    count.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not started or start_time(pid) == started


def start_time(pid: int) -> int:
    """Start time of a process in clock ticks since boot (Linux); 0 where it is unknown or for a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[19])


def kill(pid: int) -> None:
    """Kill a process, if it still runs."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_group(leader: int) -> None:
    """Kill a process and all processes of its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def throttle(pid: int) -> None:
    """Let every other process use the CPU first, so that a page's endless loop does not slow other pages."""
    try:  # on Linux each thread has a priority of its own
        threads = [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        threads = [pid]
    for thread in threads:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, _LAST)

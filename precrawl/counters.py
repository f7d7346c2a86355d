"""What the processes of a precrawl tell each other about their progress, in shared memory."""

import ctypes

AT_END = 2**62  # `position` of a process that has begun all its sites


class ProcessCounters(ctypes.Structure):
    """The counters of one process. Only this process writes them, and its parent between two processes.

    ``position``: number of the plan's row that is begun next, or AT_END. ``done``: rows with an outcome.
    ``failed``: those whose outcome is not ``reached``. ``pulse``: grows several times per second while
    the process lives; 0 before it has started its threads and after it has stopped them.
    """

    position: int
    done: int
    failed: int
    pulse: int

    _fields_ = [(name, ctypes.c_longlong) for name in ("position", "done", "failed", "pulse")]

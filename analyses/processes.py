"""One function for many items, in several processes of this machine, as Python itself uses one core."""

import contextlib
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from overscripted import children
from overscripted.engines import Engine
from overscripted.errors import OutsideError

Item = TypeVar("Item")
Result = TypeVar("Result")
_Process = subprocess.Popen[bytes]
MOST = 8  # processes
MEMORY = 1024**3  # bytes for each: 150 MB, its item, and what it makes of it
START = 4  # seconds of work that are worth a process, whose start takes one


def worthwhile(engine: Engine, seconds: float) -> int:
    """How many processes are worth their start for work of so many seconds, as far as cores and memory allow.

    At least 1, which is this one.
    """
    slots, memory = engine.capacity()
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    room = MOST if memory is None else memory // MEMORY
    n = min(here, slots, room, MOST, int(seconds / START))
    return n if n > 1 and sys.executable else 1


def in_order(function: Callable[[Item], Result], items: Iterable[Item], n: int) -> Iterator[Result]:
    """``function(item)`` of each item, in the order of the items, in ``n`` processes; here if that is one.

    ``function`` is one of a module, and pickle knows items and results. ``n`` items are under way at a time.
    Raises what the function raises, and OutsideError where a process is killed.
    """
    if n == 1:
        yield from map(function, items)
        return
    processes: list[_Process] = []
    try:
        for _ in range(n):
            processes.append(children.start(__name__, stdout=subprocess.PIPE))
        idle, busy = list(processes), deque[_Process]()
        for item in items:
            done = []
            if not idle:
                done.append(_result(busy[0]))
                idle.append(busy.popleft())
            busy.append(idle.pop())
            _send(busy[-1], (function, item))
            yield from done
        while busy:
            yield _result(busy.popleft())
    finally:
        for process in processes:
            process.kill()  # all of them, before the first is waited for
        for process in processes:
            with contextlib.suppress(OSError), process:  # OSError: bytes that it has not read
                pass


def _send(process: _Process, request: tuple[Callable[[Any], Any], Any]) -> None:
    assert process.stdin
    try:
        pickle.dump(request, process.stdin)
        process.stdin.flush()
    except OSError as error:
        raise _ended(process) from error


def _result(process: _Process) -> Any:
    assert process.stdout
    try:
        answer = pickle.load(process.stdout)
    except (EOFError, pickle.UnpicklingError) as error:
        raise _ended(process) from error
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _ended(process: _Process) -> OutsideError:
    try:
        code = process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        code = 1  # it is killed with the others
    reason = "was killed, likely for its memory" if code < 0 else "ended: see its messages above"
    return OutsideError(f"a process of the analysis {reason}; try fewer (--conf threads=1)")


def main() -> None:
    """Answer the requests that come on standard input, pickled, until it ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries may print there
    with contextlib.suppress(EOFError):
        while True:
            function, item = pickle.load(sys.stdin.buffer)
            answers.write(children.answer(function, item))
            answers.flush()


if __name__ == "__main__":
    main()

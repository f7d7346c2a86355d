"""Other Python processes that run a module of ours. They end with the process that started them."""

import contextlib
import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable
from typing import IO, Any


def start(module: str, *arguments: str, stdout: int | IO[bytes], **options: Any) -> "subprocess.Popen[bytes]":
    """A process that runs a module, with a pipe as its standard input. ``options`` are those of Popen."""
    # Not multiprocessing: its children run the caller's script again. -P: a folder of the user's in the
    # working directory may have the name of one of our packages.
    path = os.pathsep.join(path or os.getcwd() for path in sys.path if isinstance(path, str))
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=stdout,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,  # only this process handles Ctrl-C
        **options,
    )


def answer(function: Callable[..., Any], *arguments: Any) -> bytes:
    """What a process sends back for a request: the pickled result of a function, or its pickled exception."""
    try:
        return pickle.dumps(function(*arguments))
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)))  # pickle leaves the traceback out
        with contextlib.suppress(Exception):
            pickled = pickle.dumps(error)
            pickle.loads(pickled)  # not every exception can be read again
            return pickled
        return pickle.dumps(RuntimeError("".join(traceback.format_exception(error))))

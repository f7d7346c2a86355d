"""One inspection as a process: `overscripted inspect`, where it stands, its answer, and how it ends."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from overscripted.explore.inspecting.question import Question
from overscripted.explore.settings import INSPECT_END_SECONDS, INSPECT_SAID
from overscripted.text import decoded

_STEP = re.compile(r"inspect: +\d+ s  (.+)")  # a line of progress of the command
_SECOND_SIGNAL_S = 0.5  # the first signal lets visits in progress end, a second one ends them


class Job:
    """An inspection that runs or has ended. All that it writes is in ``folder``, which it makes.

    ``name`` is its name in addresses, ``run`` the name of the run that it compares with, at ``against``.
    """

    def __init__(
        self, name: str, run: str, against: str, question: Question, folder: Path, more: Sequence[str]
    ) -> None:
        self.name, self.run, self.question = name, run, question
        self.began = datetime.now(UTC)
        self._folder = folder
        self._ended_for = ""
        self._ending = threading.Lock()
        folder.mkdir()
        options = ["--json", f"--html={folder / 'answer.html'}", f"--against={against}", *more]
        self._process = _started([*options, *question.arguments()], folder)
        self._clock = threading.Timer(question.limit_s, self.end, ["It took too long, and was ended."])
        self._clock.daemon = True
        self._clock.start()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code of the command; None while it runs."""
        return self._process.poll()

    @property
    def step(self) -> str:
        """What it does now, in the command's words."""
        steps = [found[1] for line in self._said() if (found := _STEP.fullmatch(line))]
        return steps[-1] if steps else "starting"

    @property
    def error(self) -> str:
        """Why it ended without an answer, in the command's words; of several lines."""
        own = [self._ended_for] if self._ended_for else []
        said = [
            line for line in self._said() if not _STEP.fullmatch(line) and not line.startswith("written: ")
        ]
        return "\n".join([*own, *said]).strip()

    def answer(self) -> dict[str, Any]:
        """The answer as the command's JSON; empty without one. A page that was not seen has one, too."""
        try:
            found: dict[str, Any] = json.loads((self._folder / "answer.json").read_bytes())
        except ValueError:
            return {}
        return found

    def html(self) -> bytes:
        """The answer as the page that the command writes; empty without one."""
        path = self._folder / "answer.html"
        return path.read_bytes() if path.exists() else b""

    def end(self, why: str) -> None:
        """End the process and its Firefox, if they run. Returns when they have ended."""
        with self._ending:
            self._clock.cancel()
            if self.running:
                self._ended_for = why
                _end(self._process)

    def _said(self) -> list[str]:
        """The last lines of what the command wrote for people."""
        with (self._folder / "said.txt").open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - INSPECT_SAID))
            return decoded(file.read()).splitlines()


def _started(arguments: list[str], folder: Path) -> "subprocess.Popen[bytes]":
    # -P: a folder of the user's in the working directory may have the name of one of our packages.
    path = os.pathsep.join(path or os.getcwd() for path in sys.path if isinstance(path, str))
    with (folder / "answer.json").open("wb") as answer, (folder / "said.txt").open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "overscripted", "inspect", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=said,
            env={**os.environ, "PYTHONPATH": path, "TMPDIR": str(folder)},
            start_new_session=True,  # Ctrl-C is for the explorer, which ends this process
        )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Interrupt a command; kill it, and what it started, where that does not end it."""
    family = _children(process.pid)
    try:
        for patience in (_SECOND_SIGNAL_S, INSPECT_END_SECONDS):
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)
                return
    finally:
        family += _children(process.pid)
        process.kill()
        process.wait()
        for one in family:
            with contextlib.suppress(psutil.Error):
                one.kill()


def _children(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).children(recursive=True)
    return []

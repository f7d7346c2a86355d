"""The inspections of an explorer: one runs at a time, the last ones are kept, all go with the explorer."""

import secrets
import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from overscripted.errors import InputError
from overscripted.explore.inspecting.job import Job
from overscripted.explore.inspecting.question import Question
from overscripted.explore.settings import INSPECTIONS_KEPT


class Busy(InputError):
    """An inspection runs already."""


class Inspections:
    """Starts inspections, and keeps their answers in a folder of its own until `close`.

    ``more``: further arguments of the command. The explorer gives none; tests need their own web.
    """

    def __init__(self, more: Sequence[str] = ()) -> None:
        self._more = tuple(more)
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._folder: Path | None = None
        self._closed = False

    def start(self, run: str, against: str, question: Question) -> Job:
        """Start an inspection for a run, by its name here and its place. Raises Busy while another runs."""
        with self._lock:
            if self._closed:
                raise Busy("The explorer is being ended.")
            if any(job.running for job in self._jobs.values()):
                raise Busy("An inspection runs already. Wait for its answer, or end it; then ask again.")
            self._forget()
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="overscripted-explore-"))
            name = secrets.token_hex(4)
            job = Job(name, run, against, question, self._folder / name, self._more)
            self._jobs[name] = job
            return job

    def of(self, run: str) -> list[Job]:
        """The inspections for a run that are kept, the last one first."""
        with self._lock:
            return [job for job in reversed(self._jobs.values()) if job.run == run]

    def close(self) -> None:
        """End the one that runs, and delete all answers."""
        with self._lock:
            self._closed = True
            for job in self._jobs.values():
                job.end("The explorer was ended.")
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)

    def _forget(self) -> None:
        """Delete the oldest answers, so that there is room for one more."""
        for name in list(self._jobs)[: max(0, len(self._jobs) - INSPECTIONS_KEPT + 1)]:
            self._jobs.pop(name).end("")
            assert self._folder is not None
            shutil.rmtree(self._folder / name, ignore_errors=True)

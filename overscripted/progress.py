"""Progress of long work: a live line on a terminal, plain lines in a log."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

LOG_EVERY_S = 10.0  # one line per ten seconds keeps the log of a day's crawl readable


def duration(seconds: float) -> str:
    """A time in one unit: ``12 s``, ``3 min``, ``1.5 h``."""
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 59.5 * 60 else f"{seconds / 3600:.1f} h"


_LISTENER: ContextVar["Callable[[Work], None] | None"] = ContextVar("listener", default=None)


@contextmanager
def heard_by(listener: "Callable[[Work], None]") -> Iterator[None]:
    """Inside the block, work of this thread or task shows nothing: the listener is told at each change."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


class _Bar(Progress):
    """A progress bar with a note below it."""

    note = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if self.note:
            yield Text(self.note, style="yellow")


class Work:
    """Count units of work; show on standard error how many are done, left and failed, and the rate.

    A context manager: call `add` for each unit inside it. ``total`` is None where it is unknown.
    """

    def __init__(self, name: str, total: int | None, unit: str = "pages") -> None:
        self.name, self.total, self.unit = name, total, unit
        self.done = self.failed = 0
        self._started = self._logged = time.monotonic()
        self._bar: _Bar | None = None
        self._note = self._logged_note = ""
        self._listener = _LISTENER.get()

    def __enter__(self) -> "Work":
        if self._listener is None and sys.stderr.isatty():
            self._bar = _Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TextColumn("[red]{task.fields[failed]}"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )
            self._bar.start()
            self._task = self._bar.add_task(self.name, total=self.total, rate="", failed="")
        return self

    def add(self, done: int = 1, failed: int = 0) -> None:
        """Count finished units; ``failed`` of them failed."""
        self.done += done
        self.failed += failed
        if self._listener:
            self._listener(self)
        elif self._bar:
            self._bar.update(
                self._task,
                completed=self.done,
                rate=f"{self.rate:.1f} {self.unit}/s",
                failed=f"{self.failed} failed" if self.failed else "",
            )
        else:
            self._log()

    def note(self, text: str) -> None:
        """Show a text after the numbers. A log shows a new text even if no unit has finished."""
        self._note = text
        if self._listener:
            self._listener(self)
        elif self._bar:
            self._bar.note = text
        elif text != self._logged_note:
            self._log()

    def _log(self) -> None:
        if time.monotonic() - self._logged >= LOG_EVERY_S:
            self._logged, self._logged_note = time.monotonic(), self._note
            print(self.line(), file=sys.stderr, flush=True)

    @property
    def rate(self) -> float:
        """Units per second since the start."""
        return self.done / max(time.monotonic() - self._started, 1e-9)

    def line(self) -> str:
        """The state as one line of text."""
        left = "?" if self.total is None else str(max(self.total - self.done, 0))
        return (
            f"{self.name}: {self.done} {self.unit} done, {left} left, {self.failed} failed, "
            f"{self.rate:.1f} {self.unit}/s" + (f"; {self._note}" if self._note else "")
        )

    def __exit__(self, *exception: object) -> None:
        self._note = ""  # it was about work that was under way
        if self._listener:
            return
        if self._bar:
            self._bar.stop()
        print(self.line(), file=sys.stderr, flush=True)

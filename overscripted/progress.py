"""Progress of long work: a live line on a terminal, plain lines in a log."""

import sys
import time
from collections.abc import Iterable
from types import TracebackType

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

LOG_EVERY_S = 10.0  # a log of a day's crawl stays readable at one line in ten seconds


def duration(seconds: float) -> str:
    """A time in one unit, as it is said: ``12 s``, ``3 min``, ``1.5 h``."""
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 59.5 * 60 else f"{seconds / 3600:.1f} h"


class _Bar(Progress):
    """A progress bar with a note below."""

    note = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if self.note:
            yield Text(self.note, style="yellow")


class Work:
    """Counts units of work and shows rate, done, left and failed on standard error.

    Use as a context manager; call `add` for each unit. ``total`` may be unknown (None).
    """

    def __init__(self, name: str, total: int | None, unit: str = "pages") -> None:
        self.name, self.total, self.unit = name, total, unit
        self.done = self.failed = 0
        self._began = self._logged = time.monotonic()
        self._bar: _Bar | None = None
        self._note = self._noted = ""  # and the one that was printed last

    def __enter__(self) -> "Work":
        if sys.stderr.isatty():
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
        if self._bar:
            self._bar.update(
                self._task,
                completed=self.done,
                rate=f"{self.rate:.1f} {self.unit}/s",
                failed=f"{self.failed} failed" if self.failed else "",
            )
        else:
            self._log()

    def note(self, text: str) -> None:
        """What there is to say beside the numbers. In a log it has a line even if no unit is finished."""
        self._note = text
        if self._bar:
            self._bar.note = text
        elif text != self._noted:
            self._log()

    def _log(self) -> None:
        if time.monotonic() - self._logged >= LOG_EVERY_S:
            self._logged, self._noted = time.monotonic(), self._note
            print(self.line(), file=sys.stderr, flush=True)

    @property
    def rate(self) -> float:
        """Units a second since the start."""
        return self.done / max(time.monotonic() - self._began, 1e-9)

    def line(self) -> str:
        """The state as one plain line."""
        left = "?" if self.total is None else str(max(self.total - self.done, 0))
        return (
            f"{self.name}: {self.done} {self.unit} done, {left} left, {self.failed} failed, "
            f"{self.rate:.1f} {self.unit}/s" + (f"; {self._note}" if self._note else "")
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._note = ""  # there is no present any more
        if self._bar:
            self._bar.stop()
        print(self.line(), file=sys.stderr, flush=True)

"""Progress of long work: a live line on a terminal, plain lines in a log."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

LOG_EVERY_S = 10.0  # a log of a day's crawl stays readable at one line in ten seconds


class Work:
    """Counts units of work and shows rate, done, left and failed on standard error.

    Use as a context manager; call `add` for each unit. ``total`` may be unknown (None).
    """

    def __init__(self, name: str, total: int | None, unit: str = "pages") -> None:
        self.name, self.total, self.unit = name, total, unit
        self.done = self.failed = 0
        self._began = self._logged = time.monotonic()
        self._bar: Progress | None = None

    def __enter__(self) -> "Work":
        if sys.stderr.isatty():
            self._bar = Progress(
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
        elif time.monotonic() - self._logged >= LOG_EVERY_S:
            self._logged = time.monotonic()
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
            f"{self.rate:.1f} {self.unit}/s"
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()
        print(self.line(), file=sys.stderr, flush=True)

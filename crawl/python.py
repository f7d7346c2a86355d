"""``overscripted.crawl(…)``: a crawl from Python, in notebooks too."""

import asyncio
import contextvars
import dataclasses
import os
import tempfile
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from overscripted.crawl import run as stage
from overscripted.crawl.firefox import displays
from overscripted.crawl.settings import Options
from overscripted.errors import InputError

_Result = TypeVar("_Result")


def crawl(
    run: str | os.PathLike[str],
    seeds: Iterable[str] | os.PathLike[str] | None = None,
    *,
    next_wave: bool = False,
    frontier: str | None = None,
    stop: threading.Event | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Visit the seeds of a run that are left, as `overscripted crawl` does; returns the facts of the crawl.

    ``seeds``: URLs, or the `Path` of a file of them; without any, those of the precrawl. ``options`` are the
    fields of `overscripted.crawl.settings.Options`, such as ``dwell_s=5, save=("screenshot",)``. Blocks until
    every seed has ended; an interrupt, or ``stop`` once it is set, ends it early, and then the fact ``left``
    is more than 0. Call it again to go on. `overscripted etl` makes the tables. Raises InputError for what
    cannot be used, SoftwareMissing without Firefox.
    """
    chosen = _options(options)
    interrupted = stop or threading.Event()
    with tempfile.TemporaryDirectory(prefix="overscripted-crawl-") as folder:
        file = _file(seeds, Path(folder))

        def work(stopped: threading.Event | None) -> dict[str, Any]:
            return stage.crawl(os.fspath(run), chosen, file, frontier, next_wave, stopped)

        if loop_runs_here():
            return elsewhere(lambda: work(interrupted), interrupted)
        return work(stop)


def loop_runs_here() -> bool:
    """Whether an event loop runs in this thread, as in a notebook: no other can then run in it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def elsewhere(work: Callable[[], _Result], stop: threading.Event) -> _Result:
    """Work in another thread; an interrupt of this one stops it."""
    context = contextvars.copy_context()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(context.run, work)
        try:
            return future.result()
        except KeyboardInterrupt:
            stop.set()
            raise


def _options(given: dict[str, Any]) -> Options:
    known = [field.name for field in dataclasses.fields(Options)]
    for name in given:
        if name not in known:
            raise InputError(f"crawl: {name} is no option; there are {', '.join(known)}")
    return Options(**{"display": given.get("display") or displays.default(), **given})


def _file(seeds: Iterable[str] | os.PathLike[str] | None, folder: Path) -> str | None:
    """The file of the seeds; for URLs one of our own."""
    if seeds is None or isinstance(seeds, os.PathLike):
        return None if seeds is None else os.fspath(seeds)
    if isinstance(seeds, str):
        raise InputError(f"crawl: seeds are a list of URLs or a Path, not the text {seeds[:80]!r}")
    file = folder / "seeds.txt"
    file.write_text("".join(f"{url}\n" for url in seeds), encoding="utf-8")
    return str(file)

"""The door of the crawl: seeds in, raw segments out, each seed ended in exactly one outcome."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterable
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from overscripted import instruments, layout, limits, proxies, segments
from overscripted.crawl.firefox import process, profile
from overscripted.crawl.frontier import progress, seeds
from overscripted.crawl.frontier.database import sqlite_url
from overscripted.crawl.frontier.queue import Frontier
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.records import writer
from overscripted.crawl.settings import Options
from overscripted.crawl.worker import Worker
from overscripted.errors import InputError
from overscripted.progress import Work
from overscripted.run import Run

STAGE = "crawl"
FILES = 512  # open at a time: Firefox's own, and two for each connection of a page


def crawl(
    run_url: str,
    options: Options,
    seed_file: str | None = None,
    frontier_url: str | None = None,
) -> dict[str, Any]:
    """Crawl what is left of a run's seeds; the facts of the whole crawl so far.

    Returns when every seed has ended, or early when interrupted (then ``left`` is more than 0).
    Raises the errors of `overscripted.errors` for what the user can mend.
    """
    limits.raise_open_files(FILES, "a crawl")
    wished = instrument_settings.resolve(options.instrument)
    program = process.find(options.firefox)
    profile.check([Path(path) for path in options.authorities])
    seeds.check(run_url, seed_file)
    if options.proxy:
        proxies.require_reachable(options.proxy, f"--proxy {options.proxy}:")
        proxies.require_open(options.proxy)
    run = Run.open(run_url, create=seed_file is not None)
    _same_records(run, wished, options)
    writer.require_space(run.store)
    frontier = Frontier(frontier_url or _own_frontier(run), run.crawl_id)
    try:
        _add_seeds(run, frontier, seed_file)
        asked = asdict(options) | {"seeds": seed_file, "frontier": _shown(frontier_url)}
        if run.stage(STAGE).get("status") != "running":
            made_with = {
                "firefox": process.version(program),
                "instrument_sha256": instrument_settings.digest(wished),
            }
            run.begin(STAGE, asked, **made_with)
            _note_instruments(run, options.instrument, wished)
        return _work(run, frontier, options, wished)
    finally:
        frontier.close()


def _work(run: Run, frontier: Frontier, options: Options, wished: dict[str, Any]) -> dict[str, Any]:
    before = frontier.report.counts()
    total = sum(n for name, n in before.items() if not name.startswith("ended"))
    began = time.monotonic()
    try:
        with Work("crawl", total) as work:
            worker = Worker(run.store, frontier, options, wished, work)
            asyncio.run(_until_signal(worker))
    except BaseException:
        with contextlib.suppress(Exception):  # of a store that is away, too: what ended it is told
            run.interrupt(STAGE, facts=progress.facts(frontier))
        raise
    facts = progress.facts(frontier)
    ended = sum(progress.ended(frontier.report.counts()).values()) - sum(progress.ended(before).values())
    if ended:
        facts["pages_per_hour"] = round(ended / (time.monotonic() - began) * 3600)
    found = {"display": worker.browsers.display} if worker.browsers.display else {}
    if facts["left"]:
        run.interrupt(STAGE, facts=facts, **found)
    else:
        run.finish(STAGE, facts=facts, **found)
    return facts


async def _until_signal(worker: Worker) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, worker.stop)
    await worker.run()


def _add_seeds(run: Run, frontier: Frontier, seed_file: str | None) -> None:
    source: Iterable[str] = seeds.of_file(seed_file) if seed_file is not None else ()
    if seed_file is None and not frontier.report.counts():
        stream = seeds.of_run(run)
        first = next(stream, None)
        if first is None:
            raise InputError(f"{run.store.uri(layout.SEEDS)}: holds no seeds; name others with --seeds FILE")
        source = chain([first], stream)
    frontier.add(source)


def _own_frontier(run: Run) -> URL:
    if not run.store.local:
        raise InputError(
            f"{run.store.url}: a run in an object store needs --frontier "
            "(postgresql://… for a fleet, or sqlite:///FILE for one machine)"
        )
    return sqlite_url(run.store.path(layout.FRONTIER))


def _note_instruments(run: Run, name: str, wished: dict[str, Any]) -> None:
    """What is recorded from now on, as raw records; the same again is not written again."""
    digest = instrument_settings.digest(wished)
    rows = instruments.rows(run.crawl_id, wished["instruments"], f"--instrument {name}", digest)
    if rows.num_rows:
        segments.write(run.store, "instruments", rows, "crawl", digest[:16])


def _shown(frontier_url: str | None) -> str | None:
    # A password does not belong in run.json.
    return frontier_url and frontier_url.rpartition("@")[2]


def _same_records(run: Run, wished: dict[str, Any], options: Options) -> None:
    """Raise InputError where the run holds records that mean something else than this crawl's would."""
    if run.stage("import"):
        raise InputError(f"{run.store.url}: holds records that were imported; crawl into a run of its own")
    before = run.stage(STAGE)
    known = before.get("instrument_sha256")
    if known in (None, instrument_settings.digest(wished)) or options.mix_instruments:
        return
    had = before.get("options", {}).get("instrument")
    raise InputError(
        f"{run.store.url}: was crawled with --instrument {had}, whose records differ from those of "
        f"{options.instrument}; give the same --instrument, begin another run, or allow both in one run with "
        "--mix-instruments"
    )

"""Runs a crawl: visits the seeds of a run, writes raw segments, ends each seed in exactly one outcome."""

import asyncio
import contextlib
import json
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import URL

from overscripted import instruments, layout, limits, proxies, recorded, segments
from overscripted.crawl import settings
from overscripted.crawl.behaviours import plan
from overscripted.crawl.firefox import displays, process, profile
from overscripted.crawl.frontier import progress, seeds
from overscripted.crawl.frontier.database import sqlite_url
from overscripted.crawl.frontier.queue import Frontier, Seed
from overscripted.crawl.instrument.settings import digest, resolve
from overscripted.crawl.kept import words as profile_words
from overscripted.crawl.kept.states import States
from overscripted.crawl.openwpm import options as engines
from overscripted.crawl.openwpm.prepared import prepare
from overscripted.crawl.openwpm.worker import OpenWpmWorker
from overscripted.crawl.records import writer
from overscripted.crawl.replay import opening
from overscripted.crawl.replay import options as replay_options
from overscripted.crawl.replay.opening import Archives
from overscripted.crawl.settings import Options
from overscripted.crawl.variants import file as variants
from overscripted.crawl.variants.file import Variants
from overscripted.crawl.worker import Worker
from overscripted.errors import InputError
from overscripted.foreign.openwpm_recorded import of_engine
from overscripted.progress import Work
from overscripted.record_kinds import saving
from overscripted.run import Run
from overscripted.schemas import RAW

STAGE = "crawl"
FILES = 512  # open at the same time: Firefox's own, and two per connection of a page


def crawl(
    run_url: str,
    options: Options,
    seed_file: str | None = None,
    frontier_url: str | None = None,
    next_wave: bool = False,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Visit the seeds of a run that are left; returns the facts of the whole crawl so far.

    With ``next_wave`` all seeds are visited once more if none is left; the facts are those of that wave.
    Returns when every seed has ended, or early when interrupted (then ``left`` is more than 0). An interrupt
    lets visits in progress end; with ``stop`` it ends them at once, as another thread does that sets it.
    Raises the errors of `overscripted.errors` for what the user can fix.
    """
    limits.raise_open_files(FILES, "a crawl")
    engines.check(options)
    openwpm = prepare(options) if options.engine == engines.OPENWPM else None
    instrument_settings = openwpm.settings if openwpm else resolve(options.instrument)
    saving.saved(options.save)
    words = profile_words.parse(options.profile)
    options = replay_options.checked(options)
    chosen = variants.read(options.variants) if options.variants else None
    if chosen and options.profile:
        raise InputError(
            '--profile: not possible with --variants; a variant with state = "kept" has a profile of its own'
        )
    by_name = chosen.by_name if chosen else {}
    replay_options.check_variants(options, by_name)
    for do in {options.do, *(variant.do for variant in by_name.values())}:
        for step in plan.parse(do):
            step.behaviour.prepare()
    firefox = openwpm.firefox_version if openwpm else process.version(process.find(options.firefox))
    displays.check(options.display)
    profile.check([Path(path) for path in options.authorities])
    seeds.check(run_url, seed_file)
    names = {it.proxy: f"--variants: {it.name}: proxy" for it in by_name.values() if it.proxy}
    for url, name in ({options.proxy: "--proxy"} | names).items():
        if url:
            proxies.require_reachable(url, f"{name} {url}:")
            proxies.require_open(url, name)
    with opening.opened(options.replay) as archives:
        run = Run.open(run_url, create=seed_file is not None or archives is not None)
        _same_records(run, instrument_settings, options)
        _same_archives(run, archives)
        replay_options.check_same(options, run.stage(STAGE).get("options", {}))
        _same_variants(run, chosen, options)
        _same_profile(run, options)
        if words.load:
            States(run.store).begin(words.load)
        writer.require_space(run.store)
        frontier = Frontier(frontier_url or _own_frontier(run), run.crawl_id)
        try:
            request = asdict(options) | {"seeds": seed_file, "frontier": _without_login(frontier_url)}
            frontier.waves.begin_first(request)
            if next_wave:
                frontier.waves.begin_next(request)
            source = _source(run, frontier, seed_file, archives)
            frontier.add(source, variants=[*by_name] or [""], wave=frontier.waves.present().number)
            if run.stage(STAGE).get("status") != "running":
                facts: dict[str, Any] = {
                    "firefox": firefox,
                    "instrument_sha256": digest(instrument_settings),
                    "variants_sha256": chosen.sha256 if chosen else "",
                }
                if openwpm:
                    known = of_engine(openwpm.settings["browser"]).to_json()
                    facts |= {"openwpm": openwpm.settings["version"], recorded.KEY: known}
                facts |= {"replay": archives.facts} if archives else {}
                run.begin(STAGE, request, **facts)
                name = "OpenWPM's js_instrument_settings" if openwpm else f"--instrument {options.instrument}"
                _note_instruments(run, name, instrument_settings)
                if chosen:
                    _note_variants(run, chosen)

            def worker(work: Work) -> Worker:
                if openwpm:
                    return OpenWpmWorker(run.store, frontier, options, openwpm, work)
                wished = instrument_settings
                return Worker(run.store, frontier, options, wished, work, variants=by_name, archives=archives)

            facts = _work(run, frontier, worker, stop)
            if words.save and not States(run.store).export(frontier.visits_in_order(), words.save):
                raise InputError(
                    f"--profile save={words.save}: no visit has ended, so there is no profile yet"
                )
            return facts
        finally:
            frontier.close()


def _work(
    run: Run,
    frontier: Frontier,
    make: Callable[[Work], Worker],
    stop: threading.Event | None,
) -> dict[str, Any]:
    counts_before = frontier.report.counts()
    total = sum(n for name, n in counts_before.items() if not name.startswith("ended"))
    began = time.monotonic()
    try:
        with Work("crawl", total) as work:
            worker = make(work)
            asyncio.run(_until_signal(worker, stop))
    except BaseException:
        with contextlib.suppress(
            Exception
        ):  # also of a store that is away: the error that ended the crawl is raised
            run.interrupt(STAGE, facts=progress.facts(frontier))
        raise
    facts = progress.facts(frontier)
    if archived := run.store.sizes(layout.ARCHIVE, ".warc.gz"):
        facts["archive_bytes"] = sum(archived.values())
    ended = sum(progress.ended(frontier.report.counts()).values()) - sum(
        progress.ended(counts_before).values()
    )
    if ended:
        facts["pages_per_hour"] = round(ended / (time.monotonic() - began) * 3600)
    more: dict[str, Any] = {"display": worker.browsers.display} if worker.browsers.display else {}
    if len(waves := progress.waves(frontier)) > 1:
        more["waves"] = waves
    if facts["left"]:
        run.interrupt(STAGE, facts=facts, **more)
    else:
        run.finish(STAGE, facts=facts, **more)
    return facts


async def _until_signal(worker: Worker, stop: threading.Event | None) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop.set if stop else worker.stop)
    watching = asyncio.create_task(_stop_at_once(worker, stop)) if stop else None
    try:
        await worker.run()
    finally:
        if watching:
            watching.cancel()


async def _stop_at_once(worker: Worker, stop: threading.Event) -> None:
    """End the visits in progress once ``stop`` is set."""
    while not stop.is_set():  # noqa: ASYNC110  # another thread or a signal sets it
        await asyncio.sleep(settings.STOP_LOOK_S)
    worker.stop()
    worker.stop()


def _source(
    run: Run, frontier: Frontier, seed_file: str | None, archives: Archives | None
) -> Iterable[str | Seed]:
    """The seeds to add: those of a file; for a crawl that begins, those of its archives or its precrawl."""
    if seed_file is not None:
        return seeds.of_file(seed_file)
    if frontier.report.counts():
        return ()
    stream: Iterator[str | Seed] = iter(archives.seeds()) if archives else seeds.of_run(run)
    first = next(stream, None)
    if first is None:
        where = "--replay: the archive" if archives else run.store.uri(layout.SEEDS)
        raise InputError(f"{where}: holds no seeds; give others with --seeds FILE")
    return chain([first], stream)


def _own_frontier(run: Run) -> URL:
    if not run.store.local:
        raise InputError(
            f"{run.store.url}: a run in an object store needs --frontier "
            "(postgresql://… for a fleet, or sqlite:///FILE for one machine)"
        )
    return sqlite_url(run.store.path(layout.FRONTIER))


def _note_instruments(run: Run, name: str, instrument_settings: dict[str, Any]) -> None:
    """Write what is instrumented from now on as raw records. The same settings are written once."""
    sha256 = digest(instrument_settings)
    rows = instruments.rows(run.crawl_id, instrument_settings["instruments"], name, sha256)
    if rows.num_rows:
        segments.write(run.store, "instruments", rows, "crawl", sha256[:16])


def _note_variants(run: Run, chosen: Variants) -> None:
    """Write the settings of each variant as raw records. The same file is written once."""
    rows = [
        {
            "crawl_id": run.crawl_id,
            "variant": name,
            "ordinal": ordinal,
            "settings": json.dumps(variant.settings()),
        }
        for ordinal, (name, variant) in enumerate(chosen.by_name.items())
    ]
    table = pa.Table.from_pylist(rows, schema=RAW["variants"].schema)
    segments.write(run.store, "variants", table, "crawl", chosen.sha256[:16])


def _same_variants(run: Run, chosen: Variants | None, options: Options) -> None:
    """Raise InputError where the run has begun with other variants."""
    before = run.stage(STAGE)
    known = before.get("variants_sha256", "") if before else None
    if known not in (None, chosen.sha256 if chosen else ""):
        earlier = before.get("options", {}).get("variants") or "no file"
        raise InputError(
            f"{run.store.url}: was crawled with other variants ({earlier}); give the same file with "
            "--variants, and leave the extensions and lists that it names as they were, or start another run"
        )


def _same_archives(run: Run, archives: Archives | None) -> None:
    """Raise InputError where the run has begun with another archive, or without one."""
    before = run.stage(STAGE)
    if not before:
        return
    known, now = (
        [archive["sha256"] for archive in facts["archives"]] if facts else []
        for facts in (before.get("replay"), archives and archives.facts)
    )
    if known != now:
        names = [archive["archive"] for archive in before.get("replay", {}).get("archives", [])]
        earlier = f"a replay of {', '.join(names)}" if names else "no replay"
        raise InputError(
            f"{run.store.url}: was begun as {earlier}; give the same archives, as they were, with --replay, "
            "or start another run"
        )


def _without_login(frontier_url: str | None) -> str | None:
    # A password does not belong in run.json.
    return frontier_url and frontier_url.rpartition("@")[2]


def _same_records(run: Run, instrument_settings: dict[str, Any], options: Options) -> None:
    """Raise InputError where records of the run mean something else than those of this crawl would."""
    if run.stage("import"):
        raise InputError(f"{run.store.url}: holds records that were imported; crawl into another run")
    before = run.stage(STAGE)
    known = before.get("instrument_sha256")
    if known in (None, digest(instrument_settings)) or options.mix_instruments:
        return
    earlier = before.get("options", {}).get("instrument")
    raise InputError(
        f"{run.store.url}: was crawled with --instrument {earlier}, whose records differ from those of "
        f"{options.instrument}; give the same --instrument, start another run, or allow both in one run with "
        "--mix-instruments"
    )


def _same_profile(run: Run, options: Options) -> None:
    """Raise InputError where some visits of a run would be made with a kept profile and others without."""
    before = run.stage(STAGE).get("options")
    if before is not None and bool(before.get("profile")) != bool(options.profile):
        had, now = ("with", "without") if before.get("profile") else ("without", "with")
        raise InputError(
            f"{run.store.url}: was begun {had} --profile and cannot go on {now} it; give the same options, "
            "or start another run"
        )

"""Entry point of the etl: makes a run's tables from its raw records, all of them or none."""

from collections.abc import Iterable
from typing import Any

from overscripted import layout, segments
from overscripted.engines import open_engine
from overscripted.errors import DoubtfulData, InputError, StageMissing
from overscripted.etl import manifest
from overscripted.etl.build import Build
from overscripted.foreign.settings import MAX_NAMED_FILES
from overscripted.run import STAGES, Run

# What an etl replaces together: the tables, and the manifest for the next etl.
OUTPUT = (layout.TABLES, layout.ETL)


def run_etl(
    run: Run,
    engine: str = "duckdb",
    master: str | None = None,
    conf: Iterable[str] = (),
    strict: bool = False,
    full: bool = False,
    partial: bool = False,
) -> dict[str, Any]:
    """Make the tables of ``run``, or bring them up to date; facts of the result.

    ``partial`` allows a crawl that has not ended; ``full`` makes everything again. The facts name damaged
    segments, which are left out, and the broken rules where most calls are invalid. With ``strict`` these
    raise InputError and DoubtfulData, and the tables stay unchanged.
    """
    _require_raw(run, partial)
    before = run.stage("etl")
    # The engine is opened first: missing software is reported before the run changes.
    with open_engine(engine, master, conf, run.store, alone=True) as opened:
        options = {"engine": engine, "master": master, "conf": list(conf), "strict": strict, "full": full}
        run.begin("etl", options)
        try:
            with run.store.replace(*OUTPUT) as staged:
                old = manifest.Manifest() if full else manifest.load(run.store)
                build = Build(run.store, staged, opened, old)
                facts = build.run()
                if strict and build.raw.damaged:
                    raise InputError(f"--strict: {_named(build.raw.damaged)}; tables are unchanged")
                if strict and "mostly_invalid" in facts:
                    raise DoubtfulData(
                        f"--strict: most calls are invalid: {facts['mostly_invalid']}; tables are unchanged; "
                        "look at raw/calls, or run it without --strict"
                    )
        except BaseException:
            run.undo("etl", before)
            raise
    if build.raw.damaged:
        facts["damaged_segments"] = _named(build.raw.damaged)
    run.finish("etl", facts=facts)
    return facts


def _require_raw(run: Run, partial: bool) -> None:
    source = "import" if run.stage("import") else "crawl"
    if partial and source == "crawl":
        if not segments.keys(run.store, "visits"):
            raise StageMissing(f"{run.store.url}: no visit has ended yet; try again later")
        return
    try:
        run.require(source)
    except StageMissing as error:
        if source == "crawl" and segments.keys(run.store, "visits"):
            command = STAGES["etl"].format(run=run.store.url)
            raise StageMissing(f"{error}, or `{command} --partial` for what is there") from error
        raise


def _named(damaged: dict[str, str]) -> str:
    some = "; ".join(f"{key}: {why}" for key, why in list(damaged.items())[:MAX_NAMED_FILES])
    return f"{len(damaged)} damaged ({some})"

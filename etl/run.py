"""The etl's one door: a run's raw records become its tables, all of them or none."""

from collections.abc import Iterable
from typing import Any

from overscripted import segments
from overscripted.engines import open_engine
from overscripted.errors import DoubtfulData, InputError, StageMissing
from overscripted.etl import manifest
from overscripted.etl.build import Build
from overscripted.etl.settings import MAX_NAMED_FILES
from overscripted.run import STAGES, Run

# What the etl replaces, together: the tables, and its notes for the next time.
OUTPUT = ("tables", "etl")


def run_etl(
    run: Run,
    engine: str = "duckdb",
    master: str | None = None,
    conf: Iterable[str] = (),
    strict: bool = False,
    full: bool = False,
    partial: bool = False,
) -> dict[str, Any]:
    """Make or bring up to date RUN's tables; the facts of what was done.

    ``partial`` allows a crawl that has not ended. Damaged segments are left out and named, and so are
    the rules that calls broke where most are invalid; ``strict`` raises InputError and DoubtfulData
    instead, and nothing is replaced.
    """
    _require_raw(run, partial)
    before = run.stage("etl")
    # Software that is missing is said before anything is begun.
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
                        "look at raw/calls, or go on without --strict"
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

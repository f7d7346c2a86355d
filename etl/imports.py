"""Entry point of the importers: other people's data into a run's ``raw/``, all of it or nothing."""

from collections.abc import Callable
from typing import Any

from overscripted import layout, recorded
from overscripted.errors import InputError
from overscripted.etl.importers.blacklight import import_blacklight
from overscripted.etl.importers.calls import import_calls
from overscripted.etl.importers.datapackage import import_datapackage
from overscripted.etl.importers.har import import_har
from overscripted.etl.importers.openwpm import import_openwpm
from overscripted.etl.importers.sample import import_sample, is_sample
from overscripted.etl.importers.study import import_study
from overscripted.etl.importers.tracker_radar import import_tracker_radar
from overscripted.etl.importers.visiblev8 import import_visiblev8
from overscripted.etl.importers.warc import import_warc
from overscripted.run import Run
from overscripted.schemas import RAW
from overscripted.store import STAGING, Store

# Each writes the data at a source into the second store, strictly or not, with options of its own.
KINDS: dict[str, Callable[..., dict[str, Any]]] = {
    "study": import_study,
    "openwpm": import_openwpm,
    "visiblev8": import_visiblev8,
    "calls": import_calls,
    "sample": import_sample,
    "datapackage": import_datapackage,
    "har": import_har,
    "warc": import_warc,
    "tracker-radar": import_tracker_radar,
    "blacklight": import_blacklight,
}


def source_at(path: str) -> Store:
    """The file or folder to import. Raises InputError where nothing is there."""
    source = Store(path)
    if not source.exists():
        raise InputError(f"{path}: nothing there; name a file or folder to import")
    return source


def import_into(
    kind: str, path: str, url: str, strict: bool = False, **options: Any
) -> tuple[Run, dict[str, Any]]:
    """`import_data` into the run at ``url``. A run that is created for it is removed again if this fails."""
    source_at(path)
    store = Store(url)
    was_run, existed = store.exists(layout.RECORD), store.exists()
    run = Run.open(url, create=True)
    try:
        return run, import_data(kind, path, run, strict, **options)
    except BaseException:
        if not was_run:
            for key in (layout.RECORD, STAGING) if existed else ("",):
                run.store.delete(key)
        raise


def import_data(kind: str, path: str, run: Run, strict: bool = False, **options: Any) -> dict[str, Any]:
    """Import ``path`` (a file, a folder or an ``s3://`` prefix) of a kind of `KINDS`; its facts.

    A data set that `overscripted sample` wrote is read as such, unless the kind is ``datapackage``. What the
    source cannot know is kept in run.json, see `overscripted.recorded`. The import replaces what an earlier
    one wrote.
    Raises InputError where the run holds a crawl, or ``path`` is missing or not of that kind; with ``strict``
    also where one of its files cannot be used. ``options`` are the kind's own: their names and values are
    those of the command line.
    """
    if run.stage("crawl"):
        raise InputError(f"{run.store.url}: holds a crawl; import into a RUN of its own")
    source = source_at(path)
    before = run.stage("import")
    run.begin("import", {"kind": kind, "path": source.url, "strict": strict, "options": options})
    try:
        with run.store.replace(*(layout.raw(table) for table in RAW)) as staged:
            if kind != "datapackage" and is_sample(source):
                facts = import_sample(source, staged, strict)
            else:
                facts = KINDS[kind](source, staged, strict, **options)
    except BaseException:
        run.undo("import", before)
        raise
    limits = {key: facts.pop(key) for key in (recorded.KEY,) if key in facts}
    run.finish("import", facts=facts, **limits)
    return facts

"""The importers' one door: other people's data into a run's ``raw/``, all of it or nothing."""

from collections.abc import Callable
from typing import Any

from etl.importers.openwpm import import_openwpm
from etl.importers.study import import_study
from overscripted.errors import InputError
from overscripted.run import Run
from overscripted.schemas import RAW
from overscripted.store import Store

KINDS: dict[str, Callable[[Store, Store, int], dict[str, Any]]] = {
    "study": import_study,
    "openwpm": import_openwpm,
}


def source_at(path: str) -> Store:
    """What is to be imported. InputError where nothing is there."""
    source = Store(path)
    if not source.exists():
        raise InputError(f"{path}: nothing there; name a file or folder to import")
    return source


def import_data(kind: str, path: str, run: Run) -> dict[str, Any]:
    """Import ``path`` (a file, a folder or an ``s3://`` prefix) of a kind of `KINDS`; its facts.

    Replaces what an earlier import wrote. Raises InputError where the run holds a crawl, or the
    path is not there or not of that kind.
    """
    if run.stage("crawl"):
        raise InputError(f"{run.store.url}: holds a crawl; import into a RUN of its own")
    source = source_at(path)
    before = run.stage("import")
    run.begin("import", {"kind": kind, "path": source.url})
    try:
        with run.store.replace(*(f"raw/{table}" for table in RAW)) as staged:
            facts = KINDS[kind](source, staged, run.crawl_id)
    except BaseException:
        run.undo("import", before)
        raise
    run.finish("import", facts=facts)
    return facts

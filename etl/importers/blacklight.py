"""``overscripted import blacklight``: inspections of The Markup's blacklight-collector, into a run.

An inspection is a folder with ``inspection-log.ndjson`` (events), ``inspection.json`` (the report),
``browser-cookies.json`` and ``requests.har``, each of which may be missing. It is one visit, though
Blacklight goes on to some pages of the site.
"""

import posixpath
from typing import Any

from overscripted import instruments
from overscripted.errors import InputError
from overscripted.etl.importers import blacklight_events, har, set_cookies
from overscripted.etl.importers.blacklight_inspection import (
    COOKIES,
    FILES,
    HAR,
    LOG,
    STORED,
    VISIT,
    Inspection,
)
from overscripted.etl.importers.found_files import files_at
from overscripted.etl.importers.writer import SegmentWriter
from overscripted.foreign.contents import Contents
from overscripted.foreign.ids import crawl_id, digest_of_files
from overscripted.foreign.ledger import Ledger, named
from overscripted.progress import Work
from overscripted.recorded import KEY, Recorded, joined
from overscripted.store import Store

_IDS = ("crawl_id", "visit_id", "attempt")
# Raw columns by the file that fills them; "" fills them always.
FILLS: dict[str, dict[str, tuple[str, ...]]] = {
    "": {"visits": (*_IDS, *VISIT)},
    LOG: {
        "calls": (*_IDS, *blacklight_events.COLUMNS),
        "cookies": (*_IDS, *set_cookies.COLUMNS),
        "instruments": ("crawl_id", "symbol", "object", "property", "excluded", "source"),
    },
    COOKIES: {"stored_cookies": (*_IDS, *STORED)},
    HAR: {table: columns for table, columns in har.FILLS.items() if table != "visits"},
}
# What is known in part.
PARTLY = {
    "cookies": "only those that servers set",
    "requests.frame_id": "only of top documents",
}


def import_blacklight(source: Store, staged: Store, strict: bool) -> dict[str, Any]:
    """Write raw segments of every inspection at ``source``, a folder or one file of an inspection; facts.

    A file that is damaged is read as far as it goes, and named; with ``strict`` it raises InputError.
    """
    store, keys = files_at(source, lambda key: posixpath.basename(key) in FILES, f"is named {LOG}")
    writer, ledger = SegmentWriter(staged, "blacklight"), Ledger()
    number = crawl_id(digest_of_files(store, keys))
    contents = Contents(writer.add_rows)
    folders: dict[str, dict[str, str]] = {}
    visits: list[set[str]] = []  # the kinds of their files
    for key in keys:
        folders.setdefault(posixpath.dirname(key), {})[_kind(key)] = key
    with Work("import", len(folders), "inspections") as work:
        for folder, files in folders.items():
            before = len(ledger.files)
            if Inspection(store, folder, files, number, writer, contents, ledger).read():
                visits.append({*files})
            work.add(failed=len(ledger.files) - before)
    contents.flush()
    seen = {"", *(kind for files in folders.values() for kind in files)}
    if LOG in seen:
        items = blacklight_events.INSTRUMENTS
        writer.add("instruments", instruments.rows(number, items, "Blacklight's instrument"))
    writer.close()
    if ledger.files and strict:
        raise InputError(f"--strict: {source.url}: {named(ledger.files)}; nothing was imported")
    if not writer.rows.get("visits"):
        why = f" ({named(ledger.files)})" if ledger.files else ""
        raise InputError(f"{source.url}: no inspection of Blacklight; nothing to import{why}")
    columns = {
        table: names for kind, tables in FILLS.items() if kind in seen for table, names in tables.items()
    }
    partly = {key: why for key, why in PARTLY.items() if key.partition(".")[0] in columns}
    partly = joined(partly, _lacking(visits))
    facts = {"source": "Blacklight", "inspections": len(folders), **writer.rows, **ledger.facts()}
    return facts | {KEY: Recorded("Blacklight", columns, partly).to_json()}


def _lacking(visits: list[set[str]]) -> dict[str, str]:
    """Which tables only some inspections can fill: how many have no file for it."""
    found: dict[str, str] = {}
    for table in {table for kind, tables in FILLS.items() if kind for table in tables} - {"instruments"}:
        kinds = [kind for kind, tables in FILLS.items() if table in tables]
        n = sum(not files & {*kinds} for files in visits)
        if 0 < n < len(visits):
            found[table] = f"{n:,} of {len(visits):,} inspections have no {' or '.join(kinds)}"
    return found


def _kind(key: str) -> str:
    """What a file is. One of another name, which the user named, is a report or a log."""
    name = posixpath.basename(key)
    return name if name in FILES else FILES[1] if name.endswith(".json") else LOG

"""``overscripted import openwpm``: OpenWPM's SQLite and Parquet of every era, into a run."""

import hashlib
from typing import Any

from overscripted.errors import InputError
from overscripted.etl.importers.bodies import Bodies
from overscripted.etl.importers.openwpm_pages import Pages
from overscripted.etl.importers.openwpm_source import DataSet, Unfit, sources
from overscripted.etl.importers.writer import SegmentWriter
from overscripted.foreign import openwpm_settings
from overscripted.foreign.ids import crawl_id
from overscripted.foreign.ledger import Ledger
from overscripted.foreign.openwpm_conversion import Conversion
from overscripted.foreign.openwpm_recorded import of_data_set, of_data_sets
from overscripted.foreign.openwpm_source import Row, Source
from overscripted.foreign.values import text
from overscripted.progress import Work
from overscripted.recorded import KEY, Recorded
from overscripted.store import Store

# Tables that identify the crawl of a data set; where the first group is empty, the second does.
_IDENTITY = (("task", "crawl", "site_visits", "crawl_history"), ("javascript", "http_requests"))


def import_openwpm(source: Store, staged: Store, strict: bool) -> dict[str, Any]:
    """Write raw segments of every data set at ``source``; facts of the result.

    A file that is damaged or not OpenWPM's is left out and named; with ``strict`` it raises InputError.
    """
    data_sets, unfit = sources(source)
    writer, ledger = SegmentWriter(staged, "openwpm"), Ledger()
    bodies = Bodies(source)
    tables: set[str] = set()
    known: list[Recorded] = []
    for data_set in data_sets:
        own_ledger = Ledger()
        try:
            with writer.all_or_nothing():
                pages = Pages(source, data_set)
                kept = _convert(data_set, len(data_sets) > 1, own_ledger, bodies, pages, writer)
                told = of_data_set(data_set, data_set.columns, own_ledger.read, kept)
                own_ledger.files |= pages.damaged
            known.append(told)
            tables |= data_set.tables()
            ledger.add(own_ledger)
        except Unfit as error:
            unfit[data_set.key] = str(error)
        finally:
            data_set.close()
    bodies.close()
    writer.close()
    ledger.files |= unfit | bodies.damaged
    _check(source, ledger, unfit, len(known), strict)
    if not writer.rows.get("visits"):
        raise InputError(f"{source.url}: OpenWPM data without a visit or a call; nothing to import")
    missing = sorted({"javascript", "http_requests", "javascript_cookies", "navigations"} - tables)
    facts: dict[str, Any] = {"source": "OpenWPM", "data_sets": len(known), **writer.rows, **ledger.facts()}
    facts |= {"tables_absent": ", ".join(missing)} if missing else {}
    return facts | {KEY: of_data_sets(known).to_json()}


def _convert(
    data_set: DataSet, several: bool, ledger: Ledger, bodies: Bodies, pages: Pages, writer: SegmentWriter
) -> set[str]:
    """Write the segments of one of ``several`` data sets; the raw tables that got a row."""
    crawl = crawl_id(_digest(data_set))
    instruments = openwpm_settings.instruments(data_set, crawl)
    writer.add("instruments", instruments)
    kept = {"instruments"} if instruments.num_rows else set()
    conversion = Conversion(data_set, crawl, ledger, bodies, data_set.name if several else "")
    with Work(f"import {data_set.name}", None, "rows") as work:

        def keep(table: str, rows: list[Row]) -> None:
            kept.update([table] if rows else [])
            writer.add_rows(table, rows)
            work.add(len(rows))

        conversion.write(keep, pages.rows())
    ledger.tables.update(data_set.others())
    return kept


def _check(source: Store, ledger: Ledger, unfit: dict[str, str], imported: int, strict: bool) -> None:
    if unfit and not imported:
        key, reason = next(iter(unfit.items()))
        raise InputError(f"{source.uri(key)}: {reason}")
    if ledger.files and strict:
        key, reason = next(iter(ledger.files.items()))
        raise InputError(f"--strict: {source.uri(key)}: {reason}; nothing was imported")


def _digest(source: Source) -> bytes:
    """Identifies the crawl of a data set, whenever and from wherever it is imported."""
    digest = hashlib.sha256()
    for tables in _IDENTITY:
        rows = 0
        for table in tables:
            for row in source.rows(table):
                digest.update(repr([table, *map(text, row.values())]).encode("utf-8", "replace"))
                rows += 1
        if rows:
            break
    return digest.digest()

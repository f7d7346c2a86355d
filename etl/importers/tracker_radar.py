"""``overscripted import tracker-radar``: crawls of DuckDuckGo's tracker-radar-collector, into a run.

It writes a file per site, and ``metadata.json``. Which tables are filled depends on which of its collectors
ran.
"""

from collections import Counter
from contextlib import suppress
from typing import Any

from overscripted import instruments
from overscripted.errors import InputError
from overscripted.etl.importers import set_cookies, tracker_radar_apis, tracker_radar_requests
from overscripted.etl.importers.found_files import files_at
from overscripted.etl.importers.tracker_radar_site import APIS, VALUES, Site
from overscripted.etl.importers.writer import SegmentWriter
from overscripted.foreign.ids import crawl_id, digest_of_files
from overscripted.foreign.json_elements import MEMBER, Damaged, elements
from overscripted.foreign.ledger import Ledger, named
from overscripted.foreign.values import text
from overscripted.progress import Work
from overscripted.recorded import KEY, Recorded, joined
from overscripted.store import Store

Row = dict[str, Any]

_VISIT = ("crawl_id", "visit_id", "attempt")
_STORED = ("host", "name", "path", "expiry", "same_site", "moment")
_CALLS = ("location", "script_url", "symbol", "operation")
# Raw columns by the collector that fills them; "" fills them always. What is known in part is below.
FILLS: dict[str, dict[str, tuple[str, ...]]] = {
    "": {
        "visits": (*_VISIT, "site_url", "outcome", "error", "final_url", "http_status", "started", "ended"),
    },
    "requests": {
        "requests": (*_VISIT, *tracker_radar_requests.COLUMNS),
        "cookies": (*_VISIT, *set_cookies.COLUMNS),
    },
    "cookies": {"stored_cookies": (*_VISIT, *_STORED)},
    VALUES: {"stored_cookies": (*_VISIT, *_STORED, "value", "is_secure", "is_http_only")},
    "apis": {
        "call_totals": (*_VISIT, *_CALLS, "n_calls", "n_recorded"),
        "calls": (
            *(*_VISIT, *_CALLS, "file_name", "row", "ordinal", "in_iframe", "realm"),
            "top_level_url",
        ),
        "instruments": ("crawl_id", "symbol", "object", "property", "source"),
    },
}
# What is known in part.
PARTLY = {
    "cookies": "only those that servers set",
    "requests.response_headers": "only some headers",
    "calls": "only those of a few APIs; all are counted by script",
    "calls.arguments": "only those of a few APIs",
    "calls.time_stamp": "only in forks",
}
_METADATA = "metadata.json"
_FILLED_BY = {"fingerprints": "apis"}
# Tables that a site's file may lack: every page has a request, and the counts of APIs are always there.
_COUNTED = {"requests": "requests", "calls": "apis", "call_totals": "apis"}
_COLLECTORS = ("config", "dataCollectors", MEMBER)


def import_tracker_radar(source: Store, staged: Store, strict: bool) -> dict[str, Any]:
    """Write raw segments of every site's file at ``source``; facts of the result.

    A file that is damaged is read as far as it goes, and named, as is JSON of something else; with ``strict``
    it raises InputError.
    """
    store, keys = files_at(source, lambda key: key.endswith(".json"), "ends in .json")
    writer, ledger = SegmentWriter(staged, "tracker-radar"), Ledger()
    number = crawl_id(digest_of_files(store, keys))
    collectors: set[str] = set()
    sites: Counter[str] = Counter()  # by the collectors that they have data of
    with Work("import", len(keys), "files") as work:
        for key in keys:
            before = len(ledger.files)
            if key.rpartition("/")[2] == _METADATA:
                collectors |= _named_collectors(store, key)
            else:
                found = Site(store, key, number, writer, ledger).read()
                sites.update({_FILLED_BY.get(one, one) for one in found})
                collectors |= found
            work.add(failed=len(ledger.files) - before)
    if collectors & {*APIS}:
        symbols = tracker_radar_apis.observed()
        writer.add("instruments", instruments.of_symbols(number, symbols, "tracker-radar-collector"))
    writer.close()
    if ledger.files and strict:
        raise InputError(f"--strict: {source.url}: {named(ledger.files)}; nothing was imported")
    if not writer.rows.get("visits"):
        why = f" ({named(ledger.files)})" if ledger.files else ""
        raise InputError(f"{source.url}: no file of tracker-radar-collector; nothing to import{why}")
    facts = {"source": "tracker-radar-collector", "files": len(keys), **writer.rows, **ledger.facts()}
    return facts | {KEY: _recorded(collectors, sites, writer.rows["visits"]).to_json()}


def _recorded(collectors: set[str], sites: Counter[str], n_sites: int) -> Recorded:
    seen = ["", *(name for name in FILLS if name in {_FILLED_BY.get(one, one) for one in collectors})]
    columns = {table: names for name in seen for table, names in FILLS[name].items()}
    partly = {key: why for key, why in PARTLY.items() if key.partition(".")[0] in columns}
    lacking = {
        table: f"{n_sites - sites[collector]:,} of {n_sites:,} sites have no data of {collector}"
        for table, collector in _COUNTED.items()
        if table in columns and sites[collector] < n_sites
    }
    return Recorded("tracker-radar-collector", columns, joined(partly, lacking))


def _named_collectors(store: Store, key: str) -> set[str]:
    with store.fs.open(store.path(key), "rb") as file, suppress(Damaged):
        return {name for _, value in elements(file, (_COLLECTORS,)) if (name := text(value))}
    return set()

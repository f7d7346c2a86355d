"""``overscripted import openwpm``: OpenWPM's SQLite and Parquet of every era, into a run.

What changed over the years, and what becomes of it (docs/reference/imports.md has the table): 2015 no
visits, pages alone; 2016 one row a parameter, no time and no page of a call; 2017 ``arguments`` as an
object, the page known through the visit; 2018 ``document_url``; 2020 frames and ordinals, ``browser_id``
for ``crawl_id``, ``arguments`` as a list. Tables and columns that are not there give no rows and NULLs.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any

from overscripted.errors import InputError
from overscripted.etl.importers import openwpm_calls, openwpm_settings, openwpm_visits
from overscripted.etl.importers.bodies import Bodies
from overscripted.etl.importers.ids import crawl_id, file_name
from overscripted.etl.importers.ledger import Ledger
from overscripted.etl.importers.openwpm_frames import whole_frame
from overscripted.etl.importers.openwpm_owners import Owners
from overscripted.etl.importers.openwpm_requests import Exchange, Requests
from overscripted.etl.importers.openwpm_source import Row, Source, Unfit, sources
from overscripted.etl.importers.openwpm_visits import Own
from overscripted.etl.importers.values import iso, moment, text, truth, whole
from overscripted.etl.importers.writer import SegmentWriter
from overscripted.etl.settings import IMPORT_BATCH_ROWS
from overscripted.progress import Work
from overscripted.stacks import innermost
from overscripted.store import Store

# How OpenWPM ends a frame of a request's stack (what it was called back for, or "null"), and begins one of a
# function without a name.
_CAUSE, _NAMELESS = re.compile(r";[^;:\n]*$", re.MULTILINE), re.compile(r"^null@", re.MULTILINE)
# Tables that say which crawl a data set is of; where they are empty, those that follow.
_IDENTITY = (("task", "crawl", "site_visits", "crawl_history"), ("javascript", "http_requests"))


def import_openwpm(source: Store, staged: Store, strict: bool) -> dict[str, Any]:
    """Write raw segments of every data set at ``source``; facts of what came.

    A file that is damaged or none of OpenWPM's is left out and named; ``strict`` raises InputError.
    """
    found, unfit = sources(source)
    writer, ledger = SegmentWriter(staged, "openwpm"), Ledger()
    bodies = Bodies(source)
    tables: set[str] = set()
    imported = 0
    for one in found:
        noted = Ledger()
        try:
            with writer.all_or_nothing():
                Conversion(one, len(found) > 1, noted, bodies).write(writer)
            tables |= one.tables()
            ledger.add(noted)
            imported += 1
        except Unfit as error:
            unfit[one.key] = str(error)
        finally:
            one.close()
    bodies.close()
    writer.close()
    ledger.files = unfit | bodies.damaged
    _check(source, ledger, unfit, imported, strict)
    if not writer.rows.get("visits"):
        raise InputError(f"{source.url}: OpenWPM data without a visit or a call; nothing to import")
    missing = sorted({"javascript", "http_requests", "javascript_cookies", "navigations"} - tables)
    facts: dict[str, Any] = {"source": "OpenWPM", "data_sets": imported, **writer.rows, **ledger.facts()}
    return facts | ({"tables_absent": ", ".join(missing)} if missing else {})


def _check(source: Store, ledger: Ledger, unfit: dict[str, str], imported: int, strict: bool) -> None:
    if unfit and not imported:
        key, why = next(iter(unfit.items()))
        raise InputError(f"{source.uri(key)}: {why}")
    if ledger.files and strict:
        key, why = next(iter(ledger.files.items()))
        raise InputError(f"--strict: {source.uri(key)}: {why}; nothing was imported")


class Conversion:
    """One data set on its way into raw segments."""

    def __init__(self, source: Source, several: bool, ledger: Ledger, bodies: Bodies) -> None:
        self.source, self.ledger, self.bodies = source, ledger, bodies
        self.data_set = source.name if several else ""
        self.crawl_id = crawl_id(_digest(source))
        self.visits = openwpm_visits.read(source, ledger)
        self.owners = Owners(source)
        self.calls: dict[Own, int] = defaultdict(int)
        self.began: dict[Own, str] = {}

    def write(self, writer: SegmentWriter) -> None:
        """Every table; visits last, as they acknowledge the rest."""
        self._times()
        writer.add("instruments", openwpm_settings.instruments(self.source, self.crawl_id))
        kept = partial(writer.add_rows, "scripts")
        with (
            closing(Requests(self.source, self.ledger, self.bodies, kept)) as requests,
            Work(f"import {self.source.name}", None, "rows") as work,
        ):
            steps = {
                "calls": self._calls(),
                "requests": self._requests(requests),
                "callstacks": self._callstacks(requests),
                "cookies": self._cookies(),
                "frames": self._frames(),
                "visits": self._visits(),
            }
            for table, rows in steps.items():
                some: list[Row] = []
                for row in rows:
                    some.append(row)
                    if len(some) >= IMPORT_BATCH_ROWS:
                        writer.add_rows(table, some)
                        work.add(len(some))
                        some = []
                writer.add_rows(table, some)
                work.add(len(some))
        self.ledger.tables.update(self.source.others())

    def _visit(self, row: Row) -> Row:
        """Which visit a row belongs to; from now on there is one."""
        mine = openwpm_visits.own(row)
        self.visits.meet(mine)
        self.ledger.of_no_visit += mine is None
        return self._numbered(mine)

    def _numbered(self, visit: Own) -> Row:
        number = openwpm_visits.number(visit, self.data_set)
        return {"crawl_id": self.crawl_id, "visit_id": number, "attempt": 1}

    def _ids(self, row: Row) -> Row:
        return self._visit(row) | {
            "frame_id": whole(row.get("frame_id")),
            "parent_frame_id": whole(row.get("parent_frame_id")),
            "top_level_url": openwpm_calls.top(row),
        }

    def _times(self) -> None:
        """When each visit began, for calls until 2016-12, which have no time of their own."""
        for visit, noted in self.visits.found.items():
            self._earlier(visit, noted.end.get("dtg"))
        for row in self.source.rows("http_requests"):
            self._earlier(openwpm_visits.own(row), row.get("time_stamp"))
        crawls = [iso(row.get("start_time")) for row in self.source.rows("crawl")]
        self.first = min((when for when in crawls if when), default="1970-01-01T00:00:00.000Z")

    def _earlier(self, visit: Own, when: Any) -> None:
        said = iso(when)
        if said and said < self.began.get(visit, "9"):
            self.began[visit] = said

    # -- calls --------------------------------------------------------------------------------

    def _calls(self) -> Iterator[Row]:
        for row in openwpm_calls.calls(self.source, self.ledger):
            mine = openwpm_visits.own(row)
            ordinal = self.calls[mine]
            self.calls[mine] += 1
            site = self.visits.meet(mine).site
            place = openwpm_calls.place(row, site)
            yield self._ids(row) | {
                "file_name": file_name(self.crawl_id, place),
                "row": ordinal,
                "ordinal": ordinal,
                "location": place,
                "context_url": self.owners.of(row, place, site),
                "in_iframe": openwpm_calls.in_iframe(row),
                "realm": "window",
                "symbol": row.get("symbol"),
                "operation": openwpm_calls.operation(row.get("operation")),
                "arguments": openwpm_calls.arguments(row.get("arguments")),
                "value": row.get("value"),
                "script_url": row.get("script_url"),
                "script_line": row.get("script_line"),
                "script_col": row.get("script_col"),
                "func_name": row.get("func_name"),
                "script_loc_eval": text(row.get("script_loc_eval")) or "",
                "call_stack": text(row.get("call_stack")) or "",
                "time_stamp": iso(row.get("time_stamp")) or self.began.get(mine, self.first),
                **whole_frame(row),
            }

    # -- the other tables ---------------------------------------------------------------------

    def _requests(self, requests: Requests) -> Iterator[Row]:
        for row, ours in requests.rows():
            yield self._ids(row) | ours

    def _callstacks(self, requests: Requests) -> Iterator[Row]:
        """One a request. Of newer versions a table of their own, of older ones a column of requests."""
        table = "callstacks" if "callstacks" in self.source.tables() else "http_requests"
        seen: set[Exchange] = set()
        for row in self.source.rows(table):
            asked = requests.first(row)
            said = text(row.get("call_stack") or row.get("callstack") or row.get("req_call_stack"))
            why = "of no request" if asked[1] is None else "another of its request" if asked in seen else ""
            if table == "callstacks":
                self.ledger.read[table] += 1
                self.ledger.leave_out(table, why or "without a stack", int(bool(why) or not said))
            if said and not why:
                seen.add(asked)
                stack = _CAUSE.sub("", _NAMELESS.sub("@", said))
                yield self._visit(row) | {
                    "request_id": asked[1],
                    "call_stack": stack,
                    "script_url": innermost(stack).script_url,
                }

    def _cookies(self) -> Iterator[Row]:
        for row in self.source.rows("javascript_cookies"):
            self.ledger.read["javascript_cookies"] += 1
            yield self._visit(row) | {
                "host": row.get("host") or row.get("raw_host"),
                "name": row.get("name"),
                "value": row.get("value"),
                "path": row.get("path"),
                "expiry": None if truth(row.get("is_session")) else moment(row.get("expiry")),
                "is_secure": truth(row.get("is_secure")),
                "is_http_only": truth(row.get("is_http_only")),
                "same_site": row.get("same_site"),
                "first_party_domain": row.get("first_party_domain") or "",
                "record_type": row.get("record_type") or row.get("change"),
                "change_cause": row.get("change_cause"),
                "via": None,
                "time_stamp": moment(row.get("time_stamp") or row.get("creationtime")),
            }

    def _frames(self) -> Iterator[Row]:
        for row in self.source.rows("navigations"):
            self.ledger.read["navigations"] += 1
            when = row.get("committed_time_stamp") or row.get("before_navigate_time_stamp")
            url, site = text(row.get("url")) or "", self.visits.meet(openwpm_visits.own(row)).site
            yield self._ids(row) | {
                "url": row.get("url"),
                "context_url": self.owners.of(row, url, site) if url else "",
                "kind": "top" if whole(row.get("parent_frame_id")) == -1 else "iframe",
                "time_stamp": moment(when),
            }

    def _visits(self) -> Iterator[Row]:
        for mine, noted in self.visits.found.items():
            page = mine[2] if isinstance(mine, tuple) else None
            yield self._numbered(mine) | {
                "site_url": noted.site or page,
                "outcome": noted.outcome(self.visits.known),
                "error": text(noted.end.get("error")) or "",
                "started": moment(self.began.get(mine)),
                "ended": moment(noted.end.get("dtg")),
                "n_calls": self.calls.get(mine, 0),
            }


def _digest(source: Source) -> bytes:
    """Tells one crawl's data from another's, whenever and from wherever it is imported."""
    found = hashlib.sha256()
    for tables in _IDENTITY:
        rows = 0
        for table in tables:
            for row in source.rows(table):
                found.update(repr([table, *map(text, row.values())]).encode("utf-8", "replace"))
                rows += 1
        if rows:
            break
    return found.digest()

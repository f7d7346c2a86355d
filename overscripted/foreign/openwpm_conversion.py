"""OpenWPM's records of every era as rows of our raw tables.

The data changed over the years (docs/reference/imports.md has the table). 2015: pages, no visits. 2016: one
row per parameter, no time and no page of a call. 2017: ``arguments`` as an object, the page known through the
visit. 2018: ``document_url``. 2020: frames and ordinals, ``browser_id`` for ``crawl_id``, ``arguments`` as a
list. Missing tables give no rows, missing columns give NULLs.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

from overscripted.foreign import openwpm_calls, openwpm_names, openwpm_navigations, openwpm_visits
from overscripted.foreign.contents import Keep
from overscripted.foreign.ids import file_name
from overscripted.foreign.ledger import Ledger
from overscripted.foreign.openwpm_frames import whole_frame
from overscripted.foreign.openwpm_owners import Owners
from overscripted.foreign.openwpm_requests import Bodies, Exchange, Requests
from overscripted.foreign.openwpm_shown import ShownPages
from overscripted.foreign.openwpm_source import Row, Source
from overscripted.foreign.openwpm_visits import VisitName
from overscripted.foreign.settings import IMPORT_BATCH_ROWS
from overscripted.foreign.values import iso, moment, text, truth, whole
from overscripted.stacks import innermost

# A picture or source of a page: its visit, its raw table, its row there, and its content.
Page = tuple[int, str, Row, bytes]

# The end of a frame in OpenWPM's stack of a request (the asynchronous cause, or "null"), and the beginning of
# the frame of a function without a name.
_CAUSE, _NAMELESS = re.compile(r";[^;:\n]*$", re.MULTILINE), re.compile(r"^null@", re.MULTILINE)


class Conversion:
    """Converts the rows of one data set, whose visits are numbered by themselves or within ``data_set``."""

    def __init__(
        self,
        source: Source,
        crawl_id: int,
        ledger: Ledger,
        bodies: Bodies,
        data_set: str = "",
        attempt: int = 1,
    ) -> None:
        self.source, self.crawl_id, self.ledger, self.bodies = source, crawl_id, ledger, bodies
        self.data_set, self.attempt = data_set, attempt
        self.visits = openwpm_visits.read(source, ledger)
        self.owners = Owners(source)
        self.shown = ShownPages()
        self.calls: dict[VisitName, int] = defaultdict(int)
        self.began: dict[VisitName, str] = {}  # see _times
        self.crawl_began = "1970-01-01T00:00:00.000Z"

    def write(self, keep: Keep, pages: Iterable[Page] = ()) -> None:
        """Give ``keep`` the rows of every table, visits last, because they acknowledge the others."""
        self._times()
        with closing(Requests(self.source, self.ledger, self.bodies, keep)) as requests:
            steps = {
                "calls": self._calls(),
                "requests": self._requests(requests, keep),
                "callstacks": self._callstacks(requests),
                "cookies": self._cookies(),
                "dns_names": self._names(),
                "frames": self._frames(),
                "navigations": self._navigations(),
                "visits": self._visits(),
            }
            self._write_pages(keep, pages)
            for table, rows in steps.items():
                batch: list[Row] = []
                for row in rows:
                    batch.append(row)
                    if len(batch) >= IMPORT_BATCH_ROWS:
                        keep(table, batch)
                        batch = []
                keep(table, batch)

    def _write_pages(self, keep: Keep, pages: Iterable[Page]) -> None:
        """Write pictures and sources of pages, each content once."""
        known: set[str] = set()
        for visit, table, row, content in pages:
            self.ledger.read[table] += 1
            if visit not in self.visits.by_name:
                self.ledger.leave_out(table, "of no visit")
                continue
            sha256, size = hashlib.sha256(content).hexdigest(), len(content)
            if sha256 not in known:
                known.add(sha256)
                keep("contents", [{"sha256": sha256, "size": size, "content": content}])
            named = {"sha256": sha256, "size": size, "is_cut": False}
            keep(table, [self._numbered(visit) | row | named])

    def _visit(self, row: Row) -> Row:
        """The ids of the visit that a row belongs to; the visit is added where it is new."""
        visit = openwpm_visits.visit_name(row)
        self.visits.visit(visit)
        self.ledger.of_no_visit += visit is None
        return self._numbered(visit)

    def _numbered(self, visit: VisitName) -> Row:
        number = openwpm_visits.number(visit, self.data_set)
        return {"crawl_id": self.crawl_id, "visit_id": number, "attempt": self.attempt}

    def _ids(self, row: Row) -> Row:
        return self._visit(row) | self._frame_columns(row)

    def _frame_columns(self, row: Row) -> Row:
        return {
            "frame_id": whole(row.get("frame_id")),
            "parent_frame_id": whole(row.get("parent_frame_id")),
            "top_level_url": openwpm_calls.top(row),
        }

    def _times(self) -> None:
        """Find when each visit began, for calls until 2016-12, which have no time of their own."""
        for visit, entry in self.visits.by_name.items():
            self._earlier(visit, entry.end.get("dtg"))
        for row in self.source.rows("http_requests"):
            self._earlier(openwpm_visits.visit_name(row), row.get("time_stamp"))
        crawls = [iso(row.get("start_time")) for row in self.source.rows("crawl")]
        self.crawl_began = min((time for time in crawls if time), default=self.crawl_began)

    def _earlier(self, visit: VisitName, value: Any) -> None:
        time = iso(value)
        if time and time < self.began.get(visit, "9"):
            self.began[visit] = time

    # -- calls --------------------------------------------------------------------------------

    def _calls(self) -> Iterator[Row]:
        for row in openwpm_calls.calls(self.source, self.ledger):
            visit = openwpm_visits.visit_name(row)
            ordinal = self.calls[visit]
            self.calls[visit] += 1
            site = self.visits.visit(visit).site
            location = openwpm_calls.location(row, site)
            yield self._ids(row) | {
                "file_name": file_name(self.crawl_id, location),
                "row": ordinal,
                "ordinal": ordinal,
                "location": location,
                "context_url": self.owners.of(row, location, site),
                "in_iframe": openwpm_calls.in_iframe(row),
                "realm": "window",
                "symbol": row.get("symbol"),
                "operation": openwpm_calls.operation(row.get("operation")),
                "arguments": openwpm_calls.arguments(row.get("arguments")),
                "value": row.get("value"),
                "script_url": row.get("script_url"),
                "script_line": text(row.get("script_line")) or "",  # OpenWPM records it: NULL is an error
                "script_col": row.get("script_col"),
                "func_name": row.get("func_name"),
                "script_loc_eval": text(row.get("script_loc_eval")) or "",
                "call_stack": text(row.get("call_stack")) or "",
                "time_stamp": iso(row.get("time_stamp")) or self.began.get(visit, self.crawl_began),
                **whole_frame(row),
            }

    # -- the other tables ---------------------------------------------------------------------

    def _requests(self, requests: Requests, keep: Keep) -> Iterator[Row]:
        """Requests. Rows of their bodies are kept at once, a few at a time."""
        others: dict[str, list[Row]] = defaultdict(list)
        for row, ours, bodies in requests.rows():
            ids = self._ids(row)
            self.shown.request(row, ours)
            for table, body in bodies.items():
                others[table].append(ids | body)
                if len(others[table]) >= IMPORT_BATCH_ROWS:
                    keep(table, others.pop(table))
            yield ids | ours
        for table, rows in others.items():
            keep(table, rows)

    def _callstacks(self, requests: Requests) -> Iterator[Row]:
        """One stack per request: from their own table, or in older data from a column of requests."""
        table = "callstacks" if "callstacks" in self.source.tables() else "http_requests"
        seen: set[Exchange] = set()
        for row in self.source.rows(table):
            exchange = requests.first(row)
            stack = text(row.get("call_stack") or row.get("callstack") or row.get("req_call_stack"))
            reason = "another of its request" if exchange in seen else ""
            if exchange[1] is None:
                reason = "of no request"
            if table == "callstacks":
                self.ledger.read[table] += 1
                self.ledger.leave_out(table, reason or "without a stack", int(bool(reason) or not stack))
            if stack and not reason:
                seen.add(exchange)
                stack = _CAUSE.sub("", _NAMELESS.sub("@", stack))
                yield self._visit(row) | {
                    "request_id": exchange[1],
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

    def _names(self) -> Iterator[Row]:
        for row, ours in openwpm_names.names(self.source, self.ledger):
            yield self._visit(row) | ours

    def _frames(self) -> Iterator[Row]:
        for row in self.source.rows("navigations"):
            self.ledger.read["navigations"] += 1
            self.shown.navigation(row)
            when = row.get("committed_time_stamp") or row.get("before_navigate_time_stamp")
            url, site = text(row.get("url")) or "", self.visits.visit(openwpm_visits.visit_name(row)).site
            yield self._ids(row) | {
                "url": row.get("url"),
                "context_url": self.owners.of(row, url, site) if url else "",
                "kind": "top" if whole(row.get("parent_frame_id")) == -1 else "iframe",
                "time_stamp": moment(when),
            }

    def _navigations(self) -> Iterator[Row]:
        """From the same rows as frames."""
        read = ((openwpm_visits.visit_name(row), row) for row in self.source.rows("navigations"))
        for row, ours in openwpm_navigations.navigations(read):
            yield self._numbered(openwpm_visits.visit_name(row)) | self._frame_columns(row) | ours

    def _visits(self) -> Iterator[Row]:
        for visit, entry in self.visits.by_name.items():
            page = visit[2] if isinstance(visit, tuple) else None
            yield self._numbered(visit) | {
                "site_url": entry.site or page,
                **self.shown.columns(visit),
                "outcome": entry.outcome(self.visits.has_history),
                "error": text(entry.end.get("error")) or "",
                "started": moment(self.began.get(visit)),
                "ended": moment(entry.end.get("dtg")),
                "n_calls": self.calls.get(visit, 0),
            }

"""``overscripted import openwpm``: OpenWPM's SQLite and Parquet of every era, into a run.

What changed over the years, and what becomes of it (docs/etl.md has the table): 2016 one row a
parameter, no time and no page of a call; 2017 ``arguments`` as an object, the page known through the
visit; 2018 ``document_url``; 2020 frames and ordinals, ``browser_id`` for ``crawl_id``, ``arguments``
as a list. Tables and columns that are not there give no rows and NULLs.
"""

import json
import math
import pickle
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from etl.importers.ids import file_name, visit_id
from etl.importers.openwpm_source import Row, Source, sources
from etl.importers.writer import SegmentWriter
from etl.importers.writer import text as _text
from etl.settings import IMPORT_BATCH_ROWS
from overscripted.errors import InputError
from overscripted.progress import Work
from overscripted.stacks import innermost
from overscripted.store import Store
from overscripted.urls import host

# OpenWPM's word for how a visit's page load ended -> ours.
OUTCOMES = {
    "ok": "complete",
    "1": "complete",
    "true": "complete",
    "timeout": "timeout",
    "-1": "timeout",
    "neterror": "net_error",
    "error": "error",
    "critical": "error",
    "0": "error",
    "false": "error",
}
# Spellings of operations -> the study's.
OPERATIONS = {
    "set(failed)": "set (failed)",
    "get(failed)": "get (failed)",
    "set(prevented)": "set (prevented)",
}
# How OpenWPM ends a frame of a request's stack (what it was called back for, or "null"), and begins one of a
# function without a name.
_CAUSE, _NAMELESS = re.compile(r";[^;:\n]*$", re.MULTILINE), re.compile(r"^null@", re.MULTILINE)
_SAME_CALL = ("visit_id", "script_url", "script_line", "script_col", "symbol", "operation", "value")


def import_openwpm(source: Store, staged: Store, crawl_id: int) -> dict[str, Any]:
    """Write raw segments of every data set at ``source``; facts of what came."""
    found = sources(source)
    writer = SegmentWriter(staged, "openwpm")
    tables: set[str] = set()
    for one in found:
        try:
            Conversion(one, crawl_id, several=len(found) > 1).write(writer)
            tables |= one.tables()
        finally:
            one.close()
    writer.close()
    if not writer.rows.get("visits"):
        raise InputError(f"{source.url}: OpenWPM data without a visit or a call; nothing to import")
    missing = sorted({"javascript", "http_requests", "javascript_cookies", "navigations"} - tables)
    facts: dict[str, Any] = {"source": "OpenWPM", "data_sets": len(found), **writer.rows}
    return facts | ({"tables_absent": ", ".join(missing)} if missing else {})


class Conversion:
    """One data set on its way into raw segments."""

    def __init__(self, source: Source, crawl_id: int, several: bool) -> None:
        self.source, self.crawl_id, self.several = source, crawl_id, several
        self.sites = {row.get("visit_id"): row.get("site_url") for row in source.rows("site_visits")}
        self.calls: dict[Any, int] = defaultdict(int)
        self.began: dict[Any, str] = {}

    def write(self, writer: SegmentWriter) -> None:
        """Every table; visits last, as they acknowledge the rest."""
        self._times()
        with Work(f"import {self.source.name}", None, "rows") as work:
            steps = {
                "calls": self._calls(),
                "requests": self._requests(),
                "callstacks": self._callstacks(),
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

    def _visit(self, row: Row) -> int:
        """Visit numbers of old databases begin at 1: several data sets are told apart by their names."""
        own = row.get("visit_id")
        number = int(own) if own is not None else 0
        return visit_id(self.source.name, number) if self.several else number

    def _ids(self, row: Row) -> Row:
        frame = row.get("frame_id")
        return {
            "crawl_id": self.crawl_id,
            "visit_id": self._visit(row),
            "attempt": 1,
            "frame_id": _int(frame),
            "parent_frame_id": _int(row.get("parent_frame_id")),
            "top_level_url": row.get("top_level_url") or "",
        }

    def _times(self) -> None:
        """When each visit began, for calls of 2016, which have no time of their own."""
        for table, column in (("crawl_history", "dtg"), ("http_requests", "time_stamp")):
            for row in self.source.rows(table):
                when = _iso(row.get(column))
                if when and when < self.began.get(row.get("visit_id"), "9"):
                    self.began[row.get("visit_id")] = when
        crawls = [_iso(row.get("start_time")) for row in self.source.rows("crawl")]
        self.began[None] = min((when for when in crawls if when), default="1970-01-01T00:00:00.000Z")

    # -- calls --------------------------------------------------------------------------------

    def _calls(self) -> Iterator[Row]:
        for row in _whole_calls(self.source.rows("javascript")):
            own = row.get("visit_id")
            ordinal = self.calls[own]
            self.calls[own] += 1
            place = row.get("document_url") or self.sites.get(own) or ""
            yield self._ids(row) | {
                "file_name": file_name(self.crawl_id, place),
                "row": ordinal,
                "ordinal": ordinal,
                "location": place,
                "in_iframe": _in_iframe(row),
                "realm": "window",
                "symbol": row.get("symbol"),
                "operation": _operation(row.get("operation")),
                "arguments": _arguments(row.get("arguments")),
                "value": row.get("value"),
                "script_url": row.get("script_url"),
                "script_line": row.get("script_line"),
                "script_col": row.get("script_col"),
                "func_name": row.get("func_name"),
                "script_loc_eval": _text(row.get("script_loc_eval")) or "",
                "call_stack": _text(row.get("call_stack")) or "",
                "time_stamp": _iso(row.get("time_stamp")) or self._began(own),
            }

    def _began(self, own: Any) -> str:
        return self.began.get(own, self.began[None])

    # -- the other tables ---------------------------------------------------------------------

    def _requests(self) -> Iterator[Row]:
        answers = _Answers(self.source)
        hops: dict[Any, int] = defaultdict(int)
        for row in self.source.rows("http_requests"):
            key = _exchange(row)
            hop = hops[key]
            hops[key] += 1
            answer = answers.to(key, row.get("url"))
            yield self._ids(row) | {
                "request_id": _text(key[1]) or "",
                "hop": hop,
                "url": row.get("url"),
                "method": row.get("method"),
                "resource_type": row.get("resource_type") or row.get("content_policy_type"),
                "document_url": _known(row.get("loading_href")) or row.get("referrer"),
                "status": _int(answer.get("response_status")),
                "error": "",
                "ip": answers.address(key, row.get("url")),
                "from_cache": _bool(answer.get("is_cached")),
                "request_headers": row.get("headers"),
                "response_headers": answer.get("headers"),
                "body_sha256": None,
                "redirect_url": answer.get("new_request_url") or answer.get("location") or None,
                "time_stamp": _moment(row.get("time_stamp")),
                "ended": _moment(answer.get("time_stamp")),
            }

    def _callstacks(self) -> Iterator[Row]:
        """One a request. Of newer versions a table of their own, of older ones a column of requests."""
        table = "callstacks" if "callstacks" in self.source.tables() else "http_requests"
        seen: set[Any] = set()
        for row in self.source.rows(table):
            exchange = _exchange(row)
            request, text = exchange[1], _text(row.get("call_stack") or row.get("req_call_stack"))
            if request and text and exchange not in seen:
                seen.add(exchange)
                stack = _CAUSE.sub("", _NAMELESS.sub("@", text))
                yield {
                    "crawl_id": self.crawl_id,
                    "visit_id": self._visit(row),
                    "attempt": 1,
                    "request_id": request,
                    "call_stack": stack,
                    "script_url": innermost(stack).script_url,
                }

    def _cookies(self) -> Iterator[Row]:
        for row in self.source.rows("javascript_cookies"):
            yield {
                "crawl_id": self.crawl_id,
                "visit_id": self._visit(row),
                "attempt": 1,
                "host": row.get("host") or row.get("raw_host"),
                "name": row.get("name"),
                "value": row.get("value"),
                "path": row.get("path"),
                "expiry": None if _bool(row.get("is_session")) else _moment(row.get("expiry")),
                "is_secure": _bool(row.get("is_secure")),
                "is_http_only": _bool(row.get("is_http_only")),
                "same_site": row.get("same_site"),
                "first_party_domain": row.get("first_party_domain") or "",
                "record_type": row.get("record_type") or row.get("change"),
                "change_cause": row.get("change_cause"),
                "via": None,
                "time_stamp": _moment(row.get("time_stamp") or row.get("creationtime")),
            }

    def _frames(self) -> Iterator[Row]:
        for row in self.source.rows("navigations"):
            when = row.get("committed_time_stamp") or row.get("before_navigate_time_stamp")
            yield self._ids(row) | {
                "url": row.get("url"),
                "kind": "top" if _int(row.get("parent_frame_id")) == -1 else "iframe",
                "time_stamp": _moment(when),
            }

    def _visits(self) -> Iterator[Row]:
        ends: dict[Any, Row] = {}
        for row in self.source.rows("crawl_history"):
            # The command that loads the page decides; others (initialise, finalise) only if alone.
            if "get" in str(row.get("command", "")).lower() or row.get("visit_id") not in ends:
                ends[row.get("visit_id")] = row
        incomplete = {row.get("visit_id") for row in self.source.rows("incomplete_visits")}
        for own in dict.fromkeys([*self.sites, *self.calls]):
            end = ends.get(own, {})
            yield {
                "crawl_id": self.crawl_id,
                "visit_id": self._visit({"visit_id": own}),
                "attempt": 1,
                "site_url": self.sites.get(own),
                "outcome": _outcome(end, own in incomplete),
                "error": _text(end.get("error")) or "",
                "started": _moment(self._began(own)),
                "ended": _moment(end.get("dtg")),
                "n_calls": self.calls.get(own, 0),
            }


class _Answers:
    """What came back for each request and URL, and from where. Headers are long: all of it waits on disk."""

    _KEPT = ("response_status", "is_cached", "headers", "location", "time_stamp", "new_request_url")

    def __init__(self, source: Source) -> None:
        self._db = sqlite3.connect("")  # a file of its own, which is gone with it
        self._db.execute("CREATE TABLE kept (asked TEXT PRIMARY KEY, answer BLOB) WITHOUT ROWID")
        for row in source.rows("http_redirects"):
            own = (row.get("visit_id"), _text(row.get("old_request_id")))
            self._put((own, row.get("old_request_url")), {name: row.get(name) for name in self._KEPT})
        for row in source.rows("http_responses"):
            self._put((_exchange(row), row.get("url")), {name: row.get(name) for name in self._KEPT})
        for row in source.rows("dns_responses"):
            self._put((_exchange(row), "ip", row.get("hostname")), row.get("used_address"))

    def _put(self, asked: Any, answer: Any) -> None:
        self._db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (repr(asked), pickle.dumps(answer)))

    def _get(self, asked: Any) -> Any:
        found = self._db.execute("SELECT answer FROM kept WHERE asked = ?", (repr(asked),)).fetchone()
        return pickle.loads(found[0]) if found else None

    def to(self, exchange: Any, url: Any) -> Row:
        """The last answer to a request; empty where there is none."""
        return self._get((exchange, url)) or {}

    def address(self, exchange: Any, url: Any) -> Any:
        """The address that the request went to, where it was looked up."""
        return self._get((exchange, "ip", host(str(url))))


def _whole_calls(rows: Iterator[Row]) -> Iterator[Row]:
    """Calls as rows: those of 2016 are one row a parameter and are put together again."""
    open_call: Row | None = None
    for row in rows:
        if "parameter_index" not in row:
            yield row
            continue
        index = _int(row.get("parameter_index"))
        given = {str(index): row.get("parameter_value")} if index is not None else {}
        if open_call and index and _continues(open_call, row, index):
            open_call["_given"].update(given)
            continue
        if open_call:
            yield _put_together(open_call)
        open_call = {**row, "_given": given}
    if open_call:
        yield _put_together(open_call)


def _continues(call: Row, row: Row, index: int) -> bool:
    follows = str(index - 1) in call["_given"] and str(index) not in call["_given"]
    return follows and all(call.get(name) == row.get(name) for name in _SAME_CALL)


def _put_together(call: Row) -> Row:
    given = call.pop("_given")
    return call | {"arguments": json.dumps(given, ensure_ascii=False) if given else None}


def _exchange(row: Row) -> tuple[Any, str | None]:
    """What a request and its answer share: the visit, and the browser's number where it was kept."""
    return row.get("visit_id"), _text(row.get("request_id") or row.get("channel_id"))


def _outcome(end: Row, incomplete: bool) -> str:
    status = end.get("command_status", end.get("bool_success"))
    if status is None:
        return "incomplete" if incomplete else "complete"
    found = OUTCOMES.get(str(status).lower(), str(status).lower())
    return "incomplete" if incomplete and found == "complete" else found


def _in_iframe(row: Row) -> str:
    """By the frame's number, else by the URLs; 'false' where neither was kept."""
    frame = _int(row.get("frame_id"))
    if frame is not None:
        return "true" if frame else "false"
    page, top = row.get("document_url"), row.get("top_level_url")
    return "true" if page and top and page != top else "false"


def _known(url: Any) -> str | None:
    """A URL; OpenWPM wrote the word ``undefined`` where the browser gave none."""
    return None if url in (None, "", "undefined") else str(url)


def _operation(value: Any) -> str | None:
    text = _text(value)
    return OPERATIONS.get(text, text) if text else text


def _arguments(value: Any) -> str | None:
    """Arguments as an object in text; newer versions wrote a list."""
    if not value or value in ("{}", "[]", "null", "undefined"):
        return None
    text = str(value)
    if text.startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return json.dumps({str(i): part for i, part in enumerate(found)}, ensure_ascii=False)
    return text


def _int(value: Any) -> int | None:
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _bool(value: Any) -> bool | None:
    return None if value is None else str(value).lower() in ("1", "true")


def _moment(value: Any) -> datetime | None:
    """A time as OpenWPM wrote it: ISO 8601 with or without zone (UTC), or seconds to µs since 1970."""
    if value is None or isinstance(value, datetime):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    if not math.isfinite(number):
        return None
    while abs(number) > 1e11:  # milliseconds or microseconds
        number /= 1000
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    except (OverflowError, ValueError):
        return None


def _iso(value: Any) -> str | None:
    found = _moment(value)
    if found is None:
        return _text(value) or None
    found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")

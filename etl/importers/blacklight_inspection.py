"""One inspection of Blacklight as raw rows: a visit, and what its files tell of it."""

from collections import Counter
from contextlib import suppress
from typing import Any

from overscripted.etl.importers import blacklight_events, har_entries, lines
from overscripted.etl.importers.har_pages import Page
from overscripted.etl.importers.writer import Batches, SegmentWriter
from overscripted.foreign.contents import Contents
from overscripted.foreign.har_files import HarFile
from overscripted.foreign.ids import file_name, visit_id
from overscripted.foreign.json_elements import MEMBER, TOO_DEEP, Damaged, Path, elements
from overscripted.foreign.ledger import Ledger
from overscripted.foreign.values import moment, text, truth, whole
from overscripted.outcomes import Outcome
from overscripted.store import Store

Row = dict[str, Any]

LOG, REPORT, COOKIES, HAR = "inspection-log.ndjson", "inspection.json", "browser-cookies.json", "requests.har"
FILES = (LOG, REPORT, COOKIES, HAR)
VISIT = (
    *("site_url", "outcome", "error", "final_url", "http_status", "title", "started", "ended", "user_agent"),
)
STORED = (
    *("host", "name", "value", "path", "expiry", "is_secure", "is_http_only", "same_site", "size", "moment"),
)
_INCOMPLETE = "incomplete"  # an outcome of imports alone
_MOST_TYPES = 50  # of events that are counted one by one
_SAME_SITE = {"strict": "strict", "lax": "lax", "none": "no_restriction"}
_AGENTS: tuple[Path, ...] = (
    ("config", "emulateDevice", "userAgent"),
    ("deviceEmulated", "userAgent"),
    ("browser", "user_agent"),
)
_VISITED = ("browsing_history", MEMBER)
_ABOUT: tuple[Path, ...] = (
    *((name,) for name in ("uri_ins", "uri_dest", "page_title", "start_time", "end_time")),
    *_AGENTS,
)
_COOKIE, _ENTRY = ("browser_cookies", MEMBER), ("log", "entries", MEMBER)


class Inspection:
    """Reads one inspection. ``files`` are keys in the store by their kind, one of `FILES`."""

    def __init__(
        self,
        store: Store,
        folder: str,
        files: dict[str, str],
        crawl: int,
        writer: SegmentWriter,
        contents: Contents,
        ledger: Ledger,
    ) -> None:
        self._store, self._files, self._crawl, self._ledger = store, files, crawl, ledger
        self._batches, self._contents = Batches(writer), contents
        self._ids: Row = {"crawl_id": crawl, "visit_id": visit_id("blacklight", folder), "attempt": 1}
        self._about: dict[Path, Any] = {}
        self._pages: set[str] = set()  # that were visited, without fragments
        self._page = ""  # the current one
        self._first = ""  # the first page of a call
        self._n: Counter[str] = Counter()
        self._others: set[str] = set()  # types of events that are not kept
        self._top: Page | None = None  # what the archive says of the top document

    def read(self) -> bool:
        """Keep its rows, the visit last, because it acknowledges the others; whether there is a visit."""
        for kind, take in (
            (REPORT, self._read_report),
            (LOG, self._read_log),
            (COOKIES, self._read_cookies),
            (HAR, self._read_requests),
        ):
            if kind not in self._files:
                continue
            try:
                take(self._files[kind])
            except (Damaged, lines.Damaged) as error:
                self._ledger.files[self._files[kind]] = str(error)
        is_visit = bool(self._n.total() or self._about)
        if is_visit:
            self._batches.add("visits", self._visit())
        self._batches.flush()
        return is_visit

    def _read_report(self, key: str) -> None:
        with self._store.fs.open(self._store.path(key), "rb") as file:
            for path, value in elements(file, (*_ABOUT, _VISITED)):
                if path == _VISITED:
                    self._pages.add(_without_fragment(text(value) or ""))
                else:
                    self._about[path] = value
        if not self._text("uri_ins"):
            self._about.clear()
            raise Damaged("no report of Blacklight (no uri_ins)")
        self._page = self._text("uri_dest") or self._text("uri_ins") or ""
        self._pages |= {_without_fragment(self._text(name) or "") for name in ("uri_ins", "uri_dest")}

    def _read_log(self, key: str) -> None:
        for n, line in enumerate(lines.lines(self._store, key), 1):
            if line.data is not None and not line.data.strip():
                continue
            self._ledger.read["events"] += 1
            try:
                self._n[LOG] += self._take(line.data)
            except (blacklight_events.Unfit, RecursionError) as error:
                reason = "too deep" if isinstance(error, RecursionError) else str(error)
                self._ledger.leave_out("events", reason, place=f"{key}, line {n}")

    def _take(self, line: bytes | None) -> bool:
        """Keep what a line says; whether it is one of Blacklight's."""
        if line is None:
            raise blacklight_events.Unfit("too large")
        found = blacklight_events.event(line)
        if found.kind.startswith(blacklight_events.CALLS):
            self._call(blacklight_events.call(found))
        elif found.kind == blacklight_events.COOKIES:
            for row in blacklight_events.cookies(found):
                self._batches.add("cookies", self._ids | row)
        elif found.kind == blacklight_events.BROWSES:
            said = text(found.message.get("text")) or ""
            self._page = said.removeprefix(blacklight_events.BROWSING) or self._page
        else:
            kind = found.kind or "without a type"
            named = kind in self._others or len(self._others) < _MOST_TYPES
            self._ledger.tables[f"events {kind}" if named else "other events"] += 1
            self._others |= {kind} if named else set()
        return found.kind.startswith(blacklight_events.KNOWN)

    def _call(self, row: Row) -> None:
        location = row["location"]
        ordinal = self._n["calls"]
        self._n["calls"] += 1
        self._first = self._first or location
        in_frame = self._pages and _without_fragment(location) not in self._pages
        self._batches.add(
            "calls",
            self._ids
            | row
            | {
                "file_name": file_name(self._crawl, location),
                "row": ordinal,
                "ordinal": ordinal,
                "top_level_url": self._page or location,
                "in_iframe": "true" if in_frame else "false",
            },
        )

    def _read_cookies(self, key: str) -> None:
        with self._store.fs.open(self._store.path(key), "rb") as file:
            for _, value in elements(file, (_COOKIE,)):
                self._ledger.read["browser_cookies"] += 1
                self._n[COOKIES] += 1
                if isinstance(value, dict) and isinstance(value.get("name"), str):
                    self._batches.add("stored_cookies", self._ids | _stored(value))
                else:
                    reason = "too deep" if value is TOO_DEEP else "without a name"
                    place = f"{key}, {self._n[COOKIES]}"
                    self._ledger.leave_out("browser_cookies", reason, place=place)

    def _read_requests(self, key: str) -> None:
        """Keep its requests. All pages of the archive are this visit."""
        file = HarFile(self._store, key, key)
        page = self._top = Page(self._ids["visit_id"])
        taken = har_entries.Entries(
            lambda _: self._ids, self._keep_beside_log, self._contents, file.attached, False
        )
        with file.opened() as opened:
            for n, (_, entry) in enumerate(elements(opened, (_ENTRY,)), 1):
                self._ledger.read["entries"] += 1
                self._n[HAR] += 1
                reason = "too deep" if entry is TOO_DEEP else "no object"
                with suppress(har_entries.Unfit):
                    if isinstance(entry, dict):
                        reason = "no request"
                        taken.take(entry, page)
                        continue
                self._ledger.leave_out("entries", reason, place=f"{key}, entry {n}")

    def _keep_beside_log(self, table: str, row: Row) -> None:
        """Keep a row of the archive. The log has the same cookies."""
        if table != "cookies" or LOG not in self._files:
            self._batches.add(table, row)

    def _text(self, name: str) -> str | None:
        return text(self._about.get((name,)))

    def _visit(self) -> Row:
        ended = moment(self._about.get(("end_time",)))
        agents = (text(self._about.get(path)) for path in _AGENTS)
        top = self._top
        site = self._text("uri_ins") or self._first or (top.final_url if top else None)
        return self._ids | {
            "site_url": site,
            "outcome": _INCOMPLETE if self._about and ended is None else Outcome.COMPLETE,
            "error": "",
            "final_url": self._text("uri_dest") or site,
            "http_status": top.status if top else None,
            "title": self._text("page_title"),
            "started": moment(self._about.get(("start_time",))),
            "ended": ended,
            "user_agent": next(filter(None, agents), None),
        }


def _stored(cookie: Row) -> Row:
    """A cookie that the browser had at the end, as Chromium tells it."""
    return {
        "host": text(cookie.get("domain")),
        "name": text(cookie["name"]),
        "value": text(cookie.get("value")),
        "path": text(cookie.get("path")),
        "expiry": None if truth(cookie.get("session")) else moment(cookie.get("expires")),
        "is_secure": truth(cookie.get("secure")),
        "is_http_only": truth(cookie.get("httpOnly")),
        "same_site": _SAME_SITE.get((text(cookie.get("sameSite")) or "").lower(), "unspecified"),
        "size": whole(cookie.get("size")),
        "moment": "end",
    }


def _without_fragment(url: str) -> str:
    return url.partition("#")[0]

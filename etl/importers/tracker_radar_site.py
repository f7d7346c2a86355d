"""One site's file of tracker-radar-collector as raw rows.

The format is the type ``CollectResult`` of its ``crawler.js``. Uses of APIs are counted per script and API;
only some calls are kept, without a position.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from overscripted.etl.importers import set_cookies, tracker_radar_apis, tracker_radar_requests
from overscripted.etl.importers.tracker_radar_requests import Unfit
from overscripted.etl.importers.writer import Batches, SegmentWriter
from overscripted.foreign.ids import file_name, visit_id
from overscripted.foreign.json_elements import MEMBER, TOO_DEEP, Damaged, Path, elements
from overscripted.foreign.ledger import Ledger
from overscripted.foreign.values import iso, moment, text, truth, whole
from overscripted.outcomes import Outcome
from overscripted.store import Store

Row = dict[str, Any]

# Names of the collector of APIs; forks use the second.
APIS = ("apis", "fingerprints")
VALUES = "values of cookies"  # which forks collect
OPERATIONS = ("get", "set", "call")
_SAME_SITE = {"strict": "strict", "lax": "lax", "none": "no_restriction"}
_SCALARS = tuple((name,) for name in ("initialUrl", "finalUrl", "timeout", "testStarted", "testFinished"))
_REQUEST, _COOKIE = ("data", "requests", MEMBER), ("data", "cookies", MEMBER)
_COUNTS = tuple(("data", name, "callStats") for name in APIS)
_SAVED = tuple(("data", name, "savedCalls", MEMBER) for name in APIS)


class Site:
    """Reads the file of one site."""

    def __init__(self, store: Store, key: str, crawl: int, writer: SegmentWriter, ledger: Ledger) -> None:
        self._store, self._key, self._ledger = store, key, ledger
        self._batches = Batches(writer)
        self._crawl = crawl
        self._ids: Row = {"crawl_id": crawl, "visit_id": visit_id("tracker-radar", key), "attempt": 1}
        self._about: dict[str, Any] = {}
        self._n: Counter[str] = Counter()
        self._counts: list[dict[str, Any]] = []
        self._saved: Counter[tuple[str, str, str]] = Counter()  # script, symbol, operation

    def read(self) -> set[str]:
        """Keep its rows; the names of the collectors that it has data of."""
        found: set[str] = set()
        try:
            with self._store.fs.open(self._store.path(self._key), "rb") as file:
                for path, value in elements(file, _SCALARS):
                    self._about[path[0]] = value
        except Damaged as error:
            self._ledger.files[self._key] = str(error)
        if not isinstance(self._about.get("initialUrl"), str):
            self._ledger.files.setdefault(self._key, "no site of tracker-radar-collector (no initialUrl)")
            return found
        self._page = text(self._about.get("finalUrl")) or text(self._about["initialUrl"]) or ""
        self._began = moment(self._about.get("testStarted"))
        self._requests = tracker_radar_requests.Requests(text(self._about["initialUrl"]), self._page)
        wanted = (_REQUEST, _COOKIE, *_COUNTS, *_SAVED)
        with self._store.fs.open(self._store.path(self._key), "rb") as file, suppress(Damaged):  # named above
            for path, value in elements(file, wanted):
                found.add(path[1])
                if path == _COOKIE and isinstance(value, dict) and "value" in value:
                    found.add(VALUES)
                self._take(path, value)
        self._keep_counts()
        self._batches.add("visits", self._visit())
        self._batches.flush()
        return found

    def _take(self, path: Path, value: Any) -> None:
        """Keep an element, or count it as left out."""
        collector = path[1]
        if path in _COUNTS:
            self._counts.append(value if isinstance(value, dict) else {})
            return
        name = "savedCalls" if collector in APIS else collector
        self._ledger.read[name] += 1
        self._n[name] += 1
        place = f"{self._key}, {self._n[name]}"
        try:
            if value is TOO_DEEP:
                raise Unfit("too deep")
            if collector == "requests":
                self._request(value)
            elif collector == "cookies":
                self._batches.add("stored_cookies", self._ids | _cookie(value))
            else:
                self._call(value)
        except Unfit as error:
            self._ledger.leave_out(name, str(error), place=place)

    def _request(self, request: Any) -> None:
        row = self._requests.row(request)
        self._batches.add("requests", self._ids | row)
        headers = tracker_radar_requests.headers_of(request.get("responseHeaders"))
        for cookie in set_cookies.rows(headers, row["url"], self._began):
            self._batches.add("cookies", self._ids | cookie)

    def _call(self, call: Any) -> None:
        source = call.get("source") if isinstance(call, dict) else None
        if not isinstance(source, str) or not source:
            raise Unfit("without a script")
        found = _api(call)
        script = text(source) or ""
        ordinal = self._saved.total()
        self._saved[script, *found] += 1
        self._batches.add(
            "calls",
            self._ids
            | {
                "top_level_url": self._page,
                "file_name": file_name(self._crawl, self._page),
                "row": ordinal,
                "ordinal": ordinal,
                "location": self._page,
                "in_iframe": "false",
                "realm": "window",
                "symbol": found.symbol,
                "operation": found.operation,
                "arguments": _arguments(call.get("arguments")),
                "script_url": script,
                "time_stamp": iso(moment(call.get("timeStamp"))),
            },
        )

    def _keep_counts(self) -> None:
        """Keep how often each script used each API. Two names may be one API of ours."""
        totals: Counter[tuple[str, str, str]] = Counter()
        for script, name, n in _uses(self._counts):
            self._ledger.read["callStats"] += 1
            operations = [key for key in self._saved if key[0] == script and key[1] == name]
            found = tracker_radar_apis.api(name)
            key = (script, *found) if found else operations[0] if len(operations) == 1 else None
            if key is None or n is None:
                reason = "an unknown API" if n is not None else "no number"
                self._ledger.leave_out("callStats", reason, place=f"{self._key}, {name}")
            else:
                totals[key] += n
        for key in {*totals, *self._saved}:
            script, symbol, operation = key
            n_recorded = self._saved[key]
            row = {"script_url": script, "symbol": symbol, "operation": operation, "location": self._page}
            n_calls = max(totals[key], n_recorded)
            where = {"frame_id": 0, "parent_frame_id": -1, "top_level_url": self._page}
            self._batches.add(
                "call_totals", self._ids | where | row | {"n_calls": n_calls, "n_recorded": n_recorded}
            )

    def _visit(self) -> Row:
        status, about = self._requests.status, self._about
        outcome = Outcome.HTTP_ERROR if status and status >= 400 else Outcome.COMPLETE
        if self._requests.error and not status:
            outcome = Outcome.NET_ERROR
        return self._ids | {
            "site_url": text(about["initialUrl"]),
            "outcome": Outcome.TIMEOUT if truth(about.get("timeout")) else outcome,
            "error": self._requests.error,
            "final_url": self._page,
            "http_status": status,
            "started": self._began,
            "ended": moment(about.get("testFinished")),
        }


def _api(call: Row) -> tracker_radar_apis.Api:
    """The API of a call that was kept. A fork names it as we do, with the operation."""
    name = text(call.get("description")) or ""
    operation = text(call.get("accessType"))
    if operation in OPERATIONS and name:
        return tracker_radar_apis.Api(name, operation)
    found = tracker_radar_apis.api(name)
    if found is None:
        raise Unfit("an unknown API")
    return found


def _arguments(value: Any) -> str | None:
    if value is None:
        return None
    given = value if isinstance(value, list) else [value]
    return (
        json.dumps({str(n): text(one) for n, one in enumerate(given)}, ensure_ascii=False) if given else None
    )


def _uses(counts: list[dict[str, Any]]) -> Iterator[tuple[str, str, int | None]]:
    for scripts in counts:
        for script, names in scripts.items():
            for name, n in names.items() if isinstance(names, dict) else ():
                found = whole(n)
                yield text(script) or "", text(name) or "", found if found is not None and found > 0 else None


def _cookie(cookie: Any) -> Row:
    """A cookie that the browser had. Collectors of some forks keep its value and more attributes."""
    if not isinstance(cookie, dict) or not isinstance(cookie.get("name"), str):
        raise Unfit("without a name")
    session = truth(cookie.get("session"))
    same_site = (text(cookie.get("sameSite")) or "").lower()
    return {
        "host": text(cookie.get("domain")),
        "name": text(cookie["name"]),
        "value": text(cookie.get("value")),
        "path": text(cookie.get("path")),
        "expiry": None if session else moment(cookie.get("expires")),
        "is_secure": truth(cookie.get("secure")),
        "is_http_only": truth(cookie.get("httpOnly")),
        "same_site": _SAME_SITE.get(same_site, "unspecified"),
        "moment": "end",
    }

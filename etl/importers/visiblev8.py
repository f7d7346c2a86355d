"""``overscripted import visiblev8``: logs of VisibleV8, a Chromium that logs uses of browser functions.

Each thread of Chromium writes a log, ``vv8-TIME-PID-TID-NAME.N.log``, which goes on in N + 1 after 1 GB. The
crawler of VisibleV8 runs a browser for each visit, in a folder of its own.
"""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from overscripted import recorded
from overscripted.errors import InputError
from overscripted.etl.importers.found_files import without_copies
from overscripted.etl.importers.lines import Damaged, lines, plain_name
from overscripted.etl.importers.visiblev8_calls import Calls, Row
from overscripted.etl.importers.writer import SegmentWriter
from overscripted.foreign import ids
from overscripted.foreign.ledger import Ledger
from overscripted.foreign.settings import IMPORT_BATCH_ROWS, IMPORT_BODY_BYTES
from overscripted.foreign.values import iso, moment
from overscripted.outcomes import Outcome
from overscripted.progress import Work
from overscripted.store import Store

_VISIT = ("crawl_id", "visit_id", "attempt")
# The raw columns that can be filled; all others are NULL. A table that is not named stays empty.
FILLS: dict[str, tuple[str, ...]] = {
    "calls": (
        *(*_VISIT, "top_level_url", "file_name", "row", "ordinal", "location", "in_iframe", "realm"),
        *("symbol", "operation", "arguments", "value", "script_url", "script_line", "script_col"),
        *("script_loc_eval", "time_stamp"),
    ),
    "scripts": ("sha256", "size", "content"),
    "visits": (*_VISIT, "site_url", "outcome", "error", "started", "n_calls"),
}
# What is known in part.
PARTLY = {
    "calls.value": "only values that were written",
    "calls.in_iframe": "not known, taken as false",
    "calls.time_stamp": "only when the thread began to log",
    "scripts": "their text, not their URL",
}

_NAME = re.compile(r"vv8-(?:(?P<time>[0-9]{12,14})-)?(?P<rest>.*?)(?:\.(?P<part>[0-9]{1,6}))?\.log")
# How the names of Chromium's threads of workers begin; Linux cuts names at 15 characters.
_REALMS = {
    "DedicatedWorker": "worker",
    "SharedWorker": "sharedworker",
    "ServiceWorker": "serviceworker",
    "AudioWorklet": "worklet",
    "AnimationWorkle": "worklet",
}
_NO_TIME = "9"
# Rows that stay open when a batch is written: the look-up of a function may be dropped when it is called.
_OPEN_ROWS = 1000


@dataclass(frozen=True)
class Thread:
    """The log of a thread: its files in order, its visit, its realm, and when it began."""

    keys: tuple[str, ...]
    visit: str
    realm: str
    began: str | None  # milliseconds since 1970


def import_visiblev8(source: Store, staged: Store, strict: bool, visits: str = "folder") -> dict[str, Any]:
    """Write raw calls, scripts and visits of every log at ``source``; facts of the result.

    ``visits`` says what one visit is: ``folder``, the logs in a folder, or ``file``, the log of a thread.
    A file that is damaged is read up to the damage, and named; with ``strict`` it raises InputError.
    """
    writer, ledger = SegmentWriter(staged, "visiblev8"), Ledger()
    given, copies = without_copies([""] if source.fs.isfile(source.root) else source.files())
    found = _threads(source, given, visits)
    ledger.files |= {key: why for key, why in copies.items() if _match(key)}
    keys = [key for logs in found.values() for thread in logs for key in thread.keys]
    crawl = ids.crawl_id(ids.digest_of_files(source, keys))
    known: set[str] = set()
    with Work("import", sum(map(len, found.values())), "logs") as work:
        for name, logs in found.items():
            visit = _Visit(crawl, name, logs)
            for thread in logs:
                visit.write(source, thread, Calls(ledger, known), writer)
                work.add()
            writer.add_rows("visits", [visit.row()])
            ledger.files |= visit.damaged
    writer.close()
    ledger.refuse_files(source, strict)
    if not writer.rows.get("calls"):
        raise InputError(
            f"{source.url}: VisibleV8 logs without a use of a browser function; nothing to import"
        )
    facts = {"source": "VisibleV8 logs", "logs": work.done, **writer.rows, **ledger.facts()}
    return facts | {recorded.KEY: recorded.Recorded("VisibleV8", FILLS, PARTLY).to_json()}


def _match(key: str) -> re.Match[str] | None:
    return _NAME.fullmatch(plain_name(posixpath.basename(key)))


def _threads(source: Store, given: list[str], visits: str) -> dict[str, list[Thread]]:
    """The logs of each visit, in the order in which they began."""
    alone = given == [""]
    parts: dict[tuple[str, str], list[tuple[int, str, re.Match[str] | None]]] = defaultdict(list)
    for key in given:
        folder, name = posixpath.split(key or source.root)
        match = _match(name)
        if match or alone:
            stem = f"{match['time']}-{match['rest']}" if match else name
            parts["" if alone else folder, stem].append((int(match["part"] or 0) if match else 0, key, match))
    if not parts:
        raise InputError(
            f"{source.url}: no VisibleV8 log here (vv8-….log, also .gz and .zst); "
            "name a log, or a folder of logs"
        )
    found: dict[str, list[Thread]] = defaultdict(list)
    for (folder, stem), files in sorted(parts.items()):
        files.sort(key=lambda part: part[:2])
        match = files[0][2]
        visit = folder if visits == "folder" else posixpath.join(folder, stem)
        realm = _realm(match["rest"]) if match else "window"
        keys = tuple(key for _, key, _ in files)
        found[visit].append(Thread(keys, visit, realm, match["time"] if match else None))
    for logs in found.values():
        logs.sort(key=lambda thread: thread.began or _NO_TIME)
    return dict(found)


def _realm(rest: str) -> str:
    """The kind of realm, by the thread's name, which is the last part of a log's name."""
    name = rest.rpartition("-")[2]
    return next((realm for start, realm in _REALMS.items() if name.startswith(start)), "window")


class _Visit:
    """One visit. ``damaged`` names files that could not be read to their end, with the reason."""

    def __init__(self, crawl: int, name: str, logs: list[Thread]) -> None:
        self.damaged: dict[str, str] = {}
        self._ids = {"crawl_id": crawl, "visit_id": ids.visit_id("visiblev8", name), "attempt": 1}
        self._began = min((thread.began for thread in logs if thread.began), default=None)
        self._site: str | None = None
        self._calls = 0

    def write(self, source: Store, thread: Thread, calls: Calls, writer: SegmentWriter) -> None:
        """Write what a thread's log says."""
        fixed = self._ids | {
            "top_level_url": "",
            "in_iframe": "false",
            "realm": thread.realm,
            "time_stamp": iso(thread.began) if thread.began else None,
        }
        batch: list[Row] = []
        for row in calls.rows(self._lines(source, thread, calls)):
            batch.append(row)
            if len(batch) >= IMPORT_BATCH_ROWS or calls.body_bytes > IMPORT_BODY_BYTES:
                done, batch = batch[:-_OPEN_ROWS], batch[-_OPEN_ROWS:]
                self._flush(done, calls.settle(batch), fixed, writer)
        self._flush(batch, calls.settle([]), fixed, writer)
        self._site = self._site or calls.first_document

    def _lines(self, source: Store, thread: Thread, calls: Calls) -> Iterator[bytes]:
        for key in thread.keys:
            try:
                name = key or posixpath.basename(source.root)
                for n, line in enumerate(lines(source, key), 1):
                    calls.at = name, n
                    if line.data is None:
                        calls.leave_out("a line over the limit of length")
                    elif not line.ended:
                        calls.leave_out("a last line that was cut off")
                    else:
                        yield line.data.rstrip(b"\r")
            except Damaged as error:
                self.damaged[key or source.url] = str(error)

    def _flush(self, batch: list[Row], bodies: list[Row], fixed: Row, writer: SegmentWriter) -> None:
        rows = []
        for row in batch:
            if row.pop("dropped", False):
                continue
            numbers = {"row": self._calls, "ordinal": self._calls}
            name = ids.file_name(self._ids["crawl_id"], row["location"] or "")
            rows.append(fixed | row | numbers | {"file_name": name})
            self._calls += 1
        writer.add_rows("calls", rows)
        writer.add_rows("scripts", bodies)

    def row(self) -> Row:
        """The row of ``visits``. What was asked for is not in a log: ``site_url`` is the first document."""
        return self._ids | {
            "site_url": self._site,
            "outcome": Outcome.COMPLETE,
            "error": "",
            "started": moment(self._began) if self._began else None,
            "n_calls": self._calls,
        }

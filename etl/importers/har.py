"""``overscripted import har``: HTTP archives (HAR 1.2) of browsers and crawlers, into a run.

A page of a file is a visit, an entry is a request. The format knows no calls of JavaScript. Fields that begin
with ``_`` are read where Chromium, Playwright, WebPageTest or `overscripted export` writes them
(docs/reference/imports.md has the table).
"""

from contextlib import suppress
from typing import Any

from overscripted import recorded
from overscripted.errors import InputError
from overscripted.etl.importers import har_entries, har_pages, set_cookies
from overscripted.etl.importers.found_files import files_at
from overscripted.etl.importers.har_pages import Page, Pages, Row
from overscripted.etl.importers.writer import Batches, SegmentWriter
from overscripted.foreign.contents import Contents
from overscripted.foreign.har_files import ERRORS, NAMES, HarFile, of_key, reason, without_copies
from overscripted.foreign.ids import crawl_id, digest_of_files
from overscripted.foreign.json_elements import MEMBER, TOO_DEEP, Damaged, elements
from overscripted.foreign.ledger import Ledger, named
from overscripted.foreign.values import text
from overscripted.progress import Work
from overscripted.store import Store

_VISIT = ("crawl_id", "visit_id", "attempt")
# The raw columns that can be filled; all others are NULL. A table that is not named stays empty.
FILLS: dict[str, tuple[str, ...]] = {
    "visits": har_pages.COLUMNS,
    "requests": har_entries.COLUMNS,
    "callstacks": (*_VISIT, "request_id", "call_stack", "script_url"),
    "scripts": ("sha256", "size", "content"),
    "contents": ("sha256", "size", "content"),
    "request_bodies": (
        *(*_VISIT, "request_id", "hop", "content_type", "size", "n_kept", "sha256", "time_stamp"),
    ),
    "response_bodies": (*_VISIT, "request_id", "hop", "content_type", "size", "sha256"),
    "cookies": (*_VISIT, *set_cookies.COLUMNS),
    "websocket_messages": (
        *(*_VISIT, "request_id", "url", "ordinal", "direction", "opcode", "size", "data", "bytes"),
        "time_stamp",
    ),
}
# What is known in part.
PARTLY = {"cookies": "only those that servers set", "requests.frame_id": "only of top documents"}

_PAGE, _ENTRY = ("log", "pages", MEMBER), ("log", "entries", MEMBER)
_CREATOR, _BROWSER = ("log", "creator", "name"), ("log", "browser", "comment")
_ABOUT = (_PAGE, _CREATOR, _BROWSER)
_CHROME = "WebInspector"  # names what came from its cache


def import_har(source: Store, staged: Store, strict: bool) -> dict[str, Any]:
    """Write raw segments of every HAR file at ``source``; facts of the result.

    A file that is damaged is read as far as it goes, and named; with ``strict`` it raises InputError.
    """
    files, unfit = _har_files(source)
    writer, ledger = SegmentWriter(staged, "har"), Ledger()
    ledger.files |= unfit
    number = crawl_id(digest_of_files(files[0].store, sorted({file.key for file in files}))) if files else 0
    contents = Contents(writer.add_rows)
    with Work("import", len(files), "files") as work:
        for file in files:
            before = len(ledger.files)
            HarImport(file, number, writer, contents, ledger).read()
            work.add(failed=len(ledger.files) - before)
    contents.flush()
    writer.close()
    if ledger.files and strict:
        raise InputError(f"--strict: {source.url}: {named(ledger.files)}; nothing was imported")
    if not writer.rows.get("visits"):
        why = f" ({named(ledger.files)})" if ledger.files else ""
        raise InputError(f"{source.url}: no HAR with an entry; nothing to import{why}")
    facts = {"source": "HAR", "files": len(files), **writer.rows, **ledger.facts()}
    return facts | {recorded.KEY: recorded.Recorded("HAR", FILLS, PARTLY).to_json()}


def _har_files(source: Store) -> tuple[list[HarFile], dict[str, str]]:
    """The HAR files at a path, and files that cannot be used with the reason.

    A file that is named is read whatever its name. In a folder, those that end in .har, .har.gz and .zip. Of
    several with the same content the first counts. Raises InputError where there is none.
    """
    unfit: dict[str, str] = {}
    store, keys = files_at(source, NAMES.fullmatch, "ends in .har, .har.gz or .zip")
    found: list[HarFile] = []
    for key in sorted(keys):
        try:
            found += of_key(store, key)
        except (Damaged, *ERRORS) as error:
            unfit[key] = reason(error)
    kept, copies = without_copies(found)
    return kept, unfit | copies


class HarImport:
    """Reads one file."""

    def __init__(
        self, file: HarFile, crawl: int, writer: SegmentWriter, contents: Contents, ledger: Ledger
    ) -> None:
        self._file, self._crawl, self._ledger = file, crawl, ledger
        self._batches, self._contents = Batches(writer), contents
        self._pages = Pages(file.name)
        self._browser: str | None = None
        self._creator: str | None = None

    def read(self) -> None:
        """Keep its rows; visits last, because they acknowledge the others."""
        with suppress(Damaged):  # the entries tell it again
            self._read_about()
        try:
            self._read_entries()
        except Damaged as error:
            n = sum(page.entries for page in self._pages.all())
            kept = f"; {n:,} entries before it are kept" if n else ""
            self._ledger.files[self._file.name] = f"{error}{kept}"
        for page in self._pages.all():
            self._batches.add("visits", page.row(self._crawl, self._browser))
        self._batches.flush()

    def _read_about(self) -> None:
        """Read what is beside the entries, which may stand before or after them."""
        with self._file.opened() as file:
            for path, value in elements(file, (*_ABOUT, _ENTRY)):
                if path == _PAGE:
                    self._ledger.read["pages"] += 1
                    if not self._pages.add(value):
                        self._ledger.leave_out("pages", "without an id", place=self._file.name)
                elif path == _CREATOR:
                    self._creator = text(value)
                elif path == _BROWSER:
                    self._browser = text(value) or None
                elif self._pages.all():
                    return  # the entries: the pages came before them

    def _read_entries(self) -> None:
        taken = har_entries.Entries(
            self._ids, self._batches.add, self._contents, self._file.attached, self._creator == _CHROME
        )
        with self._file.opened() as file:
            for n, (_, entry) in enumerate(elements(file, (_ENTRY,)), 1):
                self._ledger.read["entries"] += 1
                self._take(taken, entry, f"{self._file.name}, entry {n}")

    def _take(self, taken: har_entries.Entries, entry: Any, place: str) -> None:
        if not isinstance(entry, dict):
            reason = "too deep" if entry is TOO_DEEP else "no object"
            self._ledger.leave_out("entries", reason, place=place)
            return
        try:
            lost = taken.take(entry, self._pages.of(entry))
        except har_entries.Unfit as error:
            self._ledger.leave_out("entries", str(error), place=place)
            return
        for what in lost:
            self._ledger.read["bodies"] += 1
            self._ledger.leave_out("bodies", what, place=place)

    def _ids(self, page: Page) -> Row:
        return {"crawl_id": self._crawl, "visit_id": page.number, "attempt": 1}

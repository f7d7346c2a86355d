"""``overscripted import warc``: web archives (WARC, WACZ) of our crawls and of other tools, into a run.

An archive has requests, responses and their bodies, and no call of JavaScript.
"""

import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

from overscripted import mime, recorded
from overscripted.errors import InputError
from overscripted.etl.importers import har_entries, har_pages, set_cookies
from overscripted.etl.importers.har_entries import MAIN, SUB, Entries, Unfit
from overscripted.etl.importers.har_exchange import Exchange
from overscripted.etl.importers.har_pages import Page, Row
from overscripted.etl.importers.warc_assignment import Assignment
from overscripted.etl.importers.warc_index import Index, Request, as_object
from overscripted.etl.importers.warc_pages import listed
from overscripted.etl.importers.writer import Batches, SegmentWriter
from overscripted.foreign import ids
from overscripted.foreign.contents import Contents
from overscripted.foreign.ledger import Ledger
from overscripted.foreign.settings import IMPORT_BODY_BYTES
from overscripted.foreign.values import whole
from overscripted.progress import Work
from overscripted.store import Store
from overscripted.warc import sources
from overscripted.warc.payload import Unreadable
from overscripted.warc.reading import Damage, Record, record_at, records

_VISIT = ("crawl_id", "visit_id", "attempt")
# The raw columns that can be filled; all others are NULL. A table that is not named stays empty.
FILLS: dict[str, tuple[str, ...]] = {
    "visits": (*(name for name in har_pages.COLUMNS if name != "loaded"), "wave", "parent_visit_id"),
    "requests": tuple(name for name in har_entries.COLUMNS if name not in ("document_url", "ended")),
    "scripts": ("sha256", "size", "content"),
    "contents": ("sha256", "size", "content"),
    "request_bodies": (
        *(*_VISIT, "request_id", "hop", "content_type", "size", "n_kept", "sha256", "time_stamp"),
    ),
    "response_bodies": (*_VISIT, "request_id", "hop", "content_type", "size", "sha256"),
    "cookies": (*_VISIT, *set_cookies.COLUMNS),
}
# What is known in part.
PARTLY = {"cookies": "only those that servers set", "requests.frame_id": "only of top documents"}

_ANSWERS = ("response", "revisit")
_SHOWN = 200  # characters of a URL in a message
_ORIGINAL = "x-archive-orig-"
_CUT = "cut in the archive"
# Resource types by the beginning of a MIME type, where the request does not say.
_KINDS = {
    "text/css": "stylesheet",
    "image/": "image",
    "font/": "font",
    "application/font-woff": "font",
    "application/vnd.ms-fontobject": "font",
    "audio/": "media",
    "video/": "media",
    "text/html": SUB,
    "application/xhtml+xml": SUB,
}


def import_warc(source: Store, staged: Store, strict: bool) -> dict[str, Any]:
    """Write raw segments of every archive at ``source``; facts of the result.

    A damaged record is left out and counted; with ``strict`` it raises InputError, as a damaged file does.
    """
    alone = source.fs.isfile(source.root)
    found = sources.of_path(source.root) if alone and source.local else sources.of_files(source)
    writer, ledger = SegmentWriter(staged, "warc"), Ledger()
    keys = [""] if alone else sorted({_file(one).name for one in found})
    crawl = ids.crawl_id(ids.digest_of_files(source, keys))
    with closing(Index()) as index, Work("import", 2 * len(found), "files") as work:
        archive = _Archive(found, index, ledger)
        archive.scan(work)
        archive.assign()
        archive.write(crawl, writer, work)
    writer.close()
    damaged = "; ".join(archive.damage.examples)
    if strict and (ledger.files or damaged):
        ledger.refuse_files(source, strict)
        raise InputError(f"--strict: {source.url}: {damaged}; nothing was imported")
    if not writer.rows.get("requests"):
        why = f" ({damaged})" if damaged else ""
        raise InputError(f"{source.url}: no response of HTTP in it{why}; nothing to import")
    facts: Row = {"source": "WARC", "files": len(found), **writer.rows, **ledger.facts()}
    facts |= {"damaged_records": damaged} if damaged else {}
    return facts | {recorded.KEY: recorded.Recorded("WARC", FILLS, PARTLY).to_json()}


def _file(source: sources.Source) -> sources.Source:
    """The file that has a source: the WACZ file for its members."""
    return source.wacz if isinstance(source, sources.WaczMember) else source


class _Archive:
    """Reads the files of an archive twice: what is there, then the bodies."""

    def __init__(self, found: list[sources.Source], index: Index, ledger: Ledger) -> None:
        self.damage = Damage()
        self._sources, self._index, self._ledger = found, index, ledger
        self._assignment = Assignment()

    def scan(self, work: Work) -> None:
        """Put every request and response into the index, and find the pages that the archive names."""
        lists: set[str] = set()
        for number, one in enumerate(self._sources):
            if isinstance(one, sources.WaczMember) and one.wacz.name not in lists:
                lists.add(one.wacz.name)
                self._read_list(one.wacz)
            for record in self._records(number, self.damage):
                self._scan(number, record)
            work.add()
        for reason, n in self.damage.records.items():
            self._ledger.read["records"] += n
            self._ledger.leave_out("records", reason, n)

    def _records(self, number: int, damage: Damage) -> Iterator[Record]:
        one = self._sources[number]
        try:
            with one.open() as file:
                yield from records(file, damage, one.name)
        except (InputError, zipfile.BadZipFile) as error:
            self._ledger.files[one.name] = str(error)

    def _read_list(self, wacz: sources.Source) -> None:
        try:
            with wacz.open() as file:
                for page in listed(file):
                    self._ledger.read["pages"] += 1
                    if page is None:
                        self._ledger.leave_out("pages", "no object of JSON")
                    else:
                        self._assignment.add_listed(page)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
            self._ledger.files[wacz.name] = f"its list of pages cannot be read ({error})"

    def _scan(self, number: int, record: Record) -> None:
        if record.kind == "request" and record.http:
            self._ledger.read["requests"] += 1
            if not self._index.add_request(record):
                self._ledger.read["bodies"] += 1
                self._ledger.leave_out("bodies", "of a request, too large or damaged")
        elif record.kind in _ANSWERS:
            self._ledger.read["responses"] += 1
            if not record.http and not (record.kind == "revisit" and record.url.startswith("http")):
                self._ledger.leave_out("responses", "not of HTTP")
            elif not self._index.add_response(number, record):
                self._ledger.leave_out("responses", "a copy of a record that was read before")
        elif record.kind == "metadata" and (name := record.get("WARC-Page-ID")):
            self._add_ours(name, as_object(_text(record)))
        elif record.kind != "warcinfo":
            self._ledger.tables[record.kind[:50]] += 1

    def _add_ours(self, name: str, facts: Row) -> None:
        if "websocket_messages" in facts:
            self._ledger.tables["messages of a WebSocket"] += 1
            return
        self._ledger.read["visits"] += 1
        self._assignment.add_ours(name, facts)

    def assign(self) -> None:
        """Find the page of each response."""
        self._assignment.run(self._index)
        without = self._index.unanswered()
        self._ledger.leave_out("requests", "without a response in the archive", without)

    def write(self, crawl: int, writer: SegmentWriter, work: Work) -> None:
        """Write the responses with their requests and bodies; visits last: they acknowledge the others."""
        batches, contents = Batches(writer), Contents(writer.add_rows)
        entries = _Entries(
            crawl, batches, contents, self._index, self._assignment.final_urls(), self._record_at
        )
        for number in range(len(self._sources)):
            for record in self._records(number, Damage()):
                if record.kind in _ANSWERS and (place := self._index.place(number, record.offset)):
                    self._take(entries, number, record, *place)
            work.add()
        contents.flush()
        for at, page in enumerate(self._assignment.pages):
            more = self._assignment.more.get(at, {})
            batches.add("visits", page.row(crawl, None) | more | {"attempt": 1})
        batches.flush()

    @contextmanager
    def _record_at(self, number: int, offset: int) -> Iterator[Record]:
        """A record at its place. Raises Unreadable, or InputError for a member that cannot be unpacked."""
        with self._sources[number].open() as file:
            yield record_at(file, offset)

    def _take(self, entries: "_Entries", number: int, record: Record, at: int, is_document: bool) -> None:
        page, about = self._assignment.pages[at], as_object(record.get("WARC-JSON-Metadata"))
        attempt = self._assignment.more.get(at, {}).get("attempt")
        if attempt is not None and (whole(about.get("attempt")) or attempt) != attempt:
            self._ledger.leave_out("responses", "of an attempt at a visit that was made again")
            return
        try:
            lost = entries.take_record(number, record, page, is_document, about)
        except Unfit as error:
            self._ledger.leave_out("responses", str(error), place=record.url[:_SHOWN])
            return
        for what in lost:
            self._ledger.read["bodies"] += 1
            self._ledger.leave_out("bodies", what, place=record.url[:_SHOWN])


def _text(record: Record) -> str:
    try:
        return record.content(IMPORT_BODY_BYTES).decode("utf-8", "replace")
    except Unreadable:
        return ""


class _Entries(Entries):
    """Records as entries of a HTTP archive, from which the rows are made."""

    def __init__(
        self,
        crawl: int,
        batches: Batches,
        contents: Contents,
        index: Index,
        final_urls: dict[int, str],
        read_at: Callable[[int, int], AbstractContextManager[Record]],
    ) -> None:
        """``final_urls``: where visits ended, by their number. ``read_at`` opens a record at its place."""
        super().__init__(self._visit, batches.add, contents, self._attachment, tells_cache=False)
        self._crawl, self._index, self._final_urls, self._read_at = crawl, index, final_urls, read_at
        self._documents: dict[int, str] = {}  # number of a visit -> request of its document
        self._place = (0, 0)
        self._record: Record | None = None
        self._request = Request("", (), None, {})
        self._problem = ""
        self._content: Row = {}  # of the present entry

    def take_record(
        self, source: int, record: Record, page: Page, is_document: bool, about: Row
    ) -> list[str]:
        """Keep the rows of a response and its request; what of it cannot be kept. Raises Unfit."""
        self._place = source, record.offset
        names = record.get("WARC-Record-ID"), record.get("WARC-Concurrent-To"), record.get("WARC-Page-ID")
        self._record, self._request, self._problem = record, self._index.request(*names, record.url), ""
        lost = self.take(self._entry(record, page, is_document, self._request.about | about), page)
        return [f"of a response: {self._problem}" if self._problem else what for what in lost]

    def _is_of_page(self, exchange: Exchange, page: Page, request_id: str) -> bool:
        """Whether a document is that of the page's tab. Other tabs that the page opened have documents, too.

        It leads to where the archive says that the visit ended. Else it is the first, with its redirects.
        """
        final_url = self._final_urls.get(page.number)
        if final_url and page.shows_document:
            return exchange.url == final_url
        return self._documents.setdefault(page.number, request_id) == request_id

    def _visit(self, page: Page) -> Row:
        return {"crawl_id": self._crawl, "visit_id": page.number, "attempt": 1}

    def _entry(self, record: Record, page: Page, is_document: bool, about: Row) -> Row:
        http, request = record.http, self._request
        kind = mime.extract(http.get("Content-Type")).essence if http else ""
        body = request.body
        sent = {"mimeType": request.lower().get("content-type", ""), "_file": "request"} if body else None
        status = http.status if http else None
        self._content = {"mimeType": kind, "_file": "response"}
        return {
            "startedDateTime": record.get("WARC-Date"),
            "serverIPAddress": record.get("WARC-IP-Address"),
            "_requestId": about.get("request_id"),
            "_resourceType": MAIN if is_document else self._kind_of(kind, page, about),
            **({"_fromCache": about["from_cache"]} if "from_cache" in about else {}),
            "request": {
                "method": request.method or None,
                "url": record.url,
                "headers": _named(request.headers),
                "postData": sent,
                "bodySize": len(body) if body else 0,
            },
            "response": {
                "status": status,
                "headers": _named(_original(http.headers if http else ())),
                "redirectURL": http.get("Location") if http and status and 300 <= status < 400 else None,
                "httpVersion": record.get("WARC-Protocol"),
                "_error": about.get("error"),
                "content": self._content,
            },
        }

    def _kind_of(self, kind: str, page: Page, about: Row) -> str | None:
        """What a request was for: as our archives or its headers say, else by the MIME type that came."""
        told = about.get("resource_type") or about.get("type")
        if isinstance(told, str) and told:
            return told
        if self._request.lower().get("sec-fetch-dest"):
            return None
        if kind in mime.JAVASCRIPT:
            return "script"
        by_mime = next((word for start, word in _KINDS.items() if kind.startswith(start)), None)
        return by_mime or (None if page.entries else "other")

    def _attachment(self, name: str) -> bytes | None:
        if name == "request":
            return self._request.body
        assert self._record is not None
        try:
            body = self._record.body(IMPORT_BODY_BYTES)
        except Unreadable as error:
            self._problem = str(error)
            return None
        self._index.keep_body(self._place, hashlib.sha256(body).hexdigest(), len(body))
        self._content["size"] = len(body)
        return body

    def _received(self, exchange: Exchange, kind: str | None, named: Row, lost: list[str]) -> str | None:
        record = self._record
        assert record is not None
        if record.kind == "revisit":  # it may be cut, too: the body is in another record
            return self._again(exchange, kind, named, lost)
        if record.get("WARC-Truncated"):
            lost.append(f"body of a response: {_CUT}")
            return None
        return super()._received(exchange, kind, named, lost)

    def _again(self, exchange: Exchange, kind: str | None, named: Row, lost: list[str]) -> str | None:
        """The SHA-256 of a script's body that another record has; a row for the body of another kind."""
        found = self._body_elsewhere()
        if isinstance(found, str):
            lost.append(f"body of a response: {found}")
            return None
        sha256, size = found
        self._content["size"] = size
        essence = exchange.mime_type()
        if kind == "script" or (kind is None and essence in mime.JAVASCRIPT):
            return sha256
        self._keep("response_bodies", named | {"content_type": essence, "size": size, "sha256": sha256})
        return None

    def _body_elsewhere(self) -> tuple[str, int] | str:
        """SHA-256 and size of the body that a revisit names, which may come later; else why there is none."""
        record = self._record
        assert record is not None
        place = self._index.original(record)
        if place is None:
            return "in a record that is not in the archive"
        if (known := self._index.body(place)) is not None:
            return known
        try:
            with self._read_at(*place) as original:
                if original.get("WARC-Truncated"):
                    raise Unreadable(_CUT)
                body = original.body(IMPORT_BODY_BYTES)
            found: tuple[str, int] | str = hashlib.sha256(body).hexdigest(), len(body)
        except (Unreadable, InputError) as error:
            found = str(error)
        if isinstance(found, str):
            self._index.keep_problem(place, found)
        else:
            self._index.keep_body(place, *found)
        return found


def _named(headers: Iterable[tuple[str, str]]) -> list[Row]:
    return [{"name": name, "value": value} for name, value in headers]


def _original(headers: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    """Headers as they came: archives of decoded bodies keep those about the encoding under other names."""
    renamed = {
        name.lower().removeprefix(_ORIGINAL) for name, _ in headers if name.lower().startswith(_ORIGINAL)
    }
    for name, value in headers:
        if name.lower().startswith(_ORIGINAL):
            yield name[len(_ORIGINAL) :], value
        elif name.lower() not in renamed:
            yield name, value

"""Makes a WARC file of a HAR file (HTTP Archive 1.2): of browsers, Playwright, WebPageTest, our export.

http://www.softwareishard.com/blog/har-12-spec/. The pages of a HAR file are pages of the archive, and the
entries of a page its captures. What an entry says is read as `overscripted import har` reads it.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from overscripted.crawl.replay import settings
from overscripted.crawl.replay.matching import normal
from overscripted.foreign import har_bodies
from overscripted.foreign.har_files import HarFile
from overscripted.foreign.json_elements import MEMBER, Damaged, elements
from overscripted.foreign.values import moment, text, whole
from overscripted.warc import writing
from overscripted.warc.reading import Damage

_PAGE, _ENTRY = ("log", "pages", MEMBER), ("log", "entries", MEMBER)
_SITES = ("_seed", "_URL")  # of our export and of WebPageTest
_REST = "page"  # the name of a page of the entries that name none of the file's pages
_OF_ENCODING = ("content-encoding", "transfer-encoding", "content-length")  # HAR has bodies without
_NO_BODY = (204, 205, 304)
NO_ENTRIES = "it is no HAR file, which is JSON with `log` and `entries`"
NO_BODIES = "it has no bodies, so nothing in it can answer; make it again with the contents of responses"

Row = dict[str, Any]
_Where = tuple[str, str, datetime | None]  # address, page and time of an exchange


def convert(har: HarFile, target: Path, prefix: str, damage: Damage) -> None:
    """Write the entries of a HAR file as a WARC file, which is empty where none can answer.

    ``prefix`` comes before the ids of pages, which are unique in one HAR file only. An entry that cannot be
    used is left out and counted in ``damage``; a damaged file is read as far as it goes.
    """
    with open(target, "wb") as file:
        made = _Conversion(file, prefix, har.attached)
        with suppress(Damaged):  # the entries tell it again
            made.read_pages(har)
        try:
            made.read_entries(har, damage)
        except Damaged as error:
            damage.note(har.name, None, str(error))
        else:
            if not made.entries:
                damage.note(har.name, None, NO_ENTRIES)
        if made.without_body and not made.with_body:
            file.truncate(0)
            damage.note(har.name, None, NO_BODIES)
        else:
            made.write_pages()


class _Conversion:
    """Writes what is read. ``entries`` counts what was read; ``with_body`` and ``without_body`` the
    responses that have the body that they had, and the others."""

    def __init__(self, file: IO[bytes], prefix: str, attached: Callable[[str], bytes | None]) -> None:
        self._file, self._prefix, self._attached = file, prefix, attached
        self._told: dict[str, str] = {}  # id of a page of the file -> the address that was asked for
        self._first: dict[str, str] = {}  # name of a page -> address of its first entry
        self._has_told: set[str] = set()  # names of pages with an entry of the address that was asked for
        self.entries = self.with_body = self.without_body = 0

    def read_pages(self, har: HarFile) -> None:
        """Read the pages, which may stand before or after the entries."""
        with har.opened() as file:
            for _, page in elements(file, (_PAGE,)):
                name = _name(page.get("id")) if isinstance(page, dict) else ""
                if name and len(self._told) < settings.MOST_HAR_PAGES:
                    told = (normal(text(page.get(key)) or "") for key in _SITES)
                    self._told.setdefault(name, next(filter(None, told), ""))

    def read_entries(self, har: HarFile, damage: Damage) -> None:
        """Write the responses. Raises Damaged."""
        with har.opened() as file:
            for number, (_, entry) in enumerate(elements(file, (_ENTRY,)), 1):
                self.entries = number
                problem = self._take(entry)
                if problem:
                    damage.note(f"{har.name}, entry {number}", None, problem)

    def write_pages(self) -> None:
        """Write a record for each page: what was asked for, else the address of its first entry."""
        for name, first in self._first.items():
            told = self._told.get(name.partition(" ")[2], "")
            url = told if name in self._has_told else first
            facts = json.dumps({"site_url": url}).encode()
            self._write("metadata", (url, name, None), "application/json", facts)

    def _page_of(self, entry: Row) -> str:
        """The name of the page of an entry. A file's only page has the entries that name none."""
        name = _name(entry.get("pageref"))
        if name not in self._told:
            name = next(iter(self._told)) if len(self._told) == 1 and not name else name or _REST
        return f"{self._prefix} {name}"

    def _take(self, entry: Any) -> str:
        """Write the request and response of an entry; why it cannot be used, "" where it is."""
        request = entry.get("request") if isinstance(entry, dict) else None
        if not isinstance(request, dict) or not isinstance(request.get("url"), str):
            return "its entry is unusable: it has no request with a URL"
        url, response = normal(text(request["url"]) or ""), entry.get("response")
        if not url:
            return ""  # of another protocol
        page = self._page_of(entry)
        if page not in self._first and len(self._first) >= settings.MOST_HAR_PAGES:
            return f"its file has more than {settings.MOST_HAR_PAGES:,} pages"
        self._first.setdefault(page, url)
        if url == self._told.get(page.partition(" ")[2]):
            self._has_told.add(page)
        status = whole(response.get("status")) if isinstance(response, dict) else None
        if status is None or not 200 <= status <= 599:
            return ""  # without an answer
        began = None if entry.get("_timeUnknown") is True else moment(entry.get("startedDateTime"))
        address = (text(entry.get("serverIPAddress")) or "").strip("[]")
        where = (url, page, began)
        identity, lost = self._write_response(where, response, status, address)
        return self._write_request(where, request, identity) or lost

    def _write_response(self, where: _Where, response: Row, status: int, address: str) -> tuple[str, str]:
        """Write a response; the id of its record, and why its body is lost, "" where it is not."""
        body, cut, lost = self._body(response, status)
        first = f"HTTP/1.1 {status} {text(response.get('statusText')) or ''}".strip()
        block = writing.http_block(first, _answer_headers(response, status), body)
        fields = {"WARC-IP-Address": address} if address else {}
        fields |= {"WARC-Truncated": "unspecified"} if cut else {}
        return self._write("response", where, "application/http; msgtype=response", block, fields), lost

    def _write_request(self, where: _Where, request: Row, response: str) -> str:
        """Write a request, with the id of its response; why its body is lost, "" where it is not."""
        body, lost = b"", ""
        try:
            _, found = har_bodies.sent(request, self._attached) or ({}, None)
            body = found or b""
        except har_bodies.Unkept as error:
            lost = f"the body of its request: {error}"
        path = "/" + where[0].split("/", 3)[3]
        first = f"{text(request.get('method')) or 'GET'} {path} HTTP/1.1"
        block = writing.http_block(first, _headers(request), body)
        fields = {"WARC-Concurrent-To": response}
        self._write("request", where, "application/http; msgtype=request", block, fields)
        return lost

    def _body(self, response: Row, status: int) -> tuple[bytes, bool, str]:
        """The body of a response, whether it is missing though there was one, and why it was lost."""
        content = response.get("content")
        content = content if isinstance(content, dict) else {}
        try:
            body = har_bodies.received(content, self._attached)
        except har_bodies.Unkept as error:
            self.without_body += 1
            return b"", True, f"the body of its response: {error}"
        empty = status in _NO_BODY or 300 <= status < 400 or whole(content.get("size")) == 0
        if body is None and not empty:
            self.without_body += 1
            return b"", True, ""
        self.with_body += bool(body)
        return body or b"", False, ""

    def _write(
        self, kind: str, where: _Where, content_type: str, block: bytes, more: dict[str, str] | None = None
    ) -> str:
        """Write a record; returns its id. A time that is unknown is left out."""
        url, page, began = where
        identity = writing.new_id()
        fields = {"WARC-Record-ID": identity, "WARC-Page-ID": page, **(more or {})}
        if began:
            fields["WARC-Date"] = writing.date(began)
        self._file.write(writing.record(kind, url, fields, content_type, block))
        return identity


def _name(value: Any) -> str:
    """The id of a page, as far as it is kept; "" without one."""
    return (text(value) or "")[: settings.MAX_NAME]


def _answer_headers(response: Row, status: int) -> Iterator[tuple[str, str]]:
    """The headers of a response. Where HAR has their meaning elsewhere alone, it is taken from there."""
    names = set()
    for name, value in _headers(response):
        names.add(name.lower())
        yield name, value
    content = response.get("content")
    kind = text(content.get("mimeType")) if isinstance(content, dict) else None
    if kind and "content-type" not in names:
        yield "Content-Type", kind
    target = text(response.get("redirectURL"))
    if target and 300 <= status < 400 and "location" not in names:
        yield "Location", target


def _headers(message: Row) -> Iterator[tuple[str, str]]:
    """The headers of a message, without those that name encodings: HAR has the body without them."""
    found = message.get("headers")
    for header in found if isinstance(found, list) else ():
        name = text(header.get("name")) if isinstance(header, dict) else None
        if name and not name.startswith(":") and name.lower() not in _OF_ENCODING:
            yield name, text(header.get("value")) or ""

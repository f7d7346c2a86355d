"""Reads archives once, from beginning to end, and notes in the index what they hold."""

import hashlib
import ipaddress
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import IO, Any

from overscripted.crawl.replay import settings
from overscripted.crawl.replay.files import Files
from overscripted.crawl.replay.index import Index
from overscripted.crawl.replay.matching import normal, origin_of, path_of
from overscripted.errors import InputError
from overscripted.progress import Work
from overscripted.text import clean
from overscripted.warc import reading
from overscripted.warc.navigation import may_navigate
from overscripted.warc.payload import Damaged, Unreadable
from overscripted.warc.reading import Damage, Http, Record
from overscripted.warc.sources import ZIP_ERRORS

_MAX_METADATA = 2**27  # bytes of the content of a metadata record; one has the messages of a WebSocket
# Beginnings of the names of errors that come from the network, and not from the page or from Firefox's rules.
_OF_NETWORK = ("NS_ERROR_UNKNOWN_HOST", "NS_ERROR_CONNECTION_REFUSED", "NS_ERROR_NET_", "NS_ERROR_PROXY_")
_NAME_OF_ERROR = "NS_"  # errors of TLS are sentences


@dataclass
class Reader:
    """Fills an index. ``damage`` has what could not be read."""

    index: Index
    damage: Damage = field(default_factory=Damage)
    copies: int = 0  # records that were left out, as they had been read before
    _number: int = 0
    _latest: tuple[str, int] = ("", 0)  # name and attempt of the page whose records come
    _protocols: dict[tuple[str, str], str] = field(default_factory=dict)  # of sockets, by page and request_id

    def read(self, files: Files, work: Work) -> None:
        """Read all WARC files."""
        for number, (source, name) in enumerate(files.sources):
            try:
                for record in reading.records(files.file(number), self.damage, name):
                    self._add(record, number, name)
            except (OSError, InputError) as error:
                self.damage.note(name, 0, str(error))
            work.add(source.size)

    def add_pages(self, opened: Callable[[], AbstractContextManager[IO[bytes]]], name: str) -> None:
        """Add the pages of a pages.jsonl, the file of a WACZ that names its pages, as far as possible."""
        try:
            with opened() as file:
                self._add_lines(lines(file), name)
        except (OSError, *ZIP_ERRORS) as error:
            self.damage.note(name, 0, f"it cannot be unpacked ({error})")

    def _add_lines(self, found: Iterator[bytes], name: str) -> None:
        for number, line in enumerate(found):
            try:
                page = json.loads(line)
                url = normal(page.get("url", "")) and clean(str(page["url"]))
            except (ValueError, TypeError, AttributeError, RecursionError):
                self.damage.note(name, number, "it is no line of pages.jsonl")
                continue
            if url:
                self._add_page((clean(str(page.get("id", ""))), 0, url, url, "", 1, False, False))

    # -- records ------------------------------------------------------------------------------

    def _add(self, record: Record, source: int, name: str) -> None:
        self._number += 1
        if self._is_copy(record):
            self.copies += 1
            return
        try:
            if record.kind == "metadata" and record.get("WARC-Page-ID"):
                self._metadata(record)
            elif record.kind == "request" and record.http:
                self._request(record)
            elif record.kind == "response" and record.http and record.http.status:
                self._response(record, source, record.http.status)
            elif record.kind == "revisit":
                self._revisit(record, source)
        except Damaged:
            pass  # `reading.records` notes it
        except Unreadable as error:
            self.damage.note(name, record.offset, str(error))

    def _is_copy(self, record: Record) -> bool:
        """Whether the record was read before: x.warc may lie beside x.warc.gz."""
        identity = record.get("WARC-Record-ID")
        if not identity:
            return False
        named = "\n".join((identity, record.kind, record.url, record.get("WARC-Date")))
        digest = hashlib.blake2b(named.encode("utf-8", "replace"), digest_size=16).digest()
        done = self.index.database.execute("INSERT OR IGNORE INTO records VALUES (?)", (digest,))
        return done.rowcount == 0

    def _metadata(self, record: Record) -> None:
        """A page of a recorder that writes a metadata record for each visit, as ours does, or a WebSocket."""
        try:
            found = json.loads(record.content(_MAX_METADATA))
        except (ValueError, RecursionError):
            raise Unreadable("its metadata is none of a visit") from None
        if isinstance(found, dict) and "websocket_messages" in found:
            self._socket(record, found)
        else:
            self._page(record, found)

    def _page(self, record: Record, found: Any) -> None:
        try:
            url = clean(record.url)
            seed = clean(str(found.get("site_url") or url))
            number = (int(found.get("attempt") or 0), int(found.get("wave") or 1))
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise Unreadable("its metadata is none of a visit") from None
        variant, follows = clean(str(found.get("variant") or "")), found.get("parent_visit_id") is not None
        name = record.get("WARC-Page-ID")
        self._latest = (name, number[0])
        self._add_page((name, number[0], url, seed, variant, number[1], follows, True))

    def _socket(self, record: Record, found: dict[str, Any]) -> None:
        """The messages of a WebSocket. They come after the record of their page."""
        url, name = normal(_of_http(record.url)), record.get("WARC-Page-ID")
        messages = [one for one in found["websocket_messages"] or () if isinstance(one, dict)]
        attempt = self._latest[1] if self._latest[0] == name else 0
        protocol = self._protocols.get((name[:100], str(found.get("request_id"))[:100]), "")
        self.index.database.execute(
            """INSERT INTO sockets (number, page_name, attempt, url, origin, protocol, messages)
            VALUES (?,?,?,?,?,?,?)""",
            (self._number, name, attempt, url, origin_of(url), protocol, json.dumps(messages)),
        )

    def _add_page(self, values: tuple[Any, ...]) -> None:
        self.index.database.execute(
            """INSERT INTO pages (name, attempt, url, seed, variant, wave, follows, own)
            VALUES (?,?,?,?,?,?,?,?)""",
            values,
        )

    def _request(self, record: Record) -> None:
        assert record.http
        about = _about(record)
        url = normal(_of_http(record.url))
        error = str(about.get("error") or "")
        if _is_of_network(error) and not record.get("WARC-Concurrent-To"):
            name, attempt = record.get("WARC-Page-ID"), _attempt(about)
            values = (name, attempt, record.http.method.upper() or "GET", url, origin_of(url), error)
            query = (
                "INSERT INTO failures (page_name, attempt, method, url, origin, error) VALUES (?,?,?,?,?,?)"
            )
            self.index.database.execute(query, values)
            return
        self.index.database.execute(
            "INSERT INTO requests VALUES (?,?,?,?,?,?,?)",
            (
                self._number,
                record.get("WARC-Record-ID"),
                record.get("WARC-Concurrent-To"),
                normal(record.url),
                record.http.method.upper() or "GET",
                _digest(record.pieces()),
                _may_be_document(record.url, record.http),
            ),
        )

    def _revisit(self, record: Record, source: int) -> None:
        """A response whose body is that of an earlier one. Some tools write it without headers."""
        status = (record.http and record.http.status) or 0
        self._response(record, source, status)
        where = (record.get("WARC-Refers-To-Target-URI"), record.get("WARC-Refers-To-Date"))
        self.index.database.execute(
            "INSERT INTO revisits VALUES (?,?,?,?)",
            (self._number, record.get("WARC-Refers-To"), normal(where[0]), where[1]),
        )

    def _response(self, record: Record, source: int, status: int) -> None:
        about = _about(record)
        if record.url.startswith("ws") and record.http and len(self._protocols) < settings.MOST_PROTOCOLS:
            socket = record.get("WARC-Page-ID")[:100], str(about.get("request_id"))[:100]
            self._protocols[socket] = record.http.get("Sec-WebSocket-Protocol")[:1000]
        url = normal(record.url)
        path, origin = path_of(url), origin_of(url)
        self.index.database.execute(
            """INSERT INTO captures (number, page_name, attempt, url, path, origin, status, time, is_local,
            is_html, source, offset, record_id, concurrent_to, digest, truncated, address)
            VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)""",
            (
                self._number,
                record.get("WARC-Page-ID"),
                _attempt(about),
                url,
                path,
                origin,
                status,
                record.get("WARC-Date"),
                bool(about.get("from_cache") or about.get("by_service_worker")),
                bool(record.http and "html" in record.http.get("Content-Type").lower()),
                source,
                record.offset,
                record.get("WARC-Record-ID"),
                record.get("WARC-Concurrent-To"),
                record.get("WARC-Payload-Digest"),
                record.get("WARC-Truncated"),
                _address(record.get("WARC-IP-Address")),
            ),
        )


def _may_be_document(url: str, http: Http) -> bool:
    """Whether a request was for the document of a page, as far as its headers say."""
    headers = {key.lower(): value for key, value in http.headers}
    destination = headers.get("sec-fetch-dest", "").strip().lower()
    return destination == "document" if destination else may_navigate(url, http.method.upper(), headers)


def _is_of_network(error: str) -> bool:
    return error.startswith(_OF_NETWORK) or bool(error and not error.startswith(_NAME_OF_ERROR))


def _about(record: Record) -> dict[str, Any]:
    """What a recorder says of a record beside WARC's own headers."""
    try:
        found = json.loads(record.get("WARC-JSON-Metadata") or "{}")
        return found if isinstance(found, dict) else {}
    except (ValueError, RecursionError):
        return {}


def _attempt(about: dict[str, Any]) -> int:
    """The attempt that a record belongs to; 0 where nothing says it."""
    number = about.get("attempt")
    return number if isinstance(number, int) else 0


def _digest(pieces: Iterator[bytes]) -> str:
    """The SHA-256 of a body; "" for one without a byte."""
    size, digest = 0, hashlib.sha256()
    for piece in pieces:
        size += len(piece)
        digest.update(piece)
    return digest.hexdigest() if size else ""


def _address(text: str) -> str:
    """An address of IP; "" for anything else, as some tools add a port."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def _of_http(url: str) -> str:
    """The address by which a browser asks for a WebSocket; any other as it is."""
    return f"http{url[2:]}" if url.startswith(("ws:", "wss:")) else url


def lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a pages.jsonl without its first one, which names the format. Long ones are cut off."""
    for number, line in enumerate(iter(lambda: file.readline(settings.PAGES_LINE), b"")):
        if number >= settings.MOST_PAGES:
            return
        if line.strip() and not (number == 0 and b'"format"' in line):
            yield line

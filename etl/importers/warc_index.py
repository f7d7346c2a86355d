"""Where the responses of an archive are, their requests, and their pages: in a temporary file.

Archives have their records in the order in which responses ended, requests before or after them.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from overscripted import mime
from overscripted.foreign.settings import IMPORT_BODY_BYTES
from overscripted.warc.payload import Unreadable
from overscripted.warc.reading import Record

_SCHEMA = """
CREATE TABLE requests (record TEXT PRIMARY KEY, answers TEXT, url TEXT, page TEXT, headers TEXT, method TEXT,
  body BLOB, about TEXT) WITHOUT ROWID;
CREATE INDEX by_answer ON requests (answers);
CREATE INDEX by_url ON requests (url);
CREATE TABLE responses (source INTEGER, offset INTEGER, time TEXT, url TEXT, record TEXT, answers TEXT,
  name TEXT, status INTEGER, kind TEXT, target TEXT, page INTEGER, is_document INTEGER, about TEXT,
  digest TEXT, is_revisit INTEGER, PRIMARY KEY (source, offset)) WITHOUT ROWID;
CREATE INDEX by_record ON responses (record);
CREATE INDEX by_request ON responses (answers);
CREATE INDEX by_address ON responses (url, time);
CREATE INDEX by_digest ON responses (digest);
CREATE TABLE owners (url TEXT PRIMARY KEY, page INTEGER) WITHOUT ROWID;
CREATE TABLE bodies (source INTEGER, offset INTEGER, sha256 TEXT, size INTEGER, problem TEXT,
  PRIMARY KEY (source, offset)) WITHOUT ROWID;
"""
_REQUEST = "SELECT method, headers, body, about, page, record FROM requests WHERE "
_ALONE = (
    "NOT EXISTS (SELECT 1 FROM responses WHERE responses.record = requests.answers) "
    "AND NOT EXISTS (SELECT 1 FROM responses WHERE responses.answers = requests.record)"
)
_FREE = f"url = ? AND {_ALONE} ORDER BY record"


@dataclass(frozen=True)
class Request:
    """A request as the archive has it. ``about`` is what ours say beside HTTP."""

    method: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    about: dict[str, Any]

    def lower(self) -> dict[str, str]:
        """The headers by lower-case names."""
        return {name.lower(): value for name, value in self.headers}


NO_REQUEST = Request("", (), None, {})


class Index:
    """What `read` adds, and what the other functions find in it."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("")  # a temporary file that SQLite deletes
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Delete it."""
        self._db.close()

    def add_request(self, record: Record) -> bool:
        """Add a request; False where its body cannot be read, which is then not kept."""
        http, kept = record.http, True
        if http is None:
            return False
        try:
            body = record.content(IMPORT_BODY_BYTES) or None
        except Unreadable:
            body, kept = None, False
        self._db.execute(
            "INSERT OR IGNORE INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.get("WARC-Record-ID"),
                record.get("WARC-Concurrent-To"),
                record.url,
                record.get("WARC-Page-ID"),
                json.dumps(http.headers),
                http.method,
                body,
                record.get("WARC-JSON-Metadata"),
            ),
        )
        return kept

    def add_response(self, source: int, record: Record) -> bool:
        """Add a response, or a revisit of one; False for a copy of a record that is there already."""
        http, name = record.http, record.get("WARC-Record-ID")
        if name and self._db.execute("SELECT 1 FROM responses WHERE record = ?", (name,)).fetchone():
            return False
        self._db.execute(
            "INSERT OR IGNORE INTO responses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, 0, ?, ?, ?)",
            (
                source,
                record.offset,
                record.get("WARC-Date"),
                record.url,
                name,
                record.get("WARC-Concurrent-To"),
                record.get("WARC-Page-ID"),
                http.status if http else None,
                mime.extract(http.get("Content-Type")).essence if http else "",
                http.get("Location") if http else "",
                record.get("WARC-JSON-Metadata"),
                record.get("WARC-Payload-Digest"),
                record.kind == "revisit",
            ),
        )
        return True

    def request(self, record: str, answers: str, name: str, url: str) -> Request:
        """The request of a response: either names the other, or the request has the URL and no response."""
        found = self._db.execute(_REQUEST + "answers = ? OR record = ?", (record, answers or "-")).fetchone()
        if not found:
            found = self._db.execute(_REQUEST + _FREE, (url,)).fetchone()
            if found:
                self._db.execute("UPDATE requests SET answers = ? WHERE record = ?", (record, found[5]))
        if not found or (name and found[4] and found[4] != name):
            return NO_REQUEST
        headers = tuple((str(key), str(value)) for key, value in json.loads(found[1]))
        return Request(found[0], headers, found[2], as_object(found[3]))

    def responses(self) -> Iterator[tuple[Any, ...]]:
        """Source, offset, URL, record, answered one, page's name, status, type, target, about: by time."""
        yield from self._db.execute(
            "SELECT source, offset, url, record, answers, name, status, kind, target, about FROM responses "
            "ORDER BY time, source, offset"
        )

    def unanswered(self) -> int:
        """How many requests have no response."""
        (n,) = self._db.execute(f"SELECT count(*) FROM requests WHERE {_ALONE}").fetchone()
        return int(n)

    def assign(self, source: int, offset: int, page: int, is_document: bool, url: str) -> None:
        """Say which page a response belongs to; later requests with this URL as their Referer do, too."""
        self._db.execute(
            "UPDATE responses SET page = ?, is_document = ? WHERE source = ? AND offset = ?",
            (page, is_document, source, offset),
        )
        self._db.execute("INSERT OR REPLACE INTO owners VALUES (?, ?)", (url, page))

    def owner(self, url: str) -> int | None:
        """The page that a URL belongs to, as far as pages were assigned."""
        found = self._db.execute("SELECT page FROM owners WHERE url = ?", (url,)).fetchone()
        return int(found[0]) if found else None

    def place(self, source: int, offset: int) -> tuple[int, bool] | None:
        """The page of a response, and whether it is its document's; None for one that was not added."""
        found = self._db.execute(
            "SELECT page, is_document FROM responses WHERE source = ? AND offset = ?", (source, offset)
        ).fetchone()
        return (found[0], bool(found[1])) if found and found[0] is not None else None

    def original(self, record: Record) -> tuple[int, int] | None:
        """Source and offset of the response that has the body of a revisit; None for one that is not there.

        A revisit names its record, or its address and time. Some name the digest alone.
        """
        refers = (record.get("WARC-Refers-To-Target-URI").strip("<>"), record.get("WARC-Refers-To-Date"))
        for where, values in (
            ("record = ?", (record.get("WARC-Refers-To"),)),
            ("url = ? AND time = ?", refers),
            ("digest = ?", (record.get("WARC-Payload-Digest"),)),
        ):
            query = f"SELECT source, offset FROM responses WHERE {where} AND NOT is_revisit LIMIT 1"
            if all(values) and (found := self._db.execute(query, values).fetchone()):
                return found[0], found[1]
        return None

    def keep_body(self, place: tuple[int, int], sha256: str, size: int) -> None:
        """Remember SHA-256 and size of the body of a response."""
        self._db.execute("INSERT OR REPLACE INTO bodies VALUES (?, ?, ?, ?, NULL)", (*place, sha256, size))

    def keep_problem(self, place: tuple[int, int], problem: str) -> None:
        """Remember why a body cannot be kept."""
        self._db.execute("INSERT OR REPLACE INTO bodies VALUES (?, ?, NULL, NULL, ?)", (*place, problem))

    def body(self, place: tuple[int, int]) -> tuple[str, int] | str | None:
        """SHA-256 and size of the body of a response, or why it cannot be kept; None before it was read."""
        query = "SELECT sha256, size, problem FROM bodies WHERE source = ? AND offset = ?"
        found = self._db.execute(query, place).fetchone()
        return (found[2] or (found[0], found[1])) if found else None


def as_object(value: str) -> dict[str, Any]:
    """A JSON object in a header; empty for anything else."""
    try:
        found = json.loads(value or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

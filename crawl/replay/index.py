"""The index of the archives of a replay, a temporary SQLite file: pages, captures of their requests."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from overscripted.crawl.replay import settings
from overscripted.crawl.replay.matching import Asked, Capture, Rule, best, other_scheme, path_of

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
-- `own`: a recorder says which captures belong to the page, all of them and no others.
-- `seed`: of a visit that followed another (`follows`), that of the first one.
CREATE TABLE pages (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, attempt INTEGER NOT NULL, url TEXT NOT NULL,
    seed TEXT NOT NULL, variant TEXT NOT NULL, wave INTEGER NOT NULL, follows INTEGER NOT NULL,
    own INTEGER NOT NULL
);
-- `number`: in the order of files and of records in them. `page`: NULL where it is of no page.
-- `is_local`: a cache or a service worker had answered, not a server.
-- `body`: the capture that has its body; NULL where it has its own. `time`: WARC-Date.
CREATE TABLE captures (
    number INTEGER PRIMARY KEY, page_name TEXT NOT NULL, attempt INTEGER NOT NULL, page INTEGER,
    method TEXT NOT NULL DEFAULT 'GET', url TEXT NOT NULL, path TEXT NOT NULL, origin TEXT NOT NULL,
    body_sha256 TEXT NOT NULL DEFAULT '', status INTEGER NOT NULL, time TEXT NOT NULL,
    is_local INTEGER NOT NULL, is_html INTEGER NOT NULL, is_document INTEGER, source INTEGER NOT NULL,
    offset INTEGER NOT NULL, record_id TEXT NOT NULL, concurrent_to TEXT NOT NULL, digest TEXT NOT NULL,
    truncated TEXT NOT NULL,
    address TEXT NOT NULL, body INTEGER
);
-- Records that were read, by a digest of what names them.
CREATE TABLE records (digest BLOB PRIMARY KEY) WITHOUT ROWID;
-- Captures whose body is that of an earlier one, as they name it.
CREATE TABLE revisits (
    number INTEGER PRIMARY KEY, record_id TEXT NOT NULL, url TEXT NOT NULL, time TEXT NOT NULL
);
-- WebSockets with their messages, as JSON. `url` begins with http where that of the socket begins with ws.
CREATE TABLE sockets (
    number INTEGER PRIMARY KEY, page_name TEXT NOT NULL, attempt INTEGER NOT NULL, page INTEGER,
    url TEXT NOT NULL, origin TEXT NOT NULL, protocol TEXT NOT NULL, messages TEXT NOT NULL
);
-- Requests that failed when their page was captured.
CREATE TABLE failures (
    page_name TEXT NOT NULL, attempt INTEGER NOT NULL, page INTEGER, method TEXT NOT NULL, url TEXT NOT NULL,
    origin TEXT NOT NULL, error TEXT NOT NULL
);
-- `is_document`: it may have been for the document of a page.
CREATE TABLE requests (
    number INTEGER PRIMARY KEY, record_id TEXT NOT NULL, concurrent_to TEXT NOT NULL, url TEXT NOT NULL,
    method TEXT NOT NULL, body_sha256 TEXT NOT NULL, is_document INTEGER
);
"""

_FINISH = """
CREATE INDEX captures_by_record ON captures (record_id);
CREATE INDEX requests_by_record ON requests (record_id);
CREATE INDEX requests_by_response ON requests (concurrent_to);

-- A response belongs to the request that names it or that it names, else to its neighbour with its address.
CREATE TABLE pairs (capture INTEGER PRIMARY KEY, request INTEGER);
INSERT OR IGNORE INTO pairs SELECT c.number, r.number
    FROM captures c JOIN requests r ON r.concurrent_to = c.record_id WHERE c.record_id != '';
INSERT OR IGNORE INTO pairs SELECT c.number, r.number
    FROM captures c JOIN requests r ON r.record_id = c.concurrent_to WHERE c.concurrent_to != '';
CREATE INDEX pairs_by_request ON pairs (request);
INSERT OR IGNORE INTO pairs SELECT c.number, r.number
    FROM captures c JOIN requests r ON r.number IN (c.number - 1, c.number + 1) AND r.url = c.url
    WHERE NOT EXISTS (SELECT * FROM pairs p WHERE p.request = r.number);
UPDATE captures SET (method, body_sha256, is_document) =
    (SELECT r.method, r.body_sha256, r.is_document FROM pairs p JOIN requests r ON r.number = p.request
     WHERE p.capture = captures.number)
    WHERE EXISTS (SELECT * FROM pairs p WHERE p.capture = captures.number);

-- A revisit names the record with its body, or the address and time of that; some name the digest alone.
CREATE INDEX captures_by_digest ON captures (digest);
CREATE INDEX captures_by_url ON captures (url);
UPDATE captures SET body = coalesce(
    (SELECT c.number FROM captures c JOIN revisits r ON r.record_id = c.record_id
     WHERE r.number = captures.number AND r.record_id != ''),
    (SELECT c.number FROM captures c JOIN revisits r ON r.url = c.url AND r.time = c.time
     WHERE r.number = captures.number AND c.number NOT IN (SELECT number FROM revisits)),
    (SELECT c.number FROM captures c WHERE c.digest = captures.digest AND c.digest != ''
     AND c.number NOT IN (SELECT number FROM revisits) LIMIT 1),
    0) WHERE number IN (SELECT number FROM revisits);
UPDATE captures SET status = coalesce((SELECT c.status FROM captures c WHERE c.number = captures.body), 0)
    WHERE status = 0;

-- Of the attempts at a visit the last one counts that has a row of its own.
DELETE FROM pages WHERE own AND EXISTS
    (SELECT * FROM pages p WHERE p.own AND p.name = pages.name AND p.attempt > pages.attempt);
CREATE INDEX pages_by_name ON pages (name);
-- A list of pages may name visits that have a record of their own, as the WACZ files of `pack` do.
DELETE FROM pages WHERE NOT own AND EXISTS (SELECT * FROM pages p WHERE p.own AND p.name = pages.name);
UPDATE captures SET page = (SELECT p.number FROM pages p
    WHERE p.name = captures.page_name AND (NOT p.own OR captures.attempt IN (0, p.attempt))
    ORDER BY p.number LIMIT 1) WHERE page_name != '';
UPDATE sockets SET page = (SELECT p.number FROM pages p
    WHERE p.name = sockets.page_name AND p.own AND sockets.attempt = p.attempt);
DELETE FROM sockets WHERE page IS NULL;
UPDATE failures SET page = (SELECT p.number FROM pages p
    WHERE p.name = failures.page_name AND p.own AND failures.attempt = p.attempt);
CREATE INDEX sockets_by_page ON sockets (page, origin);
CREATE INDEX failures_by_page ON failures (page, origin);
-- What was captured in another attempt is left out, but not the bodies that others refer to.
-- Captures of other tools have no attempt.
UPDATE captures SET path = '', origin = '' WHERE page IS NULL AND page_name != '' AND attempt != 0
    AND EXISTS (SELECT * FROM pages p WHERE p.own);

CREATE INDEX captures_by_page ON captures (page, path);
CREATE INDEX captures_by_page_and_url ON captures (page, url);
CREATE INDEX captures_by_path ON captures (path);
CREATE INDEX captures_by_origin ON captures (origin, page);
CREATE INDEX pages_by_seed ON pages (seed);
DROP TABLE pairs;
DROP TABLE requests;
DROP TABLE revisits;
DROP TABLE records;
"""

_PLACE = """
SELECT c.number, c.url, c.time, c.source, c.offset,
    CASE WHEN c.body IS NULL THEN c.truncated ELSE b.truncated END, c.body,
    b.source, b.offset
FROM captures c LEFT JOIN captures b ON b.number = c.body WHERE c.number = ?
"""


@dataclass(frozen=True)
class Page:
    """A page of the archives. ``own``: a recorder says which captures are its own.

    ``ours``: it is a visit that this project recorded, with every request that it made.
    """

    number: int
    own: bool
    ours: bool = False


@dataclass(frozen=True)
class Socket:
    """A captured WebSocket. ``messages`` are as the archive has them. Its number is below 0: no capture's."""

    number: int
    protocol: str
    messages: list[dict[str, Any]]
    memory: int  # bytes that they take, about


@dataclass(frozen=True)
class Place:
    """Where a capture is: the number of its source and the offset of its record.

    ``time`` is its WARC-Date; ``truncated`` says why its body is not whole, and is empty where it is.
    ``body`` is the number of the capture that has its body, 0 for one that is not in the archives, None where
    it has its own.
    """

    number: int
    url: str
    time: str
    source: int
    offset: int
    truncated: str
    body: int | None
    body_source: int | None
    body_offset: int | None


class Index:
    """The index. Not for several threads at the same time."""

    def __init__(self, file: Path) -> None:
        self.database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self.database.executescript(_TABLES)
        self.database.execute("BEGIN")

    def finish(self) -> None:
        """Everything has been added: join what belongs together."""
        self.database.execute("COMMIT")
        self.database.executescript(_FINISH)

    def close(self) -> None:
        """Close the file, which the caller deletes."""
        self.database.close()

    def counts(self) -> tuple[int, int]:
        """The number of pages and of captures that can answer."""
        return (
            self._one("SELECT count(*) FROM pages"),
            self._one("SELECT count(*) FROM captures WHERE path != ''"),
        )

    # -- pages --------------------------------------------------------------------------------

    def seeds(self) -> Iterator[str]:
        """The seeds: pages that follow no other, in order, each address once.

        Without pages, the HTML that was got by GET with status 200 for the document of a page, as far as the
        requests tell. Else all such HTML.
        """
        if self._one("SELECT count(*) FROM pages"):
            query = "SELECT seed FROM pages WHERE NOT follows GROUP BY seed ORDER BY min(number)"
        else:
            html = "is_html AND status = 200 AND method = 'GET' AND path != ''"
            documents = f"{html} AND coalesce(is_document, 1)"
            found = self._one(f"SELECT EXISTS (SELECT * FROM captures WHERE {documents})")
            where = documents if found else html
            query = f"SELECT url FROM captures WHERE {where} GROUP BY url ORDER BY min(time), min(number)"
        for (url,) in self.database.execute(query):
            yield url

    def page(self, url: str, seed: str, variant: str, wave: int, follows: bool) -> Page | None:
        """The page that answers a visit; None where all captures of the archives do.

        It has the same seed. Of several it is the one with the same variant, that also follows another page
        or does not, with the same address and the same wave, each as far as there is one.
        """
        row = self.database.execute(
            """SELECT number, own, attempt > 0 FROM pages WHERE seed = ?
            ORDER BY variant = ? DESC, follows = ? DESC, url = ? DESC, wave = ? DESC, number LIMIT 1""",
            (seed, variant, follows, url, wave),
        ).fetchone()
        if row is None:
            return None
        page = Page(row[0], bool(row[1]), bool(row[2]))
        # A page of a recorder without any capture failed as a whole, and others must not answer for it.
        return page if page.own or self._has_captures(page.number) else None

    def captured(self, url: str, page: Page | None) -> str:
        """When a visit was captured, as a WARC-Date: its first response. "" if nothing says it.

        Without a page, the first response of the visited address.
        """
        where, value = ("page = ?", page.number) if page else ("url = ?", url)
        query = f"SELECT min(time) FROM captures WHERE {where} AND path != '' AND time != ''"
        return str(self._one(query, value) or "")

    def _has_captures(self, page: int) -> bool:
        return bool(self._one("SELECT EXISTS (SELECT * FROM captures WHERE page = ?)", page))

    # -- captures -----------------------------------------------------------------------------

    def find(self, asked: Asked, page: Page | None) -> tuple[Rule, bool, list[Capture]] | None:
        """The captures that answer a request best: the rule, whether they are of the page, and the captures.

        A page that is its recorder's own answers alone. Others share a cache with the pages before: what
        was captured elsewhere answers, too, but first the page and first what is exactly the same.
        """
        mine = self._candidates(asked, page)
        found = best(asked, mine)
        if page is None or page.own or (found and found[0] == Rule.EXACT):
            return (found[0], page is not None, found[1]) if found else None
        elsewhere = best(asked, self._candidates(asked, None))
        if elsewhere and (found is None or elsewhere[0] == Rule.EXACT):
            return elsewhere[0], False, elsewhere[1]
        return (found[0], True, found[1]) if found else None

    def has_ours(self) -> bool:
        """Whether any page is a visit that this project recorded."""
        return bool(self._one("SELECT EXISTS (SELECT * FROM pages WHERE attempt > 0)"))

    def find_other_scheme(self, asked: Asked, page: Page | None) -> tuple[bool, list[Capture]] | None:
        """The captures that have what is asked for, but for http in place of https or the other way round.

        Whether they are of the page, and the captures. A visit that this project recorded has none: what it
        got by http or https is known. A redirect by http, which leads to https, does not answer https.
        """
        if page is not None and page.ours:
            return None
        found = self.find(replace(asked, url=other_scheme(asked.url)), page)
        if found is None or found[0] not in (Rule.EXACT, Rule.HEAD, Rule.ORDER, Rule.CACHE_BUSTER):
            return None
        upgraded = asked.url.startswith("http:")
        captures = [one for one in found[2] if upgraded or not 300 <= one.status < 400]
        return (found[1], captures) if captures else None

    def knows(self, origin: str, page: Page | None) -> str | None:
        """The address of the server of an origin, as captured; "" if it is unknown.

        None if nothing of the origin was captured.
        """
        where, values = ("page = ?", (origin, page.number)) if page and page.own else ("TRUE", (origin,))
        row = self.database.execute(
            f"SELECT address FROM captures WHERE origin = ? AND {where} ORDER BY address = '' LIMIT 1", values
        ).fetchone()
        if row is None and page:
            query = "SELECT '' FROM sockets WHERE page = ? AND origin = ?"
            row = self.database.execute(query, (page.number, origin)).fetchone()
        return str(row[0]) if row else None

    def failure(self, page: Page | None, origin: str, method: str = "", url: str = "") -> str:
        """How a request failed when the page was captured, in Firefox's words; "" where none did.

        Without ``url``: any request to the origin.
        """
        row = (
            page
            and self.database.execute(
                """SELECT error FROM failures WHERE page = ? AND origin = ?
            AND (? = '' OR (url = ? AND method = ?)) LIMIT 1""",
                (page.number, origin, url, url, method),
            ).fetchone()
        )
        return str(row[0]) if row else ""

    def sockets(self, page: Page | None, url: str) -> list[tuple[int, int]]:
        """The WebSockets of an address that the page opened, in order: number, and bytes of messages."""
        query = "SELECT -number, length(messages) FROM sockets WHERE page = ? AND url = ? ORDER BY number"
        return list(self.database.execute(query, (page.number, url))) if page else []

    def socket(self, number: int) -> Socket:
        """A WebSocket by its number."""
        query = "SELECT protocol, messages FROM sockets WHERE number = ?"
        protocol, messages = self.database.execute(query, (-number,)).fetchone()
        memory = len(messages) * settings.SOCKET_MEMORY
        return Socket(number, protocol, json.loads(messages), memory)

    def knows_path(self, path: str, page: Page | None) -> bool:
        """Whether anything of this path was captured, by any method."""
        where, values = ("page = ?", (path, page.number)) if page and page.own else ("TRUE", (path,))
        return bool(self._one(f"SELECT EXISTS (SELECT * FROM captures WHERE path = ? AND {where})", *values))

    def place(self, capture: Capture) -> Place:
        """Where a capture is."""
        return Place(*self.database.execute(_PLACE, (capture.number,)).fetchone())

    def _candidates(self, asked: Asked, page: Page | None) -> list[Capture]:
        """Captures that may answer a request: exactly the same ones, or else those of its path."""
        where, values = ("page = ? AND ", [page.number]) if page else ("", [])
        same = self._captures(where + "path != '' AND url = ?", [*values, asked.url])
        if same and (found := best(asked, same)) and found[0] == Rule.EXACT:
            return same
        return self._captures(where + "path = ?", [*values, path_of(asked.url)])

    def _captures(self, where: str, values: Sequence[Any]) -> list[Capture]:
        query = (
            f"SELECT number, method, url, body_sha256, status FROM captures WHERE {where} "
            f"ORDER BY is_local, time, number LIMIT {settings.MOST_CANDIDATES}"
        )
        found: list[Capture] = []
        left = settings.MAX_CANDIDATES
        for row in self.database.execute(query, values):
            found.append(Capture(*row))
            if (left := left - len(row[2])) < 0:
                break
        return found

    def _one(self, query: str, *values: Any) -> Any:
        return self.database.execute(query, values).fetchone()[0]

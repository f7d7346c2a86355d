"""OpenWPM's requests: each with its answer, its IP address, and its hop of a redirect."""

import hashlib
import pickle
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Protocol

from overscripted.foreign.contents import Contents, Keep
from overscripted.foreign.ledger import Ledger
from overscripted.foreign.openwpm_resource_types import resource_type
from overscripted.foreign.openwpm_sent import headers_of, sent_body
from overscripted.foreign.openwpm_source import Row, Source
from overscripted.foreign.openwpm_visits import VisitName, visit_name
from overscripted.foreign.values import moment, text, truth, whole
from overscripted.mime import extract
from overscripted.urls import host

# A visit and the browser's number of a request; the number is None where it was not kept (until 2017-10).
Exchange = tuple[VisitName, str | None]

_SCRIPT = "script"
_MOST_HOPS = 50
_NO_HASH = {"", "<error>", "undefined", "null"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Bodies(Protocol):
    """Bodies by the hash that OpenWPM gave them."""

    def get(self, content_hash: str) -> bytes | None:
        """The body of a hash; None where it is missing, damaged, or larger than `IMPORT_BODY_BYTES`."""


def exchange_of(row: Row, name: str = "request_id", older: str = "channel_id") -> Exchange:
    """The exchange of a request and its answer, from a row of either."""
    value = row.get(name)
    value = row.get(older) if value is None else value
    number = whole(value)
    return visit_name(row), str(number) if number is not None else (text(value) or "").strip() or None


class Requests:
    """Raw requests of a data set, with their bodies.

    ``keep`` is called with rows of ``scripts`` and ``contents``, a few at a time.
    """

    def __init__(self, source: Source, ledger: Ledger, bodies: Bodies, keep: Keep) -> None:
        self._source, self._ledger = source, ledger
        self._answers = _Answers(source, ledger)
        self._contents = _Contents(bodies, keep)
        self._hops: dict[Exchange, int] = defaultdict(int)

    def rows(self) -> Iterator[tuple[Row, Row, dict[str, Row]]]:
        """Each row of OpenWPM's, our columns but for those about its visit, and the same of other tables."""
        for row in self._source.rows("http_requests"):
            self._ledger.read["http_requests"] += 1
            exchange = exchange_of(row)
            answer = self._answers.next_answer(exchange, row.get("url"))
            first = self._answers.first(exchange)
            address, error = self._answers.address(exchange, row.get("url"))
            kind = resource_type(row)
            hop = {"request_id": first[1] or "", "hop": self._hop(first)}
            sha256, received = self._received(answer, kind)
            bodies = {"request_bodies": self._sent(row), "response_bodies": received}
            yield (
                row,
                {
                    **hop,
                    "url": row.get("url"),
                    "method": row.get("method"),
                    "resource_type": kind,
                    "document_url": _known(row.get("loading_href")) or row.get("referrer"),
                    "status": whole(answer.get("response_status")),
                    "error": "" if answer else error,
                    "ip": address,
                    "from_cache": truth(answer.get("is_cached")),
                    "request_headers": row.get("headers"),
                    "response_headers": answer.get("headers"),
                    "body_sha256": sha256,
                    "redirect_url": answer.get("new_request_url") or answer.get("location") or None,
                    "time_stamp": moment(row.get("time_stamp")),
                    "ended": moment(answer.get("time_stamp")),
                },
                {table: hop | body for table, body in bodies.items() if body},
            )
        self._answers.leave_out()
        self._contents.flush()

    def _sent(self, row: Row) -> Row | None:
        """The columns of the body that a request sent; None if it sent none."""
        sent = sent_body(row)
        if sent is None:
            return None
        columns, content = sent
        sha256 = None if content is None else self._contents.add(content)
        return {**columns, "sha256": sha256, "time_stamp": moment(row.get("time_stamp"))}

    def _received(self, answer: Row, kind: str | None) -> tuple[str | None, Row | None]:
        """The SHA-256 of an answer's body, and the columns of the body if it is kept and not a script's."""
        script = not kind or kind == _SCRIPT
        sha256, size = self._contents.find(answer.get("content_hash"), "scripts" if script else "contents")
        if script or size is None:
            return sha256, None
        header = headers_of(answer.get("headers")).get("content-type", "")
        return sha256, {"content_type": extract(header).essence, "size": size, "sha256": sha256}

    def first(self, row: Row) -> Exchange:
        """The first exchange of a row's redirect; all its hops share this one's number."""
        return self._answers.first(exchange_of(row))

    def _hop(self, first: Exchange) -> int:
        """The hop of a request in its redirect, from 0; 0 where the browser's number is not known."""
        if first[1] is None:
            return 0
        self._hops[first] += 1
        return self._hops[first] - 1

    def close(self) -> None:
        """Release files."""
        self._answers.close()


class _Contents(Contents):
    """The bodies that are kept, and the SHA-256 for each hash of OpenWPM's."""

    def __init__(self, bodies: Bodies, keep: Keep) -> None:
        super().__init__(keep)
        self._bodies = bodies
        self._known: dict[str, tuple[str | None, int | None]] = {}  # hash of OpenWPM's -> SHA-256, size
        self._looked: set[tuple[str, str]] = set()  # table, hash of OpenWPM's

    def find(self, content_hash: Any, table: str) -> tuple[str | None, int | None]:
        """The SHA-256 of an answer's body, None where it is not known; its size, None if it is not kept."""
        name = (text(content_hash) or "").strip()
        if name in _NO_HASH:
            return None, None
        if (table, name) not in self._looked:
            self._looked.add((table, name))
            body = self._bodies.get(name)
            if body is None:
                self._known[name] = name if _SHA256.fullmatch(name) else None, None
            else:
                self._known[name] = self.add(body, table), len(body)
        return self._known[name]


class _Answers:
    """The answers to each request and URL, and the IP addresses, on disk: headers are long."""

    _KEPT = (
        "response_status",
        "is_cached",
        "headers",
        "location",
        "time_stamp",
        "new_request_url",
        "content_hash",
    )

    def __init__(self, source: Source, ledger: Ledger) -> None:
        self._ledger = ledger
        self._before: dict[Exchange, Exchange] = {}  # of a redirect whose hops have numbers of their own
        self._db = sqlite3.connect("")  # a temporary file that SQLite deletes
        self._db.execute(
            "CREATE TABLE answers (exchange BLOB, n INTEGER, origin TEXT, answer BLOB, used INTEGER, "
            "PRIMARY KEY (exchange, n)) WITHOUT ROWID"
        )
        for row in source.rows("http_redirects"):
            ledger.read["http_redirects"] += 1
            if "old_channel_id" in row:  # until 2018; the answer is among the responses
                before, after = (exchange_of(row, f"{name}_channel_id", "") for name in ("old", "new"))
                if before != after and after[1] is not None:
                    self._before[after] = before
            else:
                self._put(
                    "http_redirects", exchange_of(row, "old_request_id", ""), row.get("old_request_url"), row
                )
        for row in source.rows("http_responses"):
            ledger.read["http_responses"] += 1
            self._put("http_responses", exchange_of(row), row.get("url"), row)
        for row in source.rows("dns_responses"):
            ledger.read["dns_responses"] += 1
            result = (text(row.get("used_address")), text(row.get("error")) or "")
            self._insert("dns_responses", (exchange_of(row), "ip", text(row.get("hostname"))), result)

    def _put(self, table: str, exchange: Exchange, url: Any, row: Row) -> None:
        self._insert(table, (exchange, text(url)), {name: row.get(name) for name in self._KEPT})

    def _insert(self, table: str, key: Any, answer: Any) -> None:
        """Keep one more answer to a key."""
        digest = _digest(key)
        self._db.execute(
            "INSERT INTO answers SELECT ?, coalesce(max(n), -1) + 1, ?, ?, 0 FROM answers WHERE exchange = ?",
            (digest, table, pickle.dumps(answer), digest),
        )

    def next_answer(self, exchange: Exchange, url: Any) -> Row:
        """The next unused answer to a request and URL; empty where there is none."""
        key = _digest((exchange, text(url)))
        found = self._db.execute(
            "SELECT n, answer FROM answers WHERE exchange = ? AND NOT used ORDER BY n LIMIT 1", (key,)
        ).fetchone()
        if not found:
            return {}
        self._db.execute("UPDATE answers SET used = 1 WHERE exchange = ? AND n = ?", (key, found[0]))
        answer: Row = pickle.loads(found[1])
        return answer

    def address(self, exchange: Exchange, url: Any) -> tuple[str | None, str]:
        """The IP address that the request went to, where it was looked up, and the error of the look-up."""
        key = _digest((exchange, "ip", host(text(url) or "")))
        found = self._db.execute(
            "SELECT answer FROM answers WHERE exchange = ? ORDER BY n DESC LIMIT 1", (key,)
        ).fetchone()
        if not found:
            return None, ""
        self._db.execute("UPDATE answers SET used = 1 WHERE exchange = ?", (key,))
        address, error = pickle.loads(found[0])
        return address, error

    def first(self, exchange: Exchange) -> Exchange:
        """The first exchange of the redirect that this one is a hop of."""
        for _ in range(_MOST_HOPS):
            if exchange not in self._before:
                break
            exchange = self._before[exchange]
        return exchange

    def leave_out(self) -> None:
        """Count the answers that no request used as left out."""
        # An address without a request is kept all the same, in `dns_names`.
        left = "NOT used AND origin <> 'dns_responses'"
        for table, n in self._db.execute(
            f"SELECT origin, count(*) FROM answers WHERE {left} GROUP BY origin"
        ):
            self._ledger.leave_out(table, "of no request that was kept", n)

    def close(self) -> None:
        self._db.close()


def _digest(key: Any) -> bytes:
    return hashlib.blake2b(repr(key).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _known(url: Any) -> str | None:
    """A URL; None for the word ``undefined``, which OpenWPM wrote where the browser gave none."""
    value = text(url)
    return None if value in (None, "", "undefined") else value

"""Read WhoTracks.me's tracker database: a dump of SQLite, that is a program in SQL.

It runs in memory, and may do nothing but create tables and add constants to them.
"""

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from overscripted.errors import InputError
from overscripted.lists.hosts import Entry, Parsed
from overscripted.lists.owners import name_of, parsed

_ALLOWED = {
    sqlite3.SQLITE_CREATE_TABLE,
    sqlite3.SQLITE_CREATE_INDEX,
    sqlite3.SQLITE_INSERT,
    sqlite3.SQLITE_READ,  # of the schema, as it creates
    sqlite3.SQLITE_REINDEX,
    sqlite3.SQLITE_TRANSACTION,
    sqlite3.SQLITE_UPDATE,  # of the schema, as it creates
}
_QUERY = """
    SELECT d.domain, coalesce(c.name, t.name), t.name, k.name
    FROM tracker_domains d JOIN trackers t ON t.id = d.tracker
    LEFT JOIN companies c ON c.id = t.company_id LEFT JOIN categories k ON k.id = t.category_id
    ORDER BY d.domain
"""


_ESCAPE = re.compile(r"\\(?:(\\)|\+([0-9A-Fa-f]{6})|U([0-9A-Fa-f]{8})|u?([0-9A-Fa-f]{4}))")


def begins(text: str) -> bool:
    """Whether a file that begins with this text is a dump of SQLite."""
    return "PRAGMA foreign_keys" in text and "BEGIN TRANSACTION" in text


def parse(text: str, name: str) -> Parsed:
    """The domains of trackers, with tracker, company and category. Raises InputError for another program."""
    database = sqlite3.connect(":memory:")
    try:
        database.create_function(
            "unistr", 1, _unistr
        )  # in dumps since SQLite 3.50, which may be newer than ours
        database.set_authorizer(_may)
        database.executescript(text)
        database.set_authorizer(None)
        return parsed(_entries(database))
    except (sqlite3.Error, ValueError) as error:
        raise InputError(
            f"{name}: not a dump of WhoTracks.me's tracker database ({error}); fetch the list again"
        ) from error
    finally:
        database.close()


def _may(action: int, subject: str | None, function: str | None, *_: Any) -> int:
    known = (
        action in _ALLOWED
        or (action == sqlite3.SQLITE_PRAGMA and subject == "foreign_keys")
        or (action == sqlite3.SQLITE_FUNCTION and function == "unistr")
    )
    return sqlite3.SQLITE_OK if known else sqlite3.SQLITE_DENY


def _unistr(text: str) -> str:
    """SQLite's function of this name: text with escapes of characters, such as ``\\000a``."""
    return _ESCAPE.sub(lambda found: found[1] or chr(int(found[2] or found[3] or found[4], 16)), text)


def _entries(database: sqlite3.Connection) -> Iterator[tuple[Any, Entry]]:
    for domain, owner, service, category in database.execute(_QUERY):
        known = Entry("", name_of(owner), service=name_of(service), category=name_of(category))
        yield domain if known.owner else None, known

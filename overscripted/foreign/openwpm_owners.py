"""Origin documents in OpenWPM's data: documents without a network address count with a frame around them."""

import sqlite3
from collections.abc import Iterator
from typing import Any

from overscripted.foreign.openwpm_calls import top
from overscripted.foreign.openwpm_source import Row, Source
from overscripted.foreign.openwpm_visits import visit_name
from overscripted.foreign.values import text, whole
from overscripted.urls import on_network, origin

_DEPTH = 100  # nested frames that are followed


class Owners:
    """The origin documents of one data set."""

    def __init__(self, source: Source) -> None:
        # A temporary file that SQLite deletes: there are many frames, with long URLs.
        self._db = sqlite3.connect("")
        self._db.execute("CREATE TABLE parents (frame TEXT PRIMARY KEY, parent INTEGER) WITHOUT ROWID")
        self._db.execute("CREATE TABLE urls (frame TEXT PRIMARY KEY, url TEXT) WITHOUT ROWID")
        for row in source.rows("navigations"):
            frame, url = _name(row, whole(row.get("frame_id"))), text(row.get("url")) or ""
            parent = whole(row.get("parent_frame_id"))
            self._db.execute("INSERT OR IGNORE INTO parents VALUES (?, ?)", (frame, parent))
            if on_network(url):
                self._db.execute("INSERT OR IGNORE INTO urls VALUES (?, ?)", (frame, url))

    def of(self, row: Row, url: str, site: str | None) -> str:
        """The address of the origin document of a call or frame in a document at ``url``; ``""`` for none.

        It is the nearest frame around it with a network address, else the top document, the script, or the
        visit's ``site``. A blob: document needs one with the same origin; without one it is that origin.
        """
        if on_network(url):
            return url
        rights = origin(url.removeprefix("blob:")) if url.startswith("blob:") else ""
        known = (text(candidate) or "" for candidate in self._candidates(row, site))
        fallback = f"{rights}/" if rights else ""
        return next((url for url in known if on_network(url) and rights in ("", origin(url))), fallback)

    def _candidates(self, row: Row, site: str | None) -> Iterator[Any]:
        frame = whole(row.get("frame_id"))
        for _ in range(_DEPTH):
            frame = self._get("SELECT parent FROM parents WHERE frame = ?", _name(row, frame))
            if not frame:
                break
            yield self._get("SELECT url FROM urls WHERE frame = ?", _name(row, frame))
        yield top(row)  # of frame 0, where any is known
        if frame == 0:
            yield self._get("SELECT url FROM urls WHERE frame = ?", _name(row, frame))
        yield row.get("script_url")
        yield site

    def _get(self, query: str, frame: str) -> Any:
        found = self._db.execute(query, (frame,)).fetchone()
        return found[0] if found else None


def _name(row: Row, frame: int | None) -> str:
    """A name for a frame that is unique in the data set: its number is unique within a tab only."""
    return repr((visit_name(row), whole(row.get("tab_id")), frame))

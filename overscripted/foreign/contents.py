"""The bodies that an import keeps, each content once in its table."""

import hashlib
from collections.abc import Callable
from typing import Any

from overscripted.foreign.settings import IMPORT_BODY_BYTES

# Takes rows of a raw table.
Keep = Callable[[str, list[dict[str, Any]]], None]


class Contents:
    """Rows of ``scripts`` and ``contents``, passed on to ``keep`` a few at a time."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._written: set[tuple[str, str]] = set()  # table, SHA-256
        self._rows: dict[str, list[dict[str, Any]]] = {"scripts": [], "contents": []}
        self._bytes = 0

    def add(self, body: bytes, table: str = "contents") -> str:
        """Keep a body in a table; its SHA-256."""
        sha256 = hashlib.sha256(body).hexdigest()
        if (table, sha256) not in self._written:
            self._written.add((table, sha256))
            self._rows[table].append({"sha256": sha256, "size": len(body), "content": body})
            self._bytes += len(body)
            if self._bytes > IMPORT_BODY_BYTES:
                self.flush()
        return sha256

    def flush(self) -> None:
        """Pass on what was collected since the last call."""
        for table, rows in self._rows.items():
            self._keep(table, rows)
        self._rows = {"scripts": [], "contents": []}
        self._bytes = 0

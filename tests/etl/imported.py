"""The raw tables that an importer writes, without a run around them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from overscripted.store import Store


class Imported:
    """The raw tables and the facts of an import of ``path``."""

    def __init__(
        self, load: Callable[[Store, Store, bool], dict[str, Any]], path: Path, strict: bool = False
    ) -> None:
        self.store = Store(path.parent / f"{path.name}-staged")
        self.store.delete("")
        self.facts = load(Store(path), self.store, strict)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a raw table; none where it was not written."""
        if not self.store.exists(f"raw/{table}"):
            return []
        found: list[dict[str, Any]] = self.store.read_table(f"raw/{table}").to_pylist()
        return found

    def columns(self, table: str, *names: str) -> list[tuple[Any, ...]]:
        """Some columns of a raw table."""
        return [tuple(row[name] for name in names) for row in self.rows(table)]

"""Counts what an import read, what it left out and why, and what it did not read."""

from collections import Counter, defaultdict
from typing import Any

from overscripted.errors import InputError
from overscripted.foreign.settings import MAX_NAMED_FILES, MAX_NAMED_PLACES
from overscripted.store import Store


class Ledger:
    """Rows read per table, rows and files left out with the reason, and tables that were not read.

    A row that became part of another one, such as the answer of a request, counts as kept.
    """

    def __init__(self) -> None:
        self.read: Counter[str] = Counter()
        self.out: Counter[tuple[str, str]] = Counter()
        self.places: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self.files: dict[str, str] = {}
        self.tables: Counter[str] = Counter()
        self.of_no_visit = 0  # these are kept, in visit 0

    def leave_out(self, table: str, reason: str, rows: int = 1, place: str = "") -> None:
        """Count rows that were read and are not kept. ``place`` names one of them, as "file, entry 3"."""
        if rows:
            self.out[table, reason] += rows
            if place and len(self.places[table, reason]) < MAX_NAMED_PLACES:
                self.places[table, reason].append(place)

    def add(self, other: "Ledger") -> None:
        """Add the counts of another ledger."""
        self.read += other.read
        self.out += other.out
        for about, places in other.places.items():
            self.places[about] = [*self.places[about], *places][:MAX_NAMED_PLACES]
        self.tables.update(other.tables)
        self.files |= other.files
        self.of_no_visit += other.of_no_visit

    def refuse_files(self, source: Store, strict: bool) -> None:
        """Raise InputError for the first file that was left out, if the import is ``strict``."""
        if strict and self.files:
            key, reason = next(iter(self.files.items()))
            name = key if key == source.url else source.uri(key)
            raise InputError(f"--strict: {name}: {reason}; nothing was imported")

    def facts(self) -> dict[str, Any]:
        """Numbers, and texts about what is missing, for `overscripted status`."""
        read, out = self.read.total(), self.out.total()
        facts: dict[str, Any] = {"rows_read": read, "rows_kept": read - out}
        if out:
            facts["rows_left_out"] = out
            facts["left_out"] = "; ".join(
                f"{n:,} of {table}: {reason}{self._where(table, reason, n)}"
                for (table, reason), n in sorted(self.out.items())
            )
        if self.of_no_visit:
            facts["rows_of_no_visit"] = self.of_no_visit
        if self.files:
            facts["files_left_out"] = len(self.files)
            facts["left_out_files"] = named(self.files)
        if self.tables:
            facts["tables_ignored"] = ", ".join(
                f"{table} ({n:,} row{'' if n == 1 else 's'})" for table, n in sorted(self.tables.items())
            )
        return facts

    def _where(self, table: str, reason: str, n: int) -> str:
        places = self.places.get((table, reason), [])
        more = ", …" if len(places) < n else ""
        return f" ({', '.join(places)}{more})" if places else ""


def named(files: dict[str, str]) -> str:
    """The first of these files, each with the reason, as text."""
    shown = "; ".join(f"{name}: {why}" for name, why in list(files.items())[:MAX_NAMED_FILES])
    return shown + ("; …" if len(files) > MAX_NAMED_FILES else "")

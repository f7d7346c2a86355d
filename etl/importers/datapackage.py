"""``overscripted import datapackage``: what ``overscripted export --as datapackage`` wrote, as a run again.

Records become raw records, and the etl makes the other tables again. A published table that follows from
others, such as ``documents``, is not read.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from overscripted import recorded
from overscripted.errors import InputError
from overscripted.etl.importers.datapackage_resources import DESCRIPTOR, Resource, read
from overscripted.etl.importers.datapackage_rows import Damaged, Rows
from overscripted.etl.importers.published_calls import Attempts, attempts_of, raw_calls
from overscripted.etl.importers.published_totals import Totals
from overscripted.etl.importers.writer import SegmentWriter
from overscripted.foreign.ledger import Ledger
from overscripted.progress import Work
from overscripted.recorded import Recorded
from overscripted.schemas import RAW
from overscripted.store import Store

SOURCE = "the data package"
# Raw columns of calls that are made of others.
_MADE = {"attempt", "row", "value", "value_len"}
_CALLSTACKS = ("crawl_id", "visit_id", "attempt", "request_id", "call_stack", "script_url")
_TOTALS = ("symbol_counts", "script_refs")  # hold the calls beyond the caps
_MOST_ATTEMPTS = 1000  # of a visit; no crawl makes so many
_FIRST_1000 = "only the first 1,000 characters of each"


def import_datapackage(source: Store, staged: Store, strict: bool) -> dict[str, Any]:
    """Write raw segments of the data package at ``source`` (folder or descriptor); facts of the result.

    A file that is missing, damaged or not the published one is left out and named; with ``strict`` it raises
    InputError, as a descriptor always does that is damaged or leads out of its folder.
    """
    store = _folder(source)
    package = read(store)
    ledger = Ledger()
    ledger.files |= {f"resource {name}": why for name, why in package.left.items()}
    importer = _Import(store, package.resources, SegmentWriter(staged, "datapackage"), ledger)
    with Work("import", None, "tables") as work:
        for _ in importer.write():
            work.add()
    ledger.refuse_files(store, strict)
    if not importer.writer.rows.get("visits"):
        why = "; ".join(ledger.files.values()) or "export it with --table visits, too"
        raise InputError(f"{store.url}: no visit that its records belong to; nothing to import ({why})")
    facts = {"source": "a data package", **importer.writer.rows, **ledger.facts()}
    beside = recorded.beside(store)
    known = importer.known().within(beside)
    whole = beside is None and not known.partly and not known.lacking(_all_records())
    return facts if whole else facts | {recorded.KEY: known.to_json()}


def _folder(source: Store) -> Store:
    if not source.fs.isfile(source.root):
        return source
    parent, _, name = source.url.rpartition("/")
    if name != DESCRIPTOR:
        raise InputError(f"{source.url}: name the folder of the data package, or its {DESCRIPTOR}")
    return Store(parent or "/", **source.options)


def _all_records() -> Iterator[str]:
    return (f"{table}.{name}" for table in RAW for name in RAW[table].names)


class _Import:
    """The conversion of one package."""

    def __init__(
        self, store: Store, resources: list[Resource], writer: SegmentWriter, ledger: Ledger
    ) -> None:
        self.writer = writer
        self._store, self._ledger = store, ledger
        self._resources = {resource.table: resource for resource in resources}
        self._whole: set[str] = set()  # tables that were read
        self._bytes: Counter[str] = Counter()  # values of columns of bytes
        self._totals = Totals()

    def write(self) -> Iterator[str]:
        """Write all tables; each one's name after it was written."""
        attempts: Attempts = {}
        for rows in self._batches("visits"):
            attempts |= attempts_of([rows])
            self.writer.add("visits", rows.select(RAW["visits"].names))
            self.writer.add_rows("visits", _repeated(rows))
        yield "visits"
        for rows in self._batches("calls"):
            self.writer.add("calls", raw_calls(rows, attempts))
        yield "calls"
        for rows in self._batches("invalid_calls"):
            self._totals.invalid(rows)
            self.writer.add("calls", rows.select(RAW["calls"].names))
        yield "invalid_calls"
        for rows in self._batches("requests"):
            self.writer.add("requests", rows.select(RAW["requests"].names))
            self.writer.add("callstacks", _callstacks(rows))
        yield "requests"
        for table in sorted(self._resources.keys() & RAW.keys() - {"visits", "calls", "requests"}):
            for rows in self._batches(table):
                self.writer.add(table, rows)
            yield table
        self._write_totals(attempts)
        self.writer.close()

    def _write_totals(self, attempts: Attempts) -> None:
        for rows in self._batches("script_refs"):
            self._totals.reference(rows)
        for rows in self._batches("symbol_counts"):
            self.writer.add_rows("call_totals", self._totals.of(rows, attempts))

    def known(self) -> Recorded:
        """What the package can tell."""
        columns = {
            table: [name for name in RAW[table].names if name in self._resources[table].columns]
            for table in self._whole & RAW.keys()
        }
        partly = {}
        if "calls" in columns:
            columns["calls"] = [name for name in RAW["calls"].names if name in {*columns["calls"], *_MADE}]
            if "value" not in self._resources["calls"].columns:
                partly["calls.value"] = _FIRST_1000
        if "requests" in columns and "call_stack" in self._resources["requests"].columns:
            columns["callstacks"] = [*_CALLSTACKS]
        if {*_TOTALS} <= self._whole:
            columns["call_totals"] = [*RAW["call_totals"].names]
        return Recorded(SOURCE, self._without_removed_bytes(columns), partly)

    def _without_removed_bytes(self, columns: dict[str, list[str]]) -> dict[str, list[str]]:
        """``--remove-personal`` leaves no bytes: contents without any tell nothing."""
        found = {}
        for table, names in columns.items():
            gone = {name for name in names if self._removed(table, name)}
            if "content" not in gone:
                found[table] = [name for name in names if name not in gone]
        return found

    def _removed(self, table: str, name: str) -> bool:
        is_bytes = pa.types.is_binary(RAW[table].schema.field(name).type)
        return is_bytes and bool(self.writer.rows.get(table)) and not self._bytes[f"{table}.{name}"]

    def _batches(self, table: str) -> Iterator[pa.Table]:
        """The rows of a table, as far as it can be read; none where the package has none."""
        if table not in self._resources:
            return
        rows = Rows(self._store, self._resources[table], self._ledger)
        before = self._ledger.read[table]
        try:
            rows.check()
            for batch in rows.batches():
                for field in batch.schema:
                    if pa.types.is_binary(field.type):
                        column = batch[field.name]
                        self._bytes[f"{table}.{field.name}"] += len(column) - column.null_count
                yield batch
        except Damaged as error:
            n = self._ledger.read[table] - before
            self._ledger.files[f"resource {table}"] = (
                f"{error}; {n:,} rows before it are kept" if n else str(error)
            )
            if not n:
                return
        self._whole.add(table)


def _repeated(rows: pa.Table) -> list[dict[str, object]]:
    """Rows of the attempts that a published visit only counts: they are counted again."""
    again = rows.filter(pc.and_(pc.greater(rows["n_attempts"], 1), pc.greater(rows["attempt"], 1)))
    return [
        {"crawl_id": row["crawl_id"], "visit_id": row["visit_id"], "attempt": row["attempt"] - before}
        for row in again.select(["crawl_id", "visit_id", "attempt", "n_attempts"]).to_pylist()
        for before in range(1, min(row["n_attempts"], row["attempt"], _MOST_ATTEMPTS))
    ]


def _callstacks(rows: pa.Table) -> pa.Table:
    """The stacks of requests. All hops of a redirect have the stack of the first."""
    first = pc.and_(pc.equal(rows["hop"], 0), pc.is_valid(rows["call_stack"]))
    return rows.filter(first).select(_CALLSTACKS)

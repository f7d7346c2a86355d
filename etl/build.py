"""Builds the tables of a run, batch by batch, with one engine."""

import os
from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq

from etl import intake, settings
from etl.manifest import Batch, Manifest
from etl.transforms import (
    arguments,
    attempts,
    calls,
    conform,
    documents,
    hosts,
    invalid_calls,
    origins,
    pages,
    references,
    repair,
    requests,
    script_refs,
    script_urls,
    scripts,
    symbol_counts,
    uses,
    visits,
)
from overscripted.engines import Engine
from overscripted.errors import UserError
from overscripted.progress import Work
from overscripted.schemas import RAW, TABLES
from overscripted.store import Store

# How each table's rows are ordered within its files: like values together, for small files and so
# that readers can skip what they do not ask for.
ORDER = {
    "calls": ["location", "crawl_id", "visit_id", "ordinal"],
    "invalid_calls": ["crawl_id", "visit_id", "ordinal"],
    "uses": uses.KEY,
    "script_refs": script_refs.KEY,
    "symbol_counts": uses.KEY,
    "pages": pages.KEY,
    "documents": ["location"],
    "script_urls": ["script_url"],
    "hosts": ["host"],
    "visits": attempts.VISIT,
    "requests": ["crawl_id", "visit_id", "time_stamp", "request_id", "hop", "url"],
    "frames": ["crawl_id", "visit_id", "frame_id", "time_stamp", "url"],
    "cookies": ["crawl_id", "visit_id", "time_stamp", "host", "name"],
    "console": ["crawl_id", "visit_id", "time_stamp"],
    "scripts": ["sha256"],
}


class Build:
    """One etl: ``store`` is read, ``staged`` is written. ``damaged`` names segments left out."""

    def __init__(self, store: Store, staged: Store, engine: Engine, old: Manifest) -> None:
        self.store, self.staged, self.engine = store, staged, engine
        self.old, self.new = old, Manifest()
        self.damaged: dict[str, str] = {}
        self.good: dict[str, list[intake.Segment]] = {}

    def all(self) -> dict[str, Any]:
        """Build every table; facts of the result."""
        try:
            return self._all()
        except UserError:
            raise
        except Exception:
            # A segment whose footer is whole can still be damaged within: find it, go on without it.
            bad = self._damaged_within()
            if not bad:
                raise
            self.damaged |= bad
            self.staged.delete("tables")
            self.staged.delete("etl")
            self.new = Manifest()
            return self.all()

    def _damaged_within(self) -> dict[str, str]:
        every = [s.key for table in self.good.values() for s in table if s.key not in self.old.segments]
        return {key: why for key in every if (why := intake.verify(self.store, key))}

    def _all(self) -> dict[str, Any]:
        found = {table: intake.look(self.store, table) for table in RAW}
        for one in found.values():
            self.damaged |= one.damaged
        self.good = {
            table: [s for s in one.good if s.key not in self.damaged] for table, one in found.items()
        }
        self.raw_visits = self._whole("visits")
        self.attempts = self.engine.keep(attempts.acknowledged(self.raw_visits))
        self._calls()
        self._rollups()
        self._others()
        self.new.save(self.staged)
        return self._facts()

    # -- calls, batch by batch ------------------------------------------------------------

    def _calls(self) -> None:
        self._reuse()
        waiting = [s for s in self.good["calls"] if s.key not in self.new.segments]
        spark = self.engine.name == "spark"
        limits = (
            (settings.SPARK_BATCH_ROWS, settings.SPARK_BATCH_BYTES)
            if spark
            else (settings.BATCH_ROWS, settings.BATCH_BYTES)
        )
        with Work("etl", sum(s.rows for s in waiting), "calls") as work:
            for group in intake.batches(waiting, *limits):
                self._batch(group)
                work.add(sum(s.rows for s in group))
        if not self.new.batches:
            self._batch([])

    def _reuse(self) -> None:
        """Take over the batches of the last etl whose calls count as they did."""
        present = {s.key for s in self.good["calls"]}
        stale = self._stale() if self.old.batches else set()
        for batch in self.old.batches:
            if batch.segments and batch.name not in stale and present.issuperset(batch.segments):
                for keys in batch.files.values():
                    for key in keys:
                        _link(self.store, self.staged, key)
                self.new.batches.append(batch)

    def _stale(self) -> set[str]:
        """Batches that saw an attempt which counts now and did not then, or the reverse."""
        keys = [key for batch in self.old.batches for key in batch.files["attempts"]]
        then = self.engine.read(self.store, keys)
        now = self.attempts.mutate(now=ibis.literal(True))
        both = then.left_join(now, attempts.ATTEMPT)
        changed = both.filter(both.counted != both.now.fill_null(False)).select("batch").distinct()
        return set(self.engine.to_arrow(changed)["batch"].to_pylist())

    def _batch(self, group: list[intake.Segment]) -> None:
        batch = Batch(self.new.next_name(), [s.key for s in group])
        raw = self._read("calls", group)
        seen = attempts.seen(raw).left_join(
            self.attempts.mutate(counted=ibis.literal(True)), attempts.ATTEMPT
        )
        seen = seen.select(
            *attempts.ATTEMPT,
            "n_rows",
            counted=seen.counted.fill_null(False),
            batch=ibis.literal(batch.name),
        )
        batch.files["attempts"] = self.engine.write(seen, self.staged, "etl/attempts", batch.name)
        rows = attempts.kept(raw, self.attempts)
        dim = self._origins(rows, "location", "script_url", "top_level_url")
        made = self._checked(rows, dim)
        for table, expr in made.items():
            batch.files[table] = self._write(expr, table, batch.name)
        rolled = ibis.union(
            uses.of_calls(self.engine.read(self.staged, batch.files["calls"])),
            uses.of_invalid_calls(self.engine.read(self.staged, batch.files["invalid_calls"])),
        )
        batch.files["uses"] = self.engine.write(rolled, self.staged, "etl/uses", batch.name, uses.KEY)
        self.new.batches.append(batch)

    def _checked(self, rows: ir.Table, dim: ir.Table) -> dict[str, ir.Table]:
        """Valid and invalid calls of raw rows."""
        if not self.engine.python_sees_all:
            mended = repair.repair(rows)
            return {"calls": calls.calls(mended, dim), "invalid_calls": invalid_calls.invalid_calls(mended)}
        # Two expressions, and Python in the one with few rows only.
        hard = repair.needs_python(rows) | arguments.needs_python(rows)
        easy = repair.repair(rows.filter(~hard), python=False)
        mended = repair.repair(rows.filter(hard))
        return {
            "calls": ibis.union(calls.calls(easy, dim, python=False), calls.calls(mended, dim)),
            "invalid_calls": ibis.union(*(invalid_calls.invalid_calls(part) for part in (easy, mended))),
        }

    # -- from the batches' uses -----------------------------------------------------------

    def _rollups(self) -> None:
        files = [key for batch in self.new.batches for key in batch.files["uses"]]
        every = self.engine.read(self.staged, files)
        if self.good["call_totals"]:
            totals = attempts.kept(self._whole("call_totals"), self.attempts)
            every = ibis.union(conform.conform(every, uses.USES), uses.of_totals(totals))
        every = self.engine.keep(every)
        dim = self._origins(every, "location", "script_url", "top_level_url")
        self._write(symbol_counts.symbol_counts(every), "symbol_counts")
        refs = self.engine.read(self.staged, self._write(script_refs.script_refs(every, dim), "script_refs"))
        self.engine.drop(every)
        self._write(pages.pages(refs), "pages")
        self.dimensions(refs)

    def dimensions(self, refs: ir.Table) -> None:
        """One row a document, a script, a host, whatever the visit; ``refs`` is `script_refs`."""
        pairs = self.engine.keep(references.references(refs))
        made = {"documents": documents.documents(pairs), "script_urls": script_urls.script_urls(pairs)}
        docs, urls = (self.engine.read(self.staged, self._write(made[name], name)) for name in made)
        self.engine.drop(pairs)
        met = ibis.union(docs.select(host="location_host"), urls.select(host="script_host"), distinct=True)
        named = self.engine.table(hosts.suffixes(self.engine.to_arrow(met)))
        self._write(hosts.hosts(named, docs, urls), "hosts")

    # -- the other tables: small beside the calls, made again each time ---------------------

    def _others(self) -> None:
        raw = self.raw_visits
        self._write(visits.visits(raw, self.attempts, self._origins(raw, "site_url", "final_url")), "visits")
        if self._any("requests"):
            asked = attempts.kept(self._whole("requests"), self.attempts)
            dim = self._origins(asked, "url", "top_level_url")
            self._write(requests.requests(asked, dim), "requests")
        for table in ("frames", "cookies", "console"):
            if self._any(table):
                self._write(attempts.kept(self._whole(table), self.attempts), table)
        if self._any("scripts"):
            self._write(scripts.scripts(self._whole("scripts")), "scripts")

    def _any(self, table: str) -> bool:
        """Whether raw rows may exist; where there are none the empty table is written at once."""
        if not self.good[table]:
            self.staged.write_table(f"tables/{table}/part-0.parquet", TABLES[table].empty())
        return bool(self.good[table])

    # -- reading and writing --------------------------------------------------------------

    def _read(self, table: str, group: Sequence[intake.Segment]) -> ir.Table:
        """Segments as one table of today's schema, whatever versions wrote them."""
        shapes: dict[str, list[str]] = {}
        for segment in group:
            shapes.setdefault(segment.shape, []).append(segment.key)
        parts = [conform.conform(self.engine.read(self.store, keys), RAW[table]) for keys in shapes.values()]
        if not parts:
            return self.engine.table(RAW[table].empty())
        return ibis.union(*parts) if len(parts) > 1 else parts[0]

    def _whole(self, table: str) -> ir.Table:
        """A whole raw table."""
        return self._read(table, self.good[table])

    def _origins(self, rows: ir.Table, *columns: str) -> ir.Table:
        distinct = self.engine.to_arrow(origins.keys(rows, *columns))
        return self.engine.table(origins.dimension(distinct))

    def _write(self, expr: ir.Table, table: str, name: str = "part") -> list[str]:
        typed = conform.conform(expr, TABLES[table])
        return self.engine.write(typed, self.staged, f"tables/{table}", name, ORDER[table])

    # -- what status shows ------------------------------------------------------------------

    def _facts(self) -> dict[str, Any]:
        """Rows of the tables, and raw calls that belong to no acknowledged attempt."""
        rows = {table: self._rows(table) for table in TABLES}
        came = sum(s.rows for s in self.good["calls"] if s.key in self.new.segments)
        facts: dict[str, Any] = {"raw_calls": came, **{t: n for t, n in rows.items() if n}}
        left_out = came - rows["calls"] - rows["invalid_calls"]
        if left_out:
            facts["calls_of_unacknowledged_attempts"] = left_out
        reused = len({b.name for b in self.new.batches} & {b.name for b in self.old.batches})
        if reused:
            facts["batches_reused"] = reused
        return facts

    def _rows(self, table: str) -> int:
        """From the footers of what was written."""
        total = 0
        for key in self.staged.files(f"tables/{table}", ".parquet"):
            with self.staged.fs.open(self.staged.path(key), "rb") as file:
                total += pq.ParquetFile(file).metadata.num_rows
        return total


def _link(store: Store, staged: Store, key: str) -> None:
    """The same file in both stores: a hard link on disk, a server-side copy in an object store."""
    source, target = store.path(key), staged.path(key)
    if store.local:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.link(source, target)
    else:
        store.fs.copy(source, target)

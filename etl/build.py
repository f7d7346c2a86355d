"""Builds the tables of a run, batch by batch, with one engine."""

import os
import shutil
from collections import Counter
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import ibis
import ibis.expr.types as ir

from overscripted.engines import Engine, Spark, open_engine
from overscripted.errors import UserError, WriteError
from overscripted.etl import intake, settings
from overscripted.etl.batch import make_batch
from overscripted.etl.manifest import Manifest
from overscripted.etl.pool import plan, pool_batches
from overscripted.etl.spread import slots, spread_batches, task_memory
from overscripted.etl.transforms import (
    attempts,
    conform,
    documents,
    frames,
    hosts,
    pages,
    references,
    requests,
    script_refs,
    script_urls,
    scripts,
    symbol_counts,
    uses,
    visits,
)
from overscripted.etl.workspace import Workspace
from overscripted.progress import Work
from overscripted.schemas import RAW, TABLES
from overscripted.store import Store

# The attempts that count, while an etl runs.
_ACKNOWLEDGED = "etl/acknowledged"


class Build:
    """One etl: ``store`` is read, ``staged`` is written. ``damaged`` names segments left out."""

    def __init__(self, store: Store, staged: Store, engine: Engine, old: Manifest) -> None:
        self.store, self.staged, self.engine = store, staged, engine
        self.at = Workspace(store, staged, engine)
        self.old, self.new = old, Manifest()
        self.damaged: dict[str, str] = {}
        self.good: dict[str, list[intake.Segment]] = {}
        self.copies: dict[str, str] = {}  # of segments whose text is not UTF-8
        self.changed = 0  # values of theirs

    def all(self) -> dict[str, Any]:
        """Build every table; facts of the result."""
        try:
            return self._all()
        except Exception as error:
            if isinstance(error, UserError) and not isinstance(error, WriteError):
                raise
            # A segment whose footer is whole can still be damaged within, which DuckDB may take for a disk
            # that fails: find it, go on without it. Where only its text is, go on with a readable copy.
            every = [s for table in self.good.values() for s in table if s.key not in self.new.segments]
            if not self._set_right(s.key for s in every if not s.copy):
                raise
            self.staged.delete("tables")
            self.staged.delete("etl")
            self.new = Manifest()
            return self.all()

    def _set_right(self, keys: Iterable[str]) -> bool:
        """Note which of these segments are damaged, and copy those whose text alone is; whether any is."""
        found = {key: why for key in keys if (why := intake.verify(self.store, key))}
        for number, (key, why) in enumerate(found.items(), len(self.copies)):
            name = f"readable/{number}.parquet"  # beside what is exchanged, and gone with the rest
            if changed := intake.readable_copy(self.store, key, self.staged, name):
                self.copies[key] = f"{self.staged.url.removeprefix(self.store.url).lstrip('/')}/{name}"
                self.changed += changed
            else:
                self.damaged[key] = why
        return bool(found)

    def _all(self) -> dict[str, Any]:
        # Visits first: of a crawl that goes on, none then counts without its calls.
        found = {
            table: intake.look(self.store, table) for table in sorted(RAW, key=lambda it: it != "visits")
        }
        for one in found.values():
            self.damaged |= one.damaged
        self.good = {table: self._usable(one.good) for table, one in found.items()}
        rows = sum(
            s.rows // (settings.CALLS_A_ROW if table == "calls" else 1)
            for table, good in self.good.items()
            for s in good
        )
        small = isinstance(self.engine, Spark) and rows < settings.SPARK_SQL_ROWS
        with open_engine("duckdb", alone=True) if small else nullcontext(self.engine) as engine:
            self.at = Workspace(self.store, self.staged, engine)
            others = {s.source: s.key for table in found if table != "calls" for s in self.good[table]}
            if self._set_right(others[key] for key in engine.doubtful(self.store, list(others))):
                self.good = {table: self._usable(one.good) for table, one in found.items()}
            return self._tables()

    def _usable(self, segments: list[intake.Segment]) -> list[intake.Segment]:
        return [replace(s, copy=self.copies.get(s.key, "")) for s in segments if s.key not in self.damaged]

    def _tables(self) -> dict[str, Any]:
        self.raw_visits = self._whole("visits")
        self.acknowledged = self.at.engine.write(
            attempts.acknowledged(self.raw_visits), self.staged, _ACKNOWLEDGED, sort=attempts.VISIT
        )
        self.attempts = self.at.engine.read(self.staged, self.acknowledged)
        self._calls()
        self._rollups()
        self._others()
        self._tidy()
        self.new.save(self.staged)
        return self._facts()

    # -- calls, batch by batch ------------------------------------------------------------

    def _calls(self) -> None:
        self._reuse()
        waiting = [s for s in self.good["calls"] if s.key not in self.new.segments]
        with Work("etl", sum(s.rows for s in waiting), "calls") as work:
            if isinstance(self.engine, Spark):
                limits = intake.limits(task_memory(self.engine))
                asked = self._named(waiting, *limits, slots(self.engine))
                self.new.batches += spread_batches(self.engine, self.at, asked, self.acknowledged, work)
                return
            n, rows, size = plan(self.at, waiting)
            asked = self._named(waiting, rows, size, n)
            if n > 1:
                self.new.batches += pool_batches(self.at, n, asked, self.acknowledged, work)
                return
            for name, group in asked:
                self.new.batches.append(make_batch(self.at, name, group, self.acknowledged))
                work.add(sum(s.rows for s in group))

    def _named(self, waiting: list[intake.Segment], *limits: int) -> list[tuple[str, list[intake.Segment]]]:
        """Segments in batches with names."""
        groups = intake.batches(waiting, *limits)
        if not groups and not self.new.batches:
            groups = [[]]  # a run without calls has empty tables
        known = Manifest(self.old.batches + self.new.batches)
        return list(zip(known.next_names(len(groups)), groups, strict=True))

    def _reuse(self) -> None:
        """Take over the batches of the last etl whose calls count as they did, but for outgrown ones."""
        present = {s.key: s for s in self.good["calls"]}
        stale = self._stale() if self.old.batches else set()
        left = {
            batch.name: batch
            for batch in self.old.batches
            if batch.segments and batch.name not in stale and present.keys() >= set(batch.segments)
        }
        groups = {name: [present.pop(key) for key in batch.segments] for name, batch in left.items()}
        again = intake.outgrown(groups, present.values())
        self.new.batches += [batch for name, batch in left.items() if name not in again]
        _link(self.store, self.staged, self.new.files)

    def _stale(self) -> set[str]:
        """Batches that saw an attempt which counts now and did not then, or the reverse."""
        keys = [key for batch in self.old.batches for key in batch.files["attempts"]]
        then = self.at.engine.read(self.store, keys)
        now = self.attempts.mutate(now=ibis.literal(True))
        both = then.left_join(now, attempts.ATTEMPT)
        changed = both.filter(both.counted != both.now.fill_null(False)).select("batch").distinct()
        return set(self.at.engine.to_arrow(changed)["batch"].to_pylist())

    def _tidy(self) -> None:
        """Delete what a batch's other attempts wrote: retried, overtaken, or on a machine that was lost."""
        ours = set(self.new.files)
        for folder in ("tables/calls", "tables/invalid_calls", "etl/attempts", "etl/uses"):
            for key in set(self.staged.files(folder)) - ours:
                self.staged.delete(key)
        self.staged.delete(_ACKNOWLEDGED)  # follows from raw/visits, and may have a row a visit

    # -- from the batches' uses -----------------------------------------------------------

    def _rollups(self) -> None:
        files = [key for batch in self.new.batches for key in batch.files["uses"]]
        every = self.at.engine.read(self.staged, files)
        if self.good["call_totals"]:
            totals = attempts.kept(self._whole("call_totals"), self.attempts)
            every = ibis.union(conform.conform(every, uses.USES), uses.of_totals(totals))
        rolled = self.at.engine.keep(script_refs.rolled(every))
        dim = self.at.origins(rolled, *script_refs.URLS.values())
        refs = self.at.engine.read(
            self.staged, self.at.write(script_refs.script_refs(rolled, dim), "script_refs")
        )
        self.at.engine.drop(rolled)
        self.at.write(symbol_counts.symbol_counts(every, refs), "symbol_counts")
        self.at.write(pages.pages(refs), "pages")
        self.dimensions(refs)

    def dimensions(self, refs: ir.Table) -> None:
        """One row a document, a script, a host, whatever the visit; ``refs`` is `script_refs`."""
        pairs = self.at.engine.keep(references.references(refs))
        met = ibis.union(pairs.select(host="location_host"), pairs.select(host="script_host"), distinct=True)
        named = self.at.engine.table(hosts.suffixes(self.at.engine.to_arrow(met)))
        made = {"documents": documents.documents(pairs), "script_urls": script_urls.script_urls(pairs, named)}
        docs, urls = (self.at.engine.read(self.staged, self.at.write(made[name], name)) for name in made)
        self.at.engine.drop(pairs)
        self.at.write(hosts.hosts(named, docs, urls), "hosts")

    # -- the other tables: small beside the calls, made again each time ---------------------

    def _others(self) -> None:
        raw = self.raw_visits
        self.at.write(
            visits.visits(raw, self.attempts, self.at.origins(raw, "site_url", "final_url")), "visits"
        )
        if self._any("requests"):
            asked = attempts.kept(self._whole("requests"), self.attempts)
            dim = self.at.origins(asked, "url", "top_level_url")
            self.at.write(requests.requests(asked, self._whole("callstacks"), dim), "requests")
        if self._any("frames"):
            self.at.write(frames.frames(attempts.kept(self._whole("frames"), self.attempts)), "frames")
        for table in ("cookies", "console", "messages"):
            if self._any(table):
                self.at.write(attempts.kept(self._whole(table), self.attempts), table)
        if self._any("instruments"):
            self.at.write(self._whole("instruments").distinct(), "instruments")
        if self._any("scripts"):
            self.at.write(scripts.scripts(self._whole("scripts")), "scripts")

    def _any(self, table: str) -> bool:
        """Whether raw rows may exist; where there are none the empty table is written at once."""
        if not self.good[table]:
            self.at.write_empty(table)
        return bool(self.good[table])

    def _whole(self, table: str) -> ir.Table:
        """A whole raw table."""
        return self.at.raw(table, self.good[table])

    # -- what status shows ------------------------------------------------------------------

    def _facts(self) -> dict[str, Any]:
        """Rows of the tables, and raw calls that belong to no acknowledged attempt."""
        rows = {table: self.at.rows(self.staged.files(f"tables/{table}", ".parquet")) for table in TABLES}
        came = sum(s.rows for s in self.good["calls"] if s.key in self.new.segments)
        facts: dict[str, Any] = {"raw_calls": came, **{t: n for t, n in rows.items() if n}}
        left_out = came - rows["calls"] - rows["invalid_calls"]
        if left_out:
            facts["calls_of_unacknowledged_attempts"] = left_out
        if rows["invalid_calls"] > rows["calls"]:
            facts["mostly_invalid"] = self._broken_rules(rows["calls"] + rows["invalid_calls"])
        if self.changed:
            facts["values_not_utf8"] = self.changed
        reused = len({b.name for b in self.new.batches} & {b.name for b in self.old.batches})
        if reused:
            facts["batches_reused"] = reused
        return facts

    def _broken_rules(self, calls: int) -> str:
        """Which rules the invalid calls broke, those of most calls first."""
        invalid = self.at.engine.read(self.staged, "tables/invalid_calls")
        found = self.at.engine.to_arrow(invalid.group_by("errors").agg(n=invalid.count())).to_pylist()
        broken: Counter[str] = Counter()
        for row in found:
            broken.update(dict.fromkeys(row["errors"].split(","), row["n"]))
        named = ", ".join(
            f"{rule} ({n:,})" for rule, n in sorted(broken.items(), key=lambda it: (-it[1], it[0]))
        )
        return f"{sum(row['n'] for row in found):,} of {calls:,} calls; rules broken: {named}"


def _link(store: Store, staged: Store, keys: list[str]) -> None:
    """The same files in both stores: hard links on disk, server-side copies in an object store."""
    if not store.local:
        store.fs.copy([store.path(key) for key in keys], [staged.path(key) for key in keys])  # side by side
        return
    for key in keys:
        target = staged.path(key)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            os.link(store.path(key), target)
        except OSError:  # a file system without hard links
            shutil.copyfile(store.path(key), target)

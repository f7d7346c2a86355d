"""Builds the tables of a run with one engine."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import ibis.expr.types as ir

from overscripted import layout
from overscripted.engines import Engine
from overscripted.errors import UserError, WriteError
from overscripted.etl import reuse, settings
from overscripted.etl.executors.choose import choose_executor
from overscripted.etl.executors.executor import BatchPlan
from overscripted.etl.facts import facts_of
from overscripted.etl.manifest import Manifest
from overscripted.etl.raw_data import RawData
from overscripted.etl.raw_segments import Segment
from overscripted.etl.record_tables import RecordTables
from overscripted.etl.rollups import write_rollups
from overscripted.etl.transforms import attempts
from overscripted.etl.workspace import Workspace
from overscripted.progress import Work
from overscripted.schemas import RAW
from overscripted.store import Store

# What batches write, one file or more per batch.
BATCH_TABLES = ("calls", "invalid_calls", "symbol_arguments")
_BATCH_FOLDERS = (*map(layout.table, BATCH_TABLES), layout.ETL_ATTEMPTS, layout.ETL_USES)


class Build:
    """One etl: reads ``store``, writes ``staged``. ``last`` is the manifest of the etl before."""

    def __init__(self, store: Store, staged: Store, engine: Engine, last: Manifest) -> None:
        self.store, self.staged, self.engine, self.last = store, staged, engine, last
        self.raw = RawData(store, staged)

    def run(self) -> dict[str, Any]:
        """Build every table, again without damaged segments where these stop the engine; facts of the result.

        A segment with a readable footer can be damaged within. An engine may report that as a failing disk,
        or in any other way, so every failure that is not the user's to fix makes this look for damage.
        """
        while True:
            manifest = Manifest()
            try:
                return self._build(manifest)
            except Exception as error:
                if isinstance(error, UserError) and not isinstance(error, WriteError):
                    raise
                if not self.raw.check_rows(trusted=manifest.segments):
                    raise
            for folder in (layout.TABLES, layout.ETL):
                self.staged.delete(folder)

    def _build(self, manifest: Manifest) -> dict[str, Any]:
        """Write the tables and their ``manifest``."""
        self.raw.scan()
        with self._sql_engine() as engine:
            self.raw.check_text(engine)
            workspace = Workspace(self.store, self.staged, engine)
            visits = workspace.raw("visits", self.raw.segments("visits"))
            acknowledged = engine.write(
                attempts.acknowledged(visits), self.staged, layout.ETL_ACKNOWLEDGED, sort=attempts.VISIT
            )
            counted = engine.read(self.staged, acknowledged)
            self._make_batches(workspace, acknowledged, counted, manifest)
            self._write_rollups(workspace, counted, attempts.kept(visits, counted), manifest)
            RecordTables(workspace, self.raw, counted).write()
            self._delete_left_over(manifest)
            manifest.save(self.staged)
            return facts_of(workspace, self.raw, self.last, manifest)

    def _sql_engine(self) -> AbstractContextManager[Engine]:
        """The engine that rolls up and copies rows; executors make the batches of calls."""
        rows = sum(
            segment.rows // (settings.CALLS_PER_ROW if table == "calls" else 1)
            for table in RAW
            for segment in self.raw.segments(table)
        )
        return self.engine.for_few_rows() if rows < settings.SPARK_SQL_ROWS else nullcontext(self.engine)

    def _make_batches(
        self, workspace: Workspace, acknowledged: Sequence[str], counted: ir.Table, manifest: Manifest
    ) -> None:
        """Take over the batches that stand, and make those of the other segments of calls."""
        segments = self.raw.segments("calls")
        manifest.batches += reuse.reusable(self.last, segments, counted, workspace)
        reuse.link(self.store, self.staged, manifest.files)
        done = manifest.segments
        waiting = [segment for segment in segments if segment.key not in done]
        with Work("etl", sum(segment.rows for segment in waiting), "calls") as work:
            executor = choose_executor(self.engine, workspace, waiting, acknowledged, work)
            for batch in executor.run(self._plans(executor.group(waiting), manifest)):
                manifest.batches.append(batch)

    def _plans(self, groups: list[list[Segment]], manifest: Manifest) -> list[BatchPlan]:
        """Groups of segments as batches with names that no batch has had."""
        if not groups and not manifest.batches:
            groups = [[]]  # the tables of a run without calls are empty
        names = Manifest(self.last.batches + manifest.batches).next_names(len(groups))
        return [BatchPlan(name, group) for name, group in zip(names, groups, strict=True)]

    def _write_rollups(
        self, workspace: Workspace, counted: ir.Table, visits: ir.Table, manifest: Manifest
    ) -> None:
        totals = None
        if segments := self.raw.segments("call_totals"):
            totals = attempts.kept(workspace.raw("call_totals", segments), counted)
        use_files = [key for batch in manifest.batches for key in batch.files["uses"]]
        write_rollups(workspace, use_files, totals, visits)

    def _delete_left_over(self, manifest: Manifest) -> None:
        """Delete files that no batch of the manifest names, such as those of tasks that Spark ran twice."""
        needed = set(manifest.files)
        for folder in _BATCH_FOLDERS:
            for key in set(self.staged.files(folder)) - needed:
                self.staged.delete(key)
        # It follows from raw/visits, and may have a row per visit.
        self.staged.delete(layout.ETL_ACKNOWLEDGED)

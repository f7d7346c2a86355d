"""Writes the tables whose rows are raw records. They are small beside calls and written anew each time."""

import ibis.expr.types as ir

from overscripted.etl.raw_data import RawData
from overscripted.etl.transforms import attempts, contents, frames, requests, script_edges, visits
from overscripted.etl.workspace import Workspace
from overscripted.record_kinds import RECORD_KINDS

# Tables whose rows are the raw rows of the attempts that count, unchanged.
_COPIED = tuple(kind.table.name for kind in RECORD_KINDS)


class RecordTables:
    """Writes visits, requests, frames and the like. ``counted`` are the attempts that count."""

    def __init__(self, workspace: Workspace, raw: RawData, counted: ir.Table) -> None:
        self._workspace, self._raw, self._counted = workspace, raw, counted

    def write(self) -> None:
        """Write every table; a table without raw rows is written empty."""
        self._write_visits()
        if self._has_rows("requests"):
            self._write_requests()
        if self._has_rows("frames"):
            self._workspace.write(frames.frames(self._kept("frames")), "frames")
        self._write_script_edges()
        for table in _COPIED:
            if self._has_rows(table):
                self._workspace.write(self._kept(table), table)
        for table in ("instruments", "variants"):
            if self._has_rows(table):
                self._workspace.write(self._all(table).distinct(), table)
        for table in ("scripts", "contents"):
            if self._has_rows(table):
                self._workspace.write(contents.distinct(self._all(table)), table)

    def _write_visits(self) -> None:
        rows = self._all("visits")
        origins = self._workspace.origins(rows, "site_url", "final_url")
        self._workspace.write(visits.visits(rows, self._counted, origins), "visits")

    def _write_requests(self) -> None:
        rows = self._kept("requests")
        origins = self._workspace.origins(rows, "url", "top_level_url")
        stacks, bodies = self._all("callstacks"), self._all("request_bodies")
        self._workspace.write(requests.requests(rows, stacks, bodies, origins), "requests")

    def _write_script_edges(self) -> None:
        engine = self._workspace.engine
        parts = script_edges.inputs(
            self._kept("requests"),
            self._kept("script_loads"),
            self._kept("callstacks"),
            self._kept("script_insertions"),
            self._kept("calls"),
        )
        # Few rows of much larger tables. Each is read once, and the expressions that join them stay small.
        kept = [engine.keep(part) for part in parts]
        self._workspace.write(script_edges.script_edges(*kept), "script_edges")
        for part in kept:
            engine.drop(part)

    def _has_rows(self, table: str) -> bool:
        """Whether the raw table has segments; where it has none, the empty table is written at once."""
        if self._raw.segments(table):
            return True
        self._workspace.write_empty(table)
        return False

    def _all(self, table: str) -> ir.Table:
        """A whole raw table."""
        return self._workspace.raw(table, self._raw.segments(table))

    def _kept(self, table: str) -> ir.Table:
        """The rows of a raw table that belong to attempts that count."""
        return attempts.kept(self._all(table), self._counted)

"""Where an etl works: the store it reads, the staged one it writes, and the engine that does both."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq

from overscripted.engines import ROW_GROUP, SMALL_ROW_GROUP, Engine
from overscripted.etl.raw_segments import Segment
from overscripted.etl.transforms import attempts, conform, origins, pages, uses
from overscripted.schemas import RAW, TABLES
from overscripted.store import Store

# How each table's rows are ordered within its files: like values together, for small files and so
# that readers can skip what they do not ask for.
ORDER = {
    "calls": ["location", "crawl_id", "visit_id", "ordinal"],
    "invalid_calls": ["crawl_id", "visit_id", "ordinal"],
    # Analyses ask for the scripts of few hosts: these are together, at 3 % more bytes than by document.
    "script_refs": ["script_host", "script_url", "location", "crawl_id", "visit_id"],
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
    "messages": ["crawl_id", "visit_id", "time_stamp", "frame_id"],
    "scripts": ["sha256"],
    "instruments": ["crawl_id", "symbol", "source"],
}


def row_group(table: str) -> int:
    """Rows a row group of a table. Analyses look for few scripts and documents among all."""
    return SMALL_ROW_GROUP if table in ("script_refs", "documents") else ROW_GROUP


class Workspace:
    """Raw segments in, tables out. ``store`` is read, ``staged`` is written."""

    def __init__(self, store: Store, staged: Store, engine: Engine) -> None:
        self.store, self.staged, self.engine = store, staged, engine

    def raw(self, table: str, segments: Sequence[Segment]) -> ir.Table:
        """Segments as one table of today's schema, whatever versions wrote them."""
        shapes: dict[str, list[str]] = {}
        for segment in segments:
            shapes.setdefault(segment.shape, []).append(segment.source)
        parts = [conform.conform(self.engine.read(self.store, keys), RAW[table]) for keys in shapes.values()]
        if not parts:
            return self.engine.table(RAW[table].empty())
        return ibis.union(*parts) if len(parts) > 1 else parts[0]

    def origins(self, rows: ir.Table, *columns: str) -> ir.Table:
        """Host and domain of every origin in URL columns, as a small table."""
        distinct = self.engine.to_arrow(origins.keys(rows, *columns))
        return self.engine.table(origins.dimension(distinct))

    def write(self, expr: ir.Table, table: str, name: str = "part") -> list[str]:
        """Rows of one of the tables, in its schema and order; keys of the files."""
        typed = conform.conform(expr, TABLES[table])
        return self.engine.write(typed, self.staged, f"tables/{table}", name, ORDER[table], row_group(table))

    def write_and_read(self, expr: ir.Table, table: str) -> ir.Table:
        """Write rows of one of the tables and read the files again, so that nothing is computed twice."""
        return self.engine.read(self.staged, self.write(expr, table))

    def write_empty(self, table: str, name: str = "part") -> list[str]:
        """One of the tables without rows, at once."""
        key = f"tables/{table}/{name}-0.parquet"
        self.staged.write_table(key, TABLES[table].empty())
        return [key]

    def rows(self, keys: Sequence[str]) -> int:
        """Rows of what was written, from the files' footers."""
        total = 0
        for key in keys:
            with self.staged.fs.open(self.staged.path(key), "rb") as file:
                total += pq.ParquetFile(file).metadata.num_rows
        return total

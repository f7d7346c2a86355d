"""Where an etl works: the store that it reads, the staged store that it writes, and the engine for both."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq

from overscripted import layout
from overscripted.conform import conform
from overscripted.engines import ROW_GROUP, SMALL_ROW_GROUP, Engine
from overscripted.etl.raw_segments import Segment
from overscripted.etl.transforms import attempts, origins, pages, symbol_arguments, uses
from overscripted.group_names import DIMENSIONS
from overscripted.record_kinds import RECORD_KINDS
from overscripted.schemas import RAW, TABLES
from overscripted.store import Store

# The order of each table's rows within its files. Equal values together make files small and let readers
# skip row groups.
ORDER = {
    "calls": ["location", "crawl_id", "visit_id", "ordinal"],
    "invalid_calls": ["crawl_id", "visit_id", "ordinal"],
    # Analyses read the scripts of few hosts. This order puts them together, and makes files 3 % larger than
    # the order by document.
    "script_refs": ["script_host", "script_url", "location", "crawl_id", "visit_id"],
    "symbol_counts": uses.KEY,
    "symbol_arguments": ["symbol", "script_url", *symbol_arguments.KEY],
    "pages": pages.KEY,
    "documents": ["location", *DIMENSIONS],
    "script_urls": ["script_url", *DIMENSIONS],
    "hosts": ["host"],
    "visits": attempts.VISIT,
    "requests": ["crawl_id", "visit_id", "time_stamp", "request_id", "hop", "url"],
    "frames": ["crawl_id", "visit_id", "frame_id", "time_stamp", "url"],
    **{kind.table.name: [*kind.order] for kind in RECORD_KINDS},
    "script_edges": [
        "crawl_id",
        "visit_id",
        "first_time",
        "frame_id",
        "script_url",
        "script_loc_eval",
        "how",
    ],
    "scripts": ["sha256"],
    "contents": ["sha256"],
    "instruments": ["crawl_id", "symbol", "source"],
    "variants": ["crawl_id", "variant"],
}


def row_group(table: str) -> int:
    """Rows per row group of a table: small where analyses look for few rows among all."""
    return SMALL_ROW_GROUP if table in ("script_refs", "documents") else ROW_GROUP


class Workspace:
    """Raw segments in, tables out. ``store`` is read, ``staged`` is written."""

    def __init__(self, store: Store, staged: Store, engine: Engine) -> None:
        self.store, self.staged, self.engine = store, staged, engine

    def raw(self, table: str, segments: Sequence[Segment]) -> ir.Table:
        """Segments as one table in today's schema, whatever version wrote them."""
        shapes: dict[str, list[str]] = {}
        for segment in segments:
            shapes.setdefault(segment.shape, []).append(segment.source)
        parts = [conform(self.engine.read(self.store, keys), RAW[table]) for keys in shapes.values()]
        if not parts:
            return self.engine.table(RAW[table].empty())
        return ibis.union(*parts) if len(parts) > 1 else parts[0]

    def origins(self, rows: ir.Table, *columns: str) -> ir.Table:
        """The small table of host and domain of every origin in these URL columns."""
        distinct = self.engine.to_arrow(origins.keys(rows, *columns))
        return self.engine.table(origins.dimension(distinct))

    def write(self, expr: ir.Table, table: str, name: str = "part") -> list[str]:
        """Write rows of one of the tables, in its schema and order; the keys of the files."""
        typed = conform(expr, TABLES[table])
        return self.engine.write(
            typed, self.staged, layout.table(table), name, ORDER[table], row_group(table)
        )

    def write_and_read(self, expr: ir.Table, table: str) -> ir.Table:
        """Write rows of one of the tables and read the files again, so that nothing is computed twice."""
        return self.engine.read(self.staged, self.write(expr, table))

    def write_empty(self, table: str, name: str = "part") -> list[str]:
        """Write one of the tables without rows; the key of the file."""
        key = f"{layout.table(table)}/{name}-0.parquet"
        self.staged.write_table(key, TABLES[table].empty())
        return [key]

    def rows(self, keys: Sequence[str]) -> int:
        """Rows of written files, from their footers."""
        total = 0
        for key in keys:
            with self.staged.fs.open(self.staged.path(key), "rb") as file:
                total += pq.ParquetFile(file).metadata.num_rows
        return total

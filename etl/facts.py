"""What an etl tells about its result, for ``run.json`` and `overscripted status`."""

from collections import Counter
from typing import Any

from overscripted import layout
from overscripted.etl.manifest import Manifest
from overscripted.etl.raw_data import RawData
from overscripted.etl.workspace import Workspace
from overscripted.record_kinds import RECORD_KINDS
from overscripted.schemas import TABLES


def facts_of(workspace: Workspace, raw: RawData, last: Manifest, manifest: Manifest) -> dict[str, Any]:
    """Rows of each table, raw calls that belong to no acknowledged attempt, and what was wrong.

    ``last`` is the manifest of the etl before, ``manifest`` that of this one.
    """
    rows = {
        table: workspace.rows(workspace.staged.files(layout.table(table), ".parquet")) for table in TABLES
    }
    done = manifest.segments
    raw_calls = sum(segment.rows for segment in raw.segments("calls") if segment.key in done)
    facts: dict[str, Any] = {"raw_calls": raw_calls, **{table: n for table, n in rows.items() if n}}
    n_calls = rows["calls"] + rows["invalid_calls"]
    if raw_calls != n_calls:
        facts["calls_of_unacknowledged_attempts"] = raw_calls - n_calls
    if rows["invalid_calls"] > rows["calls"]:
        facts["mostly_invalid"] = _broken_rules(workspace, n_calls)
    if sizes := _sizes(workspace, rows):
        facts["bytes_of_contents"] = sizes
    if raw.changed_values:
        facts["values_not_utf8"] = raw.changed_values
    reused = {batch.name for batch in manifest.batches} & {batch.name for batch in last.batches}
    if reused:
        facts["batches_reused"] = len(reused)
    return facts


def _sizes(workspace: Workspace, rows: dict[str, int]) -> dict[str, int]:
    """Bytes of what the tables with rows name in ``contents``, and of ``contents``, where it is kept once."""
    tables = [kind.table.name for kind in RECORD_KINDS if kind.has_content] + ["contents"]
    found = {}
    for table in tables:
        if rows[table]:
            size = workspace.engine.read(workspace.staged, layout.table(table))["size"]
            size = size.cast("float64").sum()  # what a page calls a size may exceed a sum of integers
            found[table] = int(workspace.engine.to_arrow(size.as_table())[0][0].as_py() or 0)
    return found


def _broken_rules(workspace: Workspace, n_calls: int) -> str:
    """Which rules the invalid calls broke, the most frequent first."""
    invalid = workspace.engine.read(workspace.staged, layout.table("invalid_calls"))
    counts = invalid.group_by("errors").agg(n=invalid.count())
    rows = workspace.engine.to_arrow(counts).to_pylist()
    broken: Counter[str] = Counter()
    for row in rows:
        broken.update(dict.fromkeys(row["errors"].split(","), row["n"]))
    by_count = sorted(broken.items(), key=lambda item: (-item[1], item[0]))
    rules = ", ".join(f"{rule} ({n:,})" for rule, n in by_count)
    return f"{sum(row['n'] for row in rows):,} of {n_calls:,} calls; rules broken: {rules}"

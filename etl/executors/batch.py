"""A batch: some segments of raw calls become files of each table that follows from calls alone.

Batches do not depend on each other. They can be made in any process, in any order, and more than once.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from overscripted import layout
from overscripted.etl.manifest import Batch
from overscripted.etl.raw_segments import Segment
from overscripted.etl.transforms import attempts, calls, invalid_calls, repair, symbol_arguments, uses
from overscripted.etl.workspace import Workspace


def make_batch(
    workspace: Workspace,
    name: str,
    segments: Sequence[Segment],
    acknowledged: Sequence[str],
    suffix: str = "",
) -> Batch:
    """Make one batch of ``segments``; its ``files`` name what was written.

    ``acknowledged`` are the staged files that name the attempts that count. ``suffix`` becomes part of
    every file's name: a caller that may make a batch twice gives each try its own.
    """
    batch, file_name = Batch(name, [segment.key for segment in segments]), name + suffix
    raw, engine, staged = workspace.raw("calls", segments), workspace.engine, workspace.staged
    seen = _seen_attempts(raw, engine.read(staged, acknowledged), name)
    batch.files["attempts"] = engine.write(seen, staged, layout.ETL_ATTEMPTS, file_name)
    # Only this batch's attempts: they are few beside those of the whole run.
    batch_attempts = engine.read(staged, batch.files["attempts"])
    counted = batch_attempts.filter(batch_attempts.counted)
    repaired = repair.repair(attempts.kept(raw, counted.select(attempts.ATTEMPT)))
    origins = workspace.origins(calls.with_url_columns(repaired), *calls.URLS.values())
    batch.files["calls"] = workspace.write(calls.calls(repaired, origins), "calls", file_name)
    n_rows = sum(engine.to_arrow(counted.select("n_rows"))["n_rows"].to_pylist())
    if workspace.rows(batch.files["calls"]) == n_rows:  # the usual case: the rows are not read a second time
        batch.files["invalid_calls"] = workspace.write_empty("invalid_calls", file_name)
    else:
        invalid = invalid_calls.invalid_calls(repaired)
        batch.files["invalid_calls"] = workspace.write(invalid, "invalid_calls", file_name)
    valid = engine.read(staged, batch.files["calls"])
    arguments = symbol_arguments.of_calls(valid)
    batch.files["symbol_arguments"] = workspace.write(arguments, "symbol_arguments", file_name)
    rolled_up = ibis.union(
        uses.of_calls(valid),
        uses.of_invalid_calls(engine.read(staged, batch.files["invalid_calls"])),
    )
    batch.files["uses"] = engine.write(rolled_up, staged, layout.ETL_USES, file_name, uses.KEY)
    return batch


def _seen_attempts(raw: ir.Table, acknowledged: ir.Table, name: str) -> ir.Table:
    """The attempts that the batch's rows belong to: how many rows each has, and whether it counts."""
    seen = attempts.seen(raw).left_join(acknowledged.mutate(counted=ibis.literal(True)), attempts.ATTEMPT)
    return seen.select(
        *attempts.ATTEMPT, "n_rows", counted=seen.counted.fill_null(False), batch=ibis.literal(name)
    )

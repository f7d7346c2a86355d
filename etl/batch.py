"""A batch: some segments of raw calls become files of each table that comes from calls alone.

Batches know nothing of each other, so that they can be made anywhere, at any time, and more than once.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from overscripted.etl.intake import Segment
from overscripted.etl.manifest import Batch
from overscripted.etl.transforms import attempts, calls, invalid_calls, repair, uses
from overscripted.etl.workspace import Workspace


def make_batch(
    at: Workspace, name: str, segments: Sequence[Segment], acknowledged: Sequence[str], mark: str = ""
) -> Batch:
    """Make one batch of ``segments``; what was written is in its ``files``.

    ``acknowledged`` are the staged files of all attempts that count. ``mark`` becomes part of every file's
    name: whoever may make a batch twice gives each attempt its own.
    """
    batch, stem = Batch(name, [s.key for s in segments]), name + mark
    raw, engine, staged = at.raw("calls", segments), at.engine, at.staged
    seen = _seen(raw, engine.read(staged, acknowledged), name)
    batch.files["attempts"] = engine.write(seen, staged, "etl/attempts", stem)
    # The few attempts of this batch: those of the whole run are not gone through again.
    noted = engine.read(staged, batch.files["attempts"])
    counted = noted.filter(noted.counted)
    rows = attempts.kept(raw, counted.select(attempts.ATTEMPT))
    mended = repair.repair(rows)
    dim = at.origins(calls.placed(mended), *calls.URLS.values())
    batch.files["calls"] = at.write(calls.calls(mended, dim), "calls", stem)
    n_rows = sum(engine.to_arrow(counted.select("n_rows"))["n_rows"].to_pylist())
    if at.rows(batch.files["calls"]) == n_rows:  # as nearly always of our crawls: no need to read all again
        batch.files["invalid_calls"] = at.write_empty("invalid_calls", stem)
    else:
        invalid = invalid_calls.invalid_calls(mended)
        batch.files["invalid_calls"] = at.write(invalid, "invalid_calls", stem)
    rolled = ibis.union(
        uses.of_calls(engine.read(staged, batch.files["calls"])),
        uses.of_invalid_calls(engine.read(staged, batch.files["invalid_calls"])),
    )
    batch.files["uses"] = engine.write(rolled, staged, "etl/uses", stem, uses.KEY)
    return batch


def _seen(raw: ir.Table, acknowledged: ir.Table, name: str) -> ir.Table:
    """The attempts that the batch's rows belong to, how many rows each has, and whether it counts."""
    seen = attempts.seen(raw).left_join(acknowledged.mutate(counted=ibis.literal(True)), attempts.ATTEMPT)
    return seen.select(
        *attempts.ATTEMPT, "n_rows", counted=seen.counted.fill_null(False), batch=ibis.literal(name)
    )

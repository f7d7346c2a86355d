"""Which batches of the last etl stand, so that an etl works on new calls only."""

import os
import shutil
from collections.abc import Iterable, Mapping

import ibis
import ibis.expr.types as ir

from overscripted.etl import settings
from overscripted.etl.manifest import Batch, Manifest
from overscripted.etl.raw_segments import Segment
from overscripted.etl.transforms import attempts
from overscripted.etl.workspace import Workspace
from overscripted.store import Store


def reusable(
    last: Manifest, segments: Iterable[Segment], counted: ir.Table, workspace: Workspace
) -> list[Batch]:
    """Batches of the last etl that stand: their segments are there, and the same attempts count.

    ``segments`` are those of calls that are usable now; ``counted`` are the attempts that count now.
    Batches that new segments outgrow are left out.
    """
    if not last.batches:
        return []
    remaining = {segment.key: segment for segment in segments}
    stale = _stale(last, counted, workspace)
    kept = {
        batch.name: batch
        for batch in last.batches
        if batch.segments and batch.name not in stale and remaining.keys() >= set(batch.segments)
    }
    groups = {name: [remaining.pop(key) for key in batch.segments] for name, batch in kept.items()}
    redone = outgrown(groups, remaining.values())
    return [batch for name, batch in kept.items() if name not in redone]


def _stale(last: Manifest, counted: ir.Table, workspace: Workspace) -> set[str]:
    """Names of batches with an attempt that counts now and did not count then, or the reverse."""
    engine = workspace.engine
    files = [key for batch in last.batches for key in batch.files["attempts"]]
    then = engine.read(workspace.store, files)
    both = then.left_join(counted.mutate(now=ibis.literal(True)), attempts.ATTEMPT)
    changed = both.filter(both.counted != both.now.fill_null(False)).select("batch").distinct()
    return set(engine.to_arrow(changed)["batch"].to_pylist())


def outgrown(old: Mapping[str, list[Segment]], new: Iterable[Segment]) -> set[str]:
    """Names of old batches to make again together with new segments.

    These are small batches with no more rows than everything that is made again. Many small etls so leave
    few files, and a call is made again only where its batch at least doubles.
    """
    most_rows, most_bytes = settings.SMALL_BATCH
    rows = {
        name: sum(segment.rows for segment in group)
        for name, group in old.items()
        if sum(segment.size for segment in group) < most_bytes
    }
    redone_rows = sum(segment.rows for segment in new)
    names = set()
    for name in sorted(rows, key=lambda name: rows[name]):
        if rows[name] >= most_rows or rows[name] > redone_rows:
            break
        names.add(name)
        redone_rows += rows[name]
    return names


def link(store: Store, staged: Store, keys: list[str]) -> None:
    """Put the same files in both stores: hard links on disk, server-side copies in an object store."""
    if not store.local:
        store.fs.copy([store.path(key) for key in keys], [staged.path(key) for key in keys])  # in parallel
        return
    for key in keys:
        target = staged.path(key)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            os.link(store.path(key), target)
        except OSError:  # a file system without hard links
            shutil.copyfile(store.path(key), target)

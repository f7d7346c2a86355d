"""What a Spark worker's Python does with one batch: DuckDB makes it, as it would in the etl's own process."""

import os
import uuid
from dataclasses import asdict, dataclass
from typing import Any

from etl.batch import make_batch
from etl.intake import Segment
from etl.workspace import Workspace
from overscripted.engines import DUCKDB_MEMORY_PERCENT, open_engine
from overscripted.errors import InputError
from overscripted.store import Store


@dataclass(frozen=True)
class Terms:
    """What all tasks of an etl share, in types that pickle needs no code of ours for.

    ``at_once`` is how many tasks share the memory of a machine; 0 for as many as it has cores.
    """

    store: str
    staged: str
    options: dict[str, Any]
    environment: dict[str, str]
    acknowledged: list[str]
    threads: int
    at_once: int


def make(terms: dict[str, Any], name: str, segments: list[tuple[str, int, int, str]]) -> dict[str, Any]:
    """Make a batch; the manifest's entry, as a dictionary. Raises UserError."""
    asked = Terms(**terms)
    os.environ.update(asked.environment)
    store, staged = (Store(url, **asked.options) for url in (asked.store, asked.staged))
    if store.local and not store.exists():
        raise InputError(f"{store.url}: not there on Spark's workers; use a folder that all share, or s3://")
    with open_engine("duckdb", conf=_limits(asked)) as engine:
        at = Workspace(store, staged, engine)
        group = [Segment(*segment) for segment in segments]
        # Spark may run a task again, or twice at a time: no attempt writes what another one does.
        batch = make_batch(at, name, group, asked.acknowledged, mark=f"-{uuid.uuid4().hex[:8]}")
    return asdict(batch)


def _limits(asked: Terms) -> dict[str, str]:
    """DuckDB's share of the machine that it finds itself on."""
    megabytes = os.environ.get("PYSPARK_EXECUTOR_MEMORY_MB")  # a task's part of spark.executor.pyspark.memory
    if megabytes:
        memory = f"{int(megabytes) * DUCKDB_MEMORY_PERCENT // 100}MiB"
    else:
        memory = f"{DUCKDB_MEMORY_PERCENT / (asked.at_once or os.cpu_count() or 1):.2f}%"
    limits = {"threads": str(asked.threads), "memory_limit": memory}
    folders = os.environ.get("SPARK_LOCAL_DIRS")  # Spark deletes what a killed task leaves there
    if folders:
        limits["temp_directory"] = os.path.join(folders.split(",")[0], f"duckdb-{uuid.uuid4().hex}")
    return limits

"""Which executor makes the batches of an etl."""

from collections.abc import Sequence

from overscripted.engines import Engine
from overscripted.etl.executors.executor import Executor
from overscripted.etl.executors.in_process import InProcessExecutor
from overscripted.etl.executors.processes import ProcessExecutor, worthwhile
from overscripted.etl.executors.spark import SparkExecutor
from overscripted.etl.raw_segments import Segment
from overscripted.etl.workspace import Workspace
from overscripted.progress import Work


def choose_executor(
    engine: Engine,
    workspace: Workspace,
    segments: Sequence[Segment],
    acknowledged: Sequence[str],
    work: Work,
) -> Executor:
    """The executor for batches of these segments.

    Spark's workers make them where ``engine`` has a Spark session. Else DuckDB makes them: in several
    processes where that is worth their start, or in this one.
    """
    if engine.session is not None:
        return SparkExecutor(engine, workspace, acknowledged, work)
    processes = worthwhile(workspace, segments)
    if processes > 1:
        return ProcessExecutor(workspace, acknowledged, work, processes)
    return InProcessExecutor(workspace, acknowledged, work)

"""Batches in this process, one after the other."""

from collections.abc import Iterator, Sequence

from overscripted.etl import settings
from overscripted.etl.executors.batch import make_batch
from overscripted.etl.executors.executor import BatchPlan, Executor
from overscripted.etl.executors.grouping import Limits
from overscripted.etl.manifest import Batch
from overscripted.etl.workspace import Workspace
from overscripted.progress import Work


class InProcessExecutor(Executor):
    """Makes batches with the workspace's own engine."""

    def __init__(self, workspace: Workspace, acknowledged: Sequence[str], work: Work) -> None:
        super().__init__(workspace, acknowledged, work, Limits(settings.BATCH_ROWS, settings.BATCH_BYTES))

    def run(self, plans: Sequence[BatchPlan]) -> Iterator[Batch]:
        for plan in plans:
            yield make_batch(self.workspace, plan.name, plan.segments, self.acknowledged)
            self.work.add(plan.rows)

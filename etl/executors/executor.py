"""The interface of everything that makes batches."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from overscripted.etl.executors.grouping import Limits, group
from overscripted.etl.manifest import Batch
from overscripted.etl.raw_segments import Segment
from overscripted.etl.workspace import Workspace
from overscripted.progress import Work


@dataclass(frozen=True)
class BatchPlan:
    """A batch to be made: its name and its segments."""

    name: str
    segments: list[Segment]

    @property
    def rows(self) -> int:
        """Raw calls in its segments."""
        return sum(segment.rows for segment in self.segments)


class Executor(ABC):
    """Makes batches, as many at the same time as it has ``slots``, each within its ``limits``.

    ``acknowledged`` are the staged files that name the attempts that count. ``work`` counts the raw calls
    of finished batches.
    """

    def __init__(
        self, workspace: Workspace, acknowledged: Sequence[str], work: Work, limits: Limits, slots: int = 1
    ) -> None:
        self.workspace, self.acknowledged, self.work = workspace, list(acknowledged), work
        self.limits, self.slots = limits, slots

    def group(self, segments: list[Segment]) -> list[list[Segment]]:
        """Segments in the groups that this executor makes batches of."""
        return group(segments, self.limits, self.slots)

    @abstractmethod
    def run(self, plans: Sequence[BatchPlan]) -> Iterable[Batch]:
        """Make every batch; the batches in the order of their plans.

        Raises what `make_batch` does; SoftwareMissing or OutsideError where another process cannot work.
        """

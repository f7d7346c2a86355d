"""What the content processes of each visit used: CPU time and memory, from looks at all processes."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from overscripted.crawl import settings
from overscripted.crawl.firefox.parent_process import Process


@dataclass
class _Used:
    """What one process used. Times are UTC, CPU in seconds, memory in bytes."""

    kind: str
    site: str
    first_seen: datetime
    last_seen: datetime
    cpu_s: float = 0.0
    peak_memory: int = 0
    workers: dict[int, float] = field(default_factory=dict)  # CPU of each thread, also of ended ones
    base: tuple[datetime, float] | None = None  # the first look after the load: its time, CPU until then

    def add(self, process: Process, now: datetime, loaded: bool) -> None:
        """Add a look at the process. ``loaded``: the visit's page has loaded."""
        self.last_seen = now
        self.cpu_s = max(self.cpu_s, process.cpu_s)
        self.peak_memory = max(self.peak_memory, process.memory)
        for thread, cpu_s in process.workers.items():
            self.workers[thread] = max(self.workers.get(thread, 0.0), cpu_s)
        if loaded and not self.base:
            self.base = now, self.cpu_s

    def row(self, pid: int) -> dict[str, Any]:
        """The row of `record_kinds.visit_processes`."""
        began, cpu_before = self.base or (self.last_seen, self.cpu_s)
        return {
            "pid": pid,
            "process_kind": self.kind,
            "site": self.site,
            "cpu_s": self.cpu_s,
            "worker_cpu_s": sum(self.workers.values()),
            "dwell_cpu_s": self.cpu_s - cpu_before,
            "dwell_s": (self.last_seen - began).total_seconds(),
            "peak_memory": self.peak_memory,
            "first_seen": self.first_seen,
            "last_seen": self.last_seen,
        }


@dataclass
class _Visit:
    processes: dict[int, _Used] = field(default_factory=dict)  # by process id
    cut: set[int] = field(default_factory=set)  # ids of processes over the limit
    peak_memory: int = 0
    loaded: bool = False


@dataclass(frozen=True)
class Total:
    """All processes of a visit together: seconds of CPU, bytes of memory at one look."""

    cpu_s: float
    worker_cpu_s: float
    peak_memory: int


class ProcessUsage:
    """What the processes of the visits in progress used. Visits are named by their containers."""

    def __init__(self) -> None:
        self._visits: dict[str, _Visit] = {}

    def begin(self, container_id: str) -> None:
        """A visit begins."""
        self._visits[container_id] = _Visit()

    def note_load(self, container_id: str) -> None:
        """The page of a visit has loaded."""
        if visit := self._visits.get(container_id):
            visit.loaded = True

    def look(self, processes: list[Process]) -> None:
        """Add a look at all content processes."""
        now, memory = datetime.now(UTC), Counter[str]()
        for process in processes:
            memory[process.container_id] += process.memory
            self._add(process, now)
        for container_id, size in memory.items():
            if visit := self._visits.get(container_id):
                visit.peak_memory = max(visit.peak_memory, size)

    def handle_end(self, process: Process) -> None:
        """A process is about to end in order: the CPU time that it used since the last look."""
        self._add(process, datetime.now(UTC))

    def end(self, container_id: str) -> tuple[list[dict[str, Any]], int, Total]:
        """A visit is over: rows of `record_kinds.visit_processes`, how many were cut, and their total."""
        visit = self._visits.pop(container_id, _Visit())
        rows = [used.row(pid) for pid, used in visit.processes.items()]
        total = Total(
            sum(row["cpu_s"] for row in rows), sum(row["worker_cpu_s"] for row in rows), visit.peak_memory
        )
        return rows, len(visit.cut), total

    def _add(self, process: Process, now: datetime) -> None:
        visit = self._visits.get(process.container_id)
        if visit is None:
            return
        used = visit.processes.get(process.pid)
        if used is None:
            if len(visit.processes) >= settings.MAX_VISIT_PROCESSES:
                visit.cut.add(process.pid)
                return
            used = visit.processes[process.pid] = _Used(process.kind, process.site, now, now)
        used.add(process, now, visit.loaded)

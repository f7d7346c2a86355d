"""The processes of the vantage points: started together, watched, and stopped together."""

import contextlib
import multiprocessing
import os
import signal
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from overscripted.errors import OutsideError
from overscripted.precrawl import journal, plan, vantage_lock, worker
from overscripted.precrawl.counters import AT_END, ProcessCounters
from overscripted.precrawl.domain_locks import DomainLocks
from overscripted.precrawl.journal import Journal
from overscripted.precrawl.settings import Settings
from overscripted.precrawl.tasks import SiteVisit, Task, crashed
from overscripted.precrawl.under_way import UnderWay
from overscripted.precrawl.vantage import Vantage
from overscripted.progress import Work
from overscripted.store import Store

_POLL_S = 0.2
_HUNG = 3  # times the time limit of the parser, without a sign of life
_MAX_DEATHS = 20  # of one vantage point's processes; beyond this number no single page is the cause


@dataclass
class Crew:
    """One vantage point at work, and where its progress is kept."""

    vantage: Vantage
    parts: str  # key in the store
    folder: Path  # local, for journals
    done: plan.Done


def visit(
    store: Store,
    plan_file: Path,
    vantages: list[tuple[Vantage, str]],
    settings: Settings,
    task: type[Task] = SiteVisit,
) -> dict[str, float]:
    """Do the task for every row of the plan from each (vantage point, key of its parts), side by side.

    The caller holds `vantage_lock.locked` for each. Resumes from the parts and journals. Returns the
    seconds that each vantage point worked. Raises KeyboardInterrupt after a clean stop, OutsideError
    where a proxy stays away.
    """
    rows = int(pq.ParquetFile(plan_file).metadata.num_rows)
    with contextlib.ExitStack() as stack:
        crews = [_crew(store, vantage, parts, rows, task.table) for vantage, parts in vantages]
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="overscripted-")))
        progress = stack.enter_context(Work(task.command, rows * len(crews), task.unit))
        progress.add(sum(crew.done.count for crew in crews))
        shards = settings.processes or max((os.cpu_count() or 1) // max(len(crews), 1), 1)
        fleet = Fleet(store, plan_file, crews, settings, task, shards, work)
        return fleet.run(progress)


class Fleet:
    """``shards`` processes per vantage point. ``work``: a local folder."""

    def __init__(
        self,
        store: Store,
        plan_file: Path,
        crews: list[Crew],
        settings: Settings,
        task: type[Task],
        shards: int,
        work: Path,
    ) -> None:
        self._store, self._crews, self._task = store, crews, task
        self._context = multiprocessing.get_context("spawn")
        self._jobs: list[tuple[Crew, worker.Job]] = []
        for number, crew in enumerate(crews):
            domain_locks = work / f"{crew.vantage.name}.domains"
            DomainLocks.create(domain_locks)
            for shard in range(shards):
                job = worker.Job(
                    url=store.url,
                    options=store.options,
                    vantage=crew.vantage,
                    settings=settings,
                    plan=str(plan_file),
                    done=bytes(crew.done.bits),
                    shard=shard,
                    shards=shards,
                    row=len(self._jobs),
                    beside=tuple(r for r in range(len(crews) * shards) if r // shards != number),
                    task=task,
                    journals=str(crew.folder),
                    lock=str(vantage_lock.processes_lock(vantage_lock.lock_file(store, crew.parts))),
                    parts=crew.parts,
                    domain_locks=str(domain_locks),
                    threads=max(settings.connections // shards, 1),
                )
                self._jobs.append((crew, job))
        self._counters: Any = self._context.RawArray(ProcessCounters, len(self._jobs))
        self._stop = self._context.RawValue("b", 0)
        self._deaths: dict[str, int] = {}
        self._shown = (0, 0)  # done and failed, as the progress line has them
        self._pulses: dict[int, tuple[int, float]] = {}  # row -> its pulse, and when it last changed

    def run(self, progress: Work) -> dict[str, float]:
        """Work until all is done."""
        began = time.monotonic()
        seconds = {crew.vantage.name: 0.0 for crew in self._crews}
        running = {row: self._start(job) for row, (_, job) in enumerate(self._jobs)}
        away: list[str] = []
        refuses: list[str] = []
        try:
            while running:
                time.sleep(_POLL_S)
                self._show(progress)
                for row, process in list(running.items()):
                    if process.is_alive():
                        self._end_if_hung(row, process)
                        continue
                    crew, job = self._jobs[row]
                    del running[row]
                    seconds[crew.vantage.name] = time.monotonic() - began
                    if process.exitcode == worker.PROXY_AWAY:
                        away.append(crew.vantage.name)
                    elif process.exitcode == worker.PROXY_REFUSES:
                        refuses.append(crew.vantage.name)
                    elif process.exitcode == worker.STUCK and not self._stop.value:
                        running[row] = self._resume(crew, replace(job, suspects=()))
                    elif process.exitcode != 0 and not self._stop.value:
                        running[row] = self._resume_after_death(crew, job)
                    else:
                        self._counters[row].position = AT_END
        except BaseException:
            self._halt(running)
            self._show(progress)
            raise
        self._show(progress)
        if refuses:
            raise OutsideError(
                f"the proxy of vantage point {', '.join(sorted(set(refuses)))} does not take the user name "
                "and password of its URL, or has no trusted certificate; fix the URL or add --ca FILE"
            )
        if away:
            raise OutsideError(
                f"the proxy of vantage point {', '.join(sorted(set(away)))} went away; "
                "start it and run the same command again to resume"
            )
        return seconds

    def _start(self, job: worker.Job) -> Any:
        # With glibc, each of a hundred threads that parse pages would have a fragmented heap of its own.
        os.environ.setdefault("MALLOC_ARENA_MAX", "2")
        # Any thread may write a part. Arrow's own allocators keep a heap for each thread that did.
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
        process = self._context.Process(target=worker.main, args=(job, self._counters, self._stop))
        self._counters[job.row].pulse = 0
        self._pulses.pop(job.row, None)
        # Ctrl-C reaches all processes of the group. A process must not see it before it runs `main`.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        return process

    def _halt(self, running: dict[int, Any]) -> None:
        """Stop all processes. Each keeps the outcomes that it has."""
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._stop.value = 1
            for process in running.values():
                process.join(30)
                if process.is_alive():
                    process.kill()
                    process.join()
        finally:
            signal.signal(signal.SIGINT, previous)

    def _end_if_hung(self, row: int, process: Any) -> None:
        """Kill a process in which one thread lets no other run, so that it cannot end itself."""
        now, pulse = time.monotonic(), self._counters[row].pulse
        before, since = self._pulses.get(row, (0, now))
        if pulse == 0 or pulse != before:
            self._pulses[row] = pulse, now
        elif now - since > _HUNG * self._jobs[row][1].settings.parse_s:
            process.kill()
            process.join()

    def _resume_after_death(self, crew: Crew, job: worker.Job) -> Any:
        """A process died (memory, a crash of the parser). Its suspects go one at a time to find the page."""
        name = crew.vantage.name
        self._deaths[name] = self._deaths.get(name, 0) + 1
        if self._deaths[name] > _MAX_DEATHS:
            raise OutsideError(
                f"vantage point {name}: its processes died {_MAX_DEATHS} times, which no single page causes; "
                "find what ends them (memory, a limit, the temporary folder) and run the same command again"
            )
        suspects = UnderWay.read(UnderWay.path(crew.folder, job.shard))
        if job.suspects and len(suspects) == 1:
            self._record_crash(crew, job, suspects[0])
            suspects = [n for n in job.suspects if n not in suspects]
        return self._resume(crew, replace(job, suspects=tuple(suspects)))

    def _resume(self, crew: Crew, job: worker.Job) -> Any:
        """Start a process where its predecessor ended."""
        DomainLocks.free(Path(job.domain_locks), job.shard)
        journal.recover(crew.folder, self._store, crew.parts, self._task.table, job.shard)
        count_done(self._store, crew.parts, crew.done)
        bits = bytes(crew.done.bits)
        suspects = tuple(n for n in job.suspects if not bits[n >> 3] >> (n & 7) & 1)
        job = replace(job, done=bits, suspects=suspects)
        self._jobs[job.row] = (crew, job)
        return self._start(job)

    def _record_crash(self, crew: Crew, job: worker.Job, number: int) -> None:
        site = next(plan.pick(job.plan, {number}))
        with contextlib.closing(
            Journal(crew.folder, self._store, crew.parts, self._task.table, job.shard)
        ) as log:
            log.append(number, crashed(self._task(site)), [])

    def _show(self, progress: Work) -> None:
        done, failed = (sum(getattr(c, name) for c in self._counters) for name in ("done", "failed"))
        progress.add(done - self._shown[0], failed - self._shown[1])
        self._shown = done, failed


def _crew(store: Store, vantage: Vantage, parts: str, rows: int, table: str) -> Crew:
    folder = vantage_lock.journals(store, parts)
    folder.mkdir(parents=True, exist_ok=True)
    journal.recover(folder, store, parts, table)
    for stale in folder.glob("*.under-way"):
        stale.unlink()
    done = plan.Done(rows)
    count_done(store, parts, done)
    return Crew(vantage, parts, folder, done)


def count_done(store: Store, parts: str, done: plan.Done) -> None:
    """Mark the rows that have an outcome in the parts."""
    for key in store.files(parts, ".outcomes.parquet"):
        for n in store.read_table(key, ["n"]).column("n").to_pylist():
            done.add(n)

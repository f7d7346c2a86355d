"""The processes of the vantage points: started together, watched, and stopped together."""

import contextlib
import fcntl
import hashlib
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow.parquet as pq

from overscripted import cache
from overscripted.errors import InputError, OutsideError
from overscripted.precrawl import journal, plan, worker
from overscripted.precrawl.gate import Gate
from overscripted.precrawl.journal import Journal
from overscripted.precrawl.schedule import AT_END, COUNTS
from overscripted.precrawl.settings import Settings
from overscripted.precrawl.vantage import Vantage
from overscripted.progress import Work
from overscripted.store import STAGING, Store

_POLL_S = 0.2
_ORPHANS_S = 10.0  # processes of a killed parent are gone within this
_HUNG = 3  # times the limit of the parser without a sign of life
_MAX_DEATHS = 20  # of one vantage point's processes, beyond which it is no single page's doing


@dataclass
class Line:
    """One vantage point at work: where its progress is kept."""

    vantage: Vantage
    parts: str  # key in the store
    folder: Path  # local, for journals
    done: plan.Done


def visit(
    store: Store,
    plan_file: Path,
    vantages: list[tuple[Vantage, str]],
    settings: Settings,
    check: bool = False,
) -> dict[str, float]:
    """Visit every site of the plan from each (vantage point, key of its parts), side by side.

    The caller holds `alone` for each. Resumes what the parts and journals hold. Returns the seconds
    each vantage point worked. Raises KeyboardInterrupt after a clean stop, OutsideError where a proxy
    stays away.
    """
    rows = int(pq.ParquetFile(plan_file).metadata.num_rows)
    table = "check" if check else "outcomes"
    with contextlib.ExitStack() as stack:
        lines = [_line(store, v, parts, rows, table) for v, parts in vantages]
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="overscripted-")))
        total = rows * len(lines)
        name = "check" if check else "precrawl"
        progress = stack.enter_context(Work(name, total, "URLs" if check else "sites"))
        progress.add(sum(line.done.count for line in lines))
        shards = settings.processes or max((os.cpu_count() or 1) // max(len(lines), 1), 1)
        fleet = Fleet(store, plan_file, lines, settings, check, shards, work)
        return fleet.run(progress)


class Fleet:
    """``shards`` processes for each vantage point."""

    def __init__(
        self,
        store: Store,
        plan_file: Path,
        lines: list[Line],
        settings: Settings,
        check: bool,
        shards: int,
        work: Path,
    ) -> None:
        self._store, self._lines, self._table = store, lines, "check" if check else "outcomes"
        self._context = multiprocessing.get_context("spawn")
        self._jobs: list[tuple[Line, worker.Job]] = []
        for number, line in enumerate(lines):
            gate = work / f"{line.vantage.name}.gate"
            Gate.create(gate)
            for shard in range(shards):
                job = worker.Job(
                    url=store.url,
                    options=store.options,
                    vantage=line.vantage,
                    settings=settings,
                    plan=str(plan_file),
                    done=bytes(line.done.bits),
                    shard=shard,
                    shards=shards,
                    row=len(self._jobs),
                    beside=tuple(r for r in range(len(lines) * shards) if r // shards != number),
                    check=check,
                    journals=str(line.folder),
                    lock=str(processes(lock_file(store, line.parts))),
                    parts=line.parts,
                    gate=str(gate),
                    threads=max(settings.connections // shards, 1),
                )
                self._jobs.append((line, job))
        self._counts = self._context.RawArray("q", COUNTS * len(self._jobs))
        self._stop = self._context.RawValue("b", 0)
        self._deaths: dict[str, int] = {}
        self._shown = (0, 0)
        self._pulses: dict[int, tuple[int, float]] = {}  # row -> its pulse, when it last changed

    def run(self, progress: Work) -> dict[str, float]:
        """Until all is done."""
        began = time.monotonic()
        seconds = {line.vantage.name: 0.0 for line in self._lines}
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
                    line, job = self._jobs[row]
                    del running[row]
                    seconds[line.vantage.name] = time.monotonic() - began
                    if process.exitcode == worker.PROXY_AWAY:
                        away.append(line.vantage.name)
                    elif process.exitcode == worker.PROXY_REFUSES:
                        refuses.append(line.vantage.name)
                    elif process.exitcode == worker.STUCK and not self._stop.value:
                        running[row] = self._on(line, replace(job, alone=()))
                    elif process.exitcode != 0 and not self._stop.value:
                        running[row] = self._again(line, job)
                    else:
                        self._counts[row * COUNTS] = AT_END
        except BaseException:
            self._halt(running)
            self._show(progress)
            raise
        self._show(progress)
        if refuses:
            raise OutsideError(
                f"the proxy of vantage point {', '.join(sorted(set(refuses)))} does not take the user name "
                "and password of its URL, or has no trusted certificate; mend the URL or add --ca FILE"
            )
        if away:
            raise OutsideError(
                f"the proxy of vantage point {', '.join(sorted(set(away)))} went away; "
                "start it and run the same command again to resume"
            )
        return seconds

    def _start(self, job: worker.Job) -> Any:
        # A hundred threads that parse pages of all sizes would each fragment a heap of their own (glibc).
        os.environ.setdefault("MALLOC_ARENA_MAX", "2")
        # Any of them may write a part; Arrow's own allocators keep a heap for each thread that did.
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
        process = self._context.Process(target=worker.main, args=(job, self._counts, self._stop))
        self._counts[job.row * COUNTS + 3] = 0
        self._pulses.pop(job.row, None)
        # Ctrl-C reaches the whole group of processes; what is not yet Python's `main` must not see it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        return process

    def _halt(self, running: dict[int, Any]) -> None:
        """Stop all: each keeps what it has found."""
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
        now, pulse = time.monotonic(), self._counts[row * COUNTS + 3]
        before, since = self._pulses.get(row, (0, now))
        if pulse == 0 or pulse != before:
            self._pulses[row] = pulse, now
        elif now - since > _HUNG * self._jobs[row][1].settings.parse_s:
            process.kill()
            process.join()

    def _again(self, line: Line, job: worker.Job) -> Any:
        """A process died (memory, a crash of the parser). Find the page by visiting the suspects alone."""
        name = line.vantage.name
        self._deaths[name] = self._deaths.get(name, 0) + 1
        if self._deaths[name] > _MAX_DEATHS:
            raise OutsideError(
                f"vantage point {name}: its processes died {_MAX_DEATHS} times, which no page does; look for "
                "what ends them (memory, a limit, the temporary folder) and run the same command again"
            )
        suspects = worker.UnderWay.read(line.folder / f"{job.shard}.under-way")
        if job.alone and len(suspects) == 1:
            self._record_crash(line, job, suspects[0])
            suspects = [n for n in job.alone if n not in suspects]
        return self._on(line, replace(job, alone=tuple(suspects)))

    def _on(self, line: Line, job: worker.Job) -> Any:
        """Start a process where its predecessor ended."""
        Gate.free(Path(job.gate), job.shard)
        journal.recover(line.folder, self._store, line.parts, self._table, job.shard)
        count_done(self._store, line.parts, line.done)
        bits = bytes(line.done.bits)
        suspects = tuple(n for n in job.alone if not bits[n >> 3] >> (n & 7) & 1)
        job = replace(job, done=bits, alone=suspects)
        self._jobs[job.row] = (line, job)
        return self._start(job)

    def _record_crash(self, line: Line, job: worker.Job, number: int) -> None:
        site = next(plan.pick(job.plan, {number}))
        kept = Journal(line.folder, self._store, line.parts, self._table, job.shard)
        kept.append(number, worker.crashed(site, job.check), [])
        kept.close()

    def _show(self, progress: Work) -> None:
        now = sum(self._counts[1::COUNTS]), sum(self._counts[2::COUNTS])
        progress.add(now[0] - self._shown[0], now[1] - self._shown[1])
        self._shown = now


def _line(store: Store, vantage: Vantage, parts: str, rows: int, table: str) -> Line:
    folder = journals(store, parts)
    folder.mkdir(parents=True, exist_ok=True)
    journal.recover(folder, store, parts, table)
    for left in folder.glob("*.under-way"):
        left.unlink()
    done = plan.Done(rows)
    count_done(store, parts, done)
    return Line(vantage, parts, folder, done)


@contextlib.contextmanager
def alone(store: Store, vantage: Vantage, parts: str) -> Iterator[None]:
    """No other command on this machine works at these parts as long as the block lasts.

    Waits for the processes of a parent that was killed; they are ending.
    """
    name = lock_file(store, parts)
    name.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(_locked(name, 0.0))
            shared = stack.enter_context(_locked(processes(name), _ORPHANS_S))
        except BlockingIOError as error:
            raise InputError(
                f"--vantage {vantage.name}: another process is at work on it in this run; "
                "wait for it or stop it"
            ) from error
        fcntl.flock(shared, fcntl.LOCK_UN)
        yield
    if store.local:
        with contextlib.suppress(OSError):  # something is being replaced
            name.parent.rmdir()


@contextlib.contextmanager
def _locked(path: Path, patience_s: float) -> Iterator[BinaryIO]:
    """A lock's file, gone at the end. Raises BlockingIOError where another holds it for so long."""
    limit = time.monotonic() + patience_s
    while True:
        file = open(path, "wb")  # noqa: SIM115
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(path, file):
                break
        except BlockingIOError:
            if time.monotonic() >= limit:
                file.close()
                raise
            time.sleep(_POLL_S)
        file.close()
    with file:
        try:
            yield file
        finally:
            path.unlink(missing_ok=True)


def _is_still(path: Path, file: BinaryIO) -> bool:
    """Whether the path leads to the open file, which who held it before may have deleted."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def lock_file(store: Store, parts: str) -> Path:
    """In the run, or, where the run is remote, beside the journals: the same for all on this machine."""
    folder = journals(store, parts)
    if not store.local:
        return folder.with_name(f"{folder.name}.lock")
    return Path(store.path(f"{STAGING}/{parts.replace('/', '-')}.lock"))


def processes(lock: Path) -> Path:
    """The lock that the processes of a vantage point share."""
    return lock.with_name(f"{lock.name}.processes")


def journals(store: Store, parts: str) -> Path:
    """Where journals live: in the run, or, where the run is remote, in the user's state folder."""
    if store.local:
        return Path(store.path(parts))
    return cache.state() / hashlib.sha256(f"{store.url}/{parts}".encode()).hexdigest()[:16]


def count_done(store: Store, parts: str, done: plan.Done) -> None:
    """Mark what the parts hold."""
    for key in store.files(parts, ".outcomes.parquet"):
        for n in store.read_table(key, ["n"]).column("n").to_pylist():
            done.add(n)

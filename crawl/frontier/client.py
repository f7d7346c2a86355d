"""One worker's access to the frontier: repeated while the database is away, with a heartbeat."""

import asyncio
import contextlib
import logging
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from overscripted import layout
from overscripted.crawl import limits, processes, settings
from overscripted.crawl.frontier import progress
from overscripted.crawl.frontier.queue import Frontier, Lease
from overscripted.crawl.limits import Limit, LimitClock
from overscripted.crawl.records.writer import Writer
from overscripted.crawl.settings import Options
from overscripted.errors import OutsideError
from overscripted.outcomes import Outcome
from overscripted.store import Store

log = logging.getLogger("overscripted.crawl")

T = TypeVar("T")
Facts = dict[str, Any]


class FrontierClient:
    """The frontier as one worker uses it. Calls run one after the other in a thread of their own.

    While the database is away, a call is repeated for as long as a write to the store would be. Then it
    raises OutsideError, as it does at once where the worker abandons what is out of reach.
    """

    def __init__(
        self,
        frontier: Frontier,
        worker: str,
        options: Options,
        store: Store,
        writer: Writer,
        limit_clock: LimitClock,
    ) -> None:
        self.unreachable = ""  # why the database does not answer; empty while it does
        self._frontier, self._worker, self._options = frontier, worker, options
        self._store, self._writer, self._limit_clock = store, writer, limit_clock
        self._thread = ThreadPoolExecutor(1, "frontier")

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False)

    # -- seeds ------------------------------------------------------------------------------

    async def lease(self, n: int, together: bool = False) -> list[Lease]:
        """Up to ``n`` seeds for this worker; ``together``: each in all its variants."""
        options = self._options
        arguments = (self._worker, n, options.per_domain, options.pace_s, together)
        return await self._ask(self._frontier.lease, *arguments)

    async def lease_in_order(self, variant: str) -> tuple[Lease | None, list[tuple[int, int]]]:
        """The seed whose turn it is, and the visits before it, see `Frontier.lease_in_order`."""
        options = self._options
        arguments = (self._worker, variant, options.per_domain, options.pace_s)
        return await self._ask(self._frontier.lease_in_order, *arguments)

    async def end(self, lease: Lease, outcome: Outcome, calls: int) -> bool:
        """The seed has ended, its records are durable. False where another worker has the seed now."""
        return await self._ask(self._frontier.end, self._worker, lease, outcome, calls)

    async def retry(self, lease: Lease, delay_s: float = 0.0) -> bool:
        """The seed waits for another attempt, for at least ``delay_s``. False as for `end`."""
        return await self._ask(self._frontier.retry, self._worker, lease, delay_s)

    async def give_up(self, lease: Lease) -> None:
        """As `retry`, but in vain where the database is away: the lease then runs out with the worker's."""
        with contextlib.suppress(OutsideError):
            await self._call(self._frontier.retry, self._worker, lease, 0.0)

    async def waits(self) -> bool:
        """Whether any seed waits."""
        return await self._ask(self._frontier.report.waits)

    async def left(self) -> bool:
        """Whether any seed waits or is leased."""
        return await self._ask(self._frontier.report.left)

    async def obstacle(self) -> Limit:
        """Why no more seeds can be leased now."""
        return await self._ask(self._frontier.report.obstacle, self._options.per_domain)

    # -- this worker ------------------------------------------------------------------------

    async def join(self, facts: Facts) -> None:
        """Take part. Seeds of killed workers of this machine become free at once."""
        host = platform.node()
        pids = await self._ask(self._frontier.workers.pids, host)
        running = [pid for pid in pids if pid != os.getpid() and processes.runs(pid)]
        await self._ask(self._frontier.workers.mark_dead, host, running)
        await self._ask(self._beat, facts)

    async def keep_alive(self, facts: Callable[[], Facts]) -> None:
        """Send a heartbeat every so often, for ever. The worker that leads publishes the crawl's status."""
        published = 0.0
        while True:
            await asyncio.sleep(settings.BEAT_S)
            await self._ask(self._beat, facts())
            if time.monotonic() - published >= settings.STATUS_S:
                published = time.monotonic()
                if await self._ask(self._frontier.workers.leads, self._worker):
                    await self._publish(await self._ask(progress.of, self._frontier))

    async def leave(self, facts: Facts) -> None:
        """Take part no more. A database that is away is not waited for."""
        with contextlib.suppress(OutsideError):
            await self._call(self._beat, facts)
            await self._call(self._frontier.leave, self._worker)
            await self._publish(await self._call(progress.of, self._frontier))

    def _beat(self, facts: Facts) -> None:
        self._frontier.workers.beat(self._worker, platform.node(), os.getpid(), facts)
        self._frontier.reap()

    async def _publish(self, status: Facts) -> None:
        """Write the state of the whole crawl, for `overscripted status`. A failure is not worth a retry."""
        try:
            await asyncio.to_thread(self._store.write_json, layout.CRAWL_STATUS, status)
        except Exception as error:  # whatever a file system or S3 library raises
            log.warning("store: cannot write %s: %s", layout.CRAWL_STATUS, error)

    # -- calls ------------------------------------------------------------------------------

    async def _call(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    async def _ask(self, function: Callable[..., T], *arguments: Any) -> T:
        began = time.monotonic()
        pauses = list(settings.STORE_RETRY_S)
        while True:
            try:
                answer = await self._call(function, *arguments)
                self.unreachable = ""
                return answer
            except OutsideError as error:
                if time.monotonic() - began > settings.STORE_GIVE_UP_S or self._writer.abandoned:
                    raise
                log.warning("%s; trying again", error)
                self.unreachable = str(error)
                self._limit_clock.reach(limits.frontier(self.unreachable))
                await self._writer.pause(pauses.pop(0) if len(pauses) > 1 else pauses[0])

"""A crawl worker whose visits OpenWPM makes. All else is as in a worker with our own engine."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

from overscripted.crawl.frontier.queue import Frontier, Lease
from overscripted.crawl.openwpm import leftovers
from overscripted.crawl.openwpm.engine import Claim, Engine
from overscripted.crawl.openwpm.prepared import Prepared
from overscripted.crawl.settings import Options
from overscripted.crawl.variants.variant import Variant
from overscripted.crawl.worker import Made, Worker
from overscripted.progress import Work
from overscripted.store import Store

_LOOK_S = 0.1  # between two looks whether a browser is free


class OpenWpmWorker(Worker):
    """A worker that leases a seed for each free browser of OpenWPM."""

    def __init__(
        self, store: Store, frontier: Frontier, options: Options, prepared: Prepared, work: Work
    ) -> None:
        windows = replace(options, windows=prepared.browsers)
        super().__init__(store, frontier, windows, prepared.settings, work)
        self._engine = Engine(prepared, self.writer, self._prefs)

    async def run(self) -> None:
        """As `Worker.run`; OpenWPM is ended at the end."""
        await asyncio.to_thread(leftovers.clean)
        try:
            await super().run()
        finally:
            await self._engine.stop()

    @property
    def _free(self) -> int:
        return self._engine.free

    async def _wait(self, free: int) -> None:
        await super()._wait(free)
        if free <= 0 and not self._visits:  # browsers start anew after their visits
            await asyncio.sleep(_LOOK_S)

    async def _start(self, lease: Lease, variant: Variant | None) -> "asyncio.Task[None]":
        claim = self._engine.claim()
        task = asyncio.create_task(self._visit_with_openwpm(lease, claim))
        task.add_done_callback(lambda _: claim.end())
        return task

    async def _visit_with_openwpm(self, lease: Lease, claim: Claim) -> None:
        made: list[Made] = []
        if await self._add_visit(made, lease, partial(self._engine.visit, lease, claim=claim)):
            self._finish(lease, made)
        else:
            await self._frontier.retry(lease)

    def facts(self) -> dict[str, Any]:
        """As `Worker.facts`, with the memory of OpenWPM's processes."""
        return super().facts() | {"firefox_bytes": self._engine.memory}

"""Makes visits with OpenWPM: starts it when it is needed, and anew after it has ended."""

import asyncio
import json
import logging
import shutil
from collections.abc import Callable
from datetime import UTC, datetime

from overscripted.crawl import addressing
from overscripted.crawl.firefox.profile import Pref
from overscripted.crawl.frontier.queue import Lease
from overscripted.crawl.openwpm import conversion, leftovers, outcome, page, settings
from overscripted.crawl.openwpm.conversion import SpooledBodies
from overscripted.crawl.openwpm.prepared import Prepared
from overscripted.crawl.openwpm.process import Gone, OpenWpm
from overscripted.crawl.openwpm.remote import overscripted_wire as wire
from overscripted.crawl.records.rows import Records
from overscripted.crawl.records.writer import Writer
from overscripted.crawl.visit import Result
from overscripted.errors import OutsideError
from overscripted.outcomes import Outcome
from overscripted.urls import host

log = logging.getLogger("overscripted.crawl.openwpm")


class Engine:
    """OpenWPM for one worker. `stop` it at the end."""

    def __init__(self, prepared: Prepared, writer: Writer, prefs: Callable[[], dict[str, Pref]]) -> None:
        """``prefs`` is called at each start: the port of our own proxy is known once the proxy listens."""
        self._prepared, self._writer, self._prefs = prepared, writer, prefs
        self._folder = leftovers.make()
        self._bodies = SpooledBodies(self._folder)
        self._current: OpenWpm | None = None
        self._starting = asyncio.Lock()
        self._failed = 0  # starts in a row
        self._claimed = 0  # visits that have begun and have no browser yet

    @property
    def free(self) -> int:
        """Visits that may begin now. Before it has started, as many as it will have browsers."""
        running = self._current is not None and not self._current.gone.done()
        free = self._current.free if self._current and running else self._prepared.browsers
        return max(free - self._claimed, 0)

    @property
    def memory(self) -> int:
        """Bytes of memory of OpenWPM's processes."""
        return self._current.memory if self._current else 0

    def claim(self) -> "Claim":
        """Room for a visit that begins; `free` counts it until the visit has a browser or ends."""
        return Claim(self)

    async def visit(self, lease: Lease, records: Records, claim: "Claim") -> Result:
        """Visit a seed; its records go to the writer and their counts to ``records``.

        Raises OutsideError where OpenWPM does not start, CancelledError.
        """
        result = Result()
        try:
            url = addressing.parse(lease.url)
        except addressing.Unusable as error:
            result.outcome, result.error = Outcome.INVALID, str(error)
            return result
        try:
            openwpm = await self._running()
            browser = await openwpm.take()
            claim.end()
            result.started = datetime.now(UTC)
            rows = await openwpm.visit(browser, lease, url, self._prepared.visit_s)
        except Gone as error:
            result.outcome, result.error = Outcome.FAILED, f"OpenWPM: {error}"
            return result
        except TimeoutError:
            openwpm.lose(f"a visit did not end within {self._prepared.visit_s:g} s")
            result.outcome, result.error = Outcome.FAILED, "OpenWPM did not end the visit"
            return result
        finally:
            result.ended = datetime.now(UTC)
        seen = page.read(rows)
        visit = await conversion.write(rows, records, self._writer, self._bodies)
        result.outcome, result.error, result.challenge = outcome.judge(visit, seen)
        result.final_url, result.user_agent = seen.final_url, seen.user_agent
        records.status, records.final_url, records.title = seen.status, seen.final_url, None
        records.host = host(seen.last_asked or url)
        return result

    async def stop(self) -> None:
        """End OpenWPM and remove what it left."""
        if self._current:
            await self._current.stop(polite=self._prepared.archives)
        await asyncio.to_thread(leftovers.end, self._folder)

    async def _running(self) -> OpenWpm:
        """The OpenWPM that runs, started where none does. Raises Gone, OutsideError."""
        async with self._starting:
            if self._current and not self._current.gone.done():
                return self._current
            if self._current:
                log.warning("OpenWPM: %s; it is started again", self._current.gone.result())
                await self._current.stop()
            self._current = None
            await asyncio.to_thread(self._write_orders)
            prepared = self._prepared
            arguments = prepared.python, self._folder, prepared.firefox, prepared.checkout
            try:
                self._current = await OpenWpm.start(*arguments)
            except Gone as error:
                self._failed += 1
                if self._failed >= settings.STARTS:
                    raise OutsideError(f"OpenWPM does not start: {error}") from error
                raise
            self._failed = 0
            return self._current

    def _write_orders(self) -> None:
        for name in ("tmp", wire.CONTENTS):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        (self._folder / "tmp").mkdir()
        orders = self._prepared.orders(self._prefs())
        (self._folder / wire.ORDERS).write_text(json.dumps(orders), "utf-8")


class Claim:
    """A visit that has no browser yet."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._open = engine, True
        engine._claimed += 1

    def end(self) -> None:
        """It has one, or needs none any more."""
        if self._open:
            self._engine._claimed -= 1
            self._open = False

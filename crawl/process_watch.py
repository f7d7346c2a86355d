"""Watches the processes of one Firefox: ends those that use too much, finds out why others died."""

import asyncio
import logging
from collections.abc import Callable

from overscripted.crawl import processes, settings
from overscripted.crawl.firefox import deaths
from overscripted.crawl.firefox.bidi import BidiError
from overscripted.crawl.firefox.deaths import Deaths
from overscripted.crawl.firefox.drawing import Drawing
from overscripted.crawl.firefox.parent_process import Parent, Process
from overscripted.crawl.process_usage import ProcessUsage
from overscripted.crawl.visit_tab import VisitTabs
from overscripted.outcomes import Outcome

log = logging.getLogger("overscripted.crawl.browser")


class ProcessWatch:
    """Looks at the processes of one Firefox every `settings.WATCH_S`, while `run` runs."""

    def __init__(self, firefox_pid: int, tabs: VisitTabs) -> None:
        self.memory = 0  # bytes of all processes at the last look
        self.too_large = False  # Firefox has grown so large that it should take no more visits
        self.failures = 0  # looks that Firefox did not answer
        self.deaths = Deaths()
        self.drawing = Drawing(firefox_pid)
        self.usage = ProcessUsage()
        self.content_processes: dict[int, Process] = {}  # at the last look, by their process ids
        self._firefox_pid, self._tabs = firefox_pid, tabs

    async def run(self, parent: Parent, visits: Callable[[], int]) -> None:
        """Look for ever. ``visits`` returns the number of visits so far: garbage is collected by it."""
        tidied = 0
        while True:
            await asyncio.sleep(settings.WATCH_S)
            self.drawing.look()
            try:
                if visits() - tidied >= settings.TIDY_VISITS:
                    tidied = visits()
                    await parent.tidy()
                await self.look(parent)
            except (BidiError, TimeoutError):
                self.failures += 1

    async def look(self, parent: Parent) -> None:
        """Look once. Raises BidiError, TimeoutError."""
        parent_memory, memory, content_processes = await parent.processes()
        self.usage.look(content_processes)
        self._judge(parent_memory, memory, content_processes)

    def handle_birth(self, pid: int) -> None:
        """A content process began: if memory runs out, the kernel is to kill it before Firefox itself."""
        deaths.prefer_over_parent(pid, self._firefox_pid)

    def handle_death(self, container_id: str, pid: int) -> None:
        """The process of a visit's page died."""
        process = self.content_processes.get(pid)
        memory = process.memory if process else 0
        for tab in self._tabs.of(container_id):
            if not tab.about_to_end:
                tab.death_report = asyncio.create_task(self.deaths.why(pid, memory))
            tab.handle_death()

    def _judge(self, parent_memory: int, memory: int, content_processes: list[Process]) -> None:
        """End content processes that use too much. Note a Firefox that has grown large, or end it."""
        self.memory = memory
        self.content_processes = {process.pid: process for process in content_processes}
        self.deaths.look()
        if memory > settings.BROWSER_BYTES:
            self.too_large = True
        if parent_memory > settings.PARENT_BYTES:
            self.deaths.ended_for = f"its parent process had used {parent_memory >> 20:,} MB of memory"
            log.warning("Firefox is ended: %s", self.deaths.ended_for)
            processes.kill(self._firefox_pid)
        for process in content_processes:
            if process.memory > settings.PROCESS_BYTES:
                self._end(process, Outcome.CRASHED, f"{process.memory >> 20} MB of memory")
            elif process.cpu_s > settings.PROCESS_CPU_S:
                self._end(process, Outcome.HUNG, f"{process.cpu_s:.0f} s of CPU")
            elif process.cpu_s > settings.YIELD_CPU_S:
                for tab in self._tabs.of(process.container_id):
                    tab.cpu_throttled = True
                processes.throttle(process.pid)

    def _end(self, process: Process, outcome: Outcome, used: str) -> None:
        log.warning("a page's process has used %s: ended", used)
        for tab in self._tabs.of(process.container_id):
            tab.about_to_end = outcome, f"a process of the page had used {used}"
        processes.kill(process.pid)

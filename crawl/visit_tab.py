"""The tab of a visit, and all tabs of one Firefox: what Firefox reports goes to the tab that it concerns."""

import asyncio
from collections.abc import Iterator
from typing import Any

from overscripted.crawl.firefox.bidi import Bidi
from overscripted.crawl.instrument.protocol import Message
from overscripted.crawl.records.rows import Records
from overscripted.outcomes import Outcome

Ending = tuple[Outcome, str]  # outcome and error of a visit


class VisitTab:
    """A visit's tab: what Firefox reports of its top document."""

    def __init__(self, bidi: Bidi, context: str, user_context: str, own_container: bool = True) -> None:
        """``own_container``: the container holds this tab alone, and ends with it."""
        self.bidi, self.context, self.user_context = bidi, context, user_context
        self.own_container = own_container
        self.container_id = ""  # as cookie stores are named; known once bound
        self.browser_id = 0  # Firefox's number of the tab; known once bound
        self.arrived = asyncio.Event()  # the page has loaded, or a download came instead of it
        self.closed = asyncio.Event()  # by the page, or because its process died
        self.download = False
        self.navigations = 0  # started in this tab, without that to its own blank page
        self.cpu_throttled = False  # a process of it used so much CPU that all others go first
        self.death: Ending | None = None  # once the process of its page died
        self.death_report: asyncio.Task[str] | None = None  # will say why it died
        self.about_to_end: Ending | None = None  # of a page whose process we are about to kill

    def handle_event(self, event: str, params: dict[str, Any]) -> None:
        """Handle one event of this tab."""
        if event == "load" and self.navigations:  # the load of a new tab's blank page may be reported late
            self.arrived.set()
        elif event == "navigationStarted" and (self.navigations or params.get("url") != "about:blank"):
            self.navigations += 1

    def handle_download(self) -> None:
        """A file came instead of the page."""
        self.download = True
        self.arrived.set()

    def handle_death(self) -> None:
        """The process of the page died."""
        self.death = self.about_to_end or (Outcome.CRASHED, "the page's process died")
        self.closed.set()

    async def navigate(self, url: str, wait: str, within_s: float) -> str:
        """Go to a URL; returns the URL of the page that came.

        Raises BidiError with Firefox's reason, TimeoutError.
        """
        params = {"context": self.context, "url": url, "wait": wait}
        answer = await self.bidi.command("browsingContext.navigate", params, within_s)
        return str(answer.get("url", ""))


class VisitTabs:
    """The tabs of the visits in progress in one Firefox, and the records of each visit."""

    def __init__(self) -> None:
        self._tabs: dict[str, VisitTab] = {}  # by their browsing contexts
        self._records: dict[str, Records] = {}  # by their containers

    def __iter__(self) -> Iterator[VisitTab]:
        return iter(list(self._tabs.values()))

    def add(self, tab: VisitTab) -> None:
        """Report events to this tab from now on."""
        self._tabs[tab.context] = tab

    def remove(self, tab: VisitTab) -> None:
        """Report nothing more to this tab."""
        self._tabs.pop(tab.context, None)

    def bind(self, tab: VisitTab, container_id: str, records: Records) -> None:
        """Record messages of a container as records of this tab's visit."""
        tab.container_id = container_id
        self._records[container_id] = records

    def unbind(self, container_id: str) -> None:
        """Record nothing more of a container: its visit has ended."""
        self._records.pop(container_id, None)

    def of(self, container_id: str) -> list[VisitTab]:
        """The tabs of a container: one, or none where its visit has ended."""
        return [tab for tab in self._tabs.values() if container_id and tab.container_id == container_id]

    def records(self, container_id: str) -> Records | None:
        """The records of the visit that a container holds now; None where there is none."""
        return self._records.get(container_id)

    def handle_event(self, event: str, params: dict[str, Any]) -> None:
        """Handle an event of the protocol, such as ``browsingContext.load``."""
        if tab := self._tabs.get(str(params.get("context"))):
            tab.handle_event(event.partition(".")[2], params)

    def handle_download(self, container_id: str) -> None:
        """A file came instead of a visit's page."""
        for tab in self.of(container_id):
            tab.handle_download()

    def handle_close(self, browser_id: int) -> None:
        """A tab was closed."""
        for tab in self._tabs.values():
            if tab.browser_id == browser_id:
                tab.closed.set()

    def handle_message(self, message: Message, size: int) -> None:
        """Record a message of ``size`` bytes. Messages of containers without a visit are dropped."""
        if records := self._records.get(str(message.get("container_id"))):
            records.handle(message, size)

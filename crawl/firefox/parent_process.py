"""What Firefox's parent process knows of visits: their processes, what is loading, what died.

Runs JavaScript in the parent process. That needs remote control with system access, which Firefox grants to
the one session that started it. No page can reach or see this.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from overscripted.crawl.firefox.bidi import COMMAND_TIMEOUT_S, Bidi, BidiError
from overscripted.crawl.javascript import function
from overscripted.crawl.link import Link

_WATCH = function("watch", "js/parent_process/watch.js")
_PROCESSES = function("processInfo", "js/parent_process/process_info.js")
_IS_LOADING = function("isLoading", "js/parent_process/visit_tabs.js", "js/parent_process/is_loading.js")
_HAS_LOADED = function("hasLoaded", "js/parent_process/visit_tabs.js", "js/parent_process/is_loading.js")
_FOLLOW_LINK = function("followLink", "js/parent_process/visit_tabs.js", "js/parent_process/follow_link.js")
_COLLECT_GARBAGE = function("collectGarbage", "js/parent_process/collect_garbage.js")

Argument = dict[str, Any]  # of a function, as WebDriver BiDi writes it


@dataclass(frozen=True)
class Process:
    """A content process of a visit. ``memory`` in bytes, ``cpu_s`` since it began.

    ``kind`` is Firefox's, ``site`` that of its pages if it is of one site. ``workers`` has the CPU time of
    each thread of a worker, in seconds, by its number.
    """

    pid: int
    container_id: str
    memory: int
    cpu_s: float
    kind: str = ""
    site: str = ""
    workers: dict[int, float] = field(default_factory=dict)


class Parent:
    """The parent process of one Firefox. The session runs our functions in one of its own windows."""

    def __init__(self, bidi: Bidi, window: str) -> None:
        self._bidi, self._window = bidi, window
        self._listeners: dict[str, Callable[[str], None]] = {}

    @classmethod
    async def attach(
        cls,
        bidi: Bidi,
        crashed: Callable[[str, int], None],
        downloads: Callable[[str], None],
        closed: Callable[[int], None],
        born: Callable[[int], None] = lambda pid: None,
        ending: Callable[[Process], None] = lambda process: None,
    ) -> "Parent":
        """Attach, and report what happens to tabs and content processes.

        - ``crashed(container_id, pid)``: the process of a tab died. The pid is 0 where it never began.
        - ``downloads(container_id)``: a file came instead of the visit's page.
        - ``closed(browser_id)``: a tab was closed. The argument is Firefox's number of the tab.
        - ``born(pid)``: a content process began.
        - ``ending(process)``: a content process is about to end in order.
        """
        tree = await bidi.command("browsingContext.getTree", {"moz:scope": "chrome", "maxDepth": 0})
        parent = cls(bidi, str(tree["contexts"][0]["context"]))
        bidi.on("script.message", parent._receive)
        await bidi.subscribe("script.message")
        arguments = [
            parent.channel(partial(_died, crashed)),
            parent.channel(partial(_of_container, downloads)),
        ]
        # BiDi's own event for a closed tab has the names and addresses of all its frames, of any length.
        arguments += [parent.channel(partial(_of_number, callback)) for callback in (closed, born)]
        arguments.append(parent.channel(partial(_ending, ending)))
        await parent.call(_WATCH, *arguments)
        return parent

    def channel(self, listener: Callable[[str], None]) -> Argument:
        """An argument for `call`: a function by which the script sends texts to ``listener``."""
        name = secrets.token_hex(8)
        self._listeners[name] = listener
        return {"type": "channel", "value": {"channel": name}}

    async def call(
        self, function: str, *arguments: str | Argument, within_s: float = COMMAND_TIMEOUT_S
    ) -> Any:
        """What a JavaScript function returns or promises. Raises BidiError if it throws, TimeoutError."""
        request = {
            "functionDeclaration": function,
            "arguments": [{"type": "string", "value": a} if isinstance(a, str) else a for a in arguments],
            "awaitPromise": True,
            "target": {"context": self._window},
        }
        answer = await self._bidi.command("script.callFunction", request, within_s)
        if answer["type"] != "success":
            raise BidiError("javascript error", str(answer["exceptionDetails"]["text"]))
        return answer["result"].get("value")

    async def processes(self) -> tuple[int, int, list[Process]]:
        """Memory of the parent process and of all processes, in bytes; the content processes of visits."""
        info = json.loads(await self.call(_PROCESSES))
        found = [
            Process(
                pid,
                _container_id(number),
                memory,
                cpu / 1e9,
                kind,
                site,
                {thread: used / 1e9 for thread, used in threads},
            )
            for pid, number, memory, cpu, kind, site, threads in info["children"]
        ]
        of_all = info["memory"] + sum(process.memory for process in found)
        return info["memory"], of_all, [process for process in found if process.container_id]

    async def is_loading(self, container_id: str) -> bool:
        """Whether a page, pop-up or frame of a visit is loading."""
        return bool(await self.call(_IS_LOADING, container_id.rpartition("-")[2]))

    async def has_loaded(self, container_id: str) -> bool:
        """Whether the visit's tab shows a page and nothing of it is loading."""
        return bool(await self.call(_HAS_LOADED, container_id.rpartition("-")[2]))

    async def follow_link(self, container_id: str, link: Link, within_s: float) -> str:
        """Load a page in the visit's tab as if a person had clicked on this link; the address that came.

        Raises BidiError with Firefox's reason, TimeoutError.
        """
        number = container_id.rpartition("-")[2]
        arguments = (number, link.url, link.referrer, link.referrer_policy)
        return str(await self.call(_FOLLOW_LINK, *arguments, within_s=within_s))

    async def tidy(self) -> None:
        """Have the parent process begin to collect its garbage."""
        await self.call(_COLLECT_GARBAGE)

    def _receive(self, event: dict[str, Any]) -> None:
        if listener := self._listeners.get(str(event.get("channel"))):
            listener(str(event["data"].get("value")))


def _died(callback: Callable[[str, int], None], text: str) -> None:
    number, _, pid = text.partition(" ")
    callback(_container_id(number), int(pid))


def _ending(callback: Callable[[Process], None], text: str) -> None:
    pid, number, cpu_ms, kind, site = json.loads(text)
    callback(Process(pid, _container_id(number), 0, cpu_ms / 1000, kind, site))


def _of_number(callback: Callable[[int], None], number: str) -> None:
    callback(int(number))


def _of_container(callback: Callable[[str], None], number: str) -> None:
    callback(_container_id(number))


def _container_id(number: Any) -> str:
    """The id of a container from its number, as extensions name cookie stores."""
    return f"firefox-container-{number}" if number else ""

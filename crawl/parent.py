"""What Firefox's parent process knows: which process serves which visit, what it uses, and which died.

Runs a few lines of JavaScript in the parent (remote control with system access, which Firefox grants
to the one session that started it). No page can reach or see it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from crawl.bidi import Bidi

# World: Firefox's parent process (privileged). Trusts: nothing that pages wrote; only numbers leave.
_WATCH = """(said) => {
  const crashed = (frameLoader) => {
    const store = frameLoader.ownerElement?.getAttribute("usercontextid");
    if (store) said(store);
  };
  Services.obs.addObserver({ observe: crashed }, "oop-frameloader-crashed");
}"""

_PROCESSES = """ChromeUtils.requestProcInfo().then((info) => {
  const found = [];
  for (const child of info.children) {
    const store = /userContextId=(\\d+)/.exec(child.origin)?.[1];
    found.push([child.pid, store ? Number(store) : 0, child.memory, child.cpuTime]);
  }
  return JSON.stringify({ memory: info.memory, children: found });
})"""

_CHANNEL = "crashed"

# Closed windows stay in the parent's memory until someone collects them: 10 MB a visit, left alone.
_TIDY = (
    """Services.obs.notifyObservers(null, "memory-pressure", "heap-minimize"); Cu.forceGC(); Cu.forceCC();"""
)


@dataclass(frozen=True)
class Process:
    """A content process of a visit. ``memory`` in bytes, ``cpu_s`` since it began."""

    pid: int
    store: str
    memory: int
    cpu_s: float


class Parent:
    """The parent process of one Firefox, asked through its session."""

    def __init__(self, bidi: Bidi, context: str) -> None:
        self._bidi, self._context = bidi, context

    @classmethod
    async def attach(cls, bidi: Bidi, crashed: Callable[[str], None]) -> "Parent":
        """Attach; ``crashed`` is called with the cookie store of a tab whose process died."""
        parent = cls(bidi, await window(bidi))
        bidi.on("script.message", partial(_said, crashed))
        await bidi.subscribe("script.message")
        await bidi.command(
            "script.callFunction",
            {
                "functionDeclaration": _WATCH,
                "arguments": [{"type": "channel", "value": {"channel": _CHANNEL}}],
                "awaitPromise": False,
                "target": {"context": parent._context},
            },
        )
        return parent

    async def processes(self) -> tuple[int, list[Process]]:
        """Memory of all processes together, bytes; and the content processes that belong to visits."""
        asked = {"expression": _PROCESSES, "awaitPromise": True, "target": {"context": self._context}}
        answer = await self._bidi.command("script.evaluate", asked)
        info = json.loads(answer["result"]["value"])
        found = [
            Process(pid, _store(number), memory, cpu / 1e9) for pid, number, memory, cpu in info["children"]
        ]
        return info["memory"] + sum(p.memory for p in found), [p for p in found if p.store]

    async def tidy(self) -> None:
        """Have the parent process give back what closed windows left."""
        asked = {"expression": _TIDY, "awaitPromise": False, "target": {"context": self._context}}
        await self._bidi.command("script.evaluate", asked)


async def window(bidi: Bidi) -> str:
    """A window of the parent process, in which privileged JavaScript runs."""
    tree = await bidi.command("browsingContext.getTree", {"moz:scope": "chrome", "maxDepth": 0})
    return str(tree["contexts"][0]["context"])


def _said(crashed: Callable[[str], None], said: dict[str, Any]) -> None:
    if said.get("channel") == _CHANNEL:
        crashed(_store(said.get("data", {}).get("value")))


def _store(number: Any) -> str:
    """The cookie store of a user context's number, as extensions name it."""
    return f"firefox-container-{number}" if number else ""

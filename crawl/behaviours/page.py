"""The page of a visit as behaviours see it: what they may ask of it, and the record of what they did."""

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from overscripted.crawl import settings
from overscripted.crawl.firefox.bidi import BidiError
from overscripted.crawl.firefox.parent_process import Parent
from overscripted.crawl.javascript import function
from overscripted.crawl.records.rows import Records
from overscripted.crawl.visit_tab import VisitTab
from overscripted.record_kinds.actions import ACTIONS
from overscripted.text import clean

_FRAMES = function("framesOfVisit", "js/parent_process/visit_tabs.js", "js/parent_process/visit_frames.js")
# The answer is text of a largest size: a page decides what its values are.
_EVALUATE = """async (most, values) => {{
  const text = JSON.stringify(await ({function})(...JSON.parse(values))) ?? "null";
  return text.length > most ? null : text;
}}"""


@dataclass(frozen=True)
class PageFrame:
    """A frame of the page: its number in Firefox, that of its parent (empty: the top one), its address."""

    context: str
    parent: str
    url: str


class Page:
    """The page of one visit. Its methods raise BidiError, BidiClosed or TimeoutError where Firefox fails."""

    def __init__(self, tab: VisitTab, parent: Parent, records: Records) -> None:
        self.step = ""  # name of the step that is being done
        self.ends = time.monotonic()  # when that step must have ended
        self.random = random.Random(f"{records.visit['crawl_id']} {records.visit['visit_id']}")
        self.followers: list[str] = []  # addresses to visit next in the same container
        self._tab, self._parent, self._records = tab, parent, records
        self._sandbox = "behaviours"  # pages cannot see into it
        self._ordinal = 0

    @property
    def left_s(self) -> float:
        """Seconds that are left of the present step."""
        return max(self.ends - time.monotonic(), 0.0)

    async def frames(self) -> list[PageFrame]:
        """The frames of the page, the top one first. Of very many frames the first ones."""
        number = self._tab.container_id.rpartition("-")[2]
        limits = (str(settings.ACTION_FRAMES), str(settings.ACTION_TEXT))
        found = json.loads(await self._parent.call(_FRAMES, number, *limits))
        top = PageFrame(self._tab.context, "", found[0]["url"]) if found else None
        frames = [PageFrame(str(f["context"]), str(f["parent"]), f["url"]) for f in found[1:]]
        return [top, *frames] if top else []

    async def evaluate(self, declaration: str, *values: Any, frame: PageFrame | None = None) -> Any:
        """What a JavaScript function returns in a frame, the top one by default, of values that JSON can say.

        The function runs beside the page, which cannot see it: it shares the page's document, and none of its
        variables. Raises BidiError where it throws, or where the result is too long.
        """
        wrapped = _EVALUATE.format(function=declaration)
        params = {
            "functionDeclaration": wrapped,
            "arguments": [
                {"type": "number", "value": settings.ACTION_ANSWER},
                {"type": "string", "value": json.dumps(values)},
            ],
            "awaitPromise": True,
            "target": {"context": frame.context if frame else self._tab.context, "sandbox": self._sandbox},
        }
        answer = await self._tab.bidi.command("script.callFunction", params, max(self.left_s, 0.1))
        if answer["type"] != "success":
            raise BidiError("javascript error", clean(str(answer["exceptionDetails"].get("text")))[:500])
        if (text := answer["result"].get("value")) is None:
            raise BidiError("javascript error", "the result is too long")
        return json.loads(text)

    def follow(self, url: str) -> None:
        """Have this page visited next, in the same container, as a visit of its own.

        Only a behaviour with ``follows`` may ask for that. What exceeds `settings.MOST_FOLLOWERS` is dropped.
        """
        if len(self.followers) < settings.MOST_FOLLOWERS:
            self.followers.append(clean(url))

    def record(
        self,
        action: str,
        target: str = "",
        outcome: str = "done",
        detail: Mapping[str, Any] | None = None,
        began: float | None = None,
        frame: PageFrame | None = None,
    ) -> None:
        """Add a row to the table ``actions``. ``began`` is the value of `time.monotonic` at its start."""
        duration = time.monotonic() - began if began is not None else 0.0
        row = {
            "ordinal": self._ordinal,
            "step": self.step,
            "action": action,
            "target": clean(target)[: settings.ACTION_TEXT],
            "frame_url": clean(frame.url)[: settings.ACTION_TEXT] if frame else "",
            "started": datetime.fromtimestamp(time.time() - duration, UTC),
            "duration_s": duration,
            "outcome": outcome,
            "detail": clean(json.dumps(detail or {}))[: settings.ACTION_DETAIL],
        }
        self._ordinal += 1
        self._records.add(ACTIONS, row)

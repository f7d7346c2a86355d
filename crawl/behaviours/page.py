"""The page of a visit as behaviours see it: what they may do with it, and the record of what they did."""

import asyncio
import binascii
import json
import random
import struct
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

import ada_url

from overscripted import tokens
from overscripted.crawl import settings
from overscripted.crawl.behaviours.input import Input
from overscripted.crawl.firefox.bidi import BidiError
from overscripted.crawl.firefox.parent_process import Parent
from overscripted.crawl.javascript import function
from overscripted.crawl.link import Link
from overscripted.crawl.records.rows import Records
from overscripted.crawl.visit_tab import VisitTab
from overscripted.record_kinds.actions import ACTIONS
from overscripted.record_kinds.kind import RecordKind
from overscripted.record_kinds.screenshots import SCREENSHOTS
from overscripted.text import clean

_FRAMES = function("framesOfVisit", "js/parent_process/visit_tabs.js", "js/parent_process/visit_frames.js")
_FIND = function("findElement", "js/beside_page/find_element.js")
_BEGIN_SCROLL, _END_SCROLL = (
    function(name, "js/beside_page/scroll_page.js") for name in ("beginScroll", "endScroll")
)
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


@dataclass(frozen=True)
class Place:
    """A point of a frame's window in pixels, the top frame's by default, and the name of what is there."""

    x: int
    y: int
    name: str = ""
    frame: PageFrame | None = None


Target: TypeAlias = str | Place  # a CSS selector, or a place


@dataclass(frozen=True)
class Scrolled:
    """How far the page scrolled, in pixels, and whether it is at its end now."""

    moved: int
    at_end: bool


class Page:
    """The page of one visit. Its methods raise BidiError, BidiClosed or TimeoutError where Firefox fails.

    What they do is trusted input of the browser, at the pace of a person. Each makes a row of the table
    ``actions``. A selector is looked for in all frames, also in open shadow trees. Where nothing matches it,
    the row says ``nothing`` and the method returns False.
    """

    def __init__(self, tab: VisitTab, parent: Parent, records: Records) -> None:
        self.step = ""  # name of the step that is being done
        self.ends = time.monotonic()  # when that step must have ended
        self.random = random.Random(f"{records.visit['crawl_id']} {records.visit['visit_id']}")
        self.followers: list[Link] = []  # to visit next in the same container
        self.tokens = tokens.values(records.visit["crawl_id"], records.visit["visit_id"])
        self._tab, self._parent, self._records = tab, parent, records
        self._sandbox = "behaviours"  # pages cannot see into it
        self._ordinal = self._pictures = 0
        self.input = Input(tab.bidi, self.random, lambda: self.left_s)

    @property
    def context(self) -> str:
        """The top frame, as WebDriver BiDi names it."""
        return self._tab.context

    @property
    def crawl_id(self) -> int:
        """The number of the run."""
        return int(self._records.visit["crawl_id"])

    async def referrer_policy(self) -> str:
        """The referrer policy that came with the page's response; empty for Firefox's default.

        The record of a response comes a moment after the page's load.
        """
        while self._records.status is None and self.left_s > settings.ACTION_LOOK_S:  # noqa: ASYNC110
            await asyncio.sleep(settings.ACTION_LOOK_S)
        header = self._records.seen_page().headers.get("referrer-policy", "")
        return header.rpartition(",")[2].strip().lower()

    @property
    def left_s(self) -> float:
        """Seconds that are left of the present step."""
        return max(self.ends - time.monotonic(), 0.0)

    # -- what a person does ---------------------------------------------------------------------

    async def goto(self, url: str) -> str:
        """Go to another page of http or https in the same visit; returns the address of what came."""
        try:
            parsed = ada_url.URL(url)
        except ValueError:
            raise ValueError(f"{url[:200]}: not a URL") from None
        if parsed.protocol not in ("http:", "https:"):
            raise ValueError(f"{url[:200]}: not an http or https URL")
        began = time.monotonic()
        arrived = await self._tab.navigate(str(parsed.href), "complete", max(self.left_s, 0.1))
        self.record("goto", url, began=began)
        return arrived

    async def move(self, target: Target) -> bool:
        """Move the mouse to the middle of an element, or to a place."""
        return await self._at("move", target, self.input.move)

    async def click(self, target: Target) -> bool:
        """Click the middle of an element, or a place. What is on top there gets the click."""
        return await self._at("click", target, self.input.click)

    async def type(self, target: Target, text: str) -> bool:
        """Click an element, then type a text into it."""

        async def click_and_type(context: str, x: int, y: int) -> None:
            await self.input.click(context, x, y)
            await self.input.type(context, text)

        return await self._at("type", target, click_and_type, {"text": text})

    async def press(self, key: str, held: str = "") -> None:
        """Press a key in what has the focus, such as ``Tab``, or ``a`` with ``Control`` held."""
        began = time.monotonic()
        await self.input.press(self._tab.context, key, held)
        self.record("press", f"{held}+{key}" if held else key, began=began)

    async def scroll(self, pixels: int) -> Scrolled:
        """Scroll the page down by so many pixels, up by negative ones, as its wheel does."""
        began = time.monotonic()
        before, width, height = map(int, await self.evaluate(_BEGIN_SCROLL))
        await self.input.wheel(self._tab.context, width // 2, height // 2, pixels)
        moved, at_end = await self.evaluate(_END_SCROLL, before, pixels)
        self.record("scroll", "", "done" if moved else "nothing", {"pixels": moved, "end": at_end}, began)
        return Scrolled(int(moved), bool(at_end))

    # -- what a behaviour asks ------------------------------------------------------------------

    async def wait_for(self, selector: str, seconds: float = 10.0) -> bool:
        """Wait until an element is there and can be seen. False after so many seconds."""
        began = time.monotonic()
        ends = began + min(seconds, self.left_s)
        while not (place := await self._find(selector)) and time.monotonic() < ends:  # noqa: ASYNC110
            await asyncio.sleep(settings.ACTION_LOOK_S)
        self.record("wait_for", selector, "done" if place else "nothing", began=began)
        return place is not None

    async def screenshot(self, name: str = "") -> bool:
        """Add a picture of the window to the table ``screenshots``. False after the most of a visit."""
        began = time.monotonic()
        self._pictures += 1
        if self._pictures > settings.ACTION_PICTURES:
            self.record("screenshot", name, "cut", began=began)
            return False
        params = {"context": self._tab.context, "origin": "viewport"}
        answer = await self._tab.bidi.command(
            "browsingContext.captureScreenshot", params, max(self.left_s, 0.1)
        )
        content = binascii.a2b_base64(str(answer["data"]))
        width, height = struct.unpack(">II", content[16:24])  # the header of PNG
        row = {
            "frame_id": 0,
            "parent_frame_id": -1,
            "top_level_url": self._records.final_url,
            "url": self._records.final_url,
            "moment": clean(name)[: settings.ACTION_TEXT] or "behaviour",
            "kind": "viewport",
            "mime_type": "image/png",
            "width": width,
            "height": height,
            "is_cut": False,
            "time_stamp": datetime.now(UTC),
        }
        self._records.add(SCREENSHOTS, row, content)
        self.record("screenshot", name, began=began)
        return True

    def note(self, name: str, value: Any = None) -> None:
        """Add a row of the behaviour's own: a name, and a value that JSON can say."""
        self.record("note", name, detail={"value": value})

    async def size(self) -> tuple[int, int]:
        """Width and height of the window in pixels."""
        width, height = await self.evaluate("() => [innerWidth, innerHeight]")
        return int(width), int(height)

    async def frames(self) -> list[PageFrame]:
        """The frames of the page, the top one first: `settings.ACTION_FRAMES` at most."""
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

    def follow(self, link: Link) -> None:
        """Have the page of a link visited next, in the same container, as a visit of its own.

        Only a behaviour with ``follows`` may ask for that. What exceeds `settings.MOST_FOLLOWERS` is dropped.
        """
        if len(self.followers) < settings.MOST_FOLLOWERS:
            self.followers.append(link)

    def add(self, kind: RecordKind, row: dict[str, Any]) -> None:
        """Add a row to the table of a kind of record that the worker makes."""
        self._records.add(kind, row)

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

    async def _at(
        self,
        action: str,
        target: Target,
        act: Callable[[str, int, int], Awaitable[None]],
        detail: Mapping[str, Any] | None = None,
    ) -> bool:
        """Act at a target and record it, with the point unless there is a ``detail``.

        Where there is nothing, the row says so. ``act`` gets the frame, as WebDriver BiDi names it, x and y.
        """
        began = time.monotonic()
        place = await self._find(target) if isinstance(target, str) else target
        if place is None:
            self.record(action, str(target), "nothing", began=began)
            return False
        await act(place.frame.context if place.frame else self._tab.context, place.x, place.y)
        detail = detail or {"x": place.x, "y": place.y}
        self.record(action, place.name, detail=detail, began=began, frame=place.frame)
        return True

    async def _find(self, selector: str) -> Place | None:
        for frame in await self.frames():
            try:
                found = await self.evaluate(_FIND, selector, settings.ACTION_ROOTS, frame=frame)
            except BidiError as error:
                if "SyntaxError" in error.message or "not a valid selector" in error.message:
                    raise
                continue  # the frame has gone meanwhile
            if found:
                return Place(int(found[0]), int(found[1]), selector, frame)
        return None

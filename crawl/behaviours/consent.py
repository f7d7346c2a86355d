"""The behaviour ``consent``: finds the page's consent platform, and accepts, rejects or only reports it."""

import asyncio
import contextlib
import time
from datetime import UTC, datetime
from typing import Any

from overscripted.crawl import settings
from overscripted.crawl.behaviours import autoconsent
from overscripted.crawl.behaviours.behaviour import Behaviour
from overscripted.crawl.behaviours.page import Page, PageFrame
from overscripted.crawl.firefox.bidi import BidiError
from overscripted.crawl.javascript import script
from overscripted.record_kinds.consents import CONSENTS
from overscripted.text import clean

CHOICES = ("accept", "reject", "detect")
_STRINGS = f"async () => {{\n{script(('js/beside_page/consent_strings.js',))}\nreturn consentStrings();\n}}"
_NEXT = "(answers, ms) => globalThis.consentOfFrame.next(answers, ms)"
# The code of a rule sees the page's variables. It gets natives as Firefox made them, so no call is recorded.
_EVAL = "async () => {{ with (consentOfFrame.scope) {{ return Boolean(await {code}); }} }}"
_ANSWERS = ("answered", "empty", "silent", "threw", "absent", "cookie")
_WAIT_MS = 2_000  # a frame reports at least so often, so that a frame that has gone is noticed


async def consent(page: Page, action: str) -> None:
    """Answer the page's consent platform, in whichever frame it is, and record what was done and said."""
    package = await asyncio.to_thread(autoconsent.load)
    await _record_strings(page, "before")
    answering = _Answering(page, action, package)
    await answering.run()
    if answering.platform and action != "detect":
        await _record_strings(page, "after", action, answering.platform)


class _Answering:
    """One run over the frames of a page. The first banner that is dealt with ends it."""

    def __init__(self, page: Page, action: str, package: autoconsent.Autoconsent) -> None:
        self.page, self.action, self.package = page, action, package
        self.platform = ""  # the one whose banner was found
        self._banners = 0  # how many came, one after another
        self._silent: dict[str, PageFrame] = {}  # platforms that have shown no banner, and their frames
        self._lost: float | None = None  # when the document went whose banner was being answered
        self._lost_frame: PageFrame | None = None
        self._began = self._opened = time.monotonic()  # the search; the banner that was found
        self._ended = asyncio.Event()
        self._frames: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Attend to every frame until a banner was dealt with, or none was found in time."""
        latest = self.page.ends - settings.CONSENT_LAST_S
        try:
            while not self._ended.is_set() and time.monotonic() < min(self._until(), latest):
                await self._begin_new_frames()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), settings.CONSENT_LOOK_S)
        finally:
            for task in self._frames.values():
                task.cancel()
            await asyncio.gather(*self._frames.values(), return_exceptions=True)
        if not self._ended.is_set():
            self._record_end()

    def _until(self) -> float:
        if self._lost is not None:
            return self._lost + settings.CONSENT_LOST_S
        if self.platform:
            return self._began + settings.CONSENT_LIMIT_S
        return self._began + (settings.CONSENT_POPUP_S if self._silent else settings.CONSENT_FIND_S)

    def _record_end(self) -> None:
        """No frame said how it ended. If its document went and no banner came again, the choice was taken."""
        if self.platform:
            outcome = "done" if self._lost is not None else "cut"
            detail: dict[str, Any] = {"document_went": True} if outcome == "done" else {}
            self.page.record(
                self.action, self.platform, outcome, detail, began=self._opened, frame=self._lost_frame
            )
        for platform, frame in self._silent.items() or {"": None}.items():
            if not self.platform:
                detail = {"source": _source(platform), "banner": False} if platform else {}
                self.page.record("detect", platform, "nothing", detail, began=self._began, frame=frame)

    async def _begin_new_frames(self) -> None:
        frames = await self.page.frames()
        for frame in frames[: settings.CONSENT_FRAMES]:
            task = self._frames.get(frame.context)
            if frame.url.startswith(("http:", "https:", "about:srcdoc")) and (task is None or task.done()):
                self._frames[frame.context] = asyncio.create_task(self._attend(frame))

    async def _attend(self, frame: PageFrame) -> None:
        """Talk with a frame until its document goes, perhaps because of the choice."""
        answers: list[dict[str, Any]] = []
        answering, pressed = False, ""  # whether its banner is open; what was pressed and not yet reported
        try:
            await self.page.evaluate(
                self.package.begin(frame.url, not frame.parent), self.action, frame=frame
            )
            while not self._ended.is_set():
                messages = await self.page.evaluate(_NEXT, answers, _WAIT_MS, frame=frame)
                answers = []
                for message in messages:
                    answering |= message["kind"] == "popup"
                    if message["kind"] in ("click", "clicked"):
                        pressed = str(message["target"]) if message["kind"] == "click" else ""
                    if (answer := await self._handle(frame, message)) is not None:
                        answers.append({"id": message["id"], "result": answer})
        except (BidiError, TimeoutError):
            if pressed:
                self.page.record("click", pressed, "done", {"document_went": True}, frame=frame)
            if answering:
                self._lost, self._lost_frame = time.monotonic(), frame

    async def _handle(self, frame: PageFrame, message: dict[str, Any]) -> bool | None:
        """Do what a frame's message says; returns the answer to a question."""
        kind, platform = message["kind"], clean(str(message.get("cmp", "")))
        if kind == "eval":
            return await self._evaluated(frame, message["code"])
        if kind == "click":
            return await self._clicked(frame, message)
        if kind == "clicked":
            detail: dict[str, Any] = {"trusted": message["trusted"] is True}
            self.page.record("click", str(message["target"]), "done", detail, frame=frame)
        elif kind == "found":
            self._silent.setdefault(platform, frame)
        elif kind == "popup":
            self._open(frame, platform, message["cosmetic"] is True)
        elif kind == "unable":
            self.page.record(self.action, platform, "nothing", {"error": message["why"]}, frame=frame)
            self._ended.set()
        elif kind == "done" and message["intermediate"] is not True:
            self._record_done(frame, platform, message)
        return None

    def _open(self, frame: PageFrame, platform: str, cosmetic: bool) -> None:
        """A banner is open: the first, or one that came again after a choice."""
        self.platform, self._lost = platform, None
        self._banners += 1
        if self._banners == 1:
            self._opened = time.monotonic()
        if self._banners > settings.CONSENT_BANNERS:
            error = {"error": "the banner comes again after each choice"}
            self.page.record(self.action, platform, "failed", error, began=self._opened, frame=frame)
            self._ended.set()
            return
        detail = {"source": _source(platform), "banner": True, "cosmetic": cosmetic}
        self.page.record("detect", platform, "done", detail, began=self._began, frame=frame)
        if self.action == "detect":
            self._ended.set()

    def _record_done(self, frame: PageFrame, platform: str, message: dict[str, Any]) -> None:
        worked = message["reported"] is True and message["gone"] is True and message["selfTest"] is not False
        detail = {name: message[name] for name in ("reported", "gone", "selfTest", "clicks", "trusted")}
        outcome = "done" if worked else "failed"
        self.page.record(self.action, platform, outcome, detail, began=self._opened, frame=frame)
        self._ended.set()

    async def _evaluated(self, frame: PageFrame, code: str) -> bool:
        try:
            async with asyncio.timeout(settings.CONSENT_EVAL_S):
                return await self.page.evaluate(_EVAL.format(code=code), frame=frame) is True
        except (BidiError, TimeoutError):
            return False  # what a rule asks of the page may fail

    async def _clicked(self, frame: PageFrame, message: dict[str, Any]) -> bool:
        try:
            await self.page.input.click(frame.context, int(message["x"]), int(message["y"]))
        except (BidiError, TimeoutError):
            return False  # the frame then calls the element's own method
        return True


def _source(platform: str) -> str:
    """Where a platform's rule is from: autoconsent's heuristics, its generated rules or its written ones."""
    if platform.startswith("HEURISTIC"):
        return "heuristic"
    return "generated" if platform.startswith("auto_") else "autoconsent"


async def _record_strings(page: Page, moment: str, choice: str = "", platform: str = "") -> None:
    found = await page.evaluate(_STRINGS)
    row: dict[str, Any] = {"moment": moment, "choice": choice, "platform": platform[: settings.ACTION_TEXT]}
    row["time_stamp"] = datetime.now(UTC)
    for name in ("tcf", "gpp", "usp"):
        answer, text = str(found[name]["answer"]), clean(str(found[name]["text"]))
        row[name] = text[: settings.CONSENT_TEXT]
        row[f"{name}_answer"] = answer if answer in _ANSWERS else "threw"
    page.add(CONSENTS, row)


CONSENT = Behaviour(
    "consent",
    consent,
    settings.CONSENT_LIMIT_S,
    CHOICES.__contains__,
    " or ".join(CHOICES),
    prepare=autoconsent.load,
)

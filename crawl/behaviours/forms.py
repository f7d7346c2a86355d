"""The behaviour ``forms``: type into fields, leave them, empty them. Nothing is submitted."""

import asyncio
import contextlib
import time
from collections import Counter
from typing import Any

from overscripted.crawl import settings
from overscripted.crawl.behaviours.behaviour import Behaviour
from overscripted.crawl.behaviours.form_fields import FormFields, Found, FoundField
from overscripted.crawl.behaviours.page import Page, PageFrame
from overscripted.crawl.firefox.bidi import BidiError


class _Failed(Exception):
    """The value of a field could not be typed, for this reason."""


async def forms(page: Page, argument: str) -> None:
    """Type a value of `tokens.values` into each field of a known kind. For the rows see the guide."""
    fields = FormFields(page)
    found = await fields.find()
    _note(page, found)
    filling = _Filling(page, fields, found)
    todo = _in_turn(found.fields)
    try:
        while todo and len(filling.done) < settings.FORM_FIELDS and filling.has_time(todo[0]):
            filling.done.append(field := todo.pop(0))
            await filling.fill(field)
    finally:
        for field in todo[: settings.FORM_FOUND]:
            filling.record(field, "cut", {})
        with contextlib.suppress(BidiError, TimeoutError):
            async with asyncio.timeout(settings.FORM_PATIENCE_S):
                await fields.end()


def _note(page: Page, found: Found) -> None:
    """Add the row of what was found."""
    kinds = Counter(field.kind for field in found.fields)
    outcome = "cut" if found.more else "done" if found.fields else "nothing"
    page.record("find", "", outcome, {"fields": kinds, "skipped": found.skipped, "more": found.more})


def _in_turn(fields: list[FoundField]) -> list[FoundField]:
    """The first field of each kind, then the second ones, and so on: time may not be enough for all."""
    seen: Counter[str] = Counter()
    turns = []
    for field in fields:
        turns.append(seen[field.kind])
        seen[field.kind] += 1
    return [field for _, field in sorted(zip(turns, fields, strict=True), key=lambda pair: pair[0])]


class _Filling:
    """Fills fields of one page, one after another."""

    def __init__(self, page: Page, fields: FormFields, found: Found) -> None:
        self.page, self._fields, self._windows = page, fields, found.windows
        self.done: list[FoundField] = []
        self._values = page.tokens

    def has_time(self, field: FoundField) -> bool:
        """Whether so much time is left that a field can be filled and emptied again."""
        a_key = settings.INPUT_DOWN_S + settings.INPUT_KEY_S
        return self.page.left_s > 2 * a_key * len(self._values[field.kind]) + settings.FORM_FIELD_S

    def record(
        self, field: FoundField, outcome: str, detail: dict[str, Any], began: float | None = None
    ) -> None:
        """Add the row of a field."""
        frame = PageFrame(str(field.window.context), "", field.window.url)
        about = {"kind": field.kind, "known_by": field.evidence, "value": self._values[field.kind]}
        if outcome == "cut" and began is None:
            del about["value"]
        self.page.record("fill", field.path, outcome, {**about, **detail}, began, frame)

    async def fill(self, field: FoundField) -> None:
        """Type into a field, leave it, wait, empty it, leave it. Its row says what came of it."""
        began, outcome, detail = time.monotonic(), "cut", dict[str, Any]()
        try:
            outcome = await self._fill(field, detail)
        except (_Failed, BidiError) as error:
            outcome, detail["error"] = "failed", str(error)[: settings.FORM_TEXT]
        finally:
            self.record(field, outcome, detail, began)

    async def _fill(self, field: FoundField, detail: dict[str, Any]) -> str:
        value = self._values[field.kind]
        if 0 <= field.longest < len(value):
            raise _Failed(f"it takes {field.longest} characters only")
        await self._click(field)
        before = await self._state(field)
        for at in range(0, len(value), settings.FORM_KEYS):
            await self.page.input.type(self._context(field), value[at : at + settings.FORM_KEYS])
            if not (await self._state(field))["focused"]:
                break  # what follows would go elsewhere
        detail["as_typed"] = (await self._state(field, value))["same"]
        await self._leave(field)
        await asyncio.sleep(settings.FORM_REACT_S)
        await self._click(field)
        await self.page.input.press(self._context(field), "a", "Control")
        await self.page.input.press(self._context(field), "Backspace")
        await self._leave(field)
        after = await self._state(field)
        detail["emptied"] = after["empty"]
        detail["submits"] = after["submits"] - before["submits"]
        return "blocked" if detail["submits"] else "done"

    def _context(self, field: FoundField) -> str:
        return str(field.window.context) if field.window.parent else self.page.context

    async def _state(self, field: FoundField, value: str = "") -> dict[str, Any]:
        state = await self._fields.ask(field.window, "state", field.number, value=value)
        if not state.get("connected"):
            raise _Failed("it is gone")
        return state

    async def _click(self, field: FoundField) -> None:
        """Click into a field, which then has the focus. Raises _Failed.

        In a frame of another process a click alone may not give the focus.
        """
        point = await self._show(field)
        if not point:
            await self._state(field)
            raise _Failed("something is in front of it")
        await self.page.input.click(self._context(field), point["x"], point["y"])
        for _ in range(settings.FORM_SHOWS):
            if (await self._state(field))["focused"]:
                return
            await self._fields.ask(field.window, "focus", field.number)
        raise _Failed("it does not take the focus")

    async def _show(self, field: FoundField) -> dict[str, Any]:
        """Scroll to a field; returns its middle in its window. Empty where something stays in front of it.

        Frames around it may belong to other processes, which scroll a moment later.
        """
        for _ in range(settings.FORM_SHOWS):
            await self._fields.ask(field.window, "show", field.number)
            await asyncio.sleep(settings.FORM_SHOW_S)
            point = await self._fields.ask(field.window, "point", field.number)
            if point and await self._in_sight(field, point):
                return point
        return {}

    async def _in_sight(self, field: FoundField, point: dict[str, Any]) -> bool:
        """Whether a point of a frame is in sight in each frame around it: a click would go elsewhere."""
        window = field.window
        while point and window.parent:
            around = self._windows.get(window.parent)
            if around is None:
                return False
            point = await self._fields.ask(around, "outside", frame=window.context, **point)
            window = around
        return bool(point)

    async def _leave(self, field: FoundField) -> None:
        """Leave a field, as a person does with the key Tab. A page may refuse that: then without a key."""
        if not (await self._state(field))["focused"]:
            return
        await self.page.input.press(self._context(field), "Tab")
        if (await self._state(field))["focused"]:
            await self._fields.ask(field.window, "leave", field.number)


FORMS = Behaviour("forms", forms, settings.FORMS_S)

"""Trusted input of one page: the mouse, its wheel and the keys, at the pace of a person.

Firefox's parent process makes it (WebDriver BiDi's ``input.performActions``): ``isTrusted`` is true.
It reaches the tab that it is meant for, however many tabs get input at the same time. Paths and pauses are
drawn from a random generator of the visit, so that they can be repeated.
"""

import math
import random
from collections.abc import Callable
from typing import Any

from overscripted.crawl import settings
from overscripted.crawl.firefox.bidi import Bidi

# Keys without a character, by the names that scripts see, as WebDriver writes them
# (https://w3c.github.io/webdriver/#keyboard-actions).
KEYS = {
    "Backspace": "\ue003",
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Shift": "\ue008",
    "Control": "\ue009",
    "Alt": "\ue00a",
    "Escape": "\ue00c",
    "PageUp": "\ue00e",
    "PageDown": "\ue00f",
    "End": "\ue010",
    "Home": "\ue011",
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
    "Delete": "\ue017",
}
_Action = dict[str, Any]


class Input:
    """The mouse and keyboard of one page. Coordinates are pixels of the window of a frame (its ``context``).

    Methods raise BidiError, BidiClosed, and TimeoutError after ``left_s()`` seconds.
    """

    def __init__(self, bidi: Bidi, dice: random.Random, left_s: Callable[[], float]) -> None:
        self._bidi, self._dice, self._left_s = bidi, dice, left_s
        self._at: dict[str, tuple[int, int]] = {}  # where the mouse is, by the frame in which it was moved

    async def move(self, context: str, x: int, y: int) -> None:
        """Move the mouse to a point on a slightly bent path, fast in the middle."""
        await self._perform(context, "pointer", self._path(context, x, y))

    async def click(self, context: str, x: int, y: int) -> None:
        """Move the mouse to a point, and click there."""
        down = [
            self._pause(settings.INPUT_REST_S),
            {"type": "pointerDown", "button": 0},
            self._pause(settings.INPUT_DOWN_S),
            {"type": "pointerUp", "button": 0},
        ]
        await self._perform(context, "pointer", [*self._path(context, x, y), *down])

    async def press(self, context: str, key: str, held: str = "") -> None:
        """Press a key (a character, or a name of `KEYS`), while another one is ``held``."""
        actions = self._key(key)
        if held:
            value = KEYS.get(held, held)
            actions = [{"type": "keyDown", "value": value}, *actions, {"type": "keyUp", "value": value}]
        await self._perform(context, "key", actions)

    async def type(self, context: str, text: str) -> None:
        """Type a text into what has the focus, one character after another."""
        await self._perform(context, "key", [action for character in text for action in self._key(character)])

    async def wheel(self, context: str, x: int, y: int, down: int) -> None:
        """Turn the wheel over a point, by ``down`` pixels, in notches."""
        notches = max(1, round(abs(down) / settings.INPUT_NOTCH_PX))
        actions: list[_Action] = []
        for notch in range(notches):
            step = round(down * (notch + 1) / notches) - round(down * notch / notches)
            actions.append({"type": "scroll", "x": x, "y": y, "deltaX": 0, "deltaY": step})
            actions.append(self._pause(settings.INPUT_DOWN_S))
        await self._perform(context, "wheel", actions)

    def _path(self, context: str, x: int, y: int) -> list[_Action]:
        start = self._at.get(context, (x, y))
        self._at[context] = (x, y)
        far = math.dist(start, (x, y))
        points = max(1, min(settings.INPUT_POINTS, round(far / 25)))
        bend = self._dice.uniform(-0.12, 0.12)
        actions = []
        for number in range(1, points + 1):
            part = (1 - math.cos(math.pi * number / points)) / 2
            aside = bend * math.sin(math.pi * part)
            at_x = start[0] + (x - start[0]) * part - (y - start[1]) * aside
            at_y = start[1] + (y - start[1]) * part + (x - start[0]) * aside
            actions.append(
                {
                    "type": "pointerMove",
                    "x": _between(at_x, start[0], x),
                    "y": _between(at_y, start[1], y),
                    "duration": self._ms(settings.INPUT_STEP_S),
                }
            )
        return [*actions[:-1], actions[-1] | {"x": x, "y": y}]

    def _key(self, key: str) -> list[_Action]:
        value = KEYS.get(key, key)
        return [
            {"type": "keyDown", "value": value},
            self._pause(settings.INPUT_DOWN_S),
            {"type": "keyUp", "value": value},
            self._pause(settings.INPUT_KEY_S),
        ]

    def _pause(self, seconds: float) -> _Action:
        return {"type": "pause", "duration": self._ms(seconds)}

    def _ms(self, seconds: float) -> int:
        """About so many seconds, in milliseconds: between a half and one and a half of it."""
        return round(1000 * seconds * self._dice.uniform(0.5, 1.5))

    async def _perform(self, context: str, kind: str, actions: list[_Action]) -> None:
        params = {"context": context, "actions": [{"type": kind, "id": kind, "actions": actions}]}
        await self._bidi.command("input.performActions", params, max(self._left_s(), 0.1))


def _between(at: float, start: int, end: int) -> int:
    """A coordinate no further than the two ends: they are in the window, and Firefox refuses what is not."""
    return min(max(round(at), min(start, end)), max(start, end))

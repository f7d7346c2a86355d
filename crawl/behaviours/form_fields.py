"""The fields of a visit's page in which a person could type, also in its frames and shadow trees.

A script of ours in each of Firefox's processes looks at the documents (`js/content_process/form_fields.js`).
Pages cannot see it.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from overscripted.crawl import settings
from overscripted.crawl.behaviours.field_kinds import Field, kind_of
from overscripted.crawl.behaviours.page import Page
from overscripted.crawl.javascript import function, script
from overscripted.text import clean

_TYPES = ["text", "email", "tel", "password", "search", "number"]
_NAME = f"overscripted-{secrets.token_hex(16)}"  # of our messages
_FINDER = script(
    ("js/content_process/form_fields.js",),
    FIELD_SETTINGS={
        "name": _NAME,
        "types": _TYPES,
        "most": settings.FORM_FOUND,
        "looks": settings.FORM_LOOKS,
        "roots": settings.FORM_ROOTS,
        "text": settings.FORM_TEXT,
        "smallest": settings.FORM_SMALLEST_PX,
    },
)
_ASK = function(
    "askFields",
    "js/parent_process/visit_tabs.js",
    "js/parent_process/form_fields.js",
    FIELD_SETTINGS={
        "name": _NAME,
        "script": f"data:text/javascript;charset=utf-8,{quote(_FINDER)}",
        "windows": settings.ACTION_FRAMES,
        "url": settings.ACTION_TEXT,
        "answer": settings.ACTION_ANSWER,
        "patience": 1000 * settings.FORM_PATIENCE_S,
    },
)
_TEXTS = ("type", "autocomplete", "name", "id", "placeholder", "label", "aria_label", "role")


@dataclass(frozen=True)
class Window:
    """A document of the page: Firefox's numbers of it, of its frame and of the frame around it (0: none)."""

    number: int
    context: int
    parent: int
    url: str


@dataclass(frozen=True)
class FoundField:
    """A field that is for something known, and what says so. ``path`` names it within its document."""

    window: Window
    number: int
    kind: str
    evidence: str
    path: str
    longest: int


@dataclass
class Found:
    """The fields of a page. ``skipped`` counts others by their obstacle, ``more`` those not looked at."""

    fields: list[FoundField]
    windows: dict[int, Window]  # by the numbers of their frames
    skipped: dict[str, int]
    more: int = 0


class FormFields:
    """Asks about the fields of one visit. Its methods raise BidiError, BidiClosed or TimeoutError."""

    def __init__(self, page: Page) -> None:
        self._parent, self._user = page._parent, page._tab.container_id.rpartition("-")[2]

    async def find(self) -> Found:
        """The fields of all documents, in their order. From now on no document of today sends a form."""
        answers = json.loads(await self._parent.call(_ASK, self._user, json.dumps({"what": "find"})))
        found = Found([], {}, {}, answers["more"])
        for answer in answers["windows"]:
            number, context, parent = (int(answer[name]) for name in ("window", "context", "parent"))
            window = Window(number, context, parent, clean(answer["url"]))
            found.windows[window.context] = window
            _add(found, window, _object(answer["answer"]))
        await self._leave_out_unseen(found)
        return found

    async def _leave_out_unseen(self, found: Found) -> None:
        """Leave out fields in frames that nobody sees."""
        shown = {0: True}
        for window in {field.window.number: field.window for field in found.fields}.values():
            await self._look(window, found, shown)
        seen = [field for field in found.fields if shown[field.window.context]]
        if hidden := len(found.fields) - len(seen):
            found.skipped["hidden"] = found.skipped.get("hidden", 0) + hidden
        found.fields = seen

    async def _look(self, window: Window, found: Found, shown: dict[int, bool]) -> None:
        """Note in ``shown`` whether a frame and those around it can be seen, by their numbers."""
        chain = [window]
        while chain[-1].parent not in shown and chain[-1].parent in found.windows:
            chain.append(found.windows[chain[-1].parent])
        for inner in reversed(chain):
            around = found.windows.get(inner.parent)
            answer = await self.ask(around, "frame", frame=inner.context) if around else {}
            own = answer.get("shown") is True if inner.parent else True
            shown[inner.context] = own and shown.get(inner.parent, False)

    async def end(self) -> int:
        """Let documents send forms again. The number of forms that were kept back."""
        answers = json.loads(await self._parent.call(_ASK, self._user, json.dumps({"what": "end"})))
        return sum(_count(_object(answer["answer"]).get("submits")) for answer in answers["windows"])

    async def ask(self, window: Window, what: str, field: int = -1, **more: Any) -> dict[str, Any]:
        """What a window answers to a question of `form_fields.js`; empty if it does not, or is gone."""
        question = json.dumps({"what": what, "field": field, **more})
        text = await self._parent.call(_ASK, self._user, question, str(window.context), str(window.number))
        return _object(text)


def _add(found: Found, window: Window, answer: dict[str, Any]) -> None:
    """Add what a document answers. It is data of the page: nothing of it is taken for granted."""
    for why, n in _dict(answer.get("skipped")).items():
        found.skipped[why] = found.skipped.get(why, 0) + _count(n)
    found.more += _count(answer.get("more"))
    for number, field in enumerate(answer.get("fields") or []):
        texts = {name: clean(str(field.get(name, "")))[: settings.FORM_TEXT] for name in _TEXTS}
        longest = field.get("longest")
        kind, evidence = kind_of(Field(**texts))
        if kind:
            path = clean(str(field.get("path", "")))
            most = longest if isinstance(longest, int) else -1
            found.fields.append(FoundField(window, number, kind, evidence, path, most))
        else:
            found.skipped["for something else"] = found.skipped.get("for something else", 0) + 1


def _object(text: Any) -> dict[str, Any]:
    try:
        return _dict(json.loads(text))
    except (TypeError, ValueError, RecursionError):
        return {}  # from a process that a page has taken over: our own script sends JSON


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < 2**31 else 0

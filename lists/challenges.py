"""Challenges: pages of bot walls and captchas that a server shows in place of its page.

Our own rules (``builtin/challenges.json``) recognise them by status, headers, title, address and frames.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "builtin" / "challenges.json"


@dataclass(frozen=True)
class SeenPage:
    """What the rules look at: the top document at the end of a visit.

    ``headers`` are those of its response, with names in lower case. ``frames`` are the addresses of the
    frames in it. All of it is text from the server and the page.
    """

    status: int | None
    headers: Mapping[str, str]
    url: str
    title: str
    frames: Sequence[str]


@dataclass(frozen=True)
class Rule:
    """A rule: it fires where all its conditions hold. A pattern is searched without regard to case."""

    name: str
    vendor: str
    what: str
    source: str
    status: tuple[int, ...] = ()
    headers: tuple[tuple[str, re.Pattern[str]], ...] = ()
    url: re.Pattern[str] | None = None
    title: re.Pattern[str] | None = None
    frame: re.Pattern[str] | None = None

    def fires(self, page: SeenPage) -> bool:
        """Whether all conditions hold."""
        return (
            (not self.status or page.status in self.status)
            and all(pattern.search(page.headers.get(name, "")) for name, pattern in self.headers)
            and (self.url is None or self.url.search(page.url) is not None)
            and (self.title is None or self.title.search(page.title.strip()) is not None)
            and (self.frame is None or any(self.frame.search(frame) for frame in page.frames))
        )


@cache
def rules() -> tuple[Rule, ...]:
    """The rules, in their order."""
    return tuple(map(_rule, json.loads(_FILE.read_text("utf-8"))["rules"]))


def fired(page: SeenPage) -> Rule | None:
    """The first rule that fires; None where the page is no challenge."""
    return next((rule for rule in rules() if rule.fires(page)), None)


def _rule(entry: dict[str, Any]) -> Rule:
    when: dict[str, Any] = entry["when"]
    return Rule(
        name=entry["name"],
        vendor=entry["vendor"],
        what=entry["what"],
        source=entry["source"],
        status=tuple(when.get("status", ())),
        headers=tuple((name, re.compile(text, re.I)) for name, text in when.get("header", {}).items()),
        **{name: re.compile(when[name], re.I) for name in ("url", "title", "frame") if name in when},
    )

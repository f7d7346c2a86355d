"""Scripts of a VisibleV8 log: where each came from, and the line and column of an offset in it."""

import bisect
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_LINE_END = re.compile("\r\n|[\n\r\u2028\u2029]")
# How V8 begins the text of a function that a constructor made, and the kind of that code.
_MADE = {
    "(function anonymous(": "Function",
    "(async function anonymous(": "AsyncFunction",
    "(function* anonymous(": "GeneratorFunction",
    "(async function* anonymous(": "AsyncGeneratorFunction",
}
# Functions that take the text of code as their first argument.
_TEXTUAL = ("eval", "setTimeout", "setInterval")
MAX_LEVELS = 1000  # of code that code made; each script repeats those above it


@dataclass(frozen=True)
class Script:
    """A script. ``levels`` is its ``script_loc_eval``; ``starts`` are the offsets at which lines begin.

    ``url`` of code made from text is that of the script whose code began it; None if the log does not say.
    """

    url: str | None
    levels: str
    depth: int
    starts: "array[int]"

    def place(self, offset: int) -> tuple[int, int] | None:
        """Line and column, both from 1, of an offset in UTF-16 code units; None if it is not known."""
        if offset < 0:
            return None
        line = bisect.bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


def loaded(url: str | None, source: str) -> Script:
    """A script with a URL of its own. Each character of ``source`` is a code unit of UTF-16."""
    return Script(url, "", 0, _starts(source))


def made(parent: Script | None, source: str, line: int | None) -> Script:
    """Code that ``parent`` made from text, in its line ``line``; None: not known."""
    kind = next((kind for start, kind in _MADE.items() if source.startswith(start)), "eval")
    level = f"line {'' if line is None else line} > {kind}"
    if parent is None:
        return Script(None, level, 1, _starts(source))
    depth = min(parent.depth + 1, MAX_LEVELS)
    levels = f"{parent.levels} {level}".lstrip() if parent.depth < MAX_LEVELS else parent.levels
    return Script(parent.url, levels, depth, _starts(source))


def text_made(function: str, arguments: Sequence[Any]) -> str | None:
    """The text of the script that a call of a function makes from its arguments; None if it makes none."""
    if function in _TEXTUAL:
        return arguments[0] if arguments and isinstance(arguments[0], str) else None
    begin = next((begin for begin, kind in _MADE.items() if kind == function), None)
    if begin is None:
        return None
    *parameters, body = [str(argument) for argument in arguments] or [""]
    return f"{begin}{','.join(parameters)}\n) {{\n{body}\n}})"


def _starts(source: str) -> "array[int]":
    return array("Q", [0, *(found.end() for found in _LINE_END.finditer(source))])

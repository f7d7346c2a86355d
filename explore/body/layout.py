"""A body laid out, and where each place of it went.

Browsers report a call at a line and column of the body as it came. The layout changes only white space, so
the n-th other character of the body is the n-th of the layout. That is checked for each body; where it does
not hold, the body is shown as it is.
"""

import bisect
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from overscripted.explore.settings import BODY_CHARACTERS, BODY_SECONDS
from overscripted.text import decoded

# What ends a line of JavaScript: ECMA-262, "Line Terminators". `str.splitlines` knows others.
_LINE_END = re.compile("\r\n|[\n\r\u2028\u2029]")
Colour = tuple[int, int, str]  # begin and end in characters of the layout, kind


@dataclass(frozen=True)
class Layout:
    """A body as it is shown. ``why``: why it is not laid out; empty if it is.

    ``begins`` are the places at which its lines begin, in characters; ``colours`` are in order.
    """

    text: str
    why: str
    begins: Sequence[int]
    colours: Sequence[Colour]
    _raw: str
    _raw_begins: Sequence[int]

    def line_of(self, line: int, column: int | None) -> int | None:
        """The line here, from 1, of a line and column of the body as it came; None if it has no such place.

        Lines and columns count from 1, columns in UTF-16 code units, as Firefox counts them. Without a
        column, the line's first character counts.
        """
        if not 1 <= line <= len(self._raw_begins):
            return None
        begin = self._raw_begins[line - 1]
        end = self._raw_begins[line] if line < len(self._raw_begins) else len(self._raw)
        place = begin + _characters(self._raw[begin:end], (column or 1) - 1)
        if not self.why:
            place = self._moved(place)
        return bisect.bisect_right(self.begins, place)

    def _moved(self, place: int) -> int:
        """The place in the layout of a place in the body: of the next character that is no white space."""
        before, after = self._solid
        if not len(after):
            return 0
        return int(after[min(int(np.searchsorted(before, place)), len(after) - 1)])

    @cached_property
    def _solid(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        return _solid(self._raw), _solid(self.text)

    def lines(self, first: int, last: int) -> list[list[tuple[str, str]]]:
        """Lines, from 1, as parts: the kind of a part, empty for most, and its text."""
        return [self._parts(n) for n in range(first, min(last, len(self.begins)) + 1)]

    def _parts(self, line: int) -> list[tuple[str, str]]:
        begin = self.begins[line - 1]
        end = self.begins[line] if line < len(self.begins) else len(self.text)
        parts, at = [], begin
        index = bisect.bisect_right(self.colours, begin, key=lambda colour: colour[1])
        while index < len(self.colours) and self.colours[index][0] < end:
            start, stop, kind = self.colours[index]
            parts += [
                ("", self.text[at : max(at, start)]),
                (kind, self.text[max(at, start) : min(stop, end)]),
            ]
            at, index = min(stop, end), index + 1
        parts.append(("", self.text[at:end]))
        return [(kind, _LINE_END.sub("", text)) for kind, text in parts if text]


def laid_out(content: bytes) -> Layout:
    """A body laid out and coloured, within the limits of size and time; else as it came."""
    raw = decoded(content).removeprefix("\ufeff")
    if len(raw) > BODY_CHARACTERS:
        return _plain(raw, f"it has more than {BODY_CHARACTERS:,} characters")
    answers = _answers(raw)
    if not answers:
        return _plain(raw, f"the layout took longer than {BODY_SECONDS:.0f} s or failed")
    text = json.loads(answers[0])
    if not isinstance(text, str) or "".join(raw.split()) != "".join(text.split()):
        return _plain(raw, "the layout would change more than white space")
    colours = [(begin, end, kind) for begin, end, kind in json.loads(answers[1])] if answers[1:] else []
    return Layout(text, "", _begins(text), colours, raw, _begins(raw))


def as_it_came(content: bytes, why: str) -> Layout:
    """A body that is not laid out, and why."""
    return _plain(decoded(content).removeprefix("\ufeff"), why)


def _plain(raw: str, why: str) -> Layout:
    begins = _begins(raw)
    return Layout(raw, why, begins, (), raw, begins)


def _answers(raw: str) -> list[bytes]:
    """The whole lines that the process has written when it ended, or when its time was over."""
    path = os.pathsep.join(path or os.getcwd() for path in sys.path if isinstance(path, str))
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "overscripted.explore.body.process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": path, "PATH": os.environ.get("PATH", "")},
        start_new_session=True,  # only this process handles Ctrl-C
    )
    try:
        output, _ = process.communicate(raw.encode(), timeout=BODY_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    return output.split(b"\n")[:-1]


def _begins(text: str) -> list[int]:
    return [0, *(match.end() for match in _LINE_END.finditer(text))]


def _solid(text: str) -> npt.NDArray[np.int64]:
    """The places of the characters that are no white space, as `str.split` sees it."""
    return np.array([place for place, c in enumerate(text) if not c.isspace()], np.int64)


def _characters(line: str, units: int) -> int:
    """How many characters of a line these UTF-16 code units are."""
    if line.isascii():
        return min(max(units, 0), len(line))
    return len(line.encode("utf-16-le")[: 2 * max(units, 0)].decode("utf-16-le", "ignore"))

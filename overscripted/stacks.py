"""The grammar of Firefox's stack frames, parsed from the right.

A frame is ``FUNC@URL:LINE:COL``; between URL and ``:LINE`` stands, for code made at run time, one
``" line N > KIND"`` a level, where KIND is ``eval``, ``Function``, ``GeneratorFunction``,
``AsyncFunction``, ``injectedScript`` or another word. URLs may contain ``@``, ``:``, spaces and
``" line "``; function names may contain nearly anything. The study split frames from the left and
so lost those whose URL has a colon (reference: its table of malformed rows); from the right only
the two trailing numbers and the eval suffix are cut, and the rest is the URL.

Async frames are marked by Firefox as ``CAUSE*FUNC@URL:LINE:COL``; the cause is split off.

A frame of WebAssembly is ``FUNC@URL:wasm-function[N]:0xOFFSET`` where the module is a file of its own,
and ``FUNC@URL line N > WebAssembly.Module:wasm-function[N]:0xOFFSET`` where line N of a script made it
from bytes. Its script is that script, its line the one that made the module (1 of a file, as in source
maps), its column the offset in the module in bytes; a function without a name has its number for one.
That level is not in ``script_loc_eval``: no text was made into code. Nor is ``line N > inlineScript``:
Firefox writes so of a script element whose document is loaded while line N of another script waits.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_POSITION = re.compile(r":(\d+)(?::(\d+))?$")
_WASM_POSITION = re.compile(r":(wasm-function\[\d{1,10}\]):0x([0-9a-f]{1,12})$")
_WASM_LEVEL = re.compile(r" line (\d+) > WebAssembly\.[A-Za-z]+$")
_NO_LEVEL = re.compile(r" line \d+ > inlineScript(?= line |$)")
_LEVEL = re.compile(r" line \d+ > [A-Za-z][A-Za-z ]*")
_ASYNC = re.compile(r"^([A-Za-z][\w .:-]*)\*")


class Frame(NamedTuple):
    """One stack frame. ``script_loc_eval`` is as the study wrote it: ``line 1 > eval line 2 > eval``."""

    func_name: str
    script_url: str
    script_line: str
    script_col: str
    script_loc_eval: str
    async_cause: str


EMPTY = Frame("", "", "", "", "", "")


# Frames repeat, those of one page above all. Long ones (data: URLs) would fill memory if they were kept.
KEPT, KEPT_CHARS = 8192, 1024


def parse_frame(text: str) -> Frame:
    """The parts of one frame. What is not there is ``""``; any text gives a frame, none raises."""
    return _kept(text) if len(text) <= KEPT_CHARS else _parse(text)


@lru_cache(maxsize=KEPT)
def _kept(text: str) -> Frame:  # by its own name, as Spark pickles this module's functions by their names
    return _parse(text)


def _parse(text: str) -> Frame:
    cause = ""
    func, at, rest = text.partition("@")
    if not at:
        func, rest = "", text
    elif found := _ASYNC.match(func):
        cause, func = found.group(1), func[found.end() :]
    line = col = ""
    if wasm := _WASM_POSITION.search(rest):
        func, line, col = func or wasm.group(1), "1", str(int(wasm.group(2), 16))
        rest = rest[: wasm.start()]
    elif found := _POSITION.search(rest):
        line, col = found.group(1), found.group(2) or ""
        rest = rest[: found.start()]
    if made := _WASM_LEVEL.search(rest):  # what Firefox's own tools call the line is the offset
        rest, line, col = rest[: made.start()], made.group(1), col if wasm else line
    end = _before_levels(rest)
    evals, rest = _NO_LEVEL.sub("", rest[end:]).strip(), rest[:end]
    return Frame(func, rest, line, col, evals, cause)


def _before_levels(text: str) -> int:
    """Where the levels of run-time code at the end of a text begin. Level by level: pages choose the text,
    and one expression for all of them takes hours on a long one."""
    end = len(text)
    while (at := text.rfind(" line ", 0, end)) >= 0 and _LEVEL.fullmatch(text, at, end):
        end = at
    return end


def innermost(stack: str) -> Frame:
    """The first frame of a stack: whose code called."""
    return parse_frame(stack.split("\n", 1)[0])


def frames(stack: str) -> list[Frame]:
    """Every frame of a stack, innermost first."""
    return [parse_frame(line) for line in stack.split("\n") if line]

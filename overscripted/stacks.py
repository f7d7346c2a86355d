"""The grammar of Firefox's stack frames, parsed from the right.

A frame is ``FUNC@URL:LINE:COL``. For code created at run time, ``" line N > KIND"`` stands between URL and
``:LINE``, once per level. KIND is ``eval``, ``Function``, ``GeneratorFunction``, ``AsyncFunction``,
``injectedScript`` or another word. URLs may contain ``@``, ``:``, spaces and ``" line "``. Function names
may contain nearly anything. The study split frames from the left and lost every frame with a colon in its URL
(reference: its table of malformed rows). Here only the two trailing numbers and the levels are cut from the
right; the rest is the URL.

Firefox marks an async frame as ``CAUSE*FUNC@URL:LINE:COL``. The cause is split off.

A frame of WebAssembly has one of two forms:

- ``FUNC@URL:wasm-function[N]:0xOFFSET``: the module is a file of its own. Its line is 1, as in source maps.
- ``FUNC@URL line N > WebAssembly.Module:wasm-function[N]:0xOFFSET``: line N of a script created the module
  from bytes. The frame has the script and line that created the module.

In both, the column is the offset in the module in bytes, and a function without a name is named by its
number.

Two levels are left out of ``script_loc_eval``, as no text became code there: the level of WebAssembly,
and ``line N > inlineScript``. Firefox writes the latter for a script element whose document is loaded while
line N of another script waits.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_POSITION = re.compile(r":(\d+)(?::(\d+))?$")
_WASM_POSITION = re.compile(r":(wasm-function\[\d{1,10}\]):0x([0-9a-f]{1,12})$")
_WASM_LEVEL = re.compile(r" line (\d+) > WebAssembly\.[A-Za-z]+$")
_NO_LEVEL = re.compile(r" line \d+ > inlineScript(?= line |$)")
_LEVEL = re.compile(r" line \d+ > [A-Za-z][A-Za-z ]*")
# What follows the first "@" is one of Firefox's own files, as a whole: no page's script has such a frame.
_INPUT = re.compile(r"^[^@\n]*@chrome://remote/[\w./-]+\.m?js:\d+:\d+$", re.MULTILINE)
_ASYNC = re.compile(r"^([A-Za-z][\w .:-]*)\*")


class Frame(NamedTuple):
    """One stack frame. ``script_loc_eval`` is as the study wrote it: ``line 1 > eval line 2 > eval``."""

    func_name: str
    script_url: str
    script_line: str
    script_col: str
    script_loc_eval: str
    async_cause: str


# The cache of parsed frames: frames repeat, above all within a page. Long ones (data: URLs) would fill
# memory.
KEPT, KEPT_CHARS = 8192, 1024


def parse_frame(text: str) -> Frame:
    """The parts of one frame, ``""`` for a part that is missing. Every text gives a frame; none raises."""
    return _kept(text) if len(text) <= KEPT_CHARS else _parse(text)


@lru_cache(maxsize=KEPT)
def _kept(
    text: str,
) -> Frame:  # not `lru_cache(_parse)`: Spark pickles functions of this module by their names
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
    if level := _WASM_LEVEL.search(rest):  # Firefox writes the offset where the line stands
        rest, line, col = rest[: level.start()], level.group(1), col if wasm else line
    end = _before_levels(rest)
    evals, rest = _NO_LEVEL.sub("", rest[end:]).strip(), rest[:end]
    return Frame(func, rest, line, col, evals, cause)


def _before_levels(text: str) -> int:
    """Where the levels of run-time code at the end of a text begin.

    They are matched one by one: a single expression for all of them takes hours on a long text, and pages
    choose it.
    """
    end = len(text)
    while (at := text.rfind(" line ", 0, end)) >= 0 and _LEVEL.fullmatch(text, at, end):
        end = at
    return end


def of_page(stack: str) -> str:
    """A stack without the frames of the browser's own code that made input for the page, see `--do`.

    Such code called the page's handler, or a task of the page ran while it waited. Then no frame is left.
    """
    return stack[: found.start()].rstrip("\n") if (found := _INPUT.search(stack)) else stack


def innermost(stack: str) -> Frame:
    """The first frame of a stack: the code that made the call."""
    return parse_frame(stack.split("\n", 1)[0])


def frames(stack: str) -> list[Frame]:
    """Every frame of a stack, innermost first."""
    return [parse_frame(line) for line in stack.split("\n") if line]

"""The process that lays out and colours a body: `python -m overscripted.explore.body.process`.

It reads a body from standard input as UTF-8 and writes two lines of JSON to standard output: the body laid
out, then its colours. Whoever started it ends it when its time is over, and takes what it has written.

A body is hostile: a layout may take for ever, and may be wrong. `overscripted.explore.body.layout` checks it.
"""

import json
import resource
import sys
from collections.abc import Iterator

import jsbeautifier
from pygments.lexers.javascript import JavascriptLexer
from pygments.token import Comment, Keyword, Number, String, _TokenType

from overscripted.explore.settings import BODY_MEMORY

# The kinds of text that are coloured, by the names of their CSS classes.
_KINDS = ((Comment, "c"), (String.Regex, "r"), (String, "s"), (Number, "n"), (Keyword, "k"))


def main() -> None:
    """Write both lines, the first as soon as it is made."""
    resource.setrlimit(resource.RLIMIT_DATA, (BODY_MEMORY, BODY_MEMORY))
    body = sys.stdin.buffer.read().decode()
    options = jsbeautifier.default_options()
    options.max_preserve_newlines = 2
    laid_out = jsbeautifier.beautify(body, options)
    print(json.dumps(laid_out), flush=True)
    print(json.dumps(list(_colours(laid_out))), flush=True)


def _colours(text: str) -> Iterator[tuple[int, int, str]]:
    """Where a colour begins and ends, in characters, and its kind."""
    lexer = JavascriptLexer(stripnl=False, ensurenl=False)
    for place, kind, part in lexer.get_tokens_unprocessed(text):
        if name := _name(kind):
            yield place, place + len(part), name


def _name(kind: _TokenType) -> str:
    return next((name for known, name in _KINDS if kind in known), "")


if __name__ == "__main__":
    main()

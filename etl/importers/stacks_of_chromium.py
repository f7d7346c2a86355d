"""Chromium's stacks as text in Firefox's notation: ``FUNC@URL:LINE:COL``, innermost frame first."""

from collections.abc import Iterator
from typing import Any

from overscripted.foreign.values import text, whole

MOST_FRAMES = 200


def of_call_frames(stack: Any) -> str | None:
    """A ``Runtime.StackTrace`` of the DevTools protocol, with its asynchronous parents; None without a frame.

    Its lines and columns begin with 0, Firefox's with 1.
    """
    lines: list[str] = []
    while isinstance(stack, dict) and len(lines) < MOST_FRAMES:
        frames = stack.get("callFrames")
        lines += _lines(frames if isinstance(frames, list) else [])
        stack = stack.get("parent")
    return "\n".join(lines[:MOST_FRAMES]) or None


def _lines(frames: list[Any]) -> Iterator[str]:
    for frame in frames:
        if isinstance(frame, dict) and (url := text(frame.get("url"))):
            line, column = whole(frame.get("lineNumber")), whole(frame.get("columnNumber"))
            yield line_of(
                text(frame.get("functionName")) or "",
                url,
                None if line is None else line + 1,
                None if column is None else column + 1,
            )


def line_of(function: str, url: str, line: int | None, column: int | None) -> str:
    """One frame. A position that is unknown is left out."""
    place = url if line is None else f"{url}:{line}" if column is None else f"{url}:{line}:{column}"
    return f"{function.replace('@', '')}@{place}".replace("\n", " ")

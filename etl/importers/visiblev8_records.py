"""One line of a VisibleV8 log: its kind, its fields, and the values in them.

The format is described in tests/README.md of https://github.com/wspr-ncsu/visiblev8. The first character of
a line is its kind. Fields follow, separated by ``:``. In fields, ``:`` and the backslash have a backslash
before them; control characters are ``\\xNN``, code units above ASCII ``\\uNNNN``.
"""

import math
import re
from typing import Any, NamedTuple

ISOLATE, ORIGIN, SCRIPT, SWITCH = "~", "@", "$", "!"
CALL, CONSTRUCT, GET, SET = "c", "n", "g", "s"
# How many fields a line of each kind has, at least and at most.
_FIELDS: dict[str, tuple[int, int]] = {
    ISOLATE: (1, 1),
    ORIGIN: (1, 2),
    SCRIPT: (3, 3),
    SWITCH: (1, 1),
    CALL: (3, 70_000),  # the function, the receiver, and as many arguments as V8 allows
    CONSTRUCT: (2, 70_000),
    GET: (3, 3),
    SET: (4, 4),
}
_NUMBERED = (SCRIPT, CALL, CONSTRUCT, GET, SET)  # their first field is a number
_NUMBER = re.compile(r"-?[0-9]{1,10}")
_ESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4}))", re.IGNORECASE)
_SLASH, _COLON = "\x00", "\x01"  # in place of an escaped one; a log has neither as such
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,3})?")
_ODD = {"#T": True, "#F": False, "#N": None, "#U": None}
_WORDS = {"#T": "true", "#F": "false", "#N": "null", "#U": "undefined"}
_OBJECT = re.compile(r"\{(?:[0-9]+,)?(.*)\}", re.DOTALL)


class Wrong(ValueError):
    """A line is not one of VisibleV8's; the message tells why."""


class Record(NamedTuple):
    """A line. ``number`` is its first field where this is a number: a script's, or an offset; else 0."""

    kind: str
    number: int
    fields: list[str]


def record(line: str) -> Record:
    """A line as a record, whose fields are unescaped and may hold lone surrogates. Raises Wrong."""
    kind, allowed = line[:1], _FIELDS.get(line[:1])
    if allowed is None:
        raise Wrong("a line of no known kind")
    fields = _split(line[1:])
    if not allowed[0] <= len(fields) <= allowed[1]:
        raise Wrong("a line with too few or too many fields")
    if kind not in _NUMBERED:
        return Record(kind, 0, fields)
    if not _NUMBER.fullmatch(fields[0]):
        raise Wrong("a line whose first field is no number")
    return Record(kind, int(fields[0]), fields)


def _split(text: str) -> list[str]:
    if _SLASH in text or _COLON in text:
        raise Wrong("a line with a control character")
    if "\\" not in text:
        return text.split(":")
    marked = text.replace("\\\\", _SLASH).replace("\\:", _COLON)
    return [_plain(field) for field in marked.split(":")]


def _plain(field: str) -> str:
    if "\\" in _ESCAPED.sub("", field):
        raise Wrong("a line with a wrong escape")
    parts = _ESCAPED.split(field)  # text, \x digits, \u digits, text, …
    for at in range(0, len(parts), 3):
        parts[at] = parts[at].replace(_SLASH, "\\").replace(_COLON, ":")
    for at in range(1, len(parts), 3):
        parts[at], parts[at + 1] = chr(int(parts[at] or parts[at + 1], 16)), ""
    return "".join(parts)


def quoted(field: str) -> str | None:
    """The text in quotes; None for any other value."""
    return field[1:-1] if len(field) > 1 and field[0] == field[-1] == '"' else None


def value(field: str) -> Any:
    """A value as JSON has it. Objects, functions and what V8 could not write stay as VisibleV8 wrote them."""
    text = quoted(field)
    if text is not None:
        return text
    if field in _ODD:
        return _ODD[field]
    if _JSON_NUMBER.fullmatch(field):
        number = float(field)
        if not math.isfinite(number):
            return field
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return field


def value_text(field: str) -> str:
    """A value as text, as the tables have it."""
    text = quoted(field)
    return _WORDS.get(field, field) if text is None else text


def class_of(field: str) -> str | None:
    """The class of an object, ``{Name}`` or ``{hash,Name}``; None if the value is no object."""
    found = _OBJECT.fullmatch(field)
    return found[1] if found else None


def native(field: str) -> str | None:
    """The name of a function of the browser, ``%name``; None for functions of scripts and other values."""
    return field[1:] if field.startswith("%") else None

"""The study's raw JSON, one file per location, as raw calls.

A file is JSON objects separated by commas within ``{`` and ``}``. The last brace, or the end of the last
object, is missing where the crawler died. The study dropped the first and the last character whatever they
were, so ``[ ]`` and blanks are read too, and so are JSON lines. Readable objects are kept, also after an
unreadable one.
"""

import json
import posixpath
import re
from collections.abc import Iterator

from overscripted.foreign.ids import file_name, visit_id
from overscripted.foreign.values import text, whole
from overscripted.run import STUDY_CRAWL_ID

_TEXTS = (
    "location",
    "symbol",
    "operation",
    "value",
    "script_url",
    "script_line",
    "script_col",
    "func_name",
    "script_loc_eval",
    "call_stack",
    "time_stamp",
)
FIELDS = frozenset((*_TEXTS, "crawl_id", "in_iframe", "arguments"))
_OWN_NAME = re.compile(r"(-?[0-9]+)_[0-9a-f]{56}\.json")
_BETWEEN = re.compile(r"[\s,\ufeff]*")
_OPENS = re.compile(r"[{\[](?=\s*[{\[])")  # a wrapper of objects or of another wrapper
_EMPTY = re.compile(r"\{\s*\}")
_BEGIN = re.compile(r'\{\s*"')
# Positions that are tried for the next object after an unreadable one: files are hostile.
_TRIES = 1000
_decoder = json.JSONDecoder()
UNREADABLE = object()


def read(name: str, body: bytes, seen: dict[str, int]) -> tuple[list[dict[str, object]], int, int]:
    """A file's objects as raw calls; how many have a field of the study; how many are unreadable.

    ``name`` is the file's name. ``seen`` counts the rows per file of the study so far, which numbers the new
    ones. Nothing raises.
    """
    base = posixpath.basename(name)
    rows: list[dict[str, object]] = []
    known = unreadable = 0
    for record in _records(_text(body)):
        if isinstance(record, dict):
            rows.append(_raw(record, base, seen))
            known += not FIELDS.isdisjoint(record)
        else:
            unreadable += 1
    return rows, known, unreadable


def _text(body: bytes) -> str:
    return body.decode(json.detect_encoding(body), "replace")


def _records(body: str) -> Iterator[object]:
    """Each object of the body; `UNREADABLE`, or another JSON value, in place of one that is no object."""
    at, end, depth = _start(body), len(body), 0
    while True:
        at = _BETWEEN.match(body, at).end()  # type: ignore[union-attr]  # it also matches nothing
        if at >= end:
            return
        if opened := _OPENS.match(body, at):
            at, depth = opened.end(), depth + 1
        elif body[at] in "}]":
            at, depth = at + 1, max(depth - 1, 0)
        elif not depth and (empty := _EMPTY.match(body, at)):
            at = empty.end()
        elif body[at] == "[":
            at, depth = at + 1, depth + 1
        else:
            try:
                record, at = _decoder.raw_decode(body, at)
            except (ValueError, RecursionError):
                if not body[at + 1 :].strip():
                    return  # the last character, whatever it is
                yield UNREADABLE
                at = _next(body, at + 1)
                continue
            yield record


def _start(body: str) -> int:
    """Where to begin: after a first character that is no bracket, where an object follows it."""
    at = _BETWEEN.match(body).end()  # type: ignore[union-attr]
    rest = body[at + 1 : at + 1000].lstrip()
    return at + 1 if body[at : at + 1] not in ("{", "[") and rest[:1] in ("{", "[") and rest else at


def _next(body: str, at: int) -> int:
    """Where the next object with a field of the study begins, or the end."""
    for begin, _ in zip(_BEGIN.finditer(body, at), range(_TRIES), strict=False):
        try:
            record, _end = _decoder.raw_decode(body, begin.start())
        except (ValueError, RecursionError):
            continue
        if not FIELDS.isdisjoint(record):
            return begin.start()
    return len(body)


def _raw(record: dict[str, object], base: str, seen: dict[str, int]) -> dict[str, object]:
    row: dict[str, object] = {name: text(record.get(name)) for name in _TEXTS}
    row |= {name: row[name] or "" for name in ("script_line", "time_stamp")}  # the study recorded both
    own = _OWN_NAME.fullmatch(base)
    crawl = whole(record.get("crawl_id"))
    if crawl is None:
        crawl = whole(base.partition("_")[0])
    crawl = STUDY_CRAWL_ID if crawl is None else crawl
    location = str(row["location"] or "")
    file = base if own else file_name(crawl, location)
    number = seen.get(file, 0)
    seen[file] = number + 1
    arguments = text(record.get("arguments"))
    row |= {
        "crawl_id": crawl,
        "visit_id": visit_id(crawl, location),
        "attempt": 1,
        "top_level_url": "",
        "file_name": file,
        "row": number,
        "ordinal": number,
        "realm": "window",
        "in_iframe": (text(record.get("in_iframe")) or "").lower(),
        "arguments": None if arguments in ("", "{}", None) else arguments,
    }
    return row

"""The study's raw JSON, a file a location, as raw calls.

A file is JSON objects separated by commas within ``{`` and ``}``; the last brace, or the end of the
last object, is missing where the crawler died. What can be read is kept; damaged files are named.
"""

import json
import posixpath
from collections.abc import Iterator

from etl.importers.ids import STUDY, file_name, visit_id
from overscripted.text import clean

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
_decoder = json.JSONDecoder()


def read(name: str, body: bytes) -> tuple[list[dict[str, object]], bool]:
    """A file's records as raw calls, and whether the file was damaged.

    ``name`` is the file's own. Nothing raises: a record that is no object counts as damage.
    """
    base = posixpath.basename(name)
    rows, damaged, number = [], False, -1
    for number, record in enumerate(_records(body.decode("utf-8", "replace"))):
        if isinstance(record, dict):
            rows.append(_raw(record, base, number))
        else:
            damaged = True
    return rows, damaged or number < 0


def _records(text: str) -> Iterator[object]:
    """Each object of the body; None where nothing more can be read."""
    at, end = text.find("{") + 1, len(text)
    while True:
        while at < end and (text[at] in "}, \t\r\n" or text.startswith("{{", at)):
            at += 1  # between records: commas, and the wrappers of a file begun again
        if at >= end:
            return
        try:
            record, at = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield None
            return
        yield record


def _raw(record: dict[str, object], base: str, number: int) -> dict[str, object]:
    row: dict[str, object] = {name: _text(record.get(name)) for name in _TEXTS}
    crawl = _crawl_id(record.get("crawl_id"), base)
    place = str(row["location"] or "")
    arguments = _text(record.get("arguments"))
    row |= {
        "crawl_id": crawl,
        "visit_id": visit_id(crawl, place),
        "attempt": 1,
        "top_level_url": "",
        "file_name": base if base.endswith(".json") else file_name(crawl, place),
        "row": number,
        "ordinal": number,
        "realm": "window",
        "in_iframe": (_text(record.get("in_iframe")) or "").lower(),
        "arguments": None if arguments in ("", "{}", None) else arguments,
    }
    return row


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else clean(value)
    return clean(json.dumps(value, ensure_ascii=False))


def _crawl_id(value: object, base: str) -> int:
    for candidate in (value, base.partition("_")[0]):
        try:
            return int(str(candidate))
        except ValueError:
            continue
    return STUDY

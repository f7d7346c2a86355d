"""OpenWPM's ``javascript`` rows of every era as calls."""

import json
from collections.abc import Iterator
from typing import Any

from overscripted.foreign.ledger import Ledger
from overscripted.foreign.openwpm_source import Row, Source
from overscripted.foreign.openwpm_visits import visit_name
from overscripted.foreign.values import text, whole

# OpenWPM's spellings of operations, and the study's.
OPERATIONS = {
    "set(failed)": "set (failed)",
    "get(failed)": "get (failed)",
    "set(prevented)": "set (prevented)",
}
_SAME_CALL = ("url", "script_url", "script_line", "script_col", "symbol", "operation", "value", "time_stamp")
_NOTHING = ("", "{}", "[]", "null", "undefined")


def calls(source: Source, ledger: Ledger) -> Iterator[Row]:
    """Calls, one per row. Data of 2015 and 2016 has one row per parameter; these rows are joined."""
    open_call: Row | None = None
    for row in source.rows("javascript"):
        ledger.read["javascript"] += 1
        if "parameter_index" not in row:
            yield row
            continue
        index = whole(row.get("parameter_index"))
        given = {str(index): text(row.get("parameter_value"))} if index is not None else {}
        if open_call and index and _continues(open_call, row, index):
            open_call["_given"].update(given)
            continue
        if open_call:
            yield _joined(open_call)
        open_call = {**row, "_given": given}
    if open_call:
        yield _joined(open_call)


def _continues(call: Row, row: Row, index: int) -> bool:
    follows = str(index - 1) in call["_given"] and str(index) not in call["_given"]
    return (
        follows
        and visit_name(call) == visit_name(row)
        and all(call.get(name) == row.get(name) for name in _SAME_CALL)
    )


def _joined(call: Row) -> Row:
    given = call.pop("_given")
    return call | {"arguments": json.dumps(given, ensure_ascii=False) if given else None}


def location(row: Row, site: str | None) -> str:
    """The URL of a call's document, which has another name in 2015; else the visit's site."""
    return _known(row.get("document_url")) or _known(row.get("url")) or site or ""


def top(row: Row) -> str:
    """The top document's URL, which has another name in 2018-03; empty where it was not kept."""
    return _known(row.get("top_level_url")) or _known(row.get("top_document_url")) or ""


def in_iframe(row: Row) -> str:
    """Whether a call is in a frame: by the frame's number, else by the URLs; 'false' without either."""
    frame = whole(row.get("frame_id"))
    if frame is not None:
        return "true" if frame else "false"
    page, above = _known(row.get("document_url")), top(row)
    return "true" if page and above and page != above else "false"


def operation(value: Any) -> str | None:
    """The operation in the study's spelling."""
    name = text(value)
    return OPERATIONS.get(name, name) if name else name


def arguments(value: Any) -> str | None:
    """Arguments as a JSON object; newer versions wrote a list."""
    recorded = text(value)
    if not recorded or recorded in _NOTHING:
        return None
    if recorded.startswith("["):
        try:
            found = json.loads(recorded)
        except (ValueError, RecursionError):
            return recorded
        return json.dumps({str(i): part for i, part in enumerate(found)}, ensure_ascii=False)
    return recorded


def _known(value: Any) -> str | None:
    """A text; None for the words that the instruments wrote where there was none."""
    recorded = text(value)
    return None if recorded in (None, "", "null", "undefined") else recorded

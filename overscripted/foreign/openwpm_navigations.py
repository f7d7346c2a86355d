"""Reads OpenWPM's table ``navigations``. A row is one document that a tab or frame loaded."""

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from overscripted.foreign.openwpm_source import Row
from overscripted.foreign.values import moment, text, whole
from overscripted.record_kinds.navigations import Cause, Ending

_BY_TYPE = {"form_submit": Cause.FORM, "reload": Cause.RELOAD}
_SERVER = "server_redirect"


def navigations(rows: Iterable[tuple[Hashable, Row]]) -> Iterator[tuple[Row, Row]]:
    """Yields each row of OpenWPM with its columns in our table. The caller adds the ids and the frames.

    ``rows`` are pairs of a visit and a row.
    """
    ordinals: Counter[Hashable] = Counter()
    shown: dict[Hashable, str] = {}  # visit, tab and frame -> URL
    for visit, row in rows:
        frame = (visit, row.get("tab_id"), row.get("frame_id"))
        url, qualifiers = text(row.get("url")) or "", _qualifiers(row)
        redirected = _SERVER in qualifiers
        committed = moment(row.get("committed_time_stamp"))
        began = moment(row.get("before_navigate_time_stamp"))
        yield (
            row,
            {
                "ordinal": ordinals[visit],
                "from_url": shown.get(frame),
                "url": None if redirected else url,
                "committed_url": url,
                "cause": _cause(row, qualifiers, frame not in shown),
                "same_document": False,
                "outcome": Ending.COMMITTED,
                "error": "",
                "server_redirects": None if redirected else 0,
                "time_stamp": began or committed,
                "committed": committed,
            },
        )
        ordinals[visit] += 1
        shown[frame] = url


def _qualifiers(row: Row) -> list[Any]:
    try:
        found = json.loads(text(row.get("transition_qualifiers")) or "[]")
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def _cause(row: Row, qualifiers: list[Any], first: bool) -> str | None:
    """What started it, by what Firefox told extensions: ``link`` of all that it does not know.

    ``client_redirect`` is a refresh, see `Cause`. ``auto_subframe`` is any load of a frame.
    """
    if "forward_back" in qualifiers:
        return Cause.HISTORY
    if "client_redirect" in qualifiers:
        return Cause.META_REFRESH
    if cause := _BY_TYPE.get(str(row.get("transition_type"))):
        return cause
    framed = whole(row.get("parent_frame_id")) not in (-1, None)
    return Cause.INITIAL if first and framed else None

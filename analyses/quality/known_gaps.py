"""What visits could not record: the names in their ``known_gaps``, and what kind of loss each name means."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from overscripted.text import clean

REALM, CALL, CAP, CONTENT, OTHER = "realm", "call", "cap", "content", "other"
KINDS = {
    REALM: "code of a document, worker or worklet ran before it was recorded, or was never recorded",
    CALL: "some calls of recorded code are missing",
    CAP: "a cap was reached: the rest is cut or only counted",
    CONTENT: "a content, message or table could not be read whole",
    OTHER: "nothing of the page is missing, or it is no page",
}
# Names of the crawl's protocol, up to a colon and an error. `kind_of` knows the others by their last words.
_NAMES = {
    "worker from url": REALM,
    "worker from blob": REALM,
    "worker from data": REALM,
    "worklet": REALM,
    "document not instrumented": REALM,
    "document in a process of no visit": REALM,
    "worker in a process of no visit": REALM,
    "worker task not watched to its end": CALL,
    "worker not watched after deep recursion": CALL,
    "worker call not recorded": CALL,
    "call not recorded": CALL,
    "code made from text in a window that has gone": CALL,
    "document of a viewer of the browser": OTHER,
    "visit shares HSTS and permissions with others": OTHER,
    "message of an earlier visit": OTHER,
    "files of an origin not read": CONTENT,
}
_CAP_ENDS = (" over the limit", " over the limit of a document", " cut", " no longer counted")
_MAX_TIMES = 2**40  # more than any visit can have
_MAX_NAME = 100  # characters of a name that are shown; an error of a page may follow it


def parsed(known_gaps: str | None) -> dict[str, int]:
    """How often each gap occurred in a visit, by its name without the error; none if no object is given."""
    try:
        value = json.loads(known_gaps or "{}")
    except (ValueError, RecursionError):
        return {}
    found: Counter[str] = Counter()
    for name, times in value.items() if isinstance(value, dict) else ():
        if isinstance(times, int) and 0 < times < _MAX_TIMES:
            found[clean(name.partition(":")[0][:_MAX_NAME])] += times
    return dict(found)


def kind_of(name: str) -> str:
    """The kind of loss that a gap means, one of `KINDS`."""
    if name in _NAMES:
        return _NAMES[name]
    return CAP if name.endswith(_CAP_ENDS) else CONTENT


def counted(rows: Iterable[Mapping[str, Any]]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """How often each gap occurred, in how many visits, and in how many visits each kind of gap did.

    A row has ``known_gaps`` and the number ``n`` of visits that have exactly these.
    """
    times: Counter[str] = Counter()
    visits: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for row in rows:
        gaps = parsed(row["known_gaps"])
        for name, often in gaps.items():
            times[name] += often * row["n"]
            visits[name] += row["n"]
        for kind in {kind_of(name) for name in gaps}:
            kinds[kind] += row["n"]
    return times, visits, kinds

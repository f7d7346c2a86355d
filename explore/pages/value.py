"""The page of a value: where it occurs in the records of the run, plain, hashed or encoded."""

import shlex
import threading
from itertools import accumulate
from typing import Any

from overscripted.analyses.find.command import SHORTEST
from overscripted.analyses.find.places import CONTENT_PLACES, PLACES
from overscripted.analyses.find.search import Occurrence, find
from overscripted.display.sanitize import plain
from overscripted.errors import InputError
from overscripted.explore.data import SlowQuery
from overscripted.explore.model import Asked, Content, Page
from overscripted.explore.settings import FIND_DEPTH, FIND_ROWS, FIND_SHOWN
from overscripted.explore.tables import Cell

_ALONE = threading.Lock()  # a search reads whole tables, and shows its progress on the terminal
_CONTENT_WEIGHT = 50  # a content takes as long as so many rows


def _answer(asked: Asked) -> Content:
    value = asked.need("v")
    if len(value.strip()) < SHORTEST:
        raise InputError(f"Most texts hold it by chance: give a value of {SHORTEST} characters or more.")
    searched, left = _places(asked)
    if not _ALONE.acquire(blocking=False):
        raise SlowQuery("Another value is being looked for. Try again when it is done.")
    try:
        found = find(asked.data.run, [value], FIND_DEPTH, searched)
    finally:
        _ALONE.release()
    counts = [(*key, n, visits) for key, (n, visits) in found.counts.items()]
    values: dict[str, Any] = {
        "asked_for": value,
        "total": sum(n for n, _ in found.counts.values()),
        "counts": counts[:FIND_SHOWN],
        "rows": [_cells(asked, row) for row in found.rows[:FIND_SHOWN]],
        "left": left,
        "absent": found.absent,
        "command": shlex.join(["overscripted", "find", asked.data.run.store.url, value]),
    }
    return Content(f"Value: {value}", "value.html.j2", values)


def _places(asked: Asked) -> tuple[list[str], list[str]]:
    """The places that are small enough to be searched while a reader waits, and the others."""
    rows = {place.name: (place.table, 1) for place in PLACES}
    rows |= {place.name: (place.content, _CONTENT_WEIGHT) for place in CONTENT_PLACES}
    there = {
        name: asked.data.count(table) * weight
        for name, (table, weight) in rows.items()
        if table in asked.data.tables
    }
    smallest = sorted(there, key=lambda name: (there[name], name))
    small = sum(total <= FIND_ROWS for total in accumulate(there[name] for name in smallest))
    return smallest[:small], smallest[small:]


def _cells(asked: Asked, row: Occurrence) -> list[Cell]:
    visit = "" if row.visit_id is None else str(row.visit_id)
    to_visit = asked.links.to("visit", crawl=str(row.crawl_id), id=visit) if visit else None
    return [
        Cell(visit, href=to_visit, kind="id"),
        Cell(
            plain(row.page, 90),
            href=asked.links.to("document", url=row.page) if row.page else None,
            kind="long",
        ),
        Cell(row.place),
        Cell(plain(row.detail, 60)),
        Cell(plain(row.host, 90), href=asked.links.to("host", name=row.host) if row.host else None),
        Cell(row.encoding),
        Cell(plain(row.context, 120), kind="long"),
    ]


PAGE = Page("value", _answer)

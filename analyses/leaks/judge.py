"""Who got what was typed, and whether that is a leak.

A value leaks if a third party gets it, and the page has not tried to send a form before. That is Leaky
Forms' question (Senol, Acar, Humbert and Zuiderveen Borgesius, USENIX Security 2022), which counts third
parties that are on lists of trackers; those are flagged here.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from overscripted.analyses.leaks.search import Occurrence
from overscripted.analyses.leaks.sent import KEPT
from overscripted.analyses.leaks.typed import Typed
from overscripted.analyses.settings import EVIDENCE_TEXT
from overscripted.lists import entities
from overscripted.lists.entities import TRACKING
from overscripted.lists.hosts import HostList

LEAK = ""
OWN = "sent to the site itself"
FRAME = "sent to the site of the field's frame"
SUBMITTED = "sent after a submit was stopped"
EARLIER = "sent before it was typed"
STORED = "kept in the page's own storage only"
SCHEMA = pa.schema(
    [
        ("crawl_id", pa.int64()),
        ("visit_id", pa.int64()),
        *((name, pa.string()) for name in ("site", "page", "kind", "place", "host", "domain")),
        *((name, pa.string()) for name in ("owner", "category")),
        *((name, pa.bool_()) for name in ("tracker", "recorder")),
        ("script_url", pa.string()),
        ("seconds", pa.float64()),  # since the first field of the kind; NULL for what is kept
        *((name, pa.string()) for name in ("encoding", "form", "context", "why")),
    ]
)
_SAME = ("crawl_id", "visit_id", "kind", "place", "host", "script_url", "encoding", "why")
_ORDER = ("crawl_id", "visit_id", "kind", "domain", "host", "place", "encoding", "script_url", "why")


def judged(
    visits: Sequence[Typed], found: Iterable[Occurrence], owners: HostList, recorders: HostList
) -> pa.Table:
    """A row for each receiver of a value, in a total order: the first of those that are alike.

    ``why`` is `LEAK`, or what keeps it from being one.
    """
    every = sorted(set(found), key=_key)
    hosts = {one.host for one in every if one.host} | {visit.domain for visit in visits}
    known = {row["host"]: row for row in entities.of(sorted(hosts - {""}), owners).to_pylist()}
    sent = {(one.visit, one.kind) for one in every if one.place not in KEPT}
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in every:
        if one.place in KEPT and (one.visit, one.kind) in sent:
            continue
        visit = visits[one.visit]
        row = _row(one, visit, known, recorders)
        rows.setdefault(tuple(row[name] for name in _SAME), row)
    ordered = sorted(rows.values(), key=lambda row: tuple(row[name] for name in _ORDER))
    return pa.Table.from_pylist(ordered, schema=SCHEMA)


def _key(one: Occurrence) -> tuple[Any, ...]:
    time = one.time.timestamp() if one.time else 0.0
    return (
        one.visit,
        one.kind,
        time,
        one.place,
        one.host,
        one.script_url,
        one.encoding,
        one.form,
        one.context,
    )


def _row(
    one: Occurrence, visit: Typed, known: dict[str, dict[str, str]], recorders: HostList
) -> dict[str, Any]:
    about = known.get(one.host, {})
    seconds = (one.time - visit.since(one.kind)).total_seconds() if one.time else None
    crawl_id, visit_id = visit.visit
    return {
        "crawl_id": crawl_id,
        "visit_id": visit_id,
        "site": visit.domain,
        "page": visit.page[:EVIDENCE_TEXT],
        "kind": one.kind,
        "place": one.place,
        "host": one.host,
        "domain": one.domain,
        "owner": about.get("owner", one.domain),
        "category": about.get("category", ""),
        "tracker": about.get("category", "").lower() in TRACKING,
        "recorder": recorders.match(one.host) is not None,
        "script_url": one.script_url[:EVIDENCE_TEXT],
        "seconds": seconds,
        "encoding": one.encoding,
        "form": one.form,
        "context": one.context[:EVIDENCE_TEXT],
        "why": _why(one, visit, about, known.get(visit.domain, {})),
    }


def _why(one: Occurrence, visit: Typed, receiver: dict[str, str], site: dict[str, str]) -> str:
    if one.time is None:
        return STORED
    if one.time < visit.since(one.kind):
        return EARLIER
    submit = visit.first_submit()
    if submit and one.time >= submit:
        return SUBMITTED
    if one.domain == visit.domain or (receiver and receiver["owner"] == site.get("owner")):
        return OWN
    if any(field.kind == one.kind and field.domain == one.domain for field in visit.fields):
        return FRAME
    return LEAK

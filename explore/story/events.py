"""What happened in a visit, in the order of time."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from overscripted.explore.data import RunData
from overscripted.explore.settings import STORY_ROWS


class Event(NamedTuple):
    """Something that happened ``at`` seconds after the visit's start, until ``end`` if it took time.

    ``kind`` is one of `KINDS`. ``what`` is the row of the kind's query, for text and links; ``domain`` whose
    code or server it was. ``n``: how many things the event sums up.
    """

    at: float
    end: float | None
    kind: str
    domain: str
    n: int
    what: Mapping[str, Any]


class Kind(NamedTuple):
    """A kind of events: a name with a page's words for one, the table, and its query.

    The query gives since and until (moments), domain, n, and what the page shows. ``$1`` and ``$2`` are the
    visit, ``$3`` the number of rows.
    """

    name: str
    one: str
    table: str
    sql: str


_VISIT = "crawl_id = $1 AND visit_id = $2"
KINDS = (
    Kind(
        "documents",
        "document",
        "frames",
        f"""SELECT time_stamp AS since, NULL AS until, '' AS domain, 1 AS n, url AS document_url,
  kind || if(frame_id = 0, '', ' ' || frame_id) AS text FROM frames WHERE {_VISIT}""",
    ),
    Kind(
        "navigations",
        "navigation",
        "navigations",
        f"""SELECT time_stamp AS since, committed AS until, '' AS domain, 1 AS n, url AS document_url,
  concat_ws(', ', cause, outcome, nullif(error, '')) AS text FROM navigations WHERE {_VISIT}""",
    ),
    Kind(
        "actions",
        "action",
        "actions",
        f"""SELECT started AS since, try(started + to_microseconds((duration_s * 1e6)::BIGINT)) AS until,
  '' AS domain, 1 AS n, concat_ws(' ', action, target) AS text, outcome AS note FROM actions WHERE {_VISIT}
  AND action <> 'step'""",
    ),
    Kind(
        "requests",
        "request",
        "requests",
        f"""SELECT time_stamp AS since, ended AS until, domain, 1 AS n, request_id, crawl_id, visit_id, url,
  concat_ws(' ', method, resource_type, coalesce(status::VARCHAR, nullif(error, ''))) AS text
  FROM requests WHERE {_VISIT}""",
    ),
    Kind(
        "scripts",
        "script",
        "script_refs",
        f"""SELECT first_time AS since, last_time AS until, script_domain AS domain, 1 AS n, script_url,
  n_calls || ' calls of ' || n_symbols || ' APIs' AS text FROM script_refs WHERE {_VISIT}""",
    ),
    Kind(
        "calls",
        "call",
        "calls",
        f"""SELECT min(time_stamp) AS since, max(time_stamp) AS until, script_domain AS domain, count(*) AS n,
  symbol, script_url, operation AS text FROM calls WHERE {_VISIT}
  GROUP BY script_domain, script_url, symbol, operation""",
    ),
    Kind(
        "cookies",
        "cookie",
        "cookies",
        f"""SELECT time_stamp AS since, NULL AS until, '' AS domain, 1 AS n, host, name,
  concat_ws(' ', record_type, 'by', via) AS text FROM cookies WHERE {_VISIT}""",
    ),
    Kind(
        "sockets",
        "message of a WebSocket",
        "websocket_messages",
        f"""SELECT time_stamp AS since, NULL AS until, '' AS domain, 1 AS n, url,
  concat_ws(' ', direction, opcode, "size" || ' bytes') AS text FROM websocket_messages WHERE {_VISIT}""",
    ),
    Kind(
        "pictures",
        "picture",
        "screenshots",
        f"""SELECT time_stamp AS since, NULL AS until, '' AS domain, 1 AS n, sha256, url AS document_url,
  concat_ws(' ', kind, moment, width || ' × ' || height) AS text FROM screenshots WHERE {_VISIT}""",
    ),
)


class Story(NamedTuple):
    """The events of a visit in order. ``cut``: the kinds of which only the first are here."""

    events: list[Event]
    cut: list[str]


def story(data: RunData, visit: Mapping[str, Any]) -> Story:
    """The events of a visit, a row of the table visits. Kinds whose table the run lacks have none."""
    found: list[Event] = []
    cut: list[str] = []
    for kind in KINDS:
        if kind.table not in data.tables:
            continue
        sql = (
            "SELECT epoch_us(since) AS begins, epoch_us(until::TIMESTAMPTZ) AS ends, "
            f"* EXCLUDE (since, until) FROM ({kind.sql}) WHERE since IS NOT NULL "
            "ORDER BY begins, ends LIMIT $3"
        )
        rows = data.rows(sql, [visit["crawl_id"], visit["visit_id"], STORY_ROWS + 1]).dicts
        cut += [kind.name] if len(rows) > STORY_ROWS else []
        found += [_event(kind.name, row, visit) for row in rows[:STORY_ROWS]]
    begin = min((event.at for event in found), default=0.0)
    if visit.get("started") is not None:
        begin = visit["started"].timestamp()
    moved = [event._replace(at=event.at - begin, end=_minus(event.end, begin)) for event in found]
    return Story(sorted(moved, key=lambda event: (event.at, event.kind)), cut)


def _event(kind: str, row: dict[str, Any], visit: Mapping[str, Any]) -> Event:
    at, end = row.pop("begins") / 1e6, row.pop("ends")
    end = end / 1e6 if end is not None else None
    what = {"crawl_id": visit["crawl_id"], "visit_id": visit["visit_id"], **row}
    return Event(at, end, kind, row.pop("domain") or "", row.pop("n"), what)


def _minus(value: float | None, begin: float) -> float | None:
    return None if value is None else value - begin


def bins(events: Sequence[Event], span: float, n: int) -> dict[str, list[int]]:
    """How many things of each kind happened in each of ``n`` equal parts of ``span`` seconds."""
    found: dict[str, list[int]] = {}
    for event in events:
        place = min(max(int(event.at / span * n), 0), n - 1) if span > 0 else 0
        found.setdefault(event.kind, [0] * n)[place] += event.n
    return found

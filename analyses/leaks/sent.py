"""What visits sent from a moment on, and what their pages kept: texts in which values are sought.

Only rows of the visits that are asked for leave the run's tables, a chunk of visits at a time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from overscripted.analyses.leaks.typed import Visit
from overscripted.analyses.model import Inputs
from overscripted.visit_groups import VISIT

CHUNK = 100  # visits whose texts are in memory together
HEADERS, KEPT = "headers", ("stored cookie", "storage")
BODIES = ("request body", "websocket")
PLACES = ("url", HEADERS, "message", *BODIES, *KEPT)
SHORT = ("url", HEADERS, *KEPT)  # texts of some hundred bytes; the others are bodies and messages
_NEEDED = ("requests", "request_bodies", "contents", "websocket_messages", "messages")
_REQUEST = [*VISIT, "attempt", "request_id", "hop"]
_COLUMNS = ("number", "place", "host", "script_url", "time_stamp")


class Since(NamedTuple):
    """A visit, and from when on what it sends counts."""

    visit: Visit
    since: datetime


def lacking(inputs: Inputs) -> list[str]:
    """What the run lacks of the tables that say what is sent."""
    return [lack for name in _NEEDED if (lack := inputs.missing(name))]


@contextmanager
def texts(
    inputs: Inputs, visits: Sequence[Since], places: Sequence[str] = PLACES
) -> Iterator[Iterator[pa.Table]]:
    """The texts of visits in some of `PLACES`, in chunks of `CHUNK` visits.

    Columns: number (of the visit in ``visits``), place, host (of the receiver), script_url (NULL where it is
    not known), time_stamp, data (bytes).
    """
    which = inputs.engine.table(
        pa.table(
            {
                "crawl_id": pa.array([one.visit[0] for one in visits], pa.int64()),
                "visit_id": pa.array([one.visit[1] for one in visits], pa.int64()),
                "number": pa.array(range(len(visits)), pa.int64()),
                "since": pa.array([one.since for one in visits], pa.timestamp("us", "UTC")),
            }
        )
    )
    sources = [inputs.engine.keep(source) for source in _sources(inputs, which, places)]
    try:
        yield _chunks(inputs, sources, len(visits))
    finally:
        for source in sources:
            inputs.engine.drop(source)


def _chunks(inputs: Inputs, sources: Sequence[ir.Table], n: int) -> Iterator[pa.Table]:
    for first in range(0, n if sources else 0, CHUNK):
        parts = []
        for source in sources:
            of_chunk = source.filter(source.number >= first, source.number < first + CHUNK)
            rows = inputs.arrow(of_chunk)
            data = pc.cast(rows["data"], pa.large_binary())  # text as its UTF-8
            parts.append(rows.select(_COLUMNS).append_column("data", data))
        whole = pa.concat_tables(parts, promote_options="permissive")
        yield whole.filter(pc.greater(pc.binary_length(whole["data"]).fill_null(0), 0))


def _sources(inputs: Inputs, which: ir.Table, places: Sequence[str]) -> Iterator[ir.Table]:
    """The tables that hold texts, each with the same columns but for the type of ``data``."""
    if not inputs.missing("requests"):
        yield from _of_requests(inputs, which, places)
    if "websocket" in places and not inputs.missing("websocket_messages"):
        yield from _of_sockets(inputs, which)
    if "message" in places and not inputs.missing("messages"):
        rows = _later(inputs.table("messages"), which)
        rows = rows.filter(rows.origin != _origin(rows.location))
        yield _texts(rows, "message", _host(rows.location), ibis.null("string"), rows.data)
    if KEPT[0] in places and not inputs.missing("stored_cookies"):
        rows = inputs.table("stored_cookies").inner_join(which, VISIT)
        yield _kept(rows, KEPT[0], rows.host)
    if KEPT[1] in places and not inputs.missing("stored_items"):
        rows = inputs.table("stored_items").inner_join(which, VISIT)
        yield _kept(rows, KEPT[1], _host(rows.origin))


def _of_requests(inputs: Inputs, which: ir.Table, places: Sequence[str]) -> Iterator[ir.Table]:
    requests = _later(inputs.table("requests"), which)
    for place, data in (("url", requests.url), (HEADERS, requests.request_headers)):
        if place in places:
            yield _texts(requests, place, requests.host, requests.script_url, data)
    if not inputs.missing("request_bodies") and not inputs.missing("contents"):
        # A body is read a moment after its request began, so the request's time counts.
        of_request = requests.select(*_REQUEST, "number", "host", "script_url", "time_stamp")
        bodies = of_request.inner_join(inputs.table("request_bodies").select(*_REQUEST, "sha256"), _REQUEST)
        bodies = bodies.inner_join(inputs.table("contents").select("sha256", "content"), "sha256")
        yield _texts(bodies, BODIES[0], bodies.host, bodies.script_url, bodies.content)


def _of_sockets(inputs: Inputs, which: ir.Table) -> Iterator[ir.Table]:
    rows = _later(messages_sent(inputs), which)
    yield _texts(rows, "websocket", rows.host, rows.script_url, rows.data)
    yield _texts(rows, "websocket", rows.host, rows.script_url, rows.bytes)


def messages_sent(inputs: Inputs) -> ir.Table:
    """Messages that were sent by WebSocket, with the host, and the script that opened the socket."""
    rows = inputs.table("websocket_messages").filter(_.direction == "sent")
    rows = rows.mutate(host=_host(rows.url))
    if inputs.missing("requests"):
        return rows.mutate(script_url=ibis.null("string"))
    requests = inputs.table("requests")
    openers = requests.group_by(_REQUEST[:-1]).agg(script_url=requests.script_url.min())
    return rows.left_join(openers, _REQUEST[:-1], rname="opener_{name}")


def _kept(rows: ir.Table, place: str, host: ir.StringValue) -> ir.Table:
    """What the page has in a cookie or storage at the visit's end: no time."""
    rows = rows.mutate(time_stamp=ibis.null("timestamp('UTC')"), _host=host)
    return _texts(rows, place, rows["_host"], ibis.null("string"), rows.value)


def _later(rows: ir.Table, which: ir.Table) -> ir.Table:
    joined = rows.inner_join(which, VISIT)
    return joined.filter(joined.time_stamp >= joined.since)


def _texts(rows: ir.Table, place: str, host: ir.Value, script: ir.Value, data: ir.Value) -> ir.Table:
    """Texts that go to a host: a data: URL, and a message to a frame without an address, stay in the page."""
    texts = rows.select(
        "number",
        place=ibis.literal(place),
        host=host.fill_null(""),
        script_url=script,
        time_stamp=rows.time_stamp,
        data=data,
    )
    return texts.filter(texts.host != "")


def _origin(url: ir.StringValue) -> ir.StringValue:
    return url.re_extract(r"^([a-z]+://[^/?#]+)", 1)


def _host(url: ir.StringValue) -> ir.StringValue:
    """The host of a URL or origin; "" without one."""
    return url.fill_null("").re_extract(r"^[a-z]+://(?:[^/?#@]*@)?([^/?#:]+)", 1)

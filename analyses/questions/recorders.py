"""Recorders: which scripts record what visitors do, by what the scripts do themselves.

A graded score: a script *watches* (an observer of the whole page, listeners to three of four kinds of
events), *watches and sends* (bodies of several sizes, again and again), and is *confirmed* where what it
sends holds what the visitor typed or the page's text. The thresholds are ours; the confirmation is that of
No Boundaries (Englehardt, Acar and Narayanan, 2017). The parts are in `overscripted.analyses.recorders`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted import tokens
from overscripted.analyses import published
from overscripted.analyses.leaks.typed import Typed, Visit, typed
from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.recorders.behaviour import (
    CONFIRMED,
    EVENTS,
    MIN_BYTES,
    MIN_EVENTS,
    MIN_SENDS,
    MIN_SIZES,
    SCRIPT,
    SENDS,
    WATCHES,
    behaviour,
    enough,
)
from overscripted.analyses.recorders.confirm import MIN_PIECES, held
from overscripted.analyses.recorders.masking import MARKS, Masking, masking
from overscripted.analyses.settings import BARS_SHOWN, EVIDENCE_TEXT, MAX_EVIDENCE
from overscripted.analyses.statistics import wilson
from overscripted.display.number_format import count, share
from overscripted.outcomes import GOOD
from overscripted.visit_groups import VISIT

_UNLIKE = (
    "No Boundaries visited up to six pages of a site, changed the pages, and looked for known providers' "
    "traffic, too; here a page is one visit, and what is not sent during it is not seen."
)
_CONFIRMING = ("page_texts|actions",)  # what is looked for in what scripts send
_FIELDS = pa.schema([("kind", pa.string()), ("pages", pa.int64()), ("sent", pa.int64())])
_MASKS = pa.schema([("mark", pa.string()), ("recorder", pa.string()), ("pages", pa.int64())])
_HOSTS = pa.schema(
    [("script_host", pa.string()), ("provider", pa.string())]
    + [(name, pa.int64()) for name in ("grade", "pages", "confirmed_pages")]
)


def answer(inputs: Inputs) -> Finding:
    """Count pages with scripts that record, by grade, listed and not."""
    pages = inputs.totals(inputs.table("visits").filter(_.outcome.isin(GOOD)).aggregate(n=_.count()))["n"]
    if not pages:
        return Finding(unsupported="the run has no visit that shows its page")
    if lack := _unrecorded(inputs):
        return Finding(unsupported=lack)
    rows = inputs.engine.keep(behaviour(inputs, inputs.lists["session_replay"]))
    found = _senders(inputs, rows)
    visits = sorted({(row["crawl_id"], row["visit_id"]) for row in found})
    fields = [] if inputs.missing("actions") else typed(inputs)
    masks = masking(inputs, visits)
    finding = Finding(
        sentence=_sentence(found, pages),
        figures=[*_figures(inputs, rows, found, pages), *_masked(masks), *_passwords(found, fields)],
        tables={
            "scripts": _scripts(found),
            "fields": _fields(found, fields),
            "masks": _masks(masks),
            "evidence": _evidence(found),
            "near_misses": _near_misses(inputs, rows),
        },
        notes=_notes(inputs, masks),
    )
    finding.plots = _plots(finding.tables["scripts"])
    inputs.engine.drop(rows)
    return finding


def _unrecorded(inputs: Inputs) -> str:
    for name in ("symbol_arguments", "requests"):
        if not inputs.has_rows(name):
            return f"the run has {inputs.missing(name) or f'no rows in its table {name}'}"
    return ""


def _senders(inputs: Inputs, rows: ir.Table) -> list[dict[str, Any]]:
    """The scripts that watch and send, with what is found in what they send, and their grade."""
    found = inputs.rows(rows.filter(rows.grade >= SENDS).order_by(SCRIPT))
    for row, sent in zip(found, held(inputs, found), strict=True):
        row["kinds"], row["pieces"] = sent.kinds, sent.pieces
        row["grade"] = CONFIRMED if sent.confirmed else SENDS
    return found


def _visits(rows: Iterable[dict[str, Any]]) -> set[Visit]:
    return {(row["crawl_id"], row["visit_id"]) for row in rows}


def _figures(inputs: Inputs, rows: ir.Table, found: list[dict[str, Any]], pages: int) -> list[Figure]:
    watching, listed = (
        inputs.totals(some.select(VISIT).distinct().aggregate(n=_.count()))["n"]
        for some in (rows.filter(rows.grade >= WATCHES), rows.filter(rows.provider != ""))
    )
    of_provider = len(_visits(row for row in found if row["provider"]))
    unlisted = len(_visits(row for row in found if not row["provider"]))
    confirmed = len(_visits(row for row in found if row["grade"] == CONFIRMED))
    return [
        _figure("watch", "Pages with a script that watches page and visitor", watching, pages),
        _figure("send", "Pages with a script that watches and sends", len(_visits(found)), pages),
        _figure("confirmed", "Pages with a script that was seen to record", confirmed, pages, _CONFIRMING),
        _figure("unlisted", "Pages with a script that watches and sends and is not listed", unlisted, pages),
        _figure("listed", "Pages with a script of a listed provider", listed, pages),
        _figure("listed_send", "of these, pages on which it watches and sends", of_provider, listed),
    ]


def _figure(name: str, label: str, n: int, of: int, needs: tuple[str, ...] = ()) -> Figure:
    known = published.RECORDERS.get(name)
    return Figure(name, label, n, of, wilson(n, of), known, unlike=_UNLIKE if known else "", needs=needs)


def _masked(masks: Masking | None) -> list[Figure]:
    """Pages that mark what a recorder must leave out."""
    if masks is None:
        return []
    label = "of pages with a script that watches and sends, pages that mark what to leave out"
    return [_figure("masked", label, len(set().union(*masks.marks.values())), masks.saved)]


def _passwords(found: list[dict[str, Any]], fields: Sequence[Typed]) -> list[Figure]:
    """Pages with a password field, on which a script watches and sends."""
    with_field = {visit.visit for visit in fields if "password" in visit.filled}
    label = "Pages with a password field and a script that watches and sends"
    return [_figure("password", label, len(with_field & _visits(found)), len(with_field))] if fields else []


def _scripts(found: list[dict[str, Any]]) -> pa.Table:
    """The hosts of scripts that watch and send."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in found:
        groups.setdefault((row["script_host"], row["provider"]), []).append(row)
    rows = [
        {
            "script_host": host,
            "provider": provider,
            "grade": max(row["grade"] for row in group),
            "pages": len(_visits(group)),
            "confirmed_pages": len(_visits(row for row in group if row["grade"] == CONFIRMED)),
        }
        for (host, provider), group in groups.items()
    ]
    table = pa.Table.from_pylist(rows, schema=_HOSTS)
    return table.sort_by([("pages", "descending"), ("script_host", "ascending"), ("provider", "ascending")])


def _fields(found: list[dict[str, Any]], fields: Sequence[Typed]) -> pa.Table:
    """Fields at risk: pages with such a script and a filled field of each kind, and those it sent."""
    visits = _visits(found)
    at_risk = Counter(kind for visit in fields if visit.visit in visits for kind in visit.filled)
    sent = Counter(
        kind for visit, kind in {(v, k) for row in found for v in _visits([row]) for k in row["kinds"]}
    )
    rows = [{"kind": kind, "pages": at_risk[kind], "sent": sent[kind]} for kind in tokens.KINDS]
    return pa.Table.from_pylist([row for row in rows if row["pages"] or row["sent"]], schema=_FIELDS)


def _masks(masks: Masking | None) -> pa.Table:
    known = masks.marks if masks else {}
    rows = [{"mark": name, "recorder": MARKS[name], "pages": len(known[name])} for name in sorted(known)]
    return pa.Table.from_pylist(rows, schema=_MASKS)


_EVIDENCE = pa.schema(
    [("crawl_id", pa.int64()), ("visit_id", pa.int64())]
    + [(name, pa.string()) for name in ("page", "script_url", "provider")]
    + [(name, pa.int64()) for name in ("grade", "observers", *EVENTS)]
    + [("host", pa.string())]
    + [(name, pa.int64()) for name in ("sends", "bytes")]
    + [("kinds_sent", pa.string()), ("pieces_sent", pa.int64())]
)


def _evidence(found: list[dict[str, Any]]) -> pa.Table:
    rows = [
        {
            **{name: row[name] for name in _EVIDENCE.names if name in row},
            "page": (row["page"] or "")[:EVIDENCE_TEXT],
            "script_url": row["script_url"][:EVIDENCE_TEXT],
            "kinds_sent": ", ".join(row["kinds"]),
            "pieces_sent": row["pieces"],
        }
        for row in found[:MAX_EVIDENCE]
    ]
    return pa.Table.from_pylist(rows, schema=_EVIDENCE)


def _near_misses(inputs: Inputs, rows: ir.Table) -> pa.Table:
    """Listed scripts that do not watch and send, and others that meet all conditions but one."""
    conditions = (rows.observers > 0, rows.events >= MIN_EVENTS, enough(rows))
    met = sum((condition.cast("int64") for condition in conditions), ibis.literal(0))
    kinds = rows.events.cast("string")
    why = ibis.cases(
        (rows.observers == 0, "no observer of the whole page"),
        (
            rows.events < MIN_EVENTS,
            ibis.literal("listens to ") + kinds + f" of {len(EVENTS)} kinds of events",
        ),
        (rows.sends == 0, "sends nothing itself"),
        (rows.sends < MIN_SENDS, f"sends fewer than {MIN_SENDS} times to a host"),
        (rows.sizes < MIN_SIZES, "sends bodies of one size"),
        else_=f"sends under {MIN_BYTES:,} bytes to a host",
    )
    missed = rows.filter(rows.grade < SENDS, (rows.provider != "") | (met == len(conditions) - 1))
    shown = missed.select(
        *VISIT,
        page=missed.page.fill_null("").substr(0, EVIDENCE_TEXT),
        script_url=missed.script_url.substr(0, EVIDENCE_TEXT),
        **{
            name: missed[name]
            for name in ("provider", "grade", "observers", *EVENTS, "host", "sends", "bytes")
        },
        why=why,
    )
    ordered = shown.order_by(ibis.desc("grade"), ibis.desc("provider"), *SCRIPT, "host", "bytes")
    return inputs.arrow(ordered.limit(MAX_EVIDENCE))


def _sentence(found: list[dict[str, Any]], pages: int) -> str:
    if not found:
        return f"None of {count(pages, 'page')} has a script that watches its visitor and sends what it sees."
    n, confirmed = len(_visits(found)), len(_visits(row for row in found if row["grade"] == CONFIRMED))
    return (
        f"{share(n, pages)} of pages have a script that watches the visitor and sends what it sees; on "
        f"{count(confirmed, 'page')} what it sent holds the page's text or what was typed."
    )


def _notes(inputs: Inputs, masks: Masking | None) -> list[str]:
    notes = [
        "Who sends is the innermost script of the request's stack. Where none is known, as for a beacon at "
        "the end or from a worker, it is the receiver's own script.",
        "A recorder may draw lots whom it records, so a page without recording may have one for others.",
    ]
    wanted = {
        "page_texts": "No page was searched for its text: crawl with `--save text`",
        "actions": "Nothing was typed: crawl with `--do forms,mouse,scroll`",
        "request_bodies": "No body was searched",
        "websocket_messages": "WebSockets are not counted",
    }
    notes += [
        f"{text} (the run has none in {name})." for name, text in wanted.items() if not inputs.has_rows(name)
    ]
    if masks is None:
        notes.append(
            "Whether pages mark what recorders must leave out is not known: no page's source was saved."
        )
    return notes


def _plots(scripts: pa.Table) -> list[dict[str, Any]]:
    top = scripts.slice(0, BARS_SHOWN).to_pylist()
    return [
        {
            "kind": "bars",
            "title": "Pages on which a host's script watches and sends",
            "unit": "pages",
            "rows": [
                {"label": row["script_host"], "note": row["provider"], "value": row["pages"]} for row in top
            ],
        }
    ]


ANALYSIS = Analysis(
    name="recorders",
    title="Session recorders at work",
    question="Which scripts record what visitors do, listed or not?",
    answer=answer,
    needs=("visits", "script_refs", "symbol_arguments", "requests"),
    lists=("session_replay",),
    headline="send",
    unit="pages",
    order=62,
    chapter="What scripts do",
    definitions=(
        ("Page", "A visit that shows its page (complete or http_error)."),
        (
            "Watches",
            "The script observes changes of a whole tree (MutationObserver with subtree), and listens to "
            f"{MIN_EVENTS} of: typing, moving, scrolling, clicking.",
        ),
        (
            "Watches and sends",
            f"It also sends {MIN_SENDS} bodies or WebSocket messages or more to one host, of {MIN_SIZES} "
            f"sizes or more, of {MIN_BYTES:,} bytes or more together.",
        ),
        (
            "Seen to record",
            "What it sends holds a value that the visit typed, plain or encoded, or "
            f"{MIN_PIECES} pieces of the page's text.",
        ),
        ("Listed", "The script's host is on the list session_replay, or below a host on it."),
    ),
)

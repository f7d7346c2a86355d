"""Leaks: what is typed into forms and leaves the page before anything is submitted, and to whom.

The question and its terms are those of Leaky Forms (Senol, Acar, Humbert and Zuiderveen Borgesius, USENIX
Security 2022). The crawl typed values that no other visit has; they are sought, plain, hashed and encoded, in
what the same visit sent afterwards. The parts are in `overscripted.analyses.leaks`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from overscripted.analyses import processes, published
from overscripted.analyses.arrow_tables import grouped, with_columns
from overscripted.analyses.leaks.judge import LEAK, OWN, judged
from overscripted.analyses.leaks.search import Occurrence, of_chunk
from overscripted.analyses.leaks.sent import Since, lacking, texts
from overscripted.analyses.leaks.typed import IN_WORDS, Typed, n_filled, typed
from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.settings import BARS_SHOWN, MAX_EVIDENCE
from overscripted.analyses.statistics import wilson
from overscripted.display.number_format import count, share

SECONDS = 0.013  # that a core searches what a visit sends
_UNLIKE = (
    "Leaky Forms counts sites of which up to ten log-in pages were filled, too, and searches three layers "
    "deep; here a page is one visit, and two layers of common hashes and encodings are sought."
)


def answer(inputs: Inputs) -> Finding:
    """Count pages that send what was typed, by kind of field and by who gets it."""
    if not inputs.has_rows("requests"):
        return Finding(unsupported=f"the run has {inputs.missing('requests') or 'no requests'}")
    visits = typed(inputs)
    if not visits:
        return Finding(unsupported="no visit filled a field of a form; crawl with `--do forms`")
    rows = judged(visits, _found(inputs, visits), inputs.lists["entities"], inputs.lists["session_replay"])
    leaks = rows.filter(pc.equal(rows["why"], LEAK))
    filled = n_filled(visits)
    return Finding(
        sentence=_sentence(leaks, filled[""]),
        figures=_figures(rows, leaks, filled),
        tables={
            "receivers": _receivers(leaks),
            "encodings": _encodings(leaks),
            "evidence": leaks.drop_columns("why").slice(0, MAX_EVIDENCE),
            "near_misses": rows.filter(pc.not_equal(rows["why"], LEAK)).slice(0, MAX_EVIDENCE),
        },
        notes=_notes(inputs, visits),
        plots=_plots(leaks),
    )


def _found(inputs: Inputs, visits: Sequence[Typed]) -> Iterator[Occurrence]:
    since = [Since(visit.visit, min(field.started for field in visit.fields)) for visit in visits]
    n = processes.worthwhile(inputs.engine, SECONDS * len(visits))
    with texts(inputs, since) as chunks:
        for found in processes.in_order(of_chunk, _with_values(chunks, visits), n):
            yield from found


def _with_values(
    chunks: Iterable[pa.Table], visits: Sequence[Typed]
) -> Iterator[tuple[pa.Table, dict[int, dict[str, str]]]]:
    """The chunks, each with the texts that its visits typed."""
    for chunk in chunks:
        yield chunk, {number: visits[number].texts() for number in pc.unique(chunk["number"]).to_pylist()}


def _pages(rows: pa.Table) -> int:
    """The distinct visits."""
    return int(rows.group_by(["crawl_id", "visit_id"], use_threads=False).aggregate([]).num_rows)


def _of_kind(kind: str) -> Callable[[pa.Table], pa.Table]:
    return lambda rows: rows.filter(pc.equal(rows["kind"], kind))


def _figures(rows: pa.Table, leaks: pa.Table, filled: dict[str, int]) -> list[Figure]:
    trackers = leaks.filter(leaks["tracker"])
    own = rows.filter(pc.equal(rows["why"], OWN))
    figures = [
        _figure("leaks", "Pages that leak what is typed to a third party", leaks, filled[""]),
        _figure("trackers", "Pages that leak what is typed to a listed tracker", trackers, filled[""]),
        _figure("own", "Pages that send what is typed to the site itself, unasked", own, filled[""]),
    ]
    for kind, words in IN_WORDS.items():
        of_kind = _of_kind(kind)
        label = f"Pages with such a field that leak {words}"
        figures += [
            _figure(kind, f"{label} to a third party", of_kind(leaks), filled[kind]),
            _figure(f"{kind}_trackers", f"{label} to a listed tracker", of_kind(trackers), filled[kind]),
        ]
    to_recorders = _of_kind("password")(leaks.filter(leaks["recorder"]))
    label = "Pages with such a field that leak a password to a listed session recorder"
    return [
        *figures,
        _figure("password_recorders", label, to_recorders, filled["password"]),
        Figure("receivers", "Third-party domains that get what is typed", len(pc.unique(leaks["domain"]))),
    ]


def _figure(name: str, label: str, rows: pa.Table, of: int) -> Figure:
    n, known = _pages(rows), published.LEAKS.get(name)
    return Figure(name, label, n, of, wilson(n, of), known, unlike=_UNLIKE if known else "")


def _receivers(leaks: pa.Table) -> pa.Table:
    by = {name: name for name in ("domain", "owner", "category", "tracker", "recorder", "kind")}
    sums = {"pages": ("visit", "count_distinct"), "sites": ("site", "count_distinct")}
    return grouped(_with_visit(leaks), by, sums, _order("domain", "kind", "owner", "category"))


def _encodings(leaks: pa.Table) -> pa.Table:
    by = {name: name for name in ("kind", "encoding", "form", "place")}
    return grouped(
        _with_visit(leaks),
        by,
        {"pages": ("visit", "count_distinct")},
        _order("kind", "encoding", "form", "place"),
    )


def _with_visit(leaks: pa.Table) -> pa.Table:
    ids = [pc.cast(leaks[name], pa.string()) for name in ("crawl_id", "visit_id")]
    return with_columns(leaks, visit=pc.binary_join_element_wise(*ids, " "))


def _order(*names: str) -> list[tuple[str, str]]:
    return [("pages", "descending"), *((name, "ascending") for name in names)]


def _sentence(leaks: pa.Table, filled: int) -> str:
    if not leaks.num_rows:
        return f"None of {count(filled, 'page')} with a filled field sends it to a third party unasked."
    n = _pages(leaks)
    domains = count(len(pc.unique(leaks["domain"])), "domain")
    return f"{share(n, filled)} of pages with a filled field send it to third parties unasked, to {domains}."


def _notes(inputs: Inputs, visits: Sequence[Typed]) -> list[str]:
    notes = [
        "Nothing was submitted. A value is looked for in what the same visit sent afterwards: plain, and "
        "in two layers of common hashes and encodings. Bodies and messages are decoded three layers deep.",
        "What a page sends encrypted, or as single keys, is not found.",
    ]
    if blocked := sum(visit.first_submit() is not None for visit in visits):
        notes.append(
            f"{count(blocked, 'page')} tried to send a form by a script. What was sent from that field on "
            "is a near miss."
        )
    if lacks := lacking(inputs):
        notes.append(f"Less is searched: the run has {'; '.join(lacks)}.")
    return notes


def _plots(leaks: pa.Table) -> list[dict[str, Any]]:
    order = [("value", "descending"), ("label", "ascending")]
    top = grouped(_with_visit(leaks), {"label": "domain"}, {"value": ("visit", "count_distinct")}, order)
    return [
        {
            "kind": "bars",
            "title": "Pages of which a domain gets what is typed",
            "unit": "pages",
            "rows": top.slice(0, BARS_SHOWN).to_pylist(),
        }
    ]


ANALYSIS = Analysis(
    name="leaks",
    title="Leaks of forms",
    question="What is typed into forms and leaves before anything is submitted?",
    answer=answer,
    needs=("visits", "actions", "requests"),
    lists=("entities", "session_replay"),
    headline="leaks",
    unit="pages",
    order=64,
    chapter="Who knows whom",
    definitions=(
        ("Page", "A visit that shows its page (complete or http_error) and filled a field."),
        (
            "Leak",
            "A typed value reaches a third party: by URL, referrer, cookie, header, body, WebSocket or a "
            "message to a frame of another origin, before the page tries to send a form.",
        ),
        (
            "Third party",
            "The receiver's registrable domain is neither the page's nor the field's frame's, and its owner "
            "is not the site's.",
        ),
        ("Listed tracker", "The list of owners has it for advertising, analytics or social networks."),
    ),
)

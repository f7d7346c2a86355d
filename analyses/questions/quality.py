"""Quality: whether the run's data is fit for the shares that the other analyses make of it.

A visit is *lost* where it shows nothing of its page and met no bot wall, as Englehardt and Narayanan
("Online Tracking", 2016) count sites that OpenWPM did not visit successfully. Badger Sett's errors
(EFForg/badger-sett, 2026) include bot walls: `without_page` counts as it does.
"""

from collections import Counter
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted import layout
from overscripted.analyses import published
from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.quality import known_gaps
from overscripted.analyses.quality.broken_rules import broken_rules
from overscripted.analyses.quality.caps import cut_by_caps
from overscripted.analyses.quality.fields import empty_fields
from overscripted.analyses.settings import BARS_SHOWN, EMPTY_SHARE, EVIDENCE_TEXT, MAX_EVIDENCE, STARVED_S
from overscripted.analyses.statistics import wilson
from overscripted.display.number_format import count, share
from overscripted.outcomes import GOOD, Outcome
from overscripted.visit_groups import VISIT

_WORKERS = ("worker", "shared worker", "service worker")  # in `how` of script_edges
# What tells of walls, and of what could not be recorded. Imports lack most of it.
_WALLS, _TOLD = "visits.challenge", "visits.known_gaps"
_UNLIKE = "Which sites are asked decides most of it: compare only crawls of the same list of sites."


def answer(inputs: Inputs) -> Finding:
    """Count lost visits and walls, realms that were not recorded, what caps cut, and empty fields."""
    visits = inputs.table("visits")
    n = inputs.totals(_totals(visits))
    if not n["visits"]:
        return Finding(unsupported="the run has no visits")
    gaps, n["realm"], n["call"], n["cap"], n["content"] = _gaps(inputs)
    fields, lacking = empty_fields(inputs)
    n["fields"] = fields.num_rows
    n["fields_empty"] = sum(percent > 100 * EMPTY_SHARE for percent in fields["percent"].to_pylist())
    documents, workers, missing = _realms(inputs)
    caps = cut_by_caps(inputs, n["calls"] + n["dropped"], n["dropped"])
    rules = broken_rules(inputs)
    etl = _etl_facts(inputs)
    tables = {
        "outcomes": _outcomes(inputs, n["visits"]),
        "gaps": gaps,
        "caps": caps,
        "fields": fields,
        "rules": _rules(rules),
        "evidence": inputs.arrow(_evidence(visits)),
    }
    return Finding(
        sentence=(
            f"{n['good']:,} of {count(n['visits'], 'visit')} {'shows' if n['good'] == 1 else 'show'} a page "
            f"({share(n['good'], n['visits'])}); {n['lost']:,} show nothing{_walls(inputs, n)}."
            f"{_unrecorded(n)}"
        ),
        figures=[*_visit_figures(n), *documents, *workers, *_data_figures(n, etl)],
        tables=tables,
        notes=_notes(sorted({*lacking, *missing}), etl),
        plots=_plots(tables),
    )


def _walls(inputs: Inputs, n: dict[str, int]) -> str:
    return f", and {n['challenged']:,} met a bot wall" if inputs.knows(_WALLS) else ""


def _unrecorded(n: dict[str, int]) -> str:
    """How many pages ran code unrecorded, where the run says what it could not record."""
    return f" On {n['realm']:,} of the pages some code ran unrecorded." if n["told"] else ""


def _totals(visits: ir.Table) -> ir.Table:
    good, starved = visits.outcome.isin(GOOD), visits.starved.fill_null(0.0) > STARVED_S
    challenged = visits.outcome == Outcome.CHALLENGE
    return visits.aggregate(
        visits=visits.count(),
        good=good.sum(),
        challenged=challenged.sum(),
        lost=(~good & ~challenged).sum(),
        timeouts=(visits.outcome == Outcome.TIMEOUT).sum(),
        retried=(visits.n_attempts > 1).sum(),
        timed=ibis.and_(good, visits.starved.notnull()).sum(),
        told=ibis.and_(good, visits.known_gaps.notnull()).sum(),
        starved=ibis.and_(good, starved).sum(),
        calls=visits.n_calls.sum(where=good),
        dropped=visits.n_dropped.sum(where=good),
        dropping=ibis.and_(good, visits.n_dropped > 0).sum(),
    )


def _visit_figures(n: dict[str, Any]) -> list[Figure]:
    def of_visits(name: str, label: str, note: str = "", needs: str = "visits.outcome") -> Figure:
        number = n["lost"] + n["challenged"] if name == "without_page" else n[name]
        known = published.QUALITY.get(name)
        interval = wilson(number, n["visits"])
        return Figure(
            *(name, label, number, n["visits"], interval, known, note),
            unlike=_UNLIKE if known else "",
            needs=(needs,),
        )

    def of_pages(name: str, label: str, of: int, needs: str = _TOLD, note: str = "") -> Figure:
        return Figure(name, label, n[name], of, wilson(n[name], of), note=note, needs=(needs,))

    good, told = n["good"], n["told"]
    return [
        of_visits("lost", "Visits that show nothing of their page"),
        of_visits("timeouts", "of them, without a load event in time"),
        of_visits(
            *("challenged", "Visits that met a bot wall or captcha", "Badger Sett's share is the goal."),
            needs=_WALLS,
        ),
        of_visits("without_page", "Visits that show nothing or a bot wall"),
        of_visits("retried", "Visits that took more than one attempt", needs="visits.worker_id"),
        of_pages(
            "starved", f"Pages that lacked CPU for more than {STARVED_S:g} s", n["timed"], "visits.starved"
        ),
        of_pages("realm", "Pages with code that ran before it was recorded, or unrecorded", told),
        of_pages("call", "Pages of which some calls are missing", told),
        of_pages("content", "Pages of which a content or table could not be read whole", told),
        of_pages("cap", "Pages of which a cap cut records", told, note="Other records than calls."),
        of_pages(
            *("dropping", "Pages of which a cap left calls out", good, "visits.n_dropped"),
            note="Such calls are only counted.",
        ),
    ]


def _realms(inputs: Inputs) -> tuple[list[Figure], list[Figure], list[str]]:
    """Figures of documents and workers that were recorded from the start, and what the run lacks for them."""
    grouped = inputs.table("visits").group_by("known_gaps").aggregate(n=_.count())
    times, _visits, _kinds = known_gaps.counted(inputs.rows(grouped))
    missing = [lack for name in ("frames", "script_edges") if (lack := inputs.missing(name))]
    documents, workers = [], []
    if not inputs.missing("frames"):
        told = inputs.table("visits").filter(_.known_gaps.notnull())
        frames = inputs.table("frames").filter(_.kind.fill_null("") != "viewer").semi_join(told, VISIT)
        of = inputs.totals(frames.aggregate(n=_.count()))["n"]
        n = max(of - times["document not instrumented"], 0)
        label = "Documents that were recorded from before their first script"
        documents.append(Figure("documents", label, n, of, wilson(n, of), needs=(_TOLD,)))
    if not inputs.missing("script_edges"):
        told = inputs.table("visits").filter(_.known_gaps.notnull())
        edges = inputs.table("script_edges").filter(_.how.isin(_WORKERS)).semi_join(told, VISIT)
        made = inputs.totals(edges.aggregate(n=_.n.sum()))["n"]
        unwatched = sum(times[name] for name in ("worker from url", "worker from blob", "worker from data"))
        of = max(made, unwatched)  # a worker that was not watched may have left no edge
        label = "Workers that were recorded from before their first script"
        recorded = of - unwatched
        workers.append(Figure("workers", label, recorded, of, wilson(recorded, of), needs=(_TOLD,)))
    return documents, workers, missing


def _data_figures(n: dict[str, Any], etl: dict[str, Any]) -> list[Figure]:
    figures = [
        Figure(
            *("dropped", "Calls that were counted but not kept", n["dropped"], n["calls"] + n["dropped"]),
            needs=("visits.n_dropped",),
        ),
        Figure(
            "fields_empty",
            f"Fields without a value in more than {100 * EMPTY_SHARE:g} % of their rows",
            n["fields_empty"],
            n["fields"],
            note="Of the fields that should have one; the table has each.",
        ),
        Figure("damaged", "Damaged segments of raw data", _leading_number(etl.get("damaged_segments"))),
    ]
    if unacknowledged := etl.get("calls_of_unacknowledged_attempts"):
        label = "Raw calls of attempts that were repeated"
        figures.append(Figure("unacknowledged", label, unacknowledged, etl.get("raw_calls")))
    return figures


def _gaps(inputs: Inputs) -> tuple[pa.Table, int, int, int, int]:
    """A row per known gap of visits that show their page; the visits with each kind of gap but the last."""
    rows = inputs.table("visits").filter(_.outcome.isin(GOOD))
    grouped = inputs.rows(rows.group_by("known_gaps").aggregate(n=_.count()))
    times, visits, kinds = known_gaps.counted(grouped)
    names = sorted(times, key=lambda name: (-visits[name], name))
    table = pa.table(
        {
            "gap": pa.array(names, pa.string()),
            "kind": pa.array([known_gaps.kind_of(name) for name in names], pa.string()),
            "times": pa.array([times[name] for name in names], pa.int64()),
            "visits": pa.array([visits[name] for name in names], pa.int64()),
        }
    )
    wanted = (known_gaps.REALM, known_gaps.CALL, known_gaps.CAP, known_gaps.CONTENT)
    realm, call, cap, content = (kinds[kind] for kind in wanted)
    return table, realm, call, cap, content


def _outcomes(inputs: Inputs, visits: int) -> pa.Table:
    meanings = {str(outcome): outcome.meaning for outcome in Outcome}
    grouped = inputs.table("visits").group_by("outcome", "challenge").aggregate(visits=_.count())
    rows = inputs.rows(grouped.order_by(ibis.desc("visits"), "outcome", "challenge"))
    for row in rows:
        row["percent"] = 100 * row["visits"] / visits
        row["meaning"] = meanings.get(row["outcome"], "")
    kinds = [("outcome", pa.string()), ("challenge", pa.string()), ("visits", pa.int64())]
    kinds += [("percent", pa.float64()), ("meaning", pa.string())]
    return pa.Table.from_pylist(rows, schema=pa.schema(kinds))


def _rules(rules: Counter[str]) -> pa.Table:
    rows = sorted(rules.items(), key=lambda item: (-item[1], item[0]))
    schema = pa.schema([("rule", pa.string()), ("calls", pa.int64())])
    return pa.Table.from_pylist([{"rule": rule, "calls": n} for rule, n in rows], schema=schema)


def _evidence(visits: ir.Table) -> ir.Table:
    """The visits that show no page, that lacked CPU, or of which something is missing."""
    starved = visits.starved.fill_null(0.0) > STARVED_S
    gaps = ~visits.known_gaps.fill_null("").isin(("", "{}"))
    rows = visits.filter(~visits.outcome.isin(GOOD) | starved | gaps | (visits.n_dropped.fill_null(0) > 0))
    texts = {
        name: rows[name].fill_null("").left(EVIDENCE_TEXT)
        for name in ("site_url", "outcome", "challenge", "error", "known_gaps")
    }
    shown = rows.select("crawl_id", "visit_id", **texts, starved=rows.starved, n_dropped=rows.n_dropped)
    return shown.order_by("outcome", "crawl_id", "visit_id").limit(MAX_EVIDENCE)


def _etl_facts(inputs: Inputs) -> dict[str, Any]:
    """What run.json says of the etl; it counts all groups of visits."""
    facts = inputs.store.read_json(layout.RECORD).get("stages", {}).get("etl", {}).get("facts", {})
    return facts if isinstance(facts, dict) else {}


def _leading_number(text: Any) -> int:
    """The number that begins a text, such as ``2 damaged (…)``; 0 where there is none."""
    first = str(text or "").partition(" ")[0]
    return int(first) if first.isascii() and first.isdecimal() else 0


def _notes(lacking: list[str], etl: dict[str, Any]) -> list[str]:
    notes = [
        "Losses that others published: OpenWPM in 2019, 11.9 % and 11.1 % (FP-Inspector); DuckDuckGo's "
        "collector in 2021, 0.6 % with addresses that real users visit and 5.6 % with bare domains (Leaky "
        "Forms).",
        "Values of calls, bodies of scripts and other contents are counted in all visits of the run, by the "
        "footers of the files. Damaged segments and repeated attempts also belong to the whole run.",
    ]
    if damaged := etl.get("damaged_segments"):
        notes.append(f"Damaged: {str(damaged)[:EVIDENCE_TEXT]}")
    if lacking:
        notes.append(f"Some figures are missing: the run has {'; '.join(lacking)}.")
    return notes


def _plots(tables: dict[str, pa.Table]) -> list[dict[str, Any]]:
    def bars(title: str, table: str, label: str, value: str, unit: str) -> dict[str, Any]:
        rows = tables[table].slice(0, BARS_SHOWN).to_pylist()
        bars = [{"label": r[label] or "(none)", "value": r[value]} for r in rows if r[value]]
        return {"kind": "bars", "title": title, "unit": unit, "rows": bars}

    return [
        bars("Pages by what could not be recorded", "gaps", "gap", "visits", "pages"),
        bars("Invalid calls by rule", "rules", "rule", "calls", "calls"),
    ]


ANALYSIS = Analysis(
    name="quality",
    title="Quality",
    question="Is the data fit for the shares that are made of it?",
    answer=answer,
    needs=("visits",),
    headline="lost",
    unit="visits",
    order=90,
    chapter="How good the data is",
    definitions=(
        ("Page", "A visit that shows its page: it ended as complete or http_error."),
        ("Lost", "A visit that shows nothing of its page and met no bot wall."),
        ("Realm", "A document, worker or worklet: each has its own copy of every API."),
        *(
            (f"Kind of gap: {kind}", f"{meaning[0].upper()}{meaning[1:]}.")
            for kind, meaning in known_gaps.KINDS.items()
        ),
        (
            "Field",
            "A column in the rows where it should have a value, as the table says; empty: NULL or no text.",
        ),
    ),
)

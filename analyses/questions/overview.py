"""Overview: what the run holds (visits, documents, calls, symbols, scripts) and what is missing."""

from collections import Counter

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.quality import known_gaps
from overscripted.analyses.quality.broken_rules import broken_rules
from overscripted.analyses.settings import BARS_SHOWN, MAX_ROWS_KEPT
from overscripted.display.number_format import count
from overscripted.outcomes import Outcome


def answer(inputs: Inputs) -> Finding:
    """Count visits, documents, calls and scripts; list symbols, domains of scripts, broken rules and gaps."""
    documents = inputs.totals(
        inputs.table("documents").aggregate(
            documents=_.count(),
            frames=_.in_iframe.sum().fill_null(0),
            domains=_.location_domain.nunique(where=_.location_domain != ""),
            calls=_.n_calls.sum(),
            valid=_.n_valid.sum(),
            invalid=_.n_invalid.sum(),
            inherited=_.n_inherited.sum(),
        )
    )
    pairs = (  # a document that was visited twice refers to a script once
        inputs.table("script_refs").group_by("location", "script_url").aggregate(third=_.is_third_party.max())
    )
    scripts = inputs.totals(
        pairs.aggregate(references=_.count(), scripts=_.script_url.nunique(), third=_.third.sum())
    )
    recorded = documents["valid"] + documents["invalid"]
    visits = inputs.engine.to_arrow(_visits(inputs.table("visits")))
    tables = {
        "visits": visits,
        "symbols": inputs.engine.to_arrow(_symbols(inputs.table("symbol_counts"))),
        "script_domains": inputs.engine.to_arrow(_script_domains(inputs.table("script_refs"))),
        "invalid": _counted(broken_rules(inputs), "rule", "calls"),
        "gaps": _gaps(inputs),
        "challenges": inputs.engine.to_arrow(_challenges(inputs.table("visits"))),
    }
    if len(inputs.groups) > 1:
        tables["visits_by_group"] = pa.Table.from_pylist([dict(row) for row in inputs.groups])
    total = sum(visits["visits"].to_pylist())
    complete = sum(r["visits"] for r in visits.to_pylist() if r["outcome"] == Outcome.COMPLETE)
    dropped = sum(r["dropped"] for r in visits.to_pylist() if r["outcome"] != Outcome.CHALLENGE)
    return Finding(
        sentence=(
            f"{count(total, 'visit')}, {count(documents['documents'], 'document')} on "
            f"{count(documents['domains'], 'domain')}, {count(documents['valid'], 'valid call')} by "
            f"{count(scripts['scripts'], 'script')}."
        ),
        figures=[
            Figure("visits_complete", "Visits that ended complete", complete, total),
            Figure(
                "visits_challenged",
                "Visits that met a bot wall or captcha",
                sum(tables["challenges"]["visits"].to_pylist()),
                total,
                note="Their calls count in no figure.",
                needs=("visits.challenge",),
            ),
            Figure("documents", "Documents with calls", documents["documents"]),
            Figure("in_frames", "of them, seen only in frames", documents["frames"], documents["documents"]),
            Figure("domains", "Registrable domains of documents", documents["domains"]),
            Figure("scripts", "Distinct scripts", scripts["scripts"]),
            Figure("references", "Script references", scripts["references"]),
            Figure("third_party", "of them, to a third party", scripts["third"], scripts["references"]),
            Figure("calls", "Calls made", documents["calls"]),
            Figure(
                "inherited",
                "of them, in documents and workers without a network address",
                documents["inherited"],
                documents["calls"],
                note="about:, blob:, data: and similar; counted with the document whose rights they have.",
            ),
            Figure("valid", "Valid calls", documents["valid"], recorded),
            Figure("invalid", "Invalid calls", documents["invalid"], recorded),
            Figure(
                *("dropped", "Calls counted but not kept (caps)", dropped, documents["calls"]),
                needs=("visits.n_dropped",),
            ),
        ],
        tables=tables,
        plots=_plots(tables),
    )


def _visits(visits: ir.Table) -> ir.Table:
    return (
        visits.group_by("outcome")
        .aggregate(
            visits=_.count(),
            calls=_.n_calls.sum().fill_null(0),
            dropped=_.n_dropped.sum().fill_null(0),
            retried=(_.n_attempts > 1).sum().fill_null(0),
        )
        .order_by(ibis.desc("visits"), "outcome")
    )


def _challenges(visits: ir.Table) -> ir.Table:
    """Visits that met a challenge, by the rule that recognised it."""
    met = visits.filter(_.outcome == Outcome.CHALLENGE)
    rolled = met.group_by("challenge").aggregate(visits=_.count(), sites=_.site_domain.nunique())
    return rolled.order_by(ibis.desc("visits"), "challenge")


def _symbols(symbols: ir.Table) -> ir.Table:
    return (
        symbols.group_by("symbol")
        .aggregate(
            calls=_.n_valid.sum(),
            documents=_.location.nunique(),
            scripts=_.script_url.nunique(),
        )
        .order_by(ibis.desc("calls"), "symbol")
    )


def _script_domains(refs: ir.Table) -> ir.Table:
    return (
        refs.filter(_.is_third_party & (_.script_domain != ""))
        .group_by("script_domain")
        .aggregate(
            sites=_.location_domain.nunique(),
            documents=_.location.nunique(),
            scripts=_.script_url.nunique(),
            calls=_.n_valid.sum(),
        )
        .order_by(ibis.desc("sites"), ibis.desc("documents"), "script_domain")
        .limit(MAX_ROWS_KEPT)
    )


def _gaps(inputs: Inputs) -> pa.Table:
    """What the crawl could not record: the known_gaps of all visits, added up."""
    grouped = inputs.table("visits").group_by("known_gaps").aggregate(n=_.count())
    times, _visits, _kinds = known_gaps.counted(inputs.rows(grouped))
    return _counted(times, "gap", "times")


def _counted(counts: Counter[str], name: str, unit: str) -> pa.Table:
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return pa.table(
        {
            name: pa.array([label for label, _n in rows], pa.string()),
            unit: pa.array([n for _label, n in rows], pa.int64()),
        }
    )


def _plots(tables: dict[str, pa.Table]) -> list[dict[str, object]]:
    def bars(title: str, table: str, label: str, value: str, unit: str) -> dict[str, object]:
        rows = tables[table].slice(0, BARS_SHOWN).to_pylist()
        return {
            "kind": "bars",
            "title": title,
            "unit": unit,
            "rows": [{"label": r[label] or "(none)", "value": r[value]} for r in rows],
        }

    return [
        bars("The most called APIs", "symbols", "symbol", "calls", "calls"),
        bars("The most widespread third parties", "script_domains", "script_domain", "sites", "sites"),
        bars("Visits by outcome", "visits", "outcome", "visits", "visits"),
    ]


ANALYSIS = Analysis(
    name="overview",
    title="Overview",
    question="What does this run hold?",
    answer=answer,
    needs=("documents", "script_refs", "symbol_counts", "visits"),
    records=("calls",),
    order=0,
    definitions=(
        (
            "Document",
            "A distinct location: a page or a frame with its own URL. Calls in documents and workers without "
            "a network address (about:, blob:, data:) count with the document whose rights they have.",
        ),
        ("Script reference", "A distinct pair of document URL and script URL, of valid and invalid calls."),
        ("Third party", "The script's registrable domain differs from the page's."),
        ("Caps", "The first calls per script, symbol and page are kept; the others are only counted."),
    ),
)

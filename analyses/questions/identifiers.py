"""Identifiers: which values in cookies and storages tell a browser from all others.

The rules and their sources are in `overscripted.analyses.identifiers.rules`. Each visit begins with an empty
container, so two visits are two browsers. For a site of the run's own that is visited once there is no second
browser, unless the run has a variant that is the `twin` of the counted one.
"""

from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from overscripted.analyses.identifiers.judge import VISITS_JUDGED, judged
from overscripted.analyses.identifiers.rules import IDENTIFIER, RULES
from overscripted.analyses.identifiers.stored import NAME, VISIT, stored_values
from overscripted.analyses.identifiers.twins import twins
from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.settings import BARS_SHOWN, EVIDENCE_TEXT, MAX_EVIDENCE
from overscripted.analyses.statistics import wilson
from overscripted.display.number_format import count, share
from overscripted.outcomes import GOOD

_MECHANISMS = {"cookie": "cookies", "local_storage": "local storage", "indexed_db": "databases"}
# What must be recorded for a page without such an identifier to have none.
_NEEDS = {"local_storage": ("stored_items",), "indexed_db": ("stored_items",)}


def answer(inputs: Inputs) -> Finding:
    """Count pages, hosts and names with identifiers, by each rule, mechanism and party."""
    # A crawl whose pages store nothing has requests; an import of calls alone has neither.
    if not any(map(inputs.has_rows, ("cookies", "stored_cookies", "stored_items", "requests"))):
        return Finding(unsupported="the run has no rows of cookies, stored items or requests")
    pages = inputs.totals(inputs.table("visits").filter(_.outcome.isin(GOOD)).aggregate(n=_.count()))["n"]
    if not pages:
        return Finding(unsupported="the run has no visit that shows its page")
    values = inputs.engine.keep(stored_values(inputs))
    others = twins(inputs)
    compared = ibis.union(values, *(stored_values(one) for one in others)) if others else values
    verdicts = judged(inputs, compared)
    names = inputs.engine.table(_identifiers(verdicts))
    rows = inputs.engine.keep(values.inner_join(names, NAME))
    counted = {(r["rule"], r["mechanism"], r["is_third_party"]): r for r in _counts(inputs, rows)}
    finding = Finding(
        sentence=_sentence(counted, pages),
        figures=_figures(counted, pages),
        tables=_tables(inputs, rows, verdicts),
        notes=_notes(inputs, bool(others), _once(inputs, compared)),
        plots=_plots(inputs, rows),
    )
    for kept in (rows, values):
        inputs.engine.drop(kept)
    return finding


def _identifiers(verdicts: pa.Table) -> pa.Table:
    """The names that are identifiers, by rule."""
    met = verdicts.filter(pc.equal(verdicts["verdict"], IDENTIFIER))
    return met.select(["rule", *NAME]).group_by(["rule", *NAME], use_threads=False).aggregate([])


def _counts(inputs: Inputs, rows: ir.Table) -> list[dict[str, Any]]:
    return inputs.rows(
        rows.group_by("rule", "mechanism", "is_third_party").agg(
            pages=rows.visit_id.nunique(), domains=rows.domain.nunique()
        )
    )


def _figures(counted: dict[tuple[str, str, bool], dict[str, Any]], pages: int) -> list[Figure]:
    figures = []
    for rule in RULES:
        for mechanism, words in _MECHANISMS.items():
            for third in (True, False):
                row = counted.get((rule.name, mechanism, third))
                n, party = (row["pages"] if row else 0), "third" if third else "first"
                figures.append(
                    Figure(
                        f"{party}_{mechanism}_{rule.name}",
                        f"Pages with identifiers in {party}-party {words}, by {rule.name}",
                        n,
                        pages,
                        wilson(n, pages),
                        needs=_NEEDS.get(mechanism, ()),
                    )
                )
    return figures


def _tables(inputs: Inputs, rows: ir.Table, verdicts: pa.Table) -> dict[str, pa.Table]:
    domains = rows.group_by("rule", "mechanism", "domain", "is_third_party").agg(
        pages=rows.visit_id.nunique(), sites=rows.page_domain.nunique(), names=rows.name.nunique()
    )
    evidence = rows.select(
        *("rule", *VISIT, "page_domain", *NAME, "is_third_party", "days"),
        value=rows.value.substr(0, EVIDENCE_TEXT),
    )
    is_met = pc.equal(verdicts["verdict"], IDENTIFIER)
    cut = pc.utf8_slice_codeunits(verdicts["example"], 0, EVIDENCE_TEXT)
    verdicts = verdicts.set_column(verdicts.schema.get_field_index("example"), "example", cut)
    order = [(name, "ascending") for name in ("rule", *NAME, "key")]
    return {
        "domains": inputs.arrow(
            domains.order_by(ibis.desc("sites"), "rule", "domain", "mechanism", "is_third_party").limit(
                MAX_EVIDENCE
            )
        ),
        "names": verdicts.filter(is_met).sort_by(order).slice(0, MAX_EVIDENCE),
        "evidence": inputs.arrow(evidence.order_by("rule", *NAME, *VISIT).limit(MAX_EVIDENCE)),
        "near_misses": verdicts.filter(pc.invert(is_met)).sort_by(order).slice(0, MAX_EVIDENCE),
    }


def _sentence(counted: dict[tuple[str, str, bool], dict[str, Any]], pages: int) -> str:
    rule = RULES[0].name
    row = counted.get((rule, "cookie", True))
    if not row:
        return f"No third-party cookie identifies a browser on any of {count(pages, 'page')}, by {rule}."
    return (
        f"Third-party cookies identify the browser on {share(row['pages'], pages)} of pages, for "
        f"{count(row['domains'], 'domain')}, by {rule}."
    )


def _once(inputs: Inputs, values: ir.Table) -> int:
    """Names that one visit alone had a value under."""
    visits = values.group_by(NAME).agg(n=values.count()).filter(_.n == 1)
    return int(inputs.totals(visits.aggregate(names=visits.count()))["names"])


def _notes(inputs: Inputs, has_twins: bool, once: int) -> list[str]:
    notes = [
        f"Values of up to {VISITS_JUDGED} visits are compared. Each visit is another browser, because it "
        "began with an empty container.",
        "A part of a value that changes during the visit is no identifier.",
        f"{count(once, 'name')} had a value in one visit alone: nobody can say whether it identifies.",
    ]
    if not has_twins:
        notes.append(
            "The run has no twin visits, so names that one page alone has are not judged: most first-party "
            "identifiers are missed. A variant with `twin` gives each page a second browser."
        )
    lacking = [
        lack for name in ("stored_cookies", "cookies", "stored_items") if (lack := inputs.missing(name))
    ]
    if lacking:
        notes.append(f"Less is judged: the run has {'; '.join(lacking)}.")
    return notes


def _plots(inputs: Inputs, rows: ir.Table) -> list[dict[str, Any]]:
    third = rows.filter(rows.rule == RULES[0].name, rows.is_third_party, rows.mechanism == "cookie")
    busiest = third.group_by("domain").agg(sites=third.page_domain.nunique())
    top = inputs.rows(busiest.order_by(ibis.desc("sites"), "domain").limit(BARS_SHOWN))
    return [
        {
            "kind": "bars",
            "title": f"Sites on which a domain's cookies identify the browser, by {RULES[0].name}",
            "unit": "sites",
            "rows": [{"label": row["domain"], "value": row["sites"]} for row in top],
        }
    ]


ANALYSIS = Analysis(
    name="identifiers",
    title="Identifiers",
    question="Which values in cookies and storages tell a browser from all others?",
    answer=answer,
    needs=("visits", "cookies"),
    records=("cookies.value|stored_cookies.created|stored_items",),
    headline=f"third_cookie_{RULES[0].name}",
    unit="pages",
    order=50,
    chapter="Who knows whom",
    definitions=(
        ("Identifier", "A value that is kept for long and differs between any two browsers."),
        ("Page", "A visit that shows its page (complete or http_error)."),
        ("Third party", "The host's registrable domain is not the page's."),
        ("en2016", "Englehardt and Narayanan: Online Tracking (2016): 90 days, 8 to 100 characters."),
        ("acar2014", "Acar et al.: The Web Never Forgets (2014): 30 days, 6 to 100 characters."),
        ("koop2020", "Koop et al. (2020): 90 days, 8 characters, lengths within a quarter."),
        ("Twin", "A variant of the run that repeats the counted one in another container."),
    ),
)

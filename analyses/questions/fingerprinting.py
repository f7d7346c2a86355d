"""Fingerprinting: which scripts tell a browser from all others by what it can draw, play and say.

The rules and their sources are in `overscripted.analyses.fingerprinting.rules`: named sets, each with figures
of its own. A page is a visit in which a call was recorded.
"""

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from overscripted.analyses import published
from overscripted.analyses.fingerprinting.evaluate import Evaluated, evaluated, everywhere, recorded
from overscripted.analyses.fingerprinting.explain import explain
from overscripted.analyses.fingerprinting.rules import (
    EVERYWHERE,
    MOZILLA,
    OURS,
    RULE_SETS,
    RULES,
    TECHNIQUES,
    Rule,
)
from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.settings import BARS_SHOWN, MAX_EVIDENCE
from overscripted.analyses.statistics import wilson
from overscripted.display.number_format import count, share
from overscripted.visit_groups import VISIT

_RULE = ("rule_set", "technique")
_ANY = "any"
_COUNTED = ("scripts", "domains", "pages", "sites", "third_party_pages")
_RULES = pa.schema([*((name, pa.string()) for name in _RULE), *((name, pa.int64()) for name in _COUNTED)])
# Scripts, pages and sites by rule set and technique.
_Counts = dict[tuple[str, str], dict[str, Any]]


def answer(inputs: Inputs) -> Finding:
    """Count the pages, sites and scripts that fingerprint, by each rule set and technique."""
    rules = recorded(inputs)
    pages = inputs.engine.keep(_pages(inputs))
    totals = inputs.totals(pages.aggregate(pages=pages.count(), sites=pages.site.nunique()))
    if not totals["pages"]:
        return Finding(unsupported="the run has no page with a recorded call")
    if not rules:
        return Finding(unsupported="the run's instrument recorded no symbol that the rules ask for")
    with evaluated(inputs, rules) as found:
        met = inputs.engine.keep(found.met().inner_join(pages, VISIT))
        counted = {(row["rule_set"], row["technique"]): row for row in _counts(inputs, met)}
        tables = _tables(inputs, met, found, counted)
    finding = Finding(
        sentence=_sentence(counted, totals),
        figures=[*_figures(rules, counted, totals["pages"]), *_everywhere(inputs, rules, totals["pages"])],
        tables=tables,
        plots=_plots(rules, counted, totals["pages"], tables["domains"]),
        notes=_notes(rules),
    )
    for kept in (met, pages):
        inputs.engine.drop(kept)
    return finding


def _pages(inputs: Inputs) -> ir.Table:
    """Each page with its site: the registrable domain of the page, else the host of its first document."""
    refs = inputs.table("script_refs")
    seen = refs.group_by(VISIT).agg(_host=refs.location_host.min())
    visits = inputs.table("visits").select(*VISIT, "final_domain")
    rows = seen.left_join(visits, VISIT)
    return rows.select(*VISIT, site=rows.final_domain.nullif("").coalesce(rows._host))


def _counts(inputs: Inputs, met: ir.Table) -> list[dict[str, Any]]:
    """Scripts, domains, pages and sites, by rule set and technique, and by rule set alone."""
    every = met.mutate(technique=ibis.literal(_ANY))
    rows = ibis.union(met, every).group_by(_RULE)
    return inputs.rows(
        rows.agg(
            scripts=lambda t: t.script_url.nunique(),
            domains=lambda t: t.script_domain.nunique(),
            pages=lambda t: t.visit_id.nunique(),
            sites=lambda t: t.site.nunique(),
            third_party_pages=lambda t: t.visit_id.nunique(where=t.is_third_party),
        ).order_by(_RULE)
    )


def _tables(inputs: Inputs, met: ir.Table, found: Evaluated, counted: _Counts) -> dict[str, pa.Table]:
    sums = {
        "pages": lambda t: t.visit_id.nunique(),
        "sites": lambda t: t.site.nunique(),
        "third_party_pages": lambda t: t.visit_id.nunique(where=t.is_third_party),
    }
    ours = met.filter(met.rule_set == OURS)
    by_domain = ours.group_by("script_domain").agg(
        techniques=lambda t: t.technique.nunique(), scripts=lambda t: t.script_url.nunique(), **sums
    )
    by_script = met.group_by(*_RULE, "script_url", "script_domain").agg(**sums)
    nearly = found.nearly()
    order = [*_RULE, "script_url", "location", "crawl_id", "visit_id", "object"]
    return {
        "rules": pa.Table.from_pylist(list(counted.values()), schema=_RULES),
        "domains": inputs.arrow(
            by_domain.order_by(ibis.desc("sites"), ibis.desc("pages"), "script_domain").limit(MAX_EVIDENCE)
        ),
        "scripts": inputs.arrow(
            by_script.order_by(ibis.desc("pages"), "script_url", *_RULE).limit(MAX_EVIDENCE)
        ),
        "evidence": inputs.arrow(met.drop("failed").order_by(order).limit(MAX_EVIDENCE)),
        "near_misses": inputs.arrow(nearly.order_by(order).limit(MAX_EVIDENCE)),
    }


def _figures(rules: Sequence[Rule], counted: _Counts, pages: int) -> list[Figure]:
    """Pages by rule set and technique, the sets one after the other, any technique first."""
    figures = []
    for rule_set in RULE_SETS:
        names = [name for name in TECHNIQUES if any(_is(rule, rule_set, name) for rule in rules)]
        for technique in [_ANY, *names] if names else []:
            row = counted.get((rule_set, technique))
            label = f"Pages with {TECHNIQUES.get(technique, 'any technique')}, by {rule_set}"
            figures.append(_figure(f"{technique}_{rule_set}", label, row["pages"] if row else 0, pages))
    return figures


def _everywhere(inputs: Inputs, rules: Sequence[Rule], pages: int) -> list[Figure]:
    """Pages with a script that fingerprints by canvas, as Mozilla's notebooks counted them."""
    if EVERYWHERE not in rules:
        return []
    refs = inputs.table("script_refs").semi_join(everywhere(inputs), "script_url")
    n = inputs.totals(refs.select(*VISIT).distinct().aggregate(n=ibis._.count()))["n"]
    label = f"Pages that have a script with canvas, by {MOZILLA}"
    note = "A script is judged by all its calls in the run, and every page that has it counts."
    why = "In a sample fewer of a script's calls are seen, so fewer scripts meet the rule."
    return [_figure(f"canvas_{MOZILLA}", label, n, pages, note, why)]


def _figure(name: str, label: str, n: int, pages: int, note: str = "", why: str = "") -> Figure:
    known = published.FINGERPRINTING.get(name)
    unlike = "Other pages, of another year." if known and known.source != published.MOZILLA else ""
    return Figure(name, label, n, pages, wilson(n, pages), known, note, why, unlike)


def _is(rule: Rule, rule_set: str, technique: str) -> bool:
    return (rule.rule_set, rule.technique) == (rule_set, technique)


def _sentence(counted: _Counts, totals: dict[str, int]) -> str:
    row = counted.get((OURS, _ANY))
    if not row:
        return f"No script fingerprints on any of {count(totals['pages'], 'page')}, by {OURS}."
    scripts, pages, sites = (int(row[name]) for name in ("scripts", "pages", "sites"))
    return (
        f"{count(scripts, 'script', 'fingerprint')} on {share(pages, totals['pages'])} of pages and "
        f"{share(sites, totals['sites'])} of sites, by {OURS}."
    )


def _notes(rules: Sequence[Rule]) -> list[str]:
    notes = [
        "A page counts where a script met a rule during the visit. Scripts that wait for something that the "
        "visit did not do are missed.",
        "Rules that ask for arguments (canvas, fonts, WebGL) see the recorded calls: those beyond a cap have "
        "no arguments.",
        f"{OURS} is ours: its thresholds are a choice, and their errors were measured on planted pages "
        "and a few libraries only.",
    ]
    missing = [f"{rule.technique} ({rule.rule_set})" for rule in RULES if rule not in rules]
    if missing:
        notes.append(f"Not asked, because the run's instrument did not record it: {', '.join(missing)}.")
    return notes


def _plots(
    rules: Sequence[Rule],
    counted: _Counts,
    pages: int,
    domains: pa.Table,
) -> list[dict[str, object]]:
    rows = []
    for technique, name in TECHNIQUES.items():
        for rule_set in RULE_SETS:
            if any(_is(rule, rule_set, technique) for rule in rules):
                row = counted.get((rule_set, technique))
                n = int(row["pages"]) if row else 0
                rows.append({"label": name, "note": rule_set, "value": n})
    busiest = domains.slice(0, BARS_SHOWN).to_pylist()
    return [
        {
            "kind": "bars",
            "title": f"Pages by technique and rule set, of {count(pages, 'page')}",
            "unit": "pages",
            "rows": rows,
        },
        {
            "kind": "bars",
            "title": f"Sites on which a domain's scripts fingerprint, by {OURS}",
            "unit": "sites",
            "rows": [
                {"label": row["script_domain"] or "(no host)", "value": row["sites"]} for row in busiest
            ],
        },
    ]


ANALYSIS = Analysis(
    name="fingerprinting",
    title="Fingerprinting",
    question="Which scripts tell a browser from all others by what it can draw, play and say?",
    answer=answer,
    explain=explain,
    needs=("symbol_counts", "symbol_arguments", "script_refs", "visits"),
    headline=f"{_ANY}_{OURS}",
    unit="pages",
    beside=f"{_ANY}_fpinspector2021",
    order=40,
    chapter="What scripts do",
    definitions=(
        (
            "Fingerprinting",
            "A script reads properties that differ between browsers, in a way that has no other known use.",
        ),
        ("Page", "A visit in which at least one call was recorded."),
        ("Site", "The registrable domain of the page."),
        ("en2016", "Englehardt and Narayanan: Online Tracking, A 1-million-site Measurement (2016)."),
        ("sensor2018", "The heuristics of OpenWPM-mobile (2018), which Mozilla's notebooks used."),
        ("fpinspector2021", "The heuristics in appendix IX-C of Fingerprinting the Fingerprinters (2021)."),
        (OURS, "Our rules: one canvas at a time, also in workers, and techniques without a published rule."),
        ("Near miss", "A script that meets all conditions of a rule but one."),
    ),
)

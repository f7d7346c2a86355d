"""Evercookies: identifiers that a domain keeps in several places, and cookies that come back.

- Kept twice: an identifier by the rule en2016 that one registrable domain keeps in two mechanisms or more,
  after Acar et al. (The Web Never Forgets, 2014): cookies, local storage, databases, caches, ETags and
  window.name.
- Come back: a cookie of 8 or more characters that was deleted and then had the same value again.
"""

from functools import reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted.analyses.evercookies.kept import MECHANISMS, kept
from overscripted.analyses.evercookies.returned import in_revisit, in_visit, second_visits
from overscripted.analyses.identifiers.stored import VISIT
from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.settings import EVIDENCE_TEXT, MAX_EVIDENCE
from overscripted.analyses.statistics import wilson
from overscripted.analyses.syncing.held import RULE, identifiers
from overscripted.display.number_format import count, share
from overscripted.outcomes import GOOD

_WORDS = {
    "cookie": "a cookie",
    "local_storage": "local storage",
    "indexed_db": "a database",
    "cache": "a cache",
    "etag": "an ETag",
    "window_name": "window.name",
}


def answer(inputs: Inputs) -> Finding:
    """Count pages with identifiers that are kept twice, and with cookies that come back."""
    engine = inputs.engine
    visits = inputs.table("visits").filter(_.outcome.isin(GOOD), _.final_domain.fill_null("") != "")
    pages = engine.keep(visits.select(*VISIT, site=visits.final_domain))
    n_pages = inputs.totals(pages.aggregate(n=_.count()))["n"]
    if not n_pages:
        return Finding(unsupported="the run has no visit that shows its page")
    if not any(map(inputs.has_rows, ("cookies", "stored_cookies", "stored_items", "requests"))):
        return Finding(unsupported="the run has no rows of cookies, stored items or requests")
    known = engine.keep(identifiers(inputs))
    rows = engine.keep(kept(inputs, known).inner_join(pages, VISIT))
    twice = rows.filter(rows.mechanisms >= 2)
    n_twice = _pages_with(inputs, twice)
    finding = Finding(
        sentence=f"On {share(n_twice, n_pages)} of {count(n_pages, 'page')} a domain keeps an identifier in "
        f"two mechanisms or more, by {RULE.name}.",
        figures=_figures(inputs, twice, n_twice, n_pages),
        tables={"domains": inputs.arrow(_domains(twice)), "evidence": inputs.arrow(_evidence(twice))},
        notes=_notes(inputs),
    )
    finding.tables["near_misses"] = inputs.arrow(_across(rows))
    _add_returned(inputs, pages, n_pages, finding)
    for one in (rows, known, pages):
        engine.drop(one)
    return finding


def _pages_with(inputs: Inputs, rows: ir.Table) -> int:
    return int(inputs.totals(rows.select(*VISIT).distinct().aggregate(n=_.count()))["n"])


def _figures(inputs: Inputs, twice: ir.Table, n_twice: int, pages: int) -> list[Figure]:
    label = "Pages with an identifier that one domain keeps in two mechanisms or more"
    figures = [Figure("kept_twice", label, n_twice, pages, wilson(n_twice, pages))]
    for name in MECHANISMS:
        n = _pages_with(inputs, twice.filter(twice[name] == 1))
        figures.append(
            Figure(f"in_{name}", f"Of these, one is {_WORDS[name]}", n, n_twice, wilson(n, n_twice))
        )
    return figures


def _domains(twice: ir.Table) -> ir.Table:
    key = ("domain", *MECHANISMS)
    found = twice.group_by(*key).agg(sites=_.site.nunique(), pages=_.visit_id.nunique())
    return found.order_by(ibis.desc("sites"), ibis.desc("pages"), *key).limit(MAX_EVIDENCE)


def _evidence(twice: ir.Table) -> ir.Table:
    rows = twice.select(*VISIT, "site", "domain", *MECHANISMS, value=_.value.substr(0, EVIDENCE_TEXT))
    return rows.order_by(*VISIT, "domain", "value").limit(MAX_EVIDENCE)


def _across(rows: ir.Table) -> ir.Table:
    """Identifiers in two mechanisms of which no domain has two."""
    flags = {name: rows[name].max() for name in MECHANISMS}
    each = rows.group_by(*VISIT, "site", "value").agg(
        domains=_.count(), most=_.mechanisms.max(), first=_.domain.min(), **flags
    )
    several = reduce(or_, (each[a] + each[b] == 2 for i, a in enumerate(MECHANISMS) for b in MECHANISMS[:i]))
    found = each.filter(each.most == 1, several).mutate(
        why=ibis.literal("in two mechanisms, each of another domain"), value=_.value.substr(0, EVIDENCE_TEXT)
    )
    columns = (*VISIT, "site", "value", "domains", *MECHANISMS, "why")
    return found.select(*columns).order_by(*VISIT, "value").limit(MAX_EVIDENCE)


def _add_returned(inputs: Inputs, pages: ir.Table, n_pages: int, finding: Finding) -> None:
    found = inputs.engine.keep(in_visit(inputs).semi_join(pages, VISIT))
    n = _pages_with(inputs, found)
    label = "Pages on which a deleted cookie came back with its value"
    finding.figures.append(Figure("returned", label, n, n_pages, wilson(n, n_pages)))
    tables = [inputs.arrow(_shown(found))]
    inputs.engine.drop(found)
    visits = second_visits(inputs)
    n_again = inputs.totals(visits.aggregate(n=_.count()))["n"]
    if n_again and not inputs.missing("stored_cookies"):
        again = inputs.engine.keep(in_revisit(inputs, visits))
        n = _pages_with(inputs, again)
        label = "Second visits in which a cookie came back that was gone at the end of the first"
        finding.figures.append(Figure("returned_again", label, n, n_again, wilson(n, n_again)))
        tables.append(inputs.arrow(_shown(again)))
        inputs.engine.drop(again)
    else:
        finding.notes.append(
            "Whether cookies come back in a second visit is not known: the run has no visits of `--revisit`, "
            "or not what the first ones left."
        )
    finding.tables["returned"] = pa.concat_tables(tables)


def _shown(rows: ir.Table) -> ir.Table:
    cut: dict[str, Any] = {name: rows[name].substr(0, EVIDENCE_TEXT) for name in ("name", "value")}
    return rows.mutate(**cut).order_by(*VISIT, "host", "name", "value").limit(MAX_EVIDENCE // 2)


def _notes(inputs: Inputs) -> list[str]:
    notes = [
        "Of what a cache holds, the text is known where the crawl recorded it. HSTS is not looked at.",
        "A crawl deletes nothing itself: cookies come back that pages deleted, or that had expired.",
    ]
    names = ("stored_cookies", "stored_items", "calls")
    if lacking := [lack for name in names if (lack := inputs.missing(name))]:
        notes.append(f"Less is found: the run has {'; '.join(lacking)}.")
    return notes


ANALYSIS = Analysis(
    name="evercookies",
    title="Evercookies",
    question="Which identifiers are kept in several places, or come back after they were deleted?",
    answer=answer,
    needs=("visits", "requests", "cookies"),
    records=("stored_items", "visits.final_url"),
    headline="kept_twice",
    unit="pages",
    order=55,
    chapter="Who knows whom",
    definitions=(
        ("Identifier", "A value of a cookie or storage that tells browsers apart, by the rule en2016."),
        ("Mechanism", "A cookie, local storage, a database, a cache, an ETag, or window.name."),
        ("Come back", "A cookie of 8 or more characters was deleted, and later had the same value again."),
        ("Page", "A visit that shows its page (complete or http_error)."),
    ),
)
"""Which identifiers are kept in several places, or come back after they were deleted."""

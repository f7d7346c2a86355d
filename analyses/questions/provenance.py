"""Provenance: who brought whom to a page, and which third parties its owner never named.

Definitions follow Ikram et al., "The Chain of Implicit Trust" (WWW '19, arXiv 1901.07699): a site trusts what
it loads itself explicitly, and what that loads in turn implicitly.
"""

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted.analyses import published
from overscripted.analyses.chains.closure import Reached, reached
from overscripted.analyses.chains.links import links, roots, sites
from overscripted.analyses.chains.parties import bringers, contacts, parties
from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.settings import CHAINS_SHOWN, EVIDENCE_TEXT, MAX_EVIDENCE, MAX_LEVELS
from overscripted.analyses.statistics import wilson
from overscripted.display.number_format import count, share
from overscripted.visit_groups import VISIT

SHORT = 3  # levels: chains below it are short, as in the paper
_STEPS = pa.schema(
    [
        ("chain", pa.int64()),
        ("crawl_id", pa.int64()),
        ("visit_id", pa.int64()),
        ("level", pa.int64()),
        ("how", pa.string()),
        ("url", pa.string()),
        ("answers_for_it", pa.string()),
    ]
)


@dataclass
class _Graph:
    """What the figures are counted from; ``kept`` are tables of the engine, to be dropped."""

    sites: ir.Table
    inner: ir.Table
    contacts: ir.Table
    parties: ir.Table
    reached: Reached
    kept: list[ir.Table]


def answer(inputs: Inputs) -> Finding:
    """Follow who brought whom from each visited page."""
    graph = _graph(inputs)
    try:
        return _finding(inputs, graph)
    finally:
        for table in graph.kept:
            inputs.engine.drop(table)


def _graph(inputs: Inputs) -> _Graph:
    keep, visits = inputs.engine.keep_step, inputs.table("visits")
    found = links(inputs)
    known, inner = keep(sites(visits)), keep(found.inner)
    tops = keep(roots(visits, inputs.table("requests")))
    chains = reached(inputs.engine, tops, inner)
    told = keep(contacts(found._replace(inner=inner), chains.rows, known))
    of_visits = keep(parties(told))
    return _Graph(known, inner, told, of_visits, chains, [of_visits, told, *chains.kept, tops, inner, known])


def _finding(inputs: Inputs, graph: _Graph) -> Finding:
    longest = graph.contacts.group_by(*VISIT).agg(levels=graph.contacts.level.max())
    visits = inputs.totals(
        longest.aggregate(visits=_.count(), short=(longest.levels < SHORT).sum(), levels=longest.levels.max())
    )
    if not visits["visits"]:
        return Finding(unsupported="no counted visit made a request")
    rows = graph.parties
    by_visit = rows.group_by(*VISIT).agg(guests=rows.guest.max())
    pairs = inputs.totals(
        rows.aggregate(
            pairs=_.count(),
            guests=rows.guest.sum(),
            named=rows.named.sum(),
            domains=rows.domain.nunique(),
            guest_domains=rows.domain.nunique(where=rows.guest),
        )
    )
    pairs |= inputs.totals(by_visit.aggregate(with_guests=by_visit.guests.sum()))
    return Finding(
        sentence=_sentence(visits, pairs),
        figures=_figures(visits, pairs, _unplaced(inputs, graph)),
        tables={
            "levels": _levels(inputs, graph, longest),
            "guests": _guests(inputs, graph),
            "bringers": _bringers(inputs, graph),
            "longest_chains": _chains(inputs, graph.reached.rows),
            "evidence": _evidence(inputs, graph),
            "near_misses": _near_misses(inputs, graph),
        },
        notes=_notes(graph.reached.cut),
        plots=_plots(inputs, longest),
    )


def _sentence(visits: dict[str, Any], pairs: dict[str, Any]) -> str:
    return (
        f"{share(pairs['with_guests'], visits['visits'])} of visits have a third party that the site's own "
        f"markup and code never named: {count(pairs['guest_domains'], 'domain')} in all. The longest chain "
        f"has {count(visits['levels'], 'level')}."
    )


def _figures(visits: dict[str, Any], pairs: dict[str, Any], unplaced: tuple[int, int]) -> list[Figure]:
    n, study = visits["visits"], published.PROVENANCE
    alike = "Counted otherwise: the paper follows domains of every resource; this follows addresses."
    return [
        Figure(
            "visits_with_guests",
            "Visits with a third party that the site did not name",
            pairs["with_guests"],
            n,
            wilson(pairs["with_guests"], n),
            study["visits_with_guests"],
            unlike=alike,
        ),
        Figure(
            "short_chains",
            f"Visits whose longest chain is below {SHORT} levels",
            visits["short"],
            n,
            wilson(visits["short"], n),
            study["short_chains"],
            unlike=alike,
        ),
        Figure("longest_chain", "Levels of the longest chain", visits["levels"]),
        Figure(
            "guests",
            "Third parties of a visit that came as unknown guests",
            pairs["guests"],
            pairs["pairs"],
            note="Pairs of a visit and a third-party domain; several of one visit depend on each other.",
        ),
        Figure("named", "Third parties of a visit that the site named", pairs["named"], pairs["pairs"]),
        Figure(
            "guest_domains",
            "Third-party domains that were an unknown guest at least once",
            pairs["guest_domains"],
            pairs["domains"],
        ),
        Figure(
            "unplaced",
            "Scripts, frames and redirects whose chain to the page is not known",
            *unplaced,
            note="A third party that came with one of them is never called a guest.",
        ),
    ]


def _unplaced(inputs: Inputs, graph: _Graph) -> tuple[int, int]:
    children = graph.inner.select(*VISIT, node="child").distinct()
    known = children.semi_join(graph.reached.rows, [*VISIT, "node"])
    total = inputs.totals(children.aggregate(n=_.count()))["n"]
    return total - inputs.totals(known.aggregate(n=_.count()))["n"], total


def _levels(inputs: Inputs, graph: _Graph, longest: ir.Table) -> pa.Table:
    """Per level: what was first reached there, and the visits whose longest chain ends there."""
    rows = graph.reached.rows
    nodes = rows.group_by("level").agg(reached=_.count())
    ends = longest.filter(longest.levels.notnull()).group_by(level="levels").agg(visits=_.count())
    found = {row["level"]: row for row in inputs.rows(nodes)}
    for row in inputs.rows(ends):
        found[row["level"]] = {"reached": 0, **found.get(row["level"], {}), **row}
    schema = pa.schema([(name, pa.int64()) for name in ("level", "reached", "visits")])
    return pa.Table.from_pylist([{"visits": 0, **found[level]} for level in sorted(found)], schema=schema)


def _guests(inputs: Inputs, graph: _Graph) -> pa.Table:
    """One row per domain that was a guest: on how many visits, of how many, and who brought it most often."""
    rows = graph.parties
    domains = rows.group_by("domain").agg(
        guest_on=rows.guest.cast("int64").sum(), visits=_.count(), level=rows.level.min()
    )
    domains = domains.filter(domains.guest_on > 0)
    by = bringers(graph.contacts, rows.filter(rows.guest))
    by = by.group_by("domain", "brought_by").agg(n=_.count())
    most = by.group_by("domain").agg(bringers=_.count(), n=by.n.max())
    main = by.inner_join(most, ["domain", "n"]).group_by("domain")
    main = main.agg(bringers=_.bringers.max(), mostly_by=_.brought_by.min())
    joined = domains.left_join(main, "domain").drop("domain_right")
    ordered = joined.order_by(joined.guest_on.desc(), joined.domain).limit(MAX_EVIDENCE)
    return inputs.arrow(ordered.select("domain", "guest_on", "visits", "level", "bringers", "mostly_by"))


def _bringers(inputs: Inputs, graph: _Graph) -> pa.Table:
    """One row per domain that brought guests: on how many visits, and how many domains."""
    rows = bringers(graph.contacts, graph.parties.filter(graph.parties.guest))
    visits = rows.select(*VISIT, "brought_by").distinct().group_by("brought_by")
    visits = visits.agg(visits=_.count())
    domains = rows.group_by("brought_by").agg(domains=rows.domain.nunique(), guests=_.count())
    joined = domains.inner_join(visits, "brought_by")
    ordered = joined.order_by(joined.visits.desc(), joined.brought_by).limit(MAX_EVIDENCE)
    return inputs.arrow(ordered.select("brought_by", "visits", "domains", "guests"))


def _chains(inputs: Inputs, rows: ir.Table) -> pa.Table:
    """The longest chain of each of the visits with the longest ones, one row per link."""
    deepest = rows.filter(rows.level > 0).group_by(*VISIT).agg(level=rows.level.max())
    chosen = deepest.order_by(deepest.level.desc(), *VISIT).limit(CHAINS_SHOWN)
    ends = inputs.rows(chosen)
    if not ends:
        return _STEPS.empty_table()
    visits = inputs.engine.table(pa.Table.from_pylist([{k: row[k] for k in VISIT} for row in ends]))
    near = rows.semi_join(visits, VISIT)
    nodes = {(r["crawl_id"], r["visit_id"], r["node"]): r for r in inputs.rows(near)}
    steps: list[dict[str, Any]] = []
    for number, end in enumerate(ends, 1):
        of = (end["crawl_id"], end["visit_id"])
        level = max(row["level"] for key, row in nodes.items() if key[:2] == of)
        name = min(key[2] for key, row in nodes.items() if key[:2] == of and row["level"] == level)
        chain = []
        while (row := nodes.get((*of, name))) is not None:
            chain.append(_step(number, row))
            if row["level"] == 0:
                break
            name = row["parent"]
        steps += reversed(chain)
    return pa.Table.from_pylist(steps, schema=_STEPS)


def _step(number: int, row: dict[str, Any]) -> dict[str, Any]:
    known = {"chain": number, "url": row["node"][:EVIDENCE_TEXT], "answers_for_it": row["actor"]}
    return known | {name: row[name] for name in (*VISIT, "level", "how")}


def _evidence(inputs: Inputs, graph: _Graph) -> pa.Table:
    """The guests of each visit: who brought them, by which script or document, and one address of theirs."""
    rows = bringers(graph.contacts, graph.parties.filter(graph.parties.guest))
    shown = rows.mutate(
        **{name: rows[name].substr(0, EVIDENCE_TEXT) for name in ("page", "script", "url")}
    ).order_by(*VISIT, "domain", "brought_by")
    return inputs.arrow(shown.limit(MAX_EVIDENCE))


def _near_misses(inputs: Inputs, graph: _Graph) -> pa.Table:
    """Third parties that another one brought and that are no guests: what failed."""
    rows = graph.parties.filter(graph.parties.implicit & ~graph.parties.guest)
    failed = ibis.cases(
        (rows.direct, "the site named it too"),
        (rows.named, "the site's code was on the stack"),
        else_="what else brought it is not known",
    )
    shown = rows.select(*VISIT, "domain", page=rows.page.substr(0, EVIDENCE_TEXT), failed=failed)
    return inputs.arrow(shown.order_by(*VISIT, "domain").limit(MAX_EVIDENCE))


def _plots(inputs: Inputs, longest: ir.Table) -> list[dict[str, Any]]:
    rows = longest.filter(longest.levels.notnull()).group_by("levels").agg(n=_.count())
    shown = [{"label": str(r["levels"]), "value": r["n"]} for r in inputs.rows(rows.order_by("levels"))]
    title = "Levels of a visit's longest chain"
    return [{"kind": "columns", "title": title, "unit": "visits", "axis": "levels", "rows": shown}]


def _notes(cut: bool) -> list[str]:
    notes = [
        "The parent of a request is the innermost script of its stack, else its document. A site whose own "
        "code is anywhere on the stack named what was asked for.",
        "What a style sheet asks for counts as asked for by its document. Domains are compared, not "
        "companies: a guest may belong to the company that brought it.",
        "Scripts in documents without an address (about:blank, srcdoc) and in pop-ups have no known chain.",
    ]
    if cut:
        notes.append(f"Some chains have more than {MAX_LEVELS} levels; what comes later has no known chain.")
    return notes


ANALYSIS = Analysis(
    name="provenance",
    title="Who brought whom",
    question="Which third parties run on a page although its owner never named them?",
    answer=answer,
    needs=("visits", "requests", "script_edges"),
    records=("callstacks", "frames", "visits.final_url"),
    headline="visits_with_guests",
    unit="visits",
    order=35,
    chapter="Who is there",
    definitions=(
        (
            "Chain",
            "The links from the visited page to a script, frame or request: the page has level 0, what it "
            "asks for has level 1, what that asks for has level 2. Each has its shortest chain.",
        ),
        (
            "Named",
            "The site's own markup or a script of its registrable domain asked for it, or was on the stack.",
        ),
        (
            "Unknown guest",
            "A third-party domain of a visit that scripts or documents of other domains brought, and that "
            "the site named nowhere in that visit. What brought it is known for each of its requests.",
        ),
        (
            "Inserted code",
            "Inline code that a script inserted into a page acts for the domain of that script, although its "
            "address is the page's.",
        ),
    ),
)

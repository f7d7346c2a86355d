"""Identifier sharing: which identifiers reach another domain than the one that holds them, and by what.

- Confirmed: the value is an identifier by the rule en2016 (`overscripted.analyses.identifiers.rules`), and it
  reaches another registrable domain plain, hashed or encoded, two layers deep. Englehardt and Narayanan
  (Online Tracking, 2016) follow identifiers through URLs, referrers and redirects; here also through bodies,
  WebSockets, messages between windows, and cookies of the receiver.
- Candidates: tokens of 8 or more characters from cookies and queries, plain, in base64, MD5 or SHA-1, after
  Khaleesi (Iqbal et al., USENIX Security 2022). No rule says that these identify: it is an upper bound.
- First-party cookies set by scripts of third parties and sent on: `overscripted.analyses.syncing.sent_on`.
"""

from math import comb
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted.analyses import published
from overscripted.analyses.entities.third_parties import UNIT, ranked_sites
from overscripted.analyses.identifiers.rules import RULES
from overscripted.analyses.identifiers.stored import VISIT
from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.settings import BARS_SHOWN, EVIDENCE_TEXT, MAX_EVIDENCE
from overscripted.analyses.statistics import wilson
from overscripted.analyses.syncing.carried import TABLES
from overscripted.analyses.syncing.sent_on import sent_on, set_by_others
from overscripted.analyses.syncing.sharing import (
    CANDIDATE,
    CONFIRMED,
    FROM_FIRST,
    THIRD,
    TO_FIRST,
    pages_of,
    sharings,
)
from overscripted.display.number_format import count, share

TOP = 50  # third parties on the most sites, as Englehardt and Narayanan count
_RULE = RULES[0].name


def answer(inputs: Inputs) -> Finding:
    """Count pages on which identifiers are shared, pairs that share, and their receivers."""
    engine = inputs.engine
    pages = engine.keep(pages_of(inputs))
    n_pages = inputs.totals(pages.aggregate(n=_.count()))["n"]
    if not n_pages:
        return Finding(unsupported="the run has no visit that shows its page")
    if not inputs.has_rows("requests"):
        return Finding(unsupported="the run recorded no requests")
    rows = sharings(inputs, pages, inputs.lists["entities"])
    shared = rows.filter(~rows.same_domain)
    counted = _counts(inputs, shared)
    finding = Finding(
        sentence=_sentence(counted, n_pages),
        figures=_page_figures(counted, n_pages)
        + _pair_figures(counted)
        + _top_figures(inputs, pages, shared),
        tables=_tables(inputs, pages, rows, shared),
        notes=_notes(inputs),
    )
    finding.plots = _plots(finding.tables["receivers"])
    _add_sent_on(inputs, pages, n_pages, finding)
    for kept in (rows, pages):
        engine.drop(kept)
    return finding


def _add_sent_on(inputs: Inputs, pages: ir.Table, n_pages: int, finding: Finding) -> None:
    """Add what third parties' scripts stored as the site's cookies, and who got it."""
    if lack := inputs.missing("calls"):
        finding.notes.append(f"First-party cookies set by third parties are not counted: the run has {lack}.")
        return
    cookies = inputs.engine.keep(set_by_others(inputs, pages))
    rows = inputs.engine.keep(sent_on(inputs, pages, cookies))
    for name, label, those in (
        ("set_by_third", "Pages with a first-party cookie that a third party's script set", cookies),
        ("sent_on", "Pages that send such a cookie on to a third party", rows),
    ):
        n = inputs.totals(those.select(*VISIT).distinct().aggregate(n=_.count()))["n"]
        finding.figures.append(Figure(name, label, n, n_pages, wilson(n, n_pages)))
    key = ("name", "setter", "receiver")
    table = rows.mutate(name=rows.name.substr(0, EVIDENCE_TEXT)).group_by(*key)
    counted = table.agg(pages=_.visit_id.nunique(), sites=_.site.nunique(), url=_.url.min())
    finding.tables["sent_on"] = inputs.arrow(
        counted.order_by(ibis.desc("sites"), ibis.desc("pages"), *key).limit(MAX_EVIDENCE)
    )
    for kept in (rows, cookies):
        inputs.engine.drop(kept)


_Counts = dict[tuple[str, str, bool], dict[str, Any]]


def _counts(inputs: Inputs, shared: ir.Table) -> _Counts:
    """Pages and pairs by kind, parties, and whether one owner has both domains."""
    key = ("kind", "parties", "same_owner")
    pages = shared.group_by(*key, *VISIT).agg().group_by(*key).agg(pages=_.count())
    pairs = shared.group_by(*key, "holder", "receiver").agg().group_by(*key).agg(pairs=_.count())
    found: _Counts = {}
    for rows in (pages, pairs):
        for row in inputs.rows(rows):
            found.setdefault((row["kind"], row["parties"], row["same_owner"]), {}).update(row)
    return found


_FIGURES = (
    ("shared", CONFIRMED, THIRD, False, "third parties share identifiers with another owner"),
    ("shared_own", CONFIRMED, THIRD, True, "an owner shares identifiers among its own third parties"),
    ("first_sent", CONFIRMED, FROM_FIRST, False, "an identifier of the site reaches a third party"),
    ("to_first", CONFIRMED, TO_FIRST, False, "an identifier of a third party reaches the site"),
    ("candidates", CANDIDATE, THIRD, False, "third parties share candidates with another owner"),
)


def _page_figures(counted: _Counts, pages: int) -> list[Figure]:
    figures = []
    for name, kind, parties, same_owner, words in _FIGURES:
        n = counted.get((kind, parties, same_owner), {}).get("pages", 0)
        note = "An upper bound: no rule says that candidates identify." if kind == CANDIDATE else ""
        figures.append(Figure(name, f"Pages on which {words}", n, pages, wilson(n, pages), note=note))
    return figures


def _pair_figures(counted: _Counts) -> list[Figure]:
    figures = []
    for kind in (CONFIRMED, CANDIDATE):
        n = counted.get((kind, THIRD, False), {}).get("pairs", 0)
        figures.append(
            Figure(f"pairs_{kind}", f"Pairs of holder and receiver, both third parties ({kind})", n)
        )
    return figures


def _top_figures(inputs: Inputs, pages: ir.Table, shared: ir.Table) -> list[Figure]:
    """The widest third parties that share, and the pairs of them that know a common identifier."""
    requests = inputs.table("requests").inner_join(pages, VISIT)
    third = requests.filter(requests.domain.fill_null("") != "", requests.domain != requests.site)
    wide = third.group_by("domain", "site").agg().group_by("domain").agg(sites=_.count())
    third_to_third = shared.filter(shared.kind == CONFIRMED, shared.parties == THIRD)
    key = (*VISIT, "value", "holder")
    known = inputs.engine.keep(
        ibis.union(
            *(third_to_third.select(*key, domain=third_to_third[name]) for name in ("holder", "receiver")),
            distinct=True,
        )
    )
    sharers = known.select("domain").distinct()
    top = wide.order_by(ibis.desc("sites"), "domain").limit(TOP)
    top_sharers = wide.semi_join(sharers, "domain").order_by(ibis.desc("sites"), "domain").limit(TOP)
    n_top = inputs.totals(top.aggregate(n=_.count()))["n"]
    n_sharing = inputs.totals(top.semi_join(sharers, "domain").aggregate(n=_.count()))["n"]
    n_sharers = inputs.totals(top_sharers.aggregate(n=_.count()))["n"]
    few = known.semi_join(top_sharers, "domain")
    other = few.rename(other="domain")
    common = few.inner_join(other, list(key)).filter(_.domain < _.other).select("domain", "other").distinct()
    n_common = inputs.totals(common.aggregate(n=_.count()))["n"]
    inputs.engine.drop(known)
    of_pairs = comb(n_sharers, 2)
    return [
        Figure(
            "top_sharing",
            f"Of the {TOP} third parties on most sites, those that share",
            n_sharing,
            n_top,
            published=published.SYNCING["top_sharing"],
            unlike=_UNLIKE,
        ),
        Figure(
            "top_pairs",
            f"Pairs among the {TOP} widest sharers that know a common identifier",
            n_common,
            of_pairs,
            published=published.SYNCING["top_pairs"],
            unlike=_UNLIKE,
        ),
    ]


_UNLIKE = (
    "The published figure is of a crawl of 100,000 sites that kept its cookies from page to page, so a third "
    "party had one identifier everywhere. Here each visit begins empty, and bodies, sockets and messages "
    "count, too."
)


def _tables(inputs: Inputs, pages: ir.Table, rows: ir.Table, shared: ir.Table) -> dict[str, pa.Table]:
    graph_key = ("kind", "parties", "holder", "sender", "receiver", "through", "form")
    owners = {name: _[name].min() for name in ("holder_owner", "receiver_owner", "same_owner")}
    on_sites = shared.group_by(*graph_key, "site").agg(pages=_.visit_id.nunique(), **owners)
    graph = on_sites.group_by(*graph_key).agg(**owners, pages=_.pages.sum(), sites=_.count())
    evidence = shared.mutate(
        value=shared.value.substr(0, EVIDENCE_TEXT), name=shared.name.substr(0, EVIDENCE_TEXT)
    )
    columns = (
        *(
            "kind",
            *VISIT,
            "site",
            "parties",
            "holder",
            "name",
            "value",
            "form",
            "through",
            "sender",
            "receiver",
        ),
        *("holder_owner", "receiver_owner", "url"),
    )
    evidence = evidence.filter(~_.same_owner).select(*columns)
    return {
        "receivers": inputs.arrow(_receivers(inputs, pages, shared)),
        "graph": inputs.arrow(
            graph.order_by(ibis.desc("kind"), ibis.desc("sites"), *graph_key[1:]).limit(MAX_EVIDENCE)
        ),
        "evidence": inputs.arrow(evidence.order_by(ibis.desc("kind"), *columns[1:]).limit(MAX_EVIDENCE)),
        "near_misses": inputs.arrow(_near_misses(rows)),
    }


def _receivers(inputs: Inputs, pages: ir.Table, shared: ir.Table) -> ir.Table:
    """Who gets identifiers of other owners: from how many holders, on how many pages and sites."""
    sites, ranked = ranked_sites(inputs, pages)
    key = ("kind", "receiver", "receiver_owner")
    those = shared.filter(~shared.same_owner, shared.parties != TO_FIRST)
    on_sites = those.group_by(*key, "site").agg().inner_join(sites, "site")
    weights = on_sites.group_by(*key).agg(sites=_.count(), weight=_.weight.sum().fill_null(0))
    counts = those.group_by(*key).agg(holders=_.holder.nunique())
    on_pages = those.group_by(*key, *VISIT).agg().group_by(*key).agg(pages=_.count())
    joined = weights.inner_join(counts, key).inner_join(on_pages, key)
    prominence = joined.weight.cast("float64") / UNIT if ranked else ibis.null("float64")
    found = joined.mutate(prominence=prominence)
    found = found.select(*key, "holders", "pages", "sites", "prominence")
    return found.order_by(ibis.desc("kind"), ibis.desc("sites"), *key[1:]).limit(MAX_EVIDENCE)


def _near_misses(rows: ir.Table) -> ir.Table:
    """Confirmed identifiers that went to their holder, or to another domain of its owner."""
    near = rows.filter(rows.kind == CONFIRMED, rows.same_domain | rows.same_owner)
    why = ibis.cases((near.same_domain, "the holder's own domain"), else_="another domain of its owner")
    key = ("holder", "name", "receiver", "through", "form", "why")
    found = near.mutate(why=why, name=near.name.substr(0, EVIDENCE_TEXT)).group_by(*key)
    return found.agg(pages=_.visit_id.nunique()).order_by(*key).limit(MAX_EVIDENCE)


def _sentence(counted: _Counts, pages: int) -> str:
    met = counted.get((CONFIRMED, THIRD, False))
    if not met:
        return f"On none of {count(pages, 'page')} do third parties share an identifier by {_RULE}."
    return (
        f"On {share(met['pages'], pages)} of {count(pages, 'page')} third parties share identifiers with "
        f"another owner, by {_RULE}: {count(met['pairs'], 'pair')} of holder and receiver."
    )


def _notes(inputs: Inputs) -> list[str]:
    notes = [
        "An identifier is sought as a whole token. It is not found as a part of a longer encoded text, "
        "nor in a compressed body. `overscripted find` finds both for one value.",
        "The holder is the domain whose cookie had the value first in the visit.",
    ]
    lacking = [lack for name in TABLES if (lack := inputs.missing(name))]
    if lacking:
        notes.append(f"Less is found: the run has {'; '.join(lacking)}.")
    return notes


def _plots(receivers: pa.Table) -> list[dict[str, Any]]:
    rows = [row for row in receivers.to_pylist() if row["kind"] == CONFIRMED][:BARS_SHOWN]
    return [
        {
            "kind": "bars",
            "title": f"Sites on which a domain gets an identifier of another owner, by {_RULE}",
            "unit": "sites",
            "rows": [{"label": row["receiver"], "value": row["sites"]} for row in rows],
        }
    ]


ANALYSIS = Analysis(
    name="syncing",
    title="Identifier sharing",
    question="Which identifiers reach others than those who set them?",
    answer=answer,
    needs=("visits", "requests", "cookies"),
    records=("cookies.value|stored_cookies.created|stored_items", "visits.final_url"),
    lists=("entities",),
    headline="shared",
    unit="pages",
    order=60,
    chapter="Who knows whom",
    definitions=(
        ("Identifier", "A value of a cookie or storage that tells browsers apart, by the rule en2016."),
        (
            "Shared",
            "The identifier, plain, hashed or encoded, reached another registrable domain than its holder's: "
            "in a URL, a redirect's Location, a referrer, a body, a WebSocket, a message between windows, or "
            "a cookie of that domain.",
        ),
        ("Candidate", "A token of 8 or more characters from a cookie or query (Khaleesi, 2022)."),
        ("Holder", "The domain whose cookie or storage had the value first in the visit."),
        ("Page", "A visit that shows its page (complete or http_error)."),
        ("Third party", "A registrable domain other than the page's."),
    ),
)
"""Which identifiers reach others than those who set them, and by what."""

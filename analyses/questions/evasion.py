"""Evasion: who gets around what browsers do against third-party cookies, and how.

- CNAME cloaking: a tracker under a name of the site (`overscripted.analyses.evasion.cloaking`).
- Bounce tracking: the tab passes through a third party (`overscripted.analyses.evasion.bounces`).
- Link decoration: a value in the address is stored or sent on (`overscripted.analyses.evasion.decoration`).
"""

from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted.analyses import published
from overscripted.analyses.evasion.bounces import bounces
from overscripted.analyses.evasion.cloaking import cloaked
from overscripted.analyses.evasion.decoration import CONTROL, decorations, uses
from overscripted.analyses.identifiers.stored import VISIT
from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.settings import BARS_SHOWN, MAX_EVIDENCE
from overscripted.analyses.statistics import wilson
from overscripted.display.number_format import count, share
from overscripted.outcomes import GOOD

_DECORATION = pa.schema(
    [
        ("variant", pa.string()),
        ("parameter", pa.string()),
        ("how", pa.string()),
        ("where", pa.string()),
        ("pages", pa.int64()),
    ]
)


def answer(inputs: Inputs) -> Finding:
    """Count pages with cloaked hosts, bounces, and uses of a decorated link."""
    visits = inputs.table("visits").filter(_.outcome.isin(GOOD), _.final_domain.fill_null("") != "")
    pages = inputs.engine.keep(visits.select(*VISIT, site=visits.final_domain))
    n_pages = inputs.totals(pages.aggregate(n=_.count()))["n"]
    if not n_pages:
        return Finding(unsupported="the run has no visit that shows its page")
    if not inputs.has_rows("requests"):
        return Finding(unsupported="the run recorded no requests")
    finding = Finding()
    _add_cloaking(inputs, pages, n_pages, finding)
    _add_bounces(inputs, n_pages, finding)
    _add_decoration(inputs, finding)
    finding.sentence = _sentence(finding, n_pages)
    inputs.engine.drop(pages)
    return finding


def _pages_with(inputs: Inputs, rows: ir.Table) -> int:
    return int(inputs.totals(rows.select(*VISIT).distinct().aggregate(n=_.count()))["n"])


def _figure(name: str, label: str, n: int, of: int, **more: Any) -> Figure:
    return Figure(name, label, n, of, wilson(n, of), **more)


def _add_cloaking(inputs: Inputs, pages: ir.Table, n_pages: int, finding: Finding) -> None:
    if not inputs.has_rows("dns_names"):
        lack = inputs.missing("dns_names") or "recorded none"
        finding.notes.append(
            f"CNAME cloaking is not counted: canonical names of hosts are not known ({lack})."
        )
        return
    trackers = inputs.lists["cname"]
    rows = inputs.engine.keep(cloaked(inputs, pages, trackers))
    listed = rows.filter(rows.tracker != "")
    finding.figures += [
        _figure(
            "cloaked_trackers",
            "Pages with a host of the site whose name leads to a listed tracker",
            _pages_with(inputs, listed),
            n_pages,
        ),
        _figure(
            "cloaked",
            "Pages with a host of the site whose name leads to another domain",
            _pages_with(inputs, rows),
            n_pages,
            note="Most are of hosting and CDNs.",
        ),
    ]
    key = ("canonical_domain", "tracker")
    domains = rows.group_by(*key).agg(sites=_.site.nunique(), pages=_.visit_id.nunique())
    finding.tables["cloaked_domains"] = inputs.arrow(
        domains.order_by(ibis.desc(domains.tracker != ""), ibis.desc("sites"), *key).limit(MAX_EVIDENCE)
    )
    hosts = ("site", "host", "canonical_name", "tracker")
    each = rows.group_by(*hosts).agg(pages=_.visit_id.nunique())
    finding.tables["cloaked_evidence"] = inputs.arrow(
        each.filter(_.tracker != "").order_by(*hosts).limit(MAX_EVIDENCE)
    )
    finding.tables["near_misses"] = inputs.arrow(
        each.filter(_.tracker == "").drop("tracker").order_by(*hosts[:3]).limit(MAX_EVIDENCE)
    )
    finding.plots = _plots(finding.tables["cloaked_evidence"])
    finding.notes.append(f"Trackers behind CNAMEs by {trackers.name} {trackers.version}.")
    inputs.engine.drop(rows)


def _add_bounces(inputs: Inputs, n_pages: int, finding: Finding) -> None:
    rows = inputs.engine.keep(bounces(inputs))
    for name, label, those in (
        ("bounces", "Pages that the tab reached through a third party that set a cookie", rows.sets_cookie),
        ("bounces_back", "Such pages of the domain where the tab began", rows.sets_cookie & rows.returned),
        ("bounces_any", "Pages that the tab reached through any third party", ibis.literal(True)),
    ):
        n = _pages_with(inputs, rows.filter(those))
        figure = _figure(name, label, n, n_pages, published=published.EVASION.get(name), unlike=_CHAINS)
        finding.figures.append(figure)
    key = ("began_at", "through", "site", "returned", "sets_cookie")
    found = rows.group_by(*key).agg(pages=_.visit_id.nunique(), url=_.url.min())
    finding.tables["bounces"] = inputs.arrow(found.order_by(*key).limit(MAX_EVIDENCE))
    inputs.engine.drop(rows)


_CHAINS = "The published figure counts chains of redirects of all requests, not pages."


def _add_decoration(inputs: Inputs, finding: Finding) -> None:
    found = decorations(inputs)
    if not found:
        finding.notes.append(
            "Link decoration is not measured: the run has no variant with `decorate`, such as "
            f'`decorate = "gclid=test-1042&{CONTROL}=test-2077"`.'
        )
        return
    table = []
    for place, one in enumerate(found):
        totals, rows = uses(one)
        about = f"{one.parameter[:40]} (variant {one.variant[:40]})"
        for how, words in (("stored", "store"), ("sent", "send third parties")):
            label = f"Pages that {words} the value of {about}"
            finding.figures.append(_figure(f"{how}_{place}", label, totals[how], totals["pages"]))
        by_place = rows.group_by("how", "where").agg(pages=_.visit_id.nunique())
        for row in inputs.rows(by_place.order_by("how", "where").limit(MAX_EVIDENCE // len(found))):
            table.append({"variant": one.variant, "parameter": one.parameter, **row})
        inputs.engine.drop(rows)
    finding.tables["decoration"] = pa.Table.from_pylist(table, schema=_DECORATION)
    if CONTROL not in {one.parameter for one in found}:
        finding.notes.append(
            f"The decorated link has no control: add `{CONTROL}` to tell pages that use the parameter from "
            "those that send any address on."
        )


def _sentence(finding: Finding, pages: int) -> str:
    n = {figure.name: figure.n for figure in finding.figures}
    bounced = f"{share(int(n['bounces'] or 0), pages)} were reached through a third party that set a cookie"
    if "cloaked_trackers" not in n:
        return f"Of {count(pages, 'page')}, {bounced}."
    return (
        f"On {share(int(n['cloaked_trackers'] or 0), pages)} of {count(pages, 'page')} a tracker hides "
        f"behind a name of the site; {bounced}."
    )


def _plots(evidence: pa.Table) -> list[dict[str, Any]]:
    sites: dict[str, set[str]] = {}
    for row in evidence.select(["tracker", "site"]).to_pylist():
        sites.setdefault(row["tracker"], set()).add(row["site"])
    first = sorted(sites.items(), key=lambda item: (-len(item[1]), item[0]))[:BARS_SHOWN]
    return [
        {
            "kind": "bars",
            "title": "Sites with a host whose name leads to a tracker",
            "unit": "sites",
            "rows": [{"label": tracker[:80], "value": len(those)} for tracker, those in first],
        }
    ]


ANALYSIS = Analysis(
    name="evasion",
    title="Evasion",
    question="Who gets around what browsers do against third-party cookies?",
    answer=answer,
    needs=("visits", "requests", "cookies"),
    records=("visits.final_url", "requests.resource_type"),
    lists=("cname",),
    headline="cloaked_trackers",
    unit="pages",
    order=61,
    chapter="Who knows whom",
    definitions=(
        (
            "Cloaked host",
            "A host below the site's registrable domain, but not its www, whose canonical name (CNAME) is "
            "not the site's.",
        ),
        (
            "Bounce",
            "The tab passed through a domain that is neither the one where it began nor the page's. Cookies "
            "of that domain were set in the visit.",
        ),
        ("Decoration", "A parameter, such as gclid, that a variant of the run added to the address."),
        ("Page", "A visit that shows its page (complete or http_error)."),
    ),
)
"""Who gets around what browsers do against third-party cookies, and how."""

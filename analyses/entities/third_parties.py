"""The third parties of each page: hosts of other sites that it sent requests to, or whose scripts ran on it.

A *page* is a visit that shows one, its *site* the registrable domain of its address. A third party is a host
of another registrable domain. Its *owner* comes from the list of owners; without one it is its own owner.
"""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted import layout
from overscripted.analyses.model import Inputs
from overscripted.lists import entities
from overscripted.lists.hosts import HostList
from overscripted.outcomes import GOOD
from overscripted.visit_groups import VISIT

_SEEN = ("requested", "scripted")
UNIT = 10**9  # prominence is summed in whole numbers: sums of fractions depend on their order


@dataclass(frozen=True)
class ThirdParties:
    """The third parties of a run.

    - ``pages``: crawl_id, visit_id, site.
    - ``sites``: site, rank (NULL where it has none), weight (of prominence, in units of 1e-9).
    - ``rows``: one row for each page and third-party host: crawl_id, visit_id, site, host, domain, requested
      and scripted (1 or 0), owner, listed (whether the list knows it), service, category, own (whether the
      site is the same owner's).
    - ``requests``: whether the run has requests; without them hosts are known by scripts alone.
    - ``ranked``: whether it has a ranking of sites.
    """

    pages: ir.Table
    sites: ir.Table
    rows: ir.Table
    requests: bool
    ranked: bool


def third_parties(inputs: Inputs, owners: HostList) -> ThirdParties:
    """The third parties of the visits that ``inputs`` counts. Needs the tables visits, pages, script_refs."""
    engine = inputs.engine
    pages = engine.keep(_pages(inputs.table("visits"), inputs.table("pages")))
    seen = _scripts(inputs.table("script_refs"), pages)
    requests = inputs.has("requests")
    if requests:
        seen = seen.union(_requests(inputs.table("requests"), pages))
    keys = (*VISIT, "site", "host", "domain")
    merged = engine.keep(
        seen.group_by(*keys).aggregate(requested=_.requested.max(), scripted=_.scripted.max())
    )
    known = engine.table(_known(inputs, pages, merged, owners))
    rows = engine.keep(_with_owners(merged, known))
    engine.drop(merged)
    sites, ranked = ranked_sites(inputs, pages)
    return ThirdParties(pages, engine.keep(sites), rows, requests, ranked)


def reach(found: ThirdParties, rows: ir.Table, by: tuple[str, ...]) -> ir.Table:
    """How far each value of columns of ``rows`` reaches, the widest first.

    Columns: ``by``; sites and pages with it; script_sites and script_pages: those where a script of it ran;
    prominence: the sum of 1/rank over its sites (Englehardt and Narayanan 2016); NULL without ranks.
    """
    on_sites = rows.group_by(*by, "site").aggregate(scripted=_.scripted.max())
    on_sites = on_sites.inner_join(found.sites, "site").group_by(*by)
    sites = on_sites.aggregate(
        sites=_.count(), script_sites=_.scripted.sum(), weight=_.weight.sum().fill_null(0)
    )
    on_pages = rows.group_by(*by, *VISIT).aggregate(scripted=_.scripted.max()).group_by(*by)
    pages = on_pages.aggregate(pages=_.count(), script_pages=_.scripted.sum())
    joined = sites.inner_join(pages, by)
    prominence = joined.weight.cast("float64") / UNIT
    return joined.mutate(
        prominence=prominence if found.ranked else ibis.null("float64"),
    ).select(*by, "sites", "pages", "script_sites", "script_pages", "prominence")


def widest(rows: ir.Table, by: tuple[str, ...], most: int) -> ir.Table:
    """The first rows of `reach`, in a total order."""
    return rows.order_by(ibis.desc("sites"), ibis.desc("pages"), *by).limit(most)


def ranked_sites(inputs: Inputs, pages: ir.Table) -> tuple[ir.Table, bool]:
    """The sites of pages: site, rank, weight, as in `ThirdParties`; and whether the run has a ranking.

    A site has its best rank in the ranking that the precrawl visited.
    """
    ranked = inputs.store.exists(layout.SITES)
    ranks = inputs.engine.read(inputs.store, layout.SITES) if ranked else inputs.engine.table(_NO_RANKS)
    best = ranks.filter(_["rank"] > 0).group_by("domain").aggregate(rank=_["rank"].min())
    sites = pages.select("site").distinct()
    joined = sites.left_join(best, sites.site == best.domain)
    return joined.select("site", "rank", weight=(ibis.literal(UNIT, "int64") // joined["rank"])), ranked


def _pages(visits: ir.Table, documents: ir.Table) -> ir.Table:
    """Visits that show a page, with its site; the seed's where the address of the page is not known.

    In the study's data, documents of frames are visits of their own; these are no pages.
    """
    site = ibis.coalesce(visits.final_domain.nullif(""), visits.site_domain)
    shown = visits.filter(visits.outcome.isin([str(outcome) for outcome in GOOD]), site.fill_null("") != "")
    frames = documents.filter(_.in_iframe).select(*VISIT, final_url=_.location)
    return shown.anti_join(frames, (*VISIT, "final_url")).select(*VISIT, site=site)


def _requests(requests: ir.Table, pages: ir.Table) -> ir.Table:
    """Hosts of requests but those that navigate the tab."""
    rows = requests.filter(_.resource_type.fill_null("") != "main_frame")
    return _hosts(rows.select(*VISIT, "host", "domain"), pages, requested=1)


def _scripts(refs: ir.Table, pages: ir.Table) -> ir.Table:
    """Hosts of scripts that made a call."""
    rows = refs.select(*VISIT, host=refs.script_host, domain=refs.script_domain)
    return _hosts(rows, pages, scripted=1)


def _hosts(rows: ir.Table, pages: ir.Table, requested: int = 0, scripted: int = 0) -> ir.Table:
    """The distinct hosts of other sites on each page."""
    named = rows.filter(_.host.fill_null("") != "", _.domain.fill_null("") != "").distinct()
    other = named.inner_join(pages, VISIT).filter(_.domain != _.site)
    return other.select(
        *VISIT,
        *("site", "host", "domain"),
        requested=ibis.literal(requested, "int64"),
        scripted=ibis.literal(scripted, "int64"),
    )


def _known(inputs: Inputs, pages: ir.Table, rows: ir.Table, owners: HostList) -> pa.Table:
    """What the list knows of all hosts of third parties and of all sites."""
    hosts = inputs.arrow(rows.select("host").distinct())["host"].to_pylist()
    sites = inputs.arrow(pages.select("site").distinct())["site"].to_pylist()
    return entities.of(sorted({*hosts, *sites}), owners)


def _with_owners(rows: ir.Table, known: ir.Table) -> ir.Table:
    """Rows with owner, listed, service, category and own."""
    of_host = known.select("host", "owner", "service", "category")
    of_site = known.select(site=known.host, site_owner=known.owner)
    joined = rows.left_join(of_host, "host").drop("host_right").left_join(of_site, "site").drop("site_right")
    return joined.mutate(
        owner=ibis.coalesce(joined.owner, joined.domain),
        listed=joined.owner.notnull(),
        service=joined.service.fill_null(""),
        category=joined.category.fill_null(""),
        own=(joined.owner == joined.site_owner).fill_null(False),
    ).drop("site_owner")


_NO_RANKS = pa.table({"domain": pa.array([], pa.string()), "rank": pa.array([], pa.int64())})

"""Entities: who sees the visitors of how many sites.

- Reach: the share of sites, and of pages, with a third party. Prominence: the sum of 1/rank over the sites of
  a third party (Englehardt and Narayanan 2016).
- Concentration: the sites that one owner, or the N widest owners together, see; and the Herfindahl-Hirschman
  index of the owners' shares of all pairs of site and owner. A company counts with all that it owns (Binns,
  Zhao, Van Kleek and Shadbolt: Measuring third-party tracker power across web and mobile, 2018).
- A host of the site's owner is no third party of another owner: both ways of counting have their figures.
"""

from dataclasses import replace
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted.analyses import published
from overscripted.analyses.entities.look_alikes import look_alike
from overscripted.analyses.entities.third_parties import ThirdParties, reach, third_parties, widest
from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.settings import BARS_SHOWN, MAX_EVIDENCE
from overscripted.analyses.statistics import wilson
from overscripted.display.number_format import count, number, share
from overscripted.lists.entities import TRACKING
from overscripted.lists.hosts import HostList

TOP = (1, 2, 3, 5, 10, 20, 50)  # how many of the widest owners see together
WIDE = 0.01  # Englehardt and Narayanan's share of sites above which they call a third party widespread
# Services whose reach others published, and the hosts that show them. A host stands for those below it.
SERVICES = {
    "google_analytics": ("Google Analytics", ("google-analytics.com", "analytics.google.com")),
    "facebook_pixel": ("Facebook's pixel or its SDK", ("connect.facebook.net",)),
    "clarity": ("Microsoft Clarity", ("clarity.ms",)),
}
# Owners whose reach others published: their names in the lists.
OWNERS = {"google": ("Google", "Google LLC"), "facebook": ("Facebook", "Meta", "Facebook, Inc.")}


def answer(inputs: Inputs) -> Finding:
    """Count sites and pages by owner, service, category and domain of their third parties."""
    listing = inputs.lists["entities"]
    found = third_parties(inputs, listing)
    totals = _totals(inputs, found)
    if not totals["sites"]:
        return Finding(unsupported="the run has no visit that shows a page")
    others = found.rows.filter(~_.own)
    by_owner = inputs.engine.keep(reach(found, others, ("owner", "listed")))
    tables = {
        "owners": _shares(inputs.arrow(widest(by_owner, ("owner", "listed"), MAX_EVIDENCE)), totals),
        "services": _table(inputs, found, others.filter(_.service != ""), ("service", "owner", "category")),
        "categories": _table(inputs, found, others.filter(_.category != ""), ("category",)),
        "domains": _table(inputs, found, found.rows, ("domain",)),
    }
    tables["concentration"] = _concentration(inputs, others, tables["owners"], totals)
    tables["evidence"] = inputs.arrow(_evidence(others))
    tables["near_misses"] = _near_misses(inputs, found, listing)
    totals |= inputs.totals(_index(by_owner)) | inputs.totals(_wide(found, totals["sites"]))
    return Finding(
        sentence=_sentence(tables["owners"], totals),
        figures=_figures(totals, tables["owners"], listing),
        tables=tables,
        plots=_plots(tables, totals),
        notes=_notes(found, totals, listing),
    )


def _totals(inputs: Inputs, found: ThirdParties) -> dict[str, Any]:
    """Sites and pages, and the sites for which each figure holds."""
    rows = found.rows
    flags = {
        "third_parties": rows.host.notnull(),
        "other_owners": ~rows.own,
        "scripts": rows.scripted == 1,
        "trackers": ~rows.own & rows.category.lower().isin(sorted(TRACKING)),
    }
    flags |= {name: _at(rows, hosts) for name, (_label, hosts) in SERVICES.items()}
    flags |= {name: ~rows.own & rows.owner.isin(names) for name, names in OWNERS.items()}
    sums = {name: flag.cast("int64").max() for name, flag in flags.items()}
    by_site = rows.group_by("site").aggregate(**sums)
    totals = inputs.totals(by_site.aggregate(**{name: by_site[name].sum() for name in flags}))
    totals |= inputs.totals(found.pages.aggregate(pages=_.count()))
    totals |= inputs.totals(found.sites.aggregate(sites=_.count(), ranked=_["rank"].count()))
    pairs = rows.group_by("site", "host", "listed", "own").aggregate()
    return totals | inputs.totals(
        pairs.aggregate(pairs=_.count(), known=_.listed.sum(), own=_.own.sum()),
    )


def _at(rows: ir.Table, hosts: tuple[str, ...]) -> ir.BooleanColumn:
    """Whether the host is one of these or below one."""
    return ibis.or_(*((rows.host == host) | rows.host.endswith(f".{host}") for host in hosts))


def _table(inputs: Inputs, found: ThirdParties, rows: ir.Table, by: tuple[str, ...]) -> pa.Table:
    return inputs.arrow(widest(reach(found, rows, by), by, MAX_EVIDENCE))


def _shares(owners: pa.Table, totals: dict[str, Any]) -> pa.Table:
    """Owners with their shares of sites and pages, in per cent."""
    for name in ("sites", "pages"):
        shares = [100.0 * n / totals[name] for n in owners[name].to_pylist()]
        owners = owners.append_column(f"{name}_percent", pa.array(shares, pa.float64()))
    return owners


def _concentration(inputs: Inputs, rows: ir.Table, owners: pa.Table, totals: dict[str, Any]) -> pa.Table:
    """The sites that at least one of the N widest owners sees."""
    places = owners.slice(0, max(TOP)).select(["owner", "listed"])
    places = places.append_column("place", pa.array(range(1, places.num_rows + 1), pa.int64()))
    placed = rows.inner_join(inputs.engine.table(places), ["owner", "listed"])
    first = placed.group_by("site").aggregate(place=_.place.min()).group_by("place")
    n_by_place = {row["place"]: row["sites"] for row in inputs.rows(first.aggregate(sites=_.count()))}
    tops = [top for top in TOP if top <= places.num_rows]
    sites = [sum(n for place, n in n_by_place.items() if place <= top) for top in tops]
    percents = [100.0 * n / totals["sites"] for n in sites]
    columns = {"widest_owners": pa.array(tops, pa.int64()), "sites": pa.array(sites, pa.int64())}
    return pa.table({**columns, "sites_percent": pa.array(percents, pa.float64())})


def _evidence(rows: ir.Table) -> ir.Table:
    """What each site had of whom: by which hosts, on how many pages, by requests or scripts."""
    keys = ("site", "host", "owner", "service", "category")
    seen = rows.group_by(*keys).aggregate(
        pages=_.count(), requested_pages=_.requested.sum(), scripted_pages=_.scripted.sum()
    )
    return seen.order_by(*keys).limit(MAX_EVIDENCE)


def _near_misses(inputs: Inputs, found: ThirdParties, listing: HostList) -> pa.Table:
    """Hosts of a site's own owner, and hosts that are not listed but hold the name of one that is."""
    own = found.rows.filter(_.own).group_by("host", "owner", "site").aggregate(pages=_.count())
    own = own.order_by("site", "host", "owner").limit(MAX_EVIDENCE)
    rows = [
        {"host": row["host"], "near": row["owner"], "site": row["site"], "sites": 1, "why": "owns the site"}
        for row in inputs.rows(own)
    ]
    unknown = found.rows.filter(~_.listed).group_by("host", "site").aggregate()
    unknown = unknown.group_by("host").aggregate(sites=_.count()).order_by("host")
    listed = frozenset(listing.hosts)
    for row in inputs.rows(unknown):
        if near := look_alike(row["host"], listed):
            rows.append({**row, "near": near, "site": "", "why": "has the name, is not at or below the host"})
    return pa.Table.from_pylist(rows[:MAX_EVIDENCE], schema=_NEAR)


_NEAR = pa.schema(
    [
        ("host", pa.string()),
        ("near", pa.string()),
        ("why", pa.string()),
        ("site", pa.string()),
        ("sites", pa.int64()),
    ]
)


def _index(by_owner: ir.Table) -> ir.Table:
    """What the Herfindahl-Hirschman index is made of: pairs of site and owner, and the sum of squares."""
    return by_owner.aggregate(
        owners=_.count(), owner_sites=_.sites.sum(), squares=(_.sites * _.sites).sum().cast("int64")
    )


def _wide(found: ThirdParties, n_sites: int) -> ir.Table:
    """Third-party domains on two sites or more, and those of them on more than 1 % of sites."""
    domains = found.rows.group_by("domain", "site").aggregate().group_by("domain").aggregate(sites=_.count())
    repeated = domains.filter(_.sites >= 2)
    return repeated.aggregate(repeated=_.count(), wide_domains=(_.sites > WIDE * n_sites).sum())


def _figures(totals: dict[str, Any], owners: pa.Table, listing: HostList) -> list[Figure]:
    n = totals["sites"]

    def of_sites(name: str, label: str, note: str = "", value: int | None = None) -> Figure:
        sites = totals[name] if value is None else value
        return Figure(name, label, sites, n, wilson(sites, n), published.ENTITIES.get(name), note)

    first = owners.slice(0, 1).to_pylist()
    figures = [
        of_sites(
            "widest_owner",
            "Sites on which the widest owner sees a visit",
            first[0]["owner"][:80] if first else "",
            first[0]["sites"] if first else 0,
        ),
        of_sites("third_parties", "Sites with a third party (another registrable domain)"),
        of_sites("other_owners", "Sites with a third party of another owner"),
        of_sites("scripts", "Sites on which a third party's script ran"),
    ]
    if any(entry.category for entry in listing.entries):
        figures.append(of_sites("trackers", "Sites with a service for ads, analytics or social media"))
    figures += [
        of_sites("google", "Sites with a host of Google", "Google's own sites left out."),
        of_sites("facebook", "Sites with a host of Facebook (Meta)", "Its own sites left out."),
    ]
    for name, (label, hosts) in SERVICES.items():
        figures.append(of_sites(name, f"Sites with {label}", f"A host at or below {', '.join(hosts)}."))
    wide, repeated = totals["wide_domains"], totals["repeated"]
    pairs, known, own = totals["pairs"], totals["known"], totals["own"]
    figures += [
        Figure(
            "wide_domains",
            "Third-party domains on more than 1 % of sites, of those on two sites or more",
            wide,
            repeated,
            published=published.ENTITIES["wide_domains"],
        ),
        Figure("owners_per_site", "Other owners on a site, on average", totals["owner_sites"] / n),
        Figure("index", "Herfindahl-Hirschman index of owners", _herfindahl(totals), note=_INDEX),
        Figure("known", "Pairs of site and third-party host with a listed owner", known, pairs),
        Figure("own", "Pairs of site and third-party host with the same owner", own, pairs),
        Figure("ranked", "Sites with a rank", totals["ranked"], n),
    ]
    return [_compared(figure, listing) for figure in figures]


_INDEX = (
    "From 0 (many alike) to 10,000 (one alone): the squares of the owners' shares of all pairs of site and "
    "other owner, in per cent, added up."
)
_OTHER_PAGES = (
    "Other pages: the published figure is of home pages, the run's pages are its seeds. Third parties on "
    "fewer than five pages were left out there."
)
_UNLIKE = {
    "google": "The published figure is of one tracker, Google APIs, in WhoTracks.me's list.",
    "facebook": "The published figure is of one tracker, Facebook, in WhoTracks.me's list.",
    "google_analytics": "The published figure is of pages in which Wappalyzer's patterns find it.",
    "facebook_pixel": "The published figure is of pages in which Wappalyzer's patterns find the pixel. The "
    "host that we count serves other things, too.",
    "clarity": "The published figure is of pages in which Wappalyzer's patterns find it.",
    "wide_domains": "The more sites a crawl has, the more domains are on two of them.",
}


def _compared(figure: Figure, listing: HostList) -> Figure:
    """The figure, with why it cannot be compared with the published one, or may differ from it."""
    if figure.name == "third_parties":
        return replace(figure, why=_OTHER_PAGES)
    if figure.name == "trackers":
        unlike = f"The published figure was made with WhoTracks.me's list, this one with {listing.name}."
        return replace(
            figure, why=_OTHER_PAGES, unlike="" if listing.name.startswith("whotracksme") else unlike
        )
    return replace(figure, unlike=_UNLIKE.get(figure.name, ""))


def _herfindahl(totals: dict[str, Any]) -> float:
    pairs = totals["owner_sites"]
    return float(10_000 * totals["squares"] / (pairs * pairs)) if pairs else 0.0


def _sentence(owners: pa.Table, totals: dict[str, Any]) -> str:
    if not owners.num_rows:
        return f"None of {count(totals['sites'], 'site')} has a third party of another owner."
    first = owners.slice(0, 1).to_pylist()[0]
    return (
        f"{first['owner'][:80]} sees visits on {share(first['sites'], totals['sites'])} of "
        f"{count(totals['sites'], 'site')}, more than any other owner. "
        f"{share(totals['other_owners'], totals['sites'])} have a third party of another owner."
    )


def _notes(found: ThirdParties, totals: dict[str, Any], listing: HostList) -> list[str]:
    notes = []
    if not found.requests:
        notes.append(
            "The run has no table requests: third parties are known by scripts that made a call. Those that "
            "only received requests are not counted."
        )
    if not found.ranked:
        notes.append(
            "The run has no ranking of sites (it did not begin with a precrawl): prominence is not counted."
        )
    elif totals["ranked"] < totals["sites"]:
        unranked = totals["sites"] - totals["ranked"]
        notes.append(f"{count(unranked, 'site')} without a rank add nothing to prominence.")
    if not any(entry.category for entry in listing.entries):
        notes.append(f"The list {listing.name} has no categories.")
    notes.append(
        f"Owners by {listing.name} {listing.version}. A third party that it does not know is its own owner."
    )
    return notes


def _plots(tables: dict[str, pa.Table], totals: dict[str, Any]) -> list[dict[str, object]]:
    def rows(table: str, label: str) -> list[dict[str, object]]:
        first = tables[table].slice(0, BARS_SHOWN).to_pylist()
        return [
            {
                "label": str(row[label])[:80],
                "value": 100 * row["sites"] / totals["sites"],
                "n": row["sites"],
                "of": totals["sites"],
            }
            for row in first
        ]

    plots: list[dict[str, object]] = [
        {"kind": "shares", "title": f"Sites by who {what}", "rows": rows(table, label)}
        for table, label, what in (
            ("owners", "owner", "sees their visits"),
            ("services", "service", "serves them: services"),
            ("categories", "category", "serves them: categories"),
        )
    ]
    plots.append(
        {
            "kind": "shares",
            "title": "Sites that at least one of the widest owners sees",
            "rows": [
                {
                    "label": f"the widest {number(row['widest_owners'])}",
                    "value": row["sites_percent"],
                    "n": row["sites"],
                    "of": totals["sites"],
                }
                for row in tables["concentration"].to_pylist()
            ],
        }
    )
    return plots


ANALYSIS = Analysis(
    name="entities",
    title="Entities",
    question="Who sees the visitors of how many sites?",
    answer=answer,
    needs=("visits", "pages", "script_refs"),
    records=("requests|calls",),
    lists=("entities",),
    headline="widest_owner",
    unit="sites",
    beside="google",
    order=20,
    chapter="Who is there",
    definitions=(
        (
            "Site",
            "The registrable domain of a page. A page is a visit that shows one: it ended as complete or "
            "http_error.",
        ),
        (
            "Third party",
            "A host of another registrable domain that a page sent a request to, or whose script made a call "
            "on it. The navigation of the tab itself does not count.",
        ),
        (
            "Owner, service, category",
            "The company of a host, what it runs there and what for, by the list of owners. A host is at or "
            "below an entry by whole labels.",
        ),
        ("Of another owner", "The third party's owner is not the site's."),
        ("Prominence", "The sum of 1/rank over the sites of a third party (Englehardt and Narayanan 2016)."),
    ),
)

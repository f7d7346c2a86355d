"""Cryptojacking: which sites let scripts of mining services use their visitors' computers."""

import ibis
import ibis.expr.types as ir
from ibis import _

from analyses import published
from analyses.matching import listed_hosts, literal_any, study_fragments
from analyses.settings import BARS_SHOWN, MAX_ROWS_KEPT
from analyses.shapes import Analysis, Figure, Finding, Inputs
from analyses.statistics import clustered, moments, wilson
from analyses.words import count, share
from lists.catalogue import listings
from lists.hosts import HostList

STUDY = "study2018"
COINHIVE = ("coinhive.com", "coin-hive.com")
STUDY_LEFT_OUT = 10  # the study's run used its list less the last 10 entries


def answer(inputs: Inputs) -> Finding:
    """Count references to mining hosts, the sites that make them, and the hosts seen."""
    miners = inputs.lists["nocoin"]
    refs = inputs.engine.keep(references(inputs, miners))
    totals = inputs.one(_totals(refs))
    if not totals["references"]:
        return Finding(unsupported="the run has no calls, so no script references")
    by_page = refs.group_by("location").aggregate(n_refs=_.count(), n_mining=_.mining.sum())
    spread = inputs.one(moments(by_page, "n_refs", "n_mining"))
    sites = inputs.engine.to_arrow(_sites(refs))
    hosts = inputs.engine.to_arrow(_hosts(refs))
    busiest = sites["references"][0].as_py() if sites.num_rows else 0
    finding = Finding(
        sentence=_sentence(totals),
        figures=_figures(totals, clustered(spread, "n_mining"), len(miners.rows()), busiest),
        tables={"hosts": hosts, "sites": sites, "references": inputs.engine.to_arrow(_matched(refs))},
        notes=[
            "A script of a mining service was called on the page; whether it mined is not seen here. "
            "First-party, renamed and proxied miners are missed: host lists cannot know them.",
            "The study counted 259 hosts in its list's file, 249 without the last 10 that it left out; its "
            "blog post says 212. The denominator of “hosts seen” is that of the list used here.",
        ],
        plots=[
            {
                "kind": "bars",
                "title": "Script references by mining host",
                "unit": "references",
                "rows": [
                    {"label": r["host"], "note": r["owner"] if r["owner"] != r["host"] else "", "value": n}
                    for r in hosts.slice(0, BARS_SHOWN).to_pylist()
                    if (n := r["references"])
                ],
            }
        ],
    )
    inputs.engine.drop(refs)
    return finding


def references(inputs: Inputs, miners: HostList) -> ir.Table:
    """Distinct (location, script) pairs of valid and invalid calls, marked: mining (the chosen rule),
    original (the study's rule: a part of a host's name anywhere in the script's URL)."""
    pairs = (
        inputs.table("script_refs")
        .filter((_.n_valid > 0) | (_.n_invalid > 0))
        .select("location", "script_url", "location_netloc", "location_domain", "script_host")
        .distinct()
    )
    hosts = listed_hosts(inputs, inputs.table("hosts"), miners).rename(script_host="host")
    joined = pairs.left_join(hosts, "script_host").drop("script_host_right")
    pattern = literal_any(study_fragments(as_the_study_used(miners)))
    joined = joined.mutate(original=_.script_url.re_search(pattern).fill_null(False))
    if inputs.rule == STUDY:
        text = joined.script_url.re_extract(pattern, 0)
        return joined.mutate(mining=_.original, listed=text, owner=text)
    return joined.mutate(mining=_.listed.notnull())


def as_the_study_used(miners: HostList) -> HostList:
    """The list without its last 10 entries where it is the study's very file; else as it is."""
    if miners.sha256 != listings()["nocoin-2018-05-07"].sha256:
        return miners
    entries = miners.entries[:-STUDY_LEFT_OUT]
    return HostList(
        miners.name, miners.version, miners.source, miners.licence, miners.sha256, entries, miners.skipped
    )


def _totals(refs: ir.Table) -> ir.Table:
    return refs.aggregate(
        references=_.count(),
        mining=_.mining.sum(),
        original=_.original.sum(),
        domains=_.location_domain.nunique(where=_.location_domain != ""),
        mining_domains=_.location_domain.nunique(where=_.mining & (_.location_domain != "")),
        mining_locations=_.location.nunique(where=_.mining),
        seen=_.listed.nunique(where=_.mining),
        coinhive=(_.mining & _.listed.isin(COINHIVE)).fill_null(False).sum(),
        authedmine=(_.mining & (_.listed == "authedmine.com")).fill_null(False).sum(),
    )


def _figures(
    totals: dict[str, int], interval: tuple[float, float] | None, listed: int, busiest: int
) -> list[Figure]:
    beside, n = published.CRYPTOJACKING, totals["mining"]
    return [
        Figure(
            "references",
            "Script references to a mining host",
            n,
            totals["references"],
            interval,
            beside["references"],
        ),
        Figure(
            "domains",
            "Domains with one",
            totals["mining_domains"],
            totals["domains"],
            wilson(totals["mining_domains"], totals["domains"]),
            beside["domains"],
            why="A share of distinct domains depends on how many pages were drawn.",
        ),
        Figure("locations", "Documents with one", totals["mining_locations"]),
        Figure("hosts_seen", "Listed hosts seen", totals["seen"], listed, published=beside["hosts_seen"]),
        Figure("coinhive", "of the references, to Coinhive", totals["coinhive"], n, None, beside["coinhive"]),
        Figure(
            "authedmine",
            "of the references, to AuthedMine",
            totals["authedmine"],
            n,
            None,
            beside["authedmine"],
        ),
        Figure(
            "busiest_site", "of the references, by the busiest site", busiest, n, None, beside["busiest_site"]
        ),
        Figure(
            "original_references",
            "The same by the study's own rule (part of a name anywhere in the URL)",
            totals["original"],
            totals["references"],
            published=beside["references"],
            note="For comparison: it finds adminer.com in any URL that contains “adminer”.",
        ),
    ]


def _hosts(refs: ir.Table) -> ir.Table:
    return (
        refs.filter(_.mining)
        .group_by(host=_.listed, owner=_.owner)
        .aggregate(references=_.count(), sites=_.location_domain.nunique())
        .order_by(ibis.desc("references"), "host")
    )


def _sites(refs: ir.Table) -> ir.Table:
    return (
        refs.filter(_.mining)
        .group_by(site=_.location_domain)
        .aggregate(references=_.count(), documents=_.location.nunique(), mining_hosts=_.listed.nunique())
        .order_by(ibis.desc("references"), "site")
    )


def _matched(refs: ir.Table) -> ir.Table:
    return (
        refs.filter(_.mining)
        .select("location", "script_url", host=_.listed)
        .order_by("location", "script_url")
        .limit(MAX_ROWS_KEPT)
    )


def _sentence(totals: dict[str, int]) -> str:
    if not totals["mining"]:
        return f"None of {count(totals['references'], 'script reference')} leads to a listed mining host."
    return (
        f"{count(totals['mining_domains'], 'domain')} of {totals['domains']:,} "
        f"({share(totals['mining_domains'], totals['domains'])}) call a mining service: "
        f"{count(totals['mining'], 'reference')} among {count(totals['references'], 'script reference')} "
        f"({share(totals['mining'], totals['references'])})."
    )


ANALYSIS = Analysis(
    name="cryptojacking",
    title="Cryptojacking",
    question="Which sites spend their visitors' processors and power on mining coins?",
    answer=answer,
    needs=("script_refs", "hosts"),
    lists=("nocoin",),
    rules=("ours", STUDY),
    headline="domains",
    unit="domains",
    order=30,
    definitions=(
        (
            "Script reference",
            "A distinct pair of document URL and script URL, of valid and invalid calls, as in the study.",
        ),
        (
            "Mining",
            "The script's host is a listed host or below one. The study's rule, a part of the name anywhere "
            "in the script's URL, is counted beside it.",
        ),
        ("Domain", "Registrable domain of the document."),
    ),
)

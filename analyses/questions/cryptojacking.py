"""Cryptojacking: which sites run scripts of mining services on their visitors' computers."""

from dataclasses import replace

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from overscripted.analyses import published
from overscripted.analyses.arrow_tables import count_distinct, count_true, grouped
from overscripted.analyses.cluster_sums import DOCUMENT, document_sums
from overscripted.analyses.matching import (
    fits_study_rules,
    listed_hosts,
    literal_pattern,
    study_fragment,
    study_fragments,
)
from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.settings import BARS_SHOWN, MAX_ROWS_KEPT, STUDY_RULE_HOSTS
from overscripted.analyses.statistics import page_totals, ratio_interval, wilson
from overscripted.display.number_format import count, share
from overscripted.lists.catalogue import listings
from overscripted.lists.hosts import HostList

STUDY = "study2018"
COINHIVE = ("coinhive.com", "coin-hive.com")
STUDY_LEFT_OUT = 10  # the study did not use the last 10 entries of its list


def answer(inputs: Inputs) -> Finding:
    """Count references to mining hosts, the sites that make them, and the mining hosts seen."""
    miners = inputs.lists["nocoin"]
    documents = inputs.table("documents").filter(_.n_recorded_scripts > 0)
    overall = inputs.totals(
        documents.aggregate(
            domains=_.location_domain.nunique(where=_.location_domain != ""),
            **page_totals(documents.n_recorded_scripts),
        )
    )
    if not overall["total"]:
        return Finding(unsupported="the run has no calls, so no script references")
    refs = inputs.arrow(references(inputs, miners))
    totals = {"references": int(overall["total"]), "domains": overall["domains"], **_counts(refs)}
    if fits_study_rules(miners):
        original = scripts_by_study_rule(inputs, miners).aggregate(original=_.n_recorded_documents.sum())
        totals |= inputs.totals(original)
    sums = overall | document_sums(
        inputs, documents, refs, "n_recorded_scripts", {"n_mining": ("script_url", "count")}
    )
    sites, hosts = _sites(refs), _hosts(refs)
    busiest = sites["references"][0].as_py() if sites.num_rows else 0
    return Finding(
        sentence=_sentence(totals),
        figures=[
            replace(figure, unlike=published.other_list("nocoin", miners))
            for figure in _figures(totals, ratio_interval(sums, "n_mining"), len(miners.hosts), busiest)
        ],
        tables={"hosts": hosts, "sites": sites, "references": _matched(refs)},
        notes=[
            "A script of a mining service ran on the page; whether it mined is unknown. "
            "First-party, renamed and proxied miners are missed: host lists cannot know them.",
            "The study counted 259 hosts in its list's file, 249 without the last 10 that it left out; its "
            "blog post says 212. The denominator of “hosts seen” counts the hosts of the list used here.",
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


def scripts_by_study_rule(inputs: Inputs, miners: HostList) -> ir.Table:
    """Scripts of miners by the study's rule: a part of a host's name anywhere in the script's URL."""
    pattern = literal_pattern(study_fragments(list_of_the_study(miners)))
    scripts = inputs.table("script_urls").filter(_.script_url.re_search(pattern))
    text = scripts.script_url.re_extract(pattern, 0)
    return scripts.select("script_url", "n_recorded_documents", listed=text, owner=text)


def references(inputs: Inputs, miners: HostList) -> ir.Table:
    """Distinct (location, script) pairs, of valid and invalid calls, with a miner's script by the rule."""
    refs = inputs.table("script_refs").filter((_.n_valid > 0) | (_.n_invalid > 0))
    if inputs.rule == STUDY:
        scripts = scripts_by_study_rule(inputs, miners).drop("n_recorded_documents")
        mining = refs.inner_join(scripts, "script_url")
    else:
        hosts = listed_hosts(inputs.arrow(inputs.table("hosts").select("host", "domain")), miners)
        mining = refs.inner_join(
            inputs.engine.table(hosts.rename_columns({"host": "script_host"})), "script_host"
        )
    return mining.select(*DOCUMENT, "script_url", "location_domain", "listed", "owner").distinct()


def list_of_the_study(miners: HostList) -> HostList:
    """The study's own file without its last 10 entries; any other list as it is."""
    if miners.sha256 != listings()["nocoin-2018-05-07"].sha256:
        return miners
    entries = miners.entries[:-STUDY_LEFT_OUT]
    return HostList(
        miners.name, miners.version, miners.source, miners.licence, miners.sha256, entries, miners.skipped
    )


def _counts(refs: pa.Table) -> dict[str, int]:
    return {
        "mining": refs.num_rows,
        "mining_domains": count_distinct(refs, "location_domain", pc.not_equal(refs["location_domain"], "")),
        "mining_locations": count_distinct(refs, "location"),
        "seen": count_distinct(refs, "listed"),
        "coinhive": _listed(refs, *COINHIVE),
        "authedmine": _listed(refs, "authedmine.com"),
    }


def _listed(refs: pa.Table, *hosts: str) -> int:
    """References to these entries of the list, or, by the study's rule, to their fragments."""
    return count_true(pc.is_in(refs["listed"], pa.array([*hosts, *map(study_fragment, hosts)])))


def _figures(
    totals: dict[str, int], interval: tuple[float, float] | None, listed: int, busiest: int
) -> list[Figure]:
    study, n = published.CRYPTOJACKING, totals["mining"]
    return [
        Figure(
            "references",
            "Script references to a mining host",
            n,
            totals["references"],
            interval,
            study["references"],
        ),
        Figure(
            "domains",
            "Domains with a reference to a mining host",
            totals["mining_domains"],
            totals["domains"],
            wilson(totals["mining_domains"], totals["domains"]),
            study["domains"],
            why="A share of distinct domains depends on how many pages were drawn.",
        ),
        Figure("locations", "Documents with a reference to a mining host", totals["mining_locations"]),
        Figure("hosts_seen", "Listed hosts seen", totals["seen"], listed, published=study["hosts_seen"]),
        Figure("coinhive", "of the references, to Coinhive", totals["coinhive"], n, None, study["coinhive"]),
        Figure(
            "authedmine",
            "of the references, to AuthedMine",
            totals["authedmine"],
            n,
            None,
            study["authedmine"],
        ),
        Figure(
            "busiest_site", "of the references, by the busiest site", busiest, n, None, study["busiest_site"]
        ),
        Figure(
            "original_references",
            "The same by the study's own rule (part of a name anywhere in the URL)",
            totals.get("original"),
            totals["references"],
            published=study["references"],
            note="For comparison: it finds adminer.com in any URL that contains “adminer”. Not counted for "
            f"lists of more than {STUDY_RULE_HOSTS:,} hosts.",
        ),
    ]


def _hosts(refs: pa.Table) -> pa.Table:
    return grouped(
        refs,
        {"host": "listed", "owner": "owner"},
        {"references": ("location", "count"), "sites": ("location_domain", "count_distinct")},
        [("references", "descending"), ("host", "ascending")],
    )


def _sites(refs: pa.Table) -> pa.Table:
    return grouped(
        refs,
        {"site": "location_domain"},
        {
            "references": ("script_url", "count"),
            "documents": ("location", "count_distinct"),
            "mining_hosts": ("listed", "count_distinct"),
        },
        [("references", "descending"), ("site", "ascending")],
    )


def _matched(refs: pa.Table) -> pa.Table:
    columns = refs.select(["location", "script_url", "listed"])
    named = columns.rename_columns(["location", "script_url", "host"])
    return named.sort_by([("location", "ascending"), ("script_url", "ascending")]).slice(0, MAX_ROWS_KEPT)


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
    needs=("documents", "script_urls", "script_refs", "hosts"),
    records=("calls",),
    lists=("nocoin",),
    rules=("ours", STUDY),
    headline="domains",
    unit="domains",
    order=30,
    chapter="What scripts do",
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

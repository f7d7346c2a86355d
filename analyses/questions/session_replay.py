"""Session replay: whose scripts record what visitors do, on how much of the web."""

import ibis
import ibis.expr.types as ir
from ibis import _

from analyses import published
from analyses.matching import any_of, listed_hosts
from analyses.settings import BARS_SHOWN, MAX_ROWS_KEPT
from analyses.shapes import Analysis, Figure, Finding, Inputs
from analyses.statistics import clustered, moments, wilson
from analyses.words import count, share
from lists.hosts import HostList
from lists.roles import builtin

STUDY = "study2018"


def answer(inputs: Inputs) -> Finding:
    """Count references to replay providers, by provider, host, scheme and top-level domain."""
    providers = inputs.lists["session_replay"]
    study = builtin("session_replay").subset(STUDY)
    refs = inputs.engine.keep(references(inputs, providers, study))
    totals = inputs.one(_totals(refs))
    if not totals["references"]:
        return Finding(unsupported="the run has no valid calls, so no script references")
    by_page = refs.group_by("location").aggregate(
        n_refs=_.count(), n_replay=_.replay.sum(), n_study=_.study.sum()
    )
    spread = inputs.one(moments(by_page, "n_refs", "n_replay", "n_study"))
    by_provider = inputs.engine.to_arrow(_providers(refs))
    finding = Finding(
        sentence=_sentence(totals, by_provider.num_rows),
        figures=[
            *_headline(totals, clustered(spread, "n_replay")),
            *_comparison(inputs, refs, totals, clustered(spread, "n_study")),
        ],
        tables={
            "providers": by_provider,
            "top_level_domains": inputs.engine.to_arrow(_tlds(refs)),
            "references": inputs.engine.to_arrow(_matched(refs)),
        },
        notes=[
            "A reference says that the provider's script ran on the page, not that it recorded anybody.",
            f"Rule: {inputs.rule} "
            + ("(the host is listed, or below a listed host)." if inputs.rule == "ours" else "(see below)."),
        ],
    )
    finding.plots = _plots(finding, totals["references"])
    inputs.engine.drop(refs)
    return finding


def references(inputs: Inputs, providers: HostList, study: HostList) -> ir.Table:
    """Distinct (location, script) pairs of valid calls, marked: replay (the chosen list and rule),
    study (the study's 14 providers by whole labels), original (the 14 by the study's own rule)."""
    hosts = inputs.table("hosts")
    refs = inputs.table("script_refs").filter(_.n_valid > 0)
    pairs = refs.select(
        "location",
        "script_url",
        "location_scheme",
        "location_netloc",
        "location_host",
        "script_scheme",
        "script_host",
    ).distinct()
    tlds = hosts.select(location_host=_.host, tld=_.tld)
    ours = listed_hosts(inputs, hosts, providers).rename(script_host="host")
    studys = listed_hosts(inputs, hosts, study).select(script_host=_.host, in_study=_.listed)
    joined = pairs.left_join(tlds, "location_host").drop("location_host_right")
    joined = joined.left_join(ours, "script_host").drop("script_host_right")
    joined = joined.left_join(studys, "script_host").drop("script_host_right")
    original = joined.script_host.re_search(any_of(study))
    if inputs.rule == STUDY:
        text = joined.script_host.re_extract(any_of(providers), 0)
        found = joined.script_host.re_search(any_of(providers))
        joined = joined.mutate(replay=found, owner=text, listed=text)
    else:
        joined = joined.mutate(replay=_.listed.notnull())
    return joined.mutate(study=_.in_study.notnull(), original=original.fill_null(False))


def _totals(refs: ir.Table) -> ir.Table:
    return refs.aggregate(
        references=_.count(),
        replay=_.replay.sum(),
        hosts=_.location_netloc.nunique(),
        replay_hosts=_.location_netloc.nunique(where=_.replay),
        locations=_.location.nunique(),
        replay_locations=_.location.nunique(where=_.replay),
        study=_.study.sum(),
        study_hosts=_.location_netloc.nunique(where=_.study),
        original=_.original.sum(),
        original_hosts=_.location_netloc.nunique(where=_.original),
        ru=_.location_netloc.nunique(where=_.tld == "ru"),
        ru_study=_.location_netloc.nunique(where=(_.tld == "ru") & _.study),
    )


def _headline(totals: dict[str, int], interval: tuple[float, float] | None) -> list[Figure]:
    n = totals["replay"]
    return [
        Figure("all_references", "Script references to a provider", n, totals["references"], interval),
        Figure(
            "all_hosts",
            "Hosts with a provider's script",
            totals["replay_hosts"],
            totals["hosts"],
            wilson(totals["replay_hosts"], totals["hosts"]),
        ),
        Figure(
            "all_locations",
            "Documents with a provider's script",
            totals["replay_locations"],
            totals["locations"],
            wilson(totals["replay_locations"], totals["locations"]),
        ),
    ]


def _comparison(
    inputs: Inputs, refs: ir.Table, totals: dict[str, int], interval: tuple[float, float] | None
) -> list[Figure]:
    """The study's figures: its 14 providers whatever list was chosen."""
    pairs = {
        (r["script_scheme"], r["location_scheme"]): r["n"]
        for r in inputs.rows(
            refs.filter(_.study).group_by("script_scheme", "location_scheme").aggregate(n=_.count())
        )
    }
    n = totals["study"]
    secure_scripts = sum(v for (script, _page), v in pairs.items() if script == "https")
    secure_pages = sum(v for (_script, page), v in pairs.items() if page == "https")
    rows: list[tuple[str, str, int, int, tuple[float, float] | None]] = [
        ("references", "References to the study's 14 providers", n, totals["references"], interval),
        (
            "hosts",
            "Hosts with one of the 14",
            totals["study_hosts"],
            totals["hosts"],
            wilson(totals["study_hosts"], totals["hosts"]),
        ),
        ("https_scripts", "of the 14's references, script over HTTPS", secure_scripts, n, None),
        ("https_pages", "of the 14's references, page on HTTPS", secure_pages, n, None),
        ("https_https", "script https, page https", pairs.get(("https", "https"), 0), n, None),
        ("https_http", "script https, page http", pairs.get(("https", "http"), 0), n, None),
        ("http_http", "script http, page http", pairs.get(("http", "http"), 0), n, None),
        ("http_https", "script http, page https", pairs.get(("http", "https"), 0), n, None),
        (
            "ru_among_replay_hosts",
            "of hosts with the 14, on .ru",
            totals["ru_study"],
            totals["study_hosts"],
            None,
        ),
        ("ru_among_hosts", "of all hosts, on .ru", totals["ru"], totals["hosts"], None),
        ("replay_among_ru_hosts", "of .ru hosts, with the 14", totals["ru_study"], totals["ru"], None),
    ]
    beside = published.SESSION_REPLAY
    figures = [
        Figure(
            name, label, part, of, found or wilson(part, of), published=beside[name], why=_WHY.get(name, "")
        )
        for name, label, part, of, found in rows
    ]
    return [
        *figures,
        Figure(
            "original_references",
            "The same by the study's own rule (unanchored pattern)",
            totals["original"],
            totals["references"],
            published=beside["references"],
            note="Matches notyandex.ru too; for comparison.",
        ),
        Figure(
            "original_hosts",
            "Hosts by the study's own rule",
            totals["original_hosts"],
            totals["hosts"],
            published=beside["hosts"],
        ),
    ]


_WHY = {
    "hosts": "Another population: a sample drawn by page holds a host the more surely the more pages it has, "
    "the whole counts each host once. The share of references does compare.",
    "ru_among_hosts": "Another population of hosts, as above.",
    "replay_among_ru_hosts": "The fewer pages are drawn of a host, the fewer show a provider on one of them.",
}


def _providers(refs: ir.Table) -> ir.Table:
    return (
        refs.filter(_.replay)
        .group_by(provider=_.owner, domain=_.listed)
        .aggregate(
            references=_.count(),
            hosts=_.location_netloc.nunique(),
            documents=_.location.nunique(),
            over_https=(_.script_scheme == "https").sum(),
        )
        .order_by(ibis.desc("references"), "domain")
    )


def _tlds(refs: ir.Table) -> ir.Table:
    return (
        refs.group_by("tld")
        .aggregate(hosts=_.location_netloc.nunique(), replay_hosts=_.location_netloc.nunique(where=_.replay))
        .mutate(replay_percent=100.0 * _.replay_hosts.cast("float64") / _.hosts.cast("float64"))
        .order_by(ibis.desc("replay_hosts"), ibis.desc("hosts"), "tld")
    )


def _matched(refs: ir.Table) -> ir.Table:
    return (
        refs.filter(_.replay)
        .select("location", "script_url", provider=_.owner, domain=_.listed)
        .order_by("provider", "location", "script_url")
        .limit(MAX_ROWS_KEPT)
    )


def _sentence(totals: dict[str, int], providers: int) -> str:
    if not totals["replay"]:
        return (
            f"None of {count(totals['references'], 'script reference')} leads to a session-replay provider."
        )
    hosts, refs = (
        share(totals["replay_hosts"], totals["hosts"]),
        share(totals["replay"], totals["references"]),
    )
    return (
        f"{hosts} of hosts carry a script of a session-replay provider: "
        f"{count(totals['replay'], 'reference')} to {count(providers, 'provider domain')} among "
        f"{count(totals['references'], 'script reference')} ({refs})."
    )


def _plots(finding: Finding, total: int) -> list[dict[str, object]]:
    rows = finding.tables["providers"].slice(0, BARS_SHOWN).to_pylist()
    by_name = {f.name: f for f in finding.figures}
    tlds = [r for r in finding.tables["top_level_domains"].to_pylist() if r["replay_hosts"]][:8]
    schemes = ("https_https", "https_http", "http_http", "http_https")
    return [
        {
            "kind": "bars",
            "title": "Script references by provider",
            "unit": "references",
            "rows": [
                {"label": f"{r['provider']}", "note": r["domain"], "value": r["references"]} for r in rows
            ],
        },
        {
            "kind": "shares",
            "title": "Is the recording protected on its way? The study's 14, by scheme of script and page",
            "rows": [
                {
                    "label": by_name[s].label,
                    "value": by_name[s].percent,
                    "n": by_name[s].n,
                    "published": by_name[s].published.share,  # type: ignore[union-attr]
                }
                for s in schemes
            ],
        },
        {
            "kind": "shares",
            "title": "Hosts with a provider's script, by top-level domain",
            "rows": [
                {
                    "label": f".{r['tld']}",
                    "value": r["replay_percent"],
                    "n": r["replay_hosts"],
                    "of": r["hosts"],
                }
                for r in tlds
            ],
        },
    ]


ANALYSIS = Analysis(
    name="session_replay",
    title="Session replay",
    question="Whose scripts can record every move, click and key of a visitor?",
    answer=answer,
    needs=("script_refs", "hosts"),
    lists=("session_replay",),
    rules=("ours", STUDY),
    headline="all_hosts",
    unit="hosts",
    beside="hosts",
    order=10,
    definitions=(
        ("Script reference", "A distinct pair of document URL and script URL with at least one valid call."),
        ("Host", "Host and port of the document's URL, as written (the study's netloc)."),
        (
            "To a provider",
            "The script's host is a listed host or below one, by whole labels. The study's rule, an "
            "unanchored pattern, is counted beside it.",
        ),
    ),
)

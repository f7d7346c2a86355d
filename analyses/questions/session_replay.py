"""Session replay: which providers' scripts can record what visitors do, and on how many sites."""

import functools

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from overscripted.analyses import published
from overscripted.analyses.arrow_tables import count_distinct, count_true, grouped, with_columns
from overscripted.analyses.cluster_sums import document_sums
from overscripted.analyses.matching import hosts_with_pattern, listed_hosts, study_replay_pattern
from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.settings import BARS_SHOWN, MAX_ROWS_KEPT
from overscripted.analyses.statistics import page_totals, ratio_interval, wilson
from overscripted.display.number_format import count, share
from overscripted.lists.hosts import HostList
from overscripted.lists.roles import builtin

STUDY = "study2018"


def answer(inputs: Inputs) -> Finding:
    """Count references to replay providers, by provider, host, scheme and top-level domain."""
    providers = inputs.lists["session_replay"]
    study = builtin("session_replay").subset(STUDY)
    documents = inputs.table("documents").filter(_.n_valid_scripts > 0)
    overall = inputs.totals(documents.aggregate(**page_totals(documents.n_valid_scripts)))
    if not overall["total"]:
        return Finding(unsupported="the run has no valid calls, so no script references")
    names = inputs.arrow(inputs.table("hosts").select("host", "domain", "tld"))
    refs = inputs.arrow(references(inputs, provider_hosts(names, providers, study, inputs.rule)))
    sites = inputs.arrow(documents.select("location_netloc", "location_host").distinct())
    hosts = _hosts(sites, names, refs)
    totals = {"references": int(overall["total"]), "locations": overall["pages"]}
    totals |= _counts(refs) | _host_counts(hosts)
    counts = {"n_replay": ("replay", "sum"), "n_study": ("study", "sum")}
    sums = overall | document_sums(inputs, documents, refs, "n_valid_scripts", counts)
    by_provider = _providers(refs)
    finding = Finding(
        sentence=_sentence(totals, by_provider.num_rows),
        figures=[
            *_headline(totals, ratio_interval(sums, "n_replay")),
            *_comparison(refs, totals, ratio_interval(sums, "n_study")),
        ],
        tables={"providers": by_provider, "top_level_domains": _tlds(hosts), "references": _matched(refs)},
        notes=[
            "A reference says that the provider's script ran on the page, not that it recorded anybody.",
            f"Rule: {inputs.rule} "
            + ("(the host is listed, or below a listed host)." if inputs.rule == "ours" else "(see below)."),
        ],
    )
    finding.plots = _plots(finding, totals["references"])
    return finding


def provider_hosts(hosts: pa.Table, providers: HostList, study: HostList, rule: str) -> pa.Table:
    """The hosts of providers, with a flag per way of knowing them and the columns of `listed_hosts`.

    - replay: by the chosen list and rule; listed and owner are of this one.
    - study: by the study's 14 providers and whole labels.
    - original: by the study's 14 providers and its own rule.
    """
    if rule == STUDY:
        replay = hosts_with_pattern(hosts, study_replay_pattern(providers))
    else:
        replay = listed_hosts(hosts, providers)
    matched = {
        "replay": replay["host"],
        "study": listed_hosts(hosts, study)["host"],
        "original": hosts_with_pattern(hosts, study_replay_pattern(study))["host"],
    }
    flags = {name: pc.is_in(hosts["host"], matches) for name, matches in matched.items()}
    any_flag = functools.reduce(pc.or_, flags.values())
    rows = with_columns(hosts.select(["host"]), **flags).filter(any_flag)
    return rows.join(replay, "host", join_type="left outer").rename_columns({"host": "script_host"})


def references(inputs: Inputs, hosts: pa.Table) -> ir.Table:
    """Distinct (location, script) pairs of valid calls with a script on one of these `provider_hosts`."""
    refs = inputs.table("script_refs").filter(_.n_valid > 0)
    matched = refs.inner_join(inputs.engine.table(hosts), "script_host")
    return matched.select(
        *("location", "script_url", "location_scheme", "location_netloc", "location_host"),
        *("script_scheme", "replay", "study", "original", "owner", "listed"),
    ).distinct()


def _counts(refs: pa.Table) -> dict[str, int]:
    return {
        "replay": count_true(refs["replay"]),
        "replay_locations": count_distinct(refs, "location", refs["replay"]),
        "study": count_true(refs["study"]),
        "original": count_true(refs["original"]),
    }


def _hosts(sites: pa.Table, names: pa.Table, refs: pa.Table) -> pa.Table:
    """One row per host of documents (its netloc and the host in it): its tld, and which flags it leads to."""
    keys = ["location_netloc", "location_host"]
    led_to = grouped(
        refs, {key: key for key in keys}, {flag: (flag, "max") for flag in ("replay", "study", "original")}
    )
    rows = sites.join(led_to, keys, join_type="left outer")
    tlds = names.select(["host", "tld"]).rename_columns(["location_host", "tld"])
    rows = rows.join(tlds, "location_host", join_type="left outer")
    flags = {flag: pc.equal(rows[flag].fill_null(0), 1) for flag in ("replay", "study", "original")}
    return with_columns(rows.select([*keys, "tld"]), **flags)


def _host_counts(hosts: pa.Table) -> dict[str, int]:
    ru = pc.equal(hosts["tld"], "ru").fill_null(False)
    wanted = {
        "hosts": None,
        "replay_hosts": hosts["replay"],
        "study_hosts": hosts["study"],
        "original_hosts": hosts["original"],
        "ru": ru,
        "ru_study": pc.and_(ru, hosts["study"]),
    }
    return {name: count_distinct(hosts, "location_netloc", flags) for name, flags in wanted.items()}


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


def _comparison(refs: pa.Table, totals: dict[str, int], interval: tuple[float, float] | None) -> list[Figure]:
    """The study's figures, always with its 14 providers, whatever list was chosen."""
    by = {name: name for name in ("script_scheme", "location_scheme")}
    by_schemes = grouped(refs.filter(refs["study"]), by, {"n": ("location", "count")})
    pairs = {(r["script_scheme"], r["location_scheme"]): r["n"] for r in by_schemes.to_pylist()}
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
    study = published.SESSION_REPLAY
    figures = [
        Figure(
            name, label, part, of, known or wilson(part, of), published=study[name], why=_WHY.get(name, "")
        )
        for name, label, part, of, known in rows
    ]
    return [
        *figures,
        Figure(
            "original_references",
            "The same by the study's own rule (unanchored pattern)",
            totals["original"],
            totals["references"],
            published=study["references"],
            note="Matches notyandex.ru too; for comparison.",
        ),
        Figure(
            "original_hosts",
            "Hosts by the study's own rule",
            totals["original_hosts"],
            totals["hosts"],
            published=study["hosts"],
        ),
    ]


_WHY = {
    "hosts": "Another population: a sample of pages is more likely to hold hosts with many pages, while the "
    "whole data counts each host once. The share of references can be compared.",
    "ru_among_hosts": "Another population of hosts, as above.",
    "replay_among_ru_hosts": "With fewer pages drawn per host, fewer hosts show a provider on one of them.",
}


def _providers(refs: pa.Table) -> pa.Table:
    replay = with_columns(refs, secure=pc.equal(refs["script_scheme"], "https")).filter(refs["replay"])
    return grouped(
        replay,
        {"provider": "owner", "domain": "listed"},
        {
            "references": ("location", "count"),
            "hosts": ("location_netloc", "count_distinct"),
            "documents": ("location", "count_distinct"),
            "over_https": ("secure", "sum"),
        },
        [("references", "descending"), ("domain", "ascending")],
    )


def _tlds(hosts: pa.Table) -> pa.Table:
    all_hosts, replay_hosts = (
        grouped(rows, {"tld": "tld"}, {"n": ("location_netloc", "count_distinct")}).to_pylist()
        for rows in (hosts, hosts.filter(hosts["replay"]))
    )
    replay = {row["tld"]: row["n"] for row in replay_hosts}
    columns = {
        "tld": pa.array([row["tld"] for row in all_hosts], pa.string()),
        "hosts": pa.array([row["n"] for row in all_hosts], pa.int64()),
        "replay_hosts": pa.array([replay.get(row["tld"], 0) for row in all_hosts], pa.int64()),
        "replay_percent": pa.array(
            [100.0 * replay.get(row["tld"], 0) / row["n"] for row in all_hosts], pa.float64()
        ),
    }
    return pa.table(columns).sort_by(
        [("replay_hosts", "descending"), ("hosts", "descending"), ("tld", "ascending")]
    )


def _matched(refs: pa.Table) -> pa.Table:
    columns = refs.filter(refs["replay"]).select(["location", "script_url", "owner", "listed"])
    named = columns.rename_columns(["location", "script_url", "provider", "domain"])
    order = [(name, "ascending") for name in ("provider", "location", "script_url")]
    return named.sort_by(order).slice(0, MAX_ROWS_KEPT)


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
            "title": "Is the recording encrypted on its way? The study's 14, by scheme of script and page",
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
    needs=("documents", "script_refs", "hosts"),
    records=("calls",),
    lists=("session_replay",),
    rules=("ours", STUDY),
    headline="all_hosts",
    unit="hosts",
    beside="hosts",
    order=10,
    chapter="What scripts do",
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

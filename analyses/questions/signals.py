"""Signals: whether pages heed what visitors say about their privacy.

Before any choice, after accepting, after refusing; with Global Privacy Control against without, as
privacy-tech-lab/gpc-web-crawler compares; over common seeds, with a twin variant as the measure of noise.
Trackers are hosts of third-party-web's categories for advertising, analytics, marketing and social networks.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis import _

from overscripted.analyses import published
from overscripted.analyses.counted import variants
from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.settings import EVIDENCE_TEXT, MAX_EVIDENCE
from overscripted.analyses.signals import comparable_variants, visit_counts
from overscripted.analyses.signals.paired import compare
from overscripted.analyses.signals.visit_counts import METRICS, TRACKING
from overscripted.analyses.statistics import wilson
from overscripted.display.number_format import count, share
from overscripted.visit_groups import VISIT

_UNLIKE = "Other sites from another country, and by other rules: it says what is usual."
_FRAMEWORKS = {"tcf": "TCF", "usp": "US Privacy", "gpp": "GPP"}
_WELL_KNOWN = r"^https?://[^/?#]+/\.well-known/gpc\.json$"


def answer(inputs: Inputs) -> Finding:
    """Count trackers before and after choices, compare variants, and count IAB strings."""
    if not inputs.has_rows("requests"):
        return Finding(unsupported="the run has no rows in its table requests")
    visits = visit_counts.seed_visits(inputs)
    trackers = _trackers(inputs)
    each = visit_counts.counts(inputs, visits, trackers)
    variant = inputs.group.variant if inputs.group else ""
    own = each.filter(each.variant == variant)
    n = inputs.totals(
        own.aggregate(
            pages=_.count(),
            trackers=(_.trackers_before > 0).sum(),
            cookies=(_.cookies_before > 0).sum(),
            third=(_.third_parties_before > 0).sum(),
        )
    )
    if not n["pages"]:
        inputs.engine.drop(each)
        return Finding(unsupported="the run has no visit that shows the page of a seed")
    figures = [
        _figure("trackers_before", "Pages with a tracker before any choice", n["trackers"], n["pages"]),
        _figure("third_before", "Pages with a third party before any choice", n["third"], n["pages"]),
        _figure(
            "cookies_before",
            "Pages with a cookie that may identify before any choice",
            n["cookies"],
            n["pages"],
            needs=("cookies",),
        ),
    ]
    after, evidence = _after_refusal(inputs, each)
    metrics = [metric for metric in METRICS if metric != "cookies" or inputs.knows("cookies")]
    compared, comparisons, notes = _comparisons(inputs, each, metrics)
    strings, missing = _strings(inputs, visits)
    tables = {
        "comparisons": comparisons,
        "variants": inputs.arrow(_by_variant(each, metrics)),
        "evidence": evidence,
    }
    finding = Finding(
        sentence=(
            f"{count(n['trackers'], 'page')} of {n['pages']:,} ({share(n['trackers'], n['pages'])}) asked a "
            "tracker before the visitor could choose."
        ),
        figures=[*figures, *after, *compared, *strings, *_well_known(inputs, visits)],
        tables=tables,
        notes=[*notes, *missing],
    )
    inputs.engine.drop(each)
    return finding


def _figure(name: str, label: str, n: int, of: int, note: str = "", needs: tuple[str, ...] = ()) -> Figure:
    known = published.SIGNALS.get(name)
    unlike = _UNLIKE if known else ""
    return Figure(name, label, n, of, wilson(n, of), known, note, unlike=unlike, needs=needs)


def _trackers(inputs: Inputs) -> pa.Table:
    """The hosts of third parties that the list has in a category of `TRACKING`."""
    requests = visit_counts.all_rows(inputs, "requests")
    hosts = inputs.arrow(requests.filter(_.is_third_party).select("host").distinct())["host"].to_pylist()
    listing = inputs.lists["entities"]
    found = [host for host in hosts if host and (e := listing.match(host)) and e.category in TRACKING]
    return pa.table({"host": pa.array(sorted(found), pa.string())})


def _after_refusal(inputs: Inputs, each: ir.Table) -> tuple[list[Figure], pa.Table]:
    """Pages that asked trackers after the crawl had refused with success; the same after accepting."""
    figures, label = [], "Pages that set a cookie that may identify"
    for choice, word in (("reject", "refusing"), ("accept", "accepting")):
        answered = each.filter(each.choice == choice)
        n = inputs.totals(
            answered.aggregate(
                of=_.count(), trackers=(_.trackers_after > 0).sum(), cookies=(_.cookies_after > 0).sum()
            )
        )
        figures += [
            _figure(f"trackers_after_{choice}", f"Pages with a tracker after {word}", n["trackers"], n["of"]),
            _figure(
                *(f"cookies_after_{choice}", f"{label} after {word}", n["cookies"], n["of"]),
                needs=("cookies",),
            ),
        ]
    shown = each.filter((each.choice == "reject") & (each.trackers_after > 0)).select(
        *VISIT,
        "variant",
        site=each.site_url.fill_null("").left(EVIDENCE_TEXT),
        trackers_before="trackers_before",
        trackers_after_refusing="trackers_after",
        requests_after_refusing="tracker_requests_after",
        cookies_after_refusing="cookies_after",
    )
    ordered = shown.order_by(ibis.desc("trackers_after_refusing"), *VISIT)
    return figures, inputs.arrow(ordered.limit(MAX_EVIDENCE))


def _by_variant(each: ir.Table, metrics: Sequence[str]) -> ir.Table:
    means = {
        f"{metric}_{phase}": each[f"{metric}_{phase}"].mean()
        for metric in metrics
        for phase in ("before", "after")
    }
    return (
        each.group_by("variant", "choice").aggregate(pages=_.count(), **means).order_by("variant", "choice")
    )


_COMPARISONS = pa.schema(
    [
        ("comparison", pa.string()),
        ("a", pa.string()),
        ("b", pa.string()),
        ("metric", pa.string()),
        ("pairs", pa.int64()),
        ("mean_a", pa.float64()),
        ("mean_b", pa.float64()),
        ("difference", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("fewer", pa.int64()),
        ("more", pa.int64()),
        ("only_a", pa.int64()),
        ("only_b", pa.int64()),
        ("p", pa.float64()),
    ]
)


def _comparisons(
    inputs: Inputs, each: ir.Table, metrics: Sequence[str]
) -> tuple[list[Figure], pa.Table, list[str]]:
    """A row per pair of variants and metric, and figures of how many seeds have fewer and more trackers."""
    found, figures = comparable_variants.pairs(variants(inputs.store, inputs.engine)), []
    rows = []
    for pair in found:
        both = inputs.arrow(_paired(each, pair))
        for metric in metrics:
            values = [both[f"{metric}_{side}"].to_numpy().astype(np.int64) for side in "ab"]
            one = compare(*values)
            low, high = one.interval or (None, None)
            measured = (one.pairs, one.mean_a, one.mean_b, one.difference, low, high)
            tested = (one.fewer, one.more, one.only_a, one.only_b, one.p)
            row = (pair.kind, pair.a, pair.b, metric, *measured, *tested)
            rows.append(dict(zip(_COMPARISONS.names, row, strict=True)))
            if metric == "trackers":
                name, label = f"{pair.kind}_{pair.a}", f"{pair.a} against {pair.b}: seeds with"
                meaning = comparable_variants.MEANINGS[pair.kind]
                note = f"{meaning[0].upper()}{meaning[1:]}."
                figures += [
                    _figure(f"{name}_fewer", f"{label} fewer trackers", one.fewer, one.pairs, note),
                    _figure(f"{name}_more", f"{label} more trackers", one.more, one.pairs, note),
                ]
    kinds = {pair.kind for pair in found}
    lacking = [meaning for kind, meaning in comparable_variants.MEANINGS.items() if kind not in kinds]
    notes = [f"Not compared, because the run has no such variants: {'; '.join(lacking)}."] if lacking else []
    return figures, pa.Table.from_pylist(rows, schema=_COMPARISONS), notes


def _paired(each: ir.Table, pair: comparable_variants.Pair) -> ir.Table:
    """Seeds that were seen in both variants, with the metrics of each: of whole visits, or after a choice."""
    refused = pair.kind == comparable_variants.REFUSED
    sides = []
    for side, variant, choice in (("a", pair.a, "reject"), ("b", pair.b, "accept")):
        rows = each.filter(each.variant == variant)
        rows = rows.filter(rows.choice == choice) if refused else rows
        values = {
            f"{metric}_{side}": rows[f"{metric}_after"].max() if refused else rows[f"{metric}_whole"].max()
            for metric in METRICS
        }
        sides.append(rows.group_by("crawl_id", "site_url").aggregate(**values))
    return sides[0].inner_join(sides[1], ["crawl_id", "site_url"]).order_by("crawl_id", "site_url")


def _strings(inputs: Inputs, visits: ir.Table) -> tuple[list[Figure], list[str]]:
    """Sites with an IAB string at any moment, of the sites that were asked; and sites with a banner."""
    if lack := inputs.missing("consents"):
        return [], [f"Some figures are missing: the run has {lack}; crawl with `--do consent=detect`."]
    consents = visit_counts.all_rows(inputs, "consents")
    asked = consents.inner_join(visits.select(*VISIT, "site_domain"), VISIT)
    sites = asked.group_by("site_domain").aggregate(
        **{name: (asked[name].fill_null("") != "").max() for name in _FRAMEWORKS}
    )
    n = inputs.totals(sites.aggregate(of=_.count(), **{name: sites[name].sum() for name in _FRAMEWORKS}))
    if not n["of"]:
        return [], ["No page was asked for its IAB strings; crawl with `--do consent=detect`."]
    return [
        _figure(
            name, f"Sites with an IAB string of {word}", n[name], n["of"], "Of the sites that were asked."
        )
        for name, word in _FRAMEWORKS.items()
    ], []


def _well_known(inputs: Inputs, visits: ir.Table) -> list[Figure]:
    """Hosts that have /.well-known/gpc.json, where pages or the crawl asked for it."""
    requests = visit_counts.all_rows(inputs, "requests").semi_join(visits, VISIT)
    asked = (
        requests.filter(requests.url.re_search(_WELL_KNOWN))
        .group_by("host")
        .aggregate(there=(_.status == 200).fill_null(False).max())
    )
    n = inputs.totals(asked.aggregate(of=_.count(), there=_.there.sum()))
    label = "Hosts with /.well-known/gpc.json, of those that were asked for it"
    return [_figure("well_known", label, n["there"], n["of"])] if n["of"] else []


ANALYSIS = Analysis(
    name="signals",
    title="Signals",
    question="Do pages heed what visitors say about their privacy?",
    answer=answer,
    needs=("visits", "requests"),
    lists=("entities",),
    headline="trackers_before",
    unit="pages",
    order=72,
    chapter="How visitors are protected",
    definitions=(
        ("Page", "A visit of a seed that shows its page: it ended as complete or http_error."),
        (
            "Tracker",
            "A third party's host that the list has for advertising, analytics, marketing or social "
            "networks.",
        ),
        (
            "Cookie that may identify",
            "Eight characters or more, for more than 90 days. Whether its value differs between people is "
            "not looked at here.",
        ),
        (
            "Before any choice",
            "Until the crawl answered the consent platform with success; else the whole visit.",
        ),
        (
            "Fewer, more",
            "Seeds of a pair of variants where the first has fewer or more trackers than the second.",
        ),
        ("Noise", "The same comparison of a variant and its twin: a signal counts if it differs by more."),
    ),
)

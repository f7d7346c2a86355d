"""Dynamic code: how many calls come from code that was created at run time (eval, Function, …)."""

import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from overscripted.analyses import published
from overscripted.analyses.arrow_tables import count_true
from overscripted.analyses.makers import makers
from overscripted.analyses.matching import listed_hosts
from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.settings import MAX_ROWS_KEPT
from overscripted.analyses.statistics import page_totals, product_sums, ratio_interval, wilson
from overscripted.display.number_format import count, number, share

CALLS_PER_PAGE = ((1, "1"), (2, "2"), (5, "3–5"), (10, "6–10"), (50, "11–50"), (500, "51–500"))
SHARE_OF_PAGE = ((1, "up to 1 %"), (5, "1–5 %"), (10, "5–10 %"), (25, "10–25 %"), (50, "25–50 %"))


def answer(inputs: Inputs) -> Finding:
    """Count dynamic calls, the pages they are on, and the scripts that make them."""
    documents = inputs.table("documents").filter(_.n_valid > 0)
    overall = inputs.totals(documents.aggregate(**page_totals(documents.n_valid)))
    if not overall["total"]:
        return Finding(unsupported="the run has no valid calls")
    pages = inputs.arrow(documents.filter(_.n_dynamic > 0).select("n_valid", "n_dynamic"))
    sums = overall | product_sums(pages, "n_valid", "n_dynamic")
    totals = _totals(sums, pages)
    scripts = dynamic_scripts(inputs)
    n_scripts = {
        "scripts": scripts.num_rows,
        "third": count_true(scripts["third_party"]),
        "other_label": count_true(scripts["other_label"]),
        "listed": count_true(scripts["on_disconnect"]),
    }
    finding = Finding(
        sentence=_sentence(totals, n_scripts),
        figures=[
            *_calls_and_pages(totals, ratio_interval(sums, "n_dynamic")),
            *_scripts(inputs, totals, n_scripts),
        ],
        tables={
            "scripts": scripts.slice(0, MAX_ROWS_KEPT),
            "calls_per_page": _calls_per_page(pages),
            "share_of_page": _share_of_page(pages),
        },
        notes=[
            "Calls are counted, not the creation of functions: code that was created at run time and called "
            "no instrumented API is not seen.",
        ],
    )
    _add_makers(finding, inputs)
    finding.plots = _plots(finding)
    return finding


def _add_makers(finding: Finding, inputs: Inputs) -> None:
    """Add who made code from text, calls or not; a run that lacks the table gets a note."""
    if lack := inputs.missing("script_edges"):
        finding.notes.append(f"Not answered, who made code from text: the run has {lack}.")
        return
    made = finding.tables["makers"] = makers(inputs)
    times = pc.sum(made["times"]).as_py() or 0
    by_trackers = pc.sum(made.filter(pc.fill_null(made["tracker"], False))["times"]).as_py() or 0
    nested = pc.sum(made["nested"]).as_py() or 0
    finding.figures += [
        Figure(
            "nested_makers",
            "Times that code was made from text, by code that was itself made from text",
            nested,
            times,
            note="What was made may have called nothing, so these are not calls.",
        )
    ]
    if "disconnect" in inputs.lists:
        label = "Times that code was made from text, by domains on Disconnect's list"
        finding.figures.append(Figure("tracker_makers", label, by_trackers, times))


def _totals(sums: dict[str, float], pages: pa.Table) -> dict[str, int]:
    """Counts of calls and documents; ``pages`` are those with dynamic calls."""
    dynamic, valid = pages["n_dynamic"], pages["n_valid"]
    return {
        "calls": int(sums["total"]),
        "dynamic": int(sums["n_dynamic_sum"]),
        "locations": int(sums["pages"]),
        "dynamic_locations": pages.num_rows,
        "few": count_true(pc.less_equal(dynamic, 2)),
        "small": count_true(pc.less_equal(pc.multiply(dynamic, 20), valid)),
        "all_dynamic": count_true(pc.equal(dynamic, valid)),
    }


def dynamic_scripts(inputs: Inputs) -> pa.Table:
    """One row per script URL with dynamic calls, those with the most calls first.

    third_party and other_label are true if they hold on at least one page. The label is the registrable
    domain without its public suffix, as in the study.
    """
    dynamic = inputs.table("script_urls").filter(_.n_dynamic > 0)
    scripts = inputs.arrow(
        dynamic.select(
            *("script_url", "script_host", "script_domain", "n_dynamic"),
            n_calls="n_valid",
            documents="n_dynamic_documents",
            third_party="dynamic_third_party",
            other_label="dynamic_other_label",
        )
    ).sort_by([("n_dynamic", "descending"), ("script_url", "ascending")])
    hosts = pa.table({"host": scripts["script_host"], "domain": scripts["script_domain"]})
    disconnect = inputs.lists.get("disconnect")
    listed = listed_hosts(hosts, disconnect)["host"] if disconnect else pa.array([], pa.string())
    return scripts.drop(["script_domain"]).append_column("on_disconnect", pc.is_in(hosts["host"], listed))


def _calls_and_pages(totals: dict[str, int], interval: tuple[float, float] | None) -> list[Figure]:
    pages, dynamic = totals["locations"], totals["dynamic_locations"]
    return [
        Figure(
            "calls",
            "Calls made by dynamic code",
            totals["dynamic"],
            totals["calls"],
            interval,
            published.DYNAMIC_CODE["calls"],
        ),
        Figure(
            "locations",
            "Documents with a call by dynamic code",
            dynamic,
            pages,
            wilson(dynamic, pages),
            published.DYNAMIC_CODE["locations"],
        ),
        Figure("few_calls", "of them, with one or two dynamic calls", totals["few"], dynamic),
        Figure("small_share", "of them, at most 5 % of the page's calls", totals["small"], dynamic),
        Figure("all_calls", "of them, every call is dynamic", totals["all_dynamic"], dynamic),
    ]


def _scripts(inputs: Inputs, totals: dict[str, int], n_scripts: dict[str, int]) -> list[Figure]:
    n, study = n_scripts["scripts"], published.DYNAMIC_CODE
    figures = [
        Figure(
            "scripts",
            "Distinct scripts that make dynamic calls",
            n,
            published=study["scripts"],
            note="A count grows with the crawl: compare only runs of the same size.",
        ),
        Figure(
            "third_party_scripts",
            "of them, on another domain label than a page",
            n_scripts["other_label"],
            n,
            wilson(n_scripts["other_label"], n),
            study["third_party_scripts"],
            note="The study compared labels without the public suffix: google.de and google.com are one.",
            why="Depends on the crawl's size: in the study's own data it is 71 % on 118 documents, 63 % on "
            "7,582 and 51 % on 107,000; the published share is of two million.",
        ),
        Figure(
            "third_party_domains",
            "of them, on another registrable domain than a page",
            n_scripts["third"],
            n,
        ),
        Figure(
            "calls_per_script",
            "Dynamic calls per such script",
            round(totals["dynamic"] / n, 2) if n else None,
            published=study["calls_per_script"],
            note="Grows with the crawl, because a script is seen on more pages.",
        ),
    ]
    if "disconnect" in inputs.lists:
        figures.append(
            Figure(
                "disconnect_scripts",
                "of them, on a domain of the Disconnect services list",
                n_scripts["listed"],
                n,
                wilson(n_scripts["listed"], n),
                study["disconnect_scripts"],
                why="Published from 10,000 pages: a share of distinct scripts depends on how many are drawn. "
                "And the study matched registrable domains; this matches whole labels of the host.",
                unlike=published.other_list("disconnect", inputs.lists["disconnect"]),
            )
        )
    else:
        figures.append(
            Figure(
                "disconnect_scripts",
                "of them, on a domain of the Disconnect services list",
                None,
                published=study["disconnect_scripts"],
                note="Not counted: no Disconnect list; give one with --list disconnect=PATH.",
            )
        )
    return figures


def _calls_per_page(pages: pa.Table) -> pa.Table:
    return _histogram(pages["n_dynamic"], CALLS_PER_PAGE, "over 500")


def _share_of_page(pages: pa.Table) -> pa.Table:
    dynamic, valid = (pages[name].cast(pa.float64()) for name in ("n_dynamic", "n_valid"))
    part = pc.divide(pc.multiply(dynamic, 100.0), valid)
    return _histogram(part, (*SHARE_OF_PAGE, (99.999999, "50–<100 %")), "all of them")


def _histogram(values: pa.ChunkedArray, steps: tuple[tuple[float, str], ...], over: str) -> pa.Table:
    """How many values fall into each step (up to its limit): step, label, pages. Empty steps are left out."""
    below = [count_true(pc.less_equal(values, float(limit))) for limit, _label in steps] + [len(values)]
    counts = [n - before for n, before in zip(below, [0, *below], strict=False)]
    labels = [label for _limit, label in steps] + [over]
    rows = [(i, label, n) for i, (label, n) in enumerate(zip(labels, counts, strict=True)) if n]
    schema = pa.schema([("step", pa.int8()), ("label", pa.string()), ("pages", pa.int64())])
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)


def _sentence(totals: dict[str, int], n_scripts: dict[str, int]) -> str:
    if not totals["dynamic"]:
        return f"None of {count(totals['calls'], 'call')} was made by code created at run time."
    return (
        f"{share(totals['dynamic_locations'], totals['locations'])} of documents run code that was created "
        f"at run time; it makes {share(totals['dynamic'], totals['calls'])} of all calls "
        f"({number(totals['dynamic'])} of {number(totals['calls'])}), from "
        f"{count(n_scripts['scripts'], 'distinct script')}."
    )


def _plots(finding: Finding) -> list[dict[str, object]]:
    def columns(title: str, table: str, axis: str) -> dict[str, object]:
        rows = finding.tables[table].to_pylist()
        return {
            "kind": "columns",
            "title": title,
            "unit": "documents",
            "axis": axis,
            "rows": [{"label": r["label"], "value": r["pages"]} for r in rows],
        }

    labels = {
        "calls": "Calls by dynamic code",
        "locations": "Documents with some",
        "third_party_scripts": "Its scripts: other label",
        "disconnect_scripts": "Its scripts: on Disconnect's",
    }
    shares = [f for f in finding.figures if f.name in labels and f.n is not None]
    return [
        {
            "kind": "shares",
            "title": "Dynamic code, this run and as published in 2018",
            "rows": [
                {
                    "label": labels[f.name],
                    "value": f.percent,
                    "n": f.n,
                    "of": f.of,
                    "published": f.published.share if f.published else None,
                    "interval": f.interval,
                }
                for f in shares
            ],
        },
        columns("Dynamic calls on a document", "calls_per_page", "dynamic calls"),
        columns("Their share of the document's calls", "share_of_page", "share of the document's calls"),
    ]


ANALYSIS = Analysis(
    name="dynamic_code",
    title="Dynamic code",
    question="How much of the web's code is made only in the browser, out of anybody's sight?",
    answer=answer,
    needs=("documents", "script_urls"),
    records=("calls.script_loc_eval",),
    lists=("disconnect",),
    headline="locations",
    unit="documents",
    order=20,
    chapter="What scripts do",
    definitions=(
        (
            "Dynamic call",
            "A valid call whose script_loc_eval begins with “line”: eval, Function or a similar function "
            "created the code that made the call.",
        ),
        ("Document", "A distinct location (page or frame) with at least one valid call."),
        (
            "Another domain label",
            "On at least one page the script's registrable domain without public suffix differs from the "
            "page's; scripts without a host (about:, data:; of the study also blob:) count as its own.",
        ),
        (
            "Maker",
            "The domain of the script that called eval, Function or their kin, set a handler's text or "
            "followed a javascript: URL. Its depth is 2 or more where such code made more code.",
        ),
    ),
)

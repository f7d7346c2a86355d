"""Compare what the analyses found on the demo's pages with what the pages were made for.

A page says its facts in words, by analysis: what `FACTS` makes of a row of a finding. Pages that say none are
the near misses: nothing may be found there.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from overscripted import layout
from overscripted.demo.check import Check, Row, rows_of, visited
from overscripted.outcomes import GOOD
from overscripted.store import Store

_MECHANISMS = ("cookie", "local_storage", "indexed_db", "cache", "etag", "window_name")


def _identifier(row: Row) -> str | None:
    return f"{row['mechanism']} {row['host']} {row['name']}" if row["rule"] == "en2016" else None


def _kept(row: Row) -> str:
    return f"{row['domain']} in {', '.join(name for name in _MECHANISMS if row[name])}"


def _shared(row: Row) -> str | None:
    if row["kind"] != "confirmed":
        return None
    return f"{row['holder']} to {row['receiver']} by {row['through']}"


# Analysis -> its table, and the fact of a row; None for a row that says nothing of its own.
FACTS: dict[str, tuple[str, Callable[[Row], str | None]]] = {
    "identifiers": ("evidence", _identifier),
    "evercookies": ("evidence", _kept),
    "syncing": ("evidence", _shared),
    "recorders": ("evidence", lambda row: f"{row['script_url']} of grade {row['grade']}"),
    "provenance": ("evidence", lambda row: f"{row['domain']} by {row['brought_by']}"),
    "hygiene": ("mixed_content", lambda row: f"{row['action']} {row['url']}"),
}


def _found(store: Store, analysis: str, pages: dict[int, str]) -> set[tuple[str, str]]:
    """The facts of an analysis, each with its page."""
    name, fact = FACTS[analysis]
    table = layout.finding_table(analysis, name)
    rows = rows_of(store, table) if store.exists(table) else []
    return {(pages[row["visit_id"]], text) for row in rows if (text := fact(row)) is not None}


def check_findings(store: Store, truth: Row) -> list[Check]:
    """Compare what each analysis of `FACTS` found, and who has replay providers, with what pages are for."""
    pages = {row["visit_id"]: row["site_url"] for row in rows_of(store, layout.table("visits"))}
    checks = []
    for analysis in FACTS:
        comparison = Check(f"findings: {analysis}, by page")
        planted = visited(store, truth)
        expected = ((url, fact) for url, page in planted for fact in page["findings"].get(analysis, []))
        comparison.same_items(analysis, _found(store, analysis, pages), expected)
        checks.append(comparison)
    return [*checks, _bounces(store, truth), _providers(store, truth)]


def _bounces(store: Store, truth: Row) -> Check:
    """Through whose domains tabs passed on their way, and whether a cookie was set."""
    comparison = Check("findings: evasion, bounces")
    expected = (fact for _url, page in visited(store, truth) for fact in page["findings"].get("evasion", []))
    rows = rows_of(store, layout.finding_table("evasion", "bounces"), ["through", "sets_cookie"])
    found = (
        f"through {row['through']}, {'with a cookie' if row['sets_cookie'] else 'without'}" for row in rows
    )
    comparison.same_items("bounce", found, expected)
    return comparison


def _providers(store: Store, truth: Row) -> Check:
    """On how many pages each replay provider has a script, by the analysis of entities."""
    comparison = Check("findings: entities, pages of replay providers")
    expected: Counter[str] = Counter()
    for _url, page in visited(store, truth):
        if page["outcome"] in GOOD:
            expected.update({reference["owner"] for reference in page["replay"]})
    rows = rows_of(store, layout.finding_table("entities", "domains"), ["domain", "script_pages"])
    pages = {row["domain"]: row["script_pages"] for row in rows}
    providers = sorted({*expected, *truth["providers"]})
    for domain in providers:
        comparison.same(f"pages with a script of {domain}", pages.get(domain, 0), expected[domain])
    return comparison


def check_acted_findings(store: Store, truth: Row) -> list[Check]:
    """The same for the second crawl, of the visits that analyses count."""
    pages = {row["visit_id"]: row["site_url"] for row in rows_of(store, layout.table("visits"))}
    checks = []
    for analysis in ("identifiers", "syncing"):
        comparison = Check(f"second crawl: {analysis}, by page")
        comparison.same_items(analysis, _found(store, analysis, pages), _facts(truth, analysis))
        checks.append(comparison)
    comparison = Check("second crawl: link decoration")
    rows = rows_of(store, layout.finding_table("evasion", "decoration"))
    told = {f"{row['parameter']} {row['how']} to {row['where']}" for row in rows}
    comparison.same_items("decoration", told, (fact for _page, fact in _facts(truth, "evasion")))
    return [*checks, comparison, _choices(store, truth)]


def _facts(truth: Row, analysis: str) -> Iterator[tuple[str, str]]:
    for page, facts in truth["findings"].items():
        for fact in facts.get(analysis, []):
            yield page, fact


def _choices(store: Store, truth: Row) -> Check:
    """On how many pages of each variant consent was given or refused, by the analysis of signals."""
    comparison = Check("second crawl: choices, by variant")
    expected: Counter[tuple[str, str]] = Counter()
    for visit in truth["visits"]:
        if visit["reached_by"] == "seed":
            made = [action for action, _target, outcome in visit["actions"] if outcome == "done"]
            choice = next((action for action in ("accept", "reject") if action in made), "")
            expected[visit["variant"], choice] += 1
    rows = rows_of(store, layout.finding_table("signals", "variants"), ["variant", "choice", "pages"])
    found = {(row["variant"], row["choice"] or ""): row["pages"] for row in rows}
    for variant, choice in sorted(expected.keys() | found.keys()):
        what = f"pages of {variant} with the choice {choice or 'none'}"
        comparison.same(what, found.get((variant, choice), 0), expected[variant, choice])
    return comparison

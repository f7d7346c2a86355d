"""Compare a demo run with its truth; each difference is described in words."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from overscripted import layout
from overscripted.outcomes import GOOD, REACHED, Outcome
from overscripted.store import Store

Row = dict[str, Any]


@dataclass
class Check:
    """One comparison: its name, the number of compared facts, and a text per fact that is wrong.

    ``gaps``: facts that are missing, where the crawl recorded that it could not see them.
    """

    name: str
    facts: int = 0
    wrong: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    def same(self, what: str, found: object, expected: object) -> None:
        """Compare one fact."""
        self.facts += 1
        if found != expected:
            self.wrong.append(f"{what}: found {found!r}, expected {expected!r}")

    def same_items(self, what: str, found: Iterable[Any], expected: Iterable[Any]) -> None:
        """Compare two collections: which items they have, and how many of each."""
        n_found, n_expected = Counter(list(found)), Counter(list(expected))
        self.facts += len(n_expected)
        missing, unexpected = n_expected - n_found, n_found - n_expected
        self.wrong += [f"{what}: {item!r} missing ({n})" for item, n in missing.items()]
        self.wrong += [f"{what}: {item!r} too much ({n})" for item, n in unexpected.items()]


def check(store: Store, truth: Row) -> list[Check]:
    """Compare all stages of the first run of a finished demo with its truth (the second: `check_acted`)."""
    return [
        sites(store, truth),
        links(store, truth),
        seeds(store, truth),
        outcomes(store, truth),
        frames(store, truth),
        calls(store, truth),
        records(store, truth),
        computing_workers(store, truth),
        documents(store, truth),
        errors(store, truth),
        dynamic(store, truth),
        references(store, truth, "replay", "session_replay", "domain"),
        references(store, truth, "mining", "cryptojacking", "host"),
        fingerprints(store, truth),
        mining(store, truth),
    ]


def rows_of(store: Store, key: str, columns: list[str] | None = None) -> list[Row]:
    """The rows of a table."""
    rows: list[Row] = store.read_table(key, columns).to_pylist()
    return rows


# -- Precrawl ------------------------------------------------------------------------------------
def sites(store: Store, truth: Row) -> Check:
    """The outcome and page of each site at each vantage point."""
    comparison = Check("precrawl: sites and outcomes")
    for vantage in truth["vantages"]:
        rows = {row["site"]: row for row in rows_of(store, layout.vantage_outcomes(vantage))}
        comparison.same_items(f"sites seen from {vantage}", rows, truth["precrawl"]["sites"])
        for host, expected in truth["precrawl"]["sites"].items():
            row = rows.get(host, {})
            comparison.same(f"{host} from {vantage}", row.get("outcome"), expected[vantage]["outcome"])
            if expected[vantage]["outcome"] == REACHED:
                comparison.same(f"page of {host} from {vantage}", row.get("page"), expected[vantage]["page"])
    return comparison


def links(store: Store, truth: Row) -> Check:
    """The outbound links of each site at each vantage point; links that change are compared by pattern."""
    comparison = Check("precrawl: links, by site and vantage point")
    volatile = [re.compile(pattern) for pattern in truth["precrawl"]["fresh"]]
    seen: set[str] = set()
    for vantage in truth["vantages"]:
        found: dict[str, set[str]] = {}
        for row in rows_of(store, layout.vantage_links(vantage), ["site", "link"]):
            found.setdefault(row["site"], set()).add(row["link"])
        for host, expected in truth["precrawl"]["sites"].items():
            here = found.get(host, set())
            new = {link for link in here if any(pattern.fullmatch(link) for pattern in volatile)}
            comparison.same_items(f"{host} from {vantage}", here - new, expected[vantage]["links"])
            kinds = [pattern.pattern for link in new for pattern in volatile if pattern.fullmatch(link)]
            comparison.same_items(f"new links of {host} from {vantage}", kinds, expected[vantage]["fresh"])
            seen |= here
    comparison.same("links in the union", len(seen), truth["precrawl"]["n_union"])
    return comparison


def seeds(store: Store, truth: Row) -> Check:
    """The seeds: links that all vantage points saw."""
    comparison = Check("precrawl: seeds (links that all vantage points saw)")
    rows = rows_of(store, layout.SEEDS, ["seed"])
    comparison.same_items("seed", [row["seed"] for row in rows], truth["precrawl"]["seeds"][_all(truth)])
    return comparison


def _all(truth: Row) -> str:
    return str(len(truth["vantages"]))


# -- Crawl ---------------------------------------------------------------------------------------
def outcomes(store: Store, truth: Row) -> Check:
    """Each seed has exactly one visit, with the expected outcome."""
    comparison = Check("crawl: one outcome for each seed")
    rows = rows_of(store, layout.table("visits"), ["site_url", "outcome", "http_status", "final_url"])
    comparison.same_items("visit", [r["site_url"] for r in rows], truth["precrawl"]["seeds"][_all(truth)])
    for row in rows:
        expected = truth["pages"].get(row["site_url"])
        if expected is None:
            continue
        comparison.same(f"outcome of {row['site_url']}", row["outcome"], expected["outcome"])
        if expected["outcome"] in (*GOOD, Outcome.CHALLENGE):
            comparison.same(f"status of {row['site_url']}", row["http_status"], expected["status"])
            comparison.same(f"final URL of {row['site_url']}", row["final_url"], expected["final_url"])
    return comparison


def frames(store: Store, truth: Row) -> Check:
    """The frames and pop-ups of each page that have a URL of their own, with their numbers."""
    comparison = Check("crawl: frames and pop-ups, by page")
    pages = _pages(store)
    found: dict[str, list[str]] = {}
    for row in rows_of(store, layout.table("frames"), ["visit_id", "frame_id", "url"]):
        if row["frame_id"] != 0:
            found.setdefault(pages[row["visit_id"]], []).append(row["url"])
    for url, expected in visited(store, truth):
        if expected["outcome"] == Outcome.COMPLETE:
            planted = [frame["location"] for frame in expected["frames"]]
            here, there = (
                [frame for frame in urls if frame.startswith("http") and frame != expected["final_url"]]
                for urls in (found.get(url, []), planted)
            )
            comparison.same_items(f"frame of {url}", here, there)
    return comparison


_CALL = ("location", "context", "script_url", "symbol", "operation", "dynamic", "in_iframe", "realm")
_SCRIPT = _CALL.index("script_url")


def calls(store: Store, truth: Row) -> Check:
    """Every planted call is valid and has its number. Our scripts make no other calls of these symbols."""
    comparison = Check("crawl: planted calls")
    found: dict[str, Counter[tuple[Any, ...]]] = {}
    symbols = {_symbol(name) for name in truth["symbols"]}
    for row in recorded(store):
        if row["symbol"] in symbols:
            by_page = found.setdefault(row["page"], Counter())
            by_page[tuple(row[key] for key in _CALL)] += 1
    gaps = _gaps(store)
    for url, expected in visited(store, truth):
        here = found.get(url, Counter())
        planted = {tuple(_plain(key, call[key]) for key in _CALL): call["n"] for call in expected["calls"]}
        for call, n in planted.items():
            loose = call[_SCRIPT] in expected["libraries"]
            comparison.facts += 1
            if not here[call] and call[-1] != "window" and gaps[url]:
                comparison.gaps.append(f"{url}: {_describe(call)}: not seen, {gaps[url]}")
            elif here[call] < n if loose else here[call] != n:
                comparison.wrong.append(f"{url}: {_describe(call)}: found {here[call]}, expected {n}")
        for call, n in here.items():
            script = call[_SCRIPT]
            loose = script in expected["libraries"] or (expected["libraries"] and script == "blob:")
            if call not in planted and not loose:
                comparison.wrong.append(f"{url}: {_describe(call)}: found {n}, expected none")
    return comparison


def records(store: Store, truth: Row) -> Check:
    """The rows of other tables, where a page expects rows: exactly these, by the columns that it names."""
    comparison = Check("tables: rows of other tables, by page")
    pages = _pages(store)
    expected: dict[str, dict[str, list[Row]]] = {}  # table -> page -> rows
    for url, page in dict(visited(store, truth)).items():
        for table, rows in page["records"].items():
            expected.setdefault(table, {})[url] = rows
    for table, planted in sorted(expected.items()):
        named = {column for rows in planted.values() for row in rows for column in row}
        found: dict[str, list[Row]] = {}
        for row in rows_of(store, layout.table(table), ["visit_id", *sorted(named)]):
            found.setdefault(pages[row["visit_id"]], []).append(row)
        for url, rows in planted.items():
            columns = list(rows[0]) if rows else []
            here, there = (
                [json.dumps([row[name] for name in columns], ensure_ascii=False) for row in some]
                for some in (found.get(url, []), rows)
            )
            comparison.same_items(f"row of {table} of {url}", here, there)
    return comparison


def computing_workers(store: Store, truth: Row) -> Check:
    """The CPU time of workers, of pages whose workers compute: at least what they need on any machine."""
    comparison = Check("tables: CPU time of workers that compute")
    used = {
        row["site_url"]: row["worker_cpu_s"]
        for row in rows_of(store, layout.table("visits"), ["site_url", "worker_cpu_s"])
    }
    for url, page in visited(store, truth):
        if page["worker_cpu_s"]:
            comparison.facts += 1
            if (used[url] or 0) < page["worker_cpu_s"]:
                comparison.wrong.append(f"{url}: {used[url]} s, expected {page['worker_cpu_s']} s at least")
    return comparison


def documents(store: Store, truth: Row) -> Check:
    """The documents of each page, with the number of calls that each has from contexts without an address.

    Expected are the planted calls and the recorded calls of symbols that are never planted. Pages with
    libraries are left out: their calls are unknown.
    """
    comparison = Check("tables: documents, with the calls of those without an address")
    symbols = {_symbol(name) for name in truth["symbols"]}
    others: dict[str, Counter[str]] = {}
    for row in recorded(store):
        if row["symbol"] not in symbols:
            others.setdefault(row["page"], Counter())[row["context"]] += row["location"] != row["context"]
    pages = _pages(store)
    found: dict[str, dict[str, int]] = {}
    for row in rows_of(store, layout.table("pages"), ["visit_id", "location", "n_inherited"]):
        found.setdefault(pages[row["visit_id"]], {})[row["location"]] = row["n_inherited"]
    for url, page in visited(store, truth):
        if page["libraries"] or page["outcome"] not in (*GOOD, Outcome.CHALLENGE):
            continue
        expected: Counter[str] = Counter(page["documents"])
        for context, n in others.get(url, {}).items() if page["outcome"] in GOOD else ():
            expected[context] += n
        comparison.same_items(f"document of {url}", found.get(url, {}), dict(expected))
        for context, n in expected.items():
            comparison.same(
                f"calls that {context} in {url} has from others", found.get(url, {}).get(context), n
            )
    return comparison


def errors(store: Store, truth: Row) -> Check:
    """No script of the demo fails, so an error in a page's console is a fault of the instrument."""
    comparison = Check("crawl: pages without script errors")
    comparison.facts = len(visited(store, truth))
    pages = _pages(store)
    if store.files(layout.table("console"), ".parquet"):
        for row in rows_of(store, layout.table("console")):
            if row["level"] == "error":
                comparison.wrong.append(
                    f"{pages[row['visit_id']]}: {row['message']} ({row['url']}:{row['line']})"
                )
    return comparison


def dynamic(store: Store, truth: Row) -> Check:
    """Dynamic calls by document, as tables count them: planted ones, and symbols that are never planted."""
    comparison = Check("findings: dynamic calls, by document")
    symbols = {_symbol(name) for name in truth["symbols"]}
    expected: Counter[tuple[str, str]] = Counter()
    for url, page in visited(store, truth):
        for call in page["calls"]:
            if call["dynamic"]:
                expected[url, call["context"]] += call["n"]
    for row in recorded(store):
        if row["dynamic"] and row["symbol"] not in symbols:
            expected[row["page"], row["context"]] += 1
    pages = _pages(store)
    found = Counter(
        {
            (pages[row["visit_id"]], row["location"]): row["n_dynamic"]
            for row in rows_of(store, layout.table("pages"), ["visit_id", "location", "n_dynamic"])
            if row["n_dynamic"]
        }
    )
    for key in sorted(expected.keys() | found.keys()):
        comparison.same(f"dynamic calls of {key[1]} in {key[0]}", found[key], expected[key])
    figures = _figures(store, "dynamic_code")
    comparison.same("dynamic calls in all", figures["calls"], expected.total())
    comparison.same("documents with dynamic calls", figures["locations"], len({url for _, url in +expected}))
    return comparison


def references(store: Store, truth: Row, kind: str, analysis: str, owner: str) -> Check:
    """The references that an analysis found: distinct pairs of document and script, with their owner."""
    comparison = Check(f"findings: {analysis.replace('_', ' ')}, script references")
    expected = {
        (reference["location"], reference["script_url"], reference["owner"])
        for _, page in visited(store, truth)
        for reference in page[kind]
    }
    rows = rows_of(store, layout.finding_table(analysis, "references"))
    comparison.same_items(analysis, [(r["location"], r["script_url"], r[owner]) for r in rows], expected)
    figures = _figures(store, analysis)
    documents = len({location for location, _, _ in expected})
    comparison.same("references in all", figures.get("all_references", figures["references"]), len(expected))
    comparison.same("documents", figures.get("all_locations", figures.get("locations")), documents)
    return comparison


def _figures(store: Store, analysis: str) -> dict[str, Any]:
    """The figures in an analysis's summary: the number by name."""
    summary = store.read_json(layout.finding_summary(analysis))
    return {figure["name"]: figure["n"] for figure in summary["figures"]}


# -- Reading -------------------------------------------------------------------------------------
def recorded(store: Store) -> Iterator[Row]:
    """Every valid call with the names of the truth's fields; ``page`` is the seed."""
    pages = _pages(store)
    columns = ["visit_id", "location", "context_url", "script_url", "symbol", "operation", "script_loc_eval"]
    for row in rows_of(store, layout.table("calls"), [*columns, "in_iframe", "realm"]):
        yield {
            **{key: _plain(key, value) for key, value in row.items()},
            "context": row["context_url"],
            "page": pages[row["visit_id"]],
            "dynamic": bool(row["script_loc_eval"]),
        }


def _pages(store: Store) -> dict[int, str]:
    return {
        r["visit_id"]: r["site_url"] for r in rows_of(store, layout.table("visits"), ["visit_id", "site_url"])
    }


def _gaps(store: Store) -> dict[str, str]:
    """The known gaps of each visit that are about workers and worklets, by seed."""
    gaps = {}
    for row in rows_of(store, layout.table("visits"), ["site_url", "known_gaps"]):
        known = json.loads(row["known_gaps"] or "{}")
        gaps[row["site_url"]] = ", ".join(name for name in known if name.startswith("work"))
    return gaps


def visited(store: Store, truth: Row) -> list[tuple[str, Row]]:
    """The truth of each page that was visited, by its URL."""
    return [(url, truth["pages"][url]) for url in _pages(store).values() if url in truth["pages"]]


def _plain(key: str, value: Any) -> Any:
    """A value in comparable form: blob: URLs end in a random number, symbols may begin with ``window.``."""
    if key in ("location", "script_url") and isinstance(value, str) and value.startswith("blob:"):
        return "blob:"
    if key == "in_iframe":
        return value is True or value == "true"
    return _symbol(value) if key == "symbol" else value


def _symbol(name: str) -> str:
    return name.removeprefix("window.")


def _describe(call: tuple[Any, ...]) -> str:
    fields = dict(zip(_CALL, call, strict=True))
    marks = [name for name in ("dynamic", "in_iframe") if fields[name]] + [fields["realm"]]
    return (
        f"{fields['operation']} {fields['symbol']} by {fields['script_url']} in {fields['location']} "
        f"of {fields['context']} ({', '.join(marks)})"
    )


def fingerprints(store: Store, truth: Row) -> Check:
    """The pages that fingerprint by each technique. Without npm, pages of libraries are not compared."""
    comparison = Check("findings: fingerprinting, by page and technique")
    expected = truth["fingerprints"]
    rows = rows_of(
        store, layout.finding_table("fingerprinting", "evidence"), ["rule_set", "technique", "location"]
    )
    found = {(row["location"], row["technique"]) for row in rows if row["rule_set"] == "overscripted2026"}
    comparison.same_items(
        "fingerprint",
        (one for one in found if truth["mode"] == "npm" or one[0] in expected),
        ((page, technique) for page, techniques in expected.items() for technique in techniques),
    )
    return comparison


def mining(store: Store, truth: Row) -> Check:
    """The level of each page that mines or asks a listed host, and the near misses."""
    comparison = Check("findings: mining, by page and level")
    expected = {page["final_url"]: 1 for _url, page in visited(store, truth) if page["mining"]}
    expected |= truth["mining_levels"]
    found = {
        row["page"]: row["level"]
        for table in ("pages", "near_misses")
        for row in rows_of(store, layout.finding_table("mining", table), ["page", "level"])
    }
    gaps = _gaps(store)
    for url in sorted(expected.keys() | found.keys()):
        if found.get(url) != expected.get(url) and gaps.get(url):
            comparison.gaps.append(f"{url}: level {found.get(url)}, not all was seen: {gaps[url]}")
        else:
            comparison.same(f"level of {url}", found.get(url), expected.get(url))
    return comparison

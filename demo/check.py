"""A demo run against the truth: every difference, in words."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from overscripted import layout
from overscripted.store import Store

Row = dict[str, Any]


@dataclass
class Check:
    """One comparison: its name, how many facts it compared, and every fact that is wrong.

    ``gaps`` are facts that are missing where the crawl itself recorded that it cannot see them.
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
        """Compare two collections item by item, with their numbers."""
        here, there = Counter(list(found)), Counter(list(expected))
        self.facts += len(there)
        self.wrong += [f"{what}: {item!r} missing ({n})" for item, n in (there - here).items()]
        self.wrong += [f"{what}: {item!r} too much ({n})" for item, n in (here - there).items()]


def check(store: Store, truth: Row) -> list[Check]:
    """Compare all stages of a finished demo run with the truth it was made from."""
    return [
        sites(store, truth),
        links(store, truth),
        seeds(store, truth),
        outcomes(store, truth),
        frames(store, truth),
        calls(store, truth),
        documents(store, truth),
        errors(store, truth),
        dynamic(store, truth),
        references(store, truth, "replay", "session_replay", "domain"),
        references(store, truth, "mining", "cryptojacking", "host"),
    ]


def _rows(store: Store, key: str, columns: list[str] | None = None) -> list[Row]:
    found: list[Row] = store.read_table(key, columns).to_pylist()
    return found


# -- Precrawl ------------------------------------------------------------------------------------
def sites(store: Store, truth: Row) -> Check:
    """Each site's outcome and page at each vantage point."""
    made = Check("precrawl: sites and outcomes")
    for vantage in truth["vantages"]:
        rows = {row["site"]: row for row in _rows(store, layout.vantage_outcomes(vantage))}
        made.same_items(f"sites seen from {vantage}", rows, truth["precrawl"]["sites"])
        for host, expected in truth["precrawl"]["sites"].items():
            row = rows.get(host, {})
            made.same(f"{host} from {vantage}", row.get("outcome"), expected[vantage]["outcome"])
            if expected[vantage]["outcome"] == "reached":
                made.same(f"page of {host} from {vantage}", row.get("page"), expected[vantage]["page"])
    return made


def links(store: Store, truth: Row) -> Check:
    """Each site's outbound links at each vantage point; those new in every answer by their pattern."""
    made = Check("precrawl: links, by site and vantage point")
    fresh = [re.compile(pattern) for pattern in truth["precrawl"]["fresh"]]
    seen: set[str] = set()
    for vantage in truth["vantages"]:
        found: dict[str, set[str]] = {}
        for row in _rows(store, layout.vantage_links(vantage), ["site", "link"]):
            found.setdefault(row["site"], set()).add(row["link"])
        for host, expected in truth["precrawl"]["sites"].items():
            here = found.get(host, set())
            new = {link for link in here if any(one.fullmatch(link) for one in fresh)}
            made.same_items(f"{host} from {vantage}", here - new, expected[vantage]["links"])
            kinds = [one.pattern for link in new for one in fresh if one.fullmatch(link)]
            made.same_items(f"new links of {host} from {vantage}", kinds, expected[vantage]["fresh"])
            seen |= here
    made.same("links in the union", len(seen), truth["precrawl"]["n_union"])
    return made


def seeds(store: Store, truth: Row) -> Check:
    """The intersection."""
    made = Check("precrawl: seeds (links that all vantage points saw)")
    rows = _rows(store, layout.SEEDS, ["seed"])
    made.same_items("seed", [row["seed"] for row in rows], truth["precrawl"]["seeds"][_all(truth)])
    return made


def _all(truth: Row) -> str:
    return str(len(truth["vantages"]))


# -- Crawl ---------------------------------------------------------------------------------------
def outcomes(store: Store, truth: Row) -> Check:
    """Each seed has exactly one visit, which ended as it must."""
    made = Check("crawl: one outcome for each seed")
    rows = _rows(store, layout.table("visits"), ["site_url", "outcome", "http_status", "final_url"])
    made.same_items("visit", [r["site_url"] for r in rows], truth["precrawl"]["seeds"][_all(truth)])
    for row in rows:
        expected = truth["pages"].get(row["site_url"])
        if expected is None:
            continue
        made.same(f"outcome of {row['site_url']}", row["outcome"], expected["outcome"])
        if expected["outcome"] in ("complete", "http_error"):
            made.same(f"status of {row['site_url']}", row["http_status"], expected["status"])
            made.same(f"final URL of {row['site_url']}", row["final_url"], expected["final_url"])
    return made


def frames(store: Store, truth: Row) -> Check:
    """Each page's frames and pop-ups that have a URL of their own, as often as there are."""
    made = Check("crawl: frames and pop-ups, by page")
    pages = _pages(store)
    found: dict[str, list[str]] = {}
    for row in _rows(store, layout.table("frames"), ["visit_id", "frame_id", "url"]):
        if row["frame_id"] != 0:
            found.setdefault(pages[row["visit_id"]], []).append(row["url"])
    for url, expected in _visited(store, truth):
        if expected["outcome"] == "complete":
            planted = [frame["location"] for frame in expected["frames"]]
            here, there = (
                [one for one in some if one.startswith("http") and one != expected["final_url"]]
                for some in (found.get(url, []), planted)
            )
            made.same_items(f"frame of {url}", here, there)
    return made


_CALL = ("location", "context", "script_url", "symbol", "operation", "dynamic", "in_iframe", "realm")
_SCRIPT = _CALL.index("script_url")


def calls(store: Store, truth: Row) -> Check:
    """Every planted call, valid and to the number; of the same symbols our scripts make no others."""
    made = Check("crawl: planted calls")
    found: dict[str, Counter[tuple[Any, ...]]] = {}
    symbols = {_symbol(name) for name in truth["symbols"]}
    for row in recorded(store):
        if row["symbol"] in symbols:
            by_page = found.setdefault(row["page"], Counter())
            by_page[tuple(row[key] for key in _CALL)] += 1
    gaps = _gaps(store)
    for url, expected in _visited(store, truth):
        here = found.get(url, Counter())
        planted = {tuple(_plain(key, one[key]) for key in _CALL): one["n"] for one in expected["calls"]}
        for call, n in planted.items():
            loose = call[_SCRIPT] in expected["libraries"]
            made.facts += 1
            if not here[call] and call[-1] != "window" and gaps[url]:
                made.gaps.append(f"{url}: {_words(call)}: not seen, {gaps[url]}")
            elif here[call] < n if loose else here[call] != n:
                made.wrong.append(f"{url}: {_words(call)}: found {here[call]}, expected {n}")
        for call, n in here.items():
            script = call[_SCRIPT]
            loose = script in expected["libraries"] or (expected["libraries"] and script == "blob:")
            if call not in planted and not loose:
                made.wrong.append(f"{url}: {_words(call)}: found {n}, expected none")
    return made


def documents(store: Store, truth: Row) -> Check:
    """Each page's documents, and how many calls each has from documents and workers without an address.

    Beside what is planted there are calls of symbols never planted; of libraries nothing is known.
    """
    made = Check("tables: documents, with the calls of those without an address")
    symbols = {_symbol(name) for name in truth["symbols"]}
    others: dict[str, Counter[str]] = {}
    for row in recorded(store):
        if row["symbol"] not in symbols:
            others.setdefault(row["page"], Counter())[row["context"]] += row["location"] != row["context"]
    pages = _pages(store)
    found: dict[str, dict[str, int]] = {}
    for row in _rows(store, layout.table("pages"), ["visit_id", "location", "n_inherited"]):
        found.setdefault(pages[row["visit_id"]], {})[row["location"]] = row["n_inherited"]
    for url, page in _visited(store, truth):
        if page["libraries"] or page["outcome"] != "complete":
            continue
        expected: Counter[str] = Counter(page["documents"])
        for context, n in others.get(url, {}).items():
            expected[context] += n
        made.same_items(f"document of {url}", found.get(url, {}), dict(expected))
        for context, n in expected.items():
            made.same(f"calls that {context} in {url} has from others", found.get(url, {}).get(context), n)
    return made


def errors(store: Store, truth: Row) -> Check:
    """No script of the demo fails: an error on a page's console is the instrument's fault."""
    made = Check("crawl: pages without script errors")
    made.facts = len(_visited(store, truth))
    pages = _pages(store)
    if store.files(layout.table("console"), ".parquet"):
        for row in _rows(store, layout.table("console")):
            if row["level"] == "error":
                made.wrong.append(f"{pages[row['visit_id']]}: {row['message']} ({row['url']}:{row['line']})")
    return made


def dynamic(store: Store, truth: Row) -> Check:
    """Dynamic calls by document, as the tables count them; all are planted, or of symbols never planted."""
    made = Check("findings: dynamic calls, by document")
    symbols = {_symbol(name) for name in truth["symbols"]}
    expected: Counter[tuple[str, str]] = Counter()
    for url, page in _visited(store, truth):
        for one in page["calls"]:
            if one["dynamic"]:
                expected[url, one["context"]] += one["n"]
    for row in recorded(store):
        if row["dynamic"] and row["symbol"] not in symbols:
            expected[row["page"], row["context"]] += 1
    pages = _pages(store)
    found = Counter(
        {
            (pages[row["visit_id"]], row["location"]): row["n_dynamic"]
            for row in _rows(store, layout.table("pages"), ["visit_id", "location", "n_dynamic"])
            if row["n_dynamic"]
        }
    )
    for key in sorted(expected.keys() | found.keys()):
        made.same(f"dynamic calls of {key[1]} in {key[0]}", found[key], expected[key])
    figures = _figures(store, "dynamic_code")
    made.same("dynamic calls in all", figures["calls"], expected.total())
    made.same("documents with dynamic calls", figures["locations"], len({url for _, url in +expected}))
    return made


def references(store: Store, truth: Row, kind: str, analysis: str, owner: str) -> Check:
    """The references an analysis found: distinct documents and scripts, with whom they belong to."""
    made = Check(f"findings: {analysis.replace('_', ' ')}, script references")
    expected = {
        (one["location"], one["script_url"], one["owner"])
        for _, page in _visited(store, truth)
        for one in page[kind]
    }
    rows = _rows(store, layout.finding_table(analysis, "references"))
    made.same_items(analysis, [(r["location"], r["script_url"], r[owner]) for r in rows], expected)
    figures = _figures(store, analysis)
    documents = len({location for location, _, _ in expected})
    made.same("references in all", figures.get("all_references", figures["references"]), len(expected))
    made.same("documents", figures.get("all_locations", figures.get("locations")), documents)
    return made


def _figures(store: Store, analysis: str) -> dict[str, Any]:
    """The numbers of an analysis's summary, by name."""
    summary = store.read_json(layout.finding_summary(analysis))
    return {figure["name"]: figure["n"] for figure in summary["figures"]}


# -- Reading -------------------------------------------------------------------------------------
def recorded(store: Store) -> Iterator[Row]:
    """Every valid call, in the truth's words; ``page`` is the seed."""
    pages = _pages(store)
    columns = ["visit_id", "location", "context_url", "script_url", "symbol", "operation", "script_loc_eval"]
    for row in _rows(store, layout.table("calls"), [*columns, "in_iframe", "realm"]):
        yield {
            **{key: _plain(key, value) for key, value in row.items()},
            "context": row["context_url"],
            "page": pages[row["visit_id"]],
            "dynamic": bool(row["script_loc_eval"]),
        }


def _pages(store: Store) -> dict[int, str]:
    return {
        r["visit_id"]: r["site_url"] for r in _rows(store, layout.table("visits"), ["visit_id", "site_url"])
    }


def _gaps(store: Store) -> dict[str, str]:
    """What each visit said of workers and worklets that it could not see into; mostly nothing."""
    gaps = {}
    for row in _rows(store, layout.table("visits"), ["site_url", "known_gaps"]):
        known = json.loads(row["known_gaps"] or "{}")
        gaps[row["site_url"]] = ", ".join(name for name in known if name.startswith("work"))
    return gaps


def _visited(store: Store, truth: Row) -> list[tuple[str, Row]]:
    return [(url, truth["pages"][url]) for url in _pages(store).values() if url in truth["pages"]]


def _plain(key: str, value: Any) -> Any:
    """A value as it is compared: blob: URLs end in a random number, symbols may begin with ``window.``."""
    if key in ("location", "script_url") and isinstance(value, str) and value.startswith("blob:"):
        return "blob:"
    if key == "in_iframe":
        return value is True or value == "true"
    return _symbol(value) if key == "symbol" else value


def _symbol(name: str) -> str:
    return name.removeprefix("window.")


def _words(call: tuple[Any, ...]) -> str:
    made = dict(zip(_CALL, call, strict=True))
    marks = [word for word in ("dynamic", "in_iframe") if made[word]] + [made["realm"]]
    return (
        f"{made['operation']} {made['symbol']} by {made['script_url']} in {made['location']} "
        f"of {made['context']} ({', '.join(marks)})"
    )

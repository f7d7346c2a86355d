"""Mining: which pages compute proofs of work on their visitors' computers, by what the pages do.

`cryptojacking` asks a list of hosts, which cannot know a miner that comes from the site itself. This asks
what a page compiles, how many workers it makes, what it says by WebSocket, and what CPU time it takes. Each
page gets a level; `overscripted.analyses.mining.rules` has the rules. The fingerprints and the pattern of
messages are those of MineSweeper (Konoth et al., CCS 2018), and a set of rules of their own.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pyarrow as pa
from ibis import _

from overscripted.analyses import published
from overscripted.analyses.mining.exchange import ENCODED, PLAIN, exchanges
from overscripted.analyses.mining.modules import Modules, modules
from overscripted.analyses.mining.primitives import (
    CRYPTONIGHT,
    MIN_CRYPTONIGHT,
    MIN_KNOWN_SHARE,
    MIN_MIX,
    MIN_SHARE,
    MIN_XOR,
    WORK,
)
from overscripted.analyses.mining.rules import LEVELS, MINES, SUSPECTED, WORKS, Signs
from overscripted.analyses.mining.seen import Visit, of_seen, seen
from overscripted.analyses.mining.workers import (
    HELD_BACK_S,
    MIN_CORES_USED,
    MIN_OF_WORKERS,
    MIN_SECONDS,
    loads,
    pools,
)
from overscripted.analyses.model import Analysis, Figure, Finding, Inputs
from overscripted.analyses.settings import EVIDENCE_TEXT, MAX_EVIDENCE
from overscripted.analyses.statistics import wilson
from overscripted.display.number_format import count
from overscripted.visit_groups import VISIT

_UNLIKE = "It counts sites, by rules of its own; here a page is one visit."
# Table that a sign is read from -> what is not known without it.
_SIGNS = {
    "wasm_modules": "which modules pages compile",
    "websocket_messages": "what pages say by WebSocket",
    "script_edges": "how many workers pages make",
    "visit_processes": "what CPU time pages take",
    "requests": "which listed hosts pages ask",
}
Found = dict[Visit, Signs]


def answer(inputs: Inputs) -> Finding:
    """Count pages by how much speaks for it that they mine."""
    pages = inputs.totals(seen(inputs).aggregate(n=_.count()))["n"]
    if not pages:
        return Finding(unsupported="the run has no visit that shows its page")
    known = {name for name in _SIGNS if not inputs.missing(name)}
    if known <= {"requests"}:
        return Finding(unsupported="the run records neither modules, sockets, workers nor CPU time")
    compiled = modules(inputs) if "wasm_modules" in known else Modules()
    found = _signs(inputs, known, compiled)
    urls = _urls(inputs, found)
    finding = Finding(
        sentence=_sentence(found, pages),
        figures=_figures(known, found, compiled, pages),
        tables={
            "pages": _rows(found, urls, lambda one: one.level > 0),
            "scripts": _scripts(found),
            "near_misses": _rows(found, urls, lambda one: one.level == 0 and one.near),
            "modules": _modules(compiled),
        },
        notes=_notes(inputs, known, compiled),
    )
    finding.plots = _plots(finding.figures)
    return finding


def _signs(inputs: Inputs, known: set[str], compiled: Modules) -> Found:
    """What each visit shows, of the visits that show anything."""
    found: defaultdict[Visit, Signs] = defaultdict(Signs)
    if "requests" in known:
        for visit, host in _listed(inputs):
            found[visit].hosts.append(host)
    for visit, sha256, script in compiled.uses:
        if sha256 in compiled.judged:
            found[visit].modules.append((sha256, script, compiled.judged[sha256]))
    if "websocket_messages" in known:
        for talk in exchanges(inputs):
            found[talk.crawl_id, talk.visit_id].talks.append(talk)
    if "script_edges" in known:
        for visit, pool in pools(inputs).items():
            found[visit].pool = pool
    if "visit_processes" in known:
        for visit, load in loads(inputs).items():
            found[visit].load = load
    return dict(sorted(found.items()))


def _listed(inputs: Inputs) -> list[tuple[Visit, str]]:
    """The listed hosts that visits ask: for scripts, sockets or anything else."""
    listing, requests = inputs.lists["nocoin"], of_seen(inputs, "requests")
    hosts = inputs.arrow(requests.select("host").distinct())["host"].to_pylist()
    listed = sorted(host for host in hosts if host and listing.match(host))
    if not listed:
        return []
    of_list = inputs.engine.table(pa.table({"host": pa.array(listed, pa.string())}))
    rows = requests.inner_join(of_list, "host").select(*VISIT, "host").distinct().order_by(*VISIT, "host")
    return [((row["crawl_id"], row["visit_id"]), row["host"]) for row in inputs.rows(rows)]


def _urls(inputs: Inputs, found: Found) -> dict[Visit, str]:
    """The pages of these visits."""
    if not found:
        return {}
    columns = zip(VISIT, zip(*found, strict=True), strict=True)
    which = pa.table({name: pa.array(values, pa.int64()) for name, values in columns})
    rows = seen(inputs).inner_join(inputs.engine.table(which), VISIT).select(*VISIT, "page")
    return {(row["crawl_id"], row["visit_id"]): row["page"] for row in inputs.rows(rows)}


def _figures(known: set[str], found: Found, compiled: Modules, pages: int) -> list[Figure]:
    def n(condition: Callable[[Signs], bool]) -> int:
        return sum(condition(one) for one in found.values())

    figures = [
        _figure("mines", "Pages that mine", n(lambda one: one.level >= MINES), pages),
        _figure(
            "works", "Pages that mine, or compute a miner's work", n(lambda one: one.level >= WORKS), pages
        ),
        _figure(
            "suspected", "Pages with anything that speaks for mining", n(lambda one: one.level > 0), pages
        ),
    ]
    if "requests" in known:
        figures += [
            _figure("listed", "Pages that ask a listed miner's host", n(lambda one: bool(one.hosts)), pages),
            _figure(
                "listed_works",
                "of these, pages that mine, or compute a miner's work",
                n(lambda one: bool(one.hosts) and one.level >= WORKS),
                n(lambda one: bool(one.hosts)),
            ),
            _figure(
                "unlisted",
                "Pages that mine, or compute a miner's work, and ask no listed host",
                n(lambda one: not one.hosts and one.level >= WORKS),
                pages,
            ),
        ]
    if "wasm_modules" in known:
        compiling = len(compiled.visits)
        figures += [
            _figure("wasm", "Pages that compile WebAssembly", compiling, pages),
            _figure(
                "hashing", "of these, pages with a module that hashes", n(lambda one: one.hashes), compiling
            ),
            _figure("work", "of these, pages with a miner's module", n(lambda one: one.work), compiling),
        ]
    for table, name, label, condition in (
        ("websocket_messages", "exchange", "Pages that talk with a mining pool", lambda one: one.exchange),
        ("script_edges", "pool", "Pages with a worker for each core", lambda one: one.full),
        ("visit_processes", "load", "Pages whose workers compute all the time", lambda one: one.computes),
    ):
        if table in known:
            figures.append(_figure(name, label, n(condition), pages))
    if {"wasm_modules", "websocket_messages"} <= known:
        label = "Pages that mine by MineSweeper's fingerprints and pattern"
        figures.append(_figure("minesweeper2018", label, n(lambda one: one.minesweeper), pages))
    return figures


def _figure(name: str, label: str, n: int, of: int) -> Figure:
    known = published.MINING.get(name)
    return Figure(name, label, n, of, wilson(n, of), known, unlike=_UNLIKE if known else "")


_PAGES = pa.schema(
    [("crawl_id", pa.int64()), ("visit_id", pa.int64()), ("page", pa.string()), ("level", pa.int64())]
    + [(name, pa.string()) for name in ("means", "listed_host", "module", "computes", "module_script")]
    + [("hashing_share", pa.float64()), ("workers", pa.int64()), ("cores", pa.int64())]
    + [(name, pa.string()) for name in ("worker_maker", "socket", "said", "encoded", "socket_script")]
    + [("cores_used", pa.float64()), ("of_workers", pa.float64()), ("lacks", pa.string())]
)


def _rows(found: Found, urls: dict[Visit, str], wanted: Callable[[Signs], bool]) -> pa.Table:
    """The pages that are wanted, the highest level first, each with its evidence and with what it lacks."""
    chosen = [(visit, one) for visit, one in found.items() if wanted(one)]
    chosen.sort(key=lambda pair: -pair[1].level)
    return pa.Table.from_pylist(
        [_row(visit, one, urls[visit]) for visit, one in chosen[:MAX_EVIDENCE]], schema=_PAGES
    )


def _row(visit: Visit, one: Signs, page: str) -> dict[str, Any]:
    row: dict[str, Any] = {"crawl_id": visit[0], "visit_id": visit[1], "page": page[:EVIDENCE_TEXT]}
    row |= {
        "level": one.level,
        "means": LEVELS[one.level],
        "listed_host": ", ".join(one.hosts)[:EVIDENCE_TEXT],
    }
    if one.module:
        sha256, script, judged = one.module
        row |= {"module": sha256, "module_script": script[:EVIDENCE_TEXT], "hashing_share": judged.share}
        row["computes"] = f"{judged.kind}: {', '.join(judged.primitives) or 'no known hash'}"
    if one.pool:
        row |= {
            "workers": one.pool.workers,
            "cores": one.pool.cores,
            "worker_maker": one.pool.maker[:EVIDENCE_TEXT],
        }
    if one.talk:
        row |= {"socket": one.talk.url[:EVIDENCE_TEXT], "said": ", ".join(one.talk.said)}
        row |= {"encoded": ", ".join(one.talk.layers), "socket_script": one.talk.script_url[:EVIDENCE_TEXT]}
    if one.load:
        row |= {"cores_used": one.load.cores, "of_workers": one.load.of_workers}
    return row | {"lacks": one.lacks}


_SCRIPTS = pa.schema(
    [("script_url", pa.string()), ("does", pa.string()), ("level", pa.int64()), ("pages", pa.int64())]
)


def _scripts(found: Found) -> pa.Table:
    """The scripts behind the pages of level 1 or more: what each does, its highest level, its pages."""
    levels: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for one in found.values():
        for script, does in one.scripts if one.level else ():
            levels[script, does].append(one.level)
    rows = [(-max(of), -len(of), script[:EVIDENCE_TEXT], does) for (script, does), of in levels.items()]
    return pa.Table.from_pylist(
        [
            {"script_url": script, "does": does, "level": -level, "pages": -pages}
            for level, pages, script, does in sorted(rows)[:MAX_EVIDENCE]
        ],
        schema=_SCRIPTS,
    )


_MODULES = pa.schema(
    [(name, pa.string()) for name in ("sha256", "kind", "primitives", "fingerprints")]
    + [("hashing_share", pa.float64())]
    + [(name, pa.int64()) for name in ("pages", "size", "functions", "unread")]
    + [("why", pa.string())]
)


def _modules(compiled: Modules) -> pa.Table:
    """The distinct modules that were read, with what they compute and why one says so."""
    pages: defaultdict[str, set[Visit]] = defaultdict(set)
    for visit, sha256, _script in compiled.uses:
        pages[sha256].add(visit)
    rows: list[dict[str, Any]] = [
        {
            "sha256": sha256,
            "size": compiled.sizes[sha256],
            "pages": len(pages[sha256]),
            "kind": judged.kind,
            "primitives": ", ".join(judged.primitives),
            "fingerprints": ", ".join(judged.families),
            "hashing_share": judged.share,
            "functions": judged.functions,
            "unread": judged.unread,
            "why": judged.why,
        }
        for sha256, judged in compiled.judged.items()
    ]
    rows.sort(key=lambda row: (row["kind"] != WORK, -row["hashing_share"], row["sha256"]))
    return pa.Table.from_pylist(rows[:MAX_EVIDENCE], schema=_MODULES)


def _sentence(found: Found, pages: int) -> str:
    mines, works, suspected = (
        sum(one.level == level for one in found.values()) for level in (MINES, WORKS, SUSPECTED)
    )
    return (
        f"{mines:,} of {count(pages, 'page')} mine; {works:,} more compute a miner's work with no pool in "
        f"sight; on {suspected:,} more something speaks for mining."
    )


def _notes(inputs: Inputs, known: set[str], compiled: Modules) -> list[str]:
    notes = [
        "A page that takes 30 s of CPU is ended by the crawl and counts all the same. A miner that waits "
        "for a click, for consent or for minutes is not seen.",
    ]
    notes += [
        f"The run has {inputs.missing(name)}: not known is {_SIGNS[name]}."
        for name in _SIGNS
        if name not in known
    ]
    if compiled.unread:
        notes.append(f"{count(compiled.unread, 'module')} were not read: without bytes, or over the limits.")
    unknown = sum(1 for _visit, sha256, _script in compiled.uses if not sha256)
    if unknown:
        notes.append(f"Of {count(unknown, 'compilation')} the bytes of the module are not known.")
    if (
        "visit_processes" in known
        and inputs.totals(seen(inputs).aggregate(n=(_.behaviours != "").sum()))["n"]
    ):
        notes.append("CPU time counts only where nothing was done on the page: crawl without `--do`.")
    return notes


def _plots(figures: list[Figure]) -> list[dict[str, Any]]:
    shown = ("listed", "hashing", "work", "pool", "load", "exchange", "suspected", "works", "mines")
    by_name = {figure.name: figure for figure in figures}
    rows = [
        {
            "label": by_name[name].label.removeprefix("of these, "),
            "note": "",
            "value": int(by_name[name].n or 0),
        }
        for name in shown
        if name in by_name
    ]
    return [{"kind": "bars", "title": "Pages by what speaks for mining", "unit": "pages", "rows": rows}]


ANALYSIS = Analysis(
    name="mining",
    title="Mining at work",
    question="Which pages mine on their visitors' computers, listed or not?",
    answer=answer,
    needs=("visits",),
    records=("wasm_modules", "visit_processes"),
    lists=("nocoin",),
    headline="works",
    unit="pages",
    order=31,
    chapter="What scripts do",
    definitions=(
        (
            "Page",
            "A visit that shows its page (complete or http_error), or whose page took so much CPU that the "
            "crawl ended it (hung).",
        ),
        ("Mines", "The page talks with a mining pool, and has a module that hashes or workers that compute."),
        (
            "Computes a miner's work",
            "The page compiles a miner's module, and has a worker for each core or workers that compute.",
        ),
        (
            "Anything that speaks for mining",
            "Or one of: it talks with a pool; it compiles a miner's module; it asks a listed host; it has a "
            "module that hashes, a worker for each core, and workers that compute.",
        ),
        (
            "Module that hashes",
            f"Functions in which {MIN_XOR:.0%} of the arithmetic is xor or rotation, and {MIN_MIX:.0%} with "
            f"shifts, have {MIN_SHARE:.0%} of the module's arithmetic; {MIN_KNOWN_SHARE:.0%}, if it has the "
            "constants of a known hash.",
        ),
        (
            "Miner's module",
            f"It has {MIN_CRYPTONIGHT} of the {len(CRYPTONIGHT)} parts of CryptoNight by their constants, or "
            "RandomX's salt, or fits three families of MineSweeper's fingerprints, or hashes and names a "
            "proof of work.",
        ),
        (
            "Talks with a pool",
            "On one WebSocket a job came, and a login or a solution was sent, plain or encoded, in the first "
            f"{PLAIN} messages (if encoded, in the first {ENCODED}).",
        ),
        (
            "Worker for each core",
            "As many workers of one script as the page read cores, less one; two at least.",
        ),
        (
            "Workers compute",
            f"In {MIN_SECONDS:.0f} s or more after its load, with nothing done on it, the page takes "
            f"{MIN_CORES_USED} of a core or more on average, or {HELD_BACK_S:.0f} s of CPU. Of all its CPU "
            f"time {MIN_OF_WORKERS:.0%} is that of workers.",
        ),
    ),
)

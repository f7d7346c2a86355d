"""Real libraries in a real Firefox: popular ones that do none of it are found clean, others are found.

One crawl of a page for each, and each analysis once. What is expected of a library stands beside it in
`tests.analyses.libraries`: exactly that is found, no more and no less.
"""

import asyncio
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from overscripted.analyses.model import Finding
from overscripted.analyses.run import analyze
from overscripted.crawl.frontier.queue import Frontier, Seed
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.settings import Options
from overscripted.crawl.worker import Worker
from overscripted.errors import OutsideError, SoftwareMissing
from overscripted.etl.run import run_etl
from overscripted.progress import Work
from overscripted.run import Run
from tests.analyses.libraries import CLEAN, FINGERPRINTERS, LIBRARIES, RECORDERS
from tests.analyses.libraries_web import PLACES, LibraryWeb

pytestmark = [
    pytest.mark.firefox,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("firefox-esr") or shutil.which("firefox")), reason="Firefox is not installed"
    ),
]
SHORT_S, LONG_S = 5.0, 22.0  # the dwells: of pages that are looked at, and of those where fields are filled
INSTRUMENT = "fingerprinting2026"
# Analyses whose evidence says that a page does something. Others describe every page.
ACCUSE = ("session_replay", "cryptojacking", "fingerprinting", "similar", "identifiers", "evercookies")
ACCUSE += ("syncing", "evasion", "recorders", "leaks")


async def _crawl(run: Run, served: LibraryWeb, folder: Path) -> None:
    """Crawl the pages that only run first, then those with a recorder, which get a visitor who types."""
    frontier = Frontier(f"sqlite:///{folder}/frontier.sqlite", run.crawl_id)
    for libraries, plan, dwell_s in (
        (CLEAN | FINGERPRINTERS, "mouse", SHORT_S),
        (RECORDERS, "forms", LONG_S),
    ):
        pages = [(name, visit) for name, one in libraries.items() for visit in range(one.visits)]
        seeds = [Seed(f"{served.base}/{name}?{visit}", plan) for name, visit in pages]
        frontier.add(seeds, variants=[""])
        more: dict[str, Any] = {"allow_private": True, "per_domain": 0, "save": ("text",)}
        options = Options(dwell_s=dwell_s, windows=len(seeds), instrument=INSTRUMENT, **more)
        with Work("crawl", len(seeds)) as work:
            await Worker(run.store, frontier, options, instrument_settings.resolve(INSTRUMENT), work).run()
    frontier.close()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("libraries")
    try:
        served = LibraryWeb()
    except (SoftwareMissing, OutsideError) as error:
        pytest.skip(f"the libraries cannot be had: {error.message}")
    made = Run.open(folder / "run", create=True)

    async def crawl() -> None:
        await served.start()
        await _crawl(made, served, folder)
        await served.stop()

    asyncio.run(crawl())
    run_etl(made, partial=True)
    return made


@pytest.fixture(scope="module")
def findings(run: Run) -> dict[str, Finding]:
    return analyze(run)


@pytest.fixture(scope="module")
def evidence(run: Run, findings: dict[str, Finding]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Of each analysis the library and row of each piece of evidence that names a visit."""
    visits = run.store.read_table("tables/visits", ["visit_id", "site_url"]).to_pylist()
    library = {row["visit_id"]: row["site_url"].rpartition("/")[2].partition("?")[0] for row in visits}
    assert Counter(library.values()) == {name: one.visits for name, one in LIBRARIES.items()}
    return {
        name: [
            (library[row["visit_id"]], {**row, "table": table})
            for table, rows in finding.tables.items()
            if table != "near_misses" and "visit_id" in rows.column_names
            for row in rows.to_pylist()
        ]
        for name, finding in findings.items()
    }


Evidence = dict[str, list[tuple[str, dict[str, Any]]]]


def _found(rows: list[tuple[str, dict[str, Any]]], fact: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """The facts of each library that has any."""
    found: dict[str, set[Any]] = defaultdict(set)
    for library, row in rows:
        found[library].add(fact(row))
    return dict(found)


def _expected(fact: str) -> dict[str, set[Any]]:
    return {name: set(getattr(one, fact)) for name, one in LIBRARIES.items() if getattr(one, fact)}


def test_popular_libraries_that_do_none_of_it_are_found_clean(evidence: Evidence) -> None:
    found = {(name, library) for name in ACCUSE for library, _row in evidence[name] if library in CLEAN}
    assert found == set()
    assert len(CLEAN) >= 10


def test_fingerprinters_are_found_by_exactly_their_techniques(evidence: Evidence) -> None:
    found = _found(evidence["fingerprinting"], lambda row: f"{row['rule_set']} {row['technique']}")
    assert found == _expected("fingerprints")


def test_recorders_are_confirmed_by_what_they_send(evidence: Evidence) -> None:
    found = _found(evidence["recorders"], lambda row: row["grade"])
    assert found == {name: {one.grade} for name, one in LIBRARIES.items() if one.grade}
    assert {name for name, row in evidence["recorders"] if row["pieces_sent"] < len(PLACES)} == set()
    typed = _found(evidence["recorders"], lambda row: row["kinds_sent"])
    assert {name for name, kinds in typed.items() if kinds != {""}} == {"rrweb"}


def test_a_recorder_that_hands_over_what_it_sees_is_a_near_miss(findings: dict[str, Finding]) -> None:
    rows = findings["recorders"].tables["near_misses"].to_pylist()
    why = {row["script_url"].split("/")[3]: (row["grade"], row["why"]) for row in rows}
    assert why["rrweb-apart"] == (1, "sends nothing itself")


def test_what_is_typed_leaks_where_the_recorder_does_not_mask_it(evidence: Evidence) -> None:
    assert _found(evidence["leaks"], lambda row: row["kind"]) == _expected("leaks")


def test_identifiers_are_found_kept_and_shared(evidence: Evidence) -> None:
    met = [(library, row) for library, row in evidence["identifiers"] if row["rule"] == "en2016"]
    assert _found(met, lambda row: f"{row['mechanism']} {row['name']}") == _expected("identifiers")
    twice = {library for library, row in evidence["evercookies"] if row["table"] == "evidence"}
    assert twice == {name for name, one in LIBRARIES.items() if one.twice}
    shared = {library for library, row in evidence["syncing"] if row["kind"] == "confirmed"}
    assert shared == {name for name, one in LIBRARIES.items() if one.shared}


def test_nothing_else_is_found(findings: dict[str, Finding]) -> None:
    for name, figure in (
        ("session_replay", "references"),
        ("cryptojacking", "references"),
        ("dynamic_code", "calls"),
        ("evasion", "cloaked_trackers"),
        ("evercookies", "returned"),
    ):
        assert {f.name: f.n for f in findings[name].figures}[figure] == 0, name

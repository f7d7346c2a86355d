"""Who sees the visitors of how many sites: planted pages with every owner, near misses beside them."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from overscripted import layout, urls
from overscripted.analyses.entities.look_alikes import look_alike
from overscripted.analyses.model import Finding
from overscripted.analyses.run import analyze
from overscripted.display.number_format import percent
from overscripted.run import Run
from overscripted.schemas import PRECRAWL
from tests.analyses.planted import call, planted_run, write

OWNERS = [
    {"name": "Big Analytics", "company": "Big", "category": "analytics", "domains": ["*.big-analytics.com"]},
    {"name": "Big Fonts", "company": "Big", "category": "cdn", "domains": ["*.bigfonts.net"]},
    {"name": "Big Search", "company": "Big", "category": "other", "domains": ["*.big.com"]},
    {"name": "Chat", "category": "customer-success", "domains": ["chat.cdn.net"]},
]
# Visit -> its outcome, seed, final URL, and the hosts that it sent requests to.
VISITS: dict[int, tuple[str, str, str, list[str]]] = {
    1: (
        "complete",
        "http://shop.com/",
        "https://www.shop.com/",
        ["www.shop.com", "img.shop.com", "t.big-analytics.com", "fonts.bigfonts.net", "chat.cdn.net"],
    ),
    2: ("complete", "https://shop.com/2", "https://www.shop.com/2", ["t.big-analytics.com"]),
    # Big's own site: third parties by domain, not by owner. Beside them a host that only looks like Big's.
    3: ("complete", "https://big.com/", "https://big.com/", ["t.big-analytics.com", "notbig-analytics.com"]),
    # Other hosts of a shared domain, and of nobody known; a redirect, so that the page is of another site.
    4: ("http_error", "https://old.org/", "https://news.co.uk/", ["x.cdn.net", "cdn.unknown.net"]),
    5: ("complete", "https://alone.org/", "https://alone.org/", []),
    # Visits that show no page.
    6: ("challenge", "https://wall.com/", "https://wall.com/", ["t.big-analytics.com"]),
    7: ("net_error", "https://gone.com/", "", ["t.big-analytics.com"]),
    9: ("timeout", "https://slow.com/", "https://slow.com/", ["t.big-analytics.com"]),
    # A frame's document as a visit, as in the study's data.
    10: ("complete", "https://frame.com/f", "https://frame.com/f", []),
    # The same names written as a part of another name.
    8: ("complete", "https://evil.net/", "https://evil.net/", ["big-analytics.com.evil.io"]),
}
SCRIPTS = [
    call("https://www.shop.com/", "https://t.big-analytics.com/a.js", visit_id=1),
    call("https://www.shop.com/", "https://www.shop.com/own.js", visit_id=1),
    call("https://alone.org/", "https://chat.cdn.net/c.js", visit_id=5),  # from a cache: no request
    call("https://wall.com/", "https://chat.cdn.net/c.js", visit_id=6),
    call("https://evil.net/", "about:blank", visit_id=8),
    call("https://frame.com/f", "https://chat.cdn.net/c.js", visit_id=10, in_iframe=True),
]
RANKS = [("shop.com", 2), ("www.shop.com", 9), ("big.com", 1), ("news.co.uk", 4), ("absent.com", 3)]


def planted(folder: Path, requests: bool = True, ranked: bool = True) -> Run:
    visits = [
        {
            **{"crawl_id": 7, "visit_id": n, "outcome": outcome, "n_attempts": 1},
            **{"site_domain": urls.domain(seed), "final_domain": urls.domain(final), "final_url": final},
        }
        for n, (outcome, seed, final, _hosts) in VISITS.items()
    ]
    run = planted_run(folder, SCRIPTS, visits)
    if requests:
        rows = [_request(n, host) for n, (*_, hosts) in VISITS.items() for host in hosts]
        # Navigations of the tab, a URL without a host, and the same host twice.
        rows += [{**_request(4, "old.org"), "resource_type": "main_frame"}, _request(1, "")]
        rows += [{**_request(1, "chat.cdn.net"), "resource_type": None}]
        write(run, "requests", rows)
    if ranked:
        listed = [
            {"site": site, "rank": rank, "domain": urls.domain(f"http://{site}")} for site, rank in RANKS
        ]
        run.store.write_table(layout.SITES, pa.Table.from_pylist(listed, schema=PRECRAWL["sites"].schema))
    return run


def _request(visit: int, host: str) -> dict[str, Any]:
    domain = urls.registrable_domain(host) if host else ""
    return {"crawl_id": 7, "visit_id": visit, "host": host, "domain": domain, "resource_type": "image"}


def answer(run: Run, folder: Path, engine: str = "duckdb", owners: Any = OWNERS) -> Finding:
    path = folder / "owners.json"
    path.write_text(json.dumps(owners))
    return analyze(run, ["entities"], engine, [f"entities={path}"])["entities"]


@pytest.fixture(scope="module")
def found(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Finding:
    folder = tmp_path_factory.mktemp("entities")
    return answer(planted(folder / "run"), folder, engine)


def rows(finding: Finding, table: str, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in finding.tables[table].to_pylist()]


def test_every_figure_is_the_truth(found: Finding) -> None:
    figures = {figure.name: (figure.n, figure.of) for figure in found.figures}
    # shop.com, big.com, news.co.uk, alone.org and evil.net were seen.
    assert {name: (n, of) for name, (n, of) in figures.items() if of == 5} == {
        "widest_owner": (2, 5),
        "third_parties": (5, 5),
        "other_owners": (5, 5),
        "scripts": (2, 5),
        "trackers": (1, 5),
        "google": (0, 5),
        "facebook": (0, 5),
        "google_analytics": (0, 5),
        "facebook_pixel": (0, 5),
        "clarity": (0, 5),
        "ranked": (3, 5),
    }
    assert figures["wide_domains"] == (2, 2)  # big-analytics.com and cdn.net
    assert figures["known"] == (5, 9) and figures["own"] == (1, 9)
    # Chat 2 sites, Big 1, and 4 unknown domains 1 each.
    assert figures["owners_per_site"] == (7 / 5, None)
    assert figures["index"] == (pytest.approx(10_000 * 9 / 49), None)
    assert found.sentence == (
        f"Chat sees visits on {percent(40)} of 5 sites, more than any other owner. "
        f"{percent(100)} have a third party of another owner."
    )


def test_reach_is_by_sites_pages_and_scripts(found: Finding) -> None:
    reach = ("sites", "pages", "script_sites", "script_pages")
    assert rows(found, "owners", "owner", "listed", *reach, "prominence") == [
        ("Chat", True, 2, 2, 1, 1, 0.5),
        ("Big", True, 1, 2, 1, 1, 0.5),
        ("cdn.net", False, 1, 1, 0, 0, 0.25),
        ("evil.io", False, 1, 1, 0, 0, 0.0),
        ("notbig-analytics.com", False, 1, 1, 0, 0, 1.0),
        ("unknown.net", False, 1, 1, 0, 0, 0.25),
    ]
    assert rows(found, "owners", "sites_percent", "pages_percent")[1] == (20.0, pytest.approx(100 / 3))
    assert rows(found, "services", "service", "owner", "category", *reach) == [
        ("Chat", "Chat", "customer-success", 2, 2, 1, 1),
        ("Big Analytics", "Big", "analytics", 1, 2, 1, 1),
        ("Big Fonts", "Big", "cdn", 1, 1, 0, 0),
    ]
    assert rows(found, "categories", "category", *reach) == [
        ("customer-success", 2, 2, 1, 1),
        ("analytics", 1, 2, 1, 1),
        ("cdn", 1, 1, 0, 0),
    ]
    # By domain a host of the site's own owner counts, too.
    assert rows(found, "domains", "domain", *reach, "prominence")[:3] == [
        ("cdn.net", 3, 3, 1, 1, 0.75),
        ("big-analytics.com", 2, 3, 1, 1, 1.5),
        ("bigfonts.net", 1, 1, 0, 0, 0.5),
    ]
    assert rows(found, "concentration", "widest_owners", "sites") == [(1, 2), (2, 2), (3, 3), (5, 5)]


def test_evidence_and_near_misses_are_named(found: Finding) -> None:
    names = ("site", "host", "owner", "service", "pages", "requested_pages", "scripted_pages")
    evidence = rows(found, "evidence", *names)
    assert evidence[0] == ("alone.org", "chat.cdn.net", "Chat", "Chat", 1, 0, 1)
    assert ("shop.com", "t.big-analytics.com", "Big", "Big Analytics", 2, 2, 1) in evidence
    assert not {site for site, *_ in evidence} & {"wall.com", "gone.com", "old.org", "slow.com", "frame.com"}
    assert rows(found, "near_misses", "host", "near", "why", "site", "sites") == [
        ("t.big-analytics.com", "Big", "owns the site", "big.com", 1),
        (
            "big-analytics.com.evil.io",
            "big-analytics.com",
            "has the name, is not at or below the host",
            "",
            1,
        ),
        ("notbig-analytics.com", "big-analytics.com", "has the name, is not at or below the host", "", 1),
    ]
    assert found.notes[0] == "2 sites without a rank add nothing to prominence."


def test_a_run_without_requests_or_ranking_says_what_is_missing(tmp_path: Path) -> None:
    finding = answer(planted(tmp_path / "run", requests=False, ranked=False), tmp_path)
    assert rows(finding, "owners", "owner", "sites", "script_sites", "prominence") == [
        ("Big", 1, 1, None),
        ("Chat", 1, 1, None),
    ]
    assert [note.split(":")[0] for note in finding.notes[:2]] == [
        "The run has no table requests",
        "The run has no ranking of sites (it did not begin with a precrawl)",
    ]


def test_a_run_without_third_parties_or_pages_is_answered_as_such(tmp_path: Path) -> None:
    visit = {"crawl_id": 7, "visit_id": 1, "outcome": "complete", "final_domain": "a.com"}
    run = planted_run(tmp_path / "one", [call("https://a.com/", "https://a.com/x.js")], [visit])
    alone = answer(run, tmp_path)
    assert alone.sentence == "None of 1 site has a third party of another owner."
    assert {figure.name: figure.n for figure in alone.figures}["index"] == 0
    empty = planted_run(tmp_path / "none", [], [{**visit, "outcome": "net_error"}])
    assert answer(empty, tmp_path).unsupported == "the run has no visit that shows a page"


def test_a_list_without_categories_gives_no_trackers(tmp_path: Path) -> None:
    finding = answer(
        planted(tmp_path / "run"), tmp_path, owners={"Big": {"properties": ["big-analytics.com"]}}
    )
    assert "trackers" not in {figure.name for figure in finding.figures}
    assert any("has no categories" in note for note in finding.notes)
    assert finding.tables["services"].num_rows == finding.tables["categories"].num_rows == 0


def test_published_figures_are_compared_only_with_what_is_alike(tmp_path: Path) -> None:
    figures = {figure.name: figure for figure in answer(planted(tmp_path / "run"), tmp_path).figures}
    for name, figure in figures.items():
        if figure.published:
            assert figure.published.source and figure.published.link.startswith("https://")
            assert figure.unlike or (name == "third_parties" and figure.why)


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("notbig.com", "big.com"),
        ("big.com.evil.example", "big.com"),
        ("a.big.com.evil.example", "a.big.com"),
        ("big.com", ""),
        ("www.big.com", ""),
        ("big.company", ""),
        ("bigxcom", ""),
        ("", ""),
    ],
)
def test_look_alikes(host: str, near: str) -> None:
    assert look_alike(host, {"big.com", "a.big.com"}) == near

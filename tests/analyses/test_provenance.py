"""Who brought whom: chains, unknown guests and their near misses, and graphs that pages made to hurt."""

from pathlib import Path
from typing import Any

import pytest

from overscripted import urls
from overscripted.analyses.model import Finding
from overscripted.analyses.run import analyze
from overscripted.run import Run
from tests.analyses.planted import call, planted_run, write

PAGE, TAGS, ADS = "https://site.com/", "https://tags.com/t.js", "https://ads.com/a.js"
APP, FRAME = "https://cdn.site.com/app.js", "https://frame.net/f.html"
INSERTED = "line 9 > injectedScript"


def asked(url: str, kind: str = "image", by: str = "", visit: int = 1, **more: Any) -> dict[str, Any]:
    """A request: by the code of a stack's frame, else by the document."""
    script = by.split(" ", 1)[0]
    frame_stack = {"script_url": script, "call_stack": f"f@{by}:1:2"} if by else {}
    made = {"crawl_id": 7, "visit_id": visit, "request_id": url[:40], "hop": 0, "frame_id": 0, "url": url}
    made |= {"resource_type": kind, "document_url": PAGE, "top_level_url": PAGE, "host": urls.host(url)}
    return {**made, "domain": urls.domain(url), **frame_stack, **more}


def edge(url: str, how: str, parent: str | None = None, visit: int = 1, **more: Any) -> dict[str, Any]:
    """How a script came."""
    made = {"crawl_id": 7, "visit_id": visit, "frame_id": 0, "script_url": url, "how": how}
    return {**made, "parent_url": parent, "script_loc_eval": "", "parent_loc_eval": "", "n": 1, **more}


def planted(folder: Path, requests: list[dict[str, Any]], edges: list[dict[str, Any]]) -> Run:
    visits = [
        {"crawl_id": 7, "visit_id": n, "outcome": "complete", "final_url": PAGE, "final_domain": "site.com"}
        for n in sorted({row["visit_id"] for row in requests})
    ]
    visits.append({"crawl_id": 7, "visit_id": 99, "outcome": "net_error"})  # it has no page
    run = planted_run(folder, [call(PAGE, TAGS)], visits)
    write(run, "requests", requests)
    write(run, "script_edges", edges)
    return run


REQUESTS = [
    asked(TAGS, "script"),
    asked(APP, "script"),
    asked(ADS, "script", TAGS),
    asked(FRAME, "sub_frame", ADS, frame_id=5),
    asked("https://deep.org/d.js", "script", frame_id=5, document_url=FRAME),
    # The page asks for px.com, which sends the browser on.
    asked("https://px.com/p", request_id="9", redirect_url="https://sync.io/s"),
    asked("https://sync.io/s", request_id="9", hop=1),
    # Code that ads.com made with eval asks for another script.
    asked("https://made.com/m.js", "script", f"{ADS} line 3 > eval"),
    # Code that tags.com inserted into the page is no code of the page's.
    asked("https://late.com/l.gif", "image", f"{PAGE} {INSERTED}"),
    # Near misses: also in the markup; the site's code on the stack; also in a document that nobody can place;
    # asked for by the site's own script, on another host.
    asked("https://known.com/x.gif", "image", TAGS),
    asked("https://known.com/i.gif"),
    asked("https://called.com/c", "xmlhttprequest", TAGS, call_stack=f"f@{TAGS}:1:2\ng@{APP}:1:2"),
    asked("https://odd.com/o.gif", "image", TAGS),
    asked("https://odd.com/o.js", "script", frame_id=6, document_url="about:blank"),
    asked("https://own.com/o.js", "script", APP),
    # Another visit of the site has only what the site names.
    asked("https://known.com/i.gif", visit=2),
    asked("https://\ud800\0.com/".encode("utf-8", "replace").decode(), visit=2, domain=None, host=None),
]
EDGES = [
    edge(TAGS, "parser"),
    edge(APP, "parser"),
    edge(ADS, "inserted", TAGS),
    edge(TAGS, "inserted", ADS),  # a cycle
    edge(ADS, "inserted", ADS),
    edge("https://deep.org/d.js", "parser", frame_id=5),
    edge(ADS, "eval", ADS, script_loc_eval="line 3 > eval"),
    edge("https://made.com/m.js", "inserted", ADS, parent_loc_eval="line 3 > eval"),
    edge(PAGE, "inserted", TAGS, script_loc_eval=INSERTED),
    edge("https://odd.com/o.js", "parser", frame_id=6),
    edge("https://own.com/o.js", "inserted", APP),
]


@pytest.fixture(scope="module")
def finding(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Finding:
    run = planted(tmp_path_factory.mktemp("provenance") / "run", REQUESTS, EDGES)
    return analyze(run, ["provenance"], engine=engine)["provenance"]


def test_each_guest_has_who_brought_it(finding: Finding) -> None:
    rows = finding.tables["evidence"].to_pylist()
    assert [(r["domain"], r["brought_by"], r["how"], r["script"]) for r in rows] == [
        ("ads.com", "tags.com", "inserted", TAGS),
        ("deep.org", "frame.net", "parser", FRAME),
        ("frame.net", "ads.com", "frame", ADS),
        ("late.com", "tags.com", "image", f"{PAGE} {INSERTED}"),
        ("made.com", "ads.com", "inserted", ADS),
        ("sync.io", "px.com", "redirect", "https://px.com/p"),
    ]
    guests = finding.tables["guests"].to_pylist()
    assert [(g["domain"], g["guest_on"], g["visits"], g["level"], g["mostly_by"]) for g in guests] == [
        ("ads.com", 1, 1, 2, "tags.com"),
        ("deep.org", 1, 1, 4, "frame.net"),
        ("frame.net", 1, 1, 3, "ads.com"),
        ("late.com", 1, 1, 3, "tags.com"),
        ("made.com", 1, 1, 3, "ads.com"),
        ("sync.io", 1, 1, 2, "px.com"),
    ]
    bringers = {r["brought_by"]: (r["visits"], r["domains"]) for r in finding.tables["bringers"].to_pylist()}
    assert bringers == {"tags.com": (1, 2), "ads.com": (1, 2), "frame.net": (1, 1), "px.com": (1, 1)}


def test_near_misses_say_what_failed(finding: Finding) -> None:
    rows = finding.tables["near_misses"].to_pylist()
    assert [(r["domain"], r["failed"]) for r in rows] == [
        ("called.com", "the site's code was on the stack"),
        ("known.com", "the site named it too"),
        ("odd.com", "what else brought it is not known"),
        ("tags.com", "the site named it too"),
    ]


def test_figures_count_visits_and_third_parties(finding: Finding) -> None:
    figures = {f.name: (f.n, f.of) for f in finding.figures}
    assert figures == {
        "visits_with_guests": (1, 2),
        "short_chains": (1, 2),
        "longest_chain": (4, None),
        "guests": (6, 13),  # twelve third parties of the first visit, one of the second
        "named": (6, 13),
        "guest_domains": (6, 12),
        "unplaced": (1, 11),
    }
    levels = {r["level"]: (r["reached"], r["visits"]) for r in finding.tables["levels"].to_pylist()}
    assert levels == {0: (2, 0), 1: (3, 1), 2: (4, 0), 3: (2, 0), 4: (1, 1)}


def test_the_longest_chain_has_each_link(finding: Finding) -> None:
    rows = [r for r in finding.tables["longest_chains"].to_pylist() if r["chain"] == 1]
    assert [(r["level"], r["how"], r["url"], r["answers_for_it"]) for r in rows] == [
        (0, "page", PAGE, "site.com"),
        (1, "parser", TAGS, "tags.com"),
        (2, "inserted", ADS, "ads.com"),
        (3, "frame", FRAME, "frame.net"),
        (4, "parser", "https://deep.org/d.js", "deep.org"),
    ]


def test_dynamic_code_has_its_makers(tmp_path: Path, engine: str) -> None:
    tracker, page = "https://www.google-analytics.com/a.js", "https://site.com/app.js"
    calls = [call(PAGE, script, visit_id=n) for script in (tracker, page, ADS) for n in (1, 2)]
    run = planted_run(tmp_path / "run", calls)
    deep = "line 1 > eval line 2 > Function"
    write(
        run,
        "script_edges",
        [
            edge(tracker, "eval", tracker, script_loc_eval="line 1 > eval", n=5),
            edge(tracker, "Function", tracker, script_loc_eval=deep, n=2),
            edge(tracker, "Function", tracker, 2, script_loc_eval="line 7 > Function", n=1),
            edge(PAGE, "handler", page, n=4),
            edge(ADS, "inserted", tracker, n=9),  # it has an address: nothing was made from text
            edge(ADS, "eval", None, n=8),  # nobody knows by whom
        ],
    )
    (tmp_path / "trackers.txt").write_text("google-analytics.com\n")
    lists = [f"disconnect={tmp_path / 'trackers.txt'}"]
    finding = analyze(run, ["dynamic_code"], engine=engine, lists=lists)["dynamic_code"]
    made = [tuple(row.values()) for row in finding.tables["makers"].to_pylist()]
    assert made == [
        ("google-analytics.com", "eval", 5, 0, 1, 1, 1, True),
        ("site.com", "handler", 4, 0, 1, 1, 0, False),
        ("google-analytics.com", "Function", 3, 2, 2, 1, 2, True),
    ]
    figures = {f.name: (f.n, f.of) for f in finding.figures if f.name.endswith("makers")}
    assert figures == {"nested_makers": (2, 12), "tracker_makers": (8, 12)}
    assert not any("who made" in note for note in finding.notes)


def test_graphs_made_to_hurt_are_bounded(tmp_path: Path) -> None:
    long = [f"https://x{n}.com/s.js" for n in range(45)]
    wide = [f"https://y.com/{n}.js" for n in range(100_000)]
    huge = "https://z.com/" + "z" * 3_000_000
    requests = [asked(url, "script", visit=1) for url in long]
    requests += [asked(url, "script", visit=2) for url in [*wide, huge]]
    edges = [edge(long[0], "parser")]
    edges += [edge(b, "inserted", a) for a, b in zip(long, [*long[1:], long[0]], strict=True)]
    edges += [edge(url, "parser", visit=2) for url in [*wide, huge]]
    run = planted(tmp_path / "run", requests, edges)
    finding = analyze(run, ["provenance"])["provenance"]
    figures = {f.name: (f.n, f.of) for f in finding.figures}
    assert figures["unplaced"] == (15, 45 + 100_001)
    assert figures["longest_chain"] == (30 + 1, None)
    assert any("more than 30 levels" in note for note in finding.notes)
    assert finding.tables["levels"].to_pylist()[1] == {"level": 1, "reached": 100_002, "visits": 1}
    assert [r["level"] for r in finding.tables["longest_chains"].to_pylist()][:31] == [*range(31)]


def test_a_run_without_edges_says_so(tmp_path: Path) -> None:
    run = planted_run(tmp_path / "run", [call(PAGE, TAGS)])
    assert any("no table script_edges" in n for n in analyze(run, ["dynamic_code"])["dynamic_code"].notes)
    assert "no table requests" in analyze(run, ["provenance"])["provenance"].unsupported

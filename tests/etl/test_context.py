"""Calls in documents and workers without a network address: valid, counted with whose rights they have."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from overscripted import segments
from overscripted.etl.run import run_etl
from overscripted.run import Run
from tests.etl.conftest import by, call, crawl_run, rows, table, visit

ENGINES = ["duckdb", pytest.param("spark", marks=pytest.mark.spark)]

SITE = "https://www.site.com/a"
ADS = "https://ads.third.net/frame"
TOP = {
    "location": SITE,
    "top_level_url": SITE,
    "script_url": SITE,
    "context_url": SITE,
    "context_in_iframe": False,
}
# A document in a frame of the page, with the page's rights.
FRAME = TOP | {"frame_id": 1, "parent_frame_id": 0, "in_iframe": "true", "location": "about:blank"}
# A frame of another site, and a document in a frame of that.
THIRD = {
    "frame_id": 2,
    "parent_frame_id": 0,
    "in_iframe": "true",
    "location": ADS,
    "top_level_url": SITE,
    "script_url": ADS,
    "context_url": ADS,
    "context_in_iframe": True,
}
WITHIN = THIRD | {"frame_id": 3, "parent_frame_id": 2}
# What differs in a pop-up before its page.
POPUP = {
    "frame_id": 4,
    "parent_frame_id": -1,
    "in_iframe": "false",
    "location": "about:blank",
    "top_level_url": "about:blank",
}


def etl(folder: Path, engine: str, calls: Iterable[dict[str, Any]], **tables: list[dict[str, Any]]) -> Run:
    """A run of these calls, and its tables."""
    numbered = [call(**one, ordinal=n) for n, one in enumerate(calls)]
    run = crawl_run(folder / "run", calls=numbered, visits=[visit()], **tables)
    run_etl(run, engine)
    return run


# What changes in a call, and its location_host, context_host, context_domain and is_third_party.
CALLS: list[tuple[dict[str, Any], tuple[str, str, str, bool]]] = [
    (TOP, ("www.site.com", "www.site.com", "site.com", False)),
    (TOP | {"script_url": ADS}, ("www.site.com", "www.site.com", "site.com", True)),
    (FRAME, ("", "www.site.com", "site.com", False)),
    (FRAME | {"script_url": ADS}, ("", "www.site.com", "site.com", True)),
    # A script without an address of its own is its document's.
    (
        FRAME | {"location": "about:srcdoc", "script_url": "about:srcdoc"},
        ("", "www.site.com", "site.com", False),
    ),
    (FRAME | {"script_url": "data:text/javascript,1"}, ("", "www.site.com", "site.com", False)),
    (
        WITHIN | {"location": "about:srcdoc", "script_url": "about:srcdoc"},
        ("", "ads.third.net", "third.net", True),
    ),
    (
        WITHIN | {"location": "data:text/html,x", "script_url": "data:text/html,x"},
        ("", "ads.third.net", "third.net", True),
    ),
    # In a document with an address it has nobody's domain, as before.
    (
        THIRD | {"script_url": "data:text/javascript,1"},
        ("ads.third.net", "ads.third.net", "third.net", False),
    ),
    (THIRD, ("ads.third.net", "ads.third.net", "third.net", True)),
    # One of a blob: URL is its origin's, whatever document.
    (
        FRAME | {"location": "blob:https://www.site.com/1", "script_url": "blob:https://www.site.com/1"},
        ("", "www.site.com", "site.com", False),
    ),
    (
        WITHIN | {"location": "blob:https://ads.third.net/1", "script_url": "blob:https://ads.third.net/1"},
        ("", "ads.third.net", "third.net", True),
    ),
    (
        FRAME | {"location": "blob:null/1", "script_url": "blob:null/1"},
        ("", "www.site.com", "site.com", False),
    ),
    # A pop-up before its page: who opened it is the page.
    (
        FRAME | POPUP,
        ("", "www.site.com", "site.com", False),
    ),
    (
        FRAME | POPUP | {"script_url": ADS},
        ("", "www.site.com", "site.com", True),
    ),
    # Workers.
    (
        FRAME | {"location": "data:text/javascript,1", "realm": "worker"},
        ("", "www.site.com", "site.com", False),
    ),
    (
        TOP
        | {
            "frame_id": -1,
            "location": "blob:https://other.org/1",
            "context_url": "https://other.org/",
            "realm": "sharedworker",
        },
        ("", "other.org", "other.org", False),
    ),
]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_call_has_the_host_domain_and_party_of_its_context(
    tmp_path: Path, engine: str, request: Any
) -> None:
    if engine == "spark":
        request.getfixturevalue("spark")
    run = etl(tmp_path, engine, [one for one, _ in CALLS])
    assert rows(run, "invalid_calls") == []
    found = sorted(rows(run, "calls"), key=lambda row: row["ordinal"])
    assert [row["location"] for row in found] == [one["location"] for one, _ in CALLS]
    assert [row["context_url"] for row in found] == [one["context_url"] for one, _ in CALLS]
    names = ("location_host", "context_host", "context_domain", "is_third_party")
    assert [tuple(row[name] for name in names) for row in found] == [expected for _, expected in CALLS]


@pytest.mark.parametrize("engine", ENGINES)
def test_documents_count_with_whose_rights_they_have(tmp_path: Path, engine: str, request: Any) -> None:
    """No row about:blank for all sites together, none for a random blob: URL or a long data: one."""
    if engine == "spark":
        request.getfixturevalue("spark")
    total = {"crawl_id": 7, "visit_id": 1, "attempt": 1, "symbol": "x", "operation": "get", "n_recorded": 0}
    run = etl(
        tmp_path,
        engine,
        [
            TOP,
            FRAME,
            FRAME | {"location": f"data:text/html,{'x' * 10_000}", "script_url": "data:text/javascript,1"},
            FRAME | {"location": "blob:https://www.site.com/1", "script_loc_eval": "line 1 > eval"},
            FRAME | {"location": "about:srcdoc", "symbol": ""},  # invalid
            THIRD,
            WITHIN | {"location": "about:blank"},
            WITHIN | {"location": "about:srcdoc", "script_url": "about:srcdoc"},
            # Of a document that made no call itself: a frame of the page, and one of a frame.
            FRAME | {"context_url": "https://quiet.org/", "context_in_iframe": True},
            # A pop-up that a frame opened is on top itself; whose rights it has is in a frame.
            WITHIN | POPUP,
        ],
        call_totals=[
            total | FRAME | {"in_iframe": None, "n_calls": 100, "n_recorded": 1},
            total | WITHIN | {"location": "about:x", "script_url": "https://never.org/x.js", "n_calls": 5},
            total | TOP | {"n_calls": 7},
        ],
    )  # fmt: skip
    counts = ("n_calls", "n_valid", "n_invalid", "n_dynamic", "n_inherited", "in_iframe")
    expected = [
        (ADS, 3, 9, 4, 0, 0, 8, True),
        ("https://quiet.org/", 1, 1, 1, 0, 0, 1, True),
        (SITE, 2, 111, 4, 1, 1, 103, False),
    ]
    assert by(run, "documents", "location", "n_scripts", *counts) == expected
    assert by(run, "pages", "location", "n_scripts", *counts) == expected
    assert by(run, "documents", "location_host", "location_domain", "n_third_party_scripts") == [
        ("ads.third.net", "third.net", 3),
        ("quiet.org", "quiet.org", 0),
        ("www.site.com", "site.com", 0),
    ]
    assert by(run, "script_refs", "location", "script_url", "n_inherited", "in_iframe", "is_third_party") == [
        (ADS, "about:srcdoc", 1, True, True),
        (ADS, ADS, 2, True, True),
        (ADS, "https://never.org/x.js", 5, True, True),
        ("https://quiet.org/", SITE, 1, True, False),
        (SITE, "data:text/javascript,1", 1, False, False),
        (SITE, SITE, 102, False, False),
    ]
    assert by(run, "script_refs", "top_level_url") == [(SITE,)] * 6
    assert {location for (location,) in by(run, "symbol_counts", "location")} == {row[0] for row in expected}
    assert by(run, "hosts", "host", "n_locations", "n_scripts") == [
        ("ads.third.net", 1, 1),
        ("never.org", 0, 1),
        ("quiet.org", 1, 0),
        ("www.site.com", 1, 1),
    ]
    assert sum(row["n_inherited"] for row in rows(run, "script_urls")) == 112


def test_the_studys_rows_count_where_they_did(tmp_path: Path) -> None:
    """Whatever is said beside: its calls in other documents are invalid, under their own location."""
    study = {"crawl_id": 1, "context_url": SITE, "context_in_iframe": False, "top_level_url": ""}
    made = [
        call(**study, ordinal=0, row=0, location=SITE, script_url="blob:https://www.site.com/1"),
        call(**study, ordinal=1, row=1, location="about:blank"),
        call(**study, ordinal=2, row=2, location="blob:https://www.site.com/1"),
    ]
    run = crawl_run(tmp_path / "run", calls=made, visits=[visit(crawl_id=1)])
    run_etl(run)
    assert by(run, "calls", "location", "context_url", "context_domain", "script_host", "is_third_party") == [
        (SITE, SITE, "site.com", "", False)
    ]
    assert by(run, "invalid_calls", "location", "errors") == [
        ("about:blank", "location"),
        ("blob:https://www.site.com/1", "location"),
    ]
    assert by(run, "documents", "location", "n_valid", "n_invalid", "n_inherited") == [
        ("about:blank", 0, 1, 0),
        ("blob:https://www.site.com/1", 0, 1, 0),
        (SITE, 1, 0, 0),
    ]


def test_the_browsers_own_documents_are_no_pages(tmp_path: Path) -> None:
    places = ["chrome://browser/x", "resource://pdf.js/x", "moz-extension://1/x", "", None]
    run = etl(tmp_path, "duckdb", [FRAME, *(FRAME | {"location": place} for place in places)])
    assert by(run, "calls", "location") == [("about:blank",)]
    assert by(run, "invalid_calls", "errors") == [("location",)] * 5
    found = by(run, "documents", "location", "n_valid", "n_invalid", "n_inherited")
    assert found == sorted([("", 0, 2, 0), *((it, 0, 1, 0) for it in places[:3]), (SITE, 1, 0, 1)])


def test_segments_from_before_count_with_the_top_document(tmp_path: Path) -> None:
    """They do not tell whose rights a document has; of a pop-up on about:blank only the script is known."""
    made = [
        TOP,
        FRAME,
        THIRD,
        WITHIN | {"location": "about:srcdoc"},
        FRAME | POPUP | {"script_url": ADS},
        FRAME | POPUP | {"script_url": "about:blank"},
    ]
    new = ["context_url", "context_in_iframe", "by_browser"]
    old = table("calls", [call(**one, ordinal=n) for n, one in enumerate(made)]).drop_columns(new)
    frames = table(
        "frames",
        [
            {"crawl_id": 7, "visit_id": 1, "attempt": 1, "url": u, "top_level_url": SITE}
            for u in (ADS, "about:blank")
        ],
    )
    run = crawl_run(tmp_path / "run", visits=[visit()])
    segments.write(run.store, "calls", old, "test")
    segments.write(run.store, "frames", frames.drop_columns(["context_url"]), "test")
    run_etl(run)
    assert rows(run, "invalid_calls") == []
    found = sorted(rows(run, "calls"), key=lambda row: row["ordinal"])
    assert [(row["context_url"], row["context_in_iframe"]) for row in found] == [
        (SITE, False),
        (SITE, False),
        (ADS, True),
        (SITE, False),
        (ADS, False),
        ("", False),
    ]
    assert {row["by_browser"] for row in found} == {False}
    assert by(run, "pages", "location", "in_iframe", "n_inherited") == [
        ("", False, 1),
        (ADS, False, 1),
        (SITE, False, 2),
    ]
    assert by(run, "frames", "url", "context_url") == [("about:blank", SITE), (ADS, ADS)]


def test_a_call_by_the_browsers_own_code_has_no_line_and_is_not_repaired(tmp_path: Path) -> None:
    made = {"by_browser": True, "script_line": "", "script_col": "", "func_name": ""}
    stack = "f@https://elsewhere.org/x.js:1:2"
    run = etl(
        tmp_path, "duckdb", [TOP | made | {"call_stack": stack}, FRAME | made, TOP, TOP | {"script_line": ""}]
    )
    columns = ("location", "script_url", "script_line", "by_browser", "repaired")
    found = sorted(rows(run, "calls"), key=lambda row: row["ordinal"])
    assert [tuple(row[name] for name in columns) for row in found] == [
        (SITE, SITE, None, True, False),
        ("about:blank", SITE, None, True, False),
        (SITE, SITE, 12, False, False),
    ]
    assert by(run, "invalid_calls", "errors", "by_browser") == [("script_line", None)]


def test_totals_of_popups_and_shared_workers_are_in_no_frame(tmp_path: Path) -> None:
    total = {
        "crawl_id": 7,
        "visit_id": 1,
        "attempt": 1,
        "symbol": "x",
        "operation": "get",
        "n_recorded": 0,
        "n_calls": 9,
    }
    places = {
        "https://popup.org/": (5, -1),
        "https://worker.org/w.js": (-1, -1),
        "https://frame.org/": (2, 0),
    }
    totals = [
        total | {"location": url, "script_url": url, "frame_id": frame, "parent_frame_id": parent}
        for url, (frame, parent) in places.items()
    ]
    run = etl(tmp_path, "duckdb", [], call_totals=totals)
    assert by(run, "pages", "location", "in_iframe") == [
        ("https://frame.org/", True),
        ("https://popup.org/", False),
        ("https://worker.org/w.js", False),
    ]


def test_tables_of_an_etl_that_knew_no_contexts_are_made_again(tmp_path: Path) -> None:
    run = etl(tmp_path, "duckdb", [FRAME])
    (key,) = run.store.files("tables/calls")
    old = run.store.read_table(key).drop_columns(["context_url"])
    manifest = run.store.read_json("etl/manifest.json") | {"recipe": 2}
    run.store.write_table(key, old)
    run.store.write_json("etl/manifest.json", manifest)
    assert "batches_reused" not in run_etl(run)
    assert by(run, "calls", "context_url") == [(SITE,)]
    assert pa.types.is_boolean(run.store.read_table("tables/calls").schema.field("by_browser").type)

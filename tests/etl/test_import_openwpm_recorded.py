"""What an import of OpenWPM's can tell: by era, by what was set to be recorded, and of several data sets."""

import json
from pathlib import Path
from typing import Any

import pytest

from overscripted import recorded
from overscripted.etl.imports import import_data
from overscripted.recorded import Recorded
from overscripted.run import Run
from tests.etl.openwpm_eras import database, exchange, story, visit

A = "https://a.example/"
Story = dict[str, list[dict[str, Any]]]


def _imported(folder: Path) -> Run:
    run = Run.open(folder / "run", create=True)
    import_data("openwpm", str(folder / "data"), run)
    return run


def _known(folder: Path, **data_sets: tuple[str, Story]) -> Recorded:
    (folder / "data").mkdir()
    for name, (era, told) in data_sets.items():
        database(folder / "data" / f"{name}.sqlite", era, told)
    found = recorded.of(_imported(folder).store)
    assert found
    return found


@pytest.mark.parametrize(
    ("era", "tables", "unknown"),
    [
        ("2014-05", "requests", ["requests.resource_type", "requests.frame_id", "visits.final_url", "calls"]),
        (
            "2015-12",
            "calls cookies requests",
            ["calls.script_line", "calls.script_loc_eval", "request_bodies"],
        ),
        (
            "2018-08",
            "calls cookies request_bodies requests",
            ["requests.frame_id", "calls.frame_id", "frames"],
        ),
        (
            "2026-04",
            "calls cookies request_bodies requests",
            ["frames", "callstacks", "dns_names", "requests.ip"],
        ),
    ],
)
def test_an_era_tells_what_its_tables_and_columns_hold(
    tmp_path: Path, era: str, tables: str, unknown: list[str]
) -> None:
    known = _known(tmp_path, crawl=(era, story(era)))
    assert {*known.columns} == {*tables.split(), "visits"}
    assert known.lacking(unknown) == unknown
    for never in ("stored_items", "wasm_modules", "messages", "visits.challenge", "requests.http_version"):
        assert known.lacking([never]) == [never]
    assert not known.lacking(["requests.status", "requests.response_headers"])


def _with_parameters(*browsers: dict[str, Any]) -> Story:
    rows = [{"browser_id": n, "browser_params": json.dumps(one)} for n, one in enumerate(browsers)]
    return {"crawl": rows, "site_visits": [visit(1, 1, A)]}


def test_an_empty_table_is_known_where_it_was_set_to_be_recorded(tmp_path: Path) -> None:
    """OpenWPM makes all tables. Of one without rows, only its settings tell whether it was recorded."""
    asked = {"js_instrument": True, "cookie_instrument": False, "dns_instrument": "x"}
    known = _known(tmp_path, crawl=("2026-04", _with_parameters(asked)))
    assert {*known.columns} == {"visits", "calls"}
    assert known.partly["visits.outcome"] == "not known, taken as complete"


def test_what_some_browsers_did_not_record_is_known_in_part(tmp_path: Path) -> None:
    told = _with_parameters(
        {"js_instrument": True, "navigation_instrument": True}, {"js_instrument": False}, {}
    )
    known = _known(tmp_path, crawl=("2026-04", told))
    assert {*known.columns} == {"visits", "calls", "frames", "navigations"}
    assert known.notes(["calls"]) == [
        "calls: only those of documents, none of workers; 1 of 3 browsers did not record it"
    ]


def test_what_some_data_sets_lack_is_known_in_part(tmp_path: Path) -> None:
    known = _known(tmp_path, a=("2014-05", story("2014-05")), b=("2018-08", story("2018-08")))
    assert known.partly["calls"].endswith("; 1 of 2 data sets have none")
    assert known.partly["requests.resource_type"] == "1 of 2 data sets do not have it"
    assert not known.lacking(["calls", "requests.resource_type"])


def _requested(number: int, kind: int, url: str, status: int, location: str = "") -> list[dict[str, Any]]:
    pair = exchange(visit(1, 1, A), f"{number}", url, status, location)
    return [row | {"content_policy_type": kind, "headers": '[["User-Agent", "UA"]]'} for row in pair]


def test_the_page_of_an_old_visit_is_its_last_document(tmp_path: Path) -> None:
    """Until 2018 only requests tell, whose kinds are numbers; frames and redirects are not the page."""
    pairs = [
        _requested(1, 6, "http://a.example/", 302, A),
        _requested(2, 6, A, 404),
        _requested(3, 7, "https://frame.example/", 200),
        _requested(4, 2, "https://a.example/x.js", 200),
        _requested(5, 99, "https://a.example/y", 200),
    ]
    told = {"site_visits": [visit(1, 1, A)]}
    told |= {"http_requests": [pair[0] for pair in pairs], "http_responses": [pair[1] for pair in pairs]}
    (tmp_path / "data").mkdir()
    database(tmp_path / "data" / "x.sqlite", "2018-08", told)
    store = _imported(tmp_path).store
    (row,) = store.read_table("raw/visits").to_pylist()
    assert (row["final_url"], row["http_status"], row["user_agent"]) == (A, 404, "UA")
    kinds = [row["resource_type"] for row in store.read_table("raw/requests").to_pylist()]
    assert kinds == ["main_frame", "main_frame", "sub_frame", "script", "other"]


def test_the_page_of_a_visit_is_the_last_document_of_its_first_tab(tmp_path: Path) -> None:
    def navigation(tab: int, frame: int, url: str, committed: str | None = "2026-01-01") -> dict[str, Any]:
        place = {"tab_id": tab, "frame_id": frame, "parent_frame_id": frame - 1}
        return visit(1, 1, A) | place | {"url": url, "committed_time_stamp": committed}

    told = {
        "site_visits": [visit(1, 1, A), visit(2, 1, A)],
        "navigations": [
            navigation(3, 0, "about:blank"),
            navigation(3, 0, A),
            navigation(3, 0, "https://a.example/next"),
            navigation(3, 1, "https://frame.example/"),
            navigation(4, 0, "https://popup.example/"),
            navigation(3, 0, "https://never.example/", None),
        ],
    }
    (tmp_path / "data").mkdir()
    database(tmp_path / "data" / "x.sqlite", "2026-04", told)
    found = _imported(tmp_path).store.read_table("raw/visits").to_pylist()
    assert [row["final_url"] for row in found] == ["https://a.example/next", None]


def test_a_database_that_is_left_out_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    database(tmp_path / "data" / "a.sqlite", "2018-08", story("2018-08"))
    (tmp_path / "data" / "b.sqlite").write_bytes(b"no database")
    known = recorded.of(_imported(tmp_path).store)
    assert known and "data sets" not in str(known.partly)

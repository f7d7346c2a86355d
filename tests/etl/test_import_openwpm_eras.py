"""One story in OpenWPM's tables of every era: what became of its visits, calls, requests and cookies."""

from pathlib import Path
from typing import Any

import pytest

from overscripted.etl.imports import import_data
from overscripted.run import Run
from tests.etl.openwpm_eras import ERAS, OLDER, command, database, story, visit

# Visits until 2015-11 are pages of browsers: a browser's two visits to one page are one.
PAGES = ("2014-05", "2015-03")
VISITS = {1: "complete", 2: "error", 3: "timeout", 5: "error", 7: "incomplete"}


def imported(folder: Path, source: Path) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """Raw tables of an import, and its facts."""
    run = Run.open(folder / "run", create=True)
    facts = import_data("openwpm", str(source), run)
    names = {key.split("/")[1] for key in run.store.files("raw", ".parquet")}
    return {name: run.store.read_table(f"raw/{name}").to_pylist() for name in names}, facts


def _has(era: str, table: str) -> bool:
    return any(OLDER.get(name, name) == table for name in ERAS[era])


@pytest.mark.parametrize("era", ERAS)
def test_the_story_of_each_era_comes_whole(tmp_path: Path, era: str) -> None:
    raw, facts = imported(tmp_path, database(tmp_path / "crawl.sqlite", era, story(era)))
    ended = {row["visit_id"]: row["outcome"] for row in raw["visits"]}
    sites = sorted((row["site_url"], row["outcome"]) for row in raw["visits"])
    if era in PAGES:
        a, b = "https://a.example/", "https://b.example/"
        assert sites == [(a, "error"), (a, "error"), (b, "timeout")]
    else:
        assert ended == VISITS
    requests = [(row["url"], row["hop"], row["status"]) for row in raw["requests"]]
    hop = 1 if era >= "2017-10" else 0  # before, a redirect's requests had nothing in common
    assert requests == [
        ("http://a.example/x.js", 0, 302),
        ("https://a.example/x.js", hop, 200),
        ("https://b.example/y.js", 0, 404),
    ]
    assert all(row["visit_id"] in ended for table in ("requests", "visits") for row in raw[table])
    if _has(era, "javascript"):
        calls = [(row["location"], row["arguments"]) for row in raw["calls"]]
        assert len(calls) == (1 if "parameter_index" in ERAS[era]["javascript"] else 2)
        assert calls[0][0] == "https://a.example/"
        assert calls[0][1].replace(" ", "") == '{"0":"k","1":"v"}'
        assert next(row["n_calls"] for row in raw["visits"]) == len(calls)
    assert len(raw.get("cookies", [])) == _has(era, "javascript_cookies")
    assert ("profile_cookies (1 row)" in facts.get("tables_ignored", "")) == _has(era, "profile_cookies")
    assert facts["rows_read"] == facts["rows_kept"]


def test_the_same_database_has_the_same_ids_whenever_it_is_imported(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        raw, _ = imported(
            tmp_path / name, database(tmp_path / name / "x.sqlite", "2018-08", story("2018-08"))
        )
        found.append([(row["crawl_id"], row["file_name"], row["visit_id"]) for row in raw["calls"]])
    assert found[0] == found[1]
    (tmp_path / "other").mkdir()
    told = story("2018-08")
    told["site_visits"][0] = told["site_visits"][0] | {"site_url": "https://other.example/"}
    raw, _ = imported(tmp_path / "other", database(tmp_path / "other" / "x.sqlite", "2018-08", told))
    assert raw["calls"][0]["crawl_id"] != found[0][0][0] > 1


@pytest.mark.parametrize("era", ["2015-12", "2018-07"])
def test_commands_of_many_visits_to_few_sites_find_theirs(tmp_path: Path, era: str) -> None:
    """366 visits of four browsers to three sites, one command each, in no order between browsers; 73 fail."""
    visits = [visit(n, n % 4, f"https://{n % 3}.example/") for n in range(1, 367)]
    failed = {of["visit_id"] for of in visits[::5][:73]}
    history = [
        command(of, "GET", "timeout" if of["visit_id"] in failed else "ok", f"2016-01-01 00:00:{n % 60:02}")
        for n, of in enumerate(sorted(visits, key=lambda it: (it["visit_id"] // 40, it["crawl_id"])))
    ]
    told = {"site_visits": visits, "crawl_history": history}
    raw, _ = imported(tmp_path, database(tmp_path / "x.sqlite", era, told))
    assert {row["visit_id"] for row in raw["visits"] if row["outcome"] == "timeout"} == failed
    assert sum(row["outcome"] == "complete" for row in raw["visits"]) == 366 - 73


def test_commands_that_are_missing_leave_their_visits_incomplete(tmp_path: Path) -> None:
    visits = [visit(n, 1, f"https://{site}.example/") for n, site in enumerate("abcab", 1)]
    history = [command(visits[n], "GET", "ok", "2016-01-01 00:00:00") for n in (0, 2, 4)]
    stray = command(visit(0, 9, "https://a.example/"), "DUMP_PROFILE", "ok", "2016-01-01 00:00:00")
    told = {"site_visits": visits, "crawl_history": [*history, stray]}
    raw, facts = imported(tmp_path, database(tmp_path / "x.sqlite", "2015-12", told))
    ended = [row["outcome"] for row in raw["visits"]]
    assert ended == ["complete", "incomplete", "complete", "incomplete", "complete"]
    assert (facts["rows_read"], facts["rows_left_out"]) == (9, 1)
    assert facts["left_out"] == "1 of crawl_history: a command of no visit"


def test_commands_without_their_page_belong_to_visits_in_order(tmp_path: Path) -> None:
    visits = [visit(n, 1, f"https://{n}.example/") for n in (1, 2, 3)]
    ended = ("ok", "timeout", "error")
    history = [command(of, "GET", end, "2016-01-01 00:00:00") for of, end in zip(visits, ended, strict=True)]
    told = {"site_visits": visits, "crawl_history": [row | {"arguments": None} for row in history]}
    raw, _ = imported(tmp_path, database(tmp_path / "x.sqlite", "2015-12", told))
    assert [row["outcome"] for row in raw["visits"]] == ["complete", "timeout", "error"]


@pytest.mark.parametrize(
    ("commands", "incomplete", "wanted"),
    [
        ([("GetCommand", "ok"), ("FinalizeCommand", "ok")], True, "complete"),
        ([("InitializeCommand", "ok"), ("GetCommand", "ok")], True, "complete"),
        ([("GetCommand", "ok"), ("FinalizeCommand", "error")], True, "incomplete"),
        ([("GetCommand", "ok"), ("SaveScreenshotCommand", "timeout")], True, "incomplete"),
        ([("GetCommand", "ok"), ("SaveScreenshotCommand", "timeout")], False, "complete"),
        ([("GetCommand", "neterror"), ("FinalizeCommand", "ok")], True, "net_error"),
        ([("InitializeCommand", "ok")], False, "incomplete"),
        ([("InitializeCommand", "critical")], False, "error"),
        ([("TargetCommand", "error"), ("GetCommand", "ok"), ("WidgetCommand", "error")], False, "complete"),
        ([], True, "incomplete"),
        ([], False, "incomplete"),
    ],
)
def test_a_visit_is_incomplete_where_its_last_command_did_not_end_well(
    tmp_path: Path, commands: list[tuple[str, str]], incomplete: bool, wanted: str
) -> None:
    of, other = visit(1, 1, "https://a.example/"), visit(2, 1, "https://b.example/")
    told = {
        "site_visits": [of, other],
        "crawl_history": [command(of, *one, "2020-10-01 00:00:00") for one in commands]
        + [command(other, "GetCommand", "ok", "2020-10-01 00:00:00")],
        "incomplete_visits": [of] * incomplete,
    }
    raw, _ = imported(tmp_path, database(tmp_path / "x.sqlite", "2020-09", told))
    assert [row["outcome"] for row in raw["visits"]] == [wanted, "complete"]


def test_records_of_a_visit_without_any_other_row_are_kept(tmp_path: Path) -> None:
    told = story("2020-09")
    of = visit(99, 3, "https://z.example/")
    told["http_requests"].append(told["http_requests"][0] | of | {"url": "https://z.example/"})
    told["navigations"] = [of | {"visit_id": 98, "url": "https://y.example/", "parent_frame_id": -1}]
    told["javascript_cookies"].append(of | {"visit_id": 97, "host": "x.example", "name": "n"})
    raw, facts = imported(tmp_path, database(tmp_path / "x.sqlite", "2020-09", told))
    ended = {row["visit_id"]: (row["site_url"], row["outcome"]) for row in raw["visits"]}
    assert {n: ended[n] for n in (97, 98, 99)} == dict.fromkeys((97, 98, 99), (None, "incomplete"))
    assert facts["rows_read"] == facts["rows_kept"]


def test_answers_and_stacks_of_no_request_are_counted_by_table(tmp_path: Path) -> None:
    told = story("2020-09")
    of = visit(1, 1, "https://a.example/")
    told["http_responses"].append(told["http_responses"][0] | {"url": "https://nobody.example/"})
    told["dns_responses"] = [of | {"request_id": 8, "hostname": h} for h in ("a.example", "z.example", " ")]
    told["callstacks"] = [of | {"request_id": 8, "call_stack": s} for s in ("f@https://a:1:2", "again", None)]
    raw, facts = imported(tmp_path, database(tmp_path / "x.sqlite", "2020-09", told))
    assert [row["host"] for row in raw["dns_names"]] == ["a.example", "z.example"]  # of a request or not
    assert facts["left_out"] == (
        "2 of callstacks: another of its request; 1 of dns_responses: without a host; "
        "1 of http_responses: of no request that was kept"
    )
    assert facts["rows_read"] - facts["rows_kept"] == facts["rows_left_out"] == 4


def test_requests_without_a_number_are_no_redirects_of_each_other(tmp_path: Path) -> None:
    of = visit(1, 1, "https://a.example/")
    urls = ("https://a.example/", "https://b.example/", "https://a.example/")
    told = {
        "site_visits": [of],
        "http_requests": [of | {"url": url} for url in urls],
        "http_responses": [of | {"url": urls[0], "response_status": status} for status in (200, 304)],
    }
    raw, _ = imported(tmp_path, database(tmp_path / "x.sqlite", "2015-12", told))
    assert [(row["hop"], row["status"]) for row in raw["requests"]] == [(0, 200), (0, None), (0, 304)]


def test_a_redirect_to_itself_has_its_own_answers(tmp_path: Path) -> None:
    of = visit(1, 1, "https://a.example/") | {"url": "https://a.example/", "request_id": 0}
    told = {
        "site_visits": [of],
        "http_requests": [of, of],
        "http_responses": [of | {"response_status": 200}],
        "http_redirects": [
            of | {"old_request_id": "0", "old_request_url": of["url"], "response_status": 302}
        ],
    }
    raw, _ = imported(tmp_path, database(tmp_path / "x.sqlite", "2020-09", told))
    assert [(row["request_id"], row["hop"], row["status"]) for row in raw["requests"]] == [
        ("0", 0, 302),
        ("0", 1, 200),
    ]


@pytest.mark.parametrize("era", ["2020-09", "2021-02", "2026-04"])
def test_answers_of_name_servers_become_one_row_per_visit_and_host(tmp_path: Path, era: str) -> None:
    of, other = visit(1, 1, "https://a.example/"), visit(2, 1, "https://b.example/")
    answer = {
        "hostname": "Shop.Example",
        "addresses": "192.0.2.1, 2001:db8::1",
        "used_address": "192.0.2.1",
        "canonical_name": "Shop.CDN.example",
        "is_TRR": 0,
        "time_stamp": "2026-04-01T01:02:03.004Z",
    }
    told = {
        "site_visits": [of, other],
        "dns_responses": [
            of | {"hostname": "shop.example", "error": "once failed", "request_id": 1},
            of | answer,
            of | answer | {"used_address": "192.0.2.9", "time_stamp": "2026-04-01T09:00:00.000Z"},
            other | answer | {"hostname": "own.example", "canonical_name": "own.example", "is_TRR": 1},
        ],
    }
    raw, _ = imported(tmp_path, database(tmp_path / "x.sqlite", era, told))
    columns = ("visit_id", "host", "canonical_names", "addresses", "used_address", "error", "source")
    addresses = '["192.0.2.1", "2001:db8::1"]'
    error = "once failed" if era == "2026-04" else ""  # the column is new
    shop = ("shop.example", '["shop.cdn.example"]', addresses, "192.0.2.1", error, "openwpm")
    assert [tuple(row[name] for name in columns) for row in raw["dns_names"]] == [
        (1, *shop),
        (2, "own.example", "[]", addresses, "192.0.2.1", "", "openwpm_trr"),
    ]
    assert {row["names_error"] for row in raw["dns_names"]} == {None}
    moments = [row["time_stamp"].isoformat(timespec="milliseconds") for row in raw["dns_names"]]
    assert moments == ["2026-04-01T01:02:03.004+00:00"] * 2


def test_hosts_of_many_visits_in_turn_are_each_one_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overscripted.foreign.openwpm_names.OPEN_VISITS", 3)
    visits = [visit(n, 1, "https://a.example/") for n in range(1, 8)]
    told = {
        "site_visits": visits,
        "dns_responses": [of | {"hostname": f"{h}.example"} for of in visits for h in (0, 1, 0, 1)],
    }
    raw, _ = imported(tmp_path, database(tmp_path / "x.sqlite", "2020-09", told))
    found = [(row["visit_id"], row["host"]) for row in raw["dns_names"]]
    assert sorted(found) == [(n, f"{h}.example") for n in range(1, 8) for h in (0, 1)]


def test_navigations_have_what_firefox_told_of_their_cause(tmp_path: Path) -> None:
    """Frame, parent, type, qualifiers, URL; then URL before, asked for, cause, redirects of servers."""
    of, other = visit(1, 1, "https://a.example/"), visit(2, 1, "https://a.example/")
    told = [
        ((0, -1, "link", "[]", "/a"), (None, "/a", None, 0)),
        ((4, 0, "auto_subframe", "[]", "/f"), (None, "/f", "initial", 0)),
        ((0, -1, "link", '["server_redirect"]', "/b"), ("/a", None, None, None)),
        ((4, 0, "auto_subframe", "[]", "/g"), ("/f", "/g", None, 0)),
        ((0, -1, "form_submit", "[]", "/c"), ("/b", "/c", "form", 0)),
        ((0, -1, "reload", None, "/c"), ("/c", "/c", "reload", 0)),
        ((0, -1, "link", '["client_redirect"]', "/d"), ("/c", "/d", "meta_refresh", 0)),
        ((0, -1, "link", '["forward_back", "server_redirect"]', "/c"), ("/d", None, "history", None)),
        ((0, -1, "typed", "{", "/e"), ("/c", "/e", None, 0)),
    ]
    names = ("frame_id", "parent_frame_id", "transition_type", "transition_qualifiers", "url")
    times = {"before_navigate_time_stamp": None, "committed_time_stamp": "2020-11-25T17:04:23.414Z"}
    rows = [of | {"tab_id": 3} | times | dict(zip(names, row, strict=True)) for row, _ in told]
    # Of another visit, with the same tab and frame.
    rows.insert(1, other | {"tab_id": 3} | times | dict(zip(names, told[0][0], strict=True)))
    raw, facts = imported(tmp_path, database(tmp_path / "x.sqlite", "2020-09", {"navigations": rows}))
    found: dict[int, list[dict[str, Any]]] = {}
    for row in raw["navigations"]:
        found.setdefault(row["visit_id"], []).append(row)
    first, second = (sorted(found[n], key=lambda row: row["ordinal"]) for n in (1, 2))
    names = ("from_url", "url", "cause", "server_redirects")
    assert [tuple(row.get(name) for name in names) for row in first] == [ours for _, ours in told]
    assert [row["from_url"] for row in second] == [None]
    assert [row["ordinal"] for row in first] == list(range(len(told)))
    assert [row["frame_id"] for row in first] == [row[0] for row, _ in told]
    assert {(row["outcome"], row["same_document"]) for row in first} == {("committed", False)}
    assert all(row["time_stamp"] == row["committed"] for row in first)
    assert [row["committed_url"] for row in first] == [row[-1] for row, _ in told]
    assert facts["rows_read"] == facts["rows_kept"] == len(rows)
    assert len(raw["frames"]) == len(rows)

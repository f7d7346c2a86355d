"""A view shows, counts, downloads and explains the rows that its address asks for."""

import ast
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

import overscripted
from overscripted.api.opened import OpenedRun
from overscripted.explore import query, tables
from overscripted.explore.data import RunData
from overscripted.explore.snippets import snippets
from overscripted.explore.state import State, parse
from overscripted.explore.views import views
from tests.explore.conftest import _REQUESTS, HOSTILE, ROWS, TRACKER, Site

STATES: dict[str, list[tuple[str, str]]] = {
    "equal": [("method", "POST")],
    "two": [("method", "POST"), ("status__is", "null")],
    "not": [("status__not", "200")],
    "contains": [("url__contains", "/1")],
    "begins": [("url__starts", "https://")],
    "between": [("size__gte", "3"), ("size__lte", "9")],
    "true": [("is_third_party", "true")],
    "known": [("status__is", "known"), ("_sort", "-size,request_id"), ("_columns", "size,request_id")],
    "time": [("time_stamp__lte", "2027-01-01T00:00:00Z")],
    "hostile": [("host", HOSTILE)],
    "hostile part": [("url__contains", "'; DROP")],
    "none": [("host", "nowhere")],
}


@pytest.fixture(scope="module")
def opened(site: Site) -> Iterator[OpenedRun]:
    """The run as programs open it."""
    with overscripted.open_run(site.run.store.url) as found:
        yield found


def downloaded(site: Site, view: str, state: list[tuple[str, str]], format: str) -> list[dict[str, Any]]:
    answer = site.reader.get(f"{site.url}/run/t/{view}{format}", params=state)
    assert answer.status_code == 200, answer.text
    if format == ".parquet":
        return pq.read_table(io.BytesIO(answer.content)).to_pylist()
    return json.loads(answer.content) if format == ".json" else list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.parametrize("name", STATES)
def test_filters_give_the_rows_that_they_describe(site: Site, name: str) -> None:
    truth = {
        "equal": lambda row: row["method"] == "POST",
        "two": lambda row: row["method"] == "POST" and row["status"] is None,
        "not": lambda row: row["status"] != 200,
        "contains": lambda row: "/1" in row["url"],
        "begins": lambda row: True,
        "between": lambda row: 3 <= row["size"] <= 9,
        "true": lambda row: True,
        "known": lambda row: row["status"] is not None,
        "time": lambda row: True,
        "hostile": lambda row: False,
        "hostile part": lambda row: False,
        "none": lambda row: False,
    }[name]
    bad = {"equal": 0, "two": 0, "not": 1, "contains": 0, "begins": 0, "between": 1, "true": 1, "known": 1}
    bad |= {"time": 0, "hostile": 1, "hostile part": 1, "none": 0}
    found = downloaded(site, "requests", STATES[name], ".json")
    assert len(found) == sum(map(truth, _REQUESTS)) + bad[name]


def test_an_order_holds_on_every_page(site: Site, data: RunData) -> None:
    state = [("_sort", "-size,request_id"), ("_columns", "size,request_id"), ("domain", TRACKER)]
    whole = [(row["size"], row["request_id"]) for row in downloaded(site, "requests", state, ".parquet")]
    assert whole == sorted(whole, key=lambda row: (-row[0], row[1])) and len(whole) == ROWS
    pages = [site.get("t/requests", **dict(state), _page=page).text for page in (1, 2, 3)]
    assert [page.count("<tr>") - 1 for page in pages] == [50, 50, 30]
    assert "Rows 51 to 100 of 130" in pages[1]
    assert ['rel="next"' in page for page in pages] == [True, True, False]


@pytest.mark.parametrize("name", ["script_symbols", "contacts"])
def test_rows_that_are_found_by_their_keys_are_those_of_one_query(data: RunData, name: str) -> None:
    view = views(data)[name]
    tables.prepare(data, view)
    names = [column.name for column in view.columns]
    whole = data.rows(f"SELECT * FROM {view.source}").dicts
    assert len(whole) > 1
    for sort in (view.sort, names[0], f"-{names[-1]}"):
        state = State(sort=(sort, *view.key), rows=1)
        pages = [tables._rows_by_key(data, view, replace(state, page=n + 1)) for n in range(len(whole))]
        found = [row for page in pages for row in page[:1]]
        assert {row[query.TOTAL] for row in found} == {len(whole)}
        assert sorted([str([row[name] for name in names]) for row in found]) == sorted(
            str([row[name] for name in names]) for row in whole
        )


def test_facets_count_what_the_filters_leave(site: Site) -> None:
    page = " ".join(site.get("t/requests", method="POST", domain=TRACKER).text.split())
    posts = [row for row in _REQUESTS if row["method"] == "POST"]
    for status, shown in ((200, "200"), (None, "unknown")):
        n = sum(row["status"] == status for row in posts)
        assert f'>{shown}</a> <span class="num">{n}</span>' in page, shown
    assert 'aria-current="true">POST</a>' in page


def test_a_form_becomes_the_address_of_the_view(site: Site) -> None:
    asked = [
        ("method", "GET"),
        ("_column", "url"),
        ("_comparison", "contains"),
        ("_value", "/1"),
        ("_page", "2"),
    ]
    answer = site.reader.get(f"{site.url}/run/t/requests", params=asked, allow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/run/t/requests?method=GET&url__contains=%2F1",
    )
    asked = [("_shown", "url"), ("_shown", "size"), ("_columns", "host")]
    answer = site.reader.get(f"{site.url}/run/t/requests", params=asked, allow_redirects=False)
    assert answer.headers["location"] == "/run/t/requests?_columns=url%2Csize"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("nothing=1", "requests has no column nothing"),
        ("size=many", "int64 is expected"),
        ("size=99999999999999999999", "int64 is expected"),
        ("size__contains=1", "size is not text"),
        ("url__like=1", "no such comparison"),
        ("time_stamp__gte=now", "a time such as"),
        ("status__is=maybe", "null or known"),
        ("_sort=x", "no column x"),
        ("_columns=url,url;DROP", "no column url;DROP"),
        ("_page=0", "a number from 1"),
        ("_rows=5000", "to 500"),
        ("_page=99999", "filter for less"),
        ("_what=1", "no such setting"),
        ("&".join(f"method=GET&size={n}" for n in range(20)), "takes 20"),
    ],
)
def test_a_wrong_address_is_explained(site: Site, query: str, words: str) -> None:
    answer = site.reader.get(f"{site.url}/run/t/requests?{query}")
    assert answer.status_code == 400
    assert words in answer.text


def test_a_spreadsheet_runs_nothing_of_a_download(site: Site) -> None:
    for row in downloaded(site, "requests", STATES["hostile"], ".csv"):
        texts = [value for value in row.values() if "DROP" in value]
        assert len(texts) > 3 and all(value.startswith("'=1+1") for value in texts)
    negative = downloaded(site, "requests", [("domain", TRACKER), ("_columns", "size")], ".csv")
    assert {row["size"] for row in negative} == {str(row["size"]) for row in _REQUESTS}


@pytest.mark.parametrize("view", ["requests", "sites", "third_parties", "finding_hostile_rows"])
def test_all_formats_have_the_same_rows(site: Site, view: str) -> None:
    rows = downloaded(site, view, [], ".parquet")
    assert rows
    assert (
        json.loads(json.dumps(rows, default=str)) == downloaded(site, view, [], ".json") or view == "requests"
    )
    assert len(downloaded(site, view, [], ".csv")) == len(rows)


def _sorted(rows: pd.DataFrame) -> list[tuple[str, ...]]:
    texts = [
        tuple("" if pd.isna(v) else str(v).removesuffix(".0") for v in row)
        for row in rows.itertuples(index=False)
    ]
    return sorted(texts)


@pytest.mark.parametrize("language", ["SQL", "Ibis", "Python"])
@pytest.mark.parametrize("name", STATES)
def test_the_code_of_a_view_gives_its_rows(
    site: Site, data: RunData, opened: OpenedRun, name: str, language: str
) -> None:
    view = views(data)["requests"]
    code = {one.language: one.code for one in snippets(data, view, parse(view, STATES[name]))}[language]
    truth = pd.DataFrame(downloaded(site, "requests", STATES[name], ".parquet"))
    found = run_code(language, code, opened)
    assert _sorted(found) == _sorted(truth)
    if "_sort" in dict(STATES[name]):
        assert [*map(str, found["request_id"])] == [*truth["request_id"]]


@pytest.mark.parametrize("language", ["SQL", "Ibis", "Python"])
@pytest.mark.parametrize("name", ["sites", "symbols", "scripts_on_sites", "finding_hostile_rows"])
def test_the_code_of_a_roll_up_gives_its_rows(
    site: Site, data: RunData, opened: OpenedRun, name: str, language: str
) -> None:
    view = views(data)[name]
    code = {one.language: one.code for one in snippets(data, view, parse(view, []))}[language]
    assert _sorted(run_code(language, code, opened)) == _sorted(
        pd.DataFrame(downloaded(site, name, [], ".parquet"))
    )


def run_code(language: str, code: str, run: OpenedRun) -> pd.DataFrame:
    """The rows of a snippet: of a query, or of the last line of a program."""
    if language == "SQL":
        return run.duckdb().sql(code).df()
    program, names = ast.parse(code), dict[str, Any]()
    last = program.body.pop()
    assert isinstance(last, ast.Expr)
    exec(compile(program, language, "exec"), names)
    return eval(compile(ast.Expression(last.value), language, "eval"), names)

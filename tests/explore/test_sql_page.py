"""The page of the SQL box: what it shows of an answer, and the same as files."""

import io

import duckdb
import pyarrow.parquet as pq
import pytest

from overscripted.explore.sql import process
from tests.explore.conftest import DOMAIN, HOSTILE, Site

QUERY = f"SELECT crawl_id, visit_id, final_domain AS domain FROM visits WHERE final_domain = '{DOMAIN}'"


def test_the_box_shows_tables_and_questions(site: Site) -> None:
    page = site.get("sql").text
    assert "<code>symbol_counts</code>" in page and "<code>finding_hostile_rows</code>" in page
    assert "Which third parties are asked on most sites?" in page and "sql?q=SELECT" in page


def test_an_answer_is_a_table_with_links(site: Site) -> None:
    page = site.get("sql", q=QUERY).text
    assert ">2 rows" in page and f'<a href="/run/site?domain={DOMAIN}">{DOMAIN}</a>' in page
    assert f">{QUERY.replace(chr(39), '&#39;')}</textarea>" in page


def test_what_pages_wrote_is_text(site: Site) -> None:
    page = site.get("sql", q="FROM visits WHERE visit_id = 7").text
    assert "alert(1)" in page and "<script>alert" not in page and "\u202e" not in page
    named = site.get("sql", q='SELECT 1 AS "<script>alert(1)</script>"').text
    assert "&lt;script&gt;alert(1)" in named and "<script>alert" not in named


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT titles FROM visits", "LINE 1: SELECT titles"),
        ("FROM read_csv('/etc/passwd')", "no table function"),
        ("SELECT '</textarea><script>alert(1)</script>' || x", "&lt;/textarea&gt;&lt;script&gt;alert(1)"),
        ("x" * 10_001, "The query has 10,001 characters"),
    ],
)
def test_an_error_says_why_and_keeps_the_query(site: Site, sql: str, said: str) -> None:
    page = site.get("sql", q=sql).text
    assert said in page and 'role="alert"' in page and "<script>alert" not in page


def test_an_answer_is_a_file_too(site: Site) -> None:
    sql = "SELECT title, [1, 2] AS pair, interval 3 day AS days FROM visits WHERE visit_id = 7"
    csv = site.get("sql", q=sql, format=".csv")
    head, row = csv.text.split("\r\n")[:2]
    assert head == "title,pair,days" and row.endswith(f',"[1, 2]","{_DAYS}"')
    assert row.startswith("\"'=1+1") and HOSTILE[:3] == "=1+"  # no formula in a spreadsheet
    assert csv.headers["content-disposition"] == 'attachment; filename="run-query.csv"'
    found = pq.read_table(io.BytesIO(site.get("sql", q=sql, format=".parquet").content))
    assert found.to_pylist() == [{"title": HOSTILE, "pair": [1, 2], "days": _DAYS}]


_DAYS = "MonthDayNano(months=0, days=3, nanoseconds=0)"


@pytest.mark.parametrize(
    "value",
    ["'infinity'::TIMESTAMP", "TIMESTAMPTZ '-infinity'", "uuid()", "'x'::ENUM('x')", "{'a': 1}", "'a'::BLOB",
     "'1'::BIGNUM", "union_value(x := 1)", "DATE '0001-01-01'", "'nan'::DOUBLE", "MAP {'a': 1}", "NULL",
     "TIME '10:00'", "170141183460469231731687303715884105727", "'101'::BIT"],
)  # fmt: skip
def test_values_of_every_type_are_shown(value: str) -> None:
    rows = process.usable(duckdb.sql(f"SELECT {value} AS a, 1 AS a").to_arrow_table())
    assert rows.column_names == ["a", "a_1"]
    rows.to_pylist()
    pq.write_table(rows, io.BytesIO())

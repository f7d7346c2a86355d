"""The page of a body: its code as text, its calls at their lines, and who has it."""

import re
from pathlib import Path

import pytest

from overscripted.explore.body.layout import as_it_came
from overscripted.explore.body.marks import Mark, marks
from overscripted.explore.data import RunData
from overscripted.explore.pages import body as page
from tests.analyses.planted import call, planted_run, write
from tests.explore.conftest import BODY, BODY_SHA256, DOMAIN, TRACKER, Site


def test_calls_are_marked_at_their_line(site: Site) -> None:
    text = site.get("body", sha256=BODY_SHA256).text
    rows = re.findall(r'<tr id="L(\d+)"( class="called")?>(.*?)</tr>', text, re.DOTALL)
    assert len(rows) == 5
    called = [(number, row) for number, mark, row in rows if mark]
    assert [number for number, _ in called] == ["3"]
    assert "toDataURL()" in called[0][1] and "<b>2 ×</b> call HTMLCanvasElement.toDataURL" in called[0][1]
    assert f"body?sha256={BODY_SHA256}&amp;_page=1#L3" in text


def test_the_code_is_text(site: Site) -> None:
    text = site.get("body", sha256=BODY_SHA256).text
    assert "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in text and "<script>alert" not in text
    assert '<span class="k">function</span>' in text


def test_everyone_who_has_it_is_named(site: Site) -> None:
    text = site.get("body", sha256=BODY_SHA256).text
    assert f"https://www.{TRACKER}/0.js" in text and f">{DOMAIN}</a>" in text
    assert "overscripted analyze" in text  # nothing was compared
    script = site.get("script", url=f"https://www.{TRACKER}/0.js").text
    assert f"body?sha256={BODY_SHA256}" in script


def test_a_large_body_is_laid_out_once_somebody_asks(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "BODY_AT_ONCE", 10)
    page._KEPT.clear()
    plain = site.get("body", sha256=BODY_SHA256).text
    assert plain.count('<tr id="L') == 1 and "Lay it out" in plain and "<b>2 ×</b>" in plain
    assert site.get("body", sha256=BODY_SHA256, _layout="yes").text.count('<tr id="L') == 5
    assert site.get("body", sha256=BODY_SHA256).text.count('<tr id="L') == 5  # it is kept


def test_long_bodies_have_pages_and_long_lines_are_cut(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "BODY_LINES", 2)
    monkeypatch.setattr(page, "BODY_LINE", 8)
    second = site.get("body", sha256=BODY_SHA256, _page=2).text
    assert re.findall(r'<tr id="L(\d)"', second) == ["3", "4"] and "Page 2 of 3" in second
    assert "more characters" in second
    assert site.get("body", sha256=BODY_SHA256, _page=4).status_code == 400


@pytest.mark.parametrize("sha256", ["x", "0" * 64, "' OR 1=1 --"])
def test_a_body_that_is_not_there_is_not_found(site: Site, sha256: str) -> None:
    assert site.get("body", sha256=sha256).status_code == 404
    assert BODY not in site.get("body", sha256=sha256).text


def test_calls_belong_to_the_body_that_their_visit_loaded(tmp_path: Path) -> None:
    """A script keeps its first URL after a redirect, and a server may send another body to another visit."""
    old, new = "http://cdn.example/a.js", "https://cdn.example/a.js"
    calls = [
        {**call(f"https://{DOMAIN}/", old, visit_id=visit, n=visit), "visit_id": visit} for visit in (1, 2, 3)
    ]
    run = planted_run(tmp_path / "run", calls)
    loads = [(1, old, 0, None), (1, new, 1, "a" * 64), (2, old, 0, "b" * 64), (3, old, 0, "a" * 64)]
    write(
        run,
        "requests",
        [
            {"crawl_id": 7, "visit_id": visit, "request_id": "5", "url": url, "hop": hop, "body_sha256": sha}
            for visit, url, hop, sha in loads
        ],
    )
    rows = run.store.read_table("tables/calls/part-0.parquet").to_pylist()
    write(run, "calls", [{**row, "script_line": 1, "script_col": 1} for row in rows])
    data = RunData(run, "run")
    found = marks(data, "a" * 64, as_it_came(b"navigator.userAgent", ""))
    other = marks(data, "b" * 64, as_it_came(b"navigator.userAgent", ""))
    data.close()
    assert found.lines == {1: [Mark("window.navigator.userAgent", "get", 4)]}
    assert other.n == 2

"""A call in each kind of document and worker, by the real crawl and etl: valid, where and whose it is."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from overscripted.etl.run import run_etl
from overscripted.run import Run
from overscripted.schemas import TABLES
from overscripted.urls import host
from tests.crawl.contexts import KINDS, Kind, Web
from tests.crawl.crawling import crawl

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with Web() as served:
        yield served


@pytest.fixture(scope="module")
def run(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A crawl of a page of each kind that records one symbol, and its tables."""
    folder = tmp_path_factory.mktemp("contexts")
    (folder / "one.json").write_text(json.dumps([{"window.navigator": ["userAgent"]}]))
    options = ("--windows", "8", "--dwell", "1", "--load-timeout", "200", "--popups", "allow")
    rest = ("--allow-private", "--per-domain", "0", "--instrument", str(folder / "one.json"))
    crawl(folder / "run", *options, *rest, seeds=map(web.seed, KINDS), folder=folder)
    made = Run.open(folder / "run")
    run_etl(made)
    return made


@pytest.fixture(scope="module")
def tables(run: Run) -> dict[str, list[dict[str, Any]]]:
    return {name: run.store.read_table(f"tables/{name}").to_pylist() for name in TABLES}


def of(tables: dict[str, list[dict[str, Any]]], name: str, seed: str) -> list[dict[str, Any]]:
    """The rows of a table that belong to a page's visit."""
    (visit,) = [row["visit_id"] for row in tables["visits"] if row["site_url"] == seed]
    return [row for row in tables[name] if row["visit_id"] == visit]


def test_no_call_is_set_aside(tables: dict[str, list[dict[str, Any]]]) -> None:
    assert tables["invalid_calls"] == []
    assert {row["outcome"] for row in tables["visits"]} == {"complete"}
    assert len(tables["calls"]) == sum(len(kind.calls) for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_call_is_where_and_whose_it_is(
    tables: dict[str, list[dict[str, Any]]], web: Web, kind: Kind
) -> None:
    found = sorted(of(tables, "calls", web.seed(kind)), key=lambda row: row["location"])
    expected = sorted(kind.calls, key=lambda call: web.url(call.location, kind))
    assert len(found) == len(expected)
    for row, call in zip(found, expected, strict=True):
        for name, short in (("location", call.location), ("script_url", call.script)):
            url = web.url(short, kind)
            whole = url.startswith(("http", "about:"))
            assert row[name] == url if whole else row[name].startswith(url), name
        context = web.url(call.context, kind)
        its, own = (host(url) for url in (context, row["location"]))
        assert [row[f"context_{name}"] for name in ("url", "host", "domain")] == [context, its, its]
        assert [row[f"location_{name}"] for name in ("host", "domain")] == [own, own]
        names = ("is_third_party", "in_iframe", "context_in_iframe", "realm", "by_browser")
        known = (call.third, call.in_iframe, call.context_in_iframe, call.realm, call.by_browser)
        assert tuple(row[name] for name in names) == known
        assert (row["script_line"] is None) == call.by_browser
        assert (row["frame_id"] == -1) == (call.realm == "sharedworker")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_page_counts_its_calls_with_whose_rights_they_have(
    tables: dict[str, list[dict[str, Any]]], web: Web, kind: Kind
) -> None:
    calls = [(web.url(call.context, kind), call) for call in kind.calls]
    made = Counter(owner for owner, _ in calls)
    inherited = Counter(owner for owner, call in calls if web.url(call.location, kind) != owner)
    found = of(tables, "pages", web.seed(kind))
    columns = ("location", "location_host", "n_calls", "n_valid", "n_invalid", "n_inherited", "in_iframe")
    assert sorted(tuple(row[name] for name in columns) for row in found) == sorted(
        (
            owner,
            host(owner),
            n,
            n,
            0,
            inherited[owner],
            all(c.context_in_iframe for it, c in calls if it == owner),
        )
        for owner, n in made.items()
    )


def test_documents_are_those_with_an_address(tables: dict[str, list[dict[str, Any]]], web: Web) -> None:
    made = Counter(web.url(call.context, kind) for kind in KINDS for call in kind.calls)
    assert {row["location"]: row["n_calls"] for row in tables["documents"]} == made
    hosts = {row["host"]: row["n_locations"] for row in tables["hosts"]}
    assert hosts == Counter(map(host, made))
    assert {row["context_url"].partition("/")[0] for row in tables["frames"]} == {"http:"}


@pytest.mark.spark
def test_spark_makes_the_same_tables(
    run: Run,
    tables: dict[str, list[dict[str, Any]]],
    tmp_path: Path,
    spark: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("overscripted.etl.settings.SPARK_SQL_ROWS", 0)
    shutil.copytree(run.store.root, tmp_path / "run")
    other = Run.open(tmp_path / "run")
    run_etl(other, "spark", full=True)
    for name, rows in tables.items():
        found = other.store.read_table(f"tables/{name}").to_pylist()
        assert sorted(map(repr, found)) == sorted(map(repr, rows)), name

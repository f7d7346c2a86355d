"""Evercookies on planted storages: exactly what is kept twice or comes back, with near misses beside."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from overscripted.analyses.evercookies.kept import MECHANISMS
from overscripted.analyses.model import Finding
from overscripted.analyses.run import analyze
from overscripted.run import Run
from tests.analyses.planted import TIME, call, planted_run, write

# Identifiers of three browsers.
UID = ("7f3c9ad01b4e6528", "EkQzUwJmNvHtPyXo", "rWuGLSDpAcVBiKlj")
# Domain -> where it keeps the identifier of visit 1, in its own cookie and beside.
KEPT = {
    "storage.net": {"cookie", "local_storage"},
    "many.net": {"cookie", "indexed_db", "cache", "etag"},
    "window.net": {"cookie", "window_name"},
    "once.net": {"cookie"},  # and in its session storage
    "two-cookies.net": {"cookie"},
    "longer.net": {"cookie"},  # and a longer text in its local storage
    "elsewhere.net": {"cookie"},  # and in another domain's local storage
}


def _value(domain: str, visit: int) -> str:
    """An identifier of a domain's own: no two domains have one in common."""
    place = sorted(KEPT).index(domain)
    return UID[visit - 1][place:] + UID[visit - 1][:place]


def _cookie(visit: int, host: str, name: str, value: str, after_s: int = 0, **more: Any) -> dict[str, Any]:
    made = TIME + timedelta(seconds=after_s)
    key = {"crawl_id": 7, "visit_id": visit, "host": host, "name": name, "path": "/", "value": value}
    times = {"created": made, "time_stamp": made, "expiry": TIME + timedelta(days=365)}
    return {**key, **times, "first_party_domain": "", "record_type": "added-or-changed", **more}


def _item(domain: str, kind: str, value: str) -> dict[str, Any]:
    return {
        "crawl_id": 7,
        "visit_id": 1,
        "origin": f"https://{domain}",
        "kind": kind,
        "key": "k",
        "value": value,
    }


def _changes() -> list[dict[str, Any]]:
    """Changes of cookies of visit 1, and of 5, which comes again after 4."""
    gone = {"record_type": "deleted", "change_cause": "explicit"}
    rows = []
    for name, changes in {
        "back": [("value-back-1", {}), ("value-back-1", gone), ("value-back-1", {})],
        "other": [("value-other-1", {}), ("value-other-1", gone), ("value-other-2", {})],
        "gone": [("value-gone-1", {}), ("value-gone-1", gone)],
        "short": [("short", {}), ("short", gone), ("short", {})],
        "over": [
            ("value-over-1", {}),
            ("value-over-1", {**gone, "change_cause": "overwrite"}),
            ("value-over-1", {}),
        ],
    }.items():
        rows += [_cookie(1, "t.net", name, value, n, **more) for n, (value, more) in enumerate(changes)]
    rows.append(_cookie(1, "t.net", "back", "value-back-1", -5, **gone, path="/else"))
    for visit in (4, 5):
        rows.append(_cookie(visit, "t.net", "returns", "value-returns"))
        rows.append(_cookie(visit, "t.net", "stayed", "value-stayed"))
        rows.append(_cookie(visit, "t.net", "fresh", f"value-fresh-{visit}"))
    return rows


def _run(folder: Path) -> Run:
    def visit(number: int, reached_by: str = "seed", **more: Any) -> dict[str, Any]:
        about = {"variant": "", "wave": 1, "reached_by": reached_by, "outcome": "complete", "crawl_id": 7}
        return {**about, "visit_id": number, "final_domain": f"site{number}.org", **more}

    visits = [*(visit(n) for n in (1, 2, 3, 4)), visit(5, "revisit", parent_visit_id=4)]
    stored = [_cookie(n, f".{domain}", "uid", _value(domain, n)) for domain in KEPT for n in (1, 2, 3)]
    stored.append(_cookie(1, "b.two-cookies.net", "copy", _value("two-cookies.net", 1)))
    changes = [*stored, *_changes()]
    stored.append(_cookie(4, "t.net", "stayed", "value-stayed"))
    items = [
        _item("a.storage.net", "local_storage", json.dumps({"id": _value("storage.net", 1)})),
        _item("many.net", "indexed_db", _value("many.net", 1)),
        _item("many.net", "cache", f"id={_value('many.net', 1)};"),
        _item("once.net", "session_storage", _value("once.net", 1)),
        _item("longer.net", "local_storage", _value("longer.net", 1) + "x"),
        _item("site1.org", "local_storage", _value("elsewhere.net", 1)),
    ]
    tag = json.dumps([["Age", "1"], ["ETag", f'"{_value("many.net", 1)}"']])
    asked = {
        "crawl_id": 7,
        "visit_id": 1,
        "host": "cdn.many.net",
        "domain": "many.net",
        "response_headers": tag,
    }
    names = [
        call(
            "https://window.net/f",
            "https://window.net/w.js",
            symbol="window.name",
            operation=operation,
            value=value,
        )
        for operation, value in (("set", _value("window.net", 1)), ("get", _value("once.net", 1)))
    ]
    run = planted_run(folder, [call("https://site1.org/", "https://site1.org/a.js"), *names], visits)
    tables = {"stored_cookies": stored, "cookies": changes, "stored_items": items, "requests": [asked]}
    for table, rows in tables.items():
        write(run, table, rows)
    return run


@pytest.fixture(scope="module")
def finding(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Finding:
    return analyze(_run(tmp_path_factory.mktemp("evercookies")), ["evercookies"], engine)["evercookies"]


def _figures(finding: Finding) -> dict[str, tuple[float | None, int | None]]:
    return {figure.name: (figure.n, figure.of) for figure in finding.figures}


def test_exactly_what_is_kept_twice_is_found(finding: Finding) -> None:
    found = {
        row["domain"]: {name for name in MECHANISMS if row[name]}
        for row in finding.tables["evidence"].to_pylist()
    }
    assert found == {domain: places for domain, places in KEPT.items() if len(places) > 1}
    figures = _figures(finding)
    assert figures["kept_twice"] == (1, 4)
    assert all(figures[f"in_{name}"] == (1, 1) for name in MECHANISMS)


def test_two_domains_are_a_near_miss(finding: Finding) -> None:
    (near,) = finding.tables["near_misses"].to_pylist()
    assert (near["value"], near["domains"]) == (_value("elsewhere.net", 1), 2)


def test_exactly_what_comes_back_is_found(finding: Finding) -> None:
    found = {(row["visit_id"], row["name"], row["when"]) for row in finding.tables["returned"].to_pylist()}
    assert found == {(1, "back", "in the visit"), (5, "returns", "when the page was visited again")}
    figures = _figures(finding)
    assert (figures["returned"], figures["returned_again"]) == ((1, 4), (1, 1))


def test_a_run_with_fewer_tables_says_so(tmp_path: Path) -> None:
    run = _run(tmp_path)
    for table in ("stored_cookies", "stored_items", "calls"):
        run.store.delete(f"tables/{table}")
    finding = analyze(run, ["evercookies"])["evercookies"]
    assert {row["domain"] for row in finding.tables["evidence"].to_pylist()} == {"many.net"}  # by its ETag
    assert "returned_again" not in _figures(finding)
    assert any("stored_items" in note for note in finding.notes)

"""Identifiers on planted cookies and items: exactly those that each rule finds, with near misses beside."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overscripted.analyses.identifiers.rules import IDENTIFIER, RULES
from overscripted.analyses.model import Finding
from overscripted.analyses.run import analyze
from overscripted.run import Run
from tests.analyses.planted import TIME, call, planted_run, write

EN, ACAR, KOOP = "en2016", "acar2014", "koop2020"
ALL = {EN, ACAR, KOOP}
# Values of three browsers that have nothing in common.
WORDS = ("7f3c9ad01b4e6528", "EkQzUwJmNvHtPyXo", "rWuGLSDpAcVBiKlj")

# Cookie of tracker.net -> its values in three visits, its days, and the rules that call it an identifier.
COOKIES: dict[str, tuple[tuple[str, ...], float, set[str]]] = {
    "uid": (WORDS, 365, ALL),
    "ninety_days": (WORDS, 90, {ACAR}),  # as _fbp and _gcl_au
    "sixty_days": (WORDS, 60, {ACAR}),
    "ten_days": (WORDS, 10, set()),
    "same": (("consent-given-v2",) * 3, 365, set()),
    "two_alike": ((WORDS[0], WORDS[0], WORDS[2]), 365, set()),
    "similar": (("abcdefgh-0000001", "abcdefgh-0000302", "abcdefgh-0004003"), 365, set()),
    "seven": (tuple(value[:7] for value in WORDS), 365, {ACAR}),
    "five": (tuple(value[:5] for value in WORDS), 365, set()),
    "longer": ((WORDS[0], WORDS[1] + "xyz", WORDS[2]), 365, {KOOP}),
    "much_longer": ((WORDS[0], WORDS[1] * 2, WORDS[2]), 365, set()),
    "a_part": (tuple(f"version=1&uid={value}&language=en" for value in WORDS), 365, {EN, ACAR}),
    # During the visit, to OTHER: as a whole, but for a part, and by a part more.
    "changes": (WORDS, 365, set()),
    "counts": (tuple(f"{value}.1764450000" for value in WORDS), 365, {EN}),
    "counts:old": (tuple(f"{value}:1764450000" for value in WORDS), 365, {EN, ACAR}),
    "grows": (tuple(f"v=1&uid={value}" for value in WORDS), 365, {EN, ACAR}),
    "one_visit": (WORDS[:1], 365, set()),
}

OTHER = {
    "changes": tuple(f"other-value-000{number}" for number in (1, 2, 3)),
    "counts": tuple(f"{value}.1764450009" for value in WORDS),
    "counts:old": tuple(f"{value}:1764450009" for value in WORDS),
    "grows": ("v=1",) * 3,
}


def _cookie(visit: int, host: str, name: str, value: str, days: float | None = 365) -> dict[str, Any]:
    expiry = TIME + timedelta(days=days) if days else None
    key = {"crawl_id": 7, "visit_id": visit, "host": host, "name": name, "path": "/"}
    return {**key, "first_party_domain": "", "value": value, "created": TIME, "expiry": expiry}


def _visit(number: int, variant: str = "") -> dict[str, Any]:
    page = {"final_domain": f"site{number % 10}.org", "outcome": "complete"}
    return {"crawl_id": 7, "visit_id": number, "variant": variant, "wave": 1, "reached_by": "seed", **page}


def _run(folder: Path, engine: str = "duckdb", twins: bool = False) -> Run:
    stored = [
        _cookie(number, ".tracker.net", name, value, days)
        for name, (values, days, _rules) in COOKIES.items()
        for number, value in enumerate(values, 1)
    ]
    for number, value in enumerate(WORDS, 1):
        stored.append(_cookie(number, f"site{number}.org", "first", value))
        stored.append(_cookie(number, ".tracker.net", "session", value, None))
    changes = [{**row, "record_type": "added-or-changed"} for row in stored]
    for name, values in OTHER.items():
        for number, value in enumerate(values, 1):
            other = _cookie(number, ".tracker.net", name, value)
            changes.append({**other, "record_type": "added-or-changed"})
    items = [
        {"crawl_id": 7, "visit_id": n, "origin": "https://cdn.net:8443", "kind": kind, "key": "k", "value": v}
        for kind in ("local_storage", "indexed_db", "session_storage")
        for n, v in enumerate(WORDS, 1)
    ]
    visits = [_visit(number, "plain" if twins else "") for number in (1, 2, 3)]
    visits.append({**_visit(4, "plain" if twins else ""), "outcome": "challenge"})
    stored += [_cookie(4, ".tracker.net", "uid", WORDS[0])]  # of a visit that shows no page
    if twins:
        visits += [_visit(number, "again") for number in (11, 12, 13)]
        stored += [_cookie(10 + n, f"site{n}.org", "first", v) for n, v in enumerate(reversed(WORDS), 1)]
    run = planted_run(folder, [call("https://site1.org/", "https://site1.org/a.js")], visits)
    for table, rows in (("stored_cookies", stored), ("cookies", changes), ("stored_items", items)):
        write(run, table, rows)
    if twins:
        settings = {"plain": "{}", "again": '{"twin": "plain"}', "other": '{"gpc": true}'}
        rows = [
            {"crawl_id": 7, "variant": name, "ordinal": place, "settings": text}
            for place, (name, text) in enumerate(settings.items())
        ]
        write(run, "variants", rows)
    return run


def _found(finding: Finding) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in finding.tables["names"].to_pylist():
        found.setdefault(f"{row['mechanism']} {row['host']} {row['name']}", set()).add(row["rule"])
    return found


def test_each_rule_finds_exactly_its_identifiers(tmp_path: Path, engine: str) -> None:
    finding = analyze(_run(tmp_path), ["identifiers"], engine)["identifiers"]
    cookies = {f"cookie .tracker.net {name}": rules for name, (_v, _d, rules) in COOKIES.items() if rules}
    items = {f"{kind} cdn.net k": ALL for kind in ("local_storage", "indexed_db")}
    assert _found(finding) == cookies | items
    figures = {figure.name: (figure.n, figure.of) for figure in finding.figures}
    assert figures[f"third_cookie_{EN}"] == (3, 3)
    assert figures[f"first_cookie_{EN}"] == (0, 3)
    assert figures[f"third_local_storage_{KOOP}"] == (3, 3)
    assert (
        finding.sentence
        == "Third-party cookies identify the browser on 100 % of pages, for 1 domain, by en2016."
    )


def test_a_near_miss_says_why(tmp_path: Path, engine: str) -> None:
    finding = analyze(_run(tmp_path), ["identifiers"], engine)["identifiers"]
    why = {(r["rule"], r["name"]): r["verdict"] for r in finding.tables["near_misses"].to_pylist()}
    for name in ("sixty_days", "ninety_days"):
        assert why[EN, name] == why[KOOP, name] == "lives 90 days or less"
    assert why[EN, "same"] == why[EN, "two_alike"] == "the same in two visits"
    assert why[EN, "similar"] == "similar in two visits"
    assert why[EN, "seven"] == "under 8 characters"
    assert why[EN, "longer"] == why[KOOP, "much_longer"] == "of different lengths"
    assert why[EN, "changes"] == why[ACAR, "counts"] == why[KOOP, "counts:old"] == "changes during the visit"
    assert why[KOOP, "a_part"] == "similar in two visits"
    assert not {name for _rule, name in why} & {"ten_days", "session", "one_visit", "uid", "five"}
    (note,) = [note for note in finding.notes if "in one visit alone" in note]
    assert note.startswith("4 names")  # one_visit, and `first` of three sites


def test_twins_are_other_browsers_at_the_same_page(tmp_path: Path, engine: str) -> None:
    finding = analyze(_run(tmp_path, twins=True), ["identifiers"], engine)["identifiers"]
    found = _found(finding)
    # In site2.org's twin visit the cookie has the same value, by chance of the planted order.
    assert {name for name in found if " first" in name} == {
        "cookie site1.org first",
        "cookie site3.org first",
    }
    figures = {figure.name: (figure.n, figure.of) for figure in finding.figures}
    assert figures[f"first_cookie_{EN}"] == (2, 3)
    assert not [note for note in finding.notes if "no twin" in note]


def test_a_run_without_stored_cookies_is_judged_by_their_changes(tmp_path: Path) -> None:
    run = _run(tmp_path)
    run.store.delete("tables/stored_cookies")
    for key in run.store.files("tables/cookies"):
        rows = run.store.read_table("tables/cookies").to_pylist()
        write(run, "cookies", [{**row, "time_stamp": TIME} for row in rows])
        assert key
    finding = analyze(run, ["identifiers"])["identifiers"]
    assert _found(finding)["cookie .tracker.net uid"] == ALL
    assert any("stored_cookies" in note for note in finding.notes)


@given(st.lists(st.text(max_size=120), min_size=2, max_size=5), st.sampled_from(RULES))
def test_any_values_are_judged(values: list[str], rule: Any) -> None:
    parts = [rule.parts(value) for value in values]
    shared = [key for key in parts[0] if all(key in other for other in parts)]
    for key in shared:
        verdict = rule.verdict([one[key] for one in parts])
        if verdict == IDENTIFIER:
            assert len({one[key] for one in parts}) == len(values)


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("GA1.2.123.456", {"#0": "GA1", "#1": "2", "#2": "123", "#3": "456"}),
        ("id=abc|t=9", {"id": "abc", "t": "9"}),
        ("Zm9vYmFy==", {"#0": "Zm9vYmFy=="}),  # base64
        ("a=1&a=2", {"a": "1"}),
        ("%7B%22id%22%3A%22abc%22%7D", {"#0": "id", "#1": "abc"}),
    ],
)
def test_the_parts_of_a_value(value: str, parts: dict[str, str]) -> None:
    assert RULES[0].parts(value) == parts

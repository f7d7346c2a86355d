"""Which pages the rules take for a challenge: each rule with a page that it recognises, and near misses."""

import json
from pathlib import Path
from typing import Any

import pytest

from overscripted.lists import challenges
from overscripted.lists.challenges import SeenPage, fired, rules

CASES = json.loads((Path(__file__).parent / "challenges.json").read_text("utf-8"))


def seen(case: dict[str, Any]) -> SeenPage:
    return SeenPage(
        case.get("status", 200),
        case.get("headers", {}),
        case.get("url", "https://example.com/"),
        case.get("title", ""),
        case.get("frames", []),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_a_page_is_recognised_or_not(case: dict[str, Any]) -> None:
    rule = fired(seen(case))
    assert (rule.name if rule else None) == case["rule"]


def test_every_rule_has_a_page_that_it_recognises() -> None:
    names = [rule.name for rule in rules()]
    assert len(set(names)) == len(names)
    assert {case["rule"] for case in CASES} - {None} == {*names}


def test_every_condition_is_known() -> None:
    file = Path(challenges.__file__).parent / "builtin" / "challenges.json"
    for entry in json.loads(file.read_text("utf-8"))["rules"]:
        assert entry.keys() == {"name", "vendor", "what", "when", "source"}
        assert entry["when"] and entry["when"].keys() <= {"status", "header", "url", "title", "frame"}
        assert all(name == name.lower() for name in entry["when"].get("header", {}))


def test_hostile_text_costs_no_time() -> None:
    long = "https://" + "a" * 100_000
    assert fired(SeenPage(403, {"server": long}, long, " " * 100_000 + "x", [long] * 100)) is None

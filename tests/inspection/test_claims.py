"""What is said, as text, page and JSON: the same claims, with every text of pages made harmless."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from overscripted.inspection import english
from overscripted.inspection.claims import Claim, Comparison, Evidence, Name, claim, text
from overscripted.inspection.html import excerpt
from overscripted.inspection.inspection import Inspection

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</bdi></p></style><h1>ours</h1>",
    "\x1b[31mred\x1b]8;;https://evil.example\x07link",
    "[bold red]markup[/] [link=file:///etc/passwd]x",
    "{{ 7 * 7 }} {% include 'x' %}",
    "right \u202eot tfel\u2066, zero\u200bwidth, nul\x00",
    "a" * 5_000,
    "two\nlines\r\nand a\ttab",
    "\ud800 lone",
)


def inspection(*claims: Claim, **more: str) -> Inspection:
    fields = {"url": "https://a.example/", "final_url": "", "title": "A", "outcome": "complete", "error": ""}
    return Inspection(**{**fields, **more}, started="2026-11-29T20:00:00+00:00", visits=1, claims=claims)


def hostile(name: str) -> Inspection:
    evidence = Evidence("request", name, name, name, 3, 4, name, name)
    comparison = Comparison(name, 2, 1, 0, 0)
    said = claim("told", "companies", "The page told ", Name(name), ".", number=1, evidence=[evidence])
    return inspection(said.compared(comparison), title=name, url=name, final_url=name, error=name)


def words(html: str) -> str:
    return LexborHTMLParser(html).body.text(separator="")


def check(name: str) -> None:
    """A text that a page chose changes nothing of the answer but the text in its place."""
    shown, plain = hostile(name), hostile("plain")
    page, usual = (LexborHTMLParser(it.to_html()) for it in (shown, plain))
    assert [node.tag for node in page.root.traverse()] == [node.tag for node in usual.root.traverse()]
    for node in page.root.traverse():
        assert not {key for key in node.attributes if key.startswith("on") or key in ("src", "href", "style")}
    assert not re.search(
        r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", words(shown.to_html())
    )
    lines = shown.to_text(evidence=9)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", lines)
    lines.encode()
    assert json.loads(json.dumps(shown.to_json()))["claims"][0]["n_evidence"] == 1
    assert len(lines) < 2_500 and len(json.dumps(shown.to_json())) < 100_000


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_text_of_a_page_stays_text(name: str) -> None:
    check(name)


@given(st.text(min_size=1, max_size=40))
@settings(max_examples=25)
def test_any_text_of_a_page_stays_text(name: str) -> None:
    check(name)


def test_the_page_needs_no_network_and_runs_no_script() -> None:
    page = LexborHTMLParser(hostile("x").to_html())
    policy = page.css_first("meta[http-equiv=Content-Security-Policy]").attributes["content"] or ""
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
    assert not page.css("script, link, img, iframe, form, a")


def test_text_page_and_json_say_the_same() -> None:
    told = claim("told", "companies", "The page told one company: ", Name("A & B <Ltd>"), ".", number=1)
    limit = claim("limits", "bounds", "One visit is one visit.")
    answer = inspection(told.compared(Comparison("runs", 1, 83, 10, 4)), limit)
    sentences = ["The page told one company: A & B <Ltd>.", "One visit is one visit."]
    assert [one["text"] for one in answer.to_json()["claims"]] == sentences
    beside = "More than on 83 of 97 sites in runs"
    assert answer.to_json()["claims"][0]["comparison"]["text"] == beside
    for shown in (answer.to_text(), words(answer.to_html()), words(excerpt(answer))):
        assert [shown.count(sentence) for sentence in (*sentences, f"{beside}.")] == [1, 1, 1]
        assert shown.index("Who is told of the visit") < shown.index("What is not known")


def test_evidence_beyond_what_is_shown_is_counted() -> None:
    many = [Evidence("cookie", f"c{n}") for n in range(130)]
    answer = inspection(claim("stored", "cookies", "The visit left 130 cookies.", evidence=many))
    assert "· and 127 more" in answer.to_text(3) and "cookie c0" not in answer.to_text(0)
    assert "and 30 more" in words(answer.to_html())
    (said,) = answer.to_json()["claims"]
    assert (len(said["evidence"]), said["n_evidence"]) == (100, 130)


@pytest.mark.parametrize(
    ("value", "below", "equal", "above", "words", "percentile"),
    [
        (3, 83, 10, 4, "More than on 83 of 97 sites in R", 90.7),
        (1, 4, 10, 83, "Less than on 83 of 97 sites in R", 9.3),
        (0, 0, 60, 37, "So it is on 60 of 97 sites in R", 30.9),
        (0, 0, 0, 97, "Less than on 97 of 97 sites in R", 0.0),
        (2, 0, 97, 0, "As many on each of 97 sites in R", 50.0),
        (0, 0, 97, 0, "So it is on each of 97 sites in R", 50.0),
        (5, 0, 1, 0, "As many on the one site in R", 50.0),
    ],
)
def test_a_comparison_says_which_side_is_larger(
    value: int, below: int, equal: int, above: int, words: str, percentile: float
) -> None:
    comparison = Comparison("R", value, below, equal, above)
    assert (text(comparison.parts), round(comparison.percentile, 1)) == (words, percentile)


def test_numbers_and_lists_read_well() -> None:
    assert [english.count(n, "cookie") for n in (0, 1, 2, 12, 13, 1042)] == [
        *("no cookies", "one cookie", "two cookies", "twelve cookies", "13 cookies", "1,042 cookies")
    ]
    assert [text(english.names("abcd"[:n], most=3)) for n in (1, 2, 3, 4)] == [
        *("a", "a and b", "a, b and c", "a, b, c and 1 more")
    ]
    assert text(english.names("aba")) == "a and b"
    days = {400: "13 months", 365: "one year", 730: "two years", 90: "three months", 1: "one day"}
    assert {n: english.lifetime(n) for n in days} == days
    assert [english.lifetime(s / 86_400) for s in (7_200, 1_200, 5)] == [
        "two hours",
        "20 minutes",
        "five seconds",
    ]

"""Which capture answers a request: the same one, or the most like it, and none that only looks like it."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overscripted.crawl.replay.matching import Asked, Capture, Rule, best, normal, path_of

U = "https://a.example/x"


def rule(asked: str, *captured: str) -> tuple[Rule, list[int]] | None:
    """The rule and the places of the captures that answer, for GET without bodies."""
    found = best(Asked("GET", asked), [Capture(n, "GET", url) for n, url in enumerate(captured)])
    return found and (found[0], [one.number for one in found[1]])


@pytest.mark.parametrize(
    ("asked", "captured", "expected"),
    [
        (f"{U}?a=1&b=2", [f"{U}?a=1&b=2", f"{U}?b=2&a=1"], (Rule.EXACT, [0])),
        (f"{U}?a=1&b=2", [f"{U}?b=2&a=1"], (Rule.ORDER, [0])),
        (f"{U}?a=1&a=1", [f"{U}?a=1"], (Rule.VALUES, [0])),
        (f"{U}?id=7&_=111", [f"{U}?id=7&_=222"], (Rule.CACHE_BUSTER, [0])),
        (f"{U}?id=7&_=111", [f"{U}?id=7"], (Rule.CACHE_BUSTER, [0])),
        (f"{U}?id=7&now=1796008385263", [f"{U}?id=7&now=1559539899782"], (Rule.CACHE_BUSTER, [0])),
        (f"{U}?cb=jQuery11_1&q=1", [f"{U}?cb=jQuery99_7&q=1"], (Rule.CACHE_BUSTER, [0])),
        (f"{U}?callback=jsonp_8&q=1", [f"{U}?callback=jsonp_1&q=1"], (Rule.CACHE_BUSTER, [0])),
        # What keeps caches away is ignored; what says which thing is wanted is not.
        (f"{U}?id=7&_=1", [f"{U}?id=8&_=1"], (Rule.VALUES, [0])),
        (f"{U}?id=7&size=2", [f"{U}?id=8&size=3", f"{U}?id=7&size=3"], (Rule.VALUES, [1])),
        (f"{U}?t=topic", [f"{U}?t=other"], (Rule.VALUES, [0])),
        (f"{U}?t=123.5", [f"{U}?t=0.25"], (Rule.CACHE_BUSTER, [0])),
        (f"{U}?a=1&b=2", [f"{U}?a=1", f"{U}?a=1&c=3"], (Rule.PATH, [0])),
        (f"{U}?a=1", [U], (Rule.PATH, [0])),
        (U, [f"{U}?a=1"], (Rule.PATH, [0])),
        # Two lists of files that one server joins have nothing in common.
        (f"{U}??/jquery.js,/a.js", [f"{U}??/b.js,/c.js"], None),
        (f"{U}?a=1", [f"{U}?b=1"], None),
        (f"{U}y?a=1", [f"{U}?a=1"], None),
        ("http://a.example/x", [U], None),
        ("https://b.example/x", [U], None),
        (f"{U}?a=1", [], None),
        # Several that answer equally well: all, in the order of time.
        (U, [U, f"{U}?", U], (Rule.EXACT, [0, 2])),
    ],
)
def test_the_capture_most_like_a_request_answers(
    asked: str, captured: list[str], expected: tuple[Rule, list[int]] | None
) -> None:
    assert rule(asked, *captured) == expected


def test_the_method_decides_and_the_body_ranks() -> None:
    captures = [
        Capture(0, "GET", U),
        Capture(1, "POST", U, "one"),
        Capture(2, "POST", U, "two"),
        Capture(3, "POST", f"{U}?_=5", "two"),
        Capture(4, "PUT", U, "one"),
    ]

    def answers(method: str, url: str, body: str) -> tuple[Rule, list[int]] | None:
        found = best(Asked(method, url, body), captures)
        return found and (found[0], [one.number for one in found[1]])

    assert answers("POST", U, "two") == (Rule.EXACT, [2])
    assert answers("POST", U, "three") == (Rule.BODY, [1, 2])
    assert answers("POST", f"{U}?_=9", "two") == (Rule.CACHE_BUSTER, [2, 3])
    assert answers("POST", f"{U}?_=9", "three") == (Rule.BODY, [1, 2, 3])
    assert answers("HEAD", U, "") == (Rule.HEAD, [0])
    assert answers("DELETE", U, "") is None
    assert answers("GET", U, "") == (Rule.EXACT, [0])


def test_not_modified_answers_only_who_asked_whether() -> None:
    captures = [Capture(0, "GET", U, status=304), Capture(1, "GET", U, status=200)]
    plain, conditional = Asked("GET", U), Asked("GET", U, conditional=True)
    assert [one.number for one in (best(plain, captures) or ("", []))[1]] == [1]
    assert [one.number for one in (best(conditional, captures) or ("", []))[1]] == [0, 1]
    assert best(plain, captures[:1]) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://A.Example:80", "http://a.example/"),
        ("https://a.example:443/x?a b#frag", "https://a.example/x?a%20b"),
        ("https://user:word@a.example/", "https://a.example/"),
        ("https://a.example:8443/é", "https://a.example:8443/%C3%A9"),
        ("dns:a.example", ""),
        ("urn:x", ""),
        ("ftp://a.example/", ""),
        ("https://", ""),
        ("", ""),
        ("\ud800", ""),
    ],
)
def test_addresses_are_compared_as_a_browser_writes_them(url: str, expected: str) -> None:
    assert normal(url) == expected


_WORD = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=6).map(
    lambda text: quote(text, safe="")
)
_PAIRS = st.lists(st.tuples(_WORD, _WORD), min_size=1, max_size=6)


def _url(pairs: list[tuple[str, str]]) -> str:
    return normal(U + "?" + "&".join(f"{name}={value}" for name, value in pairs))


@given(_PAIRS, st.data())
def test_any_order_of_the_parameters_is_the_same_request(
    pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    other = data.draw(st.permutations(pairs))
    found = rule(_url(other), _url(pairs))
    assert found == ((Rule.EXACT if _url(other) == _url(pairs) else Rule.ORDER), [0])


@given(_PAIRS, st.integers(0, 2**50), st.integers(0, 2**50))
def test_what_keeps_caches_away_does_not_count(pairs: list[tuple[str, str]], one: int, other: int) -> None:
    found = rule(_url([*pairs, ("_", str(one))]), _url([("_", str(other)), *pairs]))
    assert found is not None
    assert found[0] in (Rule.EXACT, Rule.ORDER, Rule.CACHE_BUSTER)


@given(st.lists(_PAIRS, max_size=5), _PAIRS)
def test_an_answer_is_always_of_the_same_path_and_the_exact_one_if_there_is_one(
    captured: list[list[tuple[str, str]]], asked: list[tuple[str, str]]
) -> None:
    urls = [_url(pairs) for pairs in captured]
    found = best(Asked("GET", _url(asked)), [Capture(n, "GET", url) for n, url in enumerate(urls)])
    if _url(asked) in urls:
        assert found is not None
        assert found[0] == Rule.EXACT
        assert [one.number for one in found[1]] == [n for n, url in enumerate(urls) if url == _url(asked)]
    elif found:
        assert {path_of(one.url) for one in found[1]} == {U}


@given(st.text())
def test_any_text_is_an_address_or_none(text: str) -> None:
    found = normal(text)
    assert found == "" or normal(found) == found

"""List files of every format, real and malformed: what is read, what is skipped, what is refused."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overscripted.errors import InputError
from overscripted.lists import formats
from overscripted.lists.formats import parse
from overscripted.lists.host_names import host_name
from overscripted.lists.hosts import Entry, HostList

SHARED = Path(__file__).resolve().parents[3] / "shared" / "lists"


def hosts(text: str | bytes) -> list[str]:
    data = text.encode() if isinstance(text, str) else text
    return [entry.host for entry in parse(data, "a list").entries]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a.com\nb.com\n", ["a.com", "b.com"]),
        ("# words\n! more\n\n  a.com  # why\n[section]\n", ["a.com"]),
        (
            "0.0.0.0 a.com b.com # c.com\n127.0.0.1\tlocalhost\n::1 ip6-localhost\n:: d.com",
            ["a.com", "b.com", "d.com"],
        ),
        (
            "||a.com^\n||pre.fix.\n||b.com^$third-party\n@@||c.com^\n||d.com/path\n||e*.com^\n||f.com",
            ["a.com", "b.com", "f.com"],
        ),
        ("[Adblock Plus 2.0]\ntrack.php\na.com\n||b.com^\n", ["b.com"]),
        ("\ufeffa.com\r\nb.com\r\n", ["a.com", "b.com"]),
        (
            "A.COM.\nbücher.example\nxn--bcher-kva.example\n",
            ["a.com", "xn--bcher-kva.example", "xn--bcher-kva.example"],
        ),
        ("a_b.c-d.com\n-x.com\nx-.com\n.com\na..com\ncom\n192.0.2.1\n", ["a_b.c-d.com", "192.0.2.1"]),
    ],
    ids=["plain", "comments", "hosts", "ad-block", "ad-block head", "bom and crlf", "names", "no names"],
)
def test_lines(text: str, found: list[str]) -> None:
    assert hosts(text) == found


def test_disconnects_json() -> None:
    content = {
        "license": "…",
        "categories": {
            "Advertising": [{"Acme": {"http://acme.com/": ["acme.com", "ads.acme.net"], "dnt": "eff"}}],
            "Social": [{"Ü": {"http://u.example/": ["not a host", 7, "u.example"]}}],
            "Broken": "x",
        },
    }
    found = parse(json.dumps(content).encode(), "services.json")
    assert found.entries == [
        Entry("acme.com", "Acme", ("Advertising",), category="Advertising"),
        Entry("ads.acme.net", "Acme", ("Advertising",), category="Advertising"),
        Entry("u.example", "Ü", ("Social",), category="Social"),
    ]
    assert found.skipped == 1


def test_our_json() -> None:
    items: list[Any] = [
        {"domain": "a.com", "provider": "A", "sets": ["x", 1]},
        {"domain": "b.com", "provider": 3, "sets": "no list"},
        {"domain": 7},
        "c.com",
        {"domain": "no host"},
    ]
    found = parse(json.dumps({"entries": items}).encode(), "ours.json")
    assert found.entries == [Entry("a.com", "A", ("x",)), Entry("b.com")]
    assert found.skipped == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "holds no host names"),
        (b"<!doctype html><title>404</title>", "holds no host names"),
        (b"\x00\xff\xfe" * 100, "holds no host names"),
        (b"{", "begins like JSON but is not valid"),
        (b"{" * 100_000, "begins like JSON but is not valid"),
        (b'{"a":' * 100_000, "begins like JSON but is not valid"),
        (b'{"version": 1}', "JSON of an unknown list"),
        (b'{"categories": {}}', "holds no host names"),
        (b'{"entries": [1, null]}', "holds no host names"),
    ],
)
def test_what_is_no_list_is_refused_by_name(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        parse(data, "some/file.txt")
    assert str(caught.value).startswith("some/file.txt: ")


def test_a_list_beyond_the_cap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MAX_ENTRIES", 2)
    with pytest.raises(InputError, match="3 entries, more than 2"):
        parse(b"a.com\nb.com\nc.com\n", "long.txt")


@settings(max_examples=150)
@given(st.binary(max_size=400) | st.text(alphabet="|^$@#!.:/ \n\t{}[]\"0x1ab-_%\ud800ü", max_size=200).map(
    lambda t: t.encode("utf-8", "surrogatepass")
))  # fmt: skip
def test_any_bytes_give_host_names_or_one_clear_error(data: bytes) -> None:
    try:
        found = parse(data, "f")
    except InputError:
        return
    for entry in found.entries:
        assert host_name(entry.host) == entry.host
        assert re.fullmatch(r"[a-z0-9_.-]+", entry.host)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=9) | st.just("a.example"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150)
@given(st.sampled_from(["categories", "entries"]), json_values)
def test_any_json_gives_host_names_or_one_clear_error(key: str, value: Any) -> None:
    try:
        found = parse(json.dumps({key: value}).encode(), "f")
    except InputError:
        return
    assert all(host_name(entry.host) == entry.host for entry in found.entries)


names = st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z][a-z0-9]{0,8}){1,3}", fullmatch=True).filter(host_name)


@settings(max_examples=80)
@given(st.lists(names, min_size=1, max_size=8))
def test_every_format_says_the_same_hosts(given_names: list[str]) -> None:
    lines = [
        "\n".join(given_names),
        "\n".join(f"0.0.0.0 {name}" for name in given_names),
        "[Adblock]\n" + "\n".join(f"||{name}^" for name in given_names),
        json.dumps({"entries": [{"domain": name} for name in given_names]}),
        json.dumps({"categories": {"c": [{"o": {"http://o.example/": given_names}}]}}),
    ]
    assert [hosts(text) for text in lines] == [given_names] * len(lines)


@settings(max_examples=60)
@given(st.lists(names, min_size=1, max_size=6, unique=True), st.lists(names, max_size=3), names)
def test_a_host_is_matched_by_whole_labels(listed: list[str], above: list[str], name: str) -> None:
    """The entry found is this host or a parent of it, and no longer one is listed; else none is listed."""
    listing = HostList("l", "", "", "", "", tuple(Entry(host) for host in listed))
    for host in (name, f"{name}.{listed[0]}", f"x{listed[0]}", *above):
        found = listing.match(host)
        fits = [entry for entry in listed if host == entry or host.endswith(f".{entry}")]
        assert (found.host if found else None) == max(fits, key=len, default=None)


@pytest.mark.skipif(not SHARED.exists(), reason="no shared lists beside the checkout")
@pytest.mark.parametrize(
    ("file", "entries", "skipped"),
    [
        ("nocoin/2018-05-07/hosts.txt", 259, 0),
        ("session_replay/princeton_14_domains.txt", 14, 0),
    ],
)
def test_real_lists_are_read_whole(file: str, entries: int, skipped: int) -> None:
    found = parse((SHARED / file).read_bytes(), file)
    assert (len(found.entries), found.skipped) == (entries, skipped)


@pytest.mark.skipif(not SHARED.exists(), reason="no shared lists beside the checkout")
def test_real_filter_lists_give_their_host_rules() -> None:
    """Read by another eye: the rules that block a whole host, whatever their options."""
    for file in ("easyprivacy/2023-04-24.txt", "nocoin/2025-12-30/nocoin.txt"):
        text = (SHARED / file).read_text()
        rules = [line for line in text.splitlines() if re.fullmatch(r"\|\|[a-z0-9_.-]+\^?(\$.*)?", line)]
        named = [re.split(r"[\^$]", rule[2:])[0] for rule in rules]
        assert hosts(text) == [name for name in named if host_name(name) and not name.endswith(".")]
        assert len(rules) > 100

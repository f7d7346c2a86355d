"""Who owns a host: lists of owners in every format, hostile ones, and the table that analyses join."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overscripted.errors import InputError
from overscripted.lists import entities, owners, roles
from overscripted.lists.formats import parse
from overscripted.lists.hosts import Entry, HostList
from scripts import third_party_web

WEB = [
    {"name": "Analytics", "company": "Big", "category": "analytics", "domains": ["*.big-analytics.com"]},
    {"name": "Ads", "company": "Big", "category": "ad", "domains": ["ads.big.com", "tag.big.com"]},
    {"name": "Widget", "category": "social", "domains": ["*.Widget.example", "cust.cdn.net"]},
]
DUMP = """-- Generated from somewhere
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE categories(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
INSERT INTO categories VALUES(9,'site_analytics');
CREATE TABLE companies (id TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
INSERT INTO companies VALUES('big',unistr('B\\u00edg \\\\ Co'));
CREATE TABLE trackers (id TEXT, name TEXT, category_id INTEGER, company_id TEXT);
INSERT INTO trackers VALUES('a','Analytics',9,'big');
INSERT INTO trackers VALUES('w','Widget',NULL,NULL);
CREATE TABLE tracker_domains (tracker TEXT NOT NULL, domain TEXT UNIQUE NOT NULL);
INSERT INTO tracker_domains VALUES('a','big-analytics.com');
INSERT INTO tracker_domains VALUES('w','widget.example');
INSERT INTO tracker_domains VALUES('w','no host');
CREATE UNIQUE INDEX pair ON tracker_domains (tracker, domain);
%s
COMMIT;
"""


def listing(content: Any) -> HostList:
    data = content if isinstance(content, str) else json.dumps(content)
    return HostList("a list", "1", "", "", "", tuple(parse(data.encode(), "a list").entries))


def owned(hosts: list[str], known: HostList) -> dict[str, tuple[str, ...]]:
    rows = entities.of(hosts, known).to_pylist()
    return {row.pop("host"): tuple(row.values()) for row in rows}


def test_hosts_are_owned_by_whole_labels_and_the_most_specific_entry() -> None:
    analytics, ads = ("Big", "Analytics", "analytics"), ("Big", "Ads", "ad")
    truth = {
        "big-analytics.com": (*analytics, "big-analytics.com"),
        "www.big-analytics.com": (*analytics, "big-analytics.com"),
        "ads.big.com": (*ads, "ads.big.com"),
        "x.ads.big.com": (
            "Big",
            "",
            "",
            "big.com",
        ),  # the entry has no "*."; two hosts say whose the domain is
        "big.com": ("Big", "", "", "big.com"),
        "widget.example": ("Widget", "Widget", "social", "widget.example"),
        "cust.cdn.net": ("Widget", "Widget", "social", "cust.cdn.net"),
    }
    near = ["notbig-analytics.com", "big-analytics.com.evil.example", "big-analytics.co", "x.cdn.net", "com"]
    assert owned([*truth, *near, "", "ads.big.com"], listing(WEB)) == truth


def test_an_entry_never_reaches_over_a_registrable_domain() -> None:
    suffix = HostList(
        "a list", "1", "", "", "", (Entry("co.uk", "Half a country"), Entry("github.io", "Hub"))
    )
    assert owned(["shop.co.uk", "me.github.io"], suffix) == {"me.github.io": ("Hub", "", "", "github.io")}


def test_a_domain_with_hosts_of_several_owners_is_nobodys() -> None:
    shared = [{"name": f"N{n}", "domains": [f"n{n}.shared.net", f"m{n}.shared.net"]} for n in range(2)]
    assert owned(["other.shared.net"], listing(shared)) == {}


def test_each_format_says_the_same() -> None:
    big = {"name": "Big Inc", "displayName": "Big"}
    radar = {
        "trackers": {"t.cdn.net": {"owner": big, "categories": ["ad", "social"]}, "x.example": {"owner": 7}},
        "entities": {"Big Inc": {**big, "domains": ["big.com"]}},
        "domains": {"big.com": "Big Inc", "small.com": "Small"},
    }
    assert owned(["a.big.com", "t.cdn.net", "small.com", "x.example"], listing(radar)) == {
        "a.big.com": ("Big", "", "", "big.com"),
        "t.cdn.net": ("Big", "", "ad", "t.cdn.net"),
        "small.com": ("Small", "", "", "small.com"),
    }
    named = {"Big": {"properties": ["big.com"], "resources": ["big.com", "bigcdn.net"]}}
    for content in (named, {"license": "…", "entities": named}):
        assert owned(["big.com", "i.bigcdn.net"], listing(content)) == {
            "big.com": ("Big", "", "", "big.com"),
            "i.bigcdn.net": ("Big", "", "", "bigcdn.net"),
        }
    services = {"categories": {"Advertising": [{"Big": {"https://big.com/": ["big.com"]}}]}}
    assert owned(["big.com"], listing(services)) == {"big.com": ("Big", "", "Advertising", "big.com")}
    assert owned(["big-analytics.com", "widget.example"], listing(DUMP % "")) == {
        "big-analytics.com": ("Bíg \\ Co", "Analytics", "site_analytics", "big-analytics.com"),
        "widget.example": ("Widget", "Widget", "", "widget.example"),
    }
    assert parse((DUMP % "").encode(), "a dump").skipped == 1


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH DATABASE '/tmp/x.sqlite' AS other;",
        "INSERT INTO categories VALUES(1, hex(randomblob(100000000)));",
        "INSERT INTO categories SELECT 1, name FROM companies;",
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n;",
        "CREATE TRIGGER t AFTER INSERT ON companies BEGIN DELETE FROM companies; END;",
        "CREATE VIEW v AS SELECT 1;",
        "PRAGMA writable_schema=ON;",
        "DROP TABLE tracker_domains;",
        "no SQL at all;",
    ],
)
def test_a_dump_that_does_more_than_hold_rows_is_refused(statement: str) -> None:
    with pytest.raises(InputError, match=r"bad\.sql: not a dump"):
        parse((DUMP % statement).encode(), "bad.sql")


def test_a_dump_without_the_tables_is_refused() -> None:
    text = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t(x);\nCOMMIT;\n"
    with pytest.raises(InputError, match="not a dump of WhoTracks"):
        parse(text.encode(), "other.sql")


def test_ill_formed_entities_are_skipped_and_counted() -> None:
    bad: list[Any] = [
        {"name": "No hosts"},
        7,
        {"name": "", "domains": ["a.com"]},
        {"name": ["x"], "domains": ["a.com"]},
        {"name": "Suffix", "domains": ["*.co.uk", "com"]},
        {"name": "Odd", "domains": [None, "*.*.com", "a b.com", "http://a.com/", "\0", "*."]},
    ]
    good = {"name": "x" * 10_000, "company": "\ud800", "category": {"a": 1}, "domains": ["*.a.com"]}
    found = parse(json.dumps([*bad, good], indent=1).encode(), "a list")
    name = "x" * owners.MAX_NAME
    assert found.entries == [Entry("a.com", "\ufffd", service=name, category="")]
    assert found.skipped == 12
    with pytest.raises(InputError, match="holds no host names"):
        parse(json.dumps([{"name": "Suffix", "domains": ["*.co.uk"]}]).encode(), "a list")
    for unknown in ("[{]", '{"entities": 3}', '{"a": {"b": 1}}'):
        with pytest.raises(InputError, match=r"a list: (JSON of an unknown|begins like JSON)"):
            parse(unknown.encode(), "a list")


KEYS = st.sampled_from(
    ["name", "company", "category", "domains", "entities", "trackers", "owner", "categories", "properties"]
)
ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["a.com", "*.b.com", "co.uk"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, ANYTHING, max_size=4) | st.lists(ANYTHING, max_size=3))
def test_any_json_gives_entries_or_none(content: Any) -> None:
    found = owners.read(content)
    assert found is None or all(entry.host and isinstance(entry.owner, str) for entry in found.entries)


def test_the_default_list_knows_the_great_ones() -> None:
    known = roles.builtin("third_party_web")
    found = owned(
        [
            "www.google-analytics.com",
            "notgoogle-analytics.com",
            "google.com",
            "connect.facebook.net",
            "www.clarity.ms",
            "example.com",
            "shop.net.pl",
        ],
        known,
    )
    assert {host: row[:2] for host, row in found.items()} == {
        "www.google-analytics.com": ("Google", "Google Analytics"),
        "google.com": ("Google", ""),
        "connect.facebook.net": ("Facebook", "Facebook"),
        "www.clarity.ms": ("Microsoft", "Clarity"),
    }


def test_the_list_is_written_from_the_package_with_one_entity_a_line() -> None:
    data = json.dumps([{**WEB[0], "homepage": "https://big.com"}, WEB[2]]).encode()
    written = third_party_web.content("1.2.3", data, "A licence\n")
    about = json.loads(written)
    assert about["entities"] == [WEB[0], WEB[2]]
    assert about["version"] == "1.2.3" and about["licence_text"] == "A licence"
    assert about["provenance"].endswith("without homepage")
    assert written.count('\n    {"name"') == 2

"""Identifier sharing on planted requests: exactly what is shared, by each way and form, and near misses."""

import base64
import hashlib
import json
from datetime import timedelta
from math import comb
from pathlib import Path
from typing import Any
from urllib.parse import quote

import ibis.expr.types as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overscripted.analyses.model import Finding
from overscripted.analyses.run import analyze
from overscripted.analyses.syncing import sharing
from overscripted.analyses.syncing.tokens import LONGEST, SHORTEST, of_body
from overscripted.run import Run
from tests.analyses.planted import TIME, call, planted_run, write

# Identifiers of three browsers, and others of their sites.
UID = ("7f3c9ad01b4e6528", "EkQzUwJmNvHtPyXo", "rWuGLSDpAcVBiKlj")
OWN = ("k81QmZ0aTfYw", "Xj7-dPq2_LrN")
SITES = {1: "site1.org", 2: "site1.org", 3: "site3.org", 4: "site4.org"}
PAGE = "https://site1.org/"


def _sets(text: str, script: str = "https://tag.net/t.js", page: str = PAGE, **fields: Any) -> dict[str, Any]:
    return call(page, script, symbol="window.document.cookie", value=text, **{"operation": "set", **fields})


_COOKIE_CALLS = [
    _sets("_ga=GA1.2.1234567.7654321; path=/"),
    _sets(" tag=eight%2Cseventeen-1; max-age=9"),
    _sets("five=12345"),  # too short
    _sets("unsent=never-sent-on"),
    _sets("own=by-the-site", script="https://site1.org/a.js"),
    _sets("framed=in-a-frame", page="https://frame.net/f"),
    _sets("read=only-read", operation="get"),
]


def _hex(name: str, text: str) -> str:
    return hashlib.new(name, text.encode()).hexdigest()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


MD5 = _hex("md5", UID[0])
# URLs that the page of visit 1 asks for -> the form that is found of tracker.net's identifier; "": none.
URLS = {
    f"https://plain.net/p?partner=tracker&uid={UID[0]}&t=1": "plain",
    f"https://path.net/match/{UID[0]}/p.gif": "plain",
    f"https://escaped.net/p?data=%257B%2522id%2522%253A%2522{UID[0]}%2522%257D": "plain",
    f"https://md5.net/p?h={MD5}": "md5",
    f"https://capitals.net/p?h={_hex('sha1', UID[0]).upper()}": "sha1",
    f"https://base64.net/p?d={quote(_b64(UID[0].encode()))}": "base64",
    f"https://layers.net/p?d={quote(_b64(_hex('sha256', UID[0]).encode()))}": "sha256+base64",
    f"https://digest.net/p?d={quote(_b64(hashlib.md5(UID[0].encode()).digest()))}": "md5-raw+base64",
    f"https://tracker.net/p?uid={UID[0]}": "",  # its holder
    f"https://eu.tracker.net/p?uid={UID[0]}": "",  # its holder's other host
    f"https://longer.net/p?uid={UID[0]}x": "",
    f"https://shorter.net/p?uid={UID[0][:-1]}": "",
    f"https://{UID[0]}.host.net/": "",  # in the name of the host
    f"https://other-browser.net/p?uid={UID[1]}": "",
    f"https://three.net/p?d={_b64(_b64(_b64(UID[0].encode()).encode()).encode())}": "",
    f"https://salted.net/p?h={_hex('md5', UID[0] + 'salt')}": "",
}
# Other ways of visit 1: way -> who gets it from whom.
WAYS = {
    ("location", "tracker.net", "hop.net"),
    ("referrer", "tracker.net", "image.net"),
    ("body", "script.net", "body.net"),
    ("cookie", "", "stored.net"),
    ("websocket", "site1.org", "socket.net"),
    ("message", "tracker.net", "frame.net"),
}


def _request(n: int, url: str, visit: int = 1, **fields: Any) -> dict[str, Any]:
    host = url.split("/")[2]
    domain = ".".join(host.split(".")[-2:])
    return {
        **{"crawl_id": 7, "visit_id": visit, "request_id": str(n), "hop": 0, "url": url, "host": host},
        **{"domain": domain, "document_url": f"https://{SITES[visit]}/", "request_headers": "[]"},
        **{"time_stamp": TIME + timedelta(seconds=n), "is_third_party": domain != SITES[visit]},
        **fields,
    }


def _cookie(visit: int, host: str, name: str, value: str, after_s: int = 0) -> dict[str, Any]:
    made = TIME + timedelta(seconds=after_s)
    key = {"crawl_id": 7, "visit_id": visit, "host": host, "name": name, "path": "/"}
    times = {"created": made, "time_stamp": made, "expiry": TIME + timedelta(days=365)}
    return {**key, **times, "first_party_domain": "", "value": value}


def _requests() -> list[dict[str, Any]]:
    rows = [_request(n, url) for n, url in enumerate(URLS, 10)]
    sync = f"https://hop.net/sync?id={UID[0]}"
    referrer = json.dumps([["Host", "image.net"], ["Referer", f"https://tracker.net/frame?id={UID[0]}"]])
    origin = json.dumps([["Referer", f"https://{UID[0]}.tracker.net/"]])
    rows += [
        _request(50, "https://tracker.net/start", redirect_url=sync),
        _request(50, sync, hop=1),
        _request(51, "https://blocked.org/", redirect_url=f"https://never-asked.net/?id={UID[0]}"),
        _request(52, "https://image.net/i.gif", request_headers=referrer),
        _request(53, "https://origin.net/i.gif", request_headers=origin),
        _request(54, "https://body.net/collect", script_url="https://script.net/s.js"),
        _request(55, f"https://a.google.com/p?id={UID[0][::-1]}"),  # of googlesyndication.com: one owner
        _request(56, f"https://plain.net/p?first={OWN[0]}"),
        _request(57, "https://plain.net/p?c=everybody-has-it"),
        _request(58, f"https://plain.net/p?short={UID[0][:7]}"),
        _request(59, f"https://site1.org/log?uid={UID[0]}"),  # a third party's, to the site
        _request(60, "https://plain.net/", visit=2),
        _request(
            61, "https://analytics.net/c?cid=1234567.7654321&v=GA1.2.&a=12345&b=by-the-site&c=in-a-frame"
        ),
        _request(62, "https://tag.net/c/seventeen-1?read=only-read"),
        _request(63, "https://near.net/c?cid=1234567.76543210&a=xseventeen-1"),
        _request(64, "https://site1.org/c?cid=never-sent-on"),
    ]
    return rows


def _run(folder: Path) -> Run:
    visits = [
        {"crawl_id": 7, "visit_id": n, "variant": "", "wave": 1, "reached_by": "seed", "outcome": outcome}
        | {"final_domain": SITES[n], "site_domain": SITES[n]}
        for n, outcome in ((1, "complete"), (2, "complete"), (3, "http_error"), (4, "challenge"))
    ]
    stored = []
    for n in (1, 2, 3):
        stored += [
            _cookie(n, ".tracker.net", "uid", UID[n - 1]),
            _cookie(n, ".googlesyndication.com", "IDE", UID[n - 1][::-1]),
            _cookie(n, "tracker.net", "same", "everybody-has-it"),
            _cookie(n, "tracker.net", "short", UID[n - 1][:7]),
        ]
    stored += [_cookie(n, "site1.org", "own", OWN[n - 1]) for n in (1, 2)]
    stored += [_cookie(1, "stored.net", "partner_id", UID[0], after_s=5)]
    run = planted_run(folder, [call(PAGE, "https://site1.org/a.js"), *_COOKIE_CALLS], visits)
    content = json.dumps({"user": {"id": UID[0]}}).encode() + b"\xff\x00"
    key = {"crawl_id": 7, "visit_id": 1}
    tables = {
        "stored_cookies": stored,
        "cookies": [{**row, "record_type": "added-or-changed"} for row in stored],
        "requests": _requests(),
        "request_bodies": [{**key, "request_id": "54", "hop": 0, "sha256": "a"}],
        "contents": [{"sha256": "a", "content": content}, {"sha256": "b", "content": content}],
        "websocket_messages": [
            {
                **key,
                "url": "wss://socket.net/",
                "direction": way,
                "data": f'{{"id":"{value}"}}',
                "top_level_url": PAGE,
            }
            for way, value in (("sent", UID[0]), ("received", UID[0][::-1]))
        ],
        "messages": [
            {
                **key,
                "location": "https://frame.net/f",
                "origin": "https://tracker.net",
                "data": f"id={UID[0]}",
            },
            {**key, "location": "https://own.net/f", "origin": "https://own.net", "data": UID[0]},
        ],
    }
    for table, rows in tables.items():
        write(run, table, rows)
    return run


@pytest.fixture(scope="module")
def finding(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Finding:
    run = _run(tmp_path_factory.mktemp("syncing"))
    return analyze(run, ["syncing"], engine)["syncing"]


def _rows(finding: Finding, table: str, **where: Any) -> list[dict[str, Any]]:
    rows = finding.tables[table].to_pylist()
    return [row for row in rows if all(row[name] == value for name, value in where.items())]


def test_exactly_the_planted_forms_are_found_in_urls(finding: Finding) -> None:
    found = {
        row["url"]: row["form"]
        for row in _rows(finding, "evidence", kind="confirmed", through="url", value=UID[0])
        if row["receiver"] != "site1.org"
    }
    assert found == {url: form for url, form in URLS.items() if form}


def test_exactly_the_planted_ways_are_found(finding: Finding) -> None:
    found = {
        (row["through"], row["sender"], row["receiver"])
        for row in _rows(finding, "evidence", kind="confirmed", parties="third to third")
        if row["through"] != "url"
    }
    assert found == WAYS


def test_parties_and_owners_are_apart(finding: Finding) -> None:
    own = _rows(finding, "graph", kind="confirmed", holder="googlesyndication.com")
    assert [(row["receiver"], row["same_owner"]) for row in own] == [("google.com", True)]
    near = {(row["holder"], row["receiver"]): row["why"] for row in finding.tables["near_misses"].to_pylist()}
    assert near["googlesyndication.com", "google.com"] == "another domain of its owner"
    assert near["tracker.net", "tracker.net"] == "the holder's own domain"
    (to_first,) = _rows(finding, "evidence", kind="confirmed", parties="third to first")
    assert (to_first["receiver"], to_first["holder"]) == ("site1.org", "tracker.net")
    values = {row["value"] for row in _rows(finding, "evidence", kind="confirmed")}
    assert values == {UID[0], OWN[0]}


def test_the_holder_is_who_had_it_first(finding: Finding) -> None:
    assert not _rows(finding, "graph", kind="confirmed", holder="stored.net")
    assert not _rows(finding, "graph", kind="confirmed", receiver="tracker.net")


def test_figures_count_pages_and_pairs(finding: Finding) -> None:
    figures = {figure.name: (figure.n, figure.of) for figure in finding.figures}
    receivers = {row["receiver"] for row in _rows(finding, "receivers", kind="confirmed")}
    assert receivers == {url.split("/")[2] for url, form in URLS.items() if form} | {way[2] for way in WAYS}
    assert figures["shared"] == figures["shared_own"] == figures["to_first"] == (1, 3)
    assert figures["first_sent"] == (1, 3)
    assert figures["pairs_confirmed"] == (len(receivers), None)
    asked = {row["domain"] for row in _requests()} - {"site1.org"}
    # They know tracker.net's identifier, but google.com, which knows googlesyndication.com's alone.
    know = asked & (receivers | {"tracker.net"})
    assert figures["top_sharing"] == (len(know) + 1, len(asked))
    assert figures["top_pairs"] == (comb(len(know), 2), comb(len(know) + 1, 2))
    assert finding.sentence.startswith("On 33.3 % of 3 pages")


def test_candidates_need_no_rule(finding: Finding) -> None:
    found = {
        (row["value"], row["holder"], row["receiver"], row["form"])
        for row in _rows(finding, "evidence", kind="candidate")
    }
    assert ("everybody-has-it", "tracker.net", "plain.net", "plain") in found
    assert (UID[0], "tracker.net", "md5.net", "md5") in found
    assert (UID[0], "tracker.net", "layers.net", "sha256+base64") not in found
    assert not [row for row in found if len(row[0]) < SHORTEST]


def test_cookies_of_the_site_are_sent_on(finding: Finding) -> None:
    found = {(row["name"], row["setter"], row["receiver"]) for row in _rows(finding, "sent_on")}
    assert found == {("_ga", "tag.net", "analytics.net"), ("tag", "tag.net", "tag.net")}
    figures = {figure.name: (figure.n, figure.of) for figure in finding.figures}
    assert figures["set_by_third"] == figures["sent_on"] == (1, 3)


def test_visits_in_parts_share_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = analyze(_run(tmp_path / "whole"), ["syncing"])["syncing"]
    met, parts = sharing._met, []

    def counted(*given: Any) -> ir.Table:
        parts.append(given)
        return met(*given)

    monkeypatch.setattr(sharing, "PART", 10)
    monkeypatch.setattr(sharing, "_met", counted)
    found = analyze(_run(tmp_path / "parts"), ["syncing"])["syncing"]
    assert len(parts) >= len(SITES)
    assert found.figures == whole.figures
    assert all(found.tables[name].equals(table) for name, table in whole.tables.items())


def test_a_run_with_fewer_tables_says_so(tmp_path: Path) -> None:
    run = _run(tmp_path)
    for table in ("request_bodies", "messages", "websocket_messages", "stored_cookies"):
        run.store.delete(f"tables/{table}")
    finding = analyze(run, ["syncing"])["syncing"]
    found = {row["through"] for row in _rows(finding, "evidence", kind="confirmed")}
    assert found == {"url", "location", "referrer", "cookie"}
    assert any("request_bodies" in note and "messages" in note for note in finding.notes)


@given(st.binary(max_size=3000))
def test_any_body_has_tokens(content: bytes) -> None:
    assert all(SHORTEST <= len(token) <= LONGEST for token in of_body(content))

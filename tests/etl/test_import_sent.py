"""What requests sent, and bodies of responses beside scripts, as OpenWPM's eras kept them."""

import base64
import gzip
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.foreign.openwpm_sent import sent_body
from overscripted.run import Run
from tests.etl.conftest import OPENWPM, by, rows
from tests.etl.openwpm_eras import database, exchange, visit

FORM = '{"a":["1"],"b":["ü"]}'
AS_UTF8 = FORM.encode().decode("latin-1")


def _raw(*pieces: bytes | None) -> str:
    """Pieces as OpenWPM wrote them; None is a file."""
    return json.dumps(
        [["x", ""] if piece is None else [None, base64.b64encode(piece).decode()] for piece in pieces]
    )


# Columns of OpenWPM, announced length -> bytes, size, n_kept.
CASES: list[tuple[dict[str, Any], int | None, tuple[bytes | None, int | None, int | None]]] = [
    ({"post_body_raw": _raw(b"abc", b"\x00\xff")}, 5, (b"abc\x00\xff", 5, 5)),
    ({"post_body_raw": _raw(b"abc")}, None, (b"abc", 3, 3)),
    ({"post_body_raw": "[]"}, 0, (b"", 0, 0)),
    ({"post_body_raw": "[]"}, 70, (None, 70, 0)),
    ({"post_body_raw": _raw(b"abc", None)}, 900, (b"abc", 900, 3)),
    ({"post_body_raw": "[[null, 7]"}, 4, (None, 4, 0)),
    ({"post_body_raw": '[[null,"a"]]'}, None, (None, None, 0)),
    ({"post_body": AS_UTF8}, 12, (FORM.encode(), 12, None)),
    ({"post_body": FORM}, None, (FORM.encode(), None, None)),
    ({"post_body": "a=\u00c3\u00bc"}, 4, ("a=ü".encode(), 4, 4)),
    ({"post_body": "a=ü"}, 3, ("a=ü".encode("latin-1"), 3, 3)),
    ({"post_body": "€"}, 3, ("€".encode(), 3, 3)),
    ({"post_body": AS_UTF8, "post_body_raw": _raw(b"a=1")}, 3, (b"a=1", 3, 3)),
]


@pytest.mark.parametrize(("kept", "length", "expected"), CASES)
def test_a_body_is_what_was_sent_as_far_as_it_was_kept(
    kept: dict[str, Any], length: int | None, expected: tuple[bytes | None, int | None, int | None]
) -> None:
    headers = [["Content-Type", "x/y"]] + ([] if length is None else [["Content-length", str(length)]])
    found = sent_body({**kept, "headers": json.dumps(headers)})
    assert found is not None
    columns, content = found
    assert (content, columns["size"], columns["n_kept"]) == expected
    assert columns["content_type"] == "x/y"


@pytest.mark.parametrize("kept", [{}, {"post_body": None, "post_body_raw": ""}])
def test_a_request_without_a_body_has_none(kept: dict[str, Any]) -> None:
    assert sent_body({**kept, "headers": "not JSON"}) is None


def test_odd_headers_are_no_headers() -> None:
    for headers in (None, "", "[1]", '{"a": 1}', "[" * 100_000):
        found = sent_body({"post_body_raw": _raw(b"a"), "headers": headers})
        assert found == ({"content_type": "", "size": 1, "n_kept": 1}, b"a")


def _imported(folder: Path, source: Path) -> Run:
    run = Run.open(folder / "run", create=True)
    import_data("openwpm", str(source), run)
    run_etl(run)
    return run


@pytest.mark.parametrize("era", ["2017-10", "2019-08", "2026-04"])
def test_a_request_names_its_body(tmp_path: Path, era: str) -> None:
    """In every era with the columns, by the first hop that sent it."""
    raw = era >= "2019"
    of = visit(1, 1, "https://a.example/")
    post = {"method": "POST", "headers": json.dumps([["Content-Length", "3"]])}
    kept = {"post_body_raw": _raw(b"a=1")} if raw else {"post_body": "a=1"}
    sent, none, again = (
        exchange(of, number, f"https://a.example/{number}", 200)[0] for number in ("7", "8", "9")
    )
    told = {"site_visits": [of], "http_requests": [sent | post | kept, none, again | post | kept]}
    run = _imported(tmp_path, database(tmp_path / "x.sqlite", era, told))
    digest = sha256(b"a=1").hexdigest()
    assert by(run, "requests", "request_id", "request_body_sha256", "request_body_size") == [
        ("7", digest, 3),
        ("8", None, None),
        ("9", digest, 3),
    ]
    assert by(run, "request_bodies", "request_id", "hop", "n_kept", "sha256") == [
        ("7", 0, 3, digest),
        ("9", 0, 3, digest),
    ]
    assert by(run, "contents", "sha256", "size", "content") == [(digest, 3, b"a=1")]


def test_bodies_of_requests_without_a_number_belong_to_none(tmp_path: Path) -> None:
    of = visit(1, 1, "https://a.example/")
    asked = [
        exchange(of, "", f"https://a.example/{n}", 200)[0] | {"post_body": f"a={n}", "channel_id": None}
        for n in range(2)
    ]
    told = {"site_visits": [of], "http_requests": asked}
    run = _imported(tmp_path, database(tmp_path / "x.sqlite", "2016-12", told))
    assert by(run, "requests", "request_id", "request_body_sha256") == [("", None)] * 2
    assert by(run, "contents", "content") == [(b"a=0",), (b"a=1",)]
    assert len(rows(run, "request_bodies")) == 2


def test_kept_bodies_of_other_responses_are_rows(tmp_path: Path) -> None:
    of = visit(1, 1, "https://a.example/")
    page, gone = b"<p>page", sha256(b"gone").hexdigest()
    name = sha256(page).hexdigest()
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / f"{name}.gz").write_bytes(gzip.compress(page))
    asked, answers = [], []
    for number, (kind, own) in enumerate((("main_frame", name), ("script", name), ("image", gone))):
        request, answer = exchange(of, str(number), f"https://a.example/{number}", 200)
        asked.append(request | {"resource_type": kind})
        headers = json.dumps([["Content-Type", "text/html; charset=utf-8"]])
        answers.append(answer | {"content_hash": own, "headers": headers})
    told = {"site_visits": [of], "http_requests": asked, "http_responses": answers}
    run = _imported(tmp_path, database(tmp_path / "x.sqlite", "2020-09", told))
    assert by(run, "response_bodies", "request_id", "hop", "content_type", "encoding", "size", "sha256") == [
        ("0", 0, "text/html", None, len(page), name)
    ]
    assert by(run, "contents", "content") == by(run, "scripts", "content") == [(page,)]
    assert by(run, "requests", "body_sha256") == sorted([(name,), (name,), (gone,)])


# The bodies in the real database that are not empty, as base64.
REAL_BODIES = (
    "YmVsLjY7ZSwnbG9hZCxseSw7ZSwndW5sb2FkLDNnNCw=",
    "YmVsLjY7ZSwnbG9hZCwxaW0sO2UsJ3VubG9hZCw0YnMs",
    "YmVsLjY7ZSwnbG9hZCx0bSw7ZSwndW5sb2FkLDNuaSw=",
    "YmVsLjY7ZSwnbG9hZCw4MDYsO2UsJ3VubG9hZCxhdWgs",
)


@pytest.mark.skipif(not OPENWPM.exists(), reason="no OpenWPM data beside the checkout")
def test_the_bodies_of_a_real_crawl(tmp_path: Path) -> None:
    run = _imported(tmp_path, OPENWPM)
    contents = dict(by(run, "contents", "sha256", "content"))
    found = [contents[row["sha256"]] for row in rows(run, "request_bodies")]
    assert sorted(found) == sorted([b"", b"", *map(base64.b64decode, REAL_BODIES)])
    sent = by(run, "requests", "method", "request_body_size")
    assert sorted(size for method, size in sent if method == "POST") == [0, 0, 32, 32, 33, 33]
    assert {size for method, size in sent if method == "GET"} == {None}
    for row in rows(run, "request_bodies"):
        assert row["size"] == row["n_kept"] == len(contents[row["sha256"]])

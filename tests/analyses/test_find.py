"""``overscripted find`` names every place where a value occurs, and no place where it does not."""

import base64
import csv
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from overscripted.analyses.find.places import CONTENT_PLACES, NAMES, PLACES
from overscripted.analyses.find.search import Occurrence, find
from overscripted.cli import main
from overscripted.errors import InputError, StageMissing
from overscripted.run import Run
from overscripted.schemas import TABLES
from tests.analyses.planted import write

EMAIL = "Zoe.Quist@example.com"
SHA256 = hashlib.sha256(EMAIL.lower().encode())
PACKED = gzip.compress(json.dumps({"events": ["focus", {"text": EMAIL}]}).encode())
NEAR = hashlib.sha256(b"zoe.quizt@example.com").hexdigest()
HOSTILE = "\x1b[31m[red]\u202e\x00 " + EMAIL


def _content(data: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "content": data}


BODIES = {
    "sent": PACKED,
    "answer": f'{{"hash":"{SHA256.hexdigest()}"}}'.encode(),
    "text": f"Welcome back, {EMAIL}!".encode(),
    "saved": f"<p>{EMAIL.replace('@', '&#64;')}</p>".encode(),
    "nothing": gzip.compress(f"zoe.quis {NEAR}".encode()),
}
CONTENTS = {name: _content(data) for name, data in BODIES.items()}
SCRIPT = _content(f"var known='{base64.b64encode(SHA256.digest()).decode()}'".encode())
V = {"crawl_id": 7, "visit_id": 1}
TABLE_ROWS: dict[str, list[dict[str, Any]]] = {
    "visits": [
        {**V, "final_url": "https://shop.test/"},
        {"crawl_id": 7, "visit_id": 2, "site_url": "https://news.test/"},
    ],
    "requests": [
        {
            **V,
            "request_id": "1",
            "hop": 0,
            "host": "t.ads.test",
            "url": f"https://t.ads.test/p?h={SHA256.hexdigest()}&n=1",
            "method": "GET",
            "resource_type": "image",
            "request_headers": json.dumps([["Referer", f"https://shop.test/?m={EMAIL}"], ["Accept", "*/*"]]),
            "response_headers": json.dumps(
                [
                    ["Location", f"https://x.test/{EMAIL.encode().hex()}"],
                    ["Set-Cookie", f'a="{EMAIL}"; path=/'],
                ]
            ),
        },
        {
            **V,
            "request_id": "2",
            "hop": 0,
            "host": "cdn.test",
            "url": f"https://cdn.test/a.js?{NEAR}",
            "body_sha256": SCRIPT["sha256"],
            "request_headers": "[broken",
        },
        {**V, "request_id": "3", "hop": 0, "host": "rec.test", "url": "https://rec.test/collect"},
    ],
    "navigations": [{**V, "url": f"https://shop.test/#{EMAIL}", "referrer": "", "cause": "link"}],
    "cookies": [{**V, "host": ".shop.test", "name": "u", "value": EMAIL.lower(), "via": "http"}],
    "stored_cookies": [{**V, "host": "shop.test", "name": EMAIL, "value": NEAR, "moment": "end"}],
    "stored_items": [
        {**V, "origin": "https://shop.test:8443", "kind": "local_storage", "key": "k", "value": EMAIL[::-1]}
    ],
    "websocket_messages": [
        {**V, "url": "wss://ws.test/", "direction": "sent", "bytes": PACKED},
        {**V, "url": "wss://ws.test/", "direction": "received", "data": NEAR},
    ],
    "server_sent_events": [{**V, "url": "https://sse.test/", "event": "hi", "data": EMAIL}],
    "messages": [{**V, "location": "https://frame.test/", "origin": "https://shop.test", "data": HOSTILE}],
    "calls": [
        {**V, "script_host": "cdn.test", "symbol": "a", "arguments": json.dumps({"0": EMAIL}), "value": "x"},
        {"crawl_id": 7, "visit_id": 2, "script_host": "cdn.test", "symbol": "b", "value_1000": EMAIL},
        {"crawl_id": 7, "visit_id": 2, "script_host": "cdn.test", "symbol": "c", "value": EMAIL},
        {**V, "script_host": "cdn.test", "symbol": "d", "value": "zoe.quizt@example.com"},
    ],
    "console": [{**V, "url": "https://shop.test/", "level": "log", "message": EMAIL}],
    "request_bodies": [
        {**V, "request_id": "3", "hop": 0, "content_type": "text/plain", "sha256": CONTENTS["sent"]["sha256"]}
    ],
    "response_bodies": [{**V, "request_id": "3", "hop": 0, "sha256": CONTENTS["answer"]["sha256"]}],
    "page_texts": [{**V, "url": "https://shop.test/", "sha256": CONTENTS["text"]["sha256"]}],
    "saved_documents": [
        {**V, "url": "https://shop.test/", "sha256": CONTENTS["saved"]["sha256"]},
        {**V, "url": "https://shop.test/", "sha256": CONTENTS["nothing"]["sha256"]},
    ],
    "contents": list(CONTENTS.values()),
    "scripts": [SCRIPT, _content(b"0")],
}
# Visit, host, encoding and detail of each occurrence, by place.
FOUND = {
    "url": [(1, "t.ads.test", "sha256", "GET, image")],
    "referrer": [(1, "t.ads.test", "plain", "Referer")],
    "location": [(1, "t.ads.test", "base16", "Location")],
    "response header": [(1, "t.ads.test", "plain", "Set-Cookie")],
    "navigation": [(1, "shop.test", "plain", "link")],
    "cookie": [(1, "shop.test", "plain", "u, http")],
    "stored cookie": [(1, "shop.test", "plain", f"{EMAIL}, end")],
    "storage": [(1, "shop.test", "reversed", "local_storage, k")],
    "request body": [(1, "rec.test", "gzip", "text/plain")],
    "websocket": [(1, "ws.test", "gzip", "sent")],
    "server-sent event": [(1, "sse.test", "plain", "hi")],
    "message": [(1, "frame.test", "plain", "https://shop.test")],
    "call argument": [(1, "cdn.test", "plain", "a")],
    "call value": [(2, "cdn.test", "plain", "b"), (2, "cdn.test", "plain", "c")],
    "console": [(1, "shop.test", "plain", "log")],
    "response body": [(1, "rec.test", "sha256", "")],
    "page text": [(1, "shop.test", "plain", "")],
    "saved page": [(1, "shop.test", "entities", ""), (1, "shop.test", "plain", "")],  # its half is plain
    "script": [(1, "cdn.test", "sha256-raw > base64", "")],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose tables hold the value in every place, each time with a near miss beside it."""
    made = Run.open(tmp_path_factory.mktemp("find") / "run", create=True)
    made.begin("etl", {})
    for table, rows in TABLE_ROWS.items():
        write(made, table, rows)
    made.finish("etl")
    return made


def _shell(run: Run, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["find", run.store.url, *arguments], env={"COLUMNS": "250"})


def test_every_place_is_searched(run: Run) -> None:
    answer = find(run, [EMAIL], depth=2)
    assert {row.form for row in answer.rows if row.place == "saved page"} == {"as given", "local part"}
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for row in answer.rows:
        rows.setdefault(row.place, []).append((row.visit_id, row.host, row.encoding, row.detail))
    assert rows == FOUND
    assert list(rows) == [name for name in NAMES if name in FOUND]  # in the order that is shown
    assert answer.counts["call value", "cdn.test", "as given", "plain"] == (2, 1)
    assert sum(n for n, _ in answer.counts.values()) == len(answer.rows)
    assert answer.absent == []
    pages = {row.visit_id: row.page for row in answer.rows}
    assert pages == {1: "https://shop.test/", 2: "https://news.test/"}
    assert {row.form for row in answer.rows if "sha256" in row.encoding} == {"lower case"}


def test_names_of_places_and_columns_are_those_of_the_tables() -> None:
    for place in PLACES:
        named = {*place.texts, place.host, *place.detail, *filter(None, [place.instead])}
        assert named <= {*TABLES[place.table].names}
    for content in CONTENT_PLACES:
        assert {content.key, *content.detail, *filter(None, [content.url])} <= {*TABLES[content.table].names}
    assert {place.name for place in (*PLACES, *CONTENT_PLACES)} | {"referrer", "location"} == {*NAMES}


def test_the_depth_and_the_places_can_be_fewer(run: Run) -> None:
    assert {row.encoding for row in find(run, [EMAIL], depth=0).rows} == {"plain"}
    few = find(run, [EMAIL], depth=1, places=["referrer", "script", "message"])
    assert [(row.place, row.encoding) for row in few.rows] == [("referrer", "plain"), ("message", "plain")]
    assert find(run, ["Zoe.Quizt@example.com"], depth=1, places=["page text"]).rows == []


def test_a_run_that_lacks_tables_says_so(tmp_path: Path) -> None:
    bare = Run.open(tmp_path / "run", create=True)
    with pytest.raises(StageMissing):
        find(bare, [EMAIL])
    bare.begin("etl", {})
    write(bare, "calls", TABLE_ROWS["calls"])
    bare.finish("etl")
    shown = _shell(bare, EMAIL, "--depth", "0")
    assert shown.exit_code == 0, shown.output
    assert "no rows in this run of: url, referrer, location" in shown.output
    assert {row.place for row in find(bare, [EMAIL], depth=0).rows} == {"call argument", "call value"}


def test_the_command_shows_counts_and_first_rows(run: Run) -> None:
    shown = _shell(run, EMAIL, "--depth", "1", "--rows", "30")
    assert shown.exit_code == 0, shown.output
    for words in ("call value", "cdn.test", "https://news.test/", "gzip", "20 occurrences; 20 are shown"):
        assert words in shown.output
    assert "[red]" in shown.output  # text of pages is no markup
    assert not {"\x1b", "\u202e", "\x00"} & {*shown.output}
    nothing = _shell(run, "no-such-value", "--depth", "1")
    assert (nothing.exit_code, nothing.stdout.splitlines()[0]) == (0, "not found")


@pytest.mark.parametrize("kind", ["csv", "parquet", "json"])
def test_all_rows_are_written(run: Run, tmp_path: Path, kind: str) -> None:
    out = tmp_path / f"rows.{kind}"
    shown = _shell(run, EMAIL, "--depth", "1", "--rows", "1", "--out", str(out))
    assert shown.exit_code == 0 and str(out) in shown.output
    if kind == "parquet":
        rows = pq.read_table(out).to_pylist()
    elif kind == "csv":
        with out.open(newline="", encoding="utf-8") as file:
            rows = [
                {**row, "crawl_id": int(row["crawl_id"]), "visit_id": int(row["visit_id"])}
                for row in csv.DictReader(file)
            ]
    else:
        rows = json.loads(out.read_text())
    assert [Occurrence(**row) for row in rows] == find(run, [EMAIL], depth=1).rows


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["abc"], "4 characters or more"),
        (["value", "--out", "rows.xlsx"], ".csv, .parquet, .json"),
        (["value", "--out", "nowhere/rows.csv"], "no folder nowhere"),
    ],
)
def test_a_mistake_is_named(run: Run, arguments: list[str], words: str) -> None:
    error = _shell(run, *arguments).exception
    assert isinstance(error, InputError) and words in str(error)

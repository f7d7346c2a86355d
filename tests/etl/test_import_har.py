"""``import har``: each field in its column."""

import base64
import gzip
import hashlib
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from overscripted.etl.importers.har import FILLS, import_har
from overscripted.schemas import RAW
from tests.etl.har import PAGE, archive, content, entry, header, written
from tests.etl.imported import Imported

AT = datetime(2026, 11, 21, 7, tzinfo=UTC)
SHOP, CDN = "https://shop.example/", "https://cdn.example/a.js"


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def test_a_page_and_its_entries_become_a_visit_and_its_requests(tmp_path: Path) -> None:
    page = entry(
        "http://shop.example/",
        {"status": 301, "redirectURL": "https://shop.example/", "headers": [header("Location", SHOP)]},
        {"headers": [header("User-Agent", "UA/1")]},
        serverIPAddress="[2001:db8::1]",
    )
    script = entry(
        CDN,
        {"httpVersion": "h2", **content("f()", "text/javascript; charset=utf-8")},
        _fromCache="disk",
        _initiator={
            "type": "script",
            "stack": {
                "callFrames": [{"functionName": "load", "url": SHOP, "lineNumber": 9, "columnNumber": 0}]
            },
        },
    )
    failed = entry("https://gone.example/x", {"status": 0, "_error": "net::ERR_FAILED"}, time=-1)
    run = Imported(
        import_har,
        written(tmp_path / "a.har", page, entry(SHOP, content("<p>", "text/html")), script, failed),
    )
    names = (
        "request_id",
        "hop",
        "url",
        "resource_type",
        "frame_id",
        "top_level_url",
        "status",
        "redirect_url",
    )
    assert run.columns("requests", *names) == [
        ("entry 0", 0, "http://shop.example/", "main_frame", 0, "http://shop.example/", 301, SHOP),
        ("entry 0", 1, SHOP, "main_frame", 0, SHOP, 200, None),
        ("entry 2", 0, CDN, None, None, SHOP, 200, None),
        ("entry 3", 0, "https://gone.example/x", None, None, SHOP, None, None),
    ]
    names = ("ip", "http_version", "from_cache", "error", "size", "body_sha256", "response_headers")
    moved = '[["Location", "https://shop.example/"]]'
    assert run.columns("requests", *names) == [
        ("2001:db8::1", "http/1.1", None, "", 0, None, moved),
        (None, "http/1.1", None, "", 3, None, "[]"),
        (None, "h2", True, "", 3, _sha256(b"f()"), "[]"),
        (None, None, None, "net::ERR_FAILED", None, None, None),
    ]
    ended = datetime(2026, 11, 21, 7, 0, 0, 12_500, UTC)
    assert run.columns("requests", "time_stamp", "ended") == [(AT, ended)] * 3 + [(AT, None)]
    assert run.columns("scripts", "sha256", "size", "content") == [(_sha256(b"f()"), 3, b"f()")]
    assert run.columns("response_bodies", "request_id", "hop", "content_type", "size", "sha256") == [
        ("entry 0", 1, "text/html", 3, _sha256(b"<p>"))
    ]
    assert run.columns("callstacks", "request_id", "call_stack", "script_url") == [
        ("entry 2", f"load@{SHOP}:10:1", SHOP)
    ]
    (visit,) = run.rows("visits")
    assert visit | {"crawl_id": 0, "visit_id": 0} == dict.fromkeys(RAW["visits"].names) | {
        "crawl_id": 0,
        "visit_id": 0,
        "attempt": 1,
        "site_url": SHOP,
        "variant": "",
        "outcome": "complete",
        "error": "",
        "final_url": SHOP,
        "http_status": 200,
        "started": AT,
        "loaded": datetime(2026, 11, 21, 7, 0, 0, 250_500, UTC),
        "ended": ended,
        "user_agent": "UA/1",
    }
    assert run.facts["rows_read"] == run.facts["rows_kept"] == 5


@pytest.mark.parametrize(
    ("answer", "outcome", "status"),
    [
        ({"status": 200}, "complete", 200),
        ({"status": 404}, "http_error", 404),
        ({"status": 0, "_failureText": "no name"}, "net_error", None),
        ({"status": -1}, "net_error", None),
        ({"status": "x"}, "net_error", None),
    ],
)
def test_the_answer_to_the_document_is_the_outcome(
    tmp_path: Path, answer: dict[str, Any], outcome: str, status: int | None
) -> None:
    run = Imported(import_har, written(tmp_path / "a.har", entry(SHOP, answer), entry(CDN)))
    error = answer.get("_failureText", "")
    assert run.columns("visits", "outcome", "http_status", "error") == [(outcome, status, error)]


def test_the_kind_of_a_request_is_the_tools_or_the_browsers_word(tmp_path: Path) -> None:
    def asked(destination: str) -> dict[str, Any]:
        return {"headers": [header("Sec-Fetch-Dest", destination)]}

    run = Imported(
        import_har,
        written(
            tmp_path / "a.har",
            entry(SHOP, _resourceType="document"),
            entry("https://f.example/1", None, asked("iframe"), _resourceType="document"),
            entry("https://f.example/2", _resourceType="document"),
            entry("https://f.example/3", None, asked("style")),
            entry("https://f.example/4", _resourceType="xhr"),
            entry("https://f.example/5", _resourceType="sub_frame"),
            entry("https://f.example/6", _resourceType=["x"]),
            entry("https://next.example/", None, asked("document")),
            entry("https://f.example/7", None, asked("script"), _resourceType="other"),
        ),
    )
    main, sub = "main_frame", "sub_frame"
    kinds = [main, sub, sub, "stylesheet", "xmlhttprequest", sub, None, main, "other"]
    assert [row["resource_type"] for row in run.rows("requests")] == kinds
    tops = [row["top_level_url"] for row in run.rows("requests")]
    assert tops == [SHOP] * 7 + ["https://next.example/"] * 2


def test_redirects_join_hops_and_equal_urls_do_not(tmp_path: Path) -> None:
    def to(url: str, target: str) -> dict[str, Any]:
        return entry(url, {"status": 302, "redirectURL": target})

    a, b, c = (f"https://t.example/{name}" for name in "abc")
    run = Imported(
        import_har,
        written(tmp_path / "a.har", entry(SHOP), to(a, "/b"), entry(c), to(b, c), entry(b), entry(c)),
    )
    assert run.columns("requests", "request_id", "hop", "url") == [
        ("entry 0", 0, SHOP),
        ("entry 1", 0, a),
        ("entry 2", 0, c),
        ("entry 1", 1, b),
        ("entry 4", 0, b),
        ("entry 1", 2, c),
    ]


def test_cookies_are_those_that_servers_set(tmp_path: Path) -> None:
    lines = "a=1; Domain=Shop.Example; Path=/x; Max-Age=60; Secure; HttpOnly; SameSite=None\nb=2"
    gone, bad = "c=3; expires=Thu, 01 Jan 1970 00:00:01 GMT", "=nothing"
    headers = [
        header(name, value)
        for name, value in (("set-cookie", lines), ("Set-Cookie", gone), ("SET-COOKIE", bad))
    ]
    run = Imported(import_har, written(tmp_path / "a.har", entry(f"{SHOP}p/q?r", {"headers": headers})))
    names = (
        "host",
        "name",
        "value",
        "path",
        "expiry",
        "is_secure",
        "is_http_only",
        "same_site",
        "record_type",
    )
    minute, epoch = datetime(2026, 11, 21, 7, 1, tzinfo=UTC), datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert run.columns("cookies", *names) == [
        (".shop.example", "a", "1", "/x", minute, True, True, "no_restriction", "added-or-changed"),
        ("shop.example", "b", "2", "/p", None, False, False, "unspecified", "added-or-changed"),
        ("shop.example", "c", "3", "/p", epoch, False, False, "unspecified", "deleted"),
    ]
    assert run.columns("cookies", "via", "time_stamp") == [("http", AT)] * 3


def test_an_age_from_an_unknown_time_is_unknown(tmp_path: Path) -> None:
    headers = [
        header("Set-Cookie", "a=1; Max-Age=60"),
        header("Set-Cookie", "b=2; expires=Thu, 01 Jan 1970 00:00:01 GMT"),
    ]
    log = written(tmp_path / "a.har", entry(SHOP, {"headers": headers}, startedDateTime="x"))
    epoch = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    names = ("name", "expiry", "record_type", "time_stamp")
    assert Imported(import_har, log).columns("cookies", *names) == [
        ("a", None, "added-or-changed", None),
        ("b", epoch, "added-or-changed", None),
    ]


def test_bodies_that_were_sent(tmp_path: Path) -> None:
    def post(size: int, **data: Any) -> dict[str, Any]:
        return entry(SHOP, None, {"method": "POST", "bodySize": size, "postData": data})

    form = "application/x-www-form-urlencoded"
    run = Imported(
        import_har,
        written(
            tmp_path / "a.har",
            post(4, mimeType="text/plain", text="ä=1"),
            post(-1, mimeType="text/plain", text="ä=1"),
            post(-1, mimeType=form, params=[{"name": "a", "value": "b c"}, {"name": "d"}]),
            post(2, mimeType="x/y", text=base64.b64encode(b"\x00\xff").decode(), _encoding="base64"),
            post(900, mimeType="x/y"),
            entry(SHOP, None, {"postData": "none"}),
        ),
    )
    assert run.columns("request_bodies", "request_id", "content_type", "size", "n_kept", "sha256") == [
        ("entry 0", "text/plain", 4, 4, _sha256("ä=1".encode())),
        ("entry 1", "text/plain", None, None, _sha256("ä=1".encode())),
        ("entry 2", form, None, None, _sha256(b"a=b+c&d=")),
        ("entry 3", "x/y", 2, 2, _sha256(b"\x00\xff")),
        ("entry 4", "x/y", 900, 0, None),
    ]
    assert {row["content"] for row in run.rows("contents")} == {"ä=1".encode(), b"a=b+c&d=", b"\x00\xff"}


def test_messages_of_a_socket(tmp_path: Path) -> None:
    told = [
        {"type": "send", "time": AT.timestamp(), "opcode": 1, "data": "hé"},
        {"type": "receive", "time": AT.timestamp() * 1000, "opcode": 2, "data": "AP8="},
        {"type": "receive", "time": "x", "opcode": 2, "data": "no base64"},
        "nothing",
    ]
    run = Imported(
        import_har,
        written(tmp_path / "a.har", entry("wss://s.example/", None, None, _webSocketMessages=told)),
    )
    assert run.columns(
        "websocket_messages", "ordinal", "direction", "opcode", "size", "data", "bytes", "time_stamp"
    ) == [
        (0, "sent", "text", 3, "hé", None, AT),
        (1, "received", "binary", 2, None, b"\x00\xff", AT),
        (2, "received", "binary", 9, None, b"no base64", None),
    ]


def test_pages_of_a_file_are_visits_and_the_rest_is_one(tmp_path: Path) -> None:
    pages = [
        PAGE,
        {"id": "page_2", "title": "Another", "startedDateTime": "x"},
        {"id": "page_3"},
        {"title": "y"},
        7,
    ]
    other, no_page = entry("https://other.example/"), entry("https://nobody.example/")
    other["pageref"], no_page["pageref"] = "page_2", "page_9"
    run = Imported(import_har, written(tmp_path / "a.har", entry(SHOP), other, no_page, pages=pages))
    assert run.columns("visits", "site_url", "title", "outcome", "started") == [
        (SHOP, None, "complete", AT),
        ("https://other.example/", "Another", "complete", AT),
        (None, None, "incomplete", None),
        ("https://nobody.example/", None, "complete", AT),
    ]
    visits = [visit for (visit,) in run.columns("visits", "visit_id")]
    assert [visit for (visit,) in run.columns("requests", "visit_id")] == [visits[0], visits[1], visits[3]]
    assert "2 of pages: without an id (a.har, a.har)" in run.facts["left_out"]


def test_pages_may_stand_after_the_entries(tmp_path: Path) -> None:
    whole = json.loads(archive([entry(SHOP)]))["log"]
    path = tmp_path / "a.har"
    path.write_text(
        json.dumps({"log": {"entries": whole["entries"], "pages": whole["pages"]}}), encoding="utf-8"
    )
    assert Imported(import_har, path).columns("visits", "site_url", "loaded")[0][0] == SHOP
    assert len(Imported(import_har, path).rows("visits")) == 1


def test_compressed_files_are_read_with_the_bodies_beside_them(tmp_path: Path) -> None:
    """Playwright names a body by its hash, in the zip or beside the file; no other file is read."""
    body = b"g()"
    name = f"{hashlib.sha1(body, usedforsecurity=False).hexdigest()}.js"
    kept = {"content": {"size": 3, "mimeType": "text/javascript", "_file": name}}
    secret = {"content": {"size": 6, "mimeType": "text/plain", "_file": "secret.txt"}}
    (tmp_path / "secret.txt").write_bytes(b"secret")
    whole = archive([entry(SHOP, _resourceType="document"), entry(CDN, kept), entry(CDN, secret)])
    (tmp_path / name).write_bytes(body)
    (tmp_path / "plain.har").write_bytes(b"\xef\xbb\xbf" + whole)
    (tmp_path / "packed.har.gz").write_bytes(gzip.compress(whole))
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("har.har", whole)
        packed.writestr(name, body)
        packed.writestr("secret.txt", b"in the zip")
    for file in ("plain.har", "packed.har.gz", "a.zip"):
        run = Imported(import_har, tmp_path / file)
        assert [row["content"] for row in run.rows("scripts")] == [body], file
        known = [row["content"] for row in run.rows("contents")]
        assert known == ([b"in the zip"] if file == "a.zip" else [])
    assert "its file is missing" in Imported(import_har, tmp_path / "plain.har").facts["left_out"]


def test_ids_follow_from_the_data_and_the_names(tmp_path: Path) -> None:
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        written(tmp_path / place / "a.har", entry(SHOP))
        written(tmp_path / place / "b.har", entry(SHOP), entry(SHOP))
    first, second = (Imported(import_har, tmp_path / place) for place in ("one", "two"))
    ids = ("crawl_id", "visit_id", "attempt")
    assert first.columns("visits", *ids) == second.columns("visits", *ids)
    assert len(set(first.columns("visits", *ids))) == 2


def test_no_other_column_is_filled(tmp_path: Path) -> None:
    """`FILLS` says what analyses may rely on; a column that is unknown is NULL, not zero."""
    socket = [{"type": "send", "time": 1, "opcode": 2, "data": "AP8="}]
    run = Imported(
        import_har,
        written(
            tmp_path / "a.har",
            entry(
                SHOP,
                content("<p>"),
                {"postData": {"mimeType": "a/b", "text": "x"}},
                _webSocketMessages=socket,
            ),
        ),
    )
    for table in RAW:
        assert table in FILLS or not run.rows(table), table
        for row in run.rows(table):
            assert {name for name, value in row.items() if value is not None} <= set(FILLS.get(table, ())), (
                table
            )

"""Web archives of our crawls and of other tools: pages, requests and bodies, and what damage costs."""

import gzip
import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from overscripted.analyses.run import analyze
from overscripted.errors import InputError
from overscripted.etl.importers.warc import FILLS
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.foreign.ids import visit_id
from overscripted.run import Run
from overscripted.schemas import RAW
from overscripted.warc import writing
from overscripted.warc.navigation import is_navigation
from tests.etl.conftest import SHARED, by

CAPTURES = SHARED / "warc"
BEGAN = datetime(2026, 11, 30, 1, 2, 3, tzinfo=UTC)
A, B, CDN = "https://a.example/", "https://b.example/", "https://cdn.example/t.js"
HTML, SCRIPT = {"Content-Type": "text/html; charset=utf-8"}, {"Content-Type": "text/javascript"}
DOCUMENT, NO_CORS = {"Sec-Fetch-Dest": "document"}, {"Sec-Fetch-Dest": "script"}
CODE = b"navigator.userAgent"


class Archive:
    """A WARC file that grows, an exchange a second."""

    def __init__(self) -> None:
        self.data, self.n = b"", 0

    def add(
        self,
        url: str,
        status: int = 200,
        body: bytes = b"",
        came: dict[str, str] | None = None,
        asked: dict[str, str] | None = None,
        *,
        method: str = "GET",
        sent: bytes = b"",
        warc: dict[str, str] | None = None,
        kind: str = "response",
        request_first: bool = False,
    ) -> str:
        """Add a request and its response; the id of the response's record."""
        when = {"WARC-Date": writing.date(BEGAN + timedelta(seconds=self.n))} | (warc or {})
        answer, question = writing.new_id(), writing.new_id()
        response = self._record(
            kind, url, when | {"WARC-Record-ID": answer}, f"HTTP/1.1 {status} X", came, body
        )
        fields = when | {"WARC-Record-ID": question, "WARC-Concurrent-To": answer}
        request = self._record("request", url, fields, f"{method} / HTTP/1.1", asked, sent)
        self.data += request + response if request_first else response + request
        self.n += 1
        return answer

    def add_other(self, kind: str, fields: dict[str, str], content: bytes, url: str = "") -> None:
        """Add a record that is no message of HTTP."""
        own = {"WARC-Record-ID": writing.new_id(), "WARC-Date": writing.date(BEGAN)} | fields
        self.data += writing.record(kind, url, own, "application/json", content)

    @staticmethod
    def _record(
        kind: str, url: str, fields: dict[str, str], first: str, headers: dict[str, str] | None, body: bytes
    ) -> bytes:
        block = writing.http_block(first, (headers or {}).items(), body)
        of = "request" if kind == "request" else "response"
        made = writing.record(of, url, fields, f"application/http; msgtype={of}", block)
        # warcio would write a revisit without its headers of HTTP.
        named = f"WARC-Type: {kind}".encode()
        return gzip.compress(gzip.decompress(made).replace(b"WARC-Type: " + of.encode(), named))

    def write(self, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.data)
        return path


def _wacz(path: Path, archive: Archive, *pages: dict[str, Any] | str) -> Path:
    lines = [json.dumps(page) if isinstance(page, dict) else page for page in pages]
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("datapackage.json", "{}")
        packed.writestr("pages/pages.jsonl", '{"format": "json-pages-1.0"}\n' + "\n".join(lines) + "\n")
        packed.writestr("archive/../../data.warc.gz", archive.data)
    return path


def _imported(folder: Path, source: Path) -> tuple[Run, dict[str, Any]]:
    run = Run.open(folder / "run", create=True)
    return run, import_data("warc", str(source), run)


def _raw(run: Run, table: str, *columns: str) -> list[Any]:
    if not run.store.files(f"raw/{table}", ".parquet"):
        return []
    return [tuple(row[c] for c in columns) for row in run.store.read_table(f"raw/{table}").to_pylist()]


def _pages(run: Run) -> dict[str | None, list[str]]:
    """The URLs of each visit, by its seed."""
    sites = dict(_raw(run, "visits", "visit_id", "site_url"))
    found: dict[str | None, list[str]] = {site: [] for site in sites.values()}
    for number, url in _raw(run, "requests", "visit_id", "url"):
        found[sites[number]].append(url)
    return found


def _crawl() -> Archive:
    """Two pages of a browser without names for them: a redirect to the first, a frame, parts of both."""
    archive = Archive()
    archive.add("http://a.example/", 301, came={"Location": A}, asked=DOCUMENT)
    archive.add(A, body=b"<html>a", came=HTML | {"Set-Cookie": "id=7; Path=/"}, asked=DOCUMENT)
    archive.add(CDN, body=CODE, came=SCRIPT, asked=NO_CORS | {"Referer": A})
    archive.add("https://ads.example/f", body=b"<html>f", came=HTML, asked={"Sec-Fetch-Dest": "iframe"})
    archive.add(B, body=b"<html>b", came=HTML, asked=DOCUMENT, request_first=True)
    archive.add("https://ads.example/f2", 404, asked={"Referer": "https://ads.example/f"})  # the frame of A
    archive.add("https://b.example/x", 204, asked={"Referer": B}, method="POST", sent=b"k=v")
    return archive


# -- pages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "changes"),
    [
        (True, {}),
        (True, {"request": DOCUMENT, "content_type": "application/pdf", "status": 404}),
        (False, {"request": {"Sec-Fetch-Dest": "iframe"}}),
        (False, {"request": {"Sec-Fetch-Dest": "empty"}}),
        (True, {"request": {"Accept": "text/html,*/*;q=0.8"}}),
        (False, {"request": {"Accept": "*/*", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}}),
        (True, {"request": {"Accept": "*/*", "User-Agent": "Wget/1.21.3"}}),
        (True, {"status": 301, "request": {"Accept": "*/*", "User-Agent": "Wget/1.21.3"}}),
        (False, {"request": {"Accept": "image/*", "User-Agent": "Wget/1.21.3"}}),
        (True, {"request": {"Referer": "https://a.example/other"}}),
        (False, {"request": {"Referer": B}}),
        (True, {"request": {"Referer": f"https://recorder.example/mine/record/{A}"}}),
        (True, {"request": {"Referer": "https://recorder.example/mine/record/http://a.example/"}}),
        (False, {"status": 404}),
        (False, {"status": None}),
        (False, {"content_type": "application/json"}),
        (False, {"method": "POST"}),
        (True, {"status": 302, "request": {"Accept": "text/html"}, "content_type": ""}),
        (False, {"status": 302, "content_type": ""}),  # nothing says that it was for a document
        (False, {"url": "dns:a.example"}),
        (False, {"url": "urn:pageinfo:https://a.example/"}),
    ],
)
def test_what_counts_as_the_document_of_a_page(wanted: bool, changes: dict[str, Any]) -> None:
    given = {"url": A, "method": "GET", "request": {}, "status": 200, "content_type": "text/html"} | changes
    given["request"] = {name.lower(): value for name, value in given["request"].items()}
    assert is_navigation(**given) is wanted


def test_an_archive_becomes_exactly_its_pages_requests_and_bodies(tmp_path: Path) -> None:
    run, facts = _imported(tmp_path, _crawl().write(tmp_path / "crawl.warc.gz"))
    run_etl(run)
    assert _pages(run) == {
        "http://a.example/": ["http://a.example/", A, CDN, "https://ads.example/f", "https://ads.example/f2"],
        B: [B, "https://b.example/x"],
    }
    sha256 = hashlib.sha256(CODE).hexdigest()
    columns = (
        "url",
        "hop",
        "method",
        "resource_type",
        "frame_id",
        "status",
        "size",
        "body_sha256",
        "redirect_url",
    )
    assert by(run, "requests", *columns) == [
        ("http://a.example/", 0, "GET", "main_frame", 0, 301, 0, None, A),
        (A, 1, "GET", "main_frame", 0, 200, 7, None, None),
        ("https://ads.example/f", 0, "GET", "sub_frame", None, 200, 7, None, None),
        ("https://ads.example/f2", 0, "GET", None, None, 404, 0, None, None),
        (B, 0, "GET", "main_frame", 0, 200, 7, None, None),
        ("https://b.example/x", 0, "POST", None, None, 204, 0, None, None),
        (CDN, 0, "GET", "script", None, 200, len(CODE), sha256, None),
    ]
    assert by(run, "visits", "site_url", "final_url", "http_status", "outcome") == [
        ("http://a.example/", A, 200, "complete"),
        (B, B, 200, "complete"),
    ]
    assert _raw(run, "scripts", "sha256", "content") == [(sha256, CODE)]
    assert {content for (content,) in by(run, "contents", "content")} == {
        *(b"<html>a", b"<html>b", b"<html>f", b"k=v")
    }
    assert by(run, "request_bodies", "size", "n_kept") == [(3, 3)]
    assert by(run, "cookies", "host", "name", "value") == [("a.example", "id", "7")]
    assert (facts["rows_read"], facts["rows_kept"]) == (14, 14)
    # No call was recorded: nothing may be said about calls.
    assert not run.store.files("raw/calls", ".parquet") and not run.store.files("raw/instruments", ".parquet")
    unknown = {"session_replay", "dynamic_code", "cryptojacking", "fingerprinting", "mining", "evercookies"}
    found = analyze(run, (*sorted(unknown), "hygiene"))
    assert {name for name, finding in found.items() if finding.unsupported} == unknown


def test_our_archives_name_visits_and_only_the_last_attempt_counts(tmp_path: Path) -> None:
    archive = Archive()
    for attempt, body in ((1, b"<html>first"), (2, b"<html>second")):
        visit = {
            "visit_id": 7,
            "attempt": attempt,
            "site_url": A,
            "variant": "de",
            "wave": 2,
            "outcome": "timeout",
        }
        archive.add_other("metadata", {"WARC-Page-ID": "7"}, json.dumps(visit).encode(), url=A)
        about = {"request_id": "31", "hop": 0, "attempt": attempt, "resource_type": "main_frame"}
        named = {"WARC-Page-ID": "7", "WARC-JSON-Metadata": json.dumps(about)}
        stored = HTML | {"X-Archive-Orig-Content-Encoding": "br", "Content-Length": str(len(body))}
        stored["X-Archive-Orig-Content-Length"] = "3"
        archive.add(A, body=body, came=stored, warc=named)
        about |= {"request_id": "32", "resource_type": "beacon", "from_cache": True}
        archive.add(B, 204, warc=named | {"WARC-JSON-Metadata": json.dumps(about)}, method="POST", sent=b"x")
    run, facts = _imported(
        tmp_path, archive.write(tmp_path / "archive" / "worker=w" / "1.warc.gz").parents[1]
    )
    assert _raw(run, "visits", "visit_id", "attempt", "site_url", "variant", "wave", "outcome") == [
        (7, 1, A, "de", 2, "timeout")
    ]
    columns = ("visit_id", "request_id", "url", "resource_type", "from_cache")
    assert _raw(run, "requests", *columns) == [(7, "31", A, "main_frame", None), (7, "32", B, "beacon", True)]
    ((headers,), *_) = _raw(run, "requests", "response_headers")
    assert json.loads(headers) == [
        ["Content-Type", HTML["Content-Type"]],
        ["Content-Encoding", "br"],
        ["Content-Length", "3"],
    ]
    assert {content for (content,) in _raw(run, "contents", "content")} == {b"<html>second", b"x"}
    assert "2 of responses: of an attempt at a visit that was made again" in facts["left_out"]


@pytest.mark.parametrize("named", [True, False])
def test_a_wacz_file_lists_its_pages(tmp_path: Path, named: bool) -> None:
    """Records of newer tools name their page; of others a listed page has the response with its URL."""
    archive = Archive()
    for page, url in (("p1", A), ("p2", B)):
        fields = {"WARC-Page-ID": page} if named else {}
        archive.add(url, body=url.encode(), came=HTML, warc=fields)
        archive.add(
            f"{url}x.css", came={"Content-Type": "text/css"}, body=b"a{}", warc=fields, asked={"Referer": url}
        )
    archive.add_other("resource", {}, b"{}", url="urn:pageinfo:https://a.example/")
    pages = [{"id": "p1", "url": A, "title": "First", "ts": "2026-11-30T01:02:00Z"}, {"id": "p2", "url": B}]
    pages.append({"id": "p3", "url": "https://c.example/"})
    run, facts = _imported(tmp_path, _wacz(tmp_path / "crawl.wacz", archive, *pages, "no json"))
    assert _pages(run) == {A: [A, f"{A}x.css"], B: [B, f"{B}x.css"], "https://c.example/": []}
    outcomes = {
        site: (outcome, title) for site, outcome, title in _raw(run, "visits", "site_url", "outcome", "title")
    }
    assert outcomes == {
        A: ("complete", "First"),
        B: ("complete", None),
        "https://c.example/": ("incomplete", None),
    }
    assert "1 of pages: no object of JSON" in facts["left_out"]
    assert facts["tables_ignored"] == "resource (1 row)"
    assert {number for (number,) in _raw(run, "visits", "visit_id")} >= {visit_id("warc", "p1", A)}


# -- bodies and damage ------------------------------------------------------------------------


def test_bodies_are_decoded_and_what_is_not_there_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overscripted.etl.importers.warc.IMPORT_BODY_BYTES", 1000)
    archive = Archive()
    archive.add(A, body=gzip.compress(b"<html>a"), came=HTML | {"Content-Encoding": "gzip"}, asked=DOCUMENT)
    first = archive.add(CDN, body=CODE, came=SCRIPT, asked=NO_CORS)
    known = {"WARC-Refers-To": first, "WARC-Profile": writing.REVISIT}
    archive.add(CDN + "?2", came=SCRIPT, asked=NO_CORS, warc=known, kind="revisit")
    gone = {"WARC-Refers-To": writing.new_id(), "WARC-Profile": writing.REVISIT}
    archive.add(CDN + "?3", came=SCRIPT, asked=NO_CORS, warc=gone, kind="revisit")
    bomb = gzip.compress(bytes(100_000))
    archive.add(CDN + "?4", body=bomb, came=SCRIPT | {"Content-Encoding": "gzip"}, asked=NO_CORS)
    archive.add(CDN + "?5", body=b"half", came=SCRIPT, asked=NO_CORS, warc={"WARC-Truncated": "length"})
    archive.add_other("response", {}, b"20261130010203\na.example", url="dns:a.example")
    run, facts = _imported(tmp_path, archive.write(tmp_path / "crawl.warc.gz"))
    sha256 = hashlib.sha256(CODE).hexdigest()
    scripts = [(url, body) for url, body in _raw(run, "requests", "url", "body_sha256") if url != A]
    assert [body for _, body in scripts] == [sha256, sha256, None, None, None]
    assert _raw(run, "requests", "size") == [(7,), (len(CODE),), (len(CODE),), (None,), (None,), (None,)]
    assert {content for (content,) in _raw(run, "contents", "content")} == {b"<html>a"}
    for reason in (
        "1 of bodies: body of a response: cut in the archive",
        "1 of bodies: body of a response: in a record that is not in the archive",
        "1 of bodies: of a response: longer than 1,000 bytes",
        "1 of responses: not of HTTP",
    ):
        assert reason in facts["left_out"]


def test_a_damaged_record_costs_one_record_and_is_named(tmp_path: Path) -> None:
    whole = _crawl()
    archive = Archive()
    archive.add(A, body=b"<html>a", came=HTML, asked=DOCUMENT)
    damaged = bytearray(archive.data)
    damaged[len(damaged) // 4] ^= 0xFF
    path = tmp_path / "data" / "crawl.warc.gz"
    path.parent.mkdir()
    path.write_bytes(whole.data + bytes(damaged))
    run, facts = _imported(tmp_path, path)
    assert len(_raw(run, "requests", "url")) >= 7
    assert "of records: " in facts["left_out"] and "crawl.warc.gz, byte" in facts["damaged_records"]
    before = run.store.files("raw")
    with pytest.raises(InputError, match=r"--strict: .*crawl\.warc\.gz, byte"):
        import_data("warc", str(path), run, strict=True)
    assert run.store.files("raw") == before


def test_the_same_records_in_two_files_count_once(tmp_path: Path) -> None:
    """Here also in a WACZ file that was unpacked into a folder of its name."""
    archive = _crawl()
    folder = tmp_path / "archives"
    archive.write(folder / "x.wacz" / "archive" / "data.warc.gz")
    _wacz(folder / "y.wacz", archive)
    run, facts = _imported(tmp_path, folder)
    assert facts["requests"] == archive.n == len(_raw(run, "requests", "url"))
    assert f"{archive.n} of responses: a copy of a record that was read before" in facts["left_out"]


def test_our_archive_says_what_is_a_document(tmp_path: Path) -> None:
    archive = Archive()
    for n, (url, kind) in enumerate(((A, "main_frame"), (B, "sub_frame"), (A, "xmlhttprequest"))):
        about = json.dumps({"request_id": str(n), "hop": 0, "resource_type": kind})
        named = {"WARC-Page-ID": "7", "WARC-JSON-Metadata": about}
        archive.add(url, body=b"<html>", came=HTML, warc=named, asked=DOCUMENT)
    visit = json.dumps({"visit_id": 7, "site_url": A}).encode()
    archive.add_other("metadata", {"WARC-Page-ID": "7"}, visit, url=A)
    run, _ = _imported(tmp_path, archive.write(tmp_path / "a.warc.gz"))
    assert _raw(run, "requests", "resource_type") == [("main_frame",), ("sub_frame",), ("xmlhttprequest",)]
    assert _raw(run, "visits", "final_url") == [(A,)]


@pytest.mark.parametrize("told", [B, ""])
def test_a_document_of_another_tab_does_not_move_where_a_visit_ended(tmp_path: Path, told: str) -> None:
    """Our archives say where it ended. Without that it is where the redirects of its first document led."""
    archive = Archive()
    hops = ((A, 301, {"Location": B}, "1"), (B, 200, HTML, "1"), (f"{B}popup", 404, HTML, "2"))
    for url, status, came, number in hops:
        about = json.dumps({"request_id": number, "resource_type": "main_frame"})
        fields = {"WARC-Page-ID": "7", "WARC-JSON-Metadata": about}
        archive.add(url, status, body=b"<html>", came=came, warc=fields)
    visit = {"visit_id": 7, "site_url": A, "title": "B", "started": BEGAN.isoformat()}
    visit |= {"final_url": f"{told}#top"} if told else {}
    for content in (visit, {"request_id": "3", "websocket_messages": []}):
        archive.add_other("metadata", {"WARC-Page-ID": "7"}, json.dumps(content).encode(), url=A)
    run, facts = _imported(tmp_path, archive.write(tmp_path / "a.warc.gz"))
    columns = ("visit_id", "site_url", "final_url", "http_status", "title", "started")
    final_url = visit.get("final_url", B)
    assert _raw(run, "visits", *columns) == [(7, A, final_url, 200, "B", BEGAN)]
    assert facts["tables_ignored"] == "messages of a WebSocket (1 row)"


@pytest.mark.parametrize("named_by", ["record", "address", "digest"])
def test_a_revisit_has_the_body_of_a_record_that_comes_later(tmp_path: Path, named_by: str) -> None:
    """So it is in archives of several workers, and of Webrecorder."""
    digest = {"WARC-Payload-Digest": "sha1:ABC"}
    original = Archive()
    name = original.add(
        CDN, body=CODE, came=SCRIPT, asked=NO_CORS, warc=digest if named_by == "digest" else {}
    )
    refers = {
        "record": {"WARC-Refers-To": name},
        "address": {"WARC-Refers-To-Target-URI": CDN, "WARC-Refers-To-Date": writing.date(BEGAN)},
        "digest": digest,
    }[named_by]
    archive = Archive()
    archive.n = 1
    for _ in range(2):
        cut = {"WARC-Truncated": "length"}  # as some tools say of a record without its body
        archive.add(CDN, came=SCRIPT, asked=NO_CORS, warc=refers | cut, kind="revisit")
    archive.data += original.data
    run, facts = _imported(tmp_path, archive.write(tmp_path / "a.warc.gz"))
    assert _raw(run, "requests", "body_sha256", "size") == [(hashlib.sha256(CODE).hexdigest(), len(CODE))] * 3
    assert "left_out" not in facts


def test_a_revisit_of_a_body_that_is_cut_says_so(tmp_path: Path) -> None:
    archive = Archive()
    name = archive.add(CDN, body=CODE, came=SCRIPT, warc={"WARC-Truncated": "length"})
    archive.add(CDN, came=SCRIPT, asked=NO_CORS, warc={"WARC-Refers-To": name}, kind="revisit")
    _, facts = _imported(tmp_path, archive.write(tmp_path / "a.warc.gz"))
    assert "2 of bodies: body of a response: cut in the archive" in facts["left_out"]


def test_a_redirect_of_a_part_belongs_to_the_page_of_the_part(tmp_path: Path) -> None:
    archive, wget = Archive(), {"Accept": "*/*", "User-Agent": "Wget/1.21.3"}
    archive.add(A, body=b"<html>", came=HTML, asked=wget)
    archive.add(f"{A}old.png", 301, came={"Location": "/new.png"}, asked=wget | {"Referer": A})
    archive.add(B, body=b"<html>", came=HTML, asked=wget)
    archive.add(f"{A}new.png", body=b"x", came={"Content-Type": "image/png"}, asked=wget | {"Referer": A})
    run, _ = _imported(tmp_path, archive.write(tmp_path / "a.warc.gz"))
    assert _pages(run) == {A: [A, f"{A}old.png", f"{A}new.png"], B: [B]}


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", create=True)
    (tmp_path / "a.wacz").write_bytes(b"no zip")
    (tmp_path / "b.warc").write_bytes(b"no record\r\n")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("pages/pages.jsonl", "{}")
    (tmp_path / "c.wacz").write_bytes(buffer.getvalue())
    for name in ("a.wacz", "b.warc", "c.wacz", "missing.warc"):
        with pytest.raises(InputError, match=name.replace(".", r"\.")):
            import_data("warc", str(tmp_path / name), run)


# -- real captures ----------------------------------------------------------------------------


@pytest.mark.skipif(not CAPTURES.exists(), reason="needs ../shared/data/warc")
def test_a_capture_of_a_browsing_session_has_the_pages_that_were_visited(tmp_path: Path) -> None:
    """Made in 2014, before Sec-Fetch-Dest; two thirds of its responses are revisits."""
    run, facts = _imported(tmp_path, CAPTURES / "iana.warc.gz")
    assert (facts["requests"], facts["visits"], facts["scripts"]) == (171, 16, 2)
    pages = _pages(run)
    assert all(site and site.startswith("http://www.iana.org/") and urls for site, urls in pages.items())
    assert pages["http://www.iana.org/domains/root/db/"][:2] == [
        "http://www.iana.org/domains/root/db/",
        "http://www.iana.org/domains/root/db",
    ]
    bodies = [sha for url, sha in _raw(run, "requests", "url", "body_sha256") if url.endswith("/jquery.js")]
    assert len(bodies) == 16 and len(set(bodies)) == 1 and bodies[0]
    assert "rows_left_out" not in facts


@pytest.mark.skipif(not CAPTURES.exists(), reason="needs ../shared/data/warc")
@pytest.mark.parametrize(
    ("name", "requests", "visits"),
    [("gov.uk-a.warc.gz", 62, 33), ("embed-test.warc", 32, 4), ("netpreserve-twitter.warc", 151, 5)],
)
def test_captures_of_other_tools_are_read_whole(
    tmp_path: Path, name: str, requests: int, visits: int
) -> None:
    run, facts = _imported(tmp_path, CAPTURES / name)
    assert (facts["requests"], facts["visits"]) == (requests, visits)
    assert not any(method is None for (method,) in _raw(run, "requests", "method"))
    assert len(_raw(run, "contents", "sha256")) == facts["contents"] > 0


def test_no_other_column_is_filled(tmp_path: Path) -> None:
    """`FILLS` says what analyses may rely on; a column that is unknown is NULL, not zero."""
    run, _ = _imported(tmp_path, _crawl().write(tmp_path / "crawl.warc.gz"))
    for table in RAW:
        rows = run.store.read_table(f"raw/{table}").to_pylist() if run.store.files(f"raw/{table}") else []
        filled = {name for row in rows for name, value in row.items() if value is not None}
        assert filled <= set(FILLS.get(table, ())), table


@pytest.mark.spark
def test_spark_makes_the_same_requests(tmp_path: Path, spark: Any) -> None:
    run, _ = _imported(tmp_path, _crawl().write(tmp_path / "crawl.warc.gz"))
    run_etl(run)
    duck = by(run, "requests", "url", "hop", "status", "domain", "is_third_party")
    run_etl(run, "spark", full=True)
    assert by(run, "requests", "url", "hop", "status", "domain", "is_third_party") == duck

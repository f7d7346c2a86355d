"""`crawl --record` keeps every request and response of a visit as WARC, as the browser got them."""

import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from overscripted.crawl import run as crawls
from overscripted.crawl import settings
from overscripted.crawl.instrument.protocol import Gap
from tests.crawl.raw import Raw
from tests.crawl.recorded import Kept, kept
from tests.crawl.recorded_web import HUGE, IMAGE, LARGE, POSTED, SCRIPT, RecordedWeb

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]


@dataclass
class Crawled:
    web: RecordedWeb
    run: Path
    records: list[Kept]

    def of(self, path: str, kind: str, method: str = "") -> list[Kept]:
        """The records of an address, by the end of it."""
        found = [it for it in self.records if it.kind == kind and it.url.endswith(path)]
        return [it for it in found if not method or it.first.startswith(method)]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("recorded")
    options = settings.Options(
        dwell_s=6.0, windows=1, allow_private=True, record=True, instrument="fingerprinting", per_domain=0
    )
    with pytest.MonkeyPatch.context() as patch, RecordedWeb() as web:
        patch.setattr(settings, "ARCHIVE_CAPS", {"body": 100_000, "unannounced": 100_000, "visit": 2**22})
        (folder / "seeds.txt").write_text(web.page, encoding="utf-8")
        facts = crawls.crawl(str(folder / "run"), options, str(folder / "seeds.txt"))
        assert facts["complete"] == 1 and web.asked["done"] == 1
        yield Crawled(web, folder / "run", kept(folder / "run"))


def test_each_request_has_its_records_and_there_are_no_others(crawled: Crawled) -> None:
    web = crawled.web
    expected = Counter(
        {
            ("GET", f"{web.base}/page"): 1,
            ("GET", f"{web.base}/style.css"): 1,
            ("GET", f"{web.base}/script.js"): 1,
            ("GET", f"{web.base}/one.png"): 1,
            ("GET", f"{web.base}/two.png"): 1,
            ("GET", f"{web.other}/frame"): 1,
            ("GET", f"{web.base}/redirect/1"): 1,
            ("GET", f"{web.base}/redirect/2"): 1,
            ("GET", f"{web.base}/target"): 1,
            ("POST", f"{web.base}/post"): 1,
            ("OPTIONS", f"{web.other}/put"): 1,
            ("PUT", f"{web.other}/put"): 1,
            ("GET", f"{web.base}/cached"): 2,
            ("GET", f"{web.base}/revalidated"): 2,
            ("GET", f"{web.base}/large"): 1,
            ("GET", f"{web.base}/broken"): 1,
            ("GET", f"{web.base}/nothing"): 1,
            ("GET", f"{web.hostile}/"): 1,
            ("GET", f"{web.closed}/"): 1,
            ("GET", f"{web.base}/worker.js"): 1,
            ("GET", f"{web.base}/events"): 1,
            ("GET", f"{web.base}/service_worker.js"): 1,
            ("GET", f"{web.base}/by-service-worker"): 1,
            ("GET", f"{web.base}/done"): 1,
        }
    )
    asked = Counter(
        (it.first.split()[0], it.url) for it in crawled.records if it.kind == "request" and it.first
    )
    assert asked == expected
    socket = [it for it in crawled.records if it.url == f"ws{web.base[4:]}/socket"]
    assert [it.kind for it in socket] == ["request", "response", "metadata"]
    answered = Counter(it.url for it in crawled.records if it.kind in ("response", "revisit") and it.first)
    missing = Counter(url for _, url in expected.elements()) - answered
    assert missing == {f"{web.closed}/": 1}
    assert answered.total() == expected.total() - 1


def test_a_body_is_kept_as_its_page_gets_it(crawled: Crawled) -> None:
    (page,) = crawled.of("/page", "response")
    (script,) = crawled.of("/script.js", "response")
    (put,) = crawled.of("/put", "response")[1:]
    assert page.body.startswith(b"<!doctype html><title>x</title><link rel=icon")
    assert script.body == SCRIPT and put.body == b"put"
    for record, encoding in ((page, "gzip"), (script, "br")):
        assert record.header("Content-Encoding") == []
        assert record.header("X-Archive-Orig-Content-Encoding") == [encoding]
        assert record.header("Content-Length") == [str(len(record.body))]
        assert "WARC-Truncated" not in record.warc
    (style,) = crawled.of("/style.css", "response")
    assert style.header("X-Archive-Orig-Content-Encoding") == []
    (frame,) = crawled.of("/frame", "response")
    (worker,) = crawled.of("/worker.js", "response")
    assert (frame.body, worker.body) == (b"<!doctype html><p>a frame", b"navigator.userAgent")
    (answer,) = crawled.of("/by-service-worker", "response")
    assert answer.body == b"made by the worker" and answer.about["by_service_worker"] is True
    assert not crawled.web.asked["by-service-worker"]


def test_hops_of_a_redirect_are_records_of_their_own(crawled: Crawled) -> None:
    chain = [crawled.of(path, "response")[0] for path in ("/redirect/1", "/redirect/2", "/target")]
    assert [it.first for it in chain] == ["302 Found", "302 Found", "200 OK"]
    assert [it.about.get("hop", 0) for it in chain] == [0, 1, 2]
    assert len({it.about["request_id"] for it in chain}) == 1
    assert [it.header("Location") for it in chain] == [["/redirect/2"], ["/target"], []]
    assert [it.warc.get("WARC-Truncated") for it in chain] == [None] * 3


def test_a_request_has_its_body_and_names_its_response(crawled: Crawled) -> None:
    (sent,) = crawled.of("/post", "request")
    (got,) = crawled.of("/post", "response")
    assert sent.body == b"a=1&b=%C3%BC" and POSTED
    assert sent.first == "POST /post HTTP/1.1"
    assert sent.header("Content-Type") == ["application/x-www-form-urlencoded;charset=UTF-8"]
    assert sent.warc["WARC-Concurrent-To"] == got.warc["WARC-Record-ID"]
    assert sent.warc["WARC-Page-ID"] == got.warc["WARC-Page-ID"]
    assert sent.warc["WARC-Date"] == got.warc["WARC-Date"]


def test_a_body_that_came_twice_is_stored_once(crawled: Crawled) -> None:
    pictures = [it for it in crawled.records if it.url.endswith(".png") and it.kind != "request"]
    first, second = pictures
    assert (first.kind, first.body, second.kind, second.body) == ("response", IMAGE, "revisit", b"")
    assert second.warc["WARC-Refers-To"] == first.warc["WARC-Record-ID"]
    assert second.warc["WARC-Refers-To-Target-URI"] == first.url
    assert second.warc["WARC-Refers-To-Date"] == first.warc["WARC-Date"]
    assert second.warc["WARC-Payload-Digest"] == first.warc["WARC-Payload-Digest"]


def test_what_the_cache_answered_is_known_and_whole(crawled: Crawled) -> None:
    for path, body in (("/cached", b"cached"), ("/revalidated", b"validated")):
        first = crawled.of(path, "response")[0]
        again = crawled.of(path, "revisit")[0]
        assert (first.body, first.first, again.first) == (body, "200 OK", "200 OK")
        assert again.warc["WARC-Refers-To"] == first.warc["WARC-Record-ID"]
        assert (first.about.get("from_cache"), again.about.get("from_cache")) == (None, True)


def test_what_is_not_whole_says_so(crawled: Crawled) -> None:
    (large,) = crawled.of("/large", "response")
    assert (large.warc["WARC-Truncated"], large.body) == ("length", b"")
    assert large.header("X-Archive-Orig-Content-Length") == [str(len(LARGE))]
    (events,) = crawled.of("/events", "response")
    assert (events.warc["WARC-Truncated"], events.body) == ("time", b"data: first\n\n")
    (visit,) = Raw(str(crawled.run)).visits.values()
    assert json.loads(visit["known_gaps"])[Gap.RESPONSE_BODY_SIZE] == 1
    (failed,) = [it for it in crawled.records if it.url == f"{crawled.web.closed}/"]
    assert (failed.kind, failed.about["error"]) == ("request", "NS_ERROR_CONNECTION_REFUSED")
    (nothing,) = crawled.of("/nothing", "response")
    assert (nothing.first, nothing.body, "WARC-Truncated" in nothing.warc) == ("204 No Content", b"", False)


def test_odd_headers_are_kept_and_break_nothing(crawled: Crawled) -> None:
    (odd,) = [it for it in crawled.records if it.url == f"{crawled.web.hostile}/" and it.kind == "response"]
    assert odd.body == b"odd"
    assert (odd.header("X-Latin"), odd.header("X-Utf"), odd.header("X-Empty")) == (["café"], ["café"], [""])
    assert odd.header("X-Huge") == [HUGE] and odd.header("Set-Cookie") == ["a=1", "b=2"]


def test_a_sockets_messages_are_kept(crawled: Crawled) -> None:
    (socket,) = [it for it in crawled.records if it.kind == "metadata" and it.url.endswith("/socket")]
    messages = json.loads(socket.body)["websocket_messages"]
    assert [(m["direction"], m["opcode"], m["data"]) for m in messages[:2]] == [
        ("sent", "text", "hello"),
        ("received", "text", "echo hello"),
    ]
    assert {m["close_code"] for m in messages if m["opcode"] == "close"} == {1000}


def test_files_begin_with_who_wrote_them_and_visits_with_what_they_are(crawled: Crawled) -> None:
    (visit,) = Raw(str(crawled.run)).visits.values()
    assert [it.kind for it in crawled.records[:2]] == ["warcinfo", "metadata"]
    assert b"\r\nrobots: ignore\r\n" in crawled.records[0].body
    about = json.loads(crawled.records[1].body)
    assert (about["site_url"], about["visit_id"], about["attempt"], about["outcome"]) == (
        crawled.web.page,
        visit["visit_id"],
        1,
        "complete",
    )
    assert {it.warc["WARC-Page-ID"] for it in crawled.records[1:]} == {str(visit["visit_id"])}


def test_each_record_passes_the_check_of_warcio(crawled: Crawled) -> None:
    n = 0
    for file in (crawled.run / "archive").glob("*.warc.gz"):
        stream = ArchiveIterator(io.BytesIO(file.read_bytes()), check_digests="raise")
        for record in stream:
            record.content_stream().read()
            n += 1
        assert stream.err_count == 0
    assert n == len(crawled.records)

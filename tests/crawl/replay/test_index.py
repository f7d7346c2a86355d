"""What archives hold becomes pages and captures, of every tool's archives; what is damaged costs itself."""

import base64
import gzip
import hashlib
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from overscripted.crawl.repeat import Repeat
from overscripted.crawl.replay import settings
from overscripted.crawl.replay.answers import Answers, VisitReplay
from overscripted.crawl.replay.matching import Asked, normal
from overscripted.crawl.replay.opening import Archives, opened
from overscripted.errors import InputError
from tests.crawl.archive import CAPTURES
from tests.crawl.replay.archives import Warc

SITE = "https://site.example/"


class Reader:
    """Asks opened archives, one visit after the other."""

    def __init__(self, archives: Archives) -> None:
        self.archives = archives

    async def visit(self, url: str, variant: str = "", wave: int = 1, follows: bool = False) -> VisitReplay:
        return await self.archives.answers.visit(url, url, variant, wave, follows)

    async def get(self, visit: VisitReplay, url: str, **asked: Any) -> tuple[str, bytes]:
        """The rule and the body of an answer."""
        answers: Answers = self.archives.answers
        request = Asked(asked.pop("method", "GET"), normal(url), **asked)
        response, row = await answers.answer(request, False, visit)
        return str(row["rule"]), response.body


async def test_each_visit_gets_the_responses_of_its_own_page(tmp_path: Path) -> None:
    with Warc(tmp_path / "a.warc.gz") as warc:
        for page, seed, variant in (
            ("1", "https://a.example/", ""),
            ("2", "https://b.example/", ""),
            ("3", "https://b.example/", "phone"),
        ):
            warc.answer(seed, f"page {page}", page=page)
            warc.answer("https://cdn.example/lib.js", f"lib {page}", page=page)
            warc.page(page, seed, variant=variant, attempt=1)
        warc.answer("https://cdn.example/only-2.js", "two", page="2")
    with opened((str(tmp_path / "a.warc.gz"),)) as archives:
        assert archives
        reader, lib = Reader(archives), "https://cdn.example/lib.js"
        assert list(archives.seeds()) == ["https://a.example/", "https://b.example/"]
        first, second = await reader.visit("https://a.example/"), await reader.visit("https://b.example/")
        phone = await reader.visit("https://b.example/", "phone")
        tablet = await reader.visit("https://b.example/", "tablet")
        assert await reader.get(first, lib) == ("exact", b"lib 1")
        assert await reader.get(second, lib) == ("exact", b"lib 2")
        assert await reader.get(phone, lib) == ("exact", b"lib 3")
        assert await reader.get(tablet, lib) == ("exact", b"lib 2")  # of the variants there are, the first
        # What another visit got is not what this one got.
        only = "https://cdn.example/only-2.js"
        assert (await reader.get(first, only))[0] == "miss"
        assert await reader.get(second, only) == ("exact", b"two")
        assert await archives.answers.knows("https://b.example", first) is None
        # A seed that was not captured as a page is answered by all.
        other = await reader.visit("https://other.example/")
        assert other.page is None
        assert await reader.get(other, only) == ("exact", b"two")


async def test_a_visit_was_captured_when_its_first_response_was(tmp_path: Path) -> None:
    page, other = "https://a.example/", "https://b.example/"
    with Warc(tmp_path / "a.warc") as warc:
        warc.page("1", page, attempt=1)
        for url, name, date in (
            (other, "", "2026-01-01T00:00:00Z"),
            (f"{page}script.js", "1", "2026-01-02T00:00:09Z"),
            (page, "1", "2026-01-02T00:00:05.250Z"),
            (page, "2", "2026-01-01T00:00:00Z"),
        ):
            warc.answer(url, "x", page=name, date=date)
    with opened((str(tmp_path / "a.warc"),)) as archives:
        assert archives
        reader, answers = Reader(archives), archives.answers
        assert await answers.captured(page, await reader.visit(page)) == "2026-01-02T00:00:05.250Z"
        assert await answers.captured(other, await reader.visit(other)) == "2026-01-01T00:00:00Z"
        unknown = "https://c.example/"
        assert await answers.captured(unknown, await reader.visit(unknown)) == ""


def test_a_clock_is_moved_by_the_time_since_the_capture() -> None:
    day = 86_400_000
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert -day - 60_000 < Repeat.of(yesterday, ()).members()["shift"] <= -day
    assert Repeat.of("2026-01-02T03:04:05", ()).captured == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for nothing in ("", "no date"):
        assert Repeat.of(nothing, ()).members() == {"shift": None, "key": ""}
    assert Repeat.of("", ("a", 1)).key != Repeat.of("", ("a", 2)).key != ""


async def test_only_the_last_attempt_of_a_visit_counts(tmp_path: Path) -> None:
    with Warc(tmp_path / "a.warc") as warc:
        for attempt in (1, 3, 2):
            fields = {"WARC-JSON-Metadata": json.dumps({"attempt": attempt})}
            warc.answer(SITE, f"attempt {attempt}", page="9", fields=fields)
            if attempt != 3:  # killed before the row of its visit
                warc.page("9", SITE, attempt=attempt)
    with opened((str(tmp_path),)) as archives:
        assert archives
        reader = Reader(archives)
        assert await reader.get(await reader.visit(SITE), SITE) == ("exact", b"attempt 2")
        everything = await reader.visit("https://not-a-page.example/")
        assert await reader.get(everything, SITE) == ("exact", b"attempt 2")


async def test_several_captures_of_one_address_come_in_order_and_the_last_again(tmp_path: Path) -> None:
    with Warc(tmp_path / "a.warc") as warc:
        for second, body in ((3, "third"), (1, "first"), (2, "second")):
            warc.answer(SITE, body, date=f"2026-01-02T03:04:0{second}Z")
    with opened((str(tmp_path),)) as archives:
        assert archives
        reader = Reader(archives)
        for _ in range(2):  # visits are independent
            visit = await reader.visit(SITE)
            bodies = [(await reader.get(visit, SITE))[1] for _ in range(5)]
            assert bodies == [b"first", b"second", b"third", b"third", b"third"]


@pytest.mark.parametrize("linked", [True, False])
async def test_a_post_is_answered_by_the_post_with_its_body(tmp_path: Path, linked: bool) -> None:
    with Warc(tmp_path / "a.warc") as warc:
        for sent in (b"one", b"two"):
            warc.answer(SITE, b"for " + sent, method="POST", sent=sent, linked=linked)
        warc.answer(SITE, "for nothing", linked=linked)
    with opened((str(tmp_path),)) as archives:
        assert archives
        reader = Reader(archives)
        visit = await reader.visit("https://x.example/")

        async def post(sent: bytes) -> tuple[str, bytes]:
            return await reader.get(visit, SITE, method="POST", body_sha256=hashlib.sha256(sent).hexdigest())

        assert await post(b"two") == ("exact", b"for two")
        assert await post(b"one") == ("exact", b"for one")
        assert (await post(b"other"))[0] == "body"
        assert await reader.get(visit, SITE) == ("exact", b"for nothing")


async def test_what_failed_by_the_network_fails_again_and_what_the_page_gave_up_is_missed(
    tmp_path: Path,
) -> None:
    tls = "Unable to communicate securely with peer"
    errors = {"gone": "NS_ERROR_NET_RESET", "tls": tls, "left": "NS_BINDING_ABORTED"}
    with Warc(tmp_path / "a.warc") as warc:
        warc.page("1", SITE, attempt=1)
        warc.answer(SITE, "page", page="1")
        for path, error in errors.items():
            warc.failed(f"{SITE}{path}", error, "1")
    with opened((str(tmp_path),)) as archives:
        assert archives
        reader = Reader(archives)
        visit, other = await reader.visit(SITE), await reader.visit("https://x.example/")
        found = {path: (await reader.get(visit, f"{SITE}{path}"))[0] for path in errors}
        assert found == {"gone": "failure", "tls": "failure", "left": "miss"}
        assert (await reader.get(other, f"{SITE}gone"))[0] == "miss"


async def test_a_visit_that_got_no_response_gets_none_from_what_others_got(tmp_path: Path) -> None:
    other = "https://other.example/"
    with Warc(tmp_path / "a.warc") as warc:
        warc.page("1", SITE, attempt=1)
        warc.failed(SITE, "NS_ERROR_NET_RESET", "1")
        warc.page("2", other, attempt=1)
        warc.answer(other, "other", page="2")
        warc.answer(SITE, "a frame of the other", page="2")
    with opened((str(tmp_path),)) as archives:
        assert archives
        visit = await Reader(archives).visit(SITE)
        assert await archives.answers.knows("https://site.example", visit) is None
        assert await archives.answers.failure("https://site.example", visit) == "NS_ERROR_NET_RESET"
        assert (await Reader(archives).get(visit, SITE))[0] == "failure"


async def test_what_a_cache_had_answered_comes_after_what_a_server_did(tmp_path: Path) -> None:
    with Warc(tmp_path / "a.warc") as warc:
        for second, body, about in (
            (1, "worker", {"by_service_worker": True}),
            (2, "server", {}),
            (3, "cache", {"from_cache": True}),
        ):
            fields = {"WARC-JSON-Metadata": json.dumps(about)}
            warc.answer(SITE, body, date=f"2026-01-02T03:04:0{second}Z", fields=fields)
    with opened((str(tmp_path),)) as archives:
        assert archives
        reader = Reader(archives)
        visit = await reader.visit(SITE)
        assert [(await reader.get(visit, SITE))[1] for _ in range(3)] == [b"server", b"worker", b"cache"]


async def test_a_revisit_has_the_body_of_what_it_names(tmp_path: Path) -> None:
    first, second = "https://a.example/lib.js", "https://b.example/lib.js"
    with Warc(tmp_path / "a.warc") as warc:
        warc.answer(first, "the library", date="2026-01-01T00:00:00Z")
        warc.revisit(second, first, "2026-01-01T00:00:00Z", "sha1:AAAA")
        warc.revisit("https://c.example/", "https://gone.example/", "2020-01-01T00:00:00Z", "sha1:BBBB")
    with opened((str(tmp_path),)) as archives:
        assert archives
        reader = Reader(archives)
        visit = await reader.visit(SITE)
        assert await reader.get(visit, second) == ("exact", b"the library")
        assert (await reader.get(visit, "https://c.example/"))[0] == "miss"


def seeds_of(path: Path) -> list[str]:
    with opened((str(path),)) as archives:
        assert archives
        return list(archives.seeds())


def test_documents_of_pages_are_the_seeds_as_far_as_requests_tell_else_all_html(tmp_path: Path) -> None:
    browser = [("User-Agent", "Mozilla/5.0"), ("Accept", "{accept}"), ("Referer", "{referrer}")]
    for name, asked in (("told", [("Sec-Fetch-Dest", "{dest}")]), ("shown", browser), ("untold", [])):
        with Warc(tmp_path / f"{name}.warc") as warc:
            for path, dest, kind, status in (
                ("page", "document", "text/html; charset=utf-8", "200 OK"),
                ("frame", "iframe", "text/html", "200 OK"),
                ("script", "script", "text/javascript", "200 OK"),
                ("moved", "document", "text/html", "301 Moved"),
                ("gone", "document", "text/html", "404 Not Found"),
            ):
                values = {"dest": dest, "accept": "text/html" if dest != "script" else "*/*"}
                values["referrer"] = "https://other.example/" if dest == "iframe" else SITE
                headers = [(key, value.format_map(values)) for key, value in asked]
                warc.answer(SITE + path, "x", kind, status=status, asked=headers)
            warc.answer(SITE + "form", "x", method="POST", sent=b"x")
    with Warc(tmp_path / "frames.warc") as warc:
        warc.answer(SITE + "frame", "x", asked=[("Sec-Fetch-Dest", "iframe")])
    assert seeds_of(tmp_path / "told.warc") == seeds_of(tmp_path / "shown.warc") == [SITE + "page"]
    assert seeds_of(tmp_path / "untold.warc") == [SITE + "page", SITE + "frame"]
    assert seeds_of(tmp_path / "frames.warc") == [SITE + "frame"]


@pytest.mark.parametrize("ours", [False, True])
async def test_http_stands_for_https_in_archives_of_other_tools_alone(tmp_path: Path, ours: bool) -> None:
    """Each lib is there by http alone; `moved` only leads to https, where nothing is."""
    plain = SITE.replace("https", "http")
    with Warc(tmp_path / "a.warc") as warc:
        if ours:
            warc.page("1", SITE, attempt=1)
        warc.answer(SITE, "page", page="1")
        warc.answer(f"{plain}lib.js?a=1", "lib", page="1")
        warc.answer(f"{plain}moved", status="301 Moved", headers=[("Location", f"{SITE}moved")], page="1")
        warc.answer("http://old.example/", "old", page="1")
    with opened((str(tmp_path),)) as archives:
        assert archives
        reader = Reader(archives)
        visit = await reader.visit(SITE)
        rules = {"lib.js?a=1": "scheme", "lib.js?a=1&_=5": "scheme", "lib.js?a=2": "miss", "moved": "miss"}
        for path, rule in rules.items():
            assert (await reader.get(visit, SITE + path))[0] == ("miss" if ours else rule)
        assert (await archives.answers.knows("https://old.example", visit) is None) is ours
        assert archives.index.has_ours() is ours


async def test_a_request_without_its_first_line_was_a_get(tmp_path: Path) -> None:
    """ArchiveWeb.page once wrote the first line of the response in its place."""
    with Warc(tmp_path / "a.warc") as warc:
        warc.answer(SITE, "page", method="HTTP/1.1 200")
    with opened((str(tmp_path),)) as archives:
        assert archives
        assert list(archives.seeds()) == [SITE]
        reader = Reader(archives)
        assert await reader.get(await reader.visit(SITE), SITE) == ("exact", b"page")


async def test_the_same_records_in_two_files_count_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Warc(tmp_path / "a.warc.gz") as warc:
        warc.answer(SITE, "first")
        warc.answer(SITE, "second")
    (tmp_path / "a.warc").write_bytes(gzip.decompress((tmp_path / "a.warc.gz").read_bytes()))
    with opened((str(tmp_path),)) as archives:
        assert archives
        assert (archives.facts["captures"], archives.facts["copies"]) == (2, 4)
        reader = Reader(archives)
        visit = await reader.visit(SITE)
        assert [(await reader.get(visit, SITE))[1] for _ in range(3)] == [b"first", b"second", b"second"]
    assert "records that are in the archives again, and count once: 4" in caplog.text


async def test_a_revisit_is_whole_where_the_body_that_it_names_is(tmp_path: Path) -> None:
    """Some tools say of a revisit that it is cut, as its record has no body."""
    cut = {"WARC-Truncated": "length"}
    with Warc(tmp_path / "a.warc") as warc:
        for path, fields in (("whole", {}), ("cut", cut)):
            warc.answer(SITE + path, path, date="2026-01-01T00:00:00Z", fields=fields)
            warc.revisit(f"{SITE}{path}/2", SITE + path, "2026-01-01T00:00:00Z", "sha1:A", fields=cut)
    with opened((str(tmp_path),)) as archives:
        assert archives
        visit = await Reader(archives).visit(SITE)
        for path in ("whole", "cut"):
            asked = Asked("GET", f"{SITE}{path}/2")
            response, row = await archives.answers.answer(asked, False, visit)
            assert (response.body, row["is_whole"]) == (path.encode(), path == "whole")


def wacz(path: Path, warc: Path, pages: list[str], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w") as packed:
        packed.write(warc, "archive/data.warc.gz", compression)
        lines = ['{"format": "json-pages-1.0", "id": "pages", "title": "All"}', *pages]
        packed.writestr("pages/pages.jsonl", "\n".join(lines) + "\n")
        packed.writestr("../../escaped.warc", "x")


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
async def test_a_wacz_is_read_in_place_and_its_pages_share_what_others_got(
    tmp_path: Path, compression: int
) -> None:
    a, b, lib = "https://a.example/", "https://b.example/", "https://cdn.example/lib.js"
    with Warc(tmp_path / "data.warc.gz") as warc:
        warc.answer(a, "page a", page="pa")
        warc.answer(lib, "lib", page="pa")  # in the browser's cache afterwards
        warc.answer(f"{lib}?v=1", "lib of a", page="pa")
        warc.answer(b, "page b", page="pb")
        warc.answer(f"{lib}?v=2", "lib of b", page="pb")
    pages = [json.dumps({"id": id_, "url": url}) for id_, url in (("pa", a), ("pb", b))]
    archive = tmp_path / "x.wacz"
    wacz(archive, tmp_path / "data.warc.gz", [*pages, "{broken", json.dumps({"id": 3}), "7"], compression)
    with opened((str(archive),)) as archives:
        assert archives
        reader = Reader(archives)
        assert list(archives.seeds()) == [a, b]
        visit = await reader.visit(b)
        assert await reader.get(visit, lib) == ("exact", b"lib")
        assert await reader.get(visit, f"{lib}?v=3") == ("values", b"lib of b")  # first its own page
        assert archives.damage.records.total() == 3  # the lines without a page, the file that is no WARC
        assert "it is no line of pages.jsonl" in archives.damage.records
    assert not (tmp_path.parent.parent / "escaped.warc").exists()


def entry(url: str, text: str, page: str = "page_1", **more: Any) -> dict[str, Any]:
    request = {"method": "GET", "url": url, "headers": [], **more.get("request", {})}
    content = {"text": text, "mimeType": "text/html", **more.get("content", {})}
    headers = [{"name": "content-encoding", "value": "br"}, {"name": "x-own", "value": "yes"}]
    response = {"status": 200, "statusText": "OK", "headers": headers, "content": content}
    started = more.get("started", "2026-01-02T03:04:05.678+01:00")
    return {"pageref": page, "startedDateTime": started, "request": request, "response": response}


@pytest.mark.parametrize("suffix", [".har", ".har.gz"])
async def test_a_har_file_is_an_archive_with_its_pages(tmp_path: Path, suffix: str) -> None:
    a, b, api = "https://a.example/", "https://b.example/", "https://api.example/q"
    packed = base64.b64encode(b"\x00\xff").decode()
    entries: list[Any] = [
        entry(a, "<p>ä</p>"),
        entry(api, "for a", request={"method": "POST", "postData": {"text": "x=1"}}),
        entry(f"{a}image", packed, content={"encoding": "base64"}),
        entry(b, "page b", "page_2"),
        entry(f"{b}late", "x", started="no date"),
        entry(f"{b}damaged", "***", content={"encoding": "base64"}),
        {"request": {}},
        "nonsense",
        entry("wss://socket.example/", ""),
    ]
    text = json.dumps({"log": {"version": "1.2", "pages": [], "entries": entries}}).encode()
    file = tmp_path / f"x{suffix}"
    file.write_bytes(gzip.compress(text) if suffix.endswith(".gz") else text)
    with opened((str(file),)) as archives:
        assert archives
        reader = Reader(archives)
        assert list(archives.seeds()) == [a, b]
        visit, other = await reader.visit(a), await reader.visit(b)
        assert await reader.get(visit, a) == ("exact", "<p>ä</p>".encode())
        assert await reader.get(visit, f"{a}image") == ("exact", b"\x00\xff")
        digest = hashlib.sha256(b"x=1").hexdigest()
        assert await reader.get(visit, api, method="POST", body_sha256=digest) == ("exact", b"for a")
        assert (await reader.get(other, api, method="POST", body_sha256=digest))[0] == "miss"
        assert await reader.get(visit, f"{b}late") == ("exact", b"x")  # when it was is not known
        assert archives.damage.records.total() == 3
        assert archives.facts["pages"] == 2


async def test_a_damaged_record_costs_one_record_and_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.warc.gz"
    with Warc(file) as warc:
        for n in range(3):
            warc.answer(f"{SITE}{n}", f"body {n}" * 200, with_request=False)
    data = bytearray(file.read_bytes())
    starts = [at for at in range(len(data)) if data.startswith(b"\x1f\x8b\x08", at)]
    data[starts[1] + 40 : starts[1] + 60] = b"\x00" * 20
    file.write_bytes(data)
    with opened((str(file),)) as archives:
        assert archives
        reader = Reader(archives)
        visit = await reader.visit(SITE)
        assert [(await reader.get(visit, f"{SITE}{n}"))[0] for n in range(3)] == ["exact", "miss", "exact"]
        assert archives.facts["damaged"]
        assert "a.warc.gz, byte" in archives.facts["damaged_examples"][0]


async def test_a_bomb_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from overscripted.warc import payload

    bomb = gzip.compress(bytes(50_000_000))
    with Warc(tmp_path / "a.warc.gz") as warc:
        warc.answer(f"{SITE}bomb", bomb, headers=[("Content-Encoding", "gzip")])
        warc.answer(SITE, "page")
    assert payload.MAX_BODY > 50_000_000
    monkeypatch.setattr(settings, "MAX_BODY", 1_000_000)
    with opened((str(tmp_path),)) as archives:
        assert archives
        reader = Reader(archives)
        visit = await reader.visit(SITE)
        assert (await reader.get(visit, f"{SITE}bomb"))[0] == "miss"
        assert await reader.get(visit, SITE) == ("exact", b"page")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.warc", b"", "holds no response"),
        ("x.warc.gz", b"not gzip at all", "no response in it can be read"),
        ("x.wacz", b"not a zip", "no WACZ"),
        ("x.har", b"{}", "is no HAR file"),
        ("x.zip", b"PK nothing", "holds no archive|File is not a zip file"),
        ("x.har", b"[" * 100_000, "x.har: no whole JSON"),
        ("x.txt", b"", "holds no archive"),
    ],
)
def test_what_is_no_archive_is_named(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    for path in (tmp_path / name, tmp_path):
        with pytest.raises(InputError, match=says) as error, opened((str(path),)):
            pass
        assert "--replay" in str(error.value)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"), opened((str(tmp_path / "gone"),)):
        pass


@pytest.mark.skipif(not CAPTURES.is_dir(), reason=f"no captures at {CAPTURES}")
def test_real_captures_of_four_tools_are_read_whole() -> None:
    with opened((str(CAPTURES),)) as archives:
        assert archives
        assert archives.facts["captures"] == 416
        assert archives.facts["damaged"] == {}
        assert archives.facts["archives"][0]["files"] == 4
        assert "https://twitter.com/netpreserve" in set(archives.seeds())

"""HAR files of browsers, Playwright and WebPageTest as archives, read as the importer reads them."""

import gzip
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from overscripted.crawl.replay.matching import Asked
from overscripted.crawl.replay.opening import opened
from overscripted.errors import InputError
from overscripted.etl.imports import import_data
from overscripted.run import Run
from tests.crawl.replay.test_index import SITE, Reader, entry

NAME = "0123456789abcdef0123456789abcdef01234567.js"  # of a body in a file of its own


def har(entries: list[Any], pages: list[Any] | None = None) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": entries, "pages": pages or []}}).encode()


def write(path: Path, entries: list[Any], pages: list[Any] | None = None) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(har(entries, pages))
    return path


def requests(folder: Path, source: Path) -> list[dict[str, Any]]:
    run = Run.open(folder / "imported", create=True)
    import_data("har", str(source), run)
    return list(run.store.read_table("raw/requests").to_pylist())


async def test_a_time_that_is_unknown_moves_nothing_and_costs_nothing(tmp_path: Path) -> None:
    expires = [{"name": "Expires", "value": "Thu, 01 Jan 2026 00:00:00 GMT"}]
    entries = [entry(f"{SITE}{name}", name, started=began) for name, began in (("a", ""), ("b", "never"))]
    entries.append({**entry(f"{SITE}c", "c", started="1970-01-01T00:00:00Z"), "_timeUnknown": True})
    for one in entries:
        one["response"]["headers"] = expires
    file = write(tmp_path / "x.har", entries)
    with opened((str(file),)) as archives:
        assert archives
        visit = await Reader(archives).visit(f"{SITE}a")
        for name in ("a", "b", "c"):
            response, row = await archives.answers.answer(Asked("GET", SITE + name), False, visit)
            assert (response.body, row["captured"]) == (name.encode(), "")
            assert (b"Expires", b"Thu, 01 Jan 2026 00:00:00 GMT") in response.headers
    assert [row["time_stamp"] for row in requests(tmp_path, file)] == [None] * 3


@pytest.mark.parametrize("where", ["beside", "zip"])
async def test_bodies_in_files_of_their_own_are_those_of_playwright(tmp_path: Path, where: str) -> None:
    entries = [entry(SITE, "page"), entry(f"{SITE}a.js", "")]
    entries[1]["response"]["content"] = {"mimeType": "text/javascript", "size": 4, "_file": NAME}
    entries.append(entry(f"{SITE}b.js", ""))
    entries[2]["response"]["content"] = {"mimeType": "text/javascript", "size": 4, "_file": "../secret"}
    (tmp_path / "secret").write_text("told", encoding="utf-8")
    if where == "zip":
        file = tmp_path / "x.zip"
        with zipfile.ZipFile(file, "w") as packed:
            packed.writestr("har.har", har(entries))
            packed.writestr(NAME, "code")
    else:
        file = write(tmp_path / "in" / "x.har", entries)
        (file.parent / NAME).write_text("code", encoding="utf-8")
    with opened((str(file),)) as archives:
        assert archives
        reader = Reader(archives)
        visit = await reader.visit(SITE)
        assert await reader.get(visit, f"{SITE}a.js") == ("exact", b"code")
        response, row = await archives.answers.answer(Asked("GET", f"{SITE}b.js"), False, visit)
        assert (response.body, row["is_whole"]) == (b"", False)
        (example,) = archives.facts["damaged_examples"]
        assert "entry 3: the body of its response: its file is missing" in example
        assert archives.facts["archives"][0]["files"] == 1


async def test_what_har_says_beside_the_headers_becomes_headers(tmp_path: Path) -> None:
    moved = entry(SITE, "")
    moved["response"] |= {"status": 302, "headers": [], "redirectURL": "/home", "content": {"size": 0}}
    home = entry(f"{SITE}home", "<p>", request={"headers": None})
    home["response"]["headers"] = [{"name": "Set-Cookie", "value": "a=1\nb=2"}, {"value": "x"}, 7]
    form = {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a", "value": "b c"}]}
    sent = entry(f"{SITE}form", "sent", request={"method": "POST", "postData": form})
    with opened((str(write(tmp_path / "x.har", [moved, home, sent])),)) as archives:
        assert archives
        reader = Reader(archives)
        visit = await reader.visit(SITE)
        response, row = await archives.answers.answer(Asked("GET", SITE), False, visit)
        assert (response.status, row["is_whole"]) == (302, True)
        assert (b"Location", b"/home") in response.headers
        response, _ = await archives.answers.answer(Asked("GET", f"{SITE}home"), False, visit)
        names = [(b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2"), (b"Content-Type", b"text/html")]
        assert response.headers == names
        digest = hashlib.sha256(b"a=b+c").hexdigest()
        assert (await reader.get(visit, f"{SITE}form", method="POST", body_sha256=digest))[0] == "exact"


async def test_the_page_is_what_was_asked_for_if_it_is_among_the_entries(tmp_path: Path) -> None:
    """As WebPageTest says; a browser may have asked for something of its own first."""
    other = "https://detect.example/portal"
    entries = [entry(url, "x", page) for page in ("p1", "p2") for url in (other, SITE)]
    pages = [{"id": "p1", "_URL": "https://site.example"}, {"id": "p2", "_URL": "https://gone.example/"}]
    with opened((str(write(tmp_path / "x.har", entries, pages)),)) as archives:
        assert archives
        assert list(archives.seeds()) == [SITE, other]


async def test_entries_without_a_page_are_of_the_only_one(tmp_path: Path) -> None:
    entries = [entry(SITE, "page", "p1"), entry(f"{SITE}a", "a", "")]
    with opened((str(write(tmp_path / "x.har", entries, [{"id": "p1"}])),)) as archives:
        assert archives
        assert archives.facts["pages"] == 1


def test_a_har_file_without_bodies_is_refused_and_costs_no_other(tmp_path: Path) -> None:
    entries = [entry(SITE, "")]
    entries[0]["response"]["content"] = {"size": 512, "mimeType": "text/html"}
    file = write(tmp_path / "empty.har", entries)
    with pytest.raises(InputError, match=r"empty\.har: it has no bodies"), opened((str(file),)):
        pass
    write(tmp_path / "full.har", [entry("https://other.example/", "x")])
    with opened((str(tmp_path),)) as archives:
        assert archives
        assert list(archives.seeds()) == ["https://other.example/"]
        assert "empty.har: it has no bodies" in archives.facts["damaged_examples"][0]


async def test_the_same_content_in_two_files_counts_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = write(tmp_path / "in" / "a.har", [entry(SITE, "page")])
    (file.parent / "a.har.gz").write_bytes(gzip.compress(file.read_bytes()))
    with opened((str(file.parent),)) as archives:
        assert archives
        assert archives.facts["captures"] == 1
    assert "a.har.gz: not read: a.har has the same content" in caplog.text
    assert len(requests(tmp_path, file.parent)) == 1

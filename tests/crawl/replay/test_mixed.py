"""What is a page, and of which page a capture is: in a run that was packed, and in archives side by side."""

import json
from pathlib import Path

import pyarrow as pa

from overscripted import layout, segments
from overscripted.crawl.replay.opening import opened
from overscripted.export.pack import pack
from overscripted.run import Run
from tests.crawl.replay.archives import Warc
from tests.crawl.replay.test_index import SITE, Reader, entry

ABOUT = {"WARC-JSON-Metadata": json.dumps({"attempt": 1})}


async def test_a_packed_run_has_its_visits_as_pages_and_nothing_else(tmp_path: Path) -> None:
    home, followed, other = f"{SITE}home", f"{SITE}followed", "https://other.example/"
    with Warc(tmp_path / "a.warc.gz") as warc:
        warc.page("1", SITE, attempt=1, final_url=home)
        warc.answer(SITE, status="301 Moved", headers=[("Location", "/home")], page="1", fields=ABOUT)
        warc.answer(home, "home", page="1", fields=ABOUT)
        warc.page("2", followed, attempt=1, site_url=SITE, final_url=followed, parent_visit_id=1)
        warc.answer(followed, "followed", page="2", fields=ABOUT)
    run = Run.open(tmp_path / "run", create=True)
    run.store.write(layout.archive_file("a", "1"), (tmp_path / "a.warc.gz").read_bytes())
    rows = [{"visit_id": number, "attempt": 1} for number in (1, 2)]
    segments.write(run.store, "visits", pa.Table.from_pylist(rows), "a")
    assert pack(run, str(tmp_path / "x.wacz"))["pages"] == 2

    theirs = tmp_path / "theirs"
    (theirs / "pages").mkdir(parents=True)
    (theirs / "pages" / "pages.jsonl").write_text(json.dumps({"id": "b7a0", "url": other}), encoding="utf-8")
    with Warc(theirs / "a.warc.gz") as warc:
        warc.answer(other, "other", page="b7a0")
    for more, seeds in (((), [SITE]), ((str(theirs),), [SITE, other])):
        with opened((str(tmp_path / "x.wacz"), *more)) as archives:
            assert archives
            assert list(archives.seeds()) == seeds
            assert archives.facts["pages"] == 1 + len(seeds)
            visit = await archives.answers.visit(followed, SITE, "", 1, True)
            assert await Reader(archives).get(visit, followed) == ("exact", b"followed")


async def test_pages_of_two_har_files_are_apart(tmp_path: Path) -> None:
    a, b, lib = "https://a.example/", "https://b.example/", "https://cdn.example/lib.js"
    one, two = tmp_path / "one", tmp_path / "two"
    for file, url in ((one / "a.har", a), (one / "b.har", b), (two / "c.har", SITE)):
        file.parent.mkdir(exist_ok=True)
        entries = [entry(url, url), entry(lib, f"for {url}")]
        file.write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    with opened((str(one), str(two))) as archives:
        assert archives
        reader = Reader(archives)
        assert list(archives.seeds()) == [a, b, SITE]
        assert archives.facts["pages"] == 3
        for url in (a, b, SITE):
            visit = await reader.visit(url)
            assert await reader.get(visit, lib) == ("exact", f"for {url}".encode())
            assert (await reader.get(visit, b if url == a else a))[0] == "miss"


async def test_captures_of_other_tools_stay_beside_ours(tmp_path: Path) -> None:
    other = "https://other.example/"
    with Warc(tmp_path / "ours.warc.gz") as warc:
        warc.page("1", SITE, attempt=2)
        warc.answer(SITE, "ours", page="1", fields={"WARC-JSON-Metadata": json.dumps({"attempt": 2})})
        warc.answer(f"{SITE}gone", "of an earlier attempt", page="1", fields=ABOUT)
    with Warc(tmp_path / "theirs.warc.gz") as warc:
        warc.answer(other, "theirs", page="b7a0")  # a page that no list has
    with opened((str(tmp_path),)) as archives:
        assert archives
        assert archives.facts["captures"] == 2
        reader = Reader(archives)
        visit = await reader.visit(other)
        assert await reader.get(visit, other) == ("exact", b"theirs")
        assert (await reader.get(visit, f"{SITE}gone"))[0] == "miss"
        assert (await reader.get(await reader.visit(SITE), other))[0] == "miss"

"""Archives that are damaged, locked or made to fill the memory cost themselves, and say so."""

import gzip
import hashlib
import json
import random
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from overscripted.crawl.replay.opening import opened
from overscripted.errors import InputError
from tests.crawl.replay.archives import Warc
from tests.crawl.replay.test_index import SITE, Reader, entry

PAGES = "pages/pages.jsonl"


def packed(folder: Path) -> Path:
    """A WACZ file with a list of pages and two WARC files, all of them compressed."""
    file = folder / "x.wacz"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name in ("a", "b"):
            with Warc(folder / f"{name}.warc.gz") as warc:
                warc.answer(f"{SITE}{name}", name * 2_000)
            target.write(folder / f"{name}.warc.gz", f"archive/{name}.warc.gz")
            (folder / f"{name}.warc.gz").unlink()
        target.writestr(PAGES, json.dumps({"id": "1", "url": f"{SITE}b"}) + "\n" + "x" * 200)
    return file


def overwrite(file: Path, member: str) -> None:
    """Damage what a member of a zip file holds, from its beginning on: no block of DEFLATE is of type 3."""
    with zipfile.ZipFile(file) as opened_file:
        info = opened_file.getinfo(member)
    data = bytearray(file.read_bytes())
    start = info.header_offset + 30 + len(info.filename)
    data[start : start + 20] = b"\xff" * 20
    file.write_bytes(data)


def lock(file: Path, member: str) -> None:
    """Mark a member of a zip file as encrypted."""
    with zipfile.ZipFile(file) as opened_file:
        local = opened_file.getinfo(member).header_offset
        names = [info.filename for info in opened_file.infolist()]
    data = bytearray(file.read_bytes())
    data[local + 6] |= 1
    listed = [found.start() for found in re.finditer(re.escape(b"PK\x01\x02"), data)]
    data[listed[names.index(member)] + 8] |= 1
    file.write_bytes(data)


@pytest.mark.parametrize("harm", [overwrite, lock])
async def test_a_member_that_cannot_be_unpacked_costs_itself(
    tmp_path: Path, harm: Callable[[Path, str], None]
) -> None:
    file = packed(tmp_path)
    harm(file, "archive/a.warc.gz")
    with opened((str(file),)) as archives:
        assert archives
        reader = Reader(archives)
        visit = await reader.visit(SITE)
        assert await reader.get(visit, f"{SITE}b") == ("exact", b"b" * 2_000)
        assert (await reader.get(visit, f"{SITE}a"))[0] == "miss"
        assert "x.wacz/archive/a.warc.gz: cannot be unpacked" in archives.facts["damaged_examples"][0]


@pytest.mark.parametrize("harm", [overwrite, lock])
def test_a_list_of_pages_that_cannot_be_unpacked_costs_itself(
    tmp_path: Path, harm: Callable[[Path, str], None]
) -> None:
    file = packed(tmp_path)
    harm(file, PAGES)
    with opened((str(file),)) as archives:
        assert archives
        assert archives.facts["captures"] == 2
        assert archives.facts["pages"] == 0
        (example,) = archives.facts["damaged_examples"]
        assert example.startswith(f"x.wacz/{PAGES}, byte 0: it cannot be unpacked")


def test_a_home_folder_of_nobody_is_named() -> None:
    text = "~no-such-user-of-this-machine/x"
    with pytest.raises(InputError, match=f"--replay {text}: .* no such user"), opened((text,)):
        pass


def har(file: Path, text: str) -> None:
    content = json.dumps({"log": {"entries": [entry(SITE, text)]}}).encode()
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)


@pytest.mark.parametrize("name", ["a.har", "a.har.gz"])
def test_an_entry_that_fills_the_memory_ends_its_har_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("overscripted.foreign.settings.IMPORT_ELEMENT_BYTES", 200_000)
    entries = [entry(SITE, "page"), entry(f"{SITE}long", "x" * 500_000), entry(f"{SITE}after", "x")]
    content = json.dumps({"log": {"entries": entries}}).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    with opened((str(tmp_path / name),)) as archives:
        assert archives
        assert archives.facts["captures"] == 1
        (example,) = archives.facts["damaged_examples"]
        assert example.startswith(f"{name}: an element of more than")


def test_a_damaged_packed_har_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.har.gz"
    har(file, "text")
    data = bytearray(file.read_bytes())
    data[10:30] = b"\xff" * 20
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"the first: a\.har\.gz: no whole JSON"), opened((str(file),)):
        pass


async def test_a_long_body_of_a_request_is_not_held(tmp_path: Path) -> None:
    size = 8 * 2**20
    sent = random.Random(1).randbytes(size)  # which does not become shorter by compression
    with Warc(tmp_path / "a.warc.gz") as warc:
        warc.answer(SITE, "taken", method="POST", sent=sent)
    digest = hashlib.sha256(sent).hexdigest()
    del sent
    tracemalloc.start()
    try:
        with opened((str(tmp_path),)) as archives:
            assert archives
            most = tracemalloc.get_traced_memory()[1]
            reader = Reader(archives)
            visit = await reader.visit(SITE)
            found = await reader.get(visit, SITE, method="POST", body_sha256=digest)
    finally:
        tracemalloc.stop()
    assert found == ("exact", b"taken")
    assert most < size // 4


def test_a_zip_file_of_a_version_to_come_is_named(tmp_path: Path) -> None:
    file = packed(tmp_path)
    data = bytearray(file.read_bytes())
    data[data.index(b"PK\x01\x02") + 6] = 255  # the version that is needed to unpack it
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"--replay x\.wacz: is no WACZ file"), opened((str(file),)):
        pass


def test_a_request_that_is_longer_than_it_says_is_counted_once(tmp_path: Path) -> None:
    with Warc(tmp_path / "a.warc") as warc:
        warc.answer(SITE, "page", method="POST", sent=b"x" * 100)
    data = (tmp_path / "a.warc").read_bytes()
    length = re.search(rb"Content-Length: (\d+)", data)
    assert length
    shorter = b"Content-Length: %d" % (int(length[1]) - 50)
    (tmp_path / "a.warc").write_bytes(data.replace(length[0], shorter, 1))
    with opened((str(tmp_path),)) as archives:
        assert archives
        assert archives.facts["damaged"] == {"it is longer than it says": 1}

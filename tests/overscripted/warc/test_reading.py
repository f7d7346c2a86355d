"""Records are read as they were written; damaged, cut and hostile ones cost one record and are counted."""

import gzip
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from overscripted.errors import InputError
from overscripted.warc import reading, sources, writing
from overscripted.warc.payload import Damaged, Unreadable
from overscripted.warc.reading import Damage, Record

NOON = datetime(2026, 11, 30, 12, 0, 0, 123456, UTC)


def response(url: str, body: bytes, headers: list[tuple[str, str]] | None = None) -> bytes:
    """A response as a record."""
    fields = {
        "WARC-Record-ID": writing.new_id(),
        "WARC-Date": writing.date(NOON),
        "WARC-Payload-Digest": writing.digest(body),
    }
    block = writing.http_block("HTTP/1.1 200 OK", headers or [("Content-Type", "text/plain")], body)
    return writing.record("response", url, fields, "application/http; msgtype=response", block)


def plain(record: bytes) -> bytes:
    """A record without its compression."""
    return gzip.decompress(record)


def urls(data: bytes, damage: Damage | None = None) -> list[str]:
    """The addresses of all records, each of them read whole."""
    found = []
    for record in reading.records(io.BytesIO(data), damage or Damage(), "x.warc.gz"):
        record.body()
        found.append(record.url)
    return found


THREE = [response(f"https://site.example/{n}", bytes([65 + n]) * 50_000) for n in range(3)]


def test_a_record_is_read_as_it_was_written_and_found_at_its_place() -> None:
    file = io.BytesIO(b"".join(THREE))
    found = [
        (r.kind, r.url, r.offset, r.http and r.http.status, r.get("warc-date"), r.body(), r.length)
        for r in reading.records(file, Damage())
    ]
    offset = 0
    for n, (record, written) in enumerate(zip(found, THREE, strict=True)):
        body = bytes([65 + n]) * 50_000
        assert record == (
            "response",
            f"https://site.example/{n}",
            offset,
            200,
            "2026-11-30T12:00:00.123456Z",
            body,
            len(written),
        )
        assert reading.record_at(file, offset).body() == body
        offset += len(written)


@pytest.mark.parametrize("shape", [bytes, plain])
def test_without_compression_records_are_the_same(shape: Callable[[bytes], bytes]) -> None:
    assert urls(b"".join(map(shape, THREE))) == [f"https://site.example/{n}" for n in range(3)]


def damaged(record: bytes) -> bytes:
    """A compressed record with other bytes in its middle."""
    middle = len(record) // 2
    return record[:middle] + b"\xff" * 8 + record[middle + 8 :]


def changed(record: bytes, old: bytes, new: bytes) -> bytes:
    """A record with other text."""
    assert old in plain(record)
    return gzip.compress(plain(record).replace(old, new))


@pytest.mark.parametrize(
    ("name", "records", "left"),
    [
        ("other bytes in the middle", [THREE[0], damaged(THREE[1]), THREE[2]], ["0", "2"]),
        ("cut short, others follow", [THREE[0], THREE[1][:-30], THREE[2]], ["0", "2"]),
        ("cut short at the end", [THREE[0], THREE[1][:-4]], ["0"]),
        ("rubbish between", [THREE[0], b"rubbish" * 5_000, THREE[2]], ["0", "2"]),
        ("rubbish first", [b"rubbish" * 20_000, THREE[2]], ["2"]),
        ("plain, cut short", [plain(THREE[0]), plain(THREE[1])[:-9_000], plain(THREE[2])], ["0", "2"]),
        ("plain, end of the file", [plain(THREE[0]), plain(THREE[1])[:-9_000]], ["0"]),
        ("too small a length", [THREE[0], changed(THREE[1], b"50045", b"40045"), THREE[2]], ["0", "2"]),
        ("no length", [THREE[0], changed(THREE[1], b"Content-Length", b"Content"), THREE[2]], ["0", "2"]),
        ("nothing but a magic number", [THREE[0], b"\x1f\x8b\x08" * 50, THREE[2]], ["0", "2"]),
    ],
)
def test_a_damaged_record_costs_one_record(name: str, records: list[bytes], left: list[str]) -> None:
    damage = Damage()
    found = []
    for record in reading.records(io.BytesIO(b"".join(records)), damage, "x.warc.gz"):
        try:
            record.body()
        except Damaged:
            continue
        found.append(record.url[-1])
    assert found == left
    assert damage.records.total() >= 1
    assert damage.examples[0].startswith("x.warc.gz, byte ")


def test_a_file_that_is_compressed_as_a_whole_is_named_with_its_remedy() -> None:
    damage = Damage()
    assert urls(gzip.compress(b"".join(map(plain, THREE))), damage) == ["https://site.example/0"]
    assert any("warcio recompress" in reason for reason in damage.records)


def test_headers_that_fill_the_memory_are_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_HEADERS", 100_000)
    long = gzip.compress(b"WARC/1.1\r\nX: " + b"a" * (2 * reading.MAX_HEADERS) + b"\r\n\r\n")
    many = gzip.compress(b"WARC/1.1\r\n" + b"X: 1\r\n" * reading.MAX_HEADERS + b"\r\n\r\n")
    damage = Damage()
    assert urls(long + many + THREE[0], damage) == ["https://site.example/0"]
    assert damage.records == {"its headers are too long": 2}


def test_a_body_that_grows_a_thousand_times_is_refused_and_the_next_is_read() -> None:
    bomb = gzip.compress(bytes(50 * 2**20))
    data = response("https://bomb.example/", bomb, [("Content-Encoding", "gzip")]) + THREE[0]
    found: dict[str, int] = {}
    for record in reading.records(io.BytesIO(data), Damage()):
        try:
            found[record.url] = len(record.body(2**20))
        except Unreadable:
            found[record.url] = -1
    assert found == {"https://bomb.example/": -1, "https://site.example/0": 50_000}


@pytest.mark.parametrize(
    ("headers", "stored"),
    [
        ([("Content-Encoding", "gzip")], gzip.compress(b"hello", mtime=0)),
        ([("Content-Encoding", "br")], brotli.compress(b"hello")),
        ([("Transfer-Encoding", "chunked")], b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
        ([("Transfer-Encoding", "chunked")], b"hello"),  # tools keep the header of what they have joined
        ([("X-Archive-Orig-Content-Encoding", "gzip")], b"hello"),
        ([("Content-Encoding", "utf-8")], b"hello"),
    ],
)
def test_a_body_is_read_without_its_encodings(headers: list[tuple[str, str]], stored: bytes) -> None:
    data = io.BytesIO(response("https://site.example/", stored, headers))
    assert [record.body() for record in reading.records(data, Damage())] == [b"hello"]


@pytest.mark.parametrize("name", ["gzip", "br", "deflate", "zstd", "br, gzip"])
def test_a_body_that_never_had_its_encoding_is_read_as_it_is(name: str) -> None:
    """Browsers' extensions and proxies store decoded bodies, with the header of the encoding."""
    body = b"<!DOCTYPE html><p>hello</p>" * 9
    data = io.BytesIO(response("https://site.example/", body, [("Content-Encoding", name)]))
    assert [record.body() for record in reading.records(data, Damage())] == [body]


def test_a_body_that_is_not_what_its_headers_say_is_unreadable_and_no_damage() -> None:
    cut = gzip.compress(b"hello")[:-9]
    data = response("https://site.example/", cut, [("Content-Encoding", "gzip")])
    damage = Damage()
    for record in reading.records(io.BytesIO(data), damage):
        with pytest.raises(Unreadable) as error:
            record.body()
        assert not isinstance(error.value, Damaged)
    assert not damage.records


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 2), st.data())
def test_whatever_the_bytes_are_reading_ends_and_whole_records_after_them_are_read(
    rubbish: bytes, shape: int, data: st.DataObject
) -> None:
    record = [THREE[0], plain(THREE[0])[:700], bytes(rubbish)][shape]
    at = data.draw(st.integers(0, len(record)))
    mixed = record[:at] + rubbish + record[at:]
    found: list[Record] = []
    for item in reading.records(io.BytesIO(mixed + THREE[2]), Damage()):
        try:
            item.body()
        except Unreadable:
            continue
        found.append(item)
    if shape != 1 or not found:  # a plain record says how long it is, and may claim what follows
        assert found and found[-1].url == "https://site.example/2"


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.text(max_size=20), st.text(max_size=50)), max_size=5),
    st.text(max_size=40),
    st.binary(max_size=100),
)
def test_no_text_of_a_page_leaves_its_place(headers: list[tuple[str, str]], url: str, body: bytes) -> None:
    forged = ("X-Break", "a\r\nWARC-Type: warcinfo\r\n\r\nWARC/1.1\r\n")
    hostile = [*headers, forged, ("Bad Name:\r\n", "é\0")]
    data = response("https://site.example/" + url, body, hostile) + THREE[0]
    found = list(reading.records(io.BytesIO(data), damage := Damage()))
    assert [record.kind for record in found] == ["response", "response"]
    assert not damage.records
    checked = [r.content_stream().read() for r in ArchiveIterator(io.BytesIO(data), check_digests="raise")]
    assert len(checked) == 2 and checked[0] == body


def test_a_revisit_keeps_its_headers_and_has_no_body() -> None:
    fields = {
        "WARC-Record-ID": writing.new_id(),
        "WARC-Date": writing.date(NOON),
        "WARC-Profile": writing.REVISIT,
    }
    block = writing.http_block("HTTP/1.1 200 OK", [("Content-Type", "image/png")], b"")
    data = writing.record(
        "revisit", "https://site.example/", fields, "application/http; msgtype=response", block
    )
    damage = Damage()
    found = [(r.kind, r.http and r.http.headers, r.body()) for r in reading.records(io.BytesIO(data), damage)]
    assert found == [("revisit", (("Content-Type", "image/png"),), b"")] and not damage.records


def test_archives_of_a_folder_and_a_wacz_file_are_found_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.warc.gz").write_bytes(THREE[0])
    (tmp_path / "note.txt").write_text("no archive", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "c.wacz", "w") as packed:
        packed.writestr("archive/x.warc.gz", THREE[1])
        packed.writestr("datapackage.json", "{}")
    found = sources.of_path(tmp_path)
    assert [source.name for source in found] == ["b/a.warc.gz", "c.wacz/archive/x.warc.gz"]
    bodies = []
    for source in found:
        with source.open() as file:
            bodies += [record.url for record in reading.records(file, Damage(), source.name)]
    assert bodies == ["https://site.example/0", "https://site.example/1"]
    assert [source.name for source in sources.of_path(tmp_path / "c.wacz")] == ["c.wacz/archive/x.warc.gz"]


def test_what_is_no_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.wacz").write_bytes(b"no zip")
    (tmp_path / "x.txt").write_text("", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    reasons = {"x.wacz": "is no WACZ", "x.txt": "is no archive", "empty": "holds no archive", "y": "no such"}
    for name, why in reasons.items():
        with pytest.raises(InputError, match=why):
            sources.of_path(tmp_path / name)

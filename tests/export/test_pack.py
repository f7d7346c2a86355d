"""`overscripted pack` indexes an archive and writes it as WACZ, with the records that count and no others."""

import gzip
import hashlib
import io
import json
import struct
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from warcio.archiveiterator import ArchiveIterator

from overscripted import layout, segments
from overscripted.errors import InputError
from overscripted.export.pack import pack
from overscripted.run import Run
from overscripted.warc import sources, writing
from overscripted.warc.reading import Damage, record_at, records

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
SITE = "https://www.site.example"


def record(kind: str, url: str, visit: int, attempt: int, block: bytes, **fields: str) -> bytes:
    """A record of an attempt."""
    about = {
        "WARC-Record-ID": fields.pop("id", writing.new_id()),
        "WARC-Date": writing.date(NOON + timedelta(seconds=visit)),
        "WARC-Page-ID": str(visit),
        "WARC-JSON-Metadata": writing.as_json({"attempt": attempt}),
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    what = "application/json" if kind == "metadata" else f"application/http; msgtype={kind}"
    return writing.record(kind, url, about, what, block)


def exchange(url: str, visit: int, attempt: int, body: bytes, sent: bytes = b"") -> list[bytes]:
    """A request, by POST if it sends something, and its response."""
    id_ = writing.new_id()
    method = "POST" if sent else "GET"
    kind = [("Content-Type", "application/x-www-form-urlencoded")] if sent else []
    request = writing.http_block(f"{method} / HTTP/1.1", kind, sent)
    response = writing.http_block("HTTP/1.1 200 OK", [("Content-Type", "text/html; charset=utf-8")], body)
    payload = {"WARC_Payload_Digest": writing.digest(body)}
    named = {"WARC_Concurrent_To": id_, "WARC_Payload_Digest": writing.digest(sent)}
    return [
        record("request", url, visit, attempt, request, **named),
        record("response", url, visit, attempt, response, id=id_, **payload),
    ]


def visit(seed: str, visit_id: int, attempt: int, outcome: str, final_url: str, title: str) -> bytes:
    """The record of a visit."""
    about = {"site_url": seed, "outcome": outcome, "final_url": final_url, "title": title}
    about["started"] = (NOON + timedelta(seconds=visit_id)).isoformat()
    return record("metadata", seed, visit_id, attempt, json.dumps(about).encode())


FIRST = [
    writing.warcinfo("a-1.warc.gz", NOON, {"software": "x"}),
    visit(f"{SITE}/", 1, 1, "net_error", "", ""),
    *exchange(f"{SITE}/left-out", 1, 1, b"of an attempt that was made again"),
    visit(f"{SITE}/", 1, 2, "complete", f"{SITE}/home", "Hällo\n<b>"),
    *exchange(f"{SITE}/home", 1, 2, b"home"),
    *exchange(f"{SITE}/form?a=1", 1, 2, b"thanks", b"name=x&b=2"),
]
SECOND = [
    writing.warcinfo("b-2.warc.gz", NOON, {"software": "x"}),
    visit("https://other.example/", 2, 1, "complete", "https://other.example/", "Other"),
    *exchange("https://other.example/", 2, 1, b"other"),
    visit(f"{SITE}/", 3, 1, "complete", f"{SITE}/", "cut off by a crash"),
    *exchange(f"{SITE}/lost", 3, 1, b"of an attempt that has no row"),
]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run with an archive of two files. Visit 1 has ended at its second attempt, visit 3 has not."""
    made = Run.open(tmp_path / "run", create=True)
    made.store.write(layout.archive_file("a", "1"), b"".join(FIRST))
    made.store.write(layout.archive_file("b", "2"), b"".join(SECOND))
    rows = [{"visit_id": v, "attempt": a} for v, a in ((1, 1), (1, 2), (2, 1))]
    segments.write(made.store, "visits", pa.Table.from_pylist(rows), "a")
    return made


def lines(index: str) -> list[tuple[str, str, dict[str, Any]]]:
    """The lines of an index: key, time and facts."""
    return [
        (key, moment, json.loads(facts))
        for key, moment, facts in (line.split(" ", 2) for line in index.splitlines())
    ]


KEYS = [
    ("example,other)/", "20261130120002", "200"),
    ("example,site)/form?__wb_method=post&a=1&b=2&name=x", "20261130120001", "200"),
    ("example,site)/home", "20261130120001", "200"),
]


def test_the_index_finds_each_response_that_counts(run: Run) -> None:
    assert pack(run) == {"files": 2, "responses": 3}
    found = lines(run.store.read(layout.ARCHIVE_INDEX).decode())
    assert [(key, moment, facts["status"]) for key, moment, facts in found] == KEYS
    bodies = {}
    for _, _, facts in found:
        with open(run.store.path(f"archive/{facts['filename']}"), "rb") as file:
            there = record_at(file, int(facts["offset"]))
            assert there.url == facts["url"] and there.get("WARC-Page-ID") == facts["page"]
            bodies[facts["url"]] = there.body()
            assert there.length == int(facts["length"]) and facts["digest"] == writing.digest(
                bodies[facts["url"]]
            )
    assert bodies == {
        "https://other.example/": b"other",
        f"{SITE}/form?a=1": b"thanks",
        f"{SITE}/home": b"home",
    }
    (posted,) = [facts for _, _, facts in found if "method" in facts]
    assert (posted["method"], posted["requestBody"], posted["mime"]) == ("POST", "name=x&b=2", "text/html")


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\ncut short",
        ),
        ("multipart/form-data; boundary=x", b"no part"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n\xff\xfe\r\n--x--\r\n",
        ),
        ("application/x-amf", b"\x00\x03\x00\x01\xff\xff"),
        ("application/json", b"{secret of a page"),
    ],
    ids=["cut short", "no part", "no UTF-8", "AMF", "JSON"],
)
def test_what_a_page_sent_breaks_no_index_and_is_not_printed(
    run: Run, capfd: pytest.CaptureFixture[str], kind: str, sent: bytes
) -> None:
    id_ = writing.new_id()
    request = writing.http_block("POST / HTTP/1.1", [("Content-Type", kind)], sent)
    response = writing.http_block("HTTP/1.1 200 OK", [], b"")
    hostile = [
        record("request", f"{SITE}/sent", 2, 1, request, WARC_Concurrent_To=id_),
        record("response", f"{SITE}/sent", 2, 1, response, id=id_),
    ]
    run.store.write(layout.archive_file("c", "3"), b"".join(hostile))
    assert pack(run)["responses"] == 4
    found = lines(run.store.read(layout.ARCHIVE_INDEX).decode())
    (line,) = [(key, facts["requestBody"]) for key, _, facts in found if facts["url"] == f"{SITE}/sent"]
    assert line == ("example,site)/sent?__wb_method=post", "")
    assert "secret" not in "".join(capfd.readouterr())


def test_packing_again_replaces_the_index(run: Run) -> None:
    pack(run)
    rows = pa.Table.from_pylist([{"visit_id": 3, "attempt": 1}])
    segments.write(run.store, "visits", rows, "a")
    assert pack(run)["responses"] == 4
    assert len(lines(run.store.read(layout.ARCHIVE_INDEX).decode())) == 4


def test_a_wacz_file_holds_what_counts_and_describes_itself(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "x.wacz"
    facts = pack(run, str(file))
    assert facts == {"records": 10, "responses": 3, "pages": 2, "bytes": file.stat().st_size}
    with zipfile.ZipFile(file) as packed:
        assert packed.testzip() is None
        assert {member.compress_type for member in packed.infolist()} == {zipfile.ZIP_STORED}
        for member in packed.infolist():  # wabac.js takes a member to begin right behind its name
            header = file.read_bytes()[member.header_offset : member.header_offset + 30]
            assert struct.unpack("<HH", header[26:]) == (len(member.filename), 0)
        content = {name: packed.read(name) for name in packed.namelist()}
    package = json.loads(content.pop("datapackage.json"))
    digest = json.loads(content.pop("datapackage-digest.json"))
    assert (package["profile"], package["wacz_version"]) == ("data-package", "1.1.1")
    described = {r["path"]: (r["hash"], r["bytes"]) for r in package["resources"]}
    assert described == {
        name: (f"sha256:{hashlib.sha256(data).hexdigest()}", len(data)) for name, data in content.items()
    }
    assert content.keys() == {
        "archive/a-1.warc.gz",
        "archive/b-2.warc.gz",
        "indexes/index.cdx.gz",
        "indexes/index.idx",
        "pages/pages.jsonl",
    }
    with zipfile.ZipFile(file) as packed:
        text = packed.read("datapackage.json")
    assert digest == {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(text).hexdigest()}"}
    head, *pages = [json.loads(line) for line in content["pages/pages.jsonl"].splitlines()]
    assert head["format"] == "json-pages-1.0"
    assert [(p["id"], p["url"], p["ts"], p["title"]) for p in pages] == [
        ("1", f"{SITE}/home", "2026-11-30T12:00:01Z", "Hällo\n<b>"),
        ("2", "https://other.example/", "2026-11-30T12:00:02Z", "Other"),
    ]
    meta, block = [line.partition("{") for line in content["indexes/index.idx"].decode().splitlines()]
    assert json.loads("{" + meta[2]) == {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}
    at = json.loads("{" + block[2])
    packed_lines = content["indexes/index.cdx.gz"]
    assert (block[0].strip(), at["offset"], at["length"]) == (
        f"{KEYS[0][0]} {KEYS[0][1]}",
        0,
        len(packed_lines),
    )
    assert at["digest"] == f"sha256:{hashlib.sha256(packed_lines).hexdigest()}"
    index = lines(gzip.decompress(content["indexes/index.cdx.gz"]).decode())
    assert [(key, moment, facts["status"]) for key, moment, facts in index] == KEYS
    for _, _, facts in index:
        archive = io.BytesIO(content[f"archive/{facts['filename']}"])
        assert record_at(archive, int(facts["offset"])).url == facts["url"]


def test_what_a_wacz_file_holds_passes_the_check_of_warcio(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "x.wacz"
    pack(run, str(file))
    for source in sources.of_path(file):
        with source.open() as opened:
            stream = ArchiveIterator(io.BytesIO(opened.read()), check_digests="raise")
            assert all(item.content_stream().read() is not None for item in stream) and stream.err_count == 0
        damage = Damage()
        with source.open() as opened:
            seen = [item.url for item in records(opened, damage)]
        assert not damage.records and not any("left-out" in url or "lost" in url for url in seen)


def test_a_damaged_record_is_left_out_and_counted(run: Run, tmp_path: Path) -> None:
    broken = [*FIRST[:5], FIRST[5][:60] + b"\xff" * 9 + FIRST[5][69:], *FIRST[6:]]
    run.store.write(layout.archive_file("a", "1"), b"".join(broken))
    assert pack(run)["damaged"] == 1
    facts = pack(run, str(tmp_path / "x.wacz"))
    assert (facts["records"], facts["damaged"]) == (9, 1)


def test_what_cannot_be_packed_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "there.wacz").write_bytes(b"mine")
    with pytest.raises(InputError, match="exists"):
        pack(run, str(tmp_path / "there.wacz"))
    with pytest.raises(InputError, match="no such folder"):
        pack(run, str(tmp_path / "no" / "x.wacz"))
    with pytest.raises(InputError, match="inside the run"):
        pack(run, str(tmp_path / "run" / "archive" / "x.wacz"))
    with pytest.raises(InputError, match="has no archive"):
        pack(Run.open(tmp_path / "other", create=True))
    assert (tmp_path / "there.wacz").read_bytes() == b"mine"
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".partial")]

"""``import har`` of hostile and damaged files: what is damaged costs that alone, and is named."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overscripted.errors import InputError
from overscripted.etl.importers.har import import_har
from overscripted.etl.importers.writer import Batches, SegmentWriter
from overscripted.store import Store
from tests.etl.any_json import JSON, paths, replaced
from tests.etl.har import archive, content, entry, header, written
from tests.etl.imported import Imported, fill_the_disk_once

SHOP, CDN = "https://shop.example/", "https://cdn.example/a.js"


def test_a_damaged_entry_costs_that_entry_and_is_named(tmp_path: Path) -> None:
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    no_url = entry(SHOP)
    del no_url["request"]["url"]
    body = entry(CDN, content("&&&", "text/javascript", encoding="base64"))
    run = Imported(
        import_har,
        written(tmp_path / "a.har", entry(SHOP), no_url, 7, {"request": 1}, {"deep": deep}, body, entry(CDN)),
    )
    assert [row["url"] for row in run.rows("requests")] == [SHOP, CDN, CDN]
    assert run.facts["left_out"] == (
        "1 of bodies: body of a response: no valid base64 (a.har, entry 6); "
        "1 of entries: no object (a.har, entry 3); 1 of entries: too deep (a.har, entry 5); "
        "1 of entries: without a URL (a.har, entry 2); 1 of entries: without a request (a.har, entry 4)"
    )
    assert "files_left_out" not in run.facts


@pytest.mark.parametrize(
    "cut", [b'{"log": {"entries": [tru', b"\xff\xfe{", b"", b"[" * 1_000_000, b'{"log": 1']
)
def test_a_damaged_file_is_named_and_the_others_are_read(tmp_path: Path, cut: bytes) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    written(folder / "a.har", entry(SHOP))
    (folder / "b.har").write_bytes(cut)
    (folder / "c.zip").write_bytes(b"PK\x03\x04 no zip")
    (folder / "notes.txt").write_bytes(b"not read")
    run = Imported(import_har, folder)
    assert [row["url"] for row in run.rows("requests")] == [SHOP]
    assert run.facts["files_left_out"] == 2 and "\n" not in run.facts["left_out_files"]
    assert "b.har: no whole JSON (" in run.facts["left_out_files"]
    with pytest.raises(InputError, match=r"--strict.*b\.har"):
        Imported(import_har, folder, strict=True)


def test_what_stands_before_the_damage_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(archive([entry(SHOP), entry(CDN)])[:-200])
    run = Imported(import_har, path)
    assert [row["url"] for row in run.rows("requests")] == [SHOP]
    assert "; 1 entries before it are kept" in run.facts["left_out_files"]


@pytest.mark.parametrize("number", ["9" * 6000, "1e999999999", "-0.0000001E-999999"])
def test_huge_numbers_are_no_trap(tmp_path: Path, number: str) -> None:
    path = tmp_path / "a.har"
    whole = archive([entry(SHOP), entry(CDN)]).replace(b'"time": 12.5', b'"time": ' + number.encode())
    path.write_bytes(whole.replace(b'"status": 200', b'"status": ' + number.encode()))
    if len(number) < 4300:
        assert Imported(import_har, path).columns("requests", "status", "ended")[1][0] in (None, 0)
    else:
        with pytest.raises(InputError, match="digits in a row"):
            Imported(import_har, path)


def test_an_archive_that_unpacks_to_gigabytes_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overscripted.foreign.settings.IMPORT_ELEMENT_BYTES", 4 * 2**20)
    path = tmp_path / "a.har.gz"
    path.write_bytes(gzip.compress(b'{"log": {"entries": [{"x": "' + b"a" * 50_000_000))
    with pytest.raises(InputError, match="an element of more than 4 MB"):
        Imported(import_har, path)
    monkeypatch.setattr("overscripted.foreign.settings.IMPORT_JSON_BYTES", 8 * 2**20)
    path.write_bytes(gzip.compress(b'{"log": {"entries": [' + b"1, " * 20_000_000))
    with pytest.raises(InputError, match="decompressed"):
        Imported(import_har, path)


_WHOLE = entry(
    SHOP,
    {**content("x"), "headers": [header("Set-Cookie", "a=b")]},
    {"postData": {"mimeType": "x", "text": "y", "params": [{"name": "a", "value": "b"}]}},
    _resourceType="document",
    _fromCache="disk",
    _initiator={"type": "script", "stack": {"callFrames": [{"url": SHOP, "lineNumber": 1}], "parent": {}}},
    _webSocketMessages=[{"type": "send", "time": 1, "opcode": 1, "data": "x"}],
    serverIPAddress="192.0.2.1",
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(paths(_WHOLE)), by=JSON)
def test_anything_in_place_of_a_field_costs_at_most_its_entry(
    tmp_path: Path, path: tuple[Any, ...], by: Any
) -> None:
    odd = replaced(_WHOLE, path, by)
    run = Imported(import_har, written(tmp_path / "a.har", odd, entry(CDN)))
    urls = [row["url"] for row in run.rows("requests")]
    assert urls[-1] == CDN and len(urls) in (1, 2)
    assert len(urls) == 2 or "of entries: " in run.facts["left_out"]
    assert run.facts["rows_read"] - run.facts["rows_kept"] == run.facts.get("rows_left_out", 0)


def test_digits_in_a_string_are_no_number(tmp_path: Path) -> None:
    """Also beside escaped quotes, and where a part that is read ends within them."""
    text = '\\": ' + "9" * 70_000 + '\\"'
    path = written(tmp_path / "a.har", entry(SHOP, content(text)), entry(CDN, comment="0" * 5000))
    assert Imported(import_har, path).columns("requests", "url") == [(SHOP,), (CDN,)]
    path.write_bytes(path.read_bytes().replace(b'"time": 12.5', b'"time": ' + b"9" * 5000))
    with pytest.raises(InputError, match="digits in a row"):
        Imported(import_har, path)


def test_a_full_disk_is_no_damage_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_the_disk_once(monkeypatch)
    with pytest.raises(OSError, match="No space left"):
        Imported(import_har, written(tmp_path / "a.har", entry(SHOP)))


def test_long_texts_are_passed_on_before_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []
    monkeypatch.setattr("overscripted.etl.importers.writer.IMPORT_BODY_BYTES", 10_000)
    add = SegmentWriter.add_rows
    monkeypatch.setattr(
        SegmentWriter,
        "add_rows",
        lambda self, table, rows: (batches.append(len(rows)), add(self, table, rows)),
    )
    writer = SegmentWriter(Store(tmp_path / "staged"), "x")
    waiting = Batches(writer)
    for _ in range(7):
        waiting.add("requests", {"url": "x" * 4000})
    assert batches == [3, 3]
    waiting.flush()
    assert batches == [3, 3, 1] and writer.rows == {"requests": 7}

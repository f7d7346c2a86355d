"""Bodies beside OpenWPM's database: in LevelDB, packed or plain files, and on S3."""

import base64
import gzip
import hashlib
import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overscripted.etl.importers.leveldb import LevelDB
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.run import Run
from overscripted.store import Store
from tests import services
from tests.etl.conftest import by, rows
from tests.etl.openwpm_eras import database, exchange, visit

# A table (Snappy) and a log as LevelDB 1.22 wrote them, with the list of its files: keys are SHA-256.
TABLE = (
    "eNqFj71KQ0EUhPfeGPCnj+0VhIjVPbtnd89BFGw0tYXWe/YHbAVTp/cF7MTSRgQRxCroY/gSF1tBjYop0vgxxQxTDPPS77IaPfaw"
    "dQxZGyDnSgDvg0D0JlmKqdWGTYpt9pQSlugii0XIBomJ0HlHUlXqh3E4a0Kz28DO6oL9GKgFjQeqO1CjDXapuFwkAQULng1gtAJC"
    "BLbVntG0FCWKAYOhFfRZu2K4IGtPJoWqp9T+0tbLzWxs2F1dTobHa6o7UiOVjbQRUTOVCBGQQ5GCkZhdEdaofcizI+iQhQ3GgGyZ"
    "QTxZLWRtVas53werh+2957+gpm/Xd2qlV6rPX9RtPe+emtP+fb08rdfVv5y8Ty42zw9fvwCPdGDO"
)
LOG = (
    "eNrt0D9qFVEUB+D39GkgWgmWSnbgnTt/7lxsXIALMOWdOzNJQF6aCIJFWrdgKwRELO3dgytwCbZ2JqTR3s7vg3Pgd4pT/B5+/fbg"
    "eLPdbW5tb+bFMJYljnMssZtS6vO8NF1cl9Suc19zvM6lrFNXphCGtYttyHnItS9hGXOKtRye7Y8uTpej1+cnX76/v/pweefeX/+n"
    "WkJeu5L6NPd9amqa89q2XTN3bWjWtra5qSGHMQ6l1qZcH9s6THVKNTQpxp8fd28BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAA4B/68fLz1a/Lu4oAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA4L/25M349NmjnSIAAAAA+MOn5+9ePd5s729ubW/W"
    "wf784vRsf/Ib6ypsVw=="
)
TABLED = (b"var a = 1;\n" * 40, b"", "é = '\U0001f600'".encode() * 3)
LOGGED = (b"in the log", b"x" * 70_000)
SCRIPT, PAGE = TABLED[0], b"<html>"


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _leveldb(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, text in (("000005.ldb", TABLE), ("000006.log", LOG)):
        (folder / name).write_bytes(zlib.decompress(base64.b64decode(text)))
    return folder


def _crawl(path: Path, era: str, *hashes: tuple[str, str]) -> Path:
    """A database with an answer of each kind of request and hash."""
    of = visit(1, 1, "https://a.example/")
    pairs = [exchange(of, str(n), f"https://a.example/{n}", 200) for n in range(len(hashes))]
    asked = [
        pair[0] | {"resource_type": kind, "content_policy_type": {"script": 2}.get(kind, 6)}
        for pair, (kind, _) in zip(pairs, hashes, strict=True)
    ]
    answers = [pair[1] | {"content_hash": own} for pair, (_, own) in zip(pairs, hashes, strict=True)]
    return database(path, era, {"site_visits": [of], "http_requests": asked, "http_responses": answers})


def _imported(folder: Path, source: Path | str) -> tuple[Run, dict[str, Any]]:
    run = Run.open(folder / "run", create=True)
    facts = import_data("openwpm", str(source), run)
    run_etl(run)
    return run, facts


def test_a_leveldb_of_its_own_writer_is_read_whole(tmp_path: Path) -> None:
    _leveldb(tmp_path / "content.ldb")
    db = LevelDB(Store(tmp_path), "content.ldb")
    assert not db.damaged and len(db) == 5
    assert all(db.get(sha256(body).encode()) == body for body in (*TABLED, *LOGGED))
    assert db.get(b"nothing") is None
    db.close()


@given(at=st.integers(0, 375), byte=st.integers(0, 255), cut=st.integers(0, 376))
def test_a_damaged_leveldb_is_named_or_read_and_never_fails(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int, cut: int
) -> None:
    folder = _leveldb(tmp_path_factory.mktemp("damaged") / "content.ldb")
    data = bytearray((folder / "000005.ldb").read_bytes())
    data[at] = byte
    (folder / "000005.ldb").write_bytes(data[:cut] or b"\0")
    db = LevelDB(Store(folder.parent), "content.ldb")
    assert db.get(sha256(LOGGED[0]).encode()) == LOGGED[0]
    assert set(db.damaged) <= {"content.ldb/000005.ldb"}
    for body in TABLED:
        db.get(sha256(body).encode())
    db.close()


@pytest.mark.parametrize("folder", ["javascript.ldb", "content.ldb"])
def test_bodies_of_a_leveldb_beside_become_scripts(tmp_path: Path, folder: str) -> None:
    _leveldb(tmp_path / folder)
    gone = sha256(b"not kept")
    hashes = [("script", sha256(SCRIPT)), ("script", sha256(LOGGED[0])), ("script", gone), ("script", "")]
    hashes += [("main_frame", sha256(TABLED[2])), ("script", sha256(SCRIPT)), ("script", "<error>")]
    run, _ = _imported(tmp_path, _crawl(tmp_path / "crawl.sqlite", "2020-09", *hashes))
    assert [row[0] for row in by(run, "scripts", "content")] == sorted([SCRIPT, LOGGED[0]])
    assert {row["sha256"] for row in rows(run, "scripts")} == {sha256(SCRIPT), sha256(LOGGED[0])}
    kept = {row["url"][-1]: row["body_sha256"] for row in rows(run, "requests")}
    assert [kept[str(n)] for n in range(7)] == [own if len(own) == 64 else None for _, own in hashes]


def _packed(kind: str, body: bytes) -> bytes:
    if kind == "gz":
        return gzip.compress(body)
    if kind == "zip":
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("body", body)
        return made.getvalue()
    return body


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("{}.zip", "gz"),  # OpenWPM's own, since 2021
        ("{}.zip", "zip"),
        ("content/{}.gz", "gz"),
        ("javascript_files/{}", "plain"),
        ("{}", "plain"),
    ],
)
@pytest.mark.parametrize("own", ["-1234567890123", hashlib.md5(SCRIPT).hexdigest(), sha256(SCRIPT)])
def test_bodies_in_files_beside_become_scripts_by_their_sha256(
    tmp_path: Path, place: str, kind: str, own: str
) -> None:
    path = tmp_path / place.format(own)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(_packed(kind, SCRIPT))
    source = _crawl(tmp_path / "crawl.sqlite", "2017-10", ("script", own), ("document", own))
    run, facts = _imported(tmp_path, source)
    assert by(run, "scripts", "sha256", "size", "content") == [(sha256(SCRIPT), len(SCRIPT), SCRIPT)]
    assert by(run, "requests", "body_sha256") == [(sha256(SCRIPT),)] * 2
    assert "files_left_out" not in facts


def test_a_body_that_is_damaged_or_too_large_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overscripted.etl.importers.bodies.IMPORT_BODY_BYTES", 1000)
    bomb, cut = sha256(b"bomb"), sha256(b"cut")
    (tmp_path / f"{bomb}.gz").write_bytes(gzip.compress(b"x" * 1001))
    (tmp_path / f"{cut}.gz").write_bytes(gzip.compress(b"cut")[:-9])
    source = _crawl(tmp_path / "crawl.sqlite", "2020-09", ("script", bomb), ("script", cut))
    run, facts = _imported(tmp_path, source)
    assert rows(run, "scripts") == []
    assert by(run, "requests", "body_sha256") == sorted([(bomb,), (cut,)])
    assert f"{cut}.gz" in facts["left_out_files"] and bomb not in facts["left_out_files"]


def _parquet(store: Store) -> None:
    visits = pa.table({"visit_id": [1], "site_url": ["https://a.example/"]})
    asked = pa.table({"visit_id": [1], "request_id": [7], "url": ["https://a.example/x.js"]})
    answer = asked.append_column("content_hash", pa.array([sha256(SCRIPT)]))
    for name, made in {"site_visits": visits, "http_requests": asked, "http_responses": answer}.items():
        store.write_table(f"visits/{name}/instance_id=1/x.parquet", made)
    store.write(f"content/{sha256(SCRIPT)}.gz", gzip.compress(SCRIPT))


@pytest.mark.parametrize("below", ["", "/visits"])
def test_bodies_beside_a_folder_of_parquet_become_scripts(tmp_path: Path, below: str) -> None:
    _parquet(Store(tmp_path / "data"))
    run, _ = _imported(tmp_path, f"{tmp_path}/data{below}")
    assert by(run, "scripts", "content") == [(SCRIPT,)]
    assert by(run, "requests", "body_sha256") == [(sha256(SCRIPT),)]


def test_bodies_on_s3_become_scripts(
    tmp_path: Path, s3: services.S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    url = s3.make_bucket("bodies")
    _parquet(Store(f"{url}/crawl"))
    _leveldb(tmp_path / "content.ldb")
    database_ = _crawl(tmp_path / "crawl.sqlite", "2020-09", ("script", sha256(LOGGED[1])))
    there = Store(f"{url}/sqlite")
    for path in (database_, *(tmp_path / "content.ldb").iterdir()):
        there.write(str(path.relative_to(tmp_path)), path.read_bytes())
    run, _ = _imported(tmp_path / "parquet", f"{url}/crawl/visits")
    assert by(run, "scripts", "content") == [(SCRIPT,)]
    run, _ = _imported(tmp_path / "sqlite", f"{url}/sqlite/crawl.sqlite")
    assert by(run, "scripts", "content") == [(LOGGED[1],)]

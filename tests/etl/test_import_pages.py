"""Pictures and sources of pages beside OpenWPM's database."""

import gzip
import hashlib
import io
import json
from pathlib import Path
from typing import Any

from PIL import Image

from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.run import Run
from tests.etl.conftest import rows
from tests.etl.openwpm_eras import database, exchange, visit

SITE, LANDED = "https://a.example/", "https://a.example/landed?é"


def md5(url: str) -> str:
    return hashlib.md5(url.encode()).hexdigest()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (7, 5), "red").save(out, "PNG")
    return out.getvalue()


def crawl(folder: Path, files: dict[str, bytes]) -> Path:
    """A database with two visits of one site, which leads to another page, and files beside it."""
    visits = [visit(1, 1, SITE), visit(2, 1, SITE)]
    pairs = [exchange(of, str(n), LANDED, 200) for n, of in enumerate(visits)]
    tables = {
        "site_visits": visits,
        "http_requests": [request for request, _ in pairs],
        "http_responses": [answer for _, answer in pairs],
    }
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return database(folder / "crawl.sqlite", "2020-09", tables)


def imported(folder: Path, source: Path) -> tuple[Run, dict[str, Any]]:
    run = Run.open(folder / "run", create=True)
    facts = import_data("openwpm", str(source), run)
    run_etl(run)
    return run, facts


def found(run: Run, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of a table, sorted."""
    return sorted((tuple(row[name] for name in columns) for row in rows(run, table)), key=repr)


def test_pictures_and_sources_belong_to_their_visits_and_pages(tmp_path: Path) -> None:
    frames = {
        "doc_url": SITE,
        "source": "<p>top",
        "iframes": {"7": {"doc_url": "https://b.example/", "source": "<p>framed", "iframes": {}}},
    }
    files = {
        f"screenshots/1-{md5(SITE)}.png": png(),
        f"screenshots/2-{md5(LANDED)}-after-dwell.png": png(),
        f"screenshots/parts/2-{md5(SITE)}-part-0-0.png": b"of a picture that is whole elsewhere",
        f"sources/1-{md5('https://nobody.knows/')}.html": b"<p>\xc3\xa9\n",
        f"sources/2-{md5(SITE)}.json.gz": gzip.compress(json.dumps(frames).encode()),
        "sources/notes.html": b"of no visit",
    }
    run, facts = imported(tmp_path, crawl(tmp_path / "data", files).parent)
    picture = sha256(png())
    columns = ("visit_id", "url", "frame_id", "mime_type", "width", "height", "kind", "sha256", "size")
    assert found(run, "screenshots", *columns) == [
        (1, SITE, 0, "image/png", 7, 5, None, picture, len(png())),
        (2, LANDED, 0, "image/png", 7, 5, None, picture, len(png())),
    ]
    contents = {row["sha256"]: row["content"] for row in rows(run, "contents")}
    assert contents.pop(picture) == png()
    documents = [
        (number, url, frame, contents.pop(own))
        for number, url, frame, own in found(run, "saved_documents", "visit_id", "url", "frame_id", "sha256")
    ]
    assert documents == [
        (1, None, 0, "<p>é".encode()),
        (2, SITE, 0, b"<p>top"),
        (2, "https://b.example/", None, b"<p>framed"),
    ]
    assert not contents
    assert "files_left_out" not in facts


def test_files_of_no_visit_and_damaged_ones_are_counted(tmp_path: Path) -> None:
    name = f"1-{md5(SITE)}"
    files = {
        f"screenshots/{name}.png": b"no picture",
        f"screenshots/9-{md5(SITE)}.png": png(),
        f"sources/{name}.json.gz": gzip.compress(b"{")[:-9],
        f"sources/{name}-list.json.gz": gzip.compress(b"[]"),
        f"sources/{name}.html": b"kept\n",
    }
    run, facts = imported(tmp_path, crawl(tmp_path / "data", files))
    assert not rows(run, "screenshots")
    assert found(run, "saved_documents", "sha256") == [(sha256(b"kept"),)]
    assert facts["left_out"] == "1 of screenshots: of no visit"
    assert facts["files_left_out"] == 3
    for named in (f"screenshots/{name}.png: no PNG", f"{name}-list.json.gz: no source of a page"):
        assert named in facts["left_out_files"]

"""Pages of the demo web that are saved by the commands that a user gives, and found again."""

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.compute as pc
import pytest
from PIL import Image

import overscripted as product
from overscripted.api.opened import OpenedRun, open_run
from overscripted.demo.sites.directory import ORIGIN
from overscripted.demo.web import DemoWeb
from overscripted.errors import InputError
from overscripted.export.publish.sample import export_sample
from overscripted.run import Run
from overscripted.store import Store

pytestmark = [
    pytest.mark.firefox,
    pytest.mark.skipif(
        not (shutil.which("firefox-esr") or shutil.which("firefox")) or not shutil.which("certutil"),
        reason="Firefox and certutil are not both installed",
    ),
]
FRAMED = f"{ORIGIN['labyrinth-of-frames.net']}/cross-origin"
GONE = "https://www.lostpages-archive.org/gone"
KINDS = ("screenshots", "saved_documents", "page_texts")


def overscripted(*arguments: str) -> str:
    """The output of a command."""
    command = [sys.executable, "-m", "overscripted", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=480)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def run(web: DemoWeb, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run with two pages of the demo web, crawled and in tables."""
    folder = tmp_path_factory.mktemp("saving")
    made = str(folder / "run")
    web_of_the_demo = {
        "proxy": next(iter(web.proxies.values())),
        "authorities": (str(web.ca_file),),
        "allow_private": True,
    }
    options = {"dwell_s": 1.0, "retries": 0, "save": ("screenshot=page,html", "text"), "display": "headless"}
    facts = product.crawl(made, [FRAMED, GONE], **web_of_the_demo, **options)
    assert facts["left"] == 0
    overscripted("etl", made)
    return made


@pytest.fixture(scope="module")
def explored(run: str) -> OpenedRun:
    return open_run(run)


def rows(explored: OpenedRun, table: str) -> list[dict[str, Any]]:
    """The rows of a table with the seed of each."""
    visits = explored.table("visits").select("visit_id", "site_url")
    found = explored.table(table).join(visits, "visit_id")
    return explored.engine.to_arrow(found).to_pylist()


def test_each_visit_says_what_was_saved(explored: OpenedRun) -> None:
    visits = explored.engine.to_arrow(explored.table("visits")).to_pylist()
    outcomes = {visit["site_url"]: visit["outcome"] for visit in visits}
    assert outcomes == {FRAMED: "complete", GONE: "http_error"}
    assert {visit["saved"] for visit in visits} == {
        json.dumps({"screenshot": ["page"], "html": [], "text": []})
    }


def test_documents_and_texts_are_found_again(explored: OpenedRun, web: DemoWeb) -> None:
    documents = {row["url"]: row for row in rows(explored, "saved_documents")}
    inner = "https://corner.labyrinth-annex.org/inner/cross"
    assert {url: (row["site_url"], row["frame_id"]) for url, row in documents.items()} == {
        FRAMED: (FRAMED, 0),
        inner: (FRAMED, 1),
        GONE: (GONE, 0),
    }
    html = explored.content(documents[GONE]["sha256"])
    assert html == b"<html><head></head><body><h1>Gone</h1></body></html>"
    assert documents[GONE]["size"] == len(html)
    framed = explored.content(documents[inner]["sha256"]) or b""
    assert b"<title>A framed page</title>" in framed
    texts = {row["url"]: row for row in rows(explored, "page_texts")}
    assert explored.content(texts[GONE]["sha256"]) == b"Gone"
    assert (texts[FRAMED]["language"], texts[FRAMED]["language_source"]) == ("en", "detected")


def test_a_picture_is_written_to_a_file(explored: OpenedRun, run: str, tmp_path: Path) -> None:
    pictures = {row["url"]: row for row in rows(explored, "screenshots")}
    assert {url: row["kind"] for url, row in pictures.items()} == {FRAMED: "page", GONE: "page"}
    row, file = pictures[FRAMED], tmp_path / "page.webp"
    contents = f"{run}/tables/contents/*.parquet"
    duckdb.sql(
        f"COPY (SELECT content FROM '{contents}' WHERE sha256 = '{row['sha256']}') TO '{file}' (FORMAT BLOB)"
    )
    assert file.read_bytes() == explored.content(row["sha256"])
    with Image.open(io.BytesIO(file.read_bytes())) as shown:
        assert (shown.format, shown.size) == ("WEBP", (row["width"], row["height"]))


def test_a_content_that_the_run_has_not(explored: OpenedRun) -> None:
    with pytest.raises(InputError, match="no content with the SHA-256 00"):
        explored.content("00")


def test_status_tells_what_is_saved_and_its_size(explored: OpenedRun, run: str) -> None:
    store = Store(run)
    sizes = {table: pc.sum(store.read_table(f"tables/{table}")["size"]).as_py() for table in KINDS}
    facts = explored.run.stage("etl")["facts"]
    assert {table: facts["bytes_of_contents"][table] for table in KINDS} == sizes
    assert [facts[table] for table in KINDS] == [2, 3, 3]
    said = " ".join(overscripted("status", run).split())
    assert "screenshots 2" in said
    assert f"screenshots {sizes['screenshots']:,}" in said


def test_a_published_sample_has_nothing_of_it(run: str, tmp_path: Path) -> None:
    export_sample(Run.open(run), str(tmp_path / "out"), remove_personal=True)
    published = Store(tmp_path / "out")
    assert {key.split("/")[0] for key in published.files()} == {
        "README.md",
        "SHA256SUMS",
        "schema.json",
        "datapackage.json",
        "croissant.json",
        "calls",
        "pages",
        "script_refs",
        "visits",
    }

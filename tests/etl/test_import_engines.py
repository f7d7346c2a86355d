"""Records of every import give the same tables on both engines: all in one run, since Spark is slow."""

import base64
import shutil
from pathlib import Path
from typing import Any

import pytest

from overscripted import layout
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.export.formats import Wanted
from overscripted.export.run import export
from overscripted.run import Run
from tests.etl import har
from tests.etl import test_import_blacklight as blacklight
from tests.etl import test_import_calls as calls
from tests.etl import test_import_tracker_radar as tracker_radar
from tests.etl import test_import_visiblev8 as visiblev8
from tests.etl import test_import_warc as warc
from tests.etl.conftest import by, call, crawl_run, same_tables, visit
from tests.etl.openwpm_eras import database, story

PAGE, SCRIPT = "https://shop.example/home", "https://t.example/t.js"
COOKIE = {"headers": [har.header("Set-Cookie", "id=abcdef0123; Max-Age=99999999")]}
SOCKET = [{"type": "receive", "time": 1, "opcode": 2, "data": base64.b64encode(b"\x00\xff").decode()}]


def _har(folder: Path) -> Path:
    script = har.entry(SCRIPT, har.content("f()", "text/javascript"), _resourceType="script")
    posted = har.entry(PAGE, None, {"method": "POST", "postData": {"mimeType": "a/b", "text": "\u00e4"}})
    socket = har.entry("wss://s.example/", None, None, _webSocketMessages=SOCKET)
    return har.written(folder / "a.har", har.entry(PAGE, COOKIE), script, posted, socket)


def _tracker_radar(folder: Path) -> Path:
    kept = {"source": SCRIPT, "description": "Document.cookie setter", "arguments": ["a=1"]}
    apis = {"callStats": {SCRIPT: {"Navigator.prototype.userAgent": 3}}, "savedCalls": [kept]}
    requests = [tracker_radar.request(PAGE, "Document"), tracker_radar.request(SCRIPT)]
    cookies = [{"name": "a", "domain": "t.example", "path": "/", "expires": 1_800_000_000.5}]
    whole = tracker_radar.site(requests=requests, apis=apis, cookies=cookies)
    return tracker_radar.written(folder / "t.json", whole)


def _blacklight(folder: Path) -> Path:
    text = {"symbol": "CanvasRenderingContext2D.fillText", "operation": "call", "arguments": ["a"]}
    cookie = blacklight.event("Cookie.HTTP", [], stack=[{"fileName": PAGE}], raw="id=abcdef0123; Max-Age=9")
    events = [blacklight.event("JsInstrument.Function", text), cookie]
    return blacklight.inspection(folder / "b", events, report=blacklight.REPORT)


def _package(folder: Path) -> Path:
    made = crawl_run(
        folder / "made",
        calls=[call(crawl_id=77, value="\u00e4"), call(crawl_id=77, ordinal=1, operation="none")],
        visits=[visit(crawl_id=77)],
        cookies=[{"crawl_id": 77, "visit_id": 1, "attempt": 1, "host": "a.example", "value": ""}],
    )
    run_etl(made)
    export(made, str(folder / "package"), Wanted("datapackage", file_format="csv"))
    return folder / "package"


def _sources(folder: Path) -> dict[str, tuple[Path, dict[str, Any]]]:
    """A small source of each kind, and the options of its import."""
    return {
        "har": (_har(folder), {}),
        "tracker-radar": (_tracker_radar(folder), {}),
        "blacklight": (_blacklight(folder), {}),
        "visiblev8": (visiblev8.written(folder / "v" / visiblev8.LOG, visiblev8.story()), {}),
        "calls": (calls._csv(folder / "c.csv", calls.GOOD, "x,,,,,,,"), {"map_": calls.MAP}),
        "warc": (warc._crawl().write(folder / "w.warc.gz"), {}),
        "openwpm": (database(folder / "x.sqlite", "2026-04", story("2026-04")), {}),
        "datapackage": (_package(folder), {}),
    }


@pytest.mark.spark
def test_records_of_each_import_give_the_same_tables_on_both_engines(tmp_path: Path, spark: Any) -> None:
    run, crawls = Run.open(tmp_path / "duckdb", create=True), {}
    for kind, (source, options) in _sources(tmp_path).items():
        one = Run.open(tmp_path / kind, create=True)
        import_data(kind, str(source), one, **options)
        (crawls[kind],) = {row["crawl_id"] for row in one.store.read_table(layout.raw("visits")).to_pylist()}
        for key in one.store.files("raw"):
            run.store.write(key, one.store.read(key))
    run.begin("import", {})
    run.finish("import")
    shutil.copytree(tmp_path / "duckdb", tmp_path / "spark")
    other = Run.open(tmp_path / "spark")
    run_etl(run)
    run_etl(other, "spark")
    same_tables(other, run)
    assert {crawl for (crawl,) in by(run, "visits", "crawl_id")} == {*crawls.values()}
    requests = ("har", "tracker-radar", "warc", "openwpm")
    assert {crawl for (crawl,) in by(run, "requests", "crawl_id")} == {crawls[kind] for kind in requests}
    seen = {row[0] for table in ("calls", "invalid_calls") for row in by(run, table, "crawl_id")}
    assert seen == {crawl for kind, crawl in crawls.items() if kind not in ("har", "warc")}

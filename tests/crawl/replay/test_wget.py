"""Archives that wget made of a small web: replayed in a real Firefox, and imported."""

import gzip
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from overscripted.crawl.replay.opening import opened
from overscripted.etl.imports import import_data
from overscripted.run import Run
from tests.crawl.crawling import crawl
from tests.crawl.raw import Raw
from tests.crawl.replay.test_index import Reader

pytestmark = pytest.mark.skipif(not shutil.which("wget"), reason="wget is not installed (Debian: wget)")

PIXEL = b"GIF89a\x01\x00\x01\x00\x00\xff\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x00;"
PARTS = "<link rel=stylesheet href=/style.css><script src=/code.js></script><img src=/old.gif>"
PAGES = {
    "/": ("text/html", f"<title>first</title>{PARTS}<a href=/two.html>two</a>".encode()),
    "/two.html": ("text/html; charset=utf-8", f"<title>second</title>{PARTS}".encode()),
    "/style.css": ("text/css", b"body { background: url(/new.gif) }"),
    "/code.js": ("text/javascript", b"document.title += ` ${navigator.platform.length > 0}`;"),
    "/new.gif": ("image/gif", PIXEL),
}


class _Handler(BaseHTTPRequestHandler):
    """Pages in chunks and scripts in gzip, as wget then stores them; a picture that has moved."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/old.gif":
            self._answer(301, [("Location", "/new.gif")], b"")
        elif self.path not in PAGES:
            self._answer(404, [], b"absent")
        else:
            kind, body = PAGES[self.path]
            zipped = kind == "text/javascript" and "gzip" in self.headers.get("Accept-Encoding", "")
            headers = [("Content-Type", kind), *([("Content-Encoding", "gzip")] if zipped else [])]
            body = gzip.compress(body, mtime=0) if zipped else body
            self._answer(200, headers, body, in_chunks=kind.startswith("text/html"))

    def _answer(
        self, status: int, headers: list[tuple[str, str]], body: bytes, in_chunks: bool = False
    ) -> None:
        self.send_response(status)
        length = ("Transfer-Encoding", "chunked") if in_chunks else ("Content-Length", str(len(body)))
        for name, value in [*headers, length]:
            self.send_header(name, value)
        self.end_headers()
        for piece in (body[:7], body[7:]) if in_chunks else ():
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n" if in_chunks else body)

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Made:
    base: str
    folder: Path

    def archive(self, name: str) -> Path:
        return self.folder / name


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Three archives of the same two pages; the server has ended then."""
    folder = tmp_path_factory.mktemp("wget")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}/"
    try:
        _wget(folder / "packed", base, "--warc-cdx")
        _wget(folder / "plain", base, "--no-warc-compression", "--compression=auto")
        known = folder / "packed" / "wget.cdx"
        _wget(folder / "again", base, f"--warc-dedup={known}")
    finally:
        server.shutdown()
        server.server_close()
    yield Made(base, folder)


def _wget(folder: Path, base: str, *options: str) -> None:
    """Get both pages with their parts. Exit code 8: a server answered 404, as for robots.txt."""
    folder.mkdir()
    what = ("--recursive", "--level=1", "--page-requisites", "--no-config", "--no-proxy", "--tries=1")
    command = ["wget", "--quiet", *what, "--directory-prefix", "files", "--warc-file=wget", *options, base]
    done = subprocess.run(command, cwd=folder, env={**os.environ, "LC_ALL": "C"}, timeout=120, check=False)
    assert done.returncode in (0, 8)
    shutil.rmtree(folder / "files")


def _rows(run: Run, table: str, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[one] for one in columns) for row in run.store.read_table(f"raw/{table}").to_pylist()]


@pytest.mark.parametrize("name", ["packed", "plain"])
async def test_each_response_answers_as_it_was_sent(made: Made, name: str) -> None:
    with opened((str(made.archive(name)),)) as archives:
        assert archives
        assert list(archives.seeds()) == [made.base, f"{made.base}two.html"]
        assert archives.facts["damaged"] == {}
        reader = Reader(archives)
        visit = await reader.visit(made.base)
        for path, (_, body) in PAGES.items():
            assert await reader.get(visit, made.base + path[1:]) == ("exact", body)


@pytest.mark.parametrize("name", ["packed", "plain"])
def test_pages_scripts_and_bodies_are_imported(made: Made, name: str, tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", create=True)
    facts = import_data("warc", str(made.archive(name)), run)
    visits = _rows(run, "visits", "site_url", "outcome", "http_status")
    assert visits == [(made.base, "complete", 200), (f"{made.base}two.html", "complete", 200)]
    assert [content for (content,) in _rows(run, "scripts", "content")] == [PAGES["/code.js"][1]]
    bodies = {content for (content,) in _rows(run, "contents", "content")}
    assert bodies >= {body for path, (_, body) in PAGES.items() if path != "/code.js"}
    urls = dict(_rows(run, "requests", "url", "hop"))
    assert urls[f"{made.base}new.gif"] == 1  # of the redirect
    assert "left_out" not in facts


def test_what_wget_left_out_as_known_has_the_body_of_the_other_archive(made: Made, tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", create=True)
    for name in ("packed", "again"):
        shutil.copytree(made.archive(name), tmp_path / "both" / name)
    facts = import_data("warc", str(tmp_path / "both"), run)
    scripts = [sha for url, sha in _rows(run, "requests", "url", "body_sha256") if url.endswith("code.js")]
    assert len(scripts) == 2 and len(set(scripts)) == 1 and scripts[0]
    assert "left_out" not in facts


@pytest.mark.firefox
def test_firefox_gets_the_pages_with_their_parts(made: Made, firefox: None, tmp_path: Path) -> None:
    options = ("--dwell", "1", "--windows", "2", "--instrument", "fingerprinting")
    archives = [option for name in ("packed", "again") for option in ("--replay", str(made.archive(name)))]
    crawl(tmp_path / "run", *archives, *options, folder=tmp_path)
    raw = Raw(str(tmp_path / "run"))
    titles = {seed: visit["title"] for seed, visit in raw.visits.items()}
    assert titles == {made.base: "first true", f"{made.base}two.html": "second true"}
    for seed in titles:
        answers = {row["url"]: row["rule"] for row in raw.of("replayed_requests", seed)}
        answers.pop(f"{made.base}favicon.ico", None)
        parts = ("style.css", "code.js", "old.gif", "new.gif")
        assert answers == dict.fromkeys([seed, *(made.base + part for part in parts)], "exact")

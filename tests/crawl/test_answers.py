"""Answers that are no whole page: cut short, stopped by the page itself, shown by Firefox's own viewers."""

import base64
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from overscripted.errors import InputError
from tests.crawl.crawling import Crawl, crawl
from tests.crawl.raw import Raw

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

MARK = "<script>localStorage.setItem('mark', '{0}')</script>"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    + (b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF")
)
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")  # a GIF


def whole(kind: str, body: bytes) -> bytes:
    """A response."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (
        kind.encode(),
        len(body),
        body,
    )


def page(name: str, more: str = "") -> bytes:
    return f"<!doctype html><title>{name}</title>{MARK.format(name)}{more}".encode()


# What the server sends for each path; then it closes the connection.
ANSWERS = {
    "/short": whole("text/html", page("short")).replace(b"Content-Length: ", b"Content-Length: 9"),
    "/unchunked": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"%x\r\n%s\r\n" % (len(page("unchunked")), page("unchunked")),
    "/stops": whole("text/html", page("stops", "<img src=/never><script>window.stop()</script>")),
    "/pdf": whole("application/pdf", PDF),
    "/json": whole("application/json", b'{"a": [1, 2, 3]}'),
    "/picture": whole("image/gif", PIXEL),
    "/film": whole("video/webm", bytes(200)),
    "/text": whole("text/plain", b"only text"),
    "/framed": whole("text/html", page("framed", "<iframe src=/pdf></iframe><iframe src=/picture></iframe>")),
    "/whole": whole("text/html", page("whole")),
    "/nothing": b"",
    "/headers": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n",
}
OUTCOMES = {
    "/short": "complete",
    "/unchunked": "complete",
    "/stops": "complete",
    "/pdf": "viewer",
    "/json": "viewer",
    "/picture": "viewer",
    "/film": "viewer",
    "/text": "complete",
    "/framed": "complete",
    "/whole": "complete",
    "/nothing": "net_error",
    "/headers": "complete",  # to Firefox an empty page
}
CUT_SHORT = {"/short", "/unchunked"}
MARKED = {"/short", "/unchunked", "/stops", "/framed", "/whole"}


def _serve(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    with connection:
        asked = b""
        while b"\r\n\r\n" not in asked:
            if not (more := connection.recv(4096)):
                return
            asked += more
        path = asked.split(b" ")[1].decode()
        if path == "/never":
            connection.recv(1)  # until the browser gives it up
        connection.sendall(ANSWERS.get(path, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server,), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def raw(base: str, tmp_path_factory: pytest.TempPathFactory) -> Raw:
    folder = tmp_path_factory.mktemp("answers")
    options = ("--windows", "6", "--dwell", "1", "--retries", "0", "--allow-private", "--per-domain", "0")
    crawl(folder / "run", *options, seeds=[base + path for path in ANSWERS], folder=folder)
    return Raw(str(folder / "run"))


@pytest.mark.parametrize("path", OUTCOMES)
def test_outcome(raw: Raw, base: str, path: str) -> None:
    visit = raw.visits[base + path]
    assert visit["outcome"] == OUTCOMES[path], visit["error"]


@pytest.mark.parametrize("path", ANSWERS)
def test_exactly_the_calls_of_the_page(raw: Raw, base: str, path: str) -> None:
    found = [(c["symbol"], c["arguments"]) for c in raw.of("calls", base + path)]
    mark = json.dumps({"0": "mark", "1": path[1:]}, separators=(",", ":"))
    stored = [("window.localStorage", None), ("window.Storage.setItem", mark)]
    assert found == (stored if path in MARKED else [])


@pytest.mark.parametrize("path", ANSWERS)
def test_what_was_cut_short_or_shown_by_a_viewer_is_counted(raw: Raw, base: str, path: str) -> None:
    visit = raw.visits[base + path]
    gaps = json.loads(visit["known_gaps"])
    assert gaps.get("document cut short", 0) == (path in CUT_SHORT)
    assert ("cut short" in visit["error"]) == (path in CUT_SHORT)
    viewers = {"/framed": 2}.get(path, int(OUTCOMES[path] == "viewer"))
    assert gaps.get("document of a viewer of the browser", 0) == viewers
    kinds = [row["kind"] for row in raw.of("frames", base + path)]
    assert kinds.count("viewer") == viewers


def test_a_run_keeps_one_instrument(raw: Raw, base: str, tmp_path: Path) -> None:
    folder = Path(raw.run.store.root)
    other = Crawl(folder, "--instrument", "fingerprinting", "--allow-private", folder=tmp_path)
    assert other.wait() == InputError.exit_code
    assert "--instrument" in other.said and "--mix-instruments" in other.said
    assert "Traceback" not in other.said

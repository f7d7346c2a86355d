"""Real pages as they were captured: WARC files (ISO 28500) answered from, behind the demo web's proxy."""

import hashlib
import io
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader
from warcio.recordloader import ArcWarcRecord

from overscripted.demo.http_messages import Request, Response
from overscripted.demo.websocket import Talk, silent

CAPTURES = Path(__file__).resolve().parents[3] / "shared" / "data" / "warc"
PAGES = {
    "a microblog": "https://twitter.com/netpreserve",
    "a blog with widgets": "https://netpreserveblog.wordpress.com/2019/05/29/warc-10th-anniversary/",
    "a long table": "http://data.gov.uk/data/site-usage",
    "a page with an embedded post": "http://embedserver/e/https://twitter.com/webrecorder_io/status/1192184193347796992",
    "a long page with few scripts": "http://www.iana.org/protocols",
}

# Of one connection and not of the resource; the length is written anew.
_HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding", "content-type"}
_NOTHING = Response(404, b"not captured\n", "text/plain")


class Archive:
    """The hosts of WARC files, for `demo.proxy.Proxy`. Answers are given byte by byte as captured.

    A URL that was never captured is answered by the first capture of its path, since scripts put times and
    random numbers into queries.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self._exact: dict[str, Response] = {}
        self._by_path: dict[str, Response] = {}
        self._hosts: set[str] = set()
        for file in files:
            with file.open("rb") as stream:
                for record in ArchiveIterator(stream):
                    if record.rec_type == "response" and record.http_headers:
                        self._add(record)

    def _add(self, record: ArcWarcRecord) -> None:
        parts = urlsplit(record.rec_headers.get_header("WARC-Target-URI"))
        if parts.hostname:
            self._hosts.add(parts.hostname)
            answer = _answer(record)
            self._exact.setdefault(_key(parts.netloc, parts.path, parts.query), answer)
            self._by_path.setdefault(_key(parts.netloc, parts.path, ""), answer)

    def serves(self, scheme: str, host: str) -> bool:
        """Whether a host was captured; by both schemes, since captures mix them."""
        return host in self._hosts

    def tls_fault(self, host: str) -> str:
        """No host of an archive fails so."""
        return ""

    def talker(self, host: str, path: str) -> Talk:
        """Sockets say nothing."""
        return silent

    def answer(self, ask: Request) -> Response:
        """What was captured."""
        exact = self._exact.get(_key(ask.host, ask.path, ask.query))
        return exact or self._by_path.get(_key(ask.host, ask.path, ""), _NOTHING)

    def sha256(self, url: str) -> str:
        """SHA-256 of the body that a page gets for a URL, as a browser decodes it."""
        parts = urlsplit(url)
        request = Request("GET", parts.scheme, parts.netloc, parts.path or "/", parts.query, {}, "")
        answer = self.answer(request)
        coding = {k.lower(): v for k, v in answer.headers.items()}.get("content-encoding", "")
        response = urllib3.HTTPResponse(
            io.BytesIO(answer.body), {"content-encoding": coding}, preload_content=False
        )
        return hashlib.sha256(response.read(decode_content=True)).hexdigest()


def through(proxy: str) -> dict[str, str | int | bool]:
    """Firefox's preferences for a way to the captured web, by a proxy's URL, and no way past it."""
    host, port = proxy.removeprefix("http://").split(":")
    return {
        "network.proxy.type": 1,
        "network.proxy.http": host,
        "network.proxy.http_port": int(port),
        "network.proxy.ssl": host,
        "network.proxy.ssl_port": int(port),
        "network.proxy.failover_direct": False,
        "dom.security.https_first": False,
    }


def _key(host: str, path: str, query: str) -> str:
    return f"{host}{path or '/'}?{query}"


def _answer(record: ArcWarcRecord) -> Response:
    captured = record.http_headers
    headers = {name: value for name, value in captured.headers if name.lower() not in _HOP_BY_HOP}
    chunked = (captured.get_header("Transfer-Encoding") or "").lower() == "chunked"
    stream = ChunkedDataReader(record.raw_stream) if chunked else record.raw_stream
    kind = captured.get_header("Content-Type") or "application/octet-stream"
    return Response(int(captured.get_statuscode() or 200), stream.read(), kind, headers)

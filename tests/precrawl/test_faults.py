"""Whatever a server does, its site ends in one truthful outcome, in time and in bounded memory.

Each fault is a real socket server's. Sites are addresses of the loopback network, one a fault, so
that each is a registrable domain of its own; a healthy one among them shows that nothing spills over.
"""

import gzip
import socket
import time
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import zstandard

from tests.precrawl.crawling import Crawl
from tests.precrawl.web import Request, Web, http, page, slowly

MIB = 2**20
TIMEOUT_S = 8.0  # some take a second of CPU, and seventy are read at once
GOOD = page("https://elsewhere.example/a")


def drip_body(r: Request) -> None:
    r.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n")
    slowly(r, b"x" * 1000, 0.05)


def drip_headers(r: Request) -> None:
    slowly(r, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-A: " + b"x" * 1000, 0.05)


def drip_chunks(r: Request) -> None:
    r.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(200):
        r.sock.sendall(b"1\r\nx\r\n")
        time.sleep(0.05)


def endless_continue(r: Request) -> None:
    for _ in range(2000):
        r.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.01)


def endless_body(r: Request) -> None:
    r.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while True:
        r.sock.sendall(b"<p>" * 20_000)


def endless_headers(r: Request) -> None:
    r.sock.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        r.sock.sendall(b"X-Header: x\r\n" * 1000)


def huge_header(r: Request) -> None:
    r.sock.sendall(b"HTTP/1.1 200 OK\r\nX-Header: ")
    while True:
        r.sock.sendall(b"x" * 10_000)


def silence(r: Request) -> None:
    time.sleep(TIMEOUT_S + 3)


def close(r: Request) -> None:
    r.sock.close()


def reset(r: Request) -> None:
    r.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    r.sock.close()


def reset_in_body(r: Request) -> None:
    r.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9999\r\n\r\n<p>")
    time.sleep(0.1)
    reset(r)


def redirect(to: str) -> Callable[[Request], bytes]:
    return lambda r: http(status="302 Found", Location=to, Connection="close")


def encoded(data: bytes, encoding: str) -> bytes:
    return http(data, Content_Encoding=encoding)


def zeros(compressor: Any, size: int) -> bytes:
    return b"".join([*(compressor.compress(bytes(MIB)) for _ in range(size // MIB)), compressor.flush()])


class _Brotli:
    def __init__(self) -> None:
        self._inner = brotli.Compressor(quality=5)
        self.compress, self.flush = self._inner.process, self._inner.finish


BOMBS = {
    "gzip": zeros(zlib.compressobj(9, zlib.DEFLATED, 31), 64 * MIB),
    "br": zeros(_Brotli(), 64 * MIB),
    "zstd": zeros(zstandard.ZstdCompressor(level=3).compressobj(), 64 * MIB),
    "deflate": zeros(zlib.compressobj(9), 64 * MIB),
}
SWALLOWED = {  # little as sent, nothing in the end, and megabytes between
    "gzip": brotli.compress(gzip.compress(b"") * 400_000, quality=5),
    "zstd": brotli.compress(zstandard.compress(b"") * 800_000, quality=5),
}
ZSTD = zstandard.compress(GOOD.encode())
TWICE = gzip.compress(gzip.compress(bytes(64 * MIB)))

HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"

# Name -> what the server does, the outcome.
FAULTS: dict[str, tuple[Any, str]] = {
    "healthy": (lambda r: GOOD, "reached"),
    "drips its body": (drip_body, "timeout"),
    "drips its headers": (drip_headers, "timeout"),
    "drips chunks": (drip_chunks, "timeout"),
    "says continue for ever": (endless_continue, "timeout"),
    "says nothing": (silence, "timeout"),
    "never ends its body": (endless_body, "too_large"),
    "never ends its headers": (endless_headers, "protocol"),
    "one header without end": (huge_header, "protocol"),
    "announces gigabytes": (lambda r: http(b"", Content_Length="9999999999"), "too_large"),
    "announces a number of 5,000 digits": (lambda r: http(b"", Content_Length="9" * 5000), "too_large"),
    "announces what int() does not take": (
        lambda r: http(GOOD, Content_Length="?", Connection="close").replace(b"?", b"\xb2"),
        "reached",
    ),
    "closes at once": (close, "closed"),
    "resets": (reset, "closed"),
    "resets in its body": (reset_in_body, "closed"),
    "sends less than announced": (
        lambda r: http(GOOD, Content_Length="99999", Connection="close"),
        "closed",
    ),
    "ends within a chunk": (
        lambda r: b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nx",
        "closed",
    ),
    "chunks that are none": (
        lambda r: b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx",
        "protocol",
    ),
    "speaks garbage": (lambda r: b"\x00\xff\x13 this is a modem\r\n" * 50, "protocol"),
    "status is no number": (lambda r: b"HTTP/1.1 OK fine\r\n\r\n", "protocol"),
    "announces nonsense": (lambda r: http(GOOD, Content_Length="-5", Connection="close"), "reached"),
    "gzip bomb": (lambda r: encoded(BOMBS["gzip"], "gzip"), "too_large"),
    "br bomb": (lambda r: encoded(BOMBS["br"], "br"), "too_large"),
    "zstd bomb": (lambda r: encoded(BOMBS["zstd"], "zstd"), "too_large"),
    "deflate bomb": (lambda r: encoded(BOMBS["deflate"], "deflate"), "too_large"),
    "bomb in a bomb": (lambda r: encoded(TWICE, "gzip, gzip"), "too_large"),
    "empty gzip members in br": (lambda r: encoded(SWALLOWED["gzip"], "gzip, br"), "too_large"),
    "empty zstd frames in br": (lambda r: encoded(SWALLOWED["zstd"], "zstd, br"), "too_large"),
    "ten encodings": (lambda r: encoded(b"x", ", ".join(["gzip"] * 10)), "encoding"),
    "not the gzip it claims": (lambda r: encoded(GOOD.encode(), "gzip"), "encoding"),
    "not the br it claims": (lambda r: encoded(GOOD.encode(), "br"), "encoding"),
    "not the zstd it claims": (lambda r: encoded(GOOD.encode(), "zstd"), "encoding"),
    "half a gzip": (lambda r: encoded(gzip.compress(GOOD.encode() * 99)[:-30], "gzip"), "encoding"),
    "half a zstd": (lambda r: encoded(zstandard.compress(GOOD.encode() * 99)[:-30], "zstd"), "encoding"),
    "a zstd without its last byte": (lambda r: encoded(ZSTD[:-1], "zstd"), "encoding"),
    "half a second zstd frame": (
        lambda r: encoded(ZSTD + zstandard.compress(b"<p>")[:7], "zstd"),
        "encoding",
    ),
    "two zstd frames": (
        lambda r: encoded(zstandard.compress(b"<p>") + ZSTD, "zstd"),
        "reached",
    ),
    "an unknown encoding": (lambda r: encoded(GOOD.encode(), "sdch"), "reached"),
    "no encoding, said so": (lambda r: encoded(GOOD.encode(), "none"), "reached"),
    "a gzip, and UTF-8": (lambda r: encoded(gzip.compress(GOOD.encode()), "UTF-8, gzip"), "reached"),
    "a line that is no header": (lambda r: http(GOOD).replace(b"Content-L", b"x\r\nContent-L"), "reached"),
    "one place twice": (
        lambda r: (
            GOOD
            if r.path == "/b"
            else http(status="302 Found", Location="/b").replace(b"Loc", b"Location: /b\r\nLoc")
        ),
        "reached",
    ),
    "two places": (
        lambda r: http(status="302 Found", Location="/b").replace(b"Loc", b"Location: /c\r\nLoc"),
        "protocol",
    ),
    "two types that are one": (lambda r: http(GOOD, type="text/html, text/html"), "reached"),
    "any type": (lambda r: http(GOOD, type="*/*"), "reached"),
    "no type, and text": (lambda r: http("text" + GOOD, type="x"), "not_html"),
    "a page to be saved": (lambda r: http(GOOD, Content_Disposition="attachment"), "not_html"),
    "hints before its answer": (lambda r: HINTS + http(GOOD), "reached"),
    "ends before its last chunk": (
        lambda r: b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
        "closed",
    ),
    "redirects in a circle without a cookie of no domain": (
        lambda r: (
            GOOD
            if "seen=1" in r.headers.get("cookie", "")
            else http(status="302 Found", Location="/", Set_Cookie="seen=1; Domain=")
        ),
        "reached",
    ),
    "gzip": (lambda r: encoded(gzip.compress(GOOD.encode()), "gzip"), "reached"),
    "two gzip members": (
        lambda r: encoded(gzip.compress(GOOD[:20].encode()) + gzip.compress(GOOD[20:].encode()), "gzip"),
        "reached",
    ),
    "br": (lambda r: encoded(brotli.compress(GOOD.encode()), "br"), "reached"),
    "zstd": (lambda r: encoded(zstandard.compress(GOOD.encode()), "zstd"), "reached"),
    "deflate": (lambda r: encoded(zlib.compress(GOOD.encode()), "deflate"), "reached"),
    "raw deflate": (lambda r: encoded(zlib.compress(GOOD.encode())[2:-4], "deflate"), "reached"),
    "gzip in br": (lambda r: encoded(brotli.compress(gzip.compress(GOOD.encode())), "gzip, br"), "reached"),
    "redirects in a circle": (lambda r: http(status="302 Found", Location=r.path), "redirects"),
    "redirects for ever": (lambda r: http(status="302 Found", Location=r.path + "x"), "redirects"),
    "redirects to ftp": (redirect("ftp://files.example/"), "bad_redirect"),
    "redirects to javascript": (redirect("javascript:alert(1)"), "bad_redirect"),
    "redirects to nonsense": (redirect("http://[::bad/"), "bad_redirect"),
    "redirects without a place": (lambda r: http(status="302 Found"), "http_302"),
    "redirects in a circle without its cookie": (
        lambda r: (
            GOOD
            if "seen=1" in r.headers.get("cookie", "")
            else http(status="302 Found", Location="/", Set_Cookie="seen=1")
        ),
        "reached",
    ),
    "missing": (lambda r: http(GOOD, status="404 Not Found"), "http_404"),
    "broken": (lambda r: http(GOOD, status="500 Internal Server Error"), "http_500"),
    "empty": (lambda r: b"HTTP/1.1 204 No Content\r\n\r\n", "http_204"),
    "a picture": (lambda r: http(b"\x89PNG", type="image/png"), "not_html"),
    "a type that is none": (lambda r: http(GOOD, type="html"), "reached"),
    "no type": (lambda r: b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n" + GOOD.encode(), "reached"),
    "no bytes": (lambda r: http(b""), "reached"),
    "wrong charset": (lambda r: http(b"\xff" + GOOD.encode(), type="text/html; charset=ascii"), "reached"),
    "blanks before a charset": (
        lambda r: http(GOOD, type=f"text/html; charset={' ' * 60_000};"),
        "reached",
    ),
    "unknown charset": (lambda r: http(GOOD, type="text/html; charset=klingon"), "reached"),
    "zero bytes": (lambda r: http(b"\0" * 1000 + GOOD.encode()), "reached"),
    "nested ten thousand deep": (lambda r: http("<div>" * 10_000 + GOOD), "reached"),
    "nested a million deep": (lambda r: http("<div>" * 800_000 + GOOD), "too_complex"),
    "attributes without end": (lambda r: http("<a " + "x=1 " * 100_000 + GOOD), "reached"),
}  # fmt: skip


def address(number: int) -> str:
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


def test_every_fault_ends_in_its_outcome(crawl: Crawl) -> None:
    hosts = {name: address(i) for i, name in enumerate(FAULTS)}
    sites = {host: FAULTS[name][0] for name, host in hosts.items()}
    with Web(lambda r: sites[r.host.partition(":")[0]](r), address="0.0.0.0") as web:
        crawl(
            [f"{host}:{web.port}" for host in hosts.values()],
            allow_private=True,
            timeout_s=TIMEOUT_S,
            connections=len(hosts),
            max_body=4 * MIB,
            max_decoded=4 * MIB,
            parse_s=4.0,
        )
        found = {n: crawl.outcomes()[f"{h}:{web.port}"] for n, h in hosts.items()}
        links = {n: crawl.links()[f"{h}:{web.port}"] for n, h in hosts.items()}
    assert {n: row["outcome"] for n, row in found.items()} == {n: o for n, (_, o) in FAULTS.items()}
    with_good_page = [n for n, (site, o) in FAULTS.items() if o == "reached" and n != "no bytes"]
    assert {n: links[n] for n in with_good_page} == {
        n: ["https://elsewhere.example/a"] for n in with_good_page
    }
    assert all(not links[n] for n, (_, o) in FAULTS.items() if o != "reached")
    slow = [n for n, row in found.items() if row["outcome"] == "timeout"]
    assert all(TIMEOUT_S - 0.5 < found[n]["elapsed_s"] < 10 * TIMEOUT_S for n in slow), found

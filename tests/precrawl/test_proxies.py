"""Proxies of a vantage point that are not as they should be, and what goes through those that are."""

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from overscripted import urls
from overscripted.errors import InputError, OutsideError
from overscripted.precrawl.client import Client, tls_context
from overscripted.precrawl.deadline import Deadline
from overscripted.precrawl.failure import ProxyAway
from overscripted.precrawl.settings import Settings
from overscripted.precrawl.vantage import Vantage
from tests.precrawl.crawling import Crawl
from tests.precrawl.test_tls import Authority
from tests.precrawl.web import Request, Web, http, page


class SecureWeb(Web):
    """The web behind a proxy that is itself reached over TLS."""

    def __init__(self, sites: Any, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(sites)

    def get_request(self) -> tuple[socket.socket, Any]:
        sock, address = super().get_request()
        return self._context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), address


def drip(request: Request) -> None:
    request.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(600):
        request.sock.sendall(b"x")
        time.sleep(0.1)


def test_a_proxy_over_tls_with_deadlines_that_hold(crawl: Crawl, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    sites: Any = {f"drip{n}.com": drip for n in range(3)} | {"good.com": lambda r: page("https://out.org/")}
    with SecureWeb(sites, authority.server("127.0.0.1")) as web:
        secure = f"https://127.0.0.1:{web.port}"
        crawl(list(sites), {"v": secure}, timeout_s=8.0, connections=1, ca=str(authority.file))
    found = {site: row["outcome"] for site, row in crawl.outcomes("v").items()}
    assert found == {"good.com": "reached"} | {f"drip{n}.com": "timeout" for n in range(3)}


def test_a_proxy_over_tls_that_is_not_trusted_is_named(crawl: Crawl, tmp_path: Path) -> None:
    context = Authority(tmp_path).server("127.0.0.1")
    with SecureWeb(lambda r: page(), context) as web, pytest.raises(OutsideError, match="--ca FILE"):
        crawl(["a.com"], {"v": f"https://127.0.0.1:{web.port}"})


def test_the_time_that_a_silent_proxy_takes_is_not_the_pages() -> None:
    with socket.socket() as silent, socket.socket() as first, socket.socket() as second:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)  # full with the next two: a third waits for an answer that does not come
        for one in (first, second):
            one.setblocking(False)
            one.connect_ex(silent.getsockname())
        settings = Settings(timeout_s=0.2, connect_timeout_s=1.0)
        vantage = Vantage("v", proxy=f"http://127.0.0.1:{silent.getsockname()[1]}")
        client = Client(vantage, settings, tls_context(None))
        client.begin(Deadline(settings.timeout_s))
        with pytest.raises(ProxyAway) as away:
            client.send("GET", "http://a.com/")
        assert away.value.lost_s >= 1.0


class _Refusing(socketserver.BaseRequestHandler):
    """SOCKS 5 (RFC 1928, 1929) that takes no user name."""

    def handle(self) -> None:
        if self.request.recv(2):
            self.request.recv(10)
            self.request.sendall(b"\x05\x02")
            self.request.recv(600)
            self.request.sendall(b"\x01\x01")


def test_wrong_credentials_end_with_one_error_and_no_outcome(crawl: Crawl) -> None:
    refusal = http(b"who?", status="407 Proxy Authentication Required", Proxy_Authenticate="Basic")
    with Web(lambda r: refusal) as web, pytest.raises(OutsideError, match="user name"):
        crawl(["a.com", "b.com"], {"v": web.proxy})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Refusing) as socks:
        threading.Thread(target=socks.serve_forever, args=(0.05,), daemon=True).start()
        proxy = f"socks5h://user:wrong@127.0.0.1:{socks.server_address[1]}"
        with pytest.raises(OutsideError, match="user name"):
            crawl(None, {"v": proxy})
        socks.shutdown()
    sites: dict[str, Callable[[Request], Any]] = {"a.com": lambda r: refusal, "b.com": lambda r: page()}
    with Web(sites) as web:  # a site that says 407 is not the proxy
        crawl(None, {"v": web.proxy})
    assert {s: r["outcome"] for s, r in crawl.outcomes("v").items()} == {
        "a.com": "http_407",
        "b.com": "reached",
    }


def test_what_is_asked_for_is_the_browsers_url(crawl: Crawl) -> None:
    target = urls.join("http://odd.com/", "/a%zz|b%e4'c;d?q=%zz|^&x=é#y") or ""

    def odd(request: Request) -> Any:
        return http(status="302 Found", Location=target.partition("#")[0]) if request.path == "/" else page()

    with Web({"odd.com": odd}) as web:
        crawl(["odd.com"], {"v": web.proxy})
        asked = [request.url for request in web.log]
    assert asked == ["http://odd.com/", target.partition("#")[0]]
    assert "%25" not in target
    assert crawl.outcomes("v")["odd.com"]["outcome"] == "reached"


def test_robots_txt_that_cannot_be_had_is_no_rule(crawl: Crawl) -> None:
    def long(request: Request) -> Any:
        rules = "User-agent: *\nDisallow: /\n" + "# long\n" * 100_000
        return http(rules, type="text/plain") if request.path == "/robots.txt" else page()

    def hops(request: Request) -> Any:
        if not request.path.startswith("/robots.txt"):
            return page()
        n = int(request.path.partition("?")[2] or 0)
        if n == 5:
            return http("User-agent: *\nDisallow: /", type="text/plain")
        return http(status="302 Found", Location=f"/robots.txt?{n + 1}")

    with Web({"long.com": long, "hops.com": hops, "www.dead.com": lambda r: page()}) as web:
        crawl(["long.com", "hops.com", "dead.com"], {"v": web.proxy}, respect_robots=True)
    outcomes = {site: row["outcome"] for site, row in crawl.outcomes("v").items()}
    assert outcomes["long.com"] == outcomes["hops.com"] == "robots"
    crawl.folder = crawl.folder.with_name("direct")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    crawl(
        [f"http://127.0.0.1:{port}/", "http://no-such-host.invalid/"], respect_robots=True, allow_private=True
    )
    found = {row["site"]: row["outcome"] for row in crawl.rows("home.outcomes")}
    assert sorted(found.values()) == ["dns", "refused"], found


def test_the_first_failure_is_told_where_www_answers_with_another(crawl: Crawl) -> None:
    sites: dict[str, Callable[[Request], Any]] = {
        "a.com": lambda r: None,  # closes without an answer
        "www.a.com": lambda r: http(status="503 Service Unavailable"),
    }
    with Web(sites) as web:
        crawl(["a.com"], {"v": web.proxy})
    row = crawl.outcomes("v")["a.com"]
    assert row["outcome"] == "closed"
    assert "http_503" in row["error"]


def test_started_is_the_first_request_not_the_wait_for_it(crawl: Crawl) -> None:
    sites = [f"s{n}.one.com" for n in range(4)]
    with Web(lambda r: page()) as web:
        crawl(sites, {"v": web.proxy}, pace_s=0.5)
    started = sorted(row["started"] for row in crawl.outcomes("v").values())
    assert (started[-1] - started[0]).total_seconds() >= 1.4  # three rests of half a second


def test_a_quorum_that_no_number_of_vantage_points_meets_is_refused_at_once(crawl: Crawl) -> None:
    from overscripted.precrawl.run import SeedOptions

    with pytest.raises(InputError, match="--quorum 3/2"):
        crawl(["a.com"], seed_options=SeedOptions("3/2", None, ()))

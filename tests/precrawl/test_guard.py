"""No request reaches a private address unless allowed, whoever names it and however."""

import socket
from pathlib import Path

import pytest

from overscripted.addresses import may_be_public
from overscripted.precrawl import client
from overscripted.precrawl.deadline import Deadline
from overscripted.precrawl.failure import Failure
from overscripted.precrawl.settings import Settings
from overscripted.precrawl.vantage import Vantage
from tests.precrawl.crawling import Crawl
from tests.precrawl.web import Web, http, page


def test_private_sites_are_refused_and_never_connected(crawl: Crawl) -> None:
    with Web(lambda r: page()) as web:
        port = web.port
        sites = [f"127.0.0.1:{port}", f"localhost:{port}", f"2130706433:{port}", f"0x7f.1:{port}",
                 f"[::1]:{port}", f"[::ffff:127.0.0.1]:{port}", f"10.0.0.1:{port}", "169.254.169.254",
                 f"http://user@127.1:{port}/"]  # fmt: skip
        crawl(sites, timeout_s=3)
        assert {row["outcome"] for row in crawl.outcomes().values()} == {"private"}
        assert len(crawl.outcomes()) == len(sites)
        assert not web.requests


def test_private_literals_and_local_names_are_refused_through_a_proxy(crawl: Crawl) -> None:
    with Web(lambda r: page()) as web:
        crawl(["127.0.0.1", "[::1]", "0x7f000001", "printer.local", "x.internal", "fine.example"],
              {"p": web.proxy})  # fmt: skip
        outcomes = {site: row["outcome"] for site, row in crawl.outcomes("p").items()}
        assert outcomes.pop("fine.example") == "reached"
        assert set(outcomes.values()) == {"private"}
        assert set(web.requests) == {("fine.example", "/")}


def test_redirects_to_private_addresses_are_refused(crawl: Crawl) -> None:
    with Web(lambda r: http(status="302 Found", Location="http://127.0.0.1:1/admin")) as web:
        crawl(["outside.example"], {"p": web.proxy})
        assert crawl.outcomes("p")["outside.example"]["outcome"] == "private"


def test_name_that_resolves_to_a_private_address_is_refused_at_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: what was looked up first does not matter, the address connected to does."""
    with Web(lambda r: page()) as web:
        ours = client.Client(Vantage("v"), Settings(), client.tls_context(None))
        ours.begin(Deadline(5))
        answer = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", web.port))
        monkeypatch.setattr(client.socket, "getaddrinfo", lambda *a, **k: [answer])
        with pytest.raises(Failure) as failure:
            ours.send("GET", f"http://rebound.example:{web.port}/")
        assert failure.value.reason == "private"
        # Even past the look at the names: the peer is looked at again.
        monkeypatch.setattr(ours, "_resolve", lambda host, port: [answer])
        with pytest.raises(Failure) as failure:
            ours.send("GET", f"http://rebound.example:{web.port}/")
        assert failure.value.reason == "private"
        assert not web.requests


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("example.com", True),
        ("8.8.8.8", True),
        ("8.8.8.8.", True),
        ("127.0.0.1", False),
        ("127.0.0.1.", False),
        ("[::1]", False),
        ("[2606:4700::1]", True),
        ("[::ffff:10.0.0.1]", False),
        ("localhost", False),
        ("a.localhost.", False),
        ("notlocalhost.example", True),
        ("nas.home.arpa", False),
        ("", False),
    ],
)
def test_hosts_that_may_be_public(host: str, public: bool) -> None:
    assert may_be_public(host) is public


def test_proxy_password_is_written_nowhere(crawl: Crawl) -> None:
    with Web(lambda r: page()) as web:
        crawl(["a.example"], {"p": web.proxy.replace("//", "//user:sesame@")})
        log = web.log[0].headers
    assert log["proxy-authorization"].startswith("Basic ")
    written = b"".join(p.read_bytes() for p in Path(crawl.folder).rglob("*") if p.is_file())
    assert b"sesame" not in written

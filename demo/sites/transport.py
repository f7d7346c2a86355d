"""Pages about how they come: by TLS with a good or bad certificate, upgraded from HTTP, or without TLS."""

from typing import Any

from overscripted.demo.documents import Document
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import calls
from overscripted.demo.sites.directory import ORIGIN
from overscripted.demo.world import World

_SECURE, _PLAIN = ORIGIN["runwise-health.com"], ORIGIN["copperkettle-cafe.ie"]
_BADGES, _MISTAKEN = "badges.thistle-cdn.net", "old-badges.thistle-cdn.net"
_HOST = _SECURE.removeprefix("https://")


def add(world: World) -> None:
    """Add a page with every way of transport, and one without TLS."""
    world.host(_BADGES, "https")
    world.host(_MISTAKEN, "https", tls_fault="name")
    _secure(world)
    _plain(world)


def _secure(world: World) -> None:
    page = Document(f"{_SECURE}/sealed", "Sealed").add(paragraph("sealed")).inline(calls("userAgent"))
    page.headers["Strict-Transport-Security"] = "max-age=600"
    images = {
        f"https://{_BADGES}/seal.gif": None,
        f"https://{_MISTAKEN}/seal.gif": None,
        f"http://{_BADGES}/again.gif": "mixed-content",
        f"http://{_HOST}/again.gif": "hsts",
    }
    page.add("".join(f'<img src="{url}" alt="">' for url in images))
    blocked = f"http://{_BADGES}/blocked.js"
    page.add(f'<script src="{blocked}"></script>')
    page.expect("mixed_content", {"location": page.location, "url": blocked, "action": "blocked"})
    page.finds("hygiene", f"blocked {blocked}")
    page.expect(
        "tls_connections",
        *(_connection(host, "TLS 1.3", "http/1.1", "") for host in (_HOST, _BADGES)),
        _connection(_MISTAKEN, None, None, "SSL_ERROR_BAD_CERT_DOMAIN"),
    )
    owners = (_HOST, _BADGES, "somebody-else.invalid")
    page.expect("certificates", *(_certificate(owner) for owner in owners))
    page.expect("dns_names", *({"host": host, "source": "proxy"} for host in (_HOST, _BADGES, _MISTAKEN)))
    upgraded = [url for url, cause in images.items() if cause]
    requests = [
        (url, 0, cause, None if cause or _MISTAKEN in url else "http/1.1") for url, cause in images.items()
    ]
    requests += [(url.replace("http:", "https:"), 1, None, "http/1.1") for url in upgraded]
    requests += [(url, 0, None, "http/1.1") for url in (page.location, f"{_SECURE}/favicon.ico")]
    names = ("url", "hop", "upgraded_by", "http_version")
    world.page(page.expect("requests", *(dict(zip(names, row, strict=True)) for row in requests)))


def _connection(host: str, version: str | None, alpn: str | None, error: str) -> dict[str, Any]:
    return {"host": host, "port": 443, "tls_version": version, "alpn": alpn, "error": error}


def _certificate(owner: str) -> dict[str, Any]:
    issuer = "CN=Overscripted demo web"
    return {"subject": f"CN={owner}", "issuer": issuer, "names": f'["{owner}"]', "n_names": 1}


def _plain(world: World) -> None:
    """The same without TLS: nothing is mixed, and nothing is upgraded."""
    page = Document(f"{_PLAIN}/unsealed", "Unsealed").add(paragraph("unsealed")).inline(calls("language"))
    page.add(f'<img src="{_PLAIN}/seal.gif" alt=""><script src="{_PLAIN}/unblocked.js"></script>')
    for table in ("tls_connections", "certificates", "mixed_content"):
        page.expect(table)
    world.page(page.expect("dns_names", {"host": _PLAIN.removeprefix("http://"), "source": "proxy"}))

"""How responses came: the version of HTTP, TLS and certificates, upgrades to HTTPS, mixed content, names."""

import contextlib
import datetime
import hashlib
import ipaddress
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from overscripted.certificates import Authority
from overscripted.crawl.firefox.bidi import BidiError
from overscripted.demo.http_messages import Response
from overscripted.urls import host
from tests.crawl.instrument.harness import Instrumented, Web
from tests.crawl.instrument.hosts import Secure
from tests.crawl.instrument.page_files import read_page
from tests.crawl.instrument.test_requests import go, written
from tests.crawl.test_records import Visit as Rows

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
CERTIFICATE = ("size", "subject", "issuer", "serial_number", "not_before", "not_after", "names", "n_names")


def server(
    folder: Path,
    subject: str = "self.example",
    names: tuple[x509.GeneralName, ...] = (),
    until: datetime.datetime = NOW + 90 * DAY,
    authority: Authority | None = None,
) -> tuple[ssl.SSLContext, bytes]:
    """A server's context, and its certificate (DER), which it signed itself if there is no authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, subject)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(authority._name if authority else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 30 * DAY)
        .not_valid_after(until)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    made = builder.sign(authority._key if authority else key, hashes.SHA256())
    file = folder / f"{len(list(folder.iterdir()))}.pem"
    private = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *private)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, made.public_bytes(serialization.Encoding.DER)


async def recorded(secure: Secure, page: str, folder: Path, until: str = "") -> Rows:
    return await written(await secure.browser.visit(page, until), folder)


ORDINARY = {
    "port": 443,
    "address": "127.0.0.1",
    "tls_version": "TLS 1.3",
    "cipher_suite": "TLS_AES_256_GCM_SHA384",
    "key_exchange": "x25519",
    "signature_scheme": "ECDSA-P256-SHA256",
    "alpn": "http/1.1",
    "has_ech": False,
    "is_built_in_root": False,
    "is_ev": False,
    "certificate_transparency": None,
    "error": "",
}
REFUSED = dict.fromkeys(ORDINARY) | {"port": 443, "address": "127.0.0.1"}


def images(*hosts: str) -> str:
    """A page with an image of each host."""
    return "".join(f"<img src='https://{host}/image.png'>" for host in hosts)


def connections(rows: Rows) -> list[dict[str, Any]]:
    """The TLS connections by host, without what is of the visit; certificates by their SHA-256."""
    without = {"crawl_id", "visit_id", "attempt", "time_stamp"}
    found = [
        {name: value for name, value in row.items() if name not in without}
        for row in rows.rows("tls_connections")
    ]
    return sorted(found, key=lambda row: (row["host"], str(row["tls_version"])))


async def test_each_kind_of_connection_and_each_certificate_is_one_row(
    secure: Secure, tmp_path: Path
) -> None:
    hosts, keys = secure.hosts, tmp_path / "keys"
    keys.mkdir()
    names = tuple(x509.DNSName(f"{host}.certs.example") for host in ("one", "two", "old"))
    shared, der = server(keys, "shared", names, authority=hosts.authority)
    only_12 = server(keys, "shared", names, authority=hosts.authority)
    only_12[0].maximum_version = ssl.TLSVersion.TLSv1_2
    only_12[0].set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    hosts.contexts |= {
        "one.certs.example": shared,
        "two.certs.example": shared,
        "old.certs.example": only_12[0],
    }
    page = "https://one.certs.example/many"
    hosts.add("/many", images(*["one.certs.example"] * 3, "two.certs.example", "old.certs.example"))
    hosts.add("/image.png", b"x", "image/png")
    rows = await recorded(secure, page, tmp_path)
    alpn = {"alpn": ""}
    sha256, sha256_of_old = (hashlib.sha256(bytes_).hexdigest() for bytes_ in (der, only_12[1]))
    assert connections(rows) == [
        {**ORDINARY, **alpn, "host": "old.certs.example", "tls_version": "TLS 1.2"}
        | {"cipher_suite": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "certificate_sha256": sha256_of_old},
        {**ORDINARY, **alpn, "host": "one.certs.example", "certificate_sha256": sha256},
        {**ORDINARY, **alpn, "host": "two.certs.example", "certificate_sha256": sha256},
    ]
    kept = rows.rows("certificates")
    assert sorted(row["sha256"] for row in kept) == sorted([sha256, sha256_of_old])
    (row,) = (row for row in kept if row["sha256"] == sha256)
    assert {name: row[name] for name in CERTIFICATE} == {
        "size": len(der),
        "subject": "O=shared",
        "issuer": "CN=Overscripted demo web",
        "serial_number": f"{x509.load_der_x509_certificate(der).serial_number:040x}",
        "not_before": NOW - 30 * DAY,
        "not_after": NOW + 90 * DAY,
        "names": json.dumps([name.value for name in names]),
        "n_names": 3,
    }
    assert {row["sha256"]: row["content"] for row in rows.rows("contents")} == {
        sha256: der,
        sha256_of_old: only_12[1],
    }
    assert rows.records.gaps == Counter()


async def test_a_certificate_that_changes_is_seen_with_the_connection_that_has_it(
    secure: Secure, tmp_path: Path
) -> None:
    hosts, keys = secure.hosts, tmp_path / "keys"
    keys.mkdir()
    name = "turns.example"
    first, second = (server(keys, n, (x509.DNSName(name),), authority=hosts.authority) for n in "12")
    page = f"https://{name}{hosts.add('/turns', 'x')}"
    hosts.pages["/turn"] = Response(200, b"x", headers={"Connection": "close"})
    visit = await secure.browser.open()
    for context, _ in (first, first, second, second):
        hosts.contexts[name] = context
        await go(visit, page)
        await visit.run("fetch('/turn').then((response) => response.text())")
        await visit.run("fetch('/turn').then((response) => response.text())")
    await secure.browser.flush(visit)
    await secure.browser.close(visit)
    del hosts.contexts[name]
    rows = await written(visit, tmp_path)
    sha256 = [hashlib.sha256(der).hexdigest() for _, der in (first, second)]
    assert [row["certificate_sha256"] for row in rows.rows("tls_connections")] == sha256
    assert [row["sha256"] for row in rows.rows("certificates")] == sha256


async def test_refused_certificates_are_recorded_with_the_reason(secure: Secure, tmp_path: Path) -> None:
    hosts, keys = secure.hosts, tmp_path / "keys"
    keys.mkdir()
    own = (x509.DNSName("expired.example"),)
    stranger = Authority(tmp_path)
    stranger._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stranger")])
    made = {
        "self.example": server(keys, "self"),
        "expired.example": server(keys, "old", own, NOW - DAY, hosts.authority),
        "wrong.example": server(keys, "wrong", (x509.DNSName("right.example"),), authority=hosts.authority),
        "unknown.example": server(keys, "unknown", (x509.DNSName("unknown.example"),), authority=stranger),
    }
    hosts.contexts |= {host: context for host, (context, _) in made.items()}
    hosts.add("/refused", images(*made, "fine.example"))
    rows = await recorded(secure, "https://refused.example/refused", tmp_path)
    found = {row["host"]: row for row in connections(rows)}
    assert {host: row["error"] for host, row in found.items()} == {
        "refused.example": "",
        "fine.example": "",
        "self.example": "MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT",
        "expired.example": "SEC_ERROR_EXPIRED_CERTIFICATE",
        "wrong.example": "SSL_ERROR_BAD_CERT_DOMAIN",
        "unknown.example": "SEC_ERROR_UNKNOWN_ISSUER",
    }
    kept = {row["sha256"]: row for row in rows.rows("certificates")}
    for name, (_, der) in made.items():
        row = found[name]
        sha256 = hashlib.sha256(der).hexdigest()
        assert row == {**REFUSED, "host": name, "error": row["error"], "certificate_sha256": sha256}
        assert kept[sha256]["size"] == len(der)
    assert kept[hashlib.sha256(made["expired.example"][1]).hexdigest()]["not_after"] == NOW - DAY
    assert len(kept) == len(connections(rows)) == 6
    for name in made:
        del hosts.contexts[name]
    # The page's own certificate is refused: nothing but this is known of the visit.
    hosts.contexts["self.example"] = made["self.example"][0]
    visit = await secure.browser.open()
    with pytest.raises(BidiError):
        await go(visit, "https://self.example/")
    await secure.browser.flush(visit)
    await secure.browser.close(visit)
    (row,) = (await written(visit, tmp_path / "again")).rows("tls_connections")
    assert (row["host"], row["error"]) == ("self.example", "MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT")


async def test_certificates_of_nonsense_are_capped_and_fail_no_visit(secure: Secure, tmp_path: Path) -> None:
    hosts, keys = secure.hosts, tmp_path / "keys"
    keys.mkdir()
    many = tuple(x509.DNSName(f"{n}.many.example") for n in range(4000))
    odd = (x509.DNSName("a\0b\x1b[31m.example"), x509.IPAddress(ipaddress.ip_address("192.0.2.1")))
    made = {
        "many.example": server(keys, "many", many),
        "odd.example": server(keys, "\0\x1b[31m\n\u202e" + "x" * 5_000, odd, authority=hosts.authority),
        "large.example": server(keys, "y" * 50_000),
    }
    hosts.contexts |= {host: context for host, (context, _) in made.items()}
    hosts.add("/nonsense", images(*made, "fine.example"))
    rows = await recorded(secure, "https://nonsense.example/nonsense", tmp_path)
    kept = {row["sha256"]: row for row in rows.rows("certificates")}
    of = {host: kept[hashlib.sha256(der).hexdigest()] for host, (_, der) in made.items()}
    assert len(connections(rows)) == len(kept) == 5
    assert of["many.example"]["n_names"] == 4000
    assert json.loads(of["many.example"]["names"]) == [name.value for name in many[:1000]]
    assert (json.loads(of["odd.example"]["names"]), of["odd.example"]["n_names"]) == (
        [str(name.value) for name in odd],
        2,
    )
    assert all(len(row["subject"]) <= 2000 for row in of.values())
    # Firefox reads no name of this length, and no validity in a certificate of more than 64 KB.
    assert (of["many.example"]["subject"], of["large.example"]["subject"]) == ("O=many", "")
    assert (of["many.example"]["not_after"], of["odd.example"]["not_after"]) == (None, NOW + 90 * DAY)
    assert rows.records.gaps == Counter()


async def test_tls_that_is_none_has_no_certificate(secure: Secure, tmp_path: Path) -> None:
    secure.hosts.add("/garbage", images("garbage.example", "fine.example"))
    secure.hosts.garbage.add("garbage.example")
    rows = await recorded(secure, "https://page.example/garbage", tmp_path)
    (row,) = (row for row in connections(rows) if row["host"] == "garbage.example")
    assert row == {**REFUSED, "host": "garbage.example", "error": row["error"], "certificate_sha256": None}
    assert row["error"].startswith("SSL_ERROR_")
    assert len(rows.rows("certificates")) == 2


async def test_the_version_of_http_is_that_of_each_response(secure: Secure, tmp_path: Path) -> None:
    secure.hosts.http2.add("two.example")
    secure.hosts.add("/versions", images("two.example", "one.example", "plain-x.example"))
    rows = await recorded(secure, "https://versions.example/versions", tmp_path)
    found = {host(row["url"]): (row["http_version"], row["status"]) for row in rows.rows("requests")}
    assert found == {
        "versions.example": ("http/1.1", found["versions.example"][1]),
        "two.example": ("h2", 200),
        "one.example": ("http/1.1", 200),
        "plain-x.example": (None, None),  # no server answers
    }
    assert {row["host"]: row["alpn"] for row in connections(rows)} == {
        "versions.example": "http/1.1",
        "two.example": "h2",
        "one.example": "http/1.1",
    }


async def upgrades(secure: Secure, folder: Path, *pages: str) -> dict[str, tuple[str | None, str | None]]:
    """What `led` finds in a visit to several pages, one after the other."""
    visit = await secure.browser.open()
    for page in pages:
        await go(visit, page)
    await secure.browser.flush(visit)
    await secure.browser.close(visit)
    return led(await written(visit, folder))


def led(rows: Rows) -> dict[str, tuple[str | None, str | None]]:
    """Of each hop that led on, by its URL: why Firefox went to HTTPS, and where it led."""
    return {
        row["url"]: (row["upgraded_by"], row["redirect_url"])
        for row in rows.rows("requests")
        if row["redirect_url"] or row["upgraded_by"]
    }


async def test_the_cause_of_each_upgrade_to_https_is_recorded(secure: Secure, tmp_path: Path) -> None:
    hosts = secure.hosts
    hosts.add("/sts", "<p>x", Strict_Transport_Security="max-age=1000")
    hosts.add("/after", "<img src=http://other.example/mixed.png><img src=http://sts.example/sts.png>")
    policy = {"Content_Security_Policy": "upgrade-insecure-requests"}
    hosts.add(
        "/policy",
        "<script src=http://other.example/x.js></script><img src=http://other.example/x.png>",
        **policy,
    )
    hosts.pages["/led"] = Response(302, headers={"Location": "https://other.example/there"})
    hosts.add("/there", "<p>x")
    at = "https://sts.example"
    found = await upgrades(secure, tmp_path, f"{at}/sts", "http://sts.example/after")
    assert found == {
        "http://sts.example/after": ("hsts", f"{at}/after"),
        "http://other.example/mixed.png": ("mixed-content", "https://other.example/mixed.png"),
        "http://sts.example/sts.png": ("hsts", f"{at}/sts.png"),
    }
    found = await upgrades(secure, tmp_path / "policy", "https://policy.example/policy")
    assert found == {
        f"http://other.example/x.{end}": ("upgrade-insecure-requests", f"https://other.example/x.{end}")
        for end in ("js", "png")
    }
    hosts.add("/first", "<script>onload = () => (location = 'http://first.com/there')</script>")
    visit = await secure.browser.visit("https://page.com/first", "location.pathname === '/there'")
    assert led(await written(visit, tmp_path / "first")) == {
        "http://first.com/there": ("https-first", "https://first.com/there")
    }
    # Near miss: a server redirects.
    found = await upgrades(secure, tmp_path / "led", "http://plain-led.example/led")
    assert found == {"http://plain-led.example/led": (None, "https://other.example/there")}
    async with preference(secure.browser, "dom.security.https_only_mode", True):
        found = await upgrades(secure, tmp_path / "only", "http://only.example/there")
    assert found == {"http://only.example/there": ("https-only", "https://only.example/there")}


@contextlib.asynccontextmanager
async def preference(browser: Instrumented, name: str, value: bool | str) -> AsyncIterator[None]:
    """A preference of a running Firefox."""
    kind = "Bool" if isinstance(value, bool) else "String"
    await browser.parent.call(f"() => Services.prefs.set{kind}Pref({json.dumps(name)}, {json.dumps(value)})")
    try:
        yield
    finally:
        await browser.parent.call(f"() => Services.prefs.clearUserPref({json.dumps(name)})")


async def test_blocked_mixed_content_is_recorded_and_cannot_be_forged(secure: Secure, tmp_path: Path) -> None:
    hosts, insecure = secure.hosts, "http://other.example"
    hosts.add("/mixed", read_page("transport/mixed.html"))
    for name in ("frame", "foreign"):
        script = f"fetch('{insecure}/of-{name}').catch(() => parent.postMessage('done', '*'))"
        hosts.add(f"/{name}", f"<script>{script}</script>")
    rows = await recorded(secure, "https://mixed.example/mixed", tmp_path, "window.done === 2")
    page, frame, foreign = (
        "https://mixed.example/mixed",
        "https://mixed.example/frame",
        "https://foreign.com/foreign",
    )
    numbers = {row["url"]: row["frame_id"] for row in rows.rows("frames")}
    found = [
        (row["location"], row["frame_id"], row["url"], row["action"]) for row in rows.rows("mixed_content")
    ]
    assert sorted(found) == [
        (foreign, numbers[foreign], f"{insecure}/of-foreign", "blocked"),
        (frame, numbers[frame], f"{insecure}/of-frame", "blocked"),
        (page, 0, f"{insecure}/mixed.html", "blocked"),
        (page, 0, f"{insecure}/mixed.js", "blocked"),
        (page, 0, f"{insecure}/mixed?%E2%80%9D%20%E2%80%9Cx%E2%80%9D", "blocked"),
    ]
    assert len({0, numbers[frame], numbers[foreign]}) == 3
    assert rows.records.gaps == Counter()


async def test_a_flood_of_mixed_content_is_cut_and_counted(secure: Secure, tmp_path: Path) -> None:
    flood = "Promise.allSettled([...Array(1000).keys()].map(n => fetch(`http://x.example/${n}`)))"
    secure.hosts.add("/flood", f"<script>{flood}.then(() => window.done = 1)</script>")
    rows = await recorded(secure, "https://flood.example/flood", tmp_path, "window.done")
    assert [row["url"] for row in rows.rows("mixed_content")] == [f"http://x.example/{n}" for n in range(200)]
    assert rows.records.gaps == Counter({"mixed_content over the limit of a document": 800})


async def test_long_addresses_fit_into_messages(secure: Secure, tmp_path: Path) -> None:
    flood = "Promise.allSettled([...Array(100).keys()].map(n => fetch(`http://x.example/${n}`)))"
    secure.hosts.add("/long", f"<script>{flood}.then(() => window.done = 1)</script>")
    page = "https://long.example/long#" + "x" * 90_000
    rows = await recorded(secure, page, tmp_path, "window.done")
    assert [row["url"] for row in rows.rows("mixed_content")] == [f"http://x.example/{n}" for n in range(100)]
    assert rows.records.gaps == Counter()


async def test_firefox_tells_names_where_no_proxy_is(browser: Instrumented, web: Web, tmp_path: Path) -> None:
    elsewhere = ("alias.test", "gone.invalid", "127.0.0.2")
    image = "<img src='http://{host}:{port}/image.png'>"
    web.add("/names", "".join(image.format(host=host, port=web.port) for host in elsewhere * 2))
    web.add("/image.png", b"x", "image/png")
    async with preference(browser, "network.dns.localDomains", "alias.test"):
        visit = await browser.visit(f"{web.other}/names")
    rows = await written(visit, tmp_path)
    found = {row["host"]: row for row in rows.rows("dns_names")}
    assert len(rows.rows("dns_names")) == len(found) == 3
    told = {name: [row[name] for row in found.values()] for name in ("source", "names_error")}
    assert told == {"source": ["firefox"] * 3, "names_error": [""] * 3}
    told_of = {
        host: (row["canonical_names"], row["used_address"], row["error"]) for host, row in found.items()
    }
    assert told_of == {
        "localhost": ("[]", "127.0.0.1", ""),
        "alias.test": ('["localhost"]', "127.0.0.1", ""),
        "gone.invalid": (None, None, "NS_ERROR_UNKNOWN_HOST"),
    }
    assert "127.0.0.1" in json.loads(found["alias.test"]["addresses"])
    assert found["gone.invalid"]["addresses"] is None


async def test_behind_a_proxy_firefox_tells_no_names(secure: Secure, tmp_path: Path) -> None:
    secure.hosts.add("/proxied", images("other.example"))
    visit = await secure.browser.visit("https://proxied.example/proxied")
    assert visit.of("dns_names") == []

"""The rows about names and certificates that the crawl's worker makes."""

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from overscripted import segments
from overscripted.crawl.frontier.queue import Frontier
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.network.cname_chain import SystemNameServers
from overscripted.crawl.network.name_book import NameBook
from overscripted.crawl.network.resolver import Resolver
from overscripted.crawl.records import certificate, host_names
from overscripted.crawl.settings import Options
from overscripted.crawl.worker import Worker
from overscripted.progress import Work
from overscripted.store import Store
from tests.crawl.name_server import NameServer
from tests.crawl.test_records import Visit
from tests.crawl.web import Web

PUBLIC = "127.0.0.2"  # stands for a public address; 127.0.0.1 is this machine


async def resolve(name: str) -> list[str]:
    """The system's resolver of the test."""
    if name == "private.test":
        return ["127.0.0.1"]
    if name == "gone.test":
        raise OSError(-2, "Name or service not known")
    return [PUBLIC, "192.0.2.1"]


def names(rows: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """The rows of ``dns_names`` by host; each host has one."""
    columns = ("canonical_names", "addresses", "used_address", "error", "names_error", "source")
    found = {row["host"]: tuple(row[name] for name in columns) for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.firefox
@pytest.mark.usefixtures("firefox")
async def test_a_visit_has_the_names_of_each_host_that_it_asked(small_web: Web, tmp_path: Path) -> None:
    server = await NameServer().start()
    server.names = {
        "page.test": "page.tracker.test",
        "page.tracker.test": "edge.cdn.test",
        "private.test": "public.test",  # a lie: it is refused by its address
        "loop.test": "page.test",
        "silent.test": "never.told.test",
    }
    server.silent, server.absent = {"silent.test"}, {"gone.test"}
    book = NameBook(SystemNameServers([server.place]))
    hosts = ("page.test", "plain.test", "private.test", "gone.test", "silent.test")
    port = small_web.other.rpartition(":")[2]
    images = "".join(f"<img src='http://{host}:{port}/status/204'>" for host in hosts * 2)
    page = f"http://page.test:{port}/shows?html={images}"
    frontier = Frontier(f"sqlite:///{tmp_path}/frontier.sqlite", 1)
    frontier.add([page.replace("<", "%3C").replace(">", "%3E").replace(" ", "%20").replace("'", "%27")])
    options = Options(dwell_s=1.0, windows=1, retries=0, load_timeout_s=30)
    wished = instrument_settings.resolve("fingerprinting")
    resolver = Resolver(lambda address: address == PUBLIC, resolve, book)
    with Work("crawl", 1) as work:
        await Worker(Store(tmp_path / "run"), frontier, options, wished, work, resolver).run()
    frontier.close()
    server.stop()
    store = Store(tmp_path / "run")
    rows = {
        table: [row for part in segments.read(store, table) for row in part.to_pylist()]
        for table in ("dns_names", "requests")
    }
    found = names(rows["dns_names"])
    (unknown, silent) = (found["silent.test"][i] for i in (0, 4))
    assert (unknown, bool(silent)) == (None, True)
    addresses = json.dumps([PUBLIC, "192.0.2.1"])
    assert found == {
        "page.test": ('["page.tracker.test", "edge.cdn.test"]', addresses, PUBLIC, "", "", "resolver"),
        "plain.test": ("[]", addresses, PUBLIC, "", "", "resolver"),
        "private.test": ('["public.test"]', '["127.0.0.1"]', None, "not a public address", "", "resolver"),
        "gone.test": (None, None, None, "Name or service not known", "NXDOMAIN", "resolver"),
        "silent.test": (None, addresses, PUBLIC, "", silent, "resolver"),
    }
    answered = {row["ip"] for row in rows["requests"] if row["status"]}
    assert answered == {PUBLIC}
    assert {host: server.asked[host] for host in hosts if host != "silent.test"} == dict.fromkeys(
        [host for host in hosts if host != "silent.test"], 1
    )


def request(url: str, **columns: Any) -> dict[str, Any]:
    """A message about a request."""
    ended = {"request_id": "1", "hop": 0, "ended": 1.5e12}
    return {"type": "request", "url": url, "resource_type": "image", "status": None, **ended, **columns}


REQUESTS = (
    request("http://asked.test/", status=200, ip="127.0.0.1"),
    request("http://failed.test/", error="NS_ERROR_UNKNOWN_HOST"),
    request("http://192.0.2.1/", status=200, ip="127.0.0.1"),
    request("http://[2001:db8::1]/", status=200, ip="127.0.0.1"),
    request("http://cached.test/", status=200, ip="127.0.0.1", from_cache=True),
    request("http://worker.test/", status=200),
    request("http://upgraded.test/", redirect_url="https://upgraded.test/", upgraded_by="hsts"),
    {name: value for name, value in request("http://late.test/").items() if name != "ended"},
)


async def written(folder: Path, book: NameBook | None, proxy: str, **gaps: int) -> dict[str, tuple[Any, ...]]:
    """The rows of a visit that made these requests. ``gaps`` are those that it has, by table."""
    visit = Visit(folder)
    async with visit.writer:
        for message in REQUESTS:
            visit.records.handle({"container_id": "s", "tab": 11, "frame": 0, "parent": -1, **message}, 100)
        assert list(visit.records.hosts) == ["asked.test", "failed.test", "late.test"]
        await host_names.add(visit.records, book, proxy)
        visit.records.finish()
    assert visit.records.gaps == {f"{table} over the limit": n for table, n in gaps.items()}
    return names(visit.rows("dns_names"))


async def test_of_names_behind_a_proxy_it_is_said_who_knows_them(tmp_path: Path) -> None:
    server = await NameServer().start()
    server.names = {"asked.test": "cdn.test"}
    book = NameBook(SystemNameServers([server.place]))
    book.note("asked.test", ["192.0.2.7"])
    beside = ('["cdn.test"]', '["192.0.2.7"]', None, "", "", "resolver_beside_proxy")
    assert await written(tmp_path / "beside", book, "http://proxy") == {"asked.test": beside}
    unknown = dict.fromkeys(("asked.test", "failed.test", "late.test"), (None,) * 5 + ("proxy",))
    assert await written(tmp_path / "proxy", None, "http://proxy") == unknown
    assert await written(tmp_path / "firefox", None, "") == {}
    book = NameBook(SystemNameServers([server.place]))  # has forgotten the host, or was never told
    assert await written(tmp_path / "forgotten", book, "", dns_names=1) == {}
    server.stop()


def certificate_of(*names: x509.GeneralName) -> bytes:
    """A certificate (DER)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_the_names_of_a_certificate_are_read_capped_and_counted() -> None:
    many = [x509.DNSName(f"{n}.test") for n in range(certificate.MOST_NAMES + 1)]
    assert certificate.columns(certificate_of(*many)) == {
        "names": json.dumps([name.value for name in many[:-1]]),
        "n_names": certificate.MOST_NAMES + 1,
    }
    others = (x509.RFC822Name("a@b.test"), x509.DNSName("*.c.test"))
    assert certificate.columns(certificate_of(*others)) == {"names": '["*.c.test"]', "n_names": 1}
    assert certificate.columns(certificate_of()) == {"names": "[]", "n_names": 0}


def test_bytes_that_are_no_certificate_have_no_names() -> None:
    whole = certificate_of(x509.DNSName("a.test"))
    for bytes_ in (b"", b"\0" * 1000, b"\x30\x84\xff\xff\xff\xff", whole[:-1], whole[:100], whole + b"x"):
        assert certificate.columns(bytes_) == {}
    # Every byte changed, one at a time: read or not, it raises nothing.
    for i in range(len(whole)):
        certificate.columns(whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :])

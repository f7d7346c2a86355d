"""TLS as sites have it: trusted, of an unknown authority, of another name, expired, none at all."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from overscripted.errors import InputError
from tests.precrawl.crawling import Crawl
from tests.precrawl.web import http, page

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


@dataclass
class Authority:
    """A certificate authority in a folder."""

    folder: Path

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
        self.cert = self._sign(name, name, self.key, [x509.BasicConstraints(True, None)], NOW + DAY)
        self.file = self.folder / "ca.pem"
        self.file.write_bytes(self.cert.public_bytes(serialization.Encoding.PEM))

    def _sign(self, subject: Any, issuer: Any, key: Any, extensions: list[Any], until: Any) -> Any:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(NOW - 3 * DAY).not_valid_after(until)
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        ).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        return builder.sign(self.key, hashes.SHA256())

    def server(self, address: str, until: Any = None) -> ssl.SSLContext:
        """A server's context for an IP address."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        cert = self._sign(subject, self.cert.subject, key, [names], until or NOW + DAY)
        path = self.folder / f"{address}-{x509.random_serial_number()}.pem"
        path.write_bytes(
            cert.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def serve(context: ssl.SSLContext | None) -> Iterator[int]:
    """A server on all addresses that speaks TLS, or, without a context, something else; its port."""
    listener = socket.create_server(("0.0.0.0", 0))

    def run() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            try:
                sock.settimeout(5)
                if context is None:
                    sock.recv(10)
                    sock.sendall(b"this is no TLS at all, whatever you say\r\n" * 10)
                else:
                    with context.wrap_socket(sock, server_side=True) as tls:
                        tls.recv(65536)
                        tls.sendall(http(page("https://out.example/"), Connection="close"))
            except OSError:
                pass
            sock.close()

    threading.Thread(target=run, daemon=True).start()
    yield int(listener.getsockname()[1])
    listener.close()


def test_every_certificate_has_its_outcome(crawl: Crawl, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    ours, other = Authority(tmp_path), Authority(tmp_path / "other")
    contexts = {
        "127.0.0.1": (ours.server("127.0.0.1"), "reached"),
        "127.0.0.2": (ours.server("127.0.0.9"), "tls"),
        "127.0.0.3": (other.server("127.0.0.3"), "tls"),
        "127.0.0.4": (ours.server("127.0.0.4", NOW - DAY), "tls"),
        "127.0.0.5": (None, "tls"),
    }
    servers = {host: serve(context) for host, (context, _) in contexts.items()}
    sites = {host: f"https://{host}:{next(server)}/" for host, server in servers.items()}
    crawl(list(sites.values()), ca=str(ours.file), allow_private=True)
    found = crawl.outcomes()
    assert {h: found[s]["outcome"] for h, s in sites.items()} == {h: o for h, (_, o) in contexts.items()}
    assert crawl.links()[sites["127.0.0.1"]] == ["https://out.example/"]


def test_ca_file_that_is_none_is_refused(crawl: Crawl, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    for path in (bad, tmp_path / "missing.pem"):
        with pytest.raises(InputError, match="--ca"):
            crawl(["a.example"], ca=str(path))
    assert not crawl.folder.exists()

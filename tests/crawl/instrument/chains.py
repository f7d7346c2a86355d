"""Certificates of servers that are signed by an intermediate, which they send along or not."""

import base64
import datetime
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PEM = serialization.Encoding.PEM


class Chain:
    """An authority, its intermediate, and what that one signs. Files go to ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys = [
            ec.generate_private_key(ec.SECP256R1()) for _ in range(3)
        ]  # authority, intermediate, server
        self._authority = self._signed("Authority", 0, "Authority", 0)
        self._intermediate = self._signed("Intermediate", 1, "Authority", 0)

    @property
    def authority(self) -> str:
        """Its certificate: DER in base64."""
        return base64.b64encode(self._authority.public_bytes(serialization.Encoding.DER)).decode()

    def context(self, host: str, whole: bool) -> ssl.SSLContext:
        """That of a server which sends its intermediate along, where ``whole``."""
        key = self._keys[2].private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        sent = [self._signed(host, 2, "Intermediate", 1), *([self._intermediate] if whole else [])]
        file = self._folder / f"{host}.pem"
        file.write_bytes(key + b"".join(it.public_bytes(_PEM) for it in sent))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _signed(self, name: str, key: int, issuer: str, by: int) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(issuer))
            .public_key(self._keys[key].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=9))
            .add_extension(x509.BasicConstraints(ca=key < 2, path_length=None), critical=True)
        )
        if key == 2:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        return builder.sign(self._keys[by], hashes.SHA256())


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

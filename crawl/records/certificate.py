"""Reads certificates of servers, which may be any bytes."""

import json
import warnings
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

MOST_NAMES = 1000  # hosts kept of one certificate; large ones have some hundreds


def columns(der: bytes) -> dict[str, Any]:
    """The columns of ``certificates`` that are read from the certificate; none if it is unreadable."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is odd in it: a hostile server could fill the log
            extensions = x509.load_der_x509_certificate(der).extensions
        names = extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
        assert isinstance(names, x509.SubjectAlternativeName)
        found = [*names.get_values_for_type(x509.DNSName)]
        found += [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    except x509.ExtensionNotFound:
        found = []
    except Exception:  # whatever a parser of hostile bytes raises: the bytes themselves are kept
        return {}
    return {"names": json.dumps(found[:MOST_NAMES]), "n_names": len(found)}

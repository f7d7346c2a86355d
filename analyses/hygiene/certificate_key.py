"""Kind and size of the key in a certificate."""

import ibis


@ibis.udf.scalar.python(signature=(("binary",), "string"))
def key_of(der):  # type: ignore[no-untyped-def]  # a signature would be read as Ibis types
    return key(der)


def key(der: bytes | None) -> str:
    """Such as ``RSA 2048`` or ``secp256r1``; ``unreadable`` for any other bytes. Never raises."""
    from cryptography import x509  # here, because Spark's workers load it on first use

    try:
        public = x509.load_der_x509_certificate(bytes(der or b"")).public_key()
    except Exception:  # a server wrote the bytes
        return "unreadable"
    curve = getattr(public, "curve", None)
    if curve is not None:
        return str(curve.name)
    size = getattr(public, "key_size", None)
    name = type(public).__name__.strip("_").removesuffix("PublicKey")
    return f"{name} {size}" if size else name

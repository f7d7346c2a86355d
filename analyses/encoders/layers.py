"""The hashes and encodings that the pool puts around a value, each by its name.

The set is that of Leaky Forms (USENIX Security 2022, its leak detector), without its Whirlpool, fixed salt
and substitution, which no maintained library has, and with CRC-32, xxHash and raw digests. It contains the
layers of Khaleesi (USENIX Security 2022): plain, base64, MD5 and SHA-1.

A layer is given a whole text, or a part: text that stands somewhere within a longer one. A hash needs the
whole. An encoding such as base64 maps the same part to several texts, which depend on its place in the whole.
"""

import base64
import codecs
import functools
import hashlib
import html
import json
import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

import base58
import mmh3
import numpy as np
import xxhash
from Crypto.Hash import MD2, MD4, RIPEMD160

_Bytes = Callable[[bytes], bytes]
Encode = Callable[[bytes], Iterable[bytes]]
RAW = "-raw"  # ends the name of a hash whose digest is bytes, not text


class Run(NamedTuple):
    """Characters of one of the alphabets in a row, ``least(n)`` or more in any output for ``n`` bytes."""

    alphabets: tuple[bytes, ...]
    least: Callable[[int], int]


@dataclass(frozen=True)
class Layer:
    """A hash or encoding.

    ``whole`` gives the ways in which a whole text is written, such as with and without padding. ``part``
    gives texts of which one is in the output wherever the part stands in a longer text; hashes have none.
    ``weak``: a hash of 32 bits, which any text can contain by chance. ``run``: what each output has; None
    where outputs differ too much.
    """

    name: str
    whole: Encode
    part: Encode | None = None
    weak: bool = False
    run: Run | None = None

    @property
    def raw(self) -> bool:
        """Whether the output is bytes that are no text."""
        return self.name.endswith(RAW)


_LOWER_HEX, _UPPER_HEX = b"0123456789abcdef", b"0123456789ABCDEF"


def _hash(digest: _Bytes, name: str) -> list[Layer]:
    """The digest in hexadecimal, lower case; and raw, for an encoding to follow."""
    size = 2 * len(digest(b""))
    return [
        Layer(name, lambda data: [digest(data).hex().encode()], run=Run((_LOWER_HEX,), lambda _: size)),
        Layer(name + RAW, lambda data: [digest(data)]),
    ]


def _library(name: str) -> _Bytes:
    constructor = getattr(hashlib, name)  # faster than `new`, which looks the name up again
    return lambda data: constructor(data, usedforsecurity=False).digest()


def _number(checksum: Callable[[bytes], int], name: str) -> Layer:
    """A number of 32 bits as scripts write it: hexadecimal (with leading zeros or not), decimal, signed."""

    def whole(data: bytes) -> Iterable[bytes]:
        number = checksum(data)
        texts = [f"{number:08x}", f"{number:x}", str(number)]
        return [text.encode() for text in texts + ([str(number - 2**32)] if number >= 2**31 else [])]

    return Layer(name, whole, weak=True)


_OF_HASHLIB = {
    "md5": "md5",
    "sha1": "sha1",
    "sha224": "sha224",
    "sha256": "sha256",
    "sha384": "sha384",
    "sha512": "sha512",
    "sha3_224": "sha3-224",
    "sha3_256": "sha3-256",
    "sha3_384": "sha3-384",
    "sha3_512": "sha3-512",
    "blake2b": "blake2b",
    "blake2s": "blake2s",
}
_DIGESTS: dict[str, _Bytes] = {
    **{name: _library(of_library) for of_library, name in _OF_HASHLIB.items()},
    "md2": lambda data: MD2.new(data).digest(),
    "md4": lambda data: MD4.new(data).digest(),
    "ripemd160": lambda data: RIPEMD160.new(data).digest(),
    "murmur3-128": lambda data: mmh3.hash_bytes(data),
    "xxh64": lambda data: xxhash.xxh64_digest(data),
}
_NUMBERS: dict[str, Callable[[bytes], int]] = {
    "crc32": zlib.crc32,
    "murmur3": lambda data: mmh3.hash(data, signed=False),
    "xxh32": lambda data: xxhash.xxh32_intdigest(data),
}


_Variants = Callable[[bytes], Iterable[bytes]]


def _based(
    name: str, encode: _Bytes, at_offsets: Encode, variants: _Variants, alphabets: tuple[bytes, ...]
) -> Layer:
    """An encoding that writes groups of bytes as characters of some bits each, in several alphabets.

    ``variants`` writes a text in each alphabet. A whole text is written with and without padding. A part may
    begin at any byte of a group, so its characters at any bit of it: ``at_offsets`` gives those that depend
    on nothing but the part.
    """
    bits = len(alphabets[0]).bit_length() - 1  # of a character

    def whole(data: bytes) -> Iterable[bytes]:
        for text in variants(encode(data)):
            yield from (text.rstrip(b"="), text)

    def part(data: bytes) -> Iterable[bytes]:
        for text in at_offsets(data):
            yield from variants(text)

    return Layer(name, whole, part, run=Run(alphabets, lambda n: (8 * n - bits + 1) // bits))


def _base64_at_offsets(data: bytes) -> Iterable[bytes]:
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + data)
        yield text[-(-8 * shift // 6) : 8 * (shift + len(data)) // 6]


_ALPHABET_32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE32 = np.frombuffer(_ALPHABET_32, np.uint8)


def _base32_at_offsets(data: bytes) -> Iterable[bytes]:
    """As of base64; Python's own `b32encode` takes most of the time of a pool."""
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    if len(bits) < 5:
        return
    # The five bits that begin at each bit, as a number.
    fives = bits[:-4] << 4 | bits[1:-3] << 3 | bits[2:-2] << 2 | bits[3:-1] << 1 | bits[4:]
    characters = _BASE32[fives]
    for shift in range(5):
        yield characters[-8 * shift % 5 :: 5].tobytes()


def _url_safe(text: bytes) -> Iterable[bytes]:
    return (text, text.translate(_URL_SAFE))


def _either_case(text: bytes) -> Iterable[bytes]:
    return (text, text.lower())


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_ALPHABET_64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_ALPHABETS_64 = (_ALPHABET_64, _ALPHABET_64.translate(_URL_SAFE))
_ALPHABETS_32 = (_ALPHABET_32, _ALPHABET_32.lower())


def _base16(data: bytes) -> Iterable[bytes]:
    text = data.hex()
    return [text.encode(), text.upper().encode()]


_ESCAPE = re.compile(r"%[0-9A-F]{2}")
_KEPT = "-_.!~*'()"  # by encodeURIComponent, beside letters and digits
_RESERVED = str.maketrans({char: f"%{ord(char):02X}" for char in "!*'()"})  # of these by RFC 3986


def _percent(data: bytes) -> Iterable[bytes]:
    """As encodeURIComponent, RFC 3986 and forms write it; with escapes in either case."""
    kept = quote(data, safe=_KEPT)
    escaped = kept.translate(_RESERVED)
    for text in dict.fromkeys((kept, escaped, escaped.replace("%20", "+"))):
        yield text.encode()
        yield _ESCAPE.sub(lambda escape: escape[0].lower(), text).encode()


def _text(encode: Callable[[str], Iterable[str]]) -> Encode:
    """An encoding of text only: nothing for other bytes."""

    def whole(data: bytes) -> Iterable[bytes]:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return []
        return [encoded.encode() for encoded in encode(text)]

    return whole


def _entities(text: str) -> Iterable[str]:
    named = html.escape(text)
    decimal = "".join(c if c.isalnum() else f"&#{ord(c)};" for c in text)
    return [named, named.replace("&#x27;", "&#39;"), html.escape(text, quote=False), decimal]


def _json(text: str) -> Iterable[str]:
    for ascii_only in (True, False):
        escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield escaped
        yield escaped.replace("/", "\\/")


def _escaping(encode: Encode) -> Encode:
    """An encoding that leaves letters and digits as they are: hashes have nothing else."""
    return lambda data: (data,) if data.isalnum() else encode(data)


def _same(encode: Encode, name: str, run: Run | None = None) -> Layer:
    """An encoding that writes a part as it writes a whole text."""
    return Layer(name, encode, encode, run=run)


LAYERS: dict[str, Layer] = {
    layer.name: layer
    for layer in (
        _same(_escaping(_percent), "percent"),
        _same(_escaping(_text(_json)), "json"),
        _same(_escaping(_text(_entities)), "entities"),
        _same(_base16, "base16", Run((_LOWER_HEX, _UPPER_HEX), lambda n: 2 * n)),
        _based("base64", base64.b64encode, _base64_at_offsets, _url_safe, _ALPHABETS_64),
        _based("base32", base64.b32encode, _base32_at_offsets, _either_case, _ALPHABETS_32),
        Layer("base58", lambda data: [base58.b58encode(data)]),
        _same(_text(lambda text: [codecs.encode(text, "rot13")]), "rot13"),
        _same(_text(lambda text: [text[::-1]]), "reversed"),
        *(layer for name, digest in _DIGESTS.items() for layer in _hash(digest, name)),
        *(_number(checksum, name) for name, checksum in _NUMBERS.items()),
    )
}
# The encodings that may follow a raw digest; the others are for text.
AFTER_RAW = ("base16", "base64", "base32", "base58", "percent")
# Layers that scripts use most, for searches for many values at once.
COMMON = (
    *("percent", "json", "base16", "base64", "base32"),
    *(name + end for name in ("md5", "sha1", "sha256", "sha512") for end in ("", RAW)),
)


@functools.cache
def chosen(names: tuple[str, ...] | None) -> tuple[Layer, ...]:
    """The layers of these names; all of them for None. Raises KeyError for another name."""
    return tuple(LAYERS.values()) if names is None else tuple(LAYERS[name] for name in names)

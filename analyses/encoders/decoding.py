"""Undo the encodings of a text that leaves a page, layer by layer, within hard limits.

Percent encoding, JSON escapes and entities are undone in the whole text; base64, base32, hexadecimal and
lz-string in runs of their characters; gzip, zlib, raw deflate, Brotli, zstd and lz-string's UTF-16 from the
beginning of a text; gzip and zlib in JSON strings of one character a byte, as rrweb's packer and PostHog
write them. What comes out is decoded again, three deep by default: recorders compress what they send (No
Boundaries 2017), and Leaky Forms (2022) nests three layers. Base58, rot13 and reversed texts are not
undone: `patterns` has them.
"""

import base64
import binascii
import html
import itertools
import json
import re
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import brotli

from overscripted import encodings
from overscripted.analyses.encoders import lz_string
from overscripted.text import clean

MAX_SIZE = 4 * 1024 * 1024  # bytes of one decoded text; the rest is left out
MAX_RATIO = 100  # bytes that one compressed byte may become, beyond FREE_SIZE
FREE_SIZE = 64 * 1024
MAX_TOTAL = 16 * 1024 * 1024  # bytes of all texts decoded from one
MAX_TEXTS = 256  # decoded from one text
MAX_RUNS = 1000  # of each alphabet, tried in one text
LONGEST_RUN = 4 * 1024 * 1024  # characters
SHORTEST_RUN = 20  # characters; gzip and zlib make no shorter ones

_PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}")
_JSON_CODE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2}))")
_JSON_CHARS = {f"\\{name}": char for name, char in zip("\"'/bfnrt", "\"'/\b\f\n\r\t", strict=True)}
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});")
# A run of characters of any alphabet, and the runs of each alphabet within it.
_RUN = re.compile(rb"[A-Za-z0-9+/_$-]{%d,}={0,6}" % SHORTEST_RUN)


def _run(name: str, characters: bytes) -> tuple[str, re.Pattern[bytes]]:
    return name, re.compile(rb"%s{%d,}={0,6}" % (characters, SHORTEST_RUN))


_ALPHABETS = (
    _run("base64", rb"[A-Za-z0-9+/]"),
    _run("base64", rb"[A-Za-z0-9_-]"),
    _run("lz-string", rb"[A-Za-z0-9+/]"),
    _run("lz-string", rb"[A-Za-z0-9+$-]"),
)
_SMALL_ALPHABETS = (
    _run("base16", rb"(?:[0-9A-Fa-f]{2})"),
    _run("base32", rb"[A-Z2-7]"),
    _run("base32", rb"[a-z2-7]"),
)
# Escapes of + and /, which divide a run of base64: such a run is left to the text without escapes.
_DIVIDES = (b"%2b", b"%2f", b"\\/")
_ANY = re.compile(
    rb"%%[0-9A-Fa-f]{2}|\\|&[#A-Za-z]|[A-Za-z0-9+/_-]{%d}|[\x00-\x08\x0e-\x1f\x80-\xff]" % SHORTEST_RUN
)
# A JSON string of one character a byte that begins as gzip or zlib do; its beginning, seven times as fast.
_BYTES_IN_JSON = re.compile(
    rb'(?<!\\)"(?:\\u001[fF](?:\xc2\x8b|\\u008[bB])|x(?:\\u0001|\^|'
    rb"\xc2\x9c|\xc3\x9a|\\u009[cC]|\\u00[dD][aA]))"
    rb'(?:[^"\\]|\\.)*+"',
    re.DOTALL,
)
_MAY_BE_BYTES = re.compile(rb'"(?:\\u001[fF]|x(?:\\u0|\^|\xc2\x9c|\xc3\x9a))')
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_DIGIT = re.compile(rb"[2-7]")
_OF_TEXT = bytes(byte for byte in range(256) if byte >= 32 or byte in b"\t\n\r")
PEEK = 256  # bytes that show whether bytes may be compressed text
LOOKED_AT = 4096  # bytes from which bytes are judged to be text
SHORTEST_RESULT = 8  # bytes; shorter ones come out of any bytes in formats without a mark at their beginning


class Decoded(NamedTuple):
    """A text decoded from another one, whose number is ``parent``. Numbers count from 1; 0 is the given text.

    ``layers`` were undone, the innermost first. ``same``: it is the whole other text, without its escapes.
    """

    data: bytes
    layers: tuple[str, ...]
    number: int
    parent: int
    same: bool


def decoded(text: bytes, depth: int = 3) -> Iterator[Decoded]:
    """All texts that ``text`` was made from, up to ``depth`` layers deep, parents first, each once."""
    level: list[tuple[int, tuple[str, ...], bytes]] = [(0, (), text)]
    seen, number, left = {text}, 0, MAX_TOTAL
    for _ in range(depth):
        following: list[tuple[int, tuple[str, ...], bytes]] = []
        for parent, layers, data in level:
            for name, result, same in _once(data):
                if result in seen or not result:
                    continue
                left -= len(result)
                if left < 0 or number >= MAX_TEXTS:
                    return
                seen.add(result)
                number += 1
                found = Decoded(result, (name, *layers), number, parent, same)
                following.append((number, found.layers, result))
                yield found
        level = following


def _once(data: bytes) -> Iterator[tuple[str, bytes, bool]]:
    """What one layer less leaves: its name, the text, and whether it is the whole text."""
    if not _ANY.search(data):
        return
    if _PERCENT.search(data):
        yield "percent", unquote_to_bytes(data), True
        if b"+" in data:  # a space in forms
            yield "percent", unquote_to_bytes(data.replace(b"+", b" ")), True
    yield from _unescaped(data)
    yield from _decompressed(data)
    yield from _of_bytes_in_json(data)
    yield from _of_runs(data)


def _of_runs(data: bytes) -> Iterator[tuple[str, bytes, bool]]:
    tried = set()
    for run in itertools.islice(_RUN.finditer(data), MAX_RUNS):
        text = data[_begin(data, run.start()) : run.end()][:LONGEST_RUN]
        before, after = data[max(run.start() - 1, 0) : run.start() + 2], data[run.end() : run.end() + 3]
        if before.lower().startswith(_DIVIDES) or after.lower().startswith(_DIVIDES):
            continue
        for name, part in _candidates(text):
            if (name, part) not in tried and (result := _of_run(name, part)) is not None:
                yield name, result, False
            tried.add((name, part))


def _candidates(run: bytes) -> Iterator[tuple[str, bytes]]:
    """The encodings that a run, or a part of it, may be in."""
    known = run.isalnum()  # then it is one run in each of the large alphabets
    if known:
        yield "base64", run
        yield "lz-string", run
    for name, alphabet in _SMALL_ALPHABETS if known else (*_ALPHABETS, *_SMALL_ALPHABETS):
        for part in alphabet.findall(run):
            yield name, part


def _begin(data: bytes, start: int) -> int:
    """Where a run begins that was found at ``start``, without the end of an escape such as %3D or \\n."""
    if data[start - 1 : start] == b"%":
        return start + 2
    return start + (data[start - 1 : start] == b"\\")


def _unescaped(data: bytes) -> Iterator[tuple[str, bytes, bool]]:
    if b"\\" not in data and b"&" not in data:
        return
    text = data.decode("utf-8", "replace")
    if "\\" in text:
        yield "json", clean("\\".join(map(_without_escapes, text.split("\\\\")))).encode(), True
    if _ENTITY.search(text):
        yield "entities", clean(html.unescape(text)).encode(), True


def _without_escapes(text: str) -> str:
    """A part of a JSON text that has no escaped backslash."""
    if "\\" not in text:
        return text
    for escape, char in _JSON_CHARS.items():
        text = text.replace(escape, char)
    return _JSON_CODE.sub(lambda code: chr(int(code[1] or code[2], 16)), text)


def _of_bytes_in_json(data: bytes) -> Iterator[tuple[str, bytes, bool]]:
    """What compressed bytes hold that a JSON text has as strings of one character a byte."""
    if not _MAY_BE_BYTES.search(data):
        return
    for string in itertools.islice(_BYTES_IN_JSON.finditer(data), MAX_RUNS):
        try:
            yield from _decompressed(json.loads(string[0], strict=False).encode("latin-1"))
        except ValueError:  # no JSON, no UTF-8, or characters beyond a byte
            continue


def _of_run(name: str, run: bytes) -> bytes | None:
    """What a run of an alphabet's characters stands for, if it is text or compressed; else None."""
    if name == "lz-string":
        return _of_lz_string(run)
    try:
        result = _BASES[name](run)
    except (binascii.Error, ValueError):
        return None
    return result if is_text(result) or any(True for _ in _decompressed(result, LOOKED_AT)) else None


def _of_lz_string(run: bytes) -> bytes | None:
    try:
        text = lz_string.from_base64(run, _limit(run))
    except lz_string.NotCompressed:
        return None
    return clean(text).encode() if len(text) >= SHORTEST_RESULT else None


def _base64(run: bytes) -> bytes:
    run = run.rstrip(b"=").translate(_URL_SAFE)
    if len(run) % 4 == 1:
        run = run[:-1]  # cut off somewhere
    return base64.b64decode(run + b"=" * (-len(run) % 4))


def _base32(run: bytes) -> bytes:
    if not _DIGIT.search(run):
        raise ValueError("a word")
    run = run.rstrip(b"=").upper()
    run = run[: len(run) - {1: 1, 3: 1, 6: 1}.get(len(run) % 8, 0)]
    return base64.b32decode(run + b"=" * (-len(run) % 8))


def _base16(run: bytes) -> bytes:
    return binascii.unhexlify(run.rstrip(b"="))


_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_BASES: dict[str, Callable[[bytes], bytes]] = {"base64": _base64, "base32": _base32, "base16": _base16}


def _limit(data: bytes) -> int:
    return min(MAX_SIZE, FREE_SIZE + MAX_RATIO * len(data))


def _decompressed(data: bytes, most: int = MAX_SIZE) -> Iterator[tuple[str, bytes, bool]]:
    """What compressed bytes hold, its first ``most`` bytes or so, in each format that can be theirs."""
    most = min(most, _limit(data))
    for magic, name in _MAGIC.items():
        if data.startswith(magic):
            if result := _inflated(data, name, most):
                yield name, result, False
            return
    if data.isascii() and is_text(data):
        return
    if _is_zlib(data) and (result := _inflated(data, "deflate", most)):
        yield "zlib", result, False
    for name, encoding in (("deflate", "deflate"), ("brotli", "br")):
        if _may_be(encoding, data):
            result = _inflated(data, encoding, most)
            if len(result) >= SHORTEST_RESULT and is_text(result):
                yield name, result, False
    if not data.isascii():
        yield from _of_utf16(data, most)


def _of_utf16(data: bytes, most: int) -> Iterator[tuple[str, bytes, bool]]:
    """lz-string's compressToUTF16, whose output is text without a Latin letter."""
    try:
        text = lz_string.from_utf16(data.decode(), most)
    except ValueError:  # NotCompressed, or no UTF-8
        return
    if len(text) >= SHORTEST_RESULT:
        yield "lz-string", clean(text).encode(), False


def _is_zlib(data: bytes) -> bool:
    return len(data) > 2 and data[0] & 15 == 8 and data[0] < 128 and (data[0] << 8 | data[1]) % 31 == 0


def _may_be(encoding: str, data: bytes) -> bool:
    """Whether bytes begin as raw deflate or Brotli of a text; nearly all others are refused at once."""
    try:
        if encoding == "br":
            beginning = brotli.Decompressor().process(data[:PEEK], output_buffer_limit=PEEK)
        else:
            beginning = zlib.decompressobj(-15).decompress(data[:PEEK], PEEK)
    except (zlib.error, brotli.error):
        return False
    return not beginning.translate(None, _OF_TEXT)


def _inflated(data: bytes, encoding: str, most: int) -> bytes:
    """The beginning of what the bytes hold in an encoding of HTTP; empty if they hold nothing in it."""
    out = bytearray()
    try:
        for piece in encodings.decoded(iter((data,)), encoding):
            out += piece
            if len(out) >= most:
                break
    except encodings.EncodingError:
        pass  # cut off or damaged: what came before that counts
    return bytes(out[:most])


def is_text(data: bytes) -> bool:
    """Whether bytes begin as text: UTF-8 that is hardly ever a control character."""
    beginning = data[:LOOKED_AT]
    try:
        beginning.decode()
    except UnicodeDecodeError as error:
        if error.start < len(beginning) - 3 or len(data) <= LOOKED_AT:
            return False
    controls = len(beginning.translate(None, _OF_TEXT))
    return 16 * controls <= len(beginning)

"""Makes records of WARC 1.1, each compressed by itself, so that each can be read by itself.

Text of pages and servers cannot leave its place: a header has no line break, whatever it was given.
"""

import hashlib
import io
import json
import re
import uuid
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

VERSION = "WARC/1.1"
REVISIT = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
LEVEL = 3  # of gzip: half the time of level 6 for a tenth more bytes
_STORED = 0  # the level of what is compressed already
# Types whose content is compressed already.
_COMPRESSED = re.compile(
    r"image/(?!svg|x-icon|bmp|vnd)|video/|audio/|font/woff|application/(?:zip|gzip|font-woff)", re.I
)
_BREAKS = re.compile(rb"[\r\n\0]+")
_NO_TOKEN = re.compile(rb"[^!#$%&'*+.^_`|~0-9A-Za-z-]+")

Headers = Iterable[tuple[str, str]]


def new_id() -> str:
    """A WARC-Record-ID that no other record has."""
    return f"<urn:uuid:{uuid.uuid4()}>"


def date(moment: datetime) -> str:
    """A moment (UTC) as WARC-Date."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def digest(content: bytes) -> str:
    """The digest of a content as WARC names it: SHA-256, by which the tables know a body, too."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def http_block(first: str, headers: Headers, body: bytes) -> bytes:
    """A message of HTTP/1.1 as bytes. ``first`` is its first line.

    A value with line breaks is several headers of one name, as Firefox joins them. A name that HTTP does not
    allow loses what is not allowed. Characters are written as UTF-8.
    """
    lines = [_BREAKS.sub(b" ", _bytes(first))]
    for name, value in headers:
        token = _NO_TOKEN.sub(b"", _bytes(name)) or b"X-Archive-Nameless"
        lines += [token + b": " + part.strip() for part in _BREAKS.split(_bytes(value).strip(b"\r\n\0 \t"))]
    return b"\r\n".join([*lines, b"", b""]) + body


def record(
    kind: str, url: str, fields: Mapping[str, str], content_type: str, block: bytes, level: int = LEVEL
) -> bytes:
    """A record, compressed. ``fields`` are its other headers, without WARC-Type and those of the block.

    The payload is the block, unless ``fields`` has its digest.
    """
    headers = StatusAndHeaders("", [("WARC-Type", kind)], protocol=VERSION)
    for name, value in fields.items():
        headers.add_header(name, _BREAKS.sub(b" ", _bytes(value)).decode())
    if url:
        headers.add_header("WARC-Target-URI", _address(url))
    headers.add_header("WARC-Block-Digest", digest(block))
    if "WARC-Payload-Digest" not in fields and kind != "warcinfo":
        headers.add_header("WARC-Payload-Digest", digest(block))  # warcio would write another one
    # Of a revisit warcio would write its own headers of HTTP alone, and here they are in the block.
    found = ArcWarcRecord("warc", "resource", headers, io.BytesIO(block), None, content_type, len(block))
    found.payload_length = len(block)
    plain = io.BytesIO()
    WARCWriter(plain, gzip=False, warc_version=VERSION).write_record(found)
    return zlib.compress(plain.getbuffer(), level, wbits=31)


def level_of(content_type: str) -> int:
    """The level of compression for a content of this type."""
    return _STORED if _COMPRESSED.match(content_type.strip()) else LEVEL


def warcinfo(file_name: str, moment: datetime, fields: Mapping[str, str]) -> bytes:
    """The record with which a file begins: who made it, with what."""
    lines = [_BREAKS.sub(b" ", _bytes(f"{name}: {value}")) + b"\r\n" for name, value in fields.items()]
    headers = {"WARC-Record-ID": new_id(), "WARC-Date": date(moment), "WARC-Filename": file_name}
    return record("warcinfo", "", headers, "application/warc-fields", b"".join(lines))


def as_json(value: Any) -> str:
    """A value as JSON in ASCII, for a header."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _address(url: str) -> str:
    """An address without characters that no address has."""
    return re.sub(r"[\0-\x20\x7f<>\"]", lambda found: f"%{ord(found[0]):02X}", url)

"""The character encoding of an HTML page, as browsers find it: BOM, Content-Type, <meta>, windows-1252."""

import codecs
import re
from functools import lru_cache

import webencodings

from overscripted import mime

_META = re.compile(rb"<meta[\s/][^>]*>", re.I)
# Possessive quantifiers: blanks are matched once, however many a server sends.
_META_CHARSET = re.compile(rb"charset\s*+=\s*+[\"']?+\s*+([^\s\"'/>;]+)", re.I)
_COMMENT = re.compile(rb"<!--.*?-->", re.S)
_PRESCAN = 1024  # bytes in which the standard looks for <meta charset>

# The encodings of the standard are supersets of Python's encodings with the same names.
_PYTHON = {
    "shift_jis": "cp932",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "euc-kr": "cp949",
    "big5": "big5hkscs",
    "iso-8859-8-i": "iso-8859-8",
    "x-mac-cyrillic": "mac-cyrillic",
    "macintosh": "mac-roman",
    "windows-874": "cp874",
    "x-user-defined": "latin-1",
}


def find(body: bytes, content_type: str) -> str:
    """Python's name of the encoding; ``utf-8`` for every UTF-8."""
    for bom, name in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")):
        if body.startswith(bom):
            return name
    if body.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    if named := _python(mime.extract(content_type).charset):
        return named
    for meta in _META.findall(_COMMENT.sub(b"", body[:_PRESCAN])):
        if (found := _META_CHARSET.search(meta)) and (named := _python(found[1].decode("latin-1"))):
            return "utf-8" if named.startswith("utf-16") else named
    return "cp1252"


def to_utf8(body: bytes, encoding: str) -> bytes:
    """The body as UTF-8 without a BOM. Bytes that are invalid in the encoding become U+FFFD."""
    if encoding == "utf-8":
        body = body.removeprefix(codecs.BOM_UTF8)
    elif not encoding.startswith("utf-16") and body.isascii() and encoding not in _NOT_ASCII:
        return body
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        if _is_windows(encoding):
            return body.decode("latin-1").translate(_windows(encoding)).encode()
        text = body.decode(encoding, "replace")
    else:
        if encoding == "utf-8":
            return body
    return text.removeprefix("\ufeff").encode("utf-8", "replace")


def encode(character: str, encoding: str) -> bytes:
    """A character as bytes in the encoding of a page. Raises UnicodeEncodeError."""
    try:
        return character.encode(encoding)
    except UnicodeEncodeError:
        if _is_windows(encoding) and _windows(encoding).get(ord(character)) == character:
            return character.encode("latin-1")
        raise


_NOT_ASCII = {"iso2022_jp", "iso-2022-jp"}


def _is_windows(encoding: str) -> bool:
    return encoding.startswith("cp125") or encoding == "cp874"


@lru_cache
def _windows(encoding: str) -> dict[int, str]:
    """The upper bytes of a Windows encoding. Bytes below 0xa0 that Python does not know keep their number."""
    return {
        b: bytes([b]).decode(encoding, "ignore") or (chr(b) if b < 0xA0 else "\ufffd")
        for b in range(0x80, 0x100)
    }


def _python(label: str) -> str | None:
    found = webencodings.lookup(label)
    if found is None:
        return None
    name: str = found.name
    return _PYTHON.get(name) or (name if name == "utf-8" else found.codec_info.name)

"""The rules of a robots.txt (RFC 9309), from the bytes that a server sent."""

import codecs
import re

from protego import Protego

AGENT = "overscripted"
MAX_BYTES = 500 * 1024  # that are read; the least that RFC 9309 asks a reader to take
NONE_ALLOWED = b"User-agent: *\nDisallow: /"

# A product token ends where a version or anything else begins.
_AGENT_LINE = re.compile(r"^([ \t]*user[- ]?agent[ \t]*:[ \t]*(?:\*|[a-z_-]+))[^\r\n]*", re.I | re.M)
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def parse(data: bytes) -> Protego:
    """The rules. A byte order mark is none of them; what is no text becomes U+FFFD."""
    text = data.decode(_UTF16.get(data[:2], "utf-8"), "replace").lstrip("\ufeff")
    return Protego.parse(_AGENT_LINE.sub(r"\1", text))

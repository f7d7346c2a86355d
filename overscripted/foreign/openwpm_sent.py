"""Bodies of requests in OpenWPM's ``http_requests``.

``post_body_raw`` (since 2019) is JSON of pieces, each the name of a file and base64 of bytes. ``post_body``
is text: a form's fields as JSON, or until 2019 also the body itself. OpenWPM wrote text as the characters of
its UTF-8 bytes (``escapeString`` in its ``string-utils.ts``).
"""

import base64
import binascii
import json
from contextlib import suppress
from typing import Any

from overscripted.foreign.openwpm_source import Row
from overscripted.foreign.values import text, whole


def sent_body(row: Row) -> tuple[Row, bytes | None] | None:
    """Columns of ``request_bodies`` but its SHA-256, and the bytes; None for a request without a body.

    There are no bytes where OpenWPM kept none. ``n_kept`` is NULL where they are not those that were sent.
    """
    raw, written = text(row.get("post_body_raw")), text(row.get("post_body"))
    if not raw and not written:
        return None
    headers = headers_of(row.get("headers"))
    length = whole(headers.get("content-length"))
    content, are_sent = (_pieces(raw), True) if raw else _text(written or "", length)
    if content == b"" and length:
        content = None
    n_kept = 0 if content is None else len(content) if are_sent else None
    columns: Row = {
        "content_type": headers.get("content-type", ""),
        "size": n_kept if length is None and content is not None else length,
        "n_kept": n_kept,
    }
    return columns, content


def headers_of(value: Any) -> dict[str, str]:
    """Headers by their names in lower case, from JSON of pairs; none where it is anything else."""
    try:
        pairs = json.loads(text(value) or "[]")
        return {str(name).lower(): str(content) for name, content in pairs}
    except (ValueError, TypeError, RecursionError):
        return {}


def _pieces(raw: str) -> bytes | None:
    try:
        return b"".join(base64.b64decode(piece or "", validate=True) for _, piece in json.loads(raw))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        return None


def _text(written: str, length: int | None) -> tuple[bytes, bool]:
    """The bytes of a text, and whether they are those that were sent: such have the announced length."""
    ways = [written.encode("utf-8", "replace")]
    with suppress(UnicodeEncodeError):
        ways.insert(0, written.encode("latin-1"))
    for content in ways:
        if len(content) == length:
            return content, True
    return next(filter(_is_utf8, ways)), False


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True

"""Bodies of requests and responses in HAR entries: text, base64, or files of their own."""

import base64
import binascii
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from overscripted.foreign.settings import IMPORT_BODY_BYTES
from overscripted.foreign.values import text, whole

Row = dict[str, Any]
_FORM = "application/x-www-form-urlencoded"


class Unkept(Exception):
    """A body that is there and cannot be kept; the message tells why."""


def received(content: Row, attached: Callable[[str], bytes | None]) -> bytes | None:
    """The body of a response; None where HAR has none. Raises Unkept.

    Text is given in UTF-8: HAR does not tell which bytes the server sent.
    """
    return _bytes(content, text(content.get("encoding")), attached)


def sent(request: Row, attached: Callable[[str], bytes | None]) -> tuple[Row, bytes | None] | None:
    """Columns of ``request_bodies`` but its SHA-256, and the bytes; None without a body. Raises Unkept.

    ``n_kept`` is NULL where the bytes are not known to be those that were sent.
    """
    post = request.get("postData")
    if not isinstance(post, dict):
        return None
    announced = whole(request.get("bodySize"))
    size = None if announced is None or announced < 0 else announced
    body = _bytes(post, text(post.get("_encoding")), attached)
    kind = text(post.get("mimeType")) or ""
    if not body and (fields := _fields(post.get("params"))) and kind.startswith(_FORM):
        body = urlencode(fields).encode()
    if body is None:
        return {"content_type": kind, "size": size, "n_kept": 0}, None
    return {"content_type": kind, "size": size, "n_kept": len(body) if len(body) == size else None}, body


def _bytes(body: Row, encoding: str | None, attached: Callable[[str], bytes | None]) -> bytes | None:
    if file := text(body.get("_file")):
        found = attached(file)
        if found is None:
            raise Unkept("its file is missing, damaged, or too large")
        return found
    written = body.get("text")
    if not isinstance(written, str):
        return None
    content = _decoded(written) if (encoding or "").lower() == "base64" else text(written)
    found = content.encode() if isinstance(content, str) else content or b""
    if len(found) > IMPORT_BODY_BYTES:
        raise Unkept(f"larger than {IMPORT_BODY_BYTES >> 20} MB")
    return found


def _decoded(written: str) -> bytes:
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unkept("no valid base64") from error


def _fields(params: Any) -> list[tuple[str, str]]:
    found = params if isinstance(params, list) else []
    return [
        (text(one.get("name")) or "", text(one.get("value")) or "") for one in found if isinstance(one, dict)
    ]

"""The parts of a HAR entry: the request, the response, what it was for, its stack, its messages."""

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from overscripted import mime
from overscripted.etl.importers import stacks_of_chromium
from overscripted.etl.importers.har_pages import began, later
from overscripted.etl.importers.resource_types import resource_type
from overscripted.foreign.values import moment, text, whole

Row = dict[str, Any]
_DOCUMENTS = {"", "text/html", "application/xhtml+xml", "text/xml", "application/xml", "application/pdf"}
_OPCODES = {1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
_VERSIONS = {"http/2.0": "h2", "http/2": "h2", "h2": "h2", "http/3": "h3", "http/3.0": "h3", "h3": "h3"}


class Exchange:
    """The parts of an entry that several columns are made from."""

    def __init__(self, entry: Row, request: Row, response: Row, url: str) -> None:
        self.entry, self.request, self.response, self.url = entry, request, response, url
        content = response.get("content")
        self.content: Row = content if isinstance(content, dict) else {}
        self.began: datetime | None = began(entry)
        self.ended = None if entry.get("_endUnknown") is True else later(self.began, entry.get("time"))
        status = whole(response.get("status"))
        self.status = status if status is not None and status > 0 else None
        self.request_headers = _headers(request.get("headers"))
        self.response_headers = _headers(response.get("headers"))
        destination = dict(lower_names(self.request_headers)).get("sec-fetch-dest")
        word = entry.get("_resourceType") or entry.get("_request_type")
        self.kind = resource_type(word, destination)
        target = text(response.get("redirectURL"))
        self.redirect_url = _joined(url, target) if target else None

    def own_number(self) -> str | None:
        """The browser's number of the request, where the program keeps it."""
        return text(self.entry.get("_requestId")) or None

    def mime_type(self) -> str:
        """The MIME type of the response, without parameters."""
        told = text(self.content.get("mimeType")) or dict(lower_names(self.response_headers)).get(
            "content-type"
        )
        return mime.extract(told or "").essence

    def may_be_document(self) -> bool:
        """Whether the answer is a document's, or none that says what it is."""
        answer = self.status
        return answer is None or 300 <= answer < 400 or self.mime_type() in _DOCUMENTS

    def version(self) -> str | None:
        """The version of HTTP in the words of ALPN; None where it is unknown."""
        told = (text(self.response.get("httpVersion")) or "").strip().lower()
        return _VERSIONS.get(told, told if told.startswith("http/") else None)

    def stack(self) -> str | None:
        """The stack of the script that made the request: ours, or Chromium's initiator."""
        if own := text(self.entry.get("_callStack")):
            return own
        initiator = self.entry.get("_initiator")
        if not isinstance(initiator, dict) or initiator.get("type") != "script":
            return None
        return stacks_of_chromium.of_call_frames(initiator.get("stack"))

    def messages(self, attached: Callable[[str], bytes | None]) -> Iterator[Row]:
        """Messages of a WebSocket, as Chromium and Playwright keep them."""
        found = self.entry.get("_webSocketMessages")
        file = text(self.content.get("_file"))
        if self.kind == "websocket" and file:
            found = _lines(attached(file) or b"")
        for message in found if isinstance(found, list) else []:
            if isinstance(message, dict):
                yield _message(message)


def _message(message: Row) -> Row:
    opcode = whole(message.get("opcode"))
    data = text(message.get("data")) or ""
    binary: bytes | None = None
    if opcode not in (1, 8, None):
        try:
            binary = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            binary = data.encode()
    sent = message.get("type") in ("send", "request")
    return {
        "direction": "sent" if sent else "received",
        "opcode": _OPCODES.get(1 if opcode is None else opcode),
        "size": len(data.encode()) if binary is None else len(binary),
        "data": data if binary is None else None,
        "bytes": binary,
        "time_stamp": moment(message.get("time")),
    }


def _lines(data: bytes) -> list[Any]:
    try:
        return [json.loads(line) for line in data.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        return []


def _headers(value: Any) -> list[tuple[str, str]]:
    """Pairs of name and value; none where it is no list of objects."""
    pairs = value if isinstance(value, list) else []
    named = [one for one in pairs if isinstance(one, dict) and text(one.get("name"))]
    return [(text(one.get("name")) or "", text(one.get("value")) or "") for one in named]


def lower_names(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in headers]


def _joined(base: str, target: str) -> str:
    try:
        return urljoin(base, target)
    except ValueError:
        return target

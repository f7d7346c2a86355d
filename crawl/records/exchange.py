"""One hop of a request, with its response, as records of WARC."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import ada_url

from overscripted.crawl.instrument.protocol import Gap
from overscripted.crawl.records.script_body import TooLarge, decode
from overscripted.encodings import EncodingError
from overscripted.warc import writing
from overscripted.warc.writing import Headers

_SHORT = 2_000  # characters of a text in WARC-JSON-Metadata
# Of the body as the server sent it. A body is stored without its encodings, so a reader must not apply them.
_OF_ENCODING = ("content-encoding", "transfer-encoding", "content-length")
_RENAMED = "X-Archive-Orig-"  # as pywb names such headers
_REQUEST, _RESPONSE = (f"application/http; msgtype={kind}" for kind in ("request", "response"))


@dataclass(frozen=True)
class Body:
    """A body with the Content-Encoding that it still has. ``cut``: why it is not whole, as WARC says it."""

    content: bytes
    encoding: str = ""
    cut: str = ""


@dataclass(frozen=True)
class Known:
    """Where a body was stored first."""

    record_id: str
    url: str
    date: str


@dataclass(frozen=True)
class Exchange:
    """A hop: its row of ``requests``, the body that was sent and the one that was received."""

    visit: Mapping[str, int]
    row: Mapping[str, Any]
    sent: Body | None
    received: Body | None


def expects_body(row: Mapping[str, Any]) -> bool:
    """Whether the body of a hop's response is still to come when the hop is over, or may be."""
    return row.get("status") is not None and not row.get("redirect_url") and not row.get("error")


def records(hop: Exchange, known: dict[str, Known], room: int) -> tuple[bytes, int, Gap | None]:
    """The records of a hop: the request, and the response if one came.

    Returns them, the bytes of the body that is stored with them, and what was left out. ``known`` has the
    bodies of the visit by their digests: a body is stored once. ``room`` is what the visit may still store.
    """
    answered = hop.row.get("status") is not None
    response_id = writing.new_id()
    request = _request(hop, response_id if answered else "")
    if not answered:
        return request, 0, None
    body, encoded, gap = _decoded(hop)
    if len(body.content) > room:
        body, gap = Body(b"", "", "length"), Gap.ARCHIVE_SIZE
    digest = writing.digest(body.content)
    headers = _response_headers(hop.row, len(body.content), encoded)
    fields = _fields(hop, response_id) | _payload(hop.row["url"], digest)
    if body.cut:
        fields["WARC-Truncated"] = body.cut
    first = "HTTP/1.1 " + _status_line(int(hop.row["status"]))
    if (before := known.get(digest)) and body.content:
        return request + _revisit(hop, fields, before, writing.http_block(first, headers, b"")), 0, gap
    if not body.cut:
        known[digest] = Known(response_id, hop.row["url"], fields["WARC-Date"])
    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    block = writing.http_block(first, headers, body.content)
    response = writing.record("response", hop.row["url"], fields, _RESPONSE, block, writing.level_of(kind))
    return request + response, len(body.content), gap


def _request(hop: Exchange, response_id: str) -> bytes:
    sent = hop.sent or Body(b"")
    fields = _fields(hop, writing.new_id()) | _payload(hop.row["url"], writing.digest(sent.content))
    if response_id:
        fields["WARC-Concurrent-To"] = response_id
    if sent.cut:
        fields["WARC-Truncated"] = sent.cut
    first = f"{hop.row.get('method') or 'GET'} {_target(hop.row['url'])} HTTP/1.1"
    headers = _headers(hop.row.get("request_headers"))
    block = writing.http_block(first, headers, sent.content)
    return writing.record("request", hop.row["url"], fields, _REQUEST, block)


def _revisit(hop: Exchange, fields: dict[str, str], before: Known, block: bytes) -> bytes:
    more = {
        "WARC-Profile": writing.REVISIT,
        "WARC-Refers-To": before.record_id,
        "WARC-Refers-To-Target-URI": before.url,
        "WARC-Refers-To-Date": before.date,
    }
    return writing.record("revisit", hop.row["url"], fields | more, _RESPONSE, block)


def _payload(url: str, digest: str) -> dict[str, str]:
    """The digest of a body. To readers the opening of a WebSocket is no message with a body."""
    return {"WARC-Payload-Digest": digest} if url.startswith("http") else {}


def _fields(hop: Exchange, record_id: str) -> dict[str, str]:
    """The WARC headers that a request and its response share."""
    row = hop.row
    by_worker = row.get("status") is not None and not row.get("http_version") and not row.get("from_cache")
    about = {
        "attempt": hop.visit["attempt"],
        "request_id": row.get("request_id"),
        "hop": row.get("hop"),
        "resource_type": row.get("resource_type"),
        "document_url": (row.get("document_url") or "")[:_SHORT],
        "from_cache": row.get("from_cache"),
        "by_service_worker": by_worker,
        "error": (row.get("error") or "")[:_SHORT],
        "redirect_url": (row.get("redirect_url") or "")[:_SHORT],
        "upgraded_by": row.get("upgraded_by"),
    }
    found = {
        "WARC-Record-ID": record_id,
        "WARC-Date": writing.date(row.get("time_stamp") or datetime.now(UTC)),
        "WARC-Page-ID": str(hop.visit["visit_id"]),
        "WARC-JSON-Metadata": writing.as_json({name: value for name, value in about.items() if value}),
    }
    if row.get("http_version"):
        found["WARC-Protocol"] = row["http_version"]
    if row.get("ip"):
        found["WARC-IP-Address"] = row["ip"]
    return found


def _decoded(hop: Exchange) -> tuple[Body, bool, Gap | None]:
    """The body of the response, whether it still has its encoding, and what was left out."""
    body = hop.received
    if body is None:
        if hop.row.get("redirect_url"):
            return Body(b""), False, None  # no page gets the body of a redirect
        return Body(b"", "", "disconnect" if hop.row.get("error") else "unspecified"), False, None
    try:
        content, whole = decode(body.content, body.encoding)
        return Body(content, "", body.cut or ("" if whole else "unspecified")), False, None
    except TooLarge:
        return Body(b"", "", "length"), False, Gap.ARCHIVE_SIZE
    except EncodingError:
        return body, True, None  # as it came: nothing of it can be decoded, by the browser either


def _response_headers(row: Mapping[str, Any], length: int, encoded: bool) -> list[tuple[str, str]]:
    """The headers as the browser got them. Those that say how the body was sent are renamed."""
    renamed = _OF_ENCODING[1:] if encoded else _OF_ENCODING
    found = []
    for name, value in _headers(row.get("response_headers")):
        found.append((f"{_RENAMED}{name}" if name.lower() in renamed else name, value))
    return [*found, ("Content-Length", str(length))]


def _headers(text: Any) -> Headers:
    """The headers of a row."""
    try:
        return [(str(name), str(value)) for name, value in json.loads(text or "[]")]
    except (ValueError, TypeError):
        return []


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} "


def _target(url: str) -> str:
    try:
        parsed = ada_url.URL(url)
    except ValueError:
        return "/"
    return f"{parsed.pathname}{parsed.search}" or "/"

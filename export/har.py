"""``har``: a file of HAR 1.2 per visit, for browsers' developer tools and programs that read it.

The format is Jan Odvarko's "HAR 1.2 Spec" (http://www.softwareishard.com/blog/har-12-spec/). Fields that
begin with ``_`` are ours or Chromium's (``_resourceType``, ``_webSocketMessages``). The format demands times:
one that is unknown is 1970 or 0, and ``_timeUnknown`` or ``_endUnknown`` says so. Sizes of headers are not
known (-1). Of the times only the whole is known: it is ``wait``.
"""

import base64
import itertools
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from overscripted import __version__
from overscripted.export.formats import Wanted
from overscripted.export.tables import Tables
from overscripted.progress import Work

Row = dict[str, Any]

_OPCODES = {"text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10}  # RFC 6455, 11.8

_VISIT = ("crawl_id", "visit_id")
_REQUESTS = """
SELECT crawl_id, visit_id, frame_id, parent_frame_id, top_level_url,
  request_id, hop, url, method, resource_type, document_url, status, error, ip,
  http_version, from_cache, request_headers, response_headers,
  requests.size, redirect_url, time_stamp, ended, call_stack, sent.content AS sent,
  sent.content_type AS sent_type, request_body_size,
  coalesce(scripts.content, received.content) AS received
FROM requests
LEFT JOIN scripts ON scripts.sha256 = requests.body_sha256
LEFT JOIN (SELECT crawl_id, visit_id, request_id, hop, content_type, contents.content
  FROM request_bodies JOIN contents USING (sha256)) sent USING (crawl_id, visit_id, request_id, hop)
LEFT JOIN (SELECT crawl_id, visit_id, request_id, hop, contents.content
  FROM response_bodies JOIN contents USING (sha256)) received USING (crawl_id, visit_id, request_id, hop)
ORDER BY crawl_id, visit_id, time_stamp, request_id, hop"""
_VISITS = "SELECT * FROM visits ORDER BY crawl_id, visit_id"
_SOCKETS = """SELECT crawl_id, visit_id, request_id, direction, opcode, data, bytes, time_stamp
FROM websocket_messages ORDER BY crawl_id, visit_id, request_id, ordinal"""


def write(tables: Tables, _: list[str], folder: Path, _wanted: Wanted) -> dict[str, int]:
    """Write ``folder/<crawl_id>-<visit_id>.har``; how many. A file that is there is whole.

    Visits come from the table in order, and their requests and messages beside them: memory holds one visit.
    """
    total = tables.count("visits")
    requests, sockets = (_ByVisit(tables.rows(query)) for query in (_REQUESTS, _SOCKETS))
    with Work("export", total, "visits") as work:
        for visit in tables.rows(_VISITS):
            key = _key(visit)
            entries, messages = requests.take(key), sockets.take(key)
            file = folder / f"{key[0]}-{key[1]}.har"
            if not file.exists():
                begun = file.with_suffix(".new")
                begun.write_text(json.dumps(_log(visit, entries, messages)), encoding="ascii")
                begun.rename(file)
            work.add()
    return {"files": total}


class _ByVisit:
    """Rows of a query that is ordered by visit, given out visit by visit in that order."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._groups = itertools.groupby(rows, key=_key)
        self._next: tuple[Any, list[Row]] | None = None
        self._advance()

    def _advance(self) -> None:
        found = next(self._groups, None)
        self._next = (found[0], list(found[1])) if found else None

    def take(self, key: Any) -> list[Row]:
        """The rows of a visit; those of visits before it are left out."""
        while self._next and self._next[0] < key:
            self._advance()
        return self._next[1] if self._next and self._next[0] == key else []


def _key(row: Row) -> Any:
    return tuple(row[name] for name in _VISIT)


def _log(visit: Row, requests: Iterable[Row], messages: Iterable[Row]) -> Row:
    by_request: dict[str, list[Row]] = {}
    for message in messages:
        by_request.setdefault(message["request_id"], []).append(message)
    page = f"visit_{visit['visit_id']}"
    loaded = _milliseconds(visit["started"], visit["loaded"])
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "Overscripted", "version": __version__},
            "browser": {"name": "Firefox", "version": "", "comment": visit["user_agent"] or ""},
            "pages": [
                {
                    "startedDateTime": _time(visit["started"]),
                    "id": page,
                    "title": visit["title"] or visit["final_url"] or visit["site_url"] or "",
                    "pageTimings": {"onContentLoad": -1, "onLoad": -1 if loaded is None else loaded},
                    "_seed": visit["site_url"],
                    "_outcome": visit["outcome"],
                    "_variant": visit["variant"],
                    **({} if visit["started"] else {"_timeUnknown": True}),
                }
            ],
            "entries": [_entry(row, page, by_request.get(row["request_id"], [])) for row in requests],
        }
    }


def _entry(row: Row, page: str, messages: list[Row]) -> Row:
    took = _milliseconds(row["time_stamp"], row["ended"])
    entry: Row = {
        "pageref": page,
        "startedDateTime": _time(row["time_stamp"]),
        "time": took or 0,
        "request": _request(row),
        "response": _response(row),
        "cache": {},
        "timings": {"send": 0, "wait": took or 0, "receive": 0},
        "_resourceType": row["resource_type"],
        "_requestId": row["request_id"],
        "_documentUrl": row["document_url"],
        "_frameId": row["frame_id"],
        "_parentFrameId": row["parent_frame_id"],
        "_topLevelUrl": row["top_level_url"],
    }
    if row["time_stamp"] is None:
        entry["_timeUnknown"] = True
    if took is None:
        entry["_endUnknown"] = True
    if row["from_cache"] is not None:
        entry["_fromCache"] = row["from_cache"]
    if row["ip"]:
        entry["serverIPAddress"] = row["ip"]
    if row["call_stack"]:
        entry["_callStack"] = row["call_stack"]
    if messages:
        entry["_webSocketMessages"] = [_message(message) for message in messages]
    return entry


def _request(row: Row) -> Row:
    headers = _headers(row["request_headers"])
    request: Row = {
        "method": row["method"] or "",
        "url": row["url"] or "",
        "httpVersion": row["http_version"] or "",
        "cookies": _cookies(headers),
        "headers": headers,
        "queryString": _query(row["url"] or ""),
        "headersSize": -1,
        "bodySize": row["request_body_size"] or 0,
    }
    if row["sent"] is not None:
        text, encoding = _text(row["sent"])
        request["postData"] = {"mimeType": row["sent_type"] or "", "params": [], "text": text}
        if encoding:
            request["postData"]["_encoding"] = encoding
    return request


def _response(row: Row) -> Row:
    headers = _headers(row["response_headers"])
    kinds = [one["value"] for one in headers if one["name"].lower() == "content-type"]
    content: Row = {"size": -1 if row["size"] is None else row["size"], "mimeType": kinds[0] if kinds else ""}
    if row["received"] is not None:
        content["text"], encoding = _text(row["received"])
        if encoding:
            content["encoding"] = encoding
    response: Row = {
        "status": row["status"] or 0,
        "statusText": "",
        "httpVersion": row["http_version"] or "",
        "cookies": [],
        "headers": headers,
        "content": content,
        "redirectURL": row["redirect_url"] or "",
        "headersSize": -1,
        "bodySize": -1,
    }
    if row["error"]:
        response["_error"] = row["error"]
    return response


def _message(row: Row) -> Row:
    binary = row["data"] is None and row["opcode"] not in ("text", "close")
    message = {
        "type": "send" if row["direction"] == "sent" else "receive",
        "opcode": _OPCODES.get(row["opcode"], 2 if binary else 1),
        "data": base64.b64encode(row["bytes"] or b"").decode() if binary else row["data"] or "",
    }
    return message | ({"time": row["time_stamp"].timestamp()} if row["time_stamp"] else {})


def _headers(text: str | None) -> list[Row]:
    """Headers of a table's column; none where it is no list of pairs."""
    try:
        return [{"name": str(name), "value": str(value)} for name, value in json.loads(text or "[]")]
    except (ValueError, TypeError, RecursionError):
        return []


def _cookies(headers: list[Row]) -> list[Row]:
    lines = [one["value"] for one in headers if one["name"].lower() == "cookie"]
    pairs = [part.strip().partition("=") for line in lines for part in line.split(";") if part.strip()]
    return [{"name": name, "value": value} for name, _, value in pairs]


def _query(url: str) -> list[Row]:
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        return []
    return [{"name": name, "value": value} for name, value in pairs]


def _text(content: bytes) -> tuple[str, str]:
    """A body as HAR has it: text, or base64 with the name of that encoding."""
    try:
        return content.decode(), ""
    except UnicodeDecodeError:
        return base64.b64encode(content).decode(), "base64"


def _time(moment: datetime | None) -> str:
    return moment.isoformat(timespec="milliseconds") if moment else "1970-01-01T00:00:00.000+00:00"


def _milliseconds(begin: datetime | None, end: datetime | None) -> float | None:
    return max(0.0, (end - begin).total_seconds() * 1000) if begin and end else None

"""HAR files of one page, as browsers write them; a test names only what matters to it."""

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]
BEGAN = "2026-11-21T07:00:00.000Z"
PAGE: Row = {
    "id": "page_1",
    "title": "https://shop.example/",
    "startedDateTime": BEGAN,
    "pageTimings": {"onContentLoad": 80, "onLoad": 250.5},
}


def entry(url: str, answer: Row | None = None, asked: Row | None = None, **more: Any) -> Row:
    """An entry: a GET that was answered with 200, and what is named."""
    content = {"size": 0, "mimeType": ""}
    response = {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": []}
    response |= {"content": content, "redirectURL": "", "headersSize": -1, "bodySize": -1}
    request = {"method": "GET", "url": url, "httpVersion": "HTTP/1.1", "headers": [], "bodySize": 0}
    return {
        "pageref": "page_1",
        "startedDateTime": BEGAN,
        "time": 12.5,
        "request": request | (asked or {}),
        "response": response | (answer or {}),
        "cache": {},
        "timings": {},
        **more,
    }


def content(text: str, kind: str = "text/html", **more: Any) -> Row:
    """The part of a response that holds its body."""
    return {"content": {"size": len(text.encode()), "mimeType": kind, "text": text, **more}}


def header(name: str, value: str) -> Row:
    """A header as HAR has it."""
    return {"name": name, "value": value}


def archive(entries: list[Any], pages: list[Any] | None = None, **log: Any) -> bytes:
    """The bytes of a file."""
    log = {"version": "1.2", "creator": {"name": "Firefox", "version": "145"}} | log
    return json.dumps(
        {"log": log | {"pages": [PAGE] if pages is None else pages, "entries": entries}}
    ).encode()


def written(path: Path, *entries: Any, **log: Any) -> Path:
    """A file with these entries."""
    path.write_bytes(archive(list(entries), **log))
    return path

"""Makes a WARC file of a HAR file (HTTP Archive 1.2): of browsers, Playwright, WebPageTest, HTTP Archive.

http://www.softwareishard.com/blog/har-12-spec/. The pages of a HAR file are pages of the archive, and the
entries of a page its captures. An entry without the text of its body has none.
"""

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from overscripted.crawl.replay import settings
from overscripted.crawl.replay.matching import normal
from overscripted.errors import InputError
from overscripted.text import clean
from overscripted.warc import writing
from overscripted.warc.reading import Damage

SUFFIXES = (".har", ".har.gz")


def convert(har: Path, target: Path, prefix: str, damage: Damage) -> None:
    """Write the entries of a HAR file as a WARC file. Raises InputError where it is none.

    ``prefix`` comes before the ids of pages, which are unique in one HAR file only. An entry that cannot be
    used is left out and counted in ``damage``.
    """
    log = _log(har)
    with open(target, "wb") as file:
        for name, url in _pages(log, prefix).items():
            facts = {"site_url": url}
            _write(
                file, "metadata", url, name, datetime.now(UTC), "application/json", json.dumps(facts).encode()
            )
        for number, entry in enumerate(_list(log, "entries")):
            try:
                _write_entry(file, entry, prefix)
            except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
                damage.note(har.name, number, f"its entry is unusable ({type(error).__name__})")


def _log(har: Path) -> dict[str, Any]:
    packed = har.name.lower().endswith(".gz")
    most = settings.MAX_PACKED_HAR if packed else settings.MAX_HAR
    try:
        with open(har, "rb") as file:
            content = (gzip.GzipFile(fileobj=file) if packed else file).read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"--replay {har}: cannot be read ({error})") from error
    if len(content) > most:
        remedy = "unpacked; unpack it, if you trust it" if packed else "long; split it by pages"
        raise InputError(f"--replay {har}: is more than {most:,} bytes {remedy}")
    try:
        log = json.loads(content)["log"]
        _list(log, "entries")
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise InputError(f"--replay {har}: is no HAR file, which is JSON with `log` and `entries`") from error
    return dict(log)


def _list(log: Any, name: str) -> list[Any]:
    found = log.get(name, []) if isinstance(log, dict) else None
    if not isinstance(found, list):
        raise TypeError(f"{name} is no list")
    return found


def _pages(log: dict[str, Any], prefix: str) -> dict[str, str]:
    """Address of each page by its id: that of its first entry, which is what was visited."""
    pages: dict[str, str] = {}
    for entry in _list(log, "entries"):
        if isinstance(entry, dict) and isinstance(request := entry.get("request"), dict):
            url = normal(str(request.get("url") or ""))
            if url:
                pages.setdefault(_page_of(entry, prefix), url)
    return pages


def _page_of(entry: dict[str, Any], prefix: str) -> str:
    return f"{prefix} {clean(str(entry.get('pageref') or 'page'))}"


def _write_entry(file: IO[bytes], entry: dict[str, Any], prefix: str) -> None:
    request, response = entry["request"], entry["response"]
    url, page = normal(str(request["url"])), _page_of(entry, prefix)
    status = int(response["status"])
    if not url or not 200 <= status <= 599:
        return  # of another protocol, or without an answer
    began = datetime.fromisoformat(str(entry["startedDateTime"]))
    began = began.astimezone(UTC)
    sent = _text(request.get("postData") or {}, "text")
    path = "/" + url.split("/", 3)[3]
    asked = writing.http_block(f"{request['method']} {path} HTTP/1.1", _headers(request), sent)
    body = _body(response.get("content") or {})
    first = f"HTTP/1.1 {status} {response.get('statusText') or ''}".strip()
    answered = writing.http_block(first, _headers(response), body)
    address = str(entry.get("serverIPAddress") or "").strip("[]")
    identity = _write(
        file, "response", url, page, began, "application/http; msgtype=response", answered, address
    )
    _write(
        file, "request", url, page, began, "application/http; msgtype=request", asked, concurrent_to=identity
    )


def _write(
    file: IO[bytes],
    kind: str,
    url: str,
    page: str,
    moment: datetime,
    content_type: str,
    block: bytes,
    address: str = "",
    concurrent_to: str = "",
) -> str:
    """Write a record; returns its id."""
    identity = writing.new_id()
    fields = {"WARC-Record-ID": identity, "WARC-Date": writing.date(moment), "WARC-Page-ID": page}
    if address:
        fields["WARC-IP-Address"] = address
    if concurrent_to:
        fields["WARC-Concurrent-To"] = concurrent_to
    file.write(writing.record(kind, url, fields, content_type, block))
    return identity


def _headers(message: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The headers of a message. HAR has the body without encodings, so those that name them are left out."""
    for header in message.get("headers") or ():
        name, value = clean(str(header["name"])), clean(str(header["value"]))
        if name.startswith(":") or name.lower() in (
            "content-encoding",
            "transfer-encoding",
            "content-length",
        ):
            continue
        yield name, value


def _body(content: dict[str, Any]) -> bytes:
    if content.get("encoding") != "base64":
        return _text(content, "text")
    try:
        return base64.b64decode(str(content.get("text") or ""), validate=True)
    except binascii.Error as error:
        raise ValueError("the body is no base64") from error


def _text(holder: dict[str, Any], name: str) -> bytes:
    return clean(str(holder.get(name) or "")).encode()

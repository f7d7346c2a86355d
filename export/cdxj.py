"""The index of an archive as CDXJ, in which programs for web archives look responses up by their addresses.

A line has the address as a sortable key (SURT), the time, and JSON. Keys of requests other than GET contain
what was sent, as pywb and ReplayWeb.page expect it.
"""

import contextlib
import io
import json
from collections.abc import Callable
from typing import IO, Any

import surt
from cdxj_indexer.main import CompressedWriter, SortingWriter
from cdxj_indexer.postquery import append_method_query
from warcio.timeutils import iso_date_to_timestamp

from overscripted.warc.payload import Unreadable
from overscripted.warc.reading import Http, Record

_LONGEST_SENT = 2**20  # bytes of a body that may become part of a key, as many as are recorded
_REVISIT = "warc/revisit"  # the type that such an index gives a response whose body stands elsewhere


class Index:
    """Gathers the lines of an index. ``out`` gets them sorted at the end; more than 32 MB wait in files."""

    def __init__(self, out: Any) -> None:
        self._sorted = SortingWriter(out)
        self._request: tuple[str, str, str] | None = None  # id of the response, method, what was sent
        self.n = 0

    def add(self, record: Record, file: str, offset: int) -> None:
        """Add a record that stands in ``file`` at a byte. A request has no line of its own.

        Reads a response to its end. Raises Damaged where that is not whole.
        """
        if record.kind == "request":
            self._request = _sent(record)
            return
        if record.kind not in ("response", "revisit") or record.http is None:
            return
        facts: dict[str, Any] = {"url": record.url, **_facts(record)}
        key = record.url
        if self._request and self._request[0] == record.get("WARC-Record-ID"):
            _, method, query = self._request
            facts |= {"method": method, "requestBody": query}
            key += ("&" if "?" in key else "?") + f"__wb_method={method}&{query}".rstrip("&")
        place = {"length": str(record.length), "offset": str(offset), "filename": file}
        line = json.dumps(facts | place | {"page": record.get("WARC-Page-ID")})
        self._sorted.write(f"{_key(key)} {iso_date_to_timestamp(record.get('WARC-Date'))} {line}\n")
        self.n += 1

    def finish(self) -> None:
        """Write the lines."""
        self._sorted.flush()


def compressed(index: IO[str], data: IO[bytes], name: str) -> Any:
    """What an `Index` can write to. ``data`` gets the lines in blocks, ``index`` the places of the blocks."""
    return CompressedWriter(index, data, data_out_name=name, digest_records=True)


def _sent(request: Record) -> tuple[str, str, str] | None:
    """The response of a request other than GET, its method, and what was sent in the form of a query."""
    http = request.http
    if http is None or http.method == "GET":
        return None
    try:
        body = request.content(_LONGEST_SENT)
    except Unreadable:
        body = b""
    return request.get("WARC-Concurrent-To"), http.method, _query(http, body, request.url)


def _query(http: Http, body: bytes, url: str) -> str:
    """What was sent in the form of a query; `""` where the library cannot read it."""
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # it would print what pages sent
            query, _ = append_method_query(
                http.method, http.get("Content-Type"), str(len(body)), io.BytesIO(body), url
            )
    except Exception:  # whatever the library makes of a hostile body
        return ""
    return query or ""


def _facts(record: Record) -> dict[str, str]:
    assert record.http is not None
    mime = record.http.get("Content-Type").partition(";")[0].strip()
    return {
        "mime": _REVISIT if record.kind == "revisit" else mime,
        "status": str(record.http.status or ""),
        "digest": record.get("WARC-Payload-Digest"),
    }


def _key(url: str) -> str:
    key: Callable[[str], str] = surt.surt
    try:
        found = key(url)
    except Exception:  # whatever the library makes of a hostile address
        found = url
    return found.replace(" ", "%20").replace("\n", "%0A")
